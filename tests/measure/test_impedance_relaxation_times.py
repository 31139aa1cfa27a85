"""Distributions of relaxation times: the processes that were put in come out, and nothing else."""

import numpy as np
import pytest

from cellwright import measure
from tests.measure.impedance_truth import arc, noisy

FREQUENCY = np.logspace(5, -2, 71)
JW = 2j * np.pi * FREQUENCY


def distribution(z: np.ndarray, share: float = 2e-3, seed: int = 1) -> measure.RelaxationTimes:
    return measure.relaxation_times(measure.Spectrum(FREQUENCY, noisy(z, share, seed)))


def test_three_arcs_are_three_peaks_with_their_time_constants_and_resistances():
    truth = ((1e-4, 0.4), (1e-2, 0.8), (1.0, 0.6))
    for seed in range(5):
        found = distribution(1 + sum(arc(JW, ohm, second, 0.9) for second, ohm in truth) + JW * 2e-7, seed=seed)
        assert len(found.peaks) == 3
        for peak, (second, ohm) in zip(found.peaks, truth, strict=True):
            assert np.log10(peak.time_constant.value) == pytest.approx(np.log10(second), abs=0.05)
            assert peak.resistance.value == pytest.approx(ohm, rel=0.1)
            assert peak.frequency_hertz == pytest.approx(1 / (2 * np.pi * peak.time_constant.value))


def test_the_resistances_of_all_peaks_are_the_polarisation():
    found = distribution(1 + arc(JW, 0.4, 1e-4, 0.9) + arc(JW, 0.8, 1e-2, 0.9))
    assert sum(p.resistance.value for p in found.peaks) == pytest.approx(1.2, rel=0.02)
    assert found.series_resistance_ohm == pytest.approx(1.0, rel=0.02)


def test_an_inductance_and_a_capacity_in_series_are_no_peaks():
    found = distribution(1 + arc(JW, 0.5, 1e-2, 0.95) + JW * 3e-7 + 1 / (50 * JW))
    assert len(found.peaks) == 1
    assert found.inductance_ohm_second == pytest.approx(3e-7, rel=0.05)
    assert 1 / found.inverse_capacity_ohm_per_second == pytest.approx(50, rel=0.1)


def test_the_distribution_of_an_arc_is_that_of_cole_and_cole():
    alpha = 0.7
    found = distribution(1 + arc(JW, 1.0, 1e-2, alpha), 1e-3)
    s = np.log(found.time_constant_second / 1e-2)  # γ = R/2π · sin((1−α)π) / (cosh(α·ln τ/τ0) − cos((1−α)π))
    truth = np.sin((1 - alpha) * np.pi) / (np.cosh(alpha * s) - np.cos((1 - alpha) * np.pi)) / (2 * np.pi)
    assert np.max(np.abs(found.distribution_ohm - truth)) < 0.1 * truth.max()


def test_more_noise_makes_it_smoother_and_the_residual_is_the_noise():
    z = 1 + arc(JW, 0.4, 1e-4, 0.9) + arc(JW, 0.8, 1e-2, 0.9)
    quiet, loud = distribution(z, 5e-4), distribution(z, 1e-2)
    assert loud.regulariser > quiet.regulariser
    assert [d.residual for d in (quiet, loud)] == [pytest.approx(5e-4, rel=0.2), pytest.approx(1e-2, rel=0.2)]
    assert loud.peaks[0].resistance.standard_uncertainty > quiet.peaks[0].resistance.standard_uncertainty


def test_nothing_is_below_zero():
    found = distribution(1 + arc(JW, 0.4, 1e-3) - arc(JW, 0.1, 1.0))  # an inductive loop cannot be made of what is positive
    assert found.distribution_ohm.min() >= 0
    assert found.residual > 2e-3
