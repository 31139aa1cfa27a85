"""The verdict on a spectrum: a drift is rejected, a clean one accepted, and neither needs to be told the noise."""

import numpy as np
import pytest

from cellwright import measure
from tests.measure.impedance_truth import FREQUENCY, drawn, impedance, noisy, spectrum

CASES, DRIFTING = 150, 60  # benchmarks/measure.py runs 500


def test_a_drift_of_two_percent_is_rejected_and_clean_spectra_are_accepted():
    rng = np.random.default_rng(11)
    accepted = rejected = 0
    for seed in range(CASES):
        frequency, z = drawn(rng)
        drift = 1 + 0.02 * np.linspace(0, 1, len(z))
        accepted += measure.kramers_kronig(measure.Spectrum(frequency, noisy(z, 1e-3, seed))).consistent
        rejected += not measure.kramers_kronig(measure.Spectrum(frequency, noisy(z * drift, 1e-3, seed))).consistent
    assert accepted >= 0.95 * CASES
    assert rejected >= 0.95 * CASES


@pytest.mark.parametrize("way", [1, -1], ids=["downwards", "upwards"])
def test_a_drift_in_time_that_falls_on_the_last_readings_is_rejected_too(way: int):
    rng, rejected = np.random.default_rng(12), 0
    for seed in range(DRIFTING):
        frequency, z = drawn(rng)
        reached = np.cumsum(1 / frequency[::way])[::way]  # as many periods at each frequency
        drift = 1 + 0.02 * (-1) ** seed * reached / reached.max()
        rejected += not measure.kramers_kronig(measure.Spectrum(frequency, noisy(z * drift, 1e-3, seed))).consistent
    assert rejected >= 0.92 * DRIFTING  # benchmarks/measure.py: 0.95 of 500; one standard deviation is 0.03 here


def test_the_drift_is_told_with_its_uncertainty():
    course = np.cumsum(1 / FREQUENCY) / np.sum(1 / FREQUENCY)
    found = [measure.kramers_kronig(measure.Spectrum(FREQUENCY, noisy((1 - 0.02 * course) * impedance(), 1e-3, n))) for n in range(30)]
    sizes, told = [t.drift_by_time.size for t in found], [t.drift_by_time.uncertainty for t in found]
    assert np.mean(sizes) == pytest.approx(-0.02, abs=2e-3)
    assert np.std(sizes) == pytest.approx(np.mean(told), rel=0.5)  # 30 of them: 1/√60 = 13 % is one standard deviation


@pytest.mark.parametrize("unequal", [(1.4, 0.2), (0.2, 1.4)])
def test_parts_of_unequal_noise_are_accepted(unequal: tuple[float, float]):
    accepted = 0
    for seed in range(DRIFTING):
        z, noise = impedance(), np.random.default_rng(seed).normal(size=(2, len(FREQUENCY)))
        z = z + 1e-3 * np.abs(z) * (unequal[0] * noise[0] + 1j * unequal[1] * noise[1])
        accepted += measure.kramers_kronig(measure.Spectrum(FREQUENCY, z)).consistent
    assert accepted >= 0.9 * DRIFTING


@pytest.mark.parametrize("share", [1e-4, 1e-3, 1e-2])
def test_the_noise_is_told_from_the_spectrum_itself(share: float):
    found = [measure.kramers_kronig(spectrum(seed, share)).noise for seed in range(20)]
    assert np.mean(found) == pytest.approx(share, rel=0.1)  # 20 of some 80 degrees of freedom each: 1/√(2·1600) = 2 %


def test_a_wrong_sign_of_one_part_is_rejected():
    z = impedance()
    assert not measure.kramers_kronig(measure.Spectrum(FREQUENCY, noisy(1.02 * z.real + 1j * z.imag, 1e-3, 1))).consistent


def test_a_wall_that_diffusion_meets_is_no_violation():
    s = np.sqrt(2j * np.pi * FREQUENCY * 30.0)
    assert measure.kramers_kronig(measure.Spectrum(FREQUENCY, noisy(impedance() + 2e-3 / (s * np.tanh(s)), 1e-3, 3))).consistent


def test_without_any_noise_nothing_is_rejected():
    assert measure.kramers_kronig(measure.Spectrum(FREQUENCY, impedance())).consistent


@pytest.mark.parametrize("frequency", [np.linspace(100, 101, 20), np.logspace(3, 2, 15), np.logspace(1, 0, 11)])
def test_a_narrow_sweep_does_not_take_its_slope_for_drift(frequency: np.ndarray):
    found = [measure.kramers_kronig(measure.Spectrum(frequency, noisy(impedance(frequency), 1e-3, n))).consistent for n in range(20)]
    assert sum(found) >= 18
