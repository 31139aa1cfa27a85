"""The discharge curve of each cell laid over that of the weakest one: how much further each could have gone.

Cells of one make have one open-circuit curve, on which each stands somewhere else and which each runs through at its own pace. The same
current flows through all of them, so with the voltage V₀ of the weakest cell over the charge taken out, a cell's is

    V(q) = V₀(a + b·q) − δ

with a what it lacked at the start, b = C₀/C the ratio of the capacities, and δ = I·ΔR.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

import numpy as np

from cellwright.measure.modules.discharging import Discharged
from cellwright.measure.modules.fitting import CLOSE, FEWEST_BINS, Curve, Fit, fitted
from cellwright.measure.modules.string import Flags, Floats

BINS = 500
SETTLING = 0.1
"""Share of the discharge in which the polarisation still builds up: what cells differ there is no constant resistance."""

AT_ODDS = 4.0
"""How many standard uncertainties two places lie apart of which one is wrong."""

FIXED = 1e-4
"""How well the reference lies on itself [Ah]."""


@dataclass(frozen=True, eq=False)
class Aligned:
    """Each cell on the curve of a reference cell; every array has one entry a cell.

    Parameters
    ----------
    reference
        Which cell.
    capacity_ah
        From full to empty at the discharge's current [Ah]; NaN where the curves do not tell.
    fit_ah, full_ah
        Standard uncertainty of it from the fit, and from where on the curve cells are full, the channels' errors left out [Ah].
    full_per_volt
        What an error of each cell's channel (columns) at the end of the charge makes of each capacity (rows) [Ah/V].
    per_volt, per_gain
        What an error of the reading at the lower limit [Ah/V], and a relative one of the voltage channel [Ah], makes of it.
    offset_volt
        δ, how much lower the cell lies under current than the reference at the same state [V].
    """

    reference: int
    capacity_ah: Floats
    fit_ah: Floats
    full_ah: Floats
    full_per_volt: Floats
    per_volt: Floats
    per_gain: Floats
    offset_volt: Floats


def aligned(discharged: Discharged) -> Aligned | None:
    """Lay the curves of all cells over that of the first to be empty; None where none was, or no cell began full, or the current varied."""
    if not discharged.steady or not discharged.emptied.any() or not discharged.full.any() or discharged.rise is None:
        return None
    out, volts = _binned(discharged)
    both = discharged.full & discharged.emptied
    reference = int(np.nanargmin(np.where(both if both.any() else discharged.emptied, discharged.empty_ah, np.nan)))
    curve = _curve(discharged, out, volts[:, reference], reference)
    if curve is None:
        return None
    return _laid(discharged, curve, (out, volts), reference)


def _laid(discharged: Discharged, curve: Curve, read: tuple[Floats, Floats], reference: int) -> Aligned | None:
    """Lay each cell by its curve alone, which tells where cells are full; then again with where it stood when the charge ended as well."""
    told = np.isfinite(discharged.lacking_ah) & np.isfinite(discharged.ah_per_volt)
    lacking, free = np.where(told, discharged.lacking_ah, 0.0), np.full(len(told), discharged.taken_ah)
    alone = fitted(curve, *read, (lacking - lacking[reference], free))
    full = _full(discharged, alone, told)
    if full is None:
        return None
    told &= _agreeing(discharged, alone, full)
    channel = discharged.string.uncertainty(discharged.string.upper.volt if discharged.string.upper else 0.0) * discharged.ah_per_volt
    along = np.where(told, discharged.along_ah, 0.0)
    expected = full.at_ah + lacking + full.stretch * along
    unsure = np.where(told, np.sqrt(channel**2 + discharged.read_ah**2 + (full.stretch_unsure * along) ** 2), free)
    expected[reference], unsure[reference] = 0.0, FIXED
    fit = fitted(curve, *read, (expected, unsure))
    return _capacities(discharged, curve, fit, _Start(full, 1 / unsure**2, np.where(told, channel, 0.0)), reference)


def _binned(discharged: Discharged) -> tuple[Floats, Floats]:
    """Mean charge taken out [Ah] and mean voltage of each cell [V] in equal shares of the discharge; empty shares are left out."""
    out = discharged.out_ah
    share = np.minimum((out - out[0]) / (out[-1] - out[0]) * BINS, BINS - 1).astype(np.intp)
    starts = np.flatnonzero(np.diff(share, prepend=-1) > 0)
    counts = np.diff(starts, append=len(out))
    volts = np.add.reduceat(discharged.volts, starts, axis=0) / counts[:, None]
    return np.add.reduceat(out, starts) / counts, volts


def _curve(discharged: Discharged, out: Floats, volt: Floats, reference: int) -> Curve | None:
    """Return the reference curve from where its polarisation has settled to its lower limit; None where it has too few points."""
    empty = float(discharged.empty_ah[reference])
    apart = (float(out[-1]) - float(out[0])) / BINS
    kept = np.isfinite(volt) & (out >= SETTLING * discharged.taken_ah) & (out < empty - apart / 2)  # the end itself is the next point
    if kept.sum() < FEWEST_BINS:
        return None
    limit = discharged.string.lower
    ended = max(limit.volt, float(discharged.ended_volt[reference])) if limit else volt[kept][-1]
    out, volt = np.append(out[kept], empty), np.append(volt[kept], ended)
    end = float((volt[-1] - volt[-4]) / (out[-1] - out[-4]))
    rounding = discharged.string.rounding_volt
    return Curve(out, volt, min(end, -CLOSE), rounding) if out[-1] > out[-2] else None


@dataclass(frozen=True, eq=False)
class _Full:
    """Where on the reference curve cells are full [Ah], how well that is known [Ah], and what each channel's error makes of it [Ah/V].

    ``stretch``: by how many of its standard uncertainties the curve along which that was told is off, and how well that is known.
    """

    at_ah: float
    unsure_ah: float
    per_volt: Floats
    stretch: float
    stretch_unsure: float


def _full(discharged: Discharged, alone: Fit, told: Flags) -> _Full | None:
    """Tell by each cell where full is: where it stands when it starts, less what its own voltage at the end of the charge says it lacks.

    Weighted least squares of two unknowns: where full is, and how far off the curve is along which all are told, of which is known that
    it is 0 ± 1. Cells that lack more than others measure it.
    """
    string, limit = discharged.string, discharged.string.upper
    telling = told & alone.holds
    if limit is None or not telling.any():
        return None
    own, per_volt = alone.covariance[telling, 0, 0], discharged.ah_per_volt[telling]
    there = alone.parameters[telling, 0] - discharged.lacking_ah[telling]
    design = np.stack([np.ones_like(own), discharged.along_ah[telling]])
    weighted = design / (own + (string.uncertainty(limit.volt) * per_volt) ** 2 + discharged.read_ah[telling] ** 2)
    covariance = np.linalg.inv(weighted @ design.T + np.diag([0.0, 1.0]))
    at, stretch = covariance @ weighted @ there
    each = (covariance @ weighted)[0]
    scatter = np.sqrt(each**2 @ (own + discharged.read_ah[telling] ** 2))
    unsure = hypot(float(scatter), float(covariance[0, 1]), discharged.short_ah)
    channels = np.zeros(len(telling))
    channels[telling] = each * per_volt
    return _Full(float(at), unsure, channels, float(stretch), float(np.sqrt(covariance[1, 1])))


def _agreeing(discharged: Discharged, alone: Fit, full: _Full) -> Flags:
    """Whether each cell's curve and its voltage at the end of the charge tell one place; on a plateau a few millivolts are a long way."""
    apart = alone.parameters[:, 0] - full.at_ah - discharged.lacking_ah - full.stretch * discharged.along_ah
    limit = discharged.string.upper
    channel = discharged.string.uncertainty(limit.volt if limit else 0.0) * discharged.ah_per_volt
    unsure = np.sqrt(alone.covariance[:, 0, 0] + channel**2 + discharged.read_ah**2 + full.unsure_ah**2)
    return ~alone.holds | (np.abs(apart) <= AT_ODDS * unsure)


@dataclass(frozen=True, eq=False)
class _Start:
    """Where each cell was expected to start: from where full is, with which weight [1/Ah²], and what of its error is its channel's [Ah]."""

    full: _Full
    weight: Floats
    channel_ah: Floats


def _capacities(discharged: Discharged, curve: Curve, fit: Fit, start: _Start, reference: int) -> Aligned:
    """Turn places on the reference curve into capacities: from where cells are full to where each is empty."""
    limit = discharged.string.lower
    _, b, delta = fit.parameters.T
    empty_at, per_volt = curve.empty_at((limit.volt if limit else 0.0) + delta)
    earlier, unlike = _earlier(discharged, delta)
    capacity = (empty_at - start.full.at_ah - earlier) / b
    toward = np.stack([np.zeros_like(b), -capacity / b, per_volt / b], axis=1)
    per_start = np.einsum("ci,ci->c", toward, fit.covariance[:, :, 0]) * start.weight
    per_start[reference] = 0.0
    per_full = per_start - 1 / b
    own = np.einsum("ci,cij,cj->c", toward, fit.covariance, toward) - (per_start * start.channel_ah) ** 2
    channels = per_full[:, None] * start.full.per_volt - np.diag(per_start * np.nan_to_num(discharged.ah_per_volt))
    return Aligned(
        reference,
        np.where(fit.holds, capacity, np.nan),
        np.sqrt(own.clip(min=0.0) + (unlike / b) ** 2),
        np.abs(per_full) * start.full.unsure_ah,
        channels,
        per_volt / b,
        np.abs(np.einsum("ci,ci->c", toward, fit.per_gain)),
        delta,
    )


def _earlier(discharged: Discharged, delta: Floats) -> tuple[Floats, Floats]:
    """How much earlier than the others each cell is full, as the charge's last current takes more of its voltage [Ah], and u of that.

    By what each voltage fell from the end of the charge to the rest after, and by how much lower it lies in the discharge, each as far
    as it is known: in the one there is the noise of readings, in the other the error of channels.
    """
    string, charged, limit = discharged.string, discharged.charged, discharged.string.lower
    if charged is None or limit is None:
        return np.zeros_like(delta), np.zeros_like(delta)
    per_volt = discharged.full_ah_per_volt
    share = charged.ended_ampere / -string.course.mean_current(discharged.first, discharged.last)
    lower = share * (delta - np.nanmean(np.where(np.isfinite(discharged.filled_volt), delta, np.nan)))
    if not discharged.rested:
        return np.zeros_like(delta), np.abs(lower) * per_volt
    read, channel = 2 * (string.rounding_volt**2 + string.noise_volt**2), 2 * (share * string.uncertainty(limit.volt)) ** 2
    mean = (discharged.fell_volt / read + lower / channel) / (1 / read + 1 / channel)
    return mean * per_volt, np.full_like(delta, per_volt / np.sqrt(1 / read + 1 / channel))
