"""Peaks of incremental capacity and of differential voltage: where, how high, and how much charge lies under them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import hypot
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cellwright.core.frozen import FrozenDict
from cellwright.core.messages import message
from cellwright.core.quantity import Method, Quantity, absent, from_components
from cellwright.measure.incremental.curve import RESOLVED, SweepCurve
from cellwright.measure.incremental.gridding import BINS
from cellwright.measure.incremental.spline import Spline, spline

PEAK = Method("peak/penalised-spline", "1", "doi:10.1214/ss/1038425655; doi:10.1111/biom.12666")

SIGNIFICANT = 3.0
"""A peak stands out of the valleys beside it by more than so many standard uncertainties of the difference."""

AT_EDGE = 5
"""What lies within so many bins of an end is the edge of the sweep, not a peak."""

Floats = NDArray[Any]


@dataclass(frozen=True)
class Peak:
    """A peak of a curve.

    Parameters
    ----------
    position
        ``peak_voltage`` [V] of dQ/dV, ``peak_capacity`` [Ah] of dV/dQ.
    height
        ``peak_height`` [Ah/V] or [V/Ah]; absent where the slope there is not told from none: then the peak is higher than can be said.
    area
        ``peak_area``: the charge [Ah] or the voltage [V] between the valleys on its two sides.
    """

    position: Quantity
    height: Quantity
    area: Quantity


def peaks(curve: SweepCurve) -> tuple[Peak, ...]:
    """Peaks of a curve, in the order in which the sweep met them.

    Parameters
    ----------
    curve
        From `incremental_capacity` or `differential_voltage`.

    Returns
    -------
    Those that stand out of the valleys on both sides by more than three standard uncertainties. Conditions: those of the curve, with
    ``between_volt`` and ``between_ah``, where the valleys lie.

    Notes
    -----
    dQ/dV peaks where V(Q) turns: at the zero of V''(Q), of a penalised spline through the readings (`spline.spline`), which is far
    surer of a place than the curve's own narrow windows; u(Q) = u(V'') / |V'''|, u(V) from V'·u(Q) and u(V(Q)). The area is the
    difference of charge (of voltage) between the valleys, which are where dQ/dV (dV/dQ) is least.
    """
    fit = spline(curve.readings)
    least = curve.name == "incremental_capacity"
    way = 1.0 if curve.conditions["direction"] == "charge" else -1.0
    slope, unsure = fit.of(1, (np.arange(BINS) + 0.5) / BINS)
    found: list[Peak] = []
    for number, (top, *sides) in enumerate(_significant((-way if least else way) * slope, unsure), start=1):
        room = (sides[1] - sides[0]) / 2 / BINS
        top_turn, *valleys = (_turn(curve, fit, way, bin_, room) for bin_ in (top, *sides))
        found.append((_of_capacity if least else _of_voltage)(curve, top_turn, valleys, number))
    return tuple(found)


def _significant(signal: Floats, uncertainty: Floats) -> list[tuple[int, int, int]]:
    """Return peaks that stand out, each with its two valleys, the least first: what does not stand out is merged with its neighbour."""
    tops = (np.flatnonzero((signal[1:-1] > signal[:-2]) & (signal[1:-1] >= signal[2:])) + 1).tolist()
    valleys = [0, *(a + int(np.argmin(signal[a:b])) for a, b in pairwise(tops)), len(signal) - 1]
    if tops:
        valleys[0], valleys[-1] = int(np.argmin(signal[: tops[0] + 1])), tops[-1] + int(np.argmin(signal[tops[-1] :]))

    def standing_out(n: int, valley: int) -> float:
        return float((signal[tops[n]] - signal[valley]) / np.hypot(uncertainty[tops[n]], uncertainty[valley]))

    while tops:
        sides = [(standing_out(n, valleys[n + side]), n, side) for n in range(len(tops)) for side in (0, 1)]
        least, n, side = min(sides)
        if least > SIGNIFICANT:
            break
        other = n + (1 if side else -1)  # the two tops that share this valley: the lower one goes
        outer = not 0 <= other < len(tops)
        del valleys[n + side]
        del tops[n if outer or signal[tops[n]] <= signal[tops[other]] else other]
    found = [(top, valleys[n], valleys[n + 1]) for n, top in enumerate(tops)]
    return [f for f in found if AT_EDGE <= f[0] < len(signal) - AT_EDGE]


@dataclass(frozen=True)
class _Turn:
    """Where the slope is extreme: charge moved [Ah], voltage [V] and slope [V/Ah] there, each with its standard uncertainty."""

    charge: float
    charge_uncertainty: float
    volt: float
    volt_uncertainty: float
    slope: float
    slope_uncertainty: float


def _turn(curve: SweepCurve, fit: Spline, way: float, near: int, room: float) -> _Turn:
    """Find the zero of the second derivative beside the extreme bin; at an edge, the sweep's end, which is known."""
    moved = curve.charge.value or 0.0
    at, unsure = (near + 0.5) / BINS, 0.0
    if AT_EDGE <= near < BINS - AT_EDGE:
        (second,), (scatter,) = fit.of(2, at)
        (third,), _ = fit.of(3, at)
        at -= float(np.clip(second / third, -1 / BINS, 1 / BINS)) if third else 0.0
        unsure = min(float(scatter / abs(third)), room) if third else room
    else:
        at = 0.0 if near < AT_EDGE else 1.0
    (volt,), (volt_scatter,) = fit.of(0, at)
    (slope,), (slope_scatter,) = fit.of(1, at)
    along = hypot(slope * unsure, volt_scatter)
    return _Turn(at * moved, unsure * moved, float(volt), along, way * float(slope) / moved, float(slope_scatter) / moved)


def _of_capacity(curve: SweepCurve, turn: _Turn, valleys: list[_Turn], number: int) -> Peak:
    """Return a peak of dQ/dV."""
    volt = turn.volt
    make = _maker(curve, valleys, number)
    place = make("peak_voltage", volt, "V", turn.volt_uncertainty, curve.volts(volt, 1.0))
    area = valleys[1].charge - valleys[0].charge
    charge = make("peak_area", area, "Ah", hypot(*(v.charge_uncertainty for v in valleys)), curve.charges(area))
    if turn.slope <= RESOLVED * turn.slope_uncertainty:
        reason = message("measure.peak_unresolved", volt=volt)
        return Peak(place, absent("peak_height", "Ah/V", reason, method=PEAK, conditions=place.conditions, evidence=place.evidence), charge)
    height = 1 / turn.slope
    scale = _sum(curve.charges(height), curve.volts(-height, 0.0))
    return Peak(place, make("peak_height", height, "Ah/V", turn.slope_uncertainty * height**2, scale), charge)


def _of_voltage(curve: SweepCurve, turn: _Turn, valleys: list[_Turn], number: int) -> Peak:
    """Return a peak of dV/dQ."""
    make = _maker(curve, valleys, number)
    area = abs(valleys[1].volt - valleys[0].volt)
    scale = _sum(curve.volts(turn.slope, 0.0), curve.charges(-turn.slope))
    return Peak(
        make("peak_capacity", turn.charge, "Ah", turn.charge_uncertainty, curve.charges(turn.charge)),
        make("peak_height", turn.slope, "V/Ah", turn.slope_uncertainty, scale),
        make("peak_area", area, "V", hypot(*(v.volt_uncertainty for v in valleys)), curve.volts(area, 0.0)),
    )


class _Make(Protocol):
    def __call__(self, name: str, value: float, unit: str, scatter: float, systematic: Mapping[str, float]) -> Quantity: ...


def _maker(curve: SweepCurve, valleys: list[_Turn], number: int) -> _Make:
    """Prepare to make quantities of one peak: what its scatter gives under an id of its own, what the tester gives under the tester's."""
    between = {
        "between_volt": tuple(v.volt for v in valleys),
        "between_ah": tuple(v.charge for v in valleys),
    }
    conditions = FrozenDict(dict(curve.conditions) | between)

    def make(name: str, value: float, unit: str, scatter: float, systematic: Mapping[str, float]) -> Quantity:
        own = {f"{curve.id}:{curve.name}:{number}:{name}": float(scatter)}
        return from_components(
            name, float(value), unit, {**systematic, **own}, method=PEAK, conditions=conditions, evidence=curve.charge.evidence
        )

    return make


def _sum(first: Mapping[str, float], second: Mapping[str, float]) -> dict[str, float]:
    return {name: first.get(name, 0.0) + second.get(name, 0.0) for name in {**first, **second}}
