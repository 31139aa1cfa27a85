"""Which spectra a recording holds, and what is no spectrum."""

from pathlib import Path

import numpy as np
import pytest

import cellwright as cw
from cellwright import measure
from cellwright.core.errors import UsageError
from tests.measure.impedance_truth import FREQUENCY, impedance, recording
from tests.measure.recordings import constant, series


def test_a_sweep_is_one_spectrum_with_its_rows_and_conditions():
    one = recording(FREQUENCY, impedance(), voltage_volt=np.full(61, 3.7), surface_temperature_celsius=np.full(61, 25.0))
    (found,) = measure.spectra(one)
    assert np.array_equal(found.impedance_ohm, impedance())
    assert found.evidence[0].rows == ((1, 61),)
    assert (found.conditions["voltage_volt"], found.conditions["temperature_celsius"]) == (pytest.approx(3.7), 25.0)


def test_a_sweep_from_below_is_kept_from_above():
    (found,) = measure.spectra(recording(FREQUENCY[::-1], impedance()[::-1]))
    assert np.array_equal(found.frequency_hertz, FREQUENCY)


def test_sweeps_that_begin_anew_are_spectra_of_their_own():
    twice = np.tile(FREQUENCY, 3)
    assert [len(s.frequency_hertz) for s in measure.spectra(recording(twice, impedance(twice)))] == [61, 61, 61]


def test_a_sweep_down_and_up_is_two_spectra():
    both = np.concatenate([FREQUENCY, FREQUENCY[-2::-1]])
    assert [len(s.frequency_hertz) for s in measure.spectra(recording(both, impedance(both)))] == [61, 60]


def test_a_sweep_that_begins_in_the_middle_and_goes_up_first_is_one_spectrum():
    up = FREQUENCY[20:0:-1]  # from 100 Hz to 10 kHz, as some analysers begin, and then all the way down
    there = np.concatenate([up, FREQUENCY])
    (found,) = measure.spectra(recording(there, impedance(there)))
    assert len(found.frequency_hertz) == 81


def test_the_cycle_counts_spectra():
    half = FREQUENCY[:30], FREQUENCY[30:]
    count = np.concatenate([np.ones(30, int), np.full(31, 2)])
    found = measure.spectra(recording(FREQUENCY, impedance(), cycle_count=count))
    assert [s.conditions["cycle_count"] for s in found] == [1, 2]
    assert [len(s.frequency_hertz) for s in found] == [len(part) for part in half]


def test_rows_without_a_number_are_in_no_spectrum():
    z = impedance()
    z[5] = np.nan
    (first, second) = measure.spectra(recording(FREQUENCY, z))  # what lies between is missing, so that nothing says it is one sweep
    assert len(first.frequency_hertz) + len(second.frequency_hertz) == 60


def test_a_test_over_time_has_no_spectra():
    assert measure.spectra(series([constant(60, -1.0, 3.7, 3.6)])) == ()


@pytest.mark.parametrize(
    ("frequency", "z", "code"),
    [
        (FREQUENCY[:5], impedance(), "measure.spectrum_shape"),
        (-FREQUENCY, impedance(), "measure.spectrum_not_finite"),
        (FREQUENCY, impedance() * np.nan, "measure.spectrum_not_finite"),
    ],
    ids=["not one length", "below 0 Hz", "no number"],
)
def test_what_is_no_spectrum_is_refused(frequency: np.ndarray, z: np.ndarray, code: str):
    with pytest.raises(UsageError) as error:
        measure.Spectrum(frequency, z)
    assert error.value.code == code


@pytest.mark.parametrize("ask", [measure.kramers_kronig, measure.fit_circuit, measure.relaxation_times])
@pytest.mark.parametrize(
    ("points", "z", "code"),
    [(slice(0, 61, 25), impedance(), "measure.spectrum_too_short"), (slice(None), impedance().conj() + 1j, "measure.spectrum_inductive")],
    ids=["three points", "sign turned around"],
)
def test_a_spectrum_that_will_not_do_is_refused_with_the_reason(ask: object, points: slice, z: np.ndarray, code: str):
    with pytest.raises(UsageError) as error:
        ask(measure.Spectrum(FREQUENCY[points], z[points]))
    assert error.value.code == code


def test_readings_in_any_order_and_twice_at_a_frequency_are_one_spectrum():
    order = np.random.default_rng(1).permutation(np.concatenate([np.arange(61), [3, 3]]))
    mixed = measure.Spectrum(FREQUENCY[order], impedance()[order])
    assert np.all(np.diff(mixed.frequency_hertz) <= 0)
    assert measure.kramers_kronig(mixed).consistent


def test_four_loops_of_a_biologic_file_are_four_spectra(data: Path):
    for name, points in (("geis.issue_149.mpr", 21), ("PEIS.mpr", 61)):
        found = measure.spectra(cw.read(data / "testers" / "biologic" / name))
        assert [len(s.frequency_hertz) for s in found] == [points] * 4
