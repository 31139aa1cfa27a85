"""The discharge curve of each cell laid over that of the weakest one: how much further each could have gone.

Cells of one make have one open-circuit curve, on which each stands somewhere else and which each runs through at its own pace. The same
current flows through all of them, so with the voltage V₀ of the weakest cell over the charge taken out, a cell's is

    V(q) = V₀(a + b·q) − δ

with a what it lacked at the start, b = C₀/C the ratio of the capacities, and δ = I·ΔR.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cellwright.measure.modules.discharging import SLOPE_ERROR, Discharged
from cellwright.measure.modules.string import Flags, Floats

BINS = 500
SETTLING = 0.1
"""Share of the discharge in which the polarisation still builds up: what cells differ there is no constant resistance."""

ROUNDS = 20
WINDOW = 31
WITHIN = 1.5
"""Mean distance of readings from their smoothed curve, in standard deviations of the noise: 0.8 where only noise is between them."""

FEWEST_BINS = 30
CLOSE = 1e-9
STILL = 1e-7
LIKELY = (1 / 3, 3.0)
"""Ratio of capacities: what lies outside is no fit."""


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
        Standard uncertainty of it from the fit, and from where on the curve cells are full [Ah].
    per_volt, per_gain
        What an error of the reading at the lower limit [Ah/V], and a relative one of the voltage channel [Ah], makes of it.
    offset_volt
        δ, how much lower the cell lies under current than the reference at the same state [V].
    """

    reference: int
    capacity_ah: Floats
    fit_ah: Floats
    full_ah: Floats
    per_volt: Floats
    per_gain: Floats
    offset_volt: Floats


@dataclass(frozen=True, eq=False)
class _Curve:
    """The reference cell's voltage [V] over the charge taken out [Ah], down to its lower limit, and its slope at the two ends [V/Ah]."""

    out: Floats
    volt: Floats
    start_slope: float
    end_slope: float

    @cached_property
    def slopes(self) -> Floats:
        """Slope at every point [V/Ah]: smoothed wherever that stays within the noise, as on a plateau, and unsmoothed in a knee.

        Noise in a slope that readings are fitted with would pull what is fitted towards nothing (errors in variables).
        """
        # They take more than a second to load, which every worker would pay, and few recordings are of modules.
        from scipy.ndimage import uniform_filter1d
        from scipy.signal import savgol_filter

        raw = np.gradient(self.volt, self.out)
        if len(self.volt) <= WINDOW:
            return raw
        noise = 1.4826 * float(np.median(np.abs(np.diff(self.volt, 2)))) / np.sqrt(6)
        smooth = savgol_filter(self.volt, WINDOW, 2)
        step = (self.out[-2] - self.out[0]) / (len(self.out) - 2)
        follows = uniform_filter1d(np.abs(smooth - self.volt), WINDOW // 4) <= WITHIN * noise
        return np.where(follows, savgol_filter(self.volt, WINDOW, 2, deriv=1, delta=step), raw)

    def at(self, place: Floats) -> tuple[Floats, Floats, Flags]:
        """Return voltage and slope at places on the curve, and which of them are on it."""
        inside = (place >= self.out[0]) & (place <= self.out[-1])
        flat = place.ravel()
        volt, slope = (np.interp(flat, self.out, y).reshape(place.shape) for y in (self.volt, self.slopes))
        return volt, slope, inside

    def empty_at(self, volt: Floats) -> tuple[Floats, Floats]:
        """Return where the curve falls to each voltage, and dq/dV there [Ah/V]; past its end it goes on in a straight line."""
        down = np.minimum.accumulate(self.volt)
        place = np.interp(-volt, -down, self.out)
        beyond = volt < self.volt[-1]
        place = np.where(beyond, self.out[-1] + (volt - self.volt[-1]) / self.end_slope, place)
        slope = np.where(beyond, self.end_slope, np.interp(place, self.out, self.slopes))
        return place, 1 / np.minimum(slope, -CLOSE)


def aligned(discharged: Discharged) -> Aligned | None:
    """Lay the curves of all cells over that of the first to be empty; None where none was, or no cell began full, or the current varied."""
    if not discharged.steady or not discharged.emptied.any() or not discharged.full.any() or np.isnan(discharged.rise_per_ah).all():
        return None
    out, volts = _binned(discharged)
    both = discharged.full & discharged.emptied
    reference = int(np.nanargmin(np.where(both if both.any() else discharged.emptied, discharged.empty_ah, np.nan)))
    curve = _curve(discharged, out, volts[:, reference], reference)
    if curve is None:
        return None
    lacked, unsure = _lacked(discharged, curve, reference)
    fit = _fitted(curve, out, volts, lacked, unsure)
    return _capacities(discharged, curve, fit, reference)


def _binned(discharged: Discharged) -> tuple[Floats, Floats]:
    """Mean charge taken out [Ah] and mean voltage of each cell [V] in equal shares of the discharge; empty shares are left out."""
    out = discharged.out_ah
    share = np.minimum((out - out[0]) / (out[-1] - out[0]) * BINS, BINS - 1).astype(np.intp)
    starts = np.flatnonzero(np.diff(share, prepend=-1) > 0)
    counts = np.diff(starts, append=len(out))
    volts = np.add.reduceat(discharged.volts, starts, axis=0) / counts[:, None]
    return np.add.reduceat(out, starts) / counts, volts


def _curve(discharged: Discharged, out: Floats, volt: Floats, reference: int) -> _Curve | None:
    """Return the reference curve from where its polarisation has settled to its lower limit; None where it has too few points."""
    empty = float(discharged.empty_ah[reference])
    kept = np.isfinite(volt) & (out >= SETTLING * discharged.taken_ah) & (out < empty)
    if kept.sum() < FEWEST_BINS:
        return None
    limit = discharged.string.lower
    ended = max(limit.volt, float(discharged.ended_volt[reference])) if limit else volt[kept][-1]
    out, volt = np.append(out[kept], empty), np.append(volt[kept], ended)
    early = out <= out[0] + SETTLING * discharged.taken_ah
    start = float(np.polynomial.Polynomial.fit(out[early], volt[early], 1).convert().coef[1])
    end = float((volt[-1] - volt[-4]) / (out[-1] - out[-4]))
    return _Curve(out, volt, min(start, -CLOSE), min(end, -CLOSE)) if out[-1] > out[-2] else None


def _lacked(discharged: Discharged, curve: _Curve, reference: int) -> tuple[Floats, Floats]:
    """What each cell lacked at the start more than the reference [Ah], by their voltages at rest before, and how well that is known."""
    string = discharged.string
    rest = string.course.rest_before(discharged.first)
    if rest is None:
        return np.zeros(string.cells), np.full(string.cells, discharged.taken_ah)
    volt = string.at(string.last_sample(rest[0]))
    lacked = (volt - volt[reference]) / curve.start_slope
    reading = np.sqrt(2) * string.uncertainty(float(volt[reference])) / abs(curve.start_slope)
    return lacked, np.hypot(reading, SLOPE_ERROR * lacked)


@dataclass(frozen=True, eq=False)
class _Fit:
    """Parameters a [Ah], b [1], δ [V] of each cell, shape ``(cells, 3)``, their covariance, and what a channel's gain makes of them."""

    parameters: Floats
    covariance: Floats
    per_gain: Floats
    holds: Flags


@dataclass(frozen=True, eq=False)
class _Equations:
    """The normal equations of every cell at some parameters: matrix, right side, that of a channel's gain, and how many readings count."""

    matrix: Floats
    pull: Floats
    gain: Floats
    count: Floats

    @property
    def step(self) -> Floats:
        """By how much the parameters are off."""
        return np.einsum("cij,cj->ci", np.linalg.pinv(self.matrix), self.pull)


def _fitted(curve: _Curve, out: Floats, volts: Floats, lacked: Floats, unsure: Floats) -> _Fit:
    """Fit every cell by weighted least squares (Gauss and Newton), all at once; the voltages at rest are one more reading of a."""
    rested = np.isfinite(lacked)
    at_rest = (np.where(rested, lacked, 0.0), np.where(rested, 1 / np.where(rested, unsure, 1.0) ** 2, 0.0))
    parameters = np.stack([at_rest[0], np.ones_like(lacked), np.zeros_like(lacked)], axis=1)
    parameters[:, 2] = np.nanmedian(curve.at(out[:, None] + parameters[:, 0])[0] - np.where(rested, volts, 0.0), axis=0)
    for _ in range(ROUNDS):
        step = _equations(curve, out, volts, parameters, at_rest).step
        parameters = parameters + step
        parameters[:, 1] = parameters[:, 1].clip(*LIKELY)
        if np.abs(step[:, 1]).max() < STILL:
            break
    found = _equations(curve, out, volts, parameters, at_rest)
    covariance = np.asarray(np.linalg.pinv(found.matrix), dtype=np.float64)
    settled = np.abs(found.step[:, 1]) <= 1e-6 + 0.1 * np.sqrt(covariance[:, 1, 1])
    within = (parameters[:, 1] > LIKELY[0]) & (parameters[:, 1] < LIKELY[1])
    holds = settled & within & rested & (found.count >= FEWEST_BINS)
    return _Fit(parameters, covariance, np.einsum("cij,cj->ci", covariance, found.gain), holds)


def _equations(curve: _Curve, out: Floats, volts: Floats, parameters: Floats, at_rest: tuple[Floats, Floats]) -> _Equations:
    residual, jacobian, inside = _linear(curve, out, volts, parameters)
    (lacked, prior), variance = at_rest, _scatter(residual, inside)[:, None]
    matrix = np.einsum("qci,qcj->cij", jacobian, jacobian) / variance[:, :, None]
    pull = np.einsum("qci,qc->ci", jacobian, residual) / variance
    matrix[:, 0, 0] += prior
    pull[:, 0] += prior * (lacked - parameters[:, 0])
    gain = np.einsum("qci,qc->ci", jacobian, np.where(inside, np.nan_to_num(volts), 0.0)) / variance
    return _Equations(matrix, pull, gain, inside.sum(axis=0))


def _linear(curve: _Curve, out: Floats, volts: Floats, parameters: Floats) -> tuple[Floats, Floats, Flags]:
    """Residuals [V] and their derivatives by a, b, δ, nought where a cell is off the curve; shapes ``(bins, cells)`` and ``(…, 3)``."""
    a, b, delta = parameters.T
    volt, slope, inside = curve.at(a + b * out[:, None])
    inside &= np.isfinite(volts)
    residual = np.where(inside, np.nan_to_num(volts) - (volt - delta), 0.0)
    slope = np.where(inside, slope, 0.0)
    return residual, np.stack([slope, slope * out[:, None], np.where(inside, -1.0, 0.0)], axis=2), inside


def _scatter(residual: Floats, inside: Flags) -> Floats:
    """Variance that a residual counts for [V²]: what neighbours have in common does not average out, so few count for many.

    s²·(1 + ρ)/(1 − ρ), with ρ the correlation of neighbours (Bayley and Hammersley, Suppl. J. R. Stat. Soc. 8 (1946) 184).
    """
    count = np.maximum(inside.sum(axis=0) - 3, 1)
    square = (residual**2).sum(axis=0)
    alike = np.divide((residual[1:] * residual[:-1]).sum(axis=0), square, out=np.zeros_like(square), where=square > 0).clip(0.0, 0.99)
    return np.maximum(square / count * (1 + alike) / (1 - alike), CLOSE**2)


def _capacities(discharged: Discharged, curve: _Curve, fit: _Fit, reference: int) -> Aligned:
    """Turn places on the reference curve into capacities: from where cells are full to where each is empty."""
    limit = discharged.string.lower
    _, b, delta = fit.parameters.T
    full_at, full_unsure = _full_at(discharged, fit, reference)
    empty_at, per_volt = curve.empty_at((limit.volt if limit else 0.0) + delta)
    capacity = (empty_at - full_at) / b
    toward = np.stack([np.zeros_like(b), -capacity / b, per_volt / b], axis=1)
    own = np.sqrt(np.einsum("ci,cij,cj->c", toward, fit.covariance, toward))
    per_gain = np.abs(np.einsum("ci,ci->c", toward, fit.per_gain))
    known = np.where(fit.holds, capacity, np.nan)
    return Aligned(reference, known, own, full_unsure / b, per_volt / b, per_gain, delta)


def _full_at(discharged: Discharged, fit: _Fit, reference: int) -> tuple[float, float]:
    """Where on the reference curve cells are full [Ah], and how well that is known: from the cell that tells it best.

    That is where the cell stands when it starts, less what its own voltage at the end of the charge says it lacks.
    """
    lacking, unsure = discharged.lacking_ah
    at, own = fit.parameters[:, 0].copy(), fit.covariance[:, 0, 0].copy()
    at[reference] = own[reference] = 0.0
    known = np.where(np.isfinite(lacking) & fit.holds, own + unsure**2, np.inf)
    best = int(np.argmin(known))
    return float(at[best] - lacking[best]), float(np.sqrt(known[best]))
