"""Local cubic regression whose width is chosen at each point by the noise: as wide as the curve's own bends allow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import factorial, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from cellwright.measure.incremental.gridding import BINS, Binned

Floats = NDArray[Any]
Complex = NDArray[np.complex64]

HALF_WIDTHS = (4, 6, 9, 13, 19, 28, 42, 63, 95, 142)
"""Half-widths of the windows [bins], each half as wide again as the one before."""

AGREEMENT = 1.5
"""Slopes of two widths agree where their intervals of so many standard uncertainties meet."""

WITH_BIAS = sqrt(1 + AGREEMENT**2)
"""What agreed may still be off by AGREEMENT standard uncertainties for the curve's bend: they are added as one more."""

FEWEST_READINGS = 6
SMALLEST_VARIANCE = 1e-20
BLEND = 10
"""Half-width [bins] over which the chosen widths are averaged, so that the curve has no seams."""

TOGETHER = 256
"""Sweeps in one batch: enough that few products are shared out among threads, few enough for memory."""


@dataclass(frozen=True, eq=False)
class Smoothed:
    """Voltage over charge, smoothed; shapes ``(sweeps, BINS)``.

    Parameters
    ----------
    voltage_volt
        [V].
    slope, uncertainty
        Change of voltage a bin, and its standard uncertainty [V].
    half_width
        Of the window [bins].
    """

    voltage_volt: Floats
    slope: Floats
    uncertainty: Floats
    half_width: Floats

    def of(self, n: int) -> Smoothed:
        """Return one of the sweeps."""
        return Smoothed(self.voltage_volt[n], self.slope[n], self.uncertainty[n], self.half_width[n])


def smoothed(data: Binned) -> Smoothed:
    """Smooth binned sweeps.

    Notes
    -----
    Local cubic regression (Fan and Gijbels, Local Polynomial Modelling and Its Applications, 1996) with biweight windows. The width is
    that of the intersection of confidence intervals: from narrow to wide, as long as the slope's intervals still have a point in common,
    so that the bias stays below the noise (Katkovnik, IEEE Trans. Signal Process. 47 (1999) 2567).
    """
    parts = [_batch(data, slice(first, first + TOGETHER)) for first in range(0, len(data.voltage_volt), TOGETHER)]
    return Smoothed(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _batch(data: Binned, rows: slice) -> tuple[Floats, ...]:
    volt, variance = data.voltage_volt[rows], data.variance[rows]
    line = np.linspace(volt[:, 0], volt[:, -1], BINS, axis=-1)
    rest = (volt - line).astype(np.float32)
    values, slopes, spread = (*_filtered(rest, ("value", "slope")), *_filtered(variance.astype(np.float32), ("spread",)))
    errors = np.sqrt(np.maximum(spread, SMALLEST_VARIANCE))
    at = _blended(_chosen(slopes, errors, data.count[rows]))
    rise = (volt[:, -1:] - volt[:, :1]) / (BINS - 1)
    half = np.interp(at, np.arange(len(HALF_WIDTHS)), HALF_WIDTHS)
    return _at(values, at) + line, _at(slopes, at) + rise, WITH_BIAS * _at(errors, at), half


def _filtered(rows: Floats, kinds: tuple[str, ...]) -> list[Floats]:
    """Filter rows by each width, shape ``(widths, rows, BINS)`` a kind: inside by transforms, at the two ends by the windows there."""
    spectrum = fft.rfft(rows, _length(), axis=-1)
    found: list[Floats] = []
    for kind in kinds:
        first, last = (rows[:, : len(w)] @ w if n == 0 else rows[:, -len(w) :] @ w for n, w in enumerate(_ends(kind)))
        stack = np.empty((len(HALF_WIDTHS), *rows.shape), dtype=np.float32)
        done = 0
        inside = fft.irfft(spectrum * _transforms(kind)[:, None], _length(), axis=-1)
        for k, half in enumerate(HALF_WIDTHS):
            stack[k] = inside[k, :, half : half + BINS]
            stack[k, :, :half], stack[k, :, -half:] = first[:, done : done + half], last[:, done : done + half]
            done += half
        found.append(stack)
    return found


def _chosen(slopes: Floats, errors: Floats, count: Floats) -> NDArray[np.intp]:
    """Widest window at each bin up to which all slopes agree; those with too few readings are not asked."""
    low, high = np.full(slopes.shape[1:], -np.inf, dtype=np.float32), np.full(slopes.shape[1:], np.inf, dtype=np.float32)
    going = np.ones(low.shape, dtype=bool)
    chosen = np.zeros(low.shape, dtype=np.intp)
    total = np.cumsum(np.pad(count, ((0, 0), (1, 0))), axis=1)
    bins = np.arange(BINS)
    for k, half in enumerate(HALF_WIDTHS):
        asked = total[:, np.minimum(bins + half + 1, BINS)] - total[:, np.maximum(bins - half, 0)] >= FEWEST_READINGS
        margin = AGREEMENT * errors[k]
        np.maximum(low, slopes[k] - margin, out=low, where=asked)
        np.minimum(high, slopes[k] + margin, out=high, where=asked)
        going &= (low <= high) | ~asked
        chosen[going] = k
    return chosen


def _blended(chosen: NDArray[np.intp]) -> Floats:
    padded = np.pad(chosen.astype(np.float64), ((0, 0), (BLEND + 1, BLEND)), mode="edge")
    total = np.cumsum(padded, axis=1)
    return (total[:, 2 * BLEND + 1 :] - total[:, : -2 * BLEND - 1]) / (2 * BLEND + 1)


def _at(stack: Floats, at: Floats) -> Floats:
    """Interpolate between the estimates of two widths."""
    lower = np.minimum(at.astype(np.intp), len(HALF_WIDTHS) - 2)
    share = at - lower
    below = np.take_along_axis(stack, lower[None], axis=0)[0]
    above = np.take_along_axis(stack, lower[None] + 1, axis=0)[0]
    return (1 - share) * below + share * above


def _length() -> int:
    return fft.next_fast_len(BINS + 2 * HALF_WIDTHS[-1], real=True)


@cache
def _transforms(kind: str) -> Complex:
    """Transforms of the weights inside a sweep, of each width."""
    weights = [_weights(np.arange(-half, half + 1), kind)[::-1] for half in HALF_WIDTHS]
    return np.stack([fft.rfft(w.astype(np.float32), _length()) for w in weights])


@cache
def _ends(kind: str) -> tuple[Floats, Floats]:
    """Weights of the first and of the last m bins of each width, side by side: one product gives them all."""
    reach = 2 * HALF_WIDTHS[-1] + 1
    columns = [
        np.pad(_weights(np.arange(2 * half + 1) - place, kind), (0, reach - 2 * half - 1)) for half in HALF_WIDTHS for place in range(half)
    ]
    first = np.stack(columns, axis=1)
    mirrored = [first[::-1, done : done + half][:, ::-1] for half, done in zip(HALF_WIDTHS, np.cumsum((0, *HALF_WIDTHS)), strict=False)]
    last = np.concatenate(mirrored, axis=1) * (-1 if kind == "slope" else 1)
    return first.astype(np.float32), last.astype(np.float32)


def _weights(offsets: NDArray[np.intp], kind: str) -> Floats:
    """Weights of a local cubic for its value, its slope, or the slope's variance."""
    found = local_polynomial(offsets, 3)
    return found[0] if kind == "value" else found[1] if kind == "slope" else found[1] ** 2


def local_polynomial(offsets: NDArray[np.intp], degree: int) -> Floats:
    """Weights by which a polynomial through readings at offsets gives its value and derivatives at 0, shape ``(degree + 1, n)``."""
    scale = float(np.abs(offsets).max() + 1)
    u = offsets / scale
    weight = (1 - u**2)[:, None]  # the root of a biweight
    powers = np.arange(degree + 1)
    found = np.linalg.pinv(u[:, None] ** powers * weight) * weight.T
    return found / scale ** powers[:, None] * np.array([factorial(n) for n in powers])[:, None]
