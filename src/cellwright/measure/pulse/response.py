"""An equivalent circuit's answer to a pulse, and the circuit that answers as the battery did."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, product
from math import log

import numpy as np
from numpy.typing import NDArray

from cellwright.measure.runs import Floats

SLOWEST = 3.0
"""Longest time constant that is looked for, as a multiple of the stretch that is fitted."""

STARTS = 12
"""Time constants from which the search starts, evenly spread over their logarithms."""

POSITIVE = 2.0
"""By how much the Bayesian information criterion has to fall for a second branch: positive evidence (Kass and Raftery, J. Am. Stat. Assoc.
90 (1995) 773, doi:10.1080/01621459.1995.10476572)."""

APART = 3.0
"""Two time constants that are nearer to one another than this are one."""

AT_BOUND = 1.01
FAR = 300.0


@dataclass(frozen=True, eq=False)
class Stretch:
    """What is fitted: readings, and the current that flowed until each moment, the edges included.

    Parameters
    ----------
    time
        Of every moment, in order [s]; the starting edge is at 0.
    flowed
        Current from the moment before until each [A].
    read
        Which moments are readings; the others are edges.
    voltage, current
        Of each reading [V], [A].
    relaxes
        Whether it goes on into the rest after the pulse: only there the state of charge and a slow branch are told apart.
    """

    time: Floats
    flowed: Floats
    read: NDArray[np.bool_]
    voltage: Floats
    current: Floats
    relaxes: bool

    def linear(self, *, rising: bool) -> Floats:
        """Return columns whose coefficients are the voltage before, R₀ and, if asked, the open circuit's rise with charge [V/(A·s)]."""
        columns = [np.ones_like(self.voltage), self.current]
        if rising:
            columns.append(np.cumsum(self.flowed * np.diff(self.time, prepend=self.time[0]))[self.read])
        return np.column_stack(columns)

    def branch(self, tau: float) -> Floats:
        """Return what flows in the resistor of a branch of time constant τ [s] at each reading [A]: dx/dt = (I − x)/τ."""
        decay: Floats = np.diff(self.time, prepend=self.time[0]) / tau
        into, passed, x = -self.flowed * np.expm1(-decay), np.cumsum(decay), np.empty(len(decay))
        first, before = 0, 0.0
        while first < len(x):  # in parts, as what has decayed by e³⁰⁰ would overflow
            stop = max(int(np.searchsorted(passed, float(passed[first]) + FAR)), first + 1)
            ago = passed[first:stop] - passed[first]
            x[first:stop] = np.exp(-ago) * (before * np.exp(-decay[first]) + np.cumsum(into[first:stop] * np.exp(ago)))
            first, before = stop, float(x[stop - 1])
        return x[self.read]


@dataclass(frozen=True, eq=False)
class Circuit:
    """What was fitted.

    Parameters
    ----------
    values
        R₀ [ohm], then resistance [ohm] and time constant [s] of each branch, the fastest first.
    covariance
        Of these.
    residual_volt
        Standard deviation of the residuals [V].
    freedom
        Readings less parameters.
    criterion
        The Bayesian information criterion.
    """

    values: Floats
    covariance: Floats
    residual_volt: float
    freedom: int
    criterion: float

    @property
    def branches(self) -> int:
        """How many."""
        return len(self.values) // 2


def fitted(stretch: Stretch, fastest: float, rounding: float) -> Circuit | None:
    """Fit R₀ and one or two branches by least squares; None where none fits with positive resistances and times within the bounds.

    Parameters
    ----------
    stretch
        What is fitted.
    fastest
        Shortest time constant that the sampling resolves [s].
    rounding
        Standard uncertainty of one reading's rounding [V], below which residuals tell nothing.

    Notes
    -----
    Where the stretch relaxes, the open circuit's rise with charge is fitted as well, at no cost in the criterion, as there always is one;
    but not where it comes out negative, since it and a slow branch can take each other's place. Only the time constants are searched for;
    the rest is linear (variable projection: Golub and Pereyra, SIAM J. Numer. Anal. 10 (1973) 413, doi:10.1137/0710036).
    """
    bounds = (log(fastest), log(SLOWEST * float(stretch.time[-1])))
    ways = ((True, False) if stretch.relaxes else (False,)), (1, 2)
    tried = [_best(stretch, stretch.linear(rising=rising), count, bounds, rounding) for rising, count in product(*ways)]
    return min((c for c in tried if c is not None), key=lambda c: c.criterion + POSITIVE * c.branches, default=None)


def _best(stretch: Stretch, linear: Floats, count: int, bounds: tuple[float, float], rounding: float) -> Circuit | None:
    from scipy.optimize import least_squares

    tried: Floats = np.linspace(bounds[0], bounds[1], STARTS + 2)[1:-1]
    columns = [stretch.branch(tau) for tau in np.exp(tried).tolist()]

    def misfit(chosen: list[Floats]) -> Floats:
        design = np.column_stack([linear, *chosen])
        return design @ np.linalg.lstsq(design, stretch.voltage, rcond=None)[0] - stretch.voltage

    start = min(combinations(range(STARTS), count), key=lambda places: float(np.sum(misfit([columns[k] for k in places]) ** 2)))
    found = least_squares(
        lambda logs: misfit([stretch.branch(tau) for tau in np.exp(logs).tolist()]) * 1e3, tried[list(start)], bounds=bounds, x_scale=0.1
    )
    return _circuit(stretch, linear, np.exp(np.sort(found.x)), bounds, rounding)


def _circuit(stretch: Stretch, linear: Floats, taus: Floats, bounds: tuple[float, float], rounding: float) -> Circuit | None:
    design = np.column_stack([linear, *(stretch.branch(float(t)) for t in taus)])
    coefficients = np.linalg.lstsq(design, stretch.voltage, rcond=None)[0]
    branches = coefficients[linear.shape[1] :]
    inside = taus[0] > AT_BOUND * np.exp(bounds[0]) and taus[-1] * AT_BOUND < np.exp(bounds[1])
    if not inside or coefficients[1:].min() <= 0 or np.any(taus[1:] < APART * taus[:-1]):
        return None
    slopes = [r * (stretch.branch(t * 1.001) - stretch.branch(t * 0.999)) / (0.002 * t) for r, t in zip(branches, taus, strict=True)]
    jacobian = np.column_stack([design, *slopes])
    residual = stretch.voltage - design @ coefficients
    freedom = len(residual) - jacobian.shape[1]
    square = max(float(residual @ residual) / freedom, rounding**2)
    covariance = _inverse(jacobian) * square * _stickiness(residual)
    keep = [1, *(k for n in range(len(taus)) for k in (linear.shape[1] + n, design.shape[1] + n))]
    values = np.array([coefficients[1], *(v for pair in zip(branches, taus, strict=True) for v in pair)])
    criterion = len(residual) * np.log(square) + 2 * len(taus) * np.log(len(residual))
    return Circuit(values, covariance[np.ix_(keep, keep)], float(np.sqrt(square)), freedom, float(criterion))


def _inverse(jacobian: Floats) -> Floats:
    """(JᵀJ)⁻¹, with the columns scaled to one length first: they differ by many powers of ten."""
    length = np.linalg.norm(jacobian, axis=0)
    upper = np.linalg.qr(jacobian / length, mode="r")
    root = np.linalg.pinv(upper) / length[:, None]
    return root @ root.T


def _stickiness(residual: Floats) -> float:
    """By how much residuals that follow one another say less than independent ones: (1 + ρ)/(1 − ρ), ρ of neighbours; at least 1."""
    square = float(residual @ residual)
    rho = float(residual[1:] @ residual[:-1]) / square if square else 0.0
    rho = min(max(rho, 0.0), 0.99)
    return (1 + rho) / (1 - rho)
