"""A sweep on an even grid of charge: the mean voltage of each bin, and how much independent information stands behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellwright.measure.incremental.noise import Noise, informative
from cellwright.measure.sweeping import Sweep

BINS = 1000
"""0.1 % of the charge each: ten to a feature of 1 %, narrower than which no electrode has one."""

FEWEST = 1e-3
"""Points a bin where there is none near: few enough to weigh nothing."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Readings:
    """What was read along a sweep, at most once a bin.

    Parameters
    ----------
    share
        Of the sweep's charge that had moved, 0 to 1, shape ``(n,)``.
    voltage_volt, uncertainty_volt
        Voltage and its standard uncertainty, independent of one another [V], shape ``(n,)``.
    """

    share: Floats
    voltage_volt: Floats
    uncertainty_volt: Floats


@dataclass(frozen=True, eq=False)
class Binned:
    """Sweeps on their grids, one row each.

    Parameters
    ----------
    voltage_volt
        Mean voltage of each bin, shape ``(sweeps, BINS)`` [V].
    variance
        Of a bin, as if its error were independent of the next bin's, shape as above [V²].
    count
        Points a bin; less than one where they are further apart, shape as above.
    readings
        The points of each sweep, averaged where several share a bin.
    """

    voltage_volt: Floats
    variance: Floats
    count: Floats
    readings: tuple[Readings, ...]


def binned(found: Sequence[Sweep], noises: Sequence[Noise]) -> Binned:
    """Bring sweeps on grids.

    Notes
    -----
    The mean voltage of a bin is the energy over the charge in it, ∫V dQ / ΔQ, which holds for many points a bin as for few: its
    variance is that of a point over the number of points, a fraction where one stands for several bins.
    """
    rows = [_row(sweep, noisy) for sweep, noisy in zip(found, noises, strict=True)]
    voltage, variance, count, readings = zip(*rows, strict=True)
    return Binned(np.array(voltage), np.array(variance), np.array(count), readings)


def _row(sweep: Sweep, noisy: Noise) -> tuple[Floats, Floats, Floats, Readings]:
    edges = np.linspace(0.0, sweep.moved_ah, BINS + 1)
    points, uncertainty = informative(sweep, noisy)
    charge, volt = points.charge_ah, points.voltage_volt
    count = np.diff(np.interp(edges, charge, np.arange(len(charge), dtype=np.float64)))
    count = np.maximum(count, FEWEST)
    mean = _energy(edges, charge, volt) / (edges[1] - edges[0])
    return mean, uncertainty**2 / count, count, _averaged(charge / sweep.moved_ah, volt, uncertainty)


def _averaged(share: Floats, volt: Floats, uncertainty: float) -> Readings:
    """Average the points of each bin, in charge as in voltage."""
    which = np.minimum((share * BINS).astype(np.intp), BINS - 1)
    count = np.bincount(which, minlength=BINS)
    some = count > 0
    mean_share, mean_volt = (np.bincount(which, values, BINS)[some] / count[some] for values in (share, volt))
    return Readings(mean_share, mean_volt, uncertainty / np.sqrt(count[some]))


def _energy(edges: Floats, charge: Floats, volt: Floats) -> Floats:
    """Energy of each bin: the voltage runs on straight lines between the points, so its integral on parabolas."""
    energy = np.zeros(len(volt))
    np.cumsum(np.diff(charge) * (volt[1:] + volt[:-1]) / 2, out=energy[1:])
    at = np.searchsorted(charge, edges, side="right").clip(1, len(charge) - 1) - 1
    width = charge[at + 1] - charge[at]
    into = edges - charge[at]
    rise = np.divide(volt[at + 1] - volt[at], width, out=np.zeros(len(at)), where=width > 0)
    return np.diff(energy[at] + volt[at] * into + rise * into**2 / 2)
