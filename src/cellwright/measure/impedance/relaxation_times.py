"""The distribution of relaxation times of a spectrum: which processes are in it, how slow and how large each is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from cellwright.core.quantity import Method, Quantity, from_components
from cellwright.measure.impedance.elements import spaced
from cellwright.measure.impedance.kramers_kronig import linear_test
from cellwright.measure.impedance.nonnegative import nonnegative
from cellwright.measure.impedance.spectrum import Spectrum

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cellwright.measure.impedance.elements import Real

METHOD = Method("relaxation-times/tikhonov", "1", "doi:10.1016/j.electacta.2015.09.097")
PER_DECADE, BEYOND = 12, 0.7
"""Time constants a decade, and the decades that they reach beyond the measured frequencies at either end."""

SERIES = 3
"""Resistance, inductance and inverse capacity in series, in this order, before the distribution."""

REGULARISERS = np.logspace(1, -7, 33)
PENALTY = 1.4
"""Of a degree of freedom in the cross-validation, against its habit of taking noise for structure."""

LOBE = 0.06
"""Share of the peak beside it: a lesser one is a lobe that the smoothing of that peak throws, and counts to it."""


@dataclass(frozen=True)
class Peak:
    """A process: its time constant [s], its characteristic frequency [Hz] and its resistance [ohm]."""

    time_constant: Quantity
    frequency_hertz: float
    resistance: Quantity


@dataclass(frozen=True, eq=False)
class RelaxationTimes:
    """A distribution of relaxation times, Z = R∞ + jωL + 1/jωC + ∫ γ(τ)/(1 + jωτ) d ln τ.

    Parameters
    ----------
    spectrum
        What it is of.
    time_constant_second, distribution_ohm
        τ [s], rising, and γ [ohm], each of shape ``(m,)``.
    series_resistance_ohm, inductance_ohm_second, inverse_capacity_ohm_per_second
        R∞ [ohm], L [ohm.s], 1/C [ohm/s].
    regulariser
        λ that the data chose.
    residual
        Root mean square of real and imaginary residuals over |Z| [1].
    peaks
        From fast to slow, within the measured frequencies.
    """

    spectrum: Spectrum
    time_constant_second: Real
    distribution_ohm: Real
    series_resistance_ohm: float
    inductance_ohm_second: float
    inverse_capacity_ohm_per_second: float
    regulariser: float
    residual: float
    peaks: tuple[Peak, ...]


def relaxation_times(spectrum: Spectrum) -> RelaxationTimes:
    """Resolve a spectrum into the relaxation times that it is made of.

    Parameters
    ----------
    spectrum
        At least ten frequencies.

    Returns
    -------
    The distribution γ(τ) [ohm] with what stands in series, and its peaks: time constant [s] and resistance [ohm] of each, with the
    uncertainty that the noise gives them; what the smoothing takes off a sharp peak or adds to its neighbour is not in it.

    Raises
    ------
    UsageError
        Where the spectrum has too few frequencies, or is inductive throughout.

    Notes
    -----
    min ‖(Z − Z(γ))/|Z|‖² + λ‖γ″‖² with γ, R∞, L, 1/C ≥ 0 (Wan et al., Electrochim. Acta 184 (2015) 483,
    doi:10.1016/j.electacta.2015.09.097), γ on a grid of 12 a decade, on which the integral is exact to rounding. λ is the greatest at
    which the residual is what noise and inconsistency of the Kramers–Kronig test make it, within one standard deviation (Morozov's
    discrepancy principle); where none is small enough, as γ ≥ 0 forbids an inductive loop, that of the least generalised
    cross-validation (doi:10.1080/00401706.1979.10489751). A peak reaches from valley to valley; one of less than 6 % of its
    neighbour counts to that.
    """
    problem = _Problem.of(spectrum.checked())
    best = _chosen(problem)
    ohm = problem.ohm
    values = best.values * problem.unit * ohm
    return RelaxationTimes(
        spectrum,
        problem.slowness,
        values[SERIES:],
        *map(float, values[:SERIES]),
        regulariser=best.regulariser,
        residual=float(np.sqrt(best.squares / len(problem.target))),
        peaks=_peaks(problem, best),
    )


@dataclass(frozen=True, eq=False)
class _Solved:
    """A distribution at one regulariser: its values, which of them are above 0, its degrees of freedom, its sum of squares."""

    regulariser: float
    values: Real
    above: NDArray[np.bool_]
    freedom: float
    squares: float


@dataclass(frozen=True, eq=False)
class _Problem:
    """The linear problem in units in which impedance is about 1.

    Parameters
    ----------
    spectrum, slowness
        What it is of, and τ [s].
    ohm
        The unit of impedance [ohm].
    unit
        By which each unknown is multiplied to be in SI units over ``ohm``.
    matrix, target, rough
        Weighted rows of real and imaginary parts, what they should give, and the matrix of the penalty.
    """

    spectrum: Spectrum
    slowness: Real
    ohm: float
    unit: Real
    matrix: Real
    target: Real
    rough: Real

    @staticmethod
    def of(spectrum: Spectrum) -> _Problem:
        omega, size = spectrum.angular_frequency, np.abs(spectrum.impedance_ohm)
        decades = np.log10(omega[0] / omega[-1]) + 2 * BEYOND
        slowness = spaced(10**-BEYOND / omega[0], 10**BEYOND / omega[-1], int(decades * PER_DECADE) + 1)
        step = float(np.log(slowness[1] / slowness[0]))
        kernel = step / (1 + 1j * omega[:, None] * slowness)
        ends = np.column_stack([np.ones_like(omega), 1j * omega / omega[0], -1j * omega[-1] / omega])
        weighted = np.column_stack([ends, kernel]) / size[:, None]
        ohm = float(np.exp(np.mean(np.log(size))))
        matrix = np.concatenate([weighted.real, weighted.imag]) * ohm
        target = np.concatenate([spectrum.impedance_ohm.real / size, spectrum.impedance_ohm.imag / size])
        bend = np.diff(np.eye(len(slowness) + 4), 2, axis=0)[:, 2:-2] / step**1.5  # beyond its ends it is 0
        rough = np.zeros((len(slowness) + SERIES,) * 2)
        rough[SERIES:, SERIES:] = bend.T @ bend
        unit = np.concatenate([[1.0, 1 / omega[0], omega[-1]], np.ones(len(slowness))])
        return _Problem(spectrum, slowness, ohm, unit, matrix, target, rough)

    @cached_property
    def gram(self) -> Real:
        """Products of the columns, with a trace on the diagonal that makes them independent."""
        gram = self.matrix.T @ self.matrix
        gram[np.diag_indices_from(gram)] += 1e-10 * np.trace(gram) / len(gram)
        return gram

    def solved(self, regulariser: float, above: NDArray[np.bool_]) -> _Solved:
        """Solve at one regulariser, beginning from what was above 0 at another."""
        hessian = self.gram + regulariser * self.rough
        values, above = nonnegative(hessian, self.matrix.T @ self.target, above)
        chosen = np.ix_(above, above)
        freedom = float(np.trace(np.linalg.solve(hessian[chosen], self.gram[chosen])))
        squares = float(np.sum((self.target - self.matrix @ values) ** 2))
        return _Solved(regulariser, values, above, freedom, squares)

    def covariance(self, solved: _Solved, variance: float) -> Real:
        """Covariance of the values that the noise gives: σ²·H⁻¹AᵀA·H⁻¹ of those above 0."""
        chosen = np.ix_(solved.above, solved.above)
        gram = (self.matrix.T @ self.matrix)[chosen]
        half = np.linalg.solve(gram + solved.regulariser * self.rough[chosen], gram)
        inner = np.linalg.solve(gram + solved.regulariser * self.rough[chosen], half.T)
        result = np.zeros((len(solved.values),) * 2)
        result[chosen] = variance * 0.5 * (inner + inner.T)
        return result


def _chosen(problem: _Problem) -> _Solved:
    """Go from the smoothest on until the residual is the noise's; else what predicts best what it was not fitted to."""
    test, points = linear_test(problem.spectrum), len(problem.target)
    allowed = (test.noise**2 + test.inconsistency**2) * (1 + float(np.sqrt(2 / points)))
    above, tried = np.ones(len(problem.unit), dtype=bool), list[_Solved]()
    for regulariser in REGULARISERS:
        solved = problem.solved(float(regulariser), above)
        if solved.squares <= allowed * (points - solved.freedom):
            return solved
        above = solved.above
        tried.append(solved)
    return min(tried, key=lambda s: s.squares / max(points - PENALTY * s.freedom, 1e-9) ** 2)


def _peaks(problem: _Problem, solved: _Solved) -> tuple[Peak, ...]:
    from scipy.signal import find_peaks

    height = solved.values[SERIES:]
    tops = find_peaks(np.concatenate([[0.0], height, [0.0]]))[0] - 1
    if not len(tops):
        return ()
    valleys = [int(a + np.argmin(height[a : b + 1])) for a, b in pairwise(tops)]
    cores = [slice(a, b) for a, b in zip([0, *valleys], [*valleys, len(height)], strict=True)]
    spread = problem.covariance(solved, solved.squares / max(len(problem.target) - solved.freedom, 1.0))[SERIES:, SERIES:]
    omega = problem.spectrum.angular_frequency
    found = [_peak(problem, height, spread, core, whole) for core, whole in _with_lobes(height, cores)]
    return tuple(peak for peak in found if omega[-1] <= 2 * np.pi * peak.frequency_hertz <= omega[0])


def _with_lobes(height: Real, cores: list[slice]) -> list[tuple[slice, slice]]:
    """Join to each peak the lobes beside it, the smallest first: the peak itself, and all that counts to it."""
    peaks = [(core, core) for core in cores]

    def size(n: int) -> float:
        return float(height[peaks[n][1]].sum()) if 0 <= n < len(peaks) else 0.0

    while len(peaks) > 1:
        least = min(range(len(peaks)), key=size)
        host = max(least - 1, least + 1, key=size)
        if size(least) >= LOBE * size(host):
            break
        first, last = sorted((least, host))
        peaks[first : last + 1] = [(peaks[host][0], slice(peaks[first][1].start, peaks[last][1].stop))]
    return peaks


def _peak(problem: _Problem, height: Real, spread: Real, core: slice, whole: slice) -> Peak:
    """Weigh a peak: its resistance with its lobes, and the mean of ln τ without them."""
    step, weight = float(np.log(problem.slowness[1] / problem.slowness[0])) * problem.ohm, float(height[core].sum())
    place = np.log(problem.slowness[core])
    middle = float(height[core] @ place) / weight
    slope = (place - middle) / weight
    second, ohm = float(np.exp(middle)), float(height[whole].sum()) * step
    stem = f"{problem.spectrum.stem}:{second:.6g} s"
    u_place, u_ohm = float(np.sqrt(slope @ spread[core, core] @ slope)), float(np.sqrt(spread[whole, whole].sum())) * step
    known: dict[str, Any] = {"method": METHOD, "conditions": problem.spectrum.conditions, "evidence": problem.spectrum.evidence}
    return Peak(
        from_components("time_constant", second, "s", {f"{stem}:place": u_place * second}, **known),
        1 / (2 * np.pi * second),
        from_components("polarisation_resistance", ohm, "ohm", {f"{stem}:size": u_ohm}, **known),
    )
