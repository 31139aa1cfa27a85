"""A sweep on an even grid of charge: the mean voltage of each bin, and how much independent information stands behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellwright.measure.incremental.noise import Noise, informative
from cellwright.measure.incremental.sweep import Sweep

BINS = 1000
"""0.1 % of the charge each: ten to a feature of 1 %, narrower than which no electrode has one."""

FEWEST = 1e-3
"""Points a bin where there is none near: few enough to weigh nothing."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Binned:
    """Sweeps on their grids, one row each.

    Parameters
    ----------
    voltage_volt
        Mean voltage of each bin, shape ``(sweeps, BINS)`` [V].
    variance
        Of a bin, as if its error were independent of the next bin's, shape as above [V²].
    readings
        Points a bin; less than one where they are further apart, shape as above.
    """

    voltage_volt: Floats
    variance: Floats
    readings: Floats


def binned(found: Sequence[Sweep], noises: Sequence[Noise]) -> Binned:
    """Bring sweeps on grids.

    Notes
    -----
    The mean voltage of a bin is the energy over the charge in it, ∫V dQ / ΔQ, which holds for many points a bin as for few: its
    variance is that of a point over the number of points, a fraction where one stands for several bins.
    """
    rows = [_row(sweep, noisy) for sweep, noisy in zip(found, noises, strict=True)]
    voltage, variance, readings = (np.array(column) for column in zip(*rows, strict=True))
    return Binned(voltage, variance, readings)


def _row(sweep: Sweep, noisy: Noise) -> tuple[Floats, Floats, Floats]:
    edges = np.linspace(0.0, sweep.moved_ah, BINS + 1)
    points, uncertainty = informative(sweep, noisy)
    charge, volt = points.charge_ah, points.voltage_volt
    readings = np.diff(np.interp(edges, charge, np.arange(len(charge), dtype=np.float64)))
    readings = np.maximum(readings, FEWEST)
    return _energy(edges, charge, volt) / (edges[1] - edges[0]), uncertainty**2 / readings, readings


def _energy(edges: Floats, charge: Floats, volt: Floats) -> Floats:
    """Energy of each bin: the voltage runs on straight lines between the points, so its integral on parabolas."""
    energy = np.zeros(len(volt))
    np.cumsum(np.diff(charge) * (volt[1:] + volt[:-1]) / 2, out=energy[1:])
    at = np.searchsorted(charge, edges, side="right").clip(1, len(charge) - 1) - 1
    width = charge[at + 1] - charge[at]
    into = edges - charge[at]
    rise = np.divide(volt[at + 1] - volt[at], width, out=np.zeros(len(at)), where=width > 0)
    return np.diff(energy[at] + volt[at] * into + rise * into**2 / 2)
