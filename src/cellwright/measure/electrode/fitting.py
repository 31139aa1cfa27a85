"""The fit: four ends of stoichiometry, a shift of voltage, and the share of a second material, by weighted least squares."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.stats import qmc

from cellwright.measure.electrode.half_cell import HalfCell, blended

REACH = 0.01
"""dV/dQ is the difference over so much of the charge to either side."""

INSIDE = 0.03
"""What lies nearer to an end than this share is left out of dV/dQ, where the electrodes run steep and the sweep has not settled."""

SHIFT_VOLT = 0.01
"""Standard uncertainty of the constant by which a slow sweep lies off equilibrium, before anything is fitted."""

STARTS, KEPT, ROUNDS = 2048, 6, 3
SHARES = (0.03, 0.1, 0.2, 0.35, 0.5)
LOOKED_AT = 40
"""Points at which places to start from are compared."""

SMALLEST_VOLT, SMALLEST_SLOPE = 1e-4, 1e-3
ROOM = 0.6

Floats = NDArray[Any]
Materials = tuple[HalfCell, ...]


@dataclass(frozen=True, eq=False)
class Problem:
    """A slow sweep and the half-cell curves to fit to it.

    Parameters
    ----------
    filled
        Share of the sweep's charge that is in the cell, from 0, empty, to 1, shape ``(n,)``.
    voltage_volt
        What was read there [V], of the same shape: each reading with an error of its own.
    positive, negative
        One or two materials each.
    """

    filled: Floats
    voltage_volt: Floats
    positive: Materials
    negative: Materials

    @property
    def bounds(self) -> tuple[Floats, Floats]:
        """Least and greatest x at empty and full, y at empty and full, shift [V], and shares."""
        low, high = ([m[0].stoichiometry[end] for m in (self.negative, self.positive)] for end in (0, -1))
        ends = [(low[0], high[0])] * 2 + [(low[1], high[1])] * 2 + [(-5 * SHIFT_VOLT, 5 * SHIFT_VOLT)] + [(0.0, 1.0)] * self.shares
        first, last = np.array(ends, dtype=np.float64).T
        return first, last

    @property
    def shares(self) -> int:
        """How many electrodes are of two materials."""
        return (len(self.negative) == 2) + (len(self.positive) == 2)

    def electrodes(self, values: Floats) -> tuple[HalfCell, HalfCell]:
        """Return the negative and the positive electrode at the shares among the parameters."""
        own = list(values[5:])
        negative = blended(self.negative, own.pop(0) if len(self.negative) == 2 else 0.0)
        return negative, blended(self.positive, own.pop(0) if own else 0.0)

    def potentials(self, values: Floats) -> tuple[Floats, Floats]:
        """Return the potentials of the negative and of the positive electrode along the sweep [V]."""
        negative, positive = self.electrodes(values)
        x = values[0] + (values[1] - values[0]) * self.filled
        y = values[2] + (values[3] - values[2]) * self.filled
        return negative.potential(x), positive.potential(y)

    def residuals(self, values: Floats) -> tuple[Floats, Floats]:
        """Return what the model is above the sweep: voltage [V], and slope as a share of the slope."""
        low, high = self.potentials(values)
        off = high - low + values[4] - self.voltage_volt
        return off, self.slope_residuals(off)

    def slope_residuals(self, off: Floats) -> Floats:
        """Return the slope of residuals of the voltage, shape ``(n, …)``, as a share of the sweep's slope; 0 near the ends."""
        before, after, scale = self._across
        return ((off[after] - off[before]).T * scale).T

    def transposed(self, slopes: Floats) -> Floats:
        """Return what `slope_residuals`, which is linear, makes of each reading, summed over slopes, shape ``(n, …)``."""
        before, after, scale = self._across
        found, parts = np.zeros_like(slopes), (slopes.T * scale).T
        np.add.at(found, after, parts)
        np.subtract.at(found, before, parts)
        return found

    @cached_property
    def _across(self) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
        """The readings between which each slope is taken, and one over the slope; 0 for those near the ends."""
        before = np.searchsorted(self.filled, self.filled - REACH)
        after = np.minimum(np.searchsorted(self.filled, self.filled + REACH), len(self.filled) - 1)
        rise = np.maximum(self.voltage_volt[after] - self.voltage_volt[before], 0.0)
        inside = (self.filled > INSIDE) & (self.filled < 1 - INSIDE)
        return before, after, np.where(inside, 1 / (rise + np.median(rise)), 0.0)


@dataclass(frozen=True, eq=False)
class Fit:
    """Parameters (x empty, x full, y empty, y full, shift [V], shares), their covariance, and the voltage's residuals [V]."""

    problem: Problem
    values: Floats
    covariance: Floats
    residual_volt: Floats

    @property
    def scatter_volt(self) -> float:
        """Root mean square of the residuals [V]."""
        return float(np.sqrt(np.mean(self.residual_volt**2)))


def fit(problem: Problem) -> Fit:
    """Fit half-cell curves to a sweep.

    Notes
    -----
    V(s) = U_p(y₀ + (y₁ − y₀)s) − U_n(x₀ + (x₁ − x₀)s) + shift. Starts: a Sobol sequence over the ends, the best of which go down by
    trust region. Voltage and slope are each weighted by the scatter that they are left with. The slopes are differences of the same
    readings, so the covariance follows the readings' errors through both (`_covariance`). Residuals of half-cell curves that do not
    quite match hang together: n of them say as much as n/τ, with τ the sum of their autocorrelation (Bayley and Hammersley, Suppl. J.
    Royal Stat. Soc. 8 (1946) 184), and the covariance is wider by that.
    """
    weights = (5e-3, 0.1)
    starts = _starts(problem)
    found = starts[0]
    for _ in range(ROUNDS):
        solved = [_descend(problem, start, weights) for start in starts]
        found = min(solved, key=lambda pair: pair[1])[0]
        starts = [found]
        off, slope = problem.residuals(found)
        weights = (max(_rms(off), SMALLEST_VOLT), max(_rms(slope), SMALLEST_SLOPE))
    return Fit(problem, found, _covariance(problem, found, weights), problem.residuals(found)[0])


def _descend(problem: Problem, start: Floats, weights: tuple[float, float]) -> tuple[Floats, float]:
    low, high = problem.bounds
    inside = np.clip(start, low + 1e-6, high - 1e-6)
    solved = least_squares(lambda p: _weighted(problem, p, weights), inside, bounds=(low, high), x_scale=_scale(problem))
    return np.asarray(solved.x, dtype=np.float64), float(solved.cost)


def _scale(problem: Problem) -> Floats:
    return np.array([0.1] * 4 + [SHIFT_VOLT] + [0.1] * problem.shares)


def _weighted(problem: Problem, values: Floats, weights: tuple[float, float]) -> Floats:
    off, slope = problem.residuals(values)
    return np.concatenate([off / weights[0], slope / weights[1], [values[4] / SHIFT_VOLT]])


def _starts(problem: Problem) -> list[Floats]:
    """Return the best of many places to start from, at each of some shares."""
    draws = qmc.Sobol(4, scramble=False).random(STARTS)
    low, high = problem.bounds
    ends = np.empty((STARTS, 4))
    ends[:, 0] = low[0] + ROOM * (high[0] - low[0]) * draws[:, 0]
    ends[:, 1] = ends[:, 0] + (high[0] - ends[:, 0]) * (0.2 + 0.8 * draws[:, 1])
    ends[:, 2] = high[2] - ROOM * (high[2] - low[2]) * draws[:, 2]
    ends[:, 3] = ends[:, 2] - (ends[:, 2] - low[2]) * (0.2 + 0.8 * draws[:, 3])
    tried = [np.array([0.0, *shares]) for shares in _grid(problem.shares)]
    found = [(cost, np.concatenate([end, rest])) for rest in tried for cost, end in _best(problem, ends, rest)]
    return [values for _, values in sorted(found, key=lambda pair: pair[0])[:KEPT]]


def _grid(shares: int) -> list[tuple[float, ...]]:
    return [()] if shares == 0 else [(a, *rest) for a in SHARES for rest in _grid(shares - 1)]


def _best(problem: Problem, ends: Floats, rest: Floats) -> list[tuple[float, Floats]]:
    negative, positive = problem.electrodes(np.concatenate([ends[0], rest]))
    some = slice(None, None, max(1, len(problem.filled) // LOOKED_AT))
    filled, volt = problem.filled[some], problem.voltage_volt[some]
    x, y = (ends[:, [n]] + (ends[:, [n + 1]] - ends[:, [n]]) * filled for n in (0, 2))
    off = positive.potential(y) - negative.potential(x) - volt
    cost = np.mean(np.abs(off), axis=1)
    return [(float(cost[n]), ends[n]) for n in np.argsort(cost)[:KEPT]]


def _covariance(problem: Problem, values: Floats, weights: tuple[float, float]) -> Floats:
    """Covariance of the parameters by what each reading's error does to them, as if only one reading in every so many said anything.

    The fit is where the gradient is none, so an error e of the readings moves it by H⁻¹Bᵀe, with H the curvature and B what a reading adds
    to the gradient by itself and by the slopes it is in: H⁻¹BᵀB·H⁻¹ times the variance (White, Econometrica 50 (1982) 1). The shift is
    known beforehand to `SHIFT_VOLT`.
    """
    moves = _jacobian(problem, values)
    slopes = problem.slope_residuals(moves)
    prior = np.zeros((len(values), len(values)))
    prior[4, 4] = SHIFT_VOLT**-2
    inverse = np.linalg.pinv(moves.T @ moves / weights[0] ** 2 + slopes.T @ slopes / weights[1] ** 2 + prior)
    gradient = moves / weights[0] ** 2 + problem.transposed(slopes) / weights[1] ** 2
    off, _ = problem.residuals(values)
    together = _memory(off)
    independent = max(len(off) / together, 2 * len(values))
    variance = _rms(off) ** 2 * together * independent / (independent - len(values))
    return inverse @ (variance * gradient.T @ gradient + prior) @ inverse


def _memory(residual: Floats) -> float:
    """Over how many points residuals hang together: the sum of their autocorrelation until it is none."""
    off = residual - residual.mean()
    correlation = np.correlate(off, off, "full")[len(off) - 1 :] / (off @ off)
    none = np.flatnonzero(correlation <= 0)
    return 1 + 2 * float(correlation[1 : none[0] if len(none) else len(off)].sum())


def _jacobian(problem: Problem, values: Floats) -> Floats:
    """Derivative of the voltage with respect to each parameter, shape ``(n, parameters)``."""
    low, high = problem.bounds
    steps = 1e-4 * _scale(problem) / 0.1
    columns: list[Floats] = []
    for n, step in enumerate(steps):
        ends = [np.clip(values + sign * step * (np.arange(len(values)) == n), low, high) for sign in (1, -1)]
        up, down = (problem.residuals(end)[0] for end in ends)
        columns.append((up - down) / (ends[0][n] - ends[1][n]))
    return np.stack(columns, axis=1)


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(values**2)))
