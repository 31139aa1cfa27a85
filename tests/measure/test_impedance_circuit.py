"""Circuits as text, and fits of them that need no starting values."""

import numpy as np
import pytest

from cellwright import measure
from cellwright.core.errors import UsageError
from cellwright.core.quantity import correlation
from cellwright.measure.impedance.circuit import parse
from tests.measure.impedance_truth import CIRCUIT, FREQUENCY, TRUTH, arc, impedance, noisy, spectrum

EVERY = "L0-R0-p(R1,CPE1)-p(R2-Wo1,C2)-Ws3-W4-C5"


def test_the_impedance_of_every_element_is_that_of_its_equation():
    jw = 2j * np.pi * FREQUENCY
    so, ss = np.sqrt(jw * 50.0), np.sqrt(jw * 2.0)
    finite = 0.01 / so / np.tanh(so)
    expected = jw * 1e-7 + 0.01 + 1 / (1 / 0.02 + 3 * jw**0.8) + 1 / (1 / (0.03 + finite) + 0.5 * jw)
    expected = expected + 0.04 * np.tanh(ss) / ss + 0.002 * (1 - 1j) / np.sqrt(jw.imag) + 1 / (100 * jw)
    logs = np.log([1e-7, 0.01, 0.02, 3, 1, 0.03, 0.01, 50, 0.5, 0.04, 2, 0.002, 100])
    logs[4] = 0.8
    assert np.allclose(parse(EVERY).root.impedance(jw.imag[None, :], logs[None, :])[0][0], expected, rtol=1e-12)


def test_derivatives_are_those_of_small_differences():
    circuit, omega, h = parse(EVERY), np.geomspace(1e-2, 1e2, 30)[None, :], 1e-6
    values = np.random.default_rng(0).normal(scale=0.5, size=(1, len(circuit.parameters)))
    values[0, 4] = 0.8
    _, slopes = circuit.root.impedance(omega, values)
    for n in range(len(circuit.parameters)):
        step = np.zeros_like(values)
        step[0, n] = h
        above, below = (circuit.root.impedance(omega, values + way * step)[0] for way in (1, -1))
        assert np.allclose((above - below) / (2 * h), slopes[n], rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("text", ["", "R0-", "R0-p(R1)", "R0-p(R1,C1", "R0)", "X1", "R0--C1", "R0+C1"])
def test_a_circuit_that_cannot_be_read_is_refused(text: str):
    with pytest.raises(UsageError) as error:
        parse(text)
    assert error.value.code == "measure.circuit_unreadable"


def test_two_elements_of_one_name_are_refused():
    with pytest.raises(UsageError) as error:
        parse("R0-p(R0,C1)")
    assert error.value.code == "measure.circuit_name_twice"


def test_a_circuit_with_more_parameters_than_frequencies_is_refused():
    few = measure.Spectrum(FREQUENCY[::6], impedance()[::6])  # 11 frequencies, 13 parameters
    with pytest.raises(UsageError) as error:
        measure.fit_circuit(few, "L0-R0-p(R1,CPE1)-p(R2,CPE2)-p(R3,CPE3)-CPE4")
    assert error.value.code == "measure.circuit_too_large"


def test_a_spectrum_without_noise_gives_its_parameters_back():
    fit = measure.fit_circuit(measure.Spectrum(FREQUENCY, impedance()), CIRCUIT)
    assert {name: q.value for name, q in fit.parameters.items()} == {name: pytest.approx(value, rel=1e-4) for name, value in TRUTH.items()}
    assert np.allclose(fit.impedance(FREQUENCY), impedance(), rtol=1e-5)


def test_intervals_of_the_parameters_hold_the_truth():
    fits = measure.fit_circuits([spectrum(seed) for seed in range(100)], CIRCUIT)
    within = [abs(q.value - TRUTH[name]) <= 1.96 * q.standard_uncertainty for fit in fits for name, q in fit.parameters.items()]
    assert 0.92 <= np.mean(within) <= 0.98  # 100 fits of 9 correlated parameters
    truth = [np.sum(np.abs(fit.spectrum.impedance_ohm / impedance() - 1) ** 2) / 122 for fit in fits]
    taken = np.mean([fit.residual**2 / of_truth for fit, of_truth in zip(fits, truth, strict=True)])
    assert taken == pytest.approx(1 - 9 / 122, abs=0.012)  # χ² of 9 over 122, in 100 fits: 0.0035


def test_of_two_arcs_the_faster_comes_first_whatever_the_numbers():
    jw = 2j * np.pi * FREQUENCY
    z = 1 + arc(jw, 2.0, 1.0) + arc(jw, 0.5, 1e-3)
    fit = measure.fit_circuit(measure.Spectrum(FREQUENCY, noisy(z, 1e-3, 1)), "R0-p(R1,C1)-p(R2,C2)")
    assert [fit.parameters[n].value for n in ("R1", "R2")] == [pytest.approx(0.5, rel=0.02), pytest.approx(2.0, rel=0.02)]


def test_parameters_of_one_fit_are_correlated_and_those_of_two_are_not():
    first, second = measure.fit_circuits([spectrum(1), spectrum(2)], CIRCUIT)
    assert correlation(first.parameters["CPE1_Q"], first.parameters["CPE1_alpha"]) < -0.9
    assert correlation(first.parameters["R1"], second.parameters["R1"]) == 0.0


def test_what_is_not_there_has_no_uncertainty():
    jw = 2j * np.pi * FREQUENCY
    fit = measure.fit_circuit(measure.Spectrum(FREQUENCY, noisy(1 + arc(jw, 2.0, 1e-2), 1e-3, 1)), "L0-R0-p(R1,CPE1)")
    inductance = fit.parameters["L0"]
    assert inductance.standard_uncertainty is None or inductance.value < 3 * inductance.standard_uncertainty
    assert fit.parameters["R1"].value == pytest.approx(2.0, rel=0.01)


@pytest.mark.parametrize(
    ("z", "circuit"),
    [
        (impedance(), CIRCUIT),
        (2e-3 + arc(2j * np.pi * FREQUENCY, 3e-3, 0.1, 0.85), "R0-p(R1,CPE1)"),
    ],
    ids=["two arcs, tail and leads", "one arc"],
)
def test_where_no_circuit_is_named_the_true_one_is_chosen(z: np.ndarray, circuit: str):
    fits = measure.fit_circuits([measure.Spectrum(FREQUENCY, noisy(z, 1e-3, seed)) for seed in range(5)])
    assert sum(fit.circuit == circuit for fit in fits) >= 4


def test_spectra_of_different_lengths_are_fitted_together_as_alone():
    both = spectrum(1), measure.Spectrum(FREQUENCY[10:], spectrum(2).impedance_ohm[10:])
    alone = [measure.fit_circuit(s, CIRCUIT).parameters["R2"].value for s in both]
    assert [f.parameters["R2"].value for f in measure.fit_circuits(both, CIRCUIT)] == [pytest.approx(v, rel=1e-5) for v in alone]


def test_no_spectra_give_no_fits():
    assert measure.fit_circuits([]) == measure.fit_circuits([], CIRCUIT) == ()
