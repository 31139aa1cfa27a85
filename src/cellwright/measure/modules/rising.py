"""How the open-circuit voltage of cells rose toward full, from the charge and the discharge on either side of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cellwright.measure.modules.charging import Charged
from cellwright.measure.modules.smoothing import smoothed
from cellwright.measure.modules.string import Floats

RANGE = 0.25
BINS = 250
"""The curve is followed over the last quarter of the charge, in a thousandth of it each."""

FEWEST_BINS = 30
STEADY = 0.95

SETTLED = 0.05
"""Share of the discharge after which its polarisation is taken as built up."""

RESISTANCE_ERROR = 0.15
"""Relative standard uncertainty of the resistance that is taken off, as it is of another state and after another time (assumed)."""

SHAPE_ERROR = 0.05
"""Relative standard uncertainty of a way along one cell's curve that another cell goes (assumed)."""

NEAR_VOLT = 5e-3
FLAT = 1e-6
"""Slope [V/Ah] that tells no place."""


@dataclass(frozen=True, eq=False)
class Rise:
    """Open-circuit voltage [V] of one cell over the charge still to come [Ah], on an even grid from the end of the charge backwards.

    The current [A] under which it was seen, times the resistance [ohm], was taken off; ``slope`` [V/Ah] at the end.
    """

    left_ah: Floats
    volt: Floats
    current: Floats
    slope: float
    ohm: float

    def left_at(self, above: Floats) -> Floats:
        """How much is left to charge where the voltage lies so much above that at the end [V]; NaN below where the curve begins."""
        down = self.volt - self.volt[0]
        left: Floats = np.asarray(np.interp(-above, -down, self.left_ah), dtype=np.float64)
        left[above < down[-1]] = np.nan
        left[above > 0] = -above[above > 0] / self.slope
        return left

    def resistance_volt(self, left: Floats) -> Floats:
        """What an error of the resistance makes of the voltage there, against that at the end [V]; past the end in a straight line."""
        change = np.asarray(np.interp(left, self.left_ah, self.current) - self.current[0], dtype=np.float64)
        tail = min(len(self.current) - 1, BINS // 10)
        past = left < 0
        change[past] = left[past] * (self.current[tail] - self.current[0]) / self.left_ah[tail]
        return RESISTANCE_ERROR * self.ohm * change


def rise(charged: Charged, cell: int, end: tuple[float, float], after: tuple[Floats, Floats, float]) -> Rise | None:
    """Return how a cell's open-circuit voltage rose; None where the charge does not tell.

    ``end``: to which voltage [V], under which current [A]. ``after``: charge taken out [Ah], voltage there [V] and current [A, positive]
    of the discharge that follows.

    Notes
    -----
    V − R·I, with R half of the loop over the current where the taper began, (V_charge − V_discharge)/(I_charge − I_discharge): there
    the polarisation of both has built up. What it still lacks later counts as little as the current that is left. Readings soon
    after a jump of the current are left out.
    """
    readings = charged.readings(cell)
    left, current, volt = (np.append(y, last) for y, last in zip(readings, (0.0, end[1], end[0]), strict=True))
    near = left <= RANGE * float(left.max(initial=0.0))
    if near.sum() < FEWEST_BINS or not np.isfinite(volt).all():
        return None
    ohm = _resistance((left, current, volt), after)
    if np.isnan(ohm):
        return None
    grid, current, volt = _even(left[near], current[near], volt[near])
    curve = _falling(smoothed(grid, volt - ohm * current, charged.string.rounding_volt)[0])
    return Rise(grid, curve, current, _slope(grid, curve), ohm)


def _falling(volt: Floats) -> Floats:
    """The nearest curve that rises nowhere, by least squares: a running minimum would follow the noise down a plateau."""
    # It takes a second to load, which every worker would pay, and few recordings are of modules.
    from scipy.optimize import isotonic_regression

    return np.asarray(isotonic_regression(volt, increasing=False).x, dtype=np.float64)


def _slope(left: Floats, volt: Floats) -> float:
    """Slope at the end [V/Ah]: that over its last 5 mV."""
    below = int(np.argmax(volt <= volt[0] - NEAR_VOLT)) or len(volt) - 1
    return max(float(volt[0] - volt[below]) / float(left[below]), FLAT)


def _even(left: Floats, current: Floats, volt: Floats) -> tuple[Floats, Floats, Floats]:
    """Means of readings at even places, from the last one backwards; a stretch without any is bridged in a straight line."""
    share = np.minimum((left[:-1] / left.max() * BINS).astype(np.intp), BINS - 1)
    count = np.bincount(share, minlength=BINS)
    have = count > 0
    means = [np.append(y[-1], np.bincount(share, y[:-1], BINS)[have] / count[have]) for y in (left, current, volt)]
    grid = np.linspace(0.0, float(left.max()), BINS)
    return grid, np.interp(grid, means[0], means[1]), np.interp(grid, means[0], means[2])


def _resistance(charge: tuple[Floats, Floats, Floats], after: tuple[Floats, Floats, float]) -> float:
    """Half of the loop over the current [ohm]; 0 where the current did not fall; NaN where the two do not pass one state."""
    (left, current, volt), (out, volts, ampere) = charge, after
    steady = current >= STEADY * float(current.max())
    if steady[-1]:
        return 0.0
    begun = max(float(left[steady].min()), SETTLED * float(out[-1]))
    if begun > min(float(left.max()), float(out[-1])):
        return np.nan
    up, flow = (float(np.interp(-begun, -left, y)) for y in (volt, current))
    return max(up - float(np.interp(begun, out, volts)), 0.0) / (flow + ampere)
