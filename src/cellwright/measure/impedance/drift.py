"""How much a cell changed while its spectrum was measured: the drift that makes the two parts agree best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cellwright.measure.impedance.elements import spaced

if TYPE_CHECKING:
    from cellwright.measure.impedance.elements import Complex, Real
    from cellwright.measure.impedance.spectrum import Spectrum

PER_DECADE, BEYOND_FAST, BEYOND_SLOW = 6, 1.0, 2.0
"""Time constants a decade, and the decades that they reach beyond the measured frequencies: far at the slow end, where a tail goes on."""

VARIANCES = np.logspace(-3.5, 2, 23)
"""Of the steps of the distribution of relaxation times, over |Z|²: none is smoother or more rugged than these."""

EXPECTED = 0.03
"""Drift that is thought of, as a standard deviation, while the variance is sought; without it a narrow sweep takes its slope for drift."""

TAIL = 1.2
"""Width of the low-frequency end, in ln ω, whose slope tells how the spectrum goes on."""


@dataclass(frozen=True)
class Drift:
    """A drift over the sweep, from its highest to its lowest frequency.

    Parameters
    ----------
    size, uncertainty
        Change by a share of |Z| [1], and its standard uncertainty [1].
    probability
        Of one as significant as this by chance [1].
    """

    size: float
    uncertainty: float
    probability: float


def drifts(spectrum: Spectrum, noise: tuple[float, float]) -> tuple[Drift, Drift]:
    """Estimate a drift that goes on with time, each reading taking so many periods of its frequency, and one from reading to reading.

    Parameters
    ----------
    spectrum
        What may have drifted; whether it was swept up or down changes the sign of a drift, not its size.
    noise
        Standard deviations of real and imaginary part over |Z| [1].

    Notes
    -----
    Z(1 + d·c) = R + jωL + 1/jωC + ∫ γ(τ)/(1 + jωτ) d ln τ, with the course c from 0 to 1 either Σ1/f or the count of readings, and γ, of
    any sign, a Gaussian random walk that grows as |Z(1/τ)| does; its variance is that of the greatest marginal likelihood with both
    drifts in it (the Bayesian view of the relations: Liu, Wan and Ciucci, Electrochim. Acta 357 (2020) 136864,
    doi:10.1016/j.electacta.2020.136864). Then d is that of generalised least squares, held against its uncertainty by the t test.
    """
    omega, size = spectrum.angular_frequency, np.abs(spectrum.impedance_ohm)
    target, taken = spectrum.impedance_ohm / size, np.cumsum(1 / omega)
    courses = target[:, None] * np.column_stack([taken / taken[-1], np.linspace(0, 1, len(omega))])
    ends = np.column_stack([np.ones_like(omega), 1j * omega / omega[0], -1j * omega[-1] / omega]) / size[:, None]
    free, spread, both = (_rows(part, noise) for part in (ends / np.linalg.norm(ends, axis=0), _walk(omega, size), courses))
    given = _rows(target[:, None], noise)
    variance = _likeliest(*(_whitened(part, both, EXPECTED**2) for part in (free, spread, given)))
    alone = _whitened(np.column_stack([free, both, given]), spread, variance)
    by_time, by_reading = (_estimated(alone[:, [0, 1, 2, course]], alone[:, -1]) for course in (3, 4))
    return by_time, by_reading


def _rows(values: Complex, noise: tuple[float, float]) -> Real:
    """Real parts, then imaginary ones, over their noise."""
    return np.concatenate([values.real / noise[0], values.imag / noise[1]])


def _walk(omega: Real, size: Real) -> Complex:
    """Impedance over |Z| of independent steps of a random walk over ln τ that begins and ends at 0."""
    decades = float(np.log10(omega[0] / omega[-1])) + BEYOND_FAST + BEYOND_SLOW
    slowness = spaced(10**-BEYOND_FAST / omega[0], 10**BEYOND_SLOW / omega[-1], int(decades * PER_DECADE) + 1)
    elements = _height(omega, size, slowness) / (1 + 1j * omega[:, None] * slowness) / size[:, None]
    precision = 2 * np.eye(len(slowness)) - np.eye(len(slowness), k=1) - np.eye(len(slowness), k=-1)
    return np.linalg.solve(np.linalg.cholesky(precision), elements.T).T


def _height(omega: Real, size: Real, slowness: Real) -> Real:
    """|Z| at ω = 1/τ, going on beyond the lowest frequency as steeply as it got there."""
    last = np.log(omega) < np.log(omega[-1]) + TAIL
    place, height = np.log(omega[last]), np.log(size[last])
    off = place - place.mean()
    slope = -float(off @ height) / max(float(off @ off), 1e-300)
    beyond = np.maximum(np.log(slowness * omega[-1]), 0.0)
    return np.exp(np.interp(np.log(slowness), -np.log(omega), np.log(size)) + min(max(slope, 0.0), 1.0) * beyond)


def _likeliest(free: Real, spread: Real, given: Real) -> float:
    """Return the variance with the greatest likelihood of what is left of the data beside the free unknowns."""
    rest = np.linalg.qr(free, mode="complete")[0][:, free.shape[1] :].T
    left, axes = rest @ given[:, 0], rest @ spread
    turns, sizes, _ = np.linalg.svd(axes, full_matrices=False)
    along = (turns.T @ left) ** 2
    widths = 1 + VARIANCES[:, None] * sizes**2
    squares: Real = (along / widths).sum(axis=1) + max(float(left @ left - along.sum()), 1e-300)
    unlikely: Real = len(left) * np.log(squares) + np.log(widths).sum(axis=1)
    return float(VARIANCES[int(np.argmin(unlikely))])


def _whitened(columns: Real, spread: Real, variance: float) -> Real:
    """(1 + v·SSᵀ)^(−½) times the columns, in which the walk and the noise are white together."""
    turns, sizes, _ = np.linalg.svd(spread, full_matrices=False)
    return columns - turns @ ((1 - 1 / np.sqrt(1 + variance * sizes**2))[:, None] * (turns.T @ columns))


def _estimated(matrix: Real, given: Real) -> Drift:
    """Least squares of the last unknown, and the two-sided t test that it is 0."""
    q, r = np.linalg.qr(matrix)
    along, freedom = q.T @ given, len(given) - matrix.shape[1]
    variance = max(float(given @ given - along @ along), 1e-300) / freedom
    last, scale = float(along[-1]), float(r[-1, -1])
    return Drift(last / scale, float(np.sqrt(variance)) / abs(scale), by_chance(last**2 / variance, 1, freedom))


def by_chance(ratio: float, above: int, below: int) -> float:
    """Probability of an F of so many degrees of freedom as large as this."""
    from scipy.special import fdtrc  # scipy only where a spectrum is tested

    return float(fdtrc(above, below, ratio))
