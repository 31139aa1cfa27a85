"""Curves of cells laid over that of one of them by least squares: offset a, pace b and drop δ in V(q) = V₀(a + b·q) − δ."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cellwright.measure.modules.smoothing import smoothed
from cellwright.measure.modules.string import Flags, Floats

ROUNDS = 20
FEWEST_BINS = 30
CLOSE = 1e-9
STILL = 1e-7
LIKELY = (1 / 3, 3.0)
"""Ratio of capacities: what lies outside is no fit."""

THIN = 5
AHEAD = tuple(np.linspace(-0.15, 0.15, 13).tolist())
PACES = tuple(np.linspace(0.85, 1.15, 13).tolist())
"""Starts of the fit, as shares of the discharge and of the capacity."""


@dataclass(frozen=True, eq=False)
class Curve:
    """The reference cell's voltage [V] over the charge taken out [Ah], down to its lower limit, and its slope at the end [V/Ah].

    ``rounding`` [V] is that of one reading: where most neighbours read alike, their differences show less noise than there is.
    """

    out: Floats
    volt: Floats
    end_slope: float
    rounding: float

    @cached_property
    def slopes(self) -> Floats:
        """Slope at every point [V/Ah]."""
        return smoothed(self.out, self.volt, self.rounding)[1]

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


@dataclass(frozen=True, eq=False)
class Fit:
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


def fitted(curve: Curve, out: Floats, volts: Floats, expected: tuple[Floats, Floats]) -> Fit:
    """Fit every cell by weighted least squares (Gauss and Newton), all at once, with the expected a and how well it is known [Ah]."""
    read = np.isfinite(volts).any(axis=0)
    prior = (expected[0], 1 / expected[1] ** 2)
    parameters = _start(curve, out, np.where(read, volts, 0.0), expected[0])
    for turn in range(ROUNDS):
        step = _equations(curve, out, volts, parameters, prior).step
        parameters = parameters + (step if turn < ROUNDS // 2 else step / 2)  # one reading may go on and off the end of the curve
        parameters[:, 1] = parameters[:, 1].clip(*LIKELY)
        if np.abs(step[:, 1]).max() < STILL:
            break
    found = _equations(curve, out, volts, parameters, prior)
    covariance = np.asarray(np.linalg.pinv(found.matrix), dtype=np.float64)
    settled = np.abs(found.step[:, 1]) <= 1e-6 + np.sqrt(covariance[:, 1, 1])
    covariance += np.einsum("ci,cj->cij", found.step, found.step)
    within = (parameters[:, 1] > LIKELY[0]) & (parameters[:, 1] < LIKELY[1])
    holds = settled & within & read & (found.count >= FEWEST_BINS)
    return Fit(parameters, covariance, np.einsum("cij,cj->ci", covariance, found.gain), holds)


def _start(curve: Curve, out: Floats, volts: Floats, expected: Floats) -> Floats:
    """Parameters to begin from: the expected a and b = 1, or where on a grid around them the curves lie closer by half.

    A plateau with steps has as many places at which a cell may seem to lie; from a wrong one, no small step leads on.
    """
    thin = slice(None, None, THIN)
    span = float(curve.out[-1])
    best = _placed(curve, (out[thin], volts[thin]), expected, 1.0)
    worth = best[1] / 2
    parameters = best[0]
    for ahead in AHEAD:
        for pace in PACES:
            found, apart = _placed(curve, (out[thin], volts[thin]), expected + ahead * span, pace)
            closer = apart < worth
            parameters[closer], worth[closer] = found[closer], apart[closer]
    return parameters


def _placed(curve: Curve, read: tuple[Floats, Floats], a: Floats, b: float) -> tuple[Floats, Floats]:
    """Parameters with the drop δ that fits best [V], and the mean square of what is left [V²]; infinite where little is on it."""
    out, volts = read
    volt, _, inside = curve.at(a + b * out[:, None])
    count = np.maximum(inside.sum(axis=0), 1)
    residual = np.where(inside & np.isfinite(volts), volt - volts, 0.0)
    delta = residual.sum(axis=0) / count
    apart = (np.where(inside, residual - delta, 0.0) ** 2).sum(axis=0) / count
    return np.stack([a, np.full_like(a, b), delta], axis=1), np.where(count >= len(out) / 2, apart, np.inf)


def _equations(curve: Curve, out: Floats, volts: Floats, parameters: Floats, expected: tuple[Floats, Floats]) -> _Equations:
    residual, jacobian, inside = _linear(curve, out, volts, parameters)
    (lacked, prior), variance = expected, _scatter(residual, inside)[:, None]
    matrix = np.einsum("qci,qcj->cij", jacobian, jacobian) / variance[:, :, None]
    pull = np.einsum("qci,qc->ci", jacobian, residual) / variance
    matrix[:, 0, 0] += prior
    pull[:, 0] += prior * (lacked - parameters[:, 0])
    gain = np.einsum("qci,qc->ci", jacobian, np.where(inside, np.nan_to_num(volts), 0.0)) / variance
    return _Equations(matrix, pull, gain, inside.sum(axis=0))


def _linear(curve: Curve, out: Floats, volts: Floats, parameters: Floats) -> tuple[Floats, Floats, Flags]:
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
