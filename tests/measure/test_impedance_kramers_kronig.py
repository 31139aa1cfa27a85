"""The verdict on a spectrum: a drift is rejected, a clean one accepted, and neither needs to be told the noise."""

import numpy as np
import pytest

from cellwright import measure
from tests.measure.impedance_truth import FREQUENCY, drawn, impedance, noisy, spectrum

CASES = 150  # benchmarks/measure.py runs 500


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
