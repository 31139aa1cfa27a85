"""How far a sweep's voltage readings can be trusted one by one: their scatter, and the step in which the tester prints them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import hypot, sqrt

import numpy as np
from numpy.typing import NDArray

from cellwright.measure.sweeping import Sweep

Floats = NDArray[np.float64]

DITHERED = 0.5
"""Scatter, as a share of the tester's step, from which rounding errors are as good as independent of one another."""

DIFFERENT = 0.7
"""Share of readings that differ from every other: above it the sweep passes each step of the voltage too fast for the step to show."""

SAME_READING_VOLT = 1e-9
SMALLEST_VOLT = 1e-7

FEWEST_STEPS = 10
"""With fewer steps of the voltage than this there is no curve in them, and every reading is taken as it is."""

MIDDLE, TAIL = (0.5, 0.6745), (0.9, 1.6449)
"""Shares of residuals, and what of a standard normal variable's size lies below them. The tail also sees the corners of a recording that
someone interpolated: nothing scatters between them."""


@dataclass(frozen=True)
class Noise:
    """Scatter of one voltage reading, and smallest step between readings [V]: of one sweep; 0 where readings hardly ever repeat."""

    scatter_volt: float
    step_volt: float

    @property
    def is_stepped(self) -> bool:
        """Whether the voltage climbs by visible steps, so that only where it steps says something new."""
        return self.scatter_volt < DITHERED * self.step_volt


def noise(sweep: Sweep, digit_volt: float) -> Noise:
    """Estimate the noise of a sweep's voltage readings: their scatter, and the smallest difference between any two of them.

    Parameters
    ----------
    sweep
        Its readings.
    digit_volt
        The last digit that the recording prints [V]: rounding to it is the least scatter there is.
    """
    gaps = np.diff(np.sort(sweep.voltage_volt))
    new = gaps[gaps > SAME_READING_VOLT]
    repeats = len(new) < DIFFERENT * len(gaps)
    return Noise(max(_scatter(sweep, *MIDDLE), digit_volt / sqrt(12)), float(new.min()) if repeats and len(new) else 0.0)


def informative(sweep: Sweep, noisy: Noise) -> tuple[Sweep, float]:
    """Return the points of a sweep that say something new, and the standard uncertainty of the voltage of each [V].

    Notes
    -----
    Where scatter rounds the readings now up, now down, they all do. Where the voltage climbs by visible steps, the readings on a step
    repeat one another, and the points are where it steps: the middle between two readings is passed after as much charge as was read
    below it, which the scatter about the step leaves true.
    """
    steps = _steps(sweep) if noisy.is_stepped else None
    if steps is None or len(steps.charge_ah) < FEWEST_STEPS:
        rounding = noisy.step_volt / sqrt(12) if noisy.is_stepped else SMALLEST_VOLT
        return sweep, max(noisy.scatter_volt, _scatter(sweep, *TAIL), rounding)
    volt = sweep.voltage_volt
    apart = min(noisy.step_volt, abs(float(volt[-1] - volt[0])) / (len(volt) - 1))
    return steps, max(hypot(_scatter(steps, *TAIL), apart / sqrt(12)), SMALLEST_VOLT)


def _steps(sweep: Sweep) -> Sweep:
    charge = sweep.charge_ah
    borders = np.concatenate([charge[:1], (charge[1:] + charge[:-1]) / 2, charge[-1:]])
    order = np.argsort(sweep.voltage_volt if sweep.voltage_volt[-1] > sweep.voltage_volt[0] else -sweep.voltage_volt, kind="stable")
    volt, passed = sweep.voltage_volt[order], np.cumsum(np.diff(borders)[order])
    new = np.flatnonzero(np.abs(np.diff(volt)) > SAME_READING_VOLT)
    return replace(sweep, charge_ah=passed[new], voltage_volt=(volt[new] + volt[new + 1]) / 2)


def _scatter(sweep: Sweep, share: float, normal: float) -> float:
    """Scatter of one reading [V].

    Each reading less the straight line between its neighbours, scaled to the variance of one reading (Gasser, Sroka and
    Jennen-Steinmetz, Biometrika 73 (1986) 625, doi:10.1093/biomet/73.3.625); a quantile of their sizes is taken, which neither edges
    nor outliers move.
    """
    charge, volt = sweep.charge_ah, sweep.voltage_volt
    span = charge[2:] - charge[:-2]
    weight = np.divide(charge[2:] - charge[1:-1], span, out=np.full(len(span), 0.5), where=span > 0)
    residual = weight * volt[:-2] + (1 - weight) * volt[2:] - volt[1:-1]
    sizes = np.abs(residual) / np.sqrt(1 + weight**2 + (1 - weight) ** 2)
    return float(np.partition(sizes, at := int(share * (len(sizes) - 1)))[at]) / normal
