"""How a voltage comes to rest: a sum of decays that is fitted to it, with as many of them as the data carry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import exp, inf, log, sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BINS = 150
"""Readings are averaged in so many bins, equal in the root of time: half of them lie in the last three quarters of a rest."""

MOST = 3
GRID = 14
APART = 2.0
"""Time constants nearer to each other than this factor are one."""

LONGEST = 3.0
"""A time constant of more than three times the rest looks like a straight line in it."""

SWING = 5.0
"""Decays of more than this times the rest's whole change cancel each other, and are no relaxation: one of three times the rest has 3.5."""

AS_LIKELY = 6.0
"""Fits whose criteria differ by less tell nothing of which is right (Raftery, Sociol. Methodol. 25 (1995) 111)."""

LEAST_PER_TERM = 3
ITERATIONS = 30
STILL_GAINS = 1e-6


@dataclass(frozen=True)
class Decay:
    """A fitted relaxation, ``V(t) = V∞ + s·t + Σ aᵢ·exp(−(t/τᵢ)^β)``.

    Parameters
    ----------
    asymptote, asymptote_uncertainty
        V∞ and its standard uncertainty by the fit, and by what other fits that are as likely make of it [V].
    amplitudes, time_constants_s, time_constant_uncertainties_s
        aᵢ [V], τᵢ and its standard uncertainty by the fit [s], shape ``(n,)`` each, fastest first; empty where the voltage stands.
    exponent
        β [1]: 1 for exponentials, less for one stretched exponential.
    slope
        s [V/s]; 0 where no line was asked for.
    duration_s
        How long the rest was watched [s].
    seen
        Whether it lasted at least one slowest time constant, its expanded uncertainty (k = 2) included: of a slower decay only the
        beginning is seen.
    """

    asymptote: float
    asymptote_uncertainty: float
    amplitudes: tuple[float, ...]
    time_constants_s: tuple[float, ...]
    time_constant_uncertainties_s: tuple[float, ...]
    exponent: float
    slope: float
    duration_s: float
    seen: bool

    def left(self, seconds: float | Floats) -> Floats:
        """Return how far the decays still go from a moment on [V]: V∞ less the voltage there."""
        passed = np.asarray(seconds, dtype=np.float64)
        terms = (a * np.exp(-((passed / tau) ** self.exponent)) for a, tau in zip(self.amplitudes, self.time_constants_s, strict=True))
        return -sum(terms, np.zeros_like(passed))

    @property
    def unfinished(self) -> float:
        """How far the voltage still goes at the end of the rest [V]."""
        return float(self.left(self.duration_s))

    @property
    def equilibrium_uncertainty(self) -> float:
        """What is not known of V∞ [V]: the fit's own, and the way not seen as the half-width of a rectangle (GUM 4.3.7)."""
        return sqrt(self.asymptote_uncertainty**2 + self.unfinished**2 / 3)


@dataclass(frozen=True)
class _Data:
    """Averaged readings: time as a share of the rest [1], voltage less its mean [V] and relative weights; ``line`` where one is fitted."""

    time: Floats
    volt: Floats
    weight: Floats
    line: bool


@dataclass(frozen=True)
class _Shape:
    """Time constants as shares of the rest, and the exponent."""

    taus: tuple[float, ...]
    exponent: float = 1.0

    @property
    def parameters(self) -> int:
        return len(self.taus) + (self.exponent != 1.0)


def fit_decay(seconds: Floats, volt: Floats, *, line: bool = False, longest: float = LONGEST, resolution: float = 0.0) -> Decay | None:
    """Fit a relaxation.

    Parameters
    ----------
    seconds, volt
        Time since the current ended [s] and voltage [V], shape ``(n,)``.
    line
        Whether a straight line goes with the decays: what a leak does. Then no stretched exponential is tried: it would pass for one.
    longest
        Longest time constant, as a share of the rest [1].
    resolution
        Smallest step of the voltage [V].

    Returns
    -------
    None where there are fewer than ten readings.

    Notes
    -----
    None to three exponentials, or one stretched exponential, by the least Bayesian information criterion (Schwarz, Ann. Statist. 6 (1978)
    461). For given time constants all else is linear (variable projection: Golub and Pereyra, SIAM J. Numer. Anal. 10 (1973) 413); these
    start from the best of a grid. Readings that follow one another scatter alike, which the uncertainty of V∞ counts in by their
    correlation ρ: s² (1 + ρ)/(1 − ρ).
    """
    if len(seconds) < 10:
        return None
    duration, middle = float(seconds[-1]), float(volt.mean())
    data = _averaged(seconds / duration, volt - middle, resolution, line=line)
    tried = [(_criterion(data, shape), shape) for shape in _candidates(data, longest)]
    least = min(criterion for criterion, _ in tried)
    likely = [shape for criterion, shape in sorted(tried, key=lambda pair: pair[0]) if criterion <= least + AS_LIKELY]
    return _result(data, likely, duration, middle)


def _averaged(time: Floats, volt: Floats, resolution: float, *, line: bool) -> _Data:
    """Average readings in bins; what a bin is worth is bounded by the rounding, which neighbours share."""
    which = np.minimum((BINS * np.sqrt(np.clip(time, 0.0, 1.0))).astype(int), BINS - 1)
    starts = np.flatnonzero(np.diff(which, prepend=-1))
    count = np.diff(np.append(starts, len(time)))
    second = np.diff(volt, 2)
    noise = float(np.median(np.abs(second))) / (0.6745 * sqrt(6))  # normal noise: σ of a second difference is √6 σ
    floor = max(resolution**2 / 12, 0.05 * noise**2, 1e-16)
    weight = 1 / (noise**2 / count + floor)
    middle, mean = (np.add.reduceat(x, starts) / count for x in (time, volt))
    return _Data(middle, mean, weight / weight.max(), line)


def _candidates(data: _Data, longest: float) -> Iterator[_Shape]:
    """Give the best shape of each number of decays that the data may carry, then the best stretched one."""
    yield _Shape(())
    shortest = max(float(data.time[1]), 1e-5)
    grid = np.geomspace(shortest, longest, GRID)
    found = _Shape(())
    for number in range(1, MOST + 1):
        if len(data.time) < LEAST_PER_TERM * (2 * number + 1 + data.line):
            return
        found = _refined(data, _Shape(_start(data, grid, found.taus, number)), shortest, longest)
        yield found
        if number == 1 and not data.line:
            yield _refined(data, _Shape(found.taus, 0.6), shortest, longest)


def _start(data: _Data, grid: Floats, known: tuple[float, ...], number: int) -> tuple[float, ...]:
    """Return the best time constants of a grid; of three, two are those found before."""
    if number < MOST:
        choices = [c for c in combinations(grid, number) if all(b / a >= APART for a, b in pairwise(c))]
    else:
        choices = [tuple(sorted((*known, tau))) for tau in grid if all(max(tau / k, k / tau) >= APART for k in known)]
    columns = {tau: np.exp(-data.time / tau) for tau in {*grid, *known}}
    fixed = _fixed(data)
    root = np.sqrt(data.weight)
    stack = np.stack([np.column_stack([*fixed, *(columns[tau] for tau in choice)]) for choice in choices]) * root[:, None]
    basis, _ = np.linalg.qr(stack)
    explained = ((basis.transpose(0, 2, 1) @ (root * data.volt)) ** 2).sum(axis=1)
    return tuple(map(float, choices[int(explained.argmax())]))


def _fixed(data: _Data) -> list[Floats]:
    ones = np.ones_like(data.time)
    return [ones, data.time] if data.line else [ones]


def _design(data: _Data, shape: _Shape) -> Floats:
    return np.column_stack([*_fixed(data), *(np.exp(-((data.time / tau) ** shape.exponent)) for tau in shape.taus)])


def _solved(data: _Data, shape: _Shape) -> tuple[Floats, Floats]:
    """Return the linear coefficients and the weighted residuals."""
    root = np.sqrt(data.weight)
    design = _design(data, shape) * root[:, None]
    coefficients = np.linalg.lstsq(design, root * data.volt, rcond=1e-12)[0].astype(np.float64)
    return coefficients, design @ coefficients - root * data.volt


def _refined(data: _Data, shape: _Shape, shortest: float, longest: float) -> _Shape:
    """Move the time constants, and the exponent of a stretched one, to the least squares (Levenberg and Marquardt)."""
    stretched = shape.exponent != 1.0
    x = np.array([*map(log, shape.taus), *([shape.exponent] if stretched else [])])
    low = np.array([log(shortest / 2)] * len(shape.taus) + [0.2] * stretched)
    high = np.array([log(longest)] * len(shape.taus) + [0.98] * stretched)

    def shaped(at: Floats) -> _Shape:
        return _Shape(tuple(map(exp, at[: len(shape.taus)])), float(at[-1]) if stretched else 1.0)

    residual, jacobian = _projected(data, shaped(x))
    damping = 1e-3
    for _ in range(ITERATIONS):
        curvature = jacobian.T @ jacobian
        step = np.linalg.solve(curvature + np.diag(damping * curvature.diagonal() + 1e-30), jacobian.T @ residual)
        tried = np.clip(x - np.clip(step, -1.0, 1.0), low, high).astype(np.float64)
        after, slopes = _projected(data, shaped(tried))
        gain = float(residual @ residual) - float(after @ after)
        if gain > 0:
            x, residual, jacobian, damping = tried, after, slopes, damping / 5
        else:
            damping *= 10
        if abs(gain) <= STILL_GAINS * float(residual @ residual):
            break
    moved = shaped(x)
    return _Shape(tuple(sorted(moved.taus)), moved.exponent)


def _projected(data: _Data, shape: _Shape) -> tuple[Floats, Floats]:
    """Return the weighted residuals and their derivatives with all that is linear solved for (Kaufman, BIT 15 (1975) 49)."""
    root = np.sqrt(data.weight)
    basis = np.linalg.qr(_design(data, shape) * root[:, None])[0].astype(np.float64)
    coefficients, residual = _solved(data, shape)
    slopes = np.column_stack([*_derivatives(data, shape, coefficients)]) * root[:, None]
    return residual, slopes - basis @ (basis.T @ slopes)


def _criterion(data: _Data, shape: _Shape) -> float:
    """Bayesian information criterion; infinite for what is no relaxation."""
    coefficients, residual = _solved(data, shape)
    near = any(b / a < APART for a, b in pairwise(shape.taus))
    amplitudes = np.abs(coefficients[len(_fixed(data)) :])
    if near or np.any(amplitudes > SWING * float(np.ptp(data.volt))):
        return inf
    count, parameters = len(data.time), len(coefficients) + shape.parameters
    return count * log(max(float(residual @ residual), 1e-30) / count) + parameters * log(count)


def _result(data: _Data, likely: Sequence[_Shape], duration: float, middle: float) -> Decay:
    shape = likely[0]
    coefficients, residual = _solved(data, shape)
    jacobian = np.column_stack([_design(data, shape), *_derivatives(data, shape, coefficients)]) * np.sqrt(data.weight)[:, None]
    spread = _spread(jacobian, residual)
    linear, first = len(coefficients), len(_fixed(data))
    apart = max(abs(float(_solved(data, other)[0][0] - coefficients[0])) for other in likely)
    taus = [duration * tau for tau in shape.taus]
    return Decay(
        asymptote=middle + float(coefficients[0]),
        asymptote_uncertainty=sqrt(float(spread[0]) ** 2 + apart**2 / 3),
        amplitudes=tuple(map(float, coefficients[first:])),
        time_constants_s=tuple(taus),
        time_constant_uncertainties_s=tuple(tau * float(u) for tau, u in zip(taus, spread[linear:], strict=False)),
        exponent=shape.exponent,
        slope=float(coefficients[1]) / duration if data.line else 0.0,
        duration_s=duration,
        seen=all(tau * (1 + 2 * float(u)) <= duration for tau, u in zip(taus, spread[linear:], strict=False)),
    )


def _spread(jacobian: Floats, residual: Floats) -> Floats:
    """Standard uncertainty of each parameter, with the correlation of residuals that follow one another counted in."""
    power = float(residual @ residual)
    variance = power / max(len(residual) - jacobian.shape[1], 1)
    follows = float(np.clip(residual[1:] @ residual[:-1] / power, 0.0, 0.9)) if power > 0 else 0.0
    inverse = np.linalg.pinv(jacobian.T @ jacobian, rcond=1e-14)
    return np.sqrt(np.maximum(variance * (1 + follows) / (1 - follows) * inverse.diagonal(), 0.0))


def _derivatives(data: _Data, shape: _Shape, coefficients: Floats) -> Iterator[Floats]:
    """Give the derivatives of the fit with respect to the logarithm of each time constant, and to the exponent."""
    for tau, amplitude in zip(shape.taus, coefficients[len(_fixed(data)) :], strict=True):
        power = (data.time / tau) ** shape.exponent
        yield amplitude * np.exp(-power) * power * shape.exponent
        if shape.exponent != 1.0:  # of one decay only
            yield -amplitude * np.exp(-power) * power * np.log(np.maximum(data.time / tau, 1e-12))
