"""Ohmic and charge-transfer resistance of a spectrum, and why they are absent."""

import numpy as np
import pytest

from cellwright import measure
from cellwright.measure.impedance.quantities import charge_transfer_resistances
from tests.measure.impedance_truth import FREQUENCY, arc, impedance, noisy, recording, spectrum

JW = 2j * np.pi * FREQUENCY


def test_the_ohmic_resistance_is_the_real_part_at_the_crossing():
    # 1 µH beside 10 mΩ and an arc of 20 mΩ at 1 s: above it Z = R0 + R/(jωτ) + jωL, which is real at ω² = R/(Lτ) = 2e4, f = 22.5 Hz
    z = 0.010 + arc(JW, 0.020, 1.0) + JW * 1e-6
    found = measure.ohmic_resistance(measure.Spectrum(FREQUENCY, z))
    assert found.value == pytest.approx(0.010, rel=1e-3)
    assert found.conditions["frequency_hertz"] == pytest.approx(np.sqrt(2e4) / (2 * np.pi), rel=0.05)


def test_its_interval_holds_the_truth():
    jw = 2j * np.pi * np.geomspace(1000, 3000, 20001)
    fine = impedance(jw.imag / (2 * np.pi))
    truth = float(np.interp(0.0, fine.imag, fine.real))
    found = [measure.ohmic_resistance(spectrum(seed)) for seed in range(200)]
    assert 0.90 <= np.mean([abs(q.value - truth) <= 1.96 * q.standard_uncertainty for q in found]) <= 0.99


def test_a_spectrum_that_stops_while_capacitive_has_no_ohmic_resistance():
    found = measure.ohmic_resistance(measure.Spectrum(FREQUENCY, 0.010 + arc(JW, 0.020, 1.0)))
    assert (found.value, found.reason.code) == (None, "measure.intercept_not_reached")


def test_charge_transfer_is_all_arcs_and_not_the_tail():
    found = [measure.charge_transfer_resistance(spectrum(seed)) for seed in range(3)]
    assert [q.value for q in found] == [pytest.approx(4e-3, rel=0.01)] * 3
    assert all(q.conditions["kramers_kronig"] for q in found)


def test_an_arc_that_is_not_over_at_the_lowest_frequency_has_none():
    z = noisy(1 + arc(JW, 5.0, 100.0, 0.95), 1e-3, 1)  # its top lies at 1.6 mHz, the sweep ends at 10 mHz
    found = measure.charge_transfer_resistance(measure.Spectrum(FREQUENCY, z))
    assert found.value is None
    assert found.reason.code in ("measure.arc_not_closed", "measure.arcs_undetermined")


@pytest.mark.parametrize("quantity", [measure.ohmic_resistance, measure.charge_transfer_resistance])
def test_three_points_give_a_reason(quantity: object):
    found = quantity(measure.Spectrum(FREQUENCY[::25], impedance()[::25]))
    assert (found.value, found.reason.code) == (None, "measure.spectrum_too_short")


def test_everything_measures_each_spectrum_of_a_recording():
    twice = np.tile(FREQUENCY, 2)
    found = measure.everything(recording(twice, noisy(impedance(twice), 1e-3, 5)))
    assert [len(found[name]) for name in ("ohmic_resistance", "charge_transfer_resistance")] == [2, 2]
    assert all(q.value == pytest.approx(4e-3, rel=0.01) for q in found["charge_transfer_resistance"])
    assert found["ohmic_resistance"][1].evidence[0].rows == ((62, 122),)


@pytest.mark.parametrize("count", [10, 12])
def test_few_readings_still_tell_two_arcs(count: int):
    few = np.logspace(4, -2, count)
    found = [measure.charge_transfer_resistance(measure.Spectrum(few, noisy(impedance(few), 1e-3, seed))) for seed in range(5)]
    assert [q.value for q in found] == [pytest.approx(4e-3, rel=0.03)] * 5


def test_the_interval_of_charge_transfer_holds_the_truth_whatever_circuit_was_chosen():
    found = charge_transfer_resistances([spectrum(seed) for seed in range(100)])
    held = [abs(q.value - 4e-3) <= 1.96 * q.standard_uncertainty for q in found]
    assert len({q.conditions["circuit"] for q in found}) > 1  # noise makes some look like a constant phase tail
    assert 0.90 <= np.mean(held) <= 1.0  # benchmarks/measure.py: 500 of them


def test_what_is_all_noise_has_no_ohmic_resistance():
    real, imaginary = np.random.default_rng(0).normal(size=(2, len(FREQUENCY)))
    found = measure.ohmic_resistance(measure.Spectrum(FREQUENCY, real + 1j * imaginary))
    assert (found.value, found.reason.code) == (None, "measure.intercept_undetermined")
