"""Whether the two parts of a spectrum tell the same: the linear Kramers–Kronig test, decided by the spectrum's own noise."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, log10
from typing import TYPE_CHECKING

import numpy as np

from cellwright.measure.impedance.drift import Drift, by_chance, drifts
from cellwright.measure.impedance.elements import spaced
from cellwright.measure.impedance.spectrum import Spectrum

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cellwright.measure.impedance.elements import Complex, Real

BEYOND = 0.3
"""Decades by which the time constants reach beyond the measured frequencies at either end."""

FEWEST, MOST_PER_POINT, MOST_PER_DECADE, TRIALS = 5, 0.6, 6.0, 10
SIGNIFICANCE, OF_DRIFT = 0.003, 0.01
"""Of a contradiction of any kind, and of each of the two drifts; together clean spectra are accepted in at least 96 of 100."""

NEGLIGIBLE, NEGLIGIBLE_DRIFT = 1e-4, 1e-3
"""Shares of |Z|: no analyser is better, so that less is no inconsistency, however significant; and no resistance needs it."""

LEAST_NOISE = 1e-6


@dataclass(frozen=True, eq=False)
class KramersKronig:
    """How well a spectrum obeys the Kramers–Kronig relations.

    Parameters
    ----------
    spectrum
        What was tested.
    residuals
        Shape ``(n,)``, complex: measured less consistent impedance over |Z| [1], real and imaginary.
    elements
        RC elements it was fitted with.
    mu
        μ = 1 − Σ|R<0|/ΣR≥0 of them [1]: near 0 where they fit noise.
    noise
        Standard deviation of each part over |Z| [1], estimated without the relations.
    inconsistency
        Root mean square of what the two parts contradict each other by, over |Z| [1], above the noise.
    probability
        Of an F as large as this by chance [1].
    drift_by_time, drift_by_reading
        Change from the highest to the lowest frequency, going on with time or with each reading, where that is all that is wrong.
    """

    spectrum: Spectrum
    residuals: Complex
    elements: int
    mu: float
    noise: float
    inconsistency: float
    probability: float
    drift_by_time: Drift
    drift_by_reading: Drift

    @property
    def consistent(self) -> bool:
        """The verdict: neither a contradiction at 0.3 % of more than 0.01 % of |Z|, nor a drift at 1 % of more than 0.1 % of |Z|."""
        contradicts = self.probability < SIGNIFICANCE and self.inconsistency >= NEGLIGIBLE
        return not contradicts and not any(
            drift.probability < OF_DRIFT and abs(drift.size) >= NEGLIGIBLE_DRIFT for drift in (self.drift_by_time, self.drift_by_reading)
        )


def kramers_kronig(spectrum: Spectrum) -> KramersKronig:
    """Test whether a spectrum is causal, linear and stable: a drift during the sweep makes its two parts contradict each other.

    Parameters
    ----------
    spectrum
        At least ten frequencies; an inductance at the high end and a diffusion or capacity at the low end are no violation.

    Returns
    -------
    Residuals, noise, size and probability of the inconsistency [1], the drifts that would explain it, and the verdict.

    Raises
    ------
    UsageError
        Where the spectrum has too few frequencies.

    Notes
    -----
    Linear test of Schönleber, Klotz and Ivers-Tiffée, Electrochim. Acta 131 (2014) 20, doi:10.1016/j.electacta.2014.01.034: RC
    elements at fixed time constants, a resistance, an inductance and a capacity, of any sign, fitted to Z/|Z|. Their number is the one
    by which real and imaginary part, each fitted *by itself*, have the least Bayesian information criterion; then the sum of squares
    of the common fit, each part over its own noise, is held against that of the two by the F test of nested linear models. What the
    two fits have in common, noise and the bend of the spectrum, cancels; what remains is contradiction. A drift is sought by itself
    (`drift.drifts`): a test of one unknown sees what is lost in one of as many as there are elements.
    """
    test = linear_test(spectrum)
    by_time, by_reading = drifts(spectrum, test.noises)
    return KramersKronig(
        spectrum, test.residuals, test.elements, test.mu, test.noise, test.inconsistency, test.probability, by_time, by_reading
    )


@dataclass(frozen=True, eq=False)
class LinearTest:
    """What the linear test alone tells, as in `KramersKronig`; ``noises`` are those of the real and of the imaginary part."""

    residuals: Complex
    elements: int
    mu: float
    noises: tuple[float, float]
    noise: float
    inconsistency: float
    probability: float


def linear_test(spectrum: Spectrum) -> LinearTest:
    """Fit both parts of a spectrum together and each by itself; notes as in `kramers_kronig`."""
    spectrum.checked()
    omega, size = spectrum.angular_frequency, np.abs(spectrum.impedance_ohm)
    target = spectrum.impedance_ohm / size
    apart = min((_apart(omega, size, target, m) for m in _counts(omega)), key=lambda fit: fit.information)
    weight = np.repeat(1 / np.array(apart.noises), len(omega))
    matrix = _together(omega, size, apart.elements) * weight[:, None]
    off, values = _projected(matrix, np.concatenate([target.real, target.imag]) * weight)
    points, more, left = 2 * len(omega), apart.unknowns - matrix.shape[1], 2 * len(omega) - apart.unknowns
    excess = max(float(off @ off) - left, 0.0)  # over its own noise, the sum of squares of both parts is what is left
    residuals, noise = off / weight, float(np.sqrt(apart.squares / left))
    return LinearTest(
        residuals[: len(omega)] + 1j * residuals[len(omega) :],
        apart.elements,
        _mu(values[: apart.elements]),
        apart.noises,
        noise,
        noise * float(np.sqrt(max(excess - more, 0.0) / points)),
        by_chance(excess / more, more, left),
    )


@dataclass(frozen=True)
class _Apart:
    """Both parts, each fitted by itself."""

    elements: int
    squares: float
    unknowns: int
    noises: tuple[float, float]
    information: float


def _counts(omega: Real) -> list[int]:
    decades = log10(omega[0] / omega[-1]) + 2 * BEYOND
    most = min(MOST_PER_POINT * len(np.unique(omega)), MOST_PER_DECADE * decades)
    return sorted({int(n) for n in np.geomspace(FEWEST, max(most, FEWEST), TRIALS)})


def _elements(omega: Real, count: int) -> Complex:
    slowness = spaced(10**-BEYOND / omega[0], 10**BEYOND / omega[-1], count)
    return 1 / (1 + 1j * omega[:, None] * slowness)


def _apart(omega: Real, size: Real, target: Complex, count: int) -> _Apart:
    elements = _elements(omega, count)
    real = np.column_stack([elements.real, np.ones_like(omega)]) / size[:, None]
    imaginary = np.column_stack([elements.imag, omega, 1 / omega]) / size[:, None]
    points, unknowns = len(omega), real.shape[1] + imaginary.shape[1]
    squares, noises, information = 0.0, list[float](), unknowns * log(2 * points)
    for matrix, part in ((real, target.real), (imaginary, target.imag)):
        off, _ = _projected(matrix, part)
        left = points - matrix.shape[1]
        own = max(float(off @ off), left * LEAST_NOISE**2)
        squares, information = squares + own, information + points * log(own / points)
        noises.append(float(np.sqrt(own / left)))
    return _Apart(count, squares, unknowns, (noises[0], noises[1]), information)


def _together(omega: Real, size: Real, count: int) -> Real:
    elements, nothing = _elements(omega, count), np.zeros_like(omega)
    real = np.column_stack([elements.real, np.ones_like(omega), nothing, nothing]) / size[:, None]
    imaginary = np.column_stack([elements.imag, nothing, omega, 1 / omega]) / size[:, None]
    return np.concatenate([real, imaginary])


def _projected(matrix: Real, target: Real) -> tuple[Real, Real]:
    """Return the residuals of least squares, and the coefficients."""
    length = np.linalg.norm(matrix, axis=0)
    q, r = np.linalg.qr(matrix / length)
    along = q.T @ target
    return target - q @ along, np.linalg.solve(r, along) / length


def _mu(resistances: Real) -> float:
    positive: NDArray[np.bool_] = resistances >= 0
    above = float(resistances[positive].sum())
    return 1 - float(-resistances[~positive].sum()) / above if above else 0.0
