"""Whether the two parts of a spectrum tell the same: the linear Kramers–Kronig test, decided by the spectrum's own noise."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, log10
from typing import TYPE_CHECKING

import numpy as np

from cellwright.measure.impedance.elements import spaced
from cellwright.measure.impedance.spectrum import Spectrum

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cellwright.measure.impedance.elements import Complex, Real

BEYOND = 0.3
"""Decades by which the time constants reach beyond the measured frequencies at either end."""

FEWEST, MOST_PER_POINT, MOST_PER_DECADE, TRIALS = 5, 0.6, 6.0, 10
SIGNIFICANCE = 0.01
NEGLIGIBLE = 1e-4
"""Share of |Z|: no analyser is better, so that less is no inconsistency, however significant."""


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
    consistent
        The verdict: not rejected at 1 %, or inconsistent by less than 0.01 % of |Z|.
    """

    spectrum: Spectrum
    residuals: Complex
    elements: int
    mu: float
    noise: float
    inconsistency: float
    probability: float
    consistent: bool


def kramers_kronig(spectrum: Spectrum) -> KramersKronig:
    """Test whether a spectrum is causal, linear and stable: a drift during the sweep makes its two parts contradict each other.

    Parameters
    ----------
    spectrum
        At least ten frequencies; an inductance at the high end and a diffusion or capacity at the low end are no violation.

    Returns
    -------
    Residuals, noise, size and probability of the inconsistency [1], and the verdict.

    Raises
    ------
    UsageError
        Where the spectrum has too few frequencies.

    Notes
    -----
    Linear test of Schönleber, Klotz and Ivers-Tiffée, Electrochim. Acta 131 (2014) 20, doi:10.1016/j.electacta.2014.01.034: RC
    elements at fixed time constants, a resistance, an inductance and a capacity, of any sign, fitted to Z/|Z|. Their number is the one
    by which real and imaginary part, each fitted *by itself*, have the least Bayesian information criterion; then the sum of squares
    of the common fit is held against that of the two by the F test of nested linear models. What the two fits have in common, noise
    and the bend of the spectrum, cancels; what remains is contradiction.
    """
    spectrum.checked()
    omega, size = spectrum.angular_frequency, np.abs(spectrum.impedance_ohm)
    target = spectrum.impedance_ohm / size
    apart = min((_apart(omega, size, target, m) for m in _counts(omega)), key=lambda fit: fit.information)
    matrix = _together(omega, size, apart.elements)
    off, values = _projected(matrix, np.concatenate([target.real, target.imag]))
    points, more = 2 * len(omega), apart.unknowns - matrix.shape[1]
    variance = apart.squares / (points - apart.unknowns)
    excess = max(float(off @ off) - apart.squares, 0.0)
    probability = _tail(excess / more / variance, more, points - apart.unknowns) if variance else 1.0
    inconsistency = float(np.sqrt(max(excess - more * variance, 0.0) / points))
    return KramersKronig(
        spectrum,
        off[: len(omega)] + 1j * off[len(omega) :],
        apart.elements,
        _mu(values[: apart.elements]),
        float(np.sqrt(variance)),
        inconsistency,
        probability,
        probability >= SIGNIFICANCE or inconsistency < NEGLIGIBLE,
    )


@dataclass(frozen=True)
class _Apart:
    """Both parts, each fitted by itself."""

    elements: int
    squares: float
    unknowns: int
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
    parts = [_projected(real, target.real), _projected(imaginary, target.imag)]
    squares, unknowns, points = sum(float(off @ off) for off, _ in parts), real.shape[1] + imaginary.shape[1], 2 * len(omega)
    return _Apart(count, squares, unknowns, points * log(max(squares, 1e-300) / points) + unknowns * log(points))


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


def _tail(ratio: float, above: int, below: int) -> float:
    from scipy.special import fdtrc

    return float(fdtrc(above, below, ratio))
