"""The interval that a value lies in, from how each of its inputs is distributed.

k·u is that interval only where the sum of all errors is normal (GUM G.2). One specification limit that outweighs the rest is rectangular:
±2u then holds every value there can be, and ±1.65u holds 95 % of them. So the distributions themselves are propagated (JCGM 101:2008).
The errors here are first order in their inputs, and those are independent: the distribution of their sum is the convolution of theirs,
which is computed; no numbers are drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import floor, hypot, inf, sqrt
from typing import TYPE_CHECKING, Literal

from cellwright.core.quantity import Interval, Quantity

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cellwright.core.tester import Range, Tester

Shape = Literal["rectangular", "triangular", "either", "normal"]

SMALL = 1e-3
"""A rectangle of less than this share of the variance is counted with the normal errors: no interval shows the difference."""

POINTS = 4001
BEYOND = 8.0
_UNITS = {"voltage": "V", "current": "A"}
_FLAT = {"resolution", "edge", "passing", "interpolation"}


def coverage_interval(quantity: Quantity, tester: Tester | None, level: float = 0.95) -> Interval | None:
    """Interval that holds the true value with a probability, as far as the budget is complete.

    Parameters
    ----------
    quantity
        With its components.
    tester
        Tells whether its gains and offsets are specification limits or standard uncertainties; of another tester's inputs nothing is
        known, so they are taken as normal, which errs towards too wide.
    level
        The probability [1].

    Returns
    -------
    Interval about the value [its unit], symmetric as all inputs are; `method` is ``convolution``, or ``normal`` or ``student`` where no
    input is rectangular. The quantity's own where it has one of that level; None where the value or its uncertainty is not known.

    Notes
    -----
    Rectangular: specification limits, roundings, an edge somewhere between two samples; triangular: a duration between two roundings of
    the clock; either: one of two values, each as likely; all else normal, widened to Student's t where its degrees of freedom are finite.
    Convolution in place of the Monte Carlo draws of JCGM 101:2008.
    """
    if quantity.interval is not None and quantity.interval.level == level:
        return quantity.interval
    if quantity.value is None or quantity.standard_uncertainty is None:
        return None
    if not quantity.standard_uncertainty:
        return Interval(level, quantity.value, quantity.value, "normal")
    parts = _parts(quantity, tester)
    wide = parts.normal * _student(quantity, parts.normal, tester, level)
    bounded = parts.flat or parts.either
    method = "convolution" if bounded else "normal" if wide == parts.normal else "student"
    half = _half_width(replace(parts, normal=wide), level) if bounded else wide * _normal_quantile(level)
    return Interval(level, quantity.value - half, quantity.value + half, method)


def shape(input_id: str, tester: Tester | None) -> Shape:
    """Return how an input of a budget is distributed."""
    stem, _, what = input_id.rpartition(":")
    if what in {"gain", "offset"}:
        span = _range(stem, tester)
        return span.distribution if span else "normal"
    if what in _FLAT:
        return "rectangular"
    if what == "beginning":
        return "either"
    return "triangular" if what == "time" and stem else "normal"


def _range(stem: str, tester: Tester | None) -> Range | None:
    """Return the range that an input belongs to: ``make/model/6V:voltage`` where there are several; None of another tester."""
    if tester is None or not stem.startswith(tester.id):
        return None
    instrument, _, kind = stem.rpartition(":")
    if kind not in _UNITS:
        return tester.temperature[-1]
    ranges = tester.voltage if kind == "voltage" else tester.current
    named = instrument.rpartition("/")[2]
    return ranges[0] if len(ranges) == 1 else next((r for r in ranges if f"{r.maximum:g}{_UNITS[kind]}" == named), None)


@dataclass(frozen=True)
class _Parts:
    """Half-widths of the rectangles, largest first; sizes of what is one way or the other; standard uncertainty of all that is normal."""

    flat: tuple[float, ...]
    either: tuple[float, ...]
    normal: float


def _parts(quantity: Quantity, tester: Tester | None) -> _Parts:
    flat: list[float] = []
    either: list[float] = []
    normal = 0.0
    total = quantity.standard_uncertainty or 0.0
    components = quantity.components or {quantity.name: total}
    for name, part in components.items():
        form = "normal" if (part / total) ** 2 < SMALL else shape(name, tester)
        if form == "normal":
            normal = hypot(normal, part)
        elif form == "either":
            either.append(abs(part))
        else:
            flat += [sqrt(3) * abs(part)] if form == "rectangular" else 2 * [sqrt(1.5) * abs(part)]
    return _Parts(tuple(sorted(flat, reverse=True)), tuple(either), normal)


def _student(quantity: Quantity, normal: float, tester: Tester | None, level: float) -> float:
    """Return by how much finite degrees of freedom, cut to an integer (GUM G.4.1), widen what is normal: t_p(ν)/z_p."""
    from scipy.special import stdtrit

    known = {n: v for n, v in quantity.component_degrees_of_freedom.items() if shape(n, tester) == "normal"}
    weight = sum(quantity.components[n] ** 4 / v for n, v in known.items())
    if not weight:
        return 1.0
    return float(stdtrit(max(floor(normal**4 / weight), 1), (1 + level) / 2)) / _normal_quantile(level)


def _normal_quantile(level: float) -> float:
    from scipy.special import ndtri

    return float(ndtri((1 + level) / 2))


def _half_width(parts: _Parts, level: float) -> float:
    """Return h such that the sum of these errors lies within ±h with a probability."""
    import numpy as np

    reach = 2 * sum((*parts.flat, *parts.either)) + BEYOND * parts.normal
    x = np.linspace(-reach, reach, POINTS)
    below = _first(x, parts.flat[0] if parts.flat else reach / POINTS, parts.normal)  # without a rectangle one too narrow to be seen
    for size in parts.either:
        below = (np.interp(x - size, x, below) + np.interp(x + size, x, below)) / 2
    for half in parts.flat[1:]:
        area = np.concatenate([[0.0], np.cumsum((below[1:] + below[:-1]) / 2 * np.diff(x))])
        below = (_at(x + half, x, area) - _at(x - half, x, area)) / (2 * half)
    positive = x >= 0
    return float(np.interp(level, 2 * below[positive] - 1, x[positive]))


def _at(where: NDArray[np.float64], x: NDArray[np.float64], area: NDArray[np.float64]) -> NDArray[np.float64]:
    """Area under a distribution function up to each point; beyond the table it grows with the distance, for the function is 1 there."""
    import numpy as np

    return np.interp(where, x, area) + np.clip(where - x[-1], 0.0, inf)


def _first(x: NDArray[np.float64], half: float, normal: float) -> NDArray[np.float64]:
    """Distribution function of a rectangle plus a normal error: (σ/2a)·[g((x+a)/σ) − g((x−a)/σ)], g(z) = z·Φ(z) + φ(z)."""
    import numpy as np
    from scipy.special import ndtr

    if normal < half * 1e-6:
        return np.clip((x + half) / (2 * half), 0.0, 1.0)
    above, beneath = (x + half) / normal, (x - half) / normal
    total = above * ndtr(above) - beneath * ndtr(beneath) + (np.exp(-(above**2) / 2) - np.exp(-(beneath**2) / 2)) / sqrt(2 * np.pi)
    return normal / (2 * half) * total
