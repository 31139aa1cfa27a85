"""Arithmetic with uncertainty, held against the worked examples of the GUM (JCGM 100:2008, annex H)."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellwright.core.boundary import from_json, to_json
from cellwright.core.errors import UnitError, UsageError
from cellwright.core.messages import Message
from cellwright.core.quantity import (
    Evidence,
    Quantity,
    absent,
    correlated,
    correlation,
    covariance,
    exact,
    measured,
    propagate,
    with_coverage,
)

# GUM H.1: calibration of an end gauge. l = l_s + d - l_s (δα θ + α_s δθ); d = d̄ + d_1 + d_2; θ = θ̄ + Δ.
STANDARD = measured("l_s", 50_000_623.0, "nm", 25.0, degrees_of_freedom=18)
MEAN_DIFFERENCE = measured("d_mean", 215.0, "nm", 5.8, degrees_of_freedom=24)
COMPARATOR_RANDOM = measured("d_1", 0.0, "nm", 3.9, degrees_of_freedom=5)
COMPARATOR_SYSTEMATIC = measured("d_2", 0.0, "nm", 6.7, degrees_of_freedom=8)
EXPANSION_DIFFERENCE = measured("delta_alpha", 0.0, "K-1", 0.58e-6, degrees_of_freedom=50)
TEMPERATURE_DIFFERENCE = measured("delta_theta", 0.0, "K", 0.029, degrees_of_freedom=2)
EXPANSION = measured("alpha_s", 11.5e-6, "K-1", 1.2e-6)
TEMPERATURE = measured("theta", -0.1, "K", 0.41)


def end_gauge() -> Quantity:
    difference = MEAN_DIFFERENCE + COMPARATOR_RANDOM + COMPARATOR_SYSTEMATIC
    thermal = EXPANSION_DIFFERENCE * TEMPERATURE + EXPANSION * TEMPERATURE_DIFFERENCE
    return STANDARD + difference - STANDARD * thermal


def test_end_gauge_of_gum_h1():
    length = end_gauge()
    assert length.value == pytest.approx(50_000_838, abs=0.5)
    assert round(length.standard_uncertainty) == 32
    assert math.floor(length.degrees_of_freedom) == 16
    assert round(with_coverage(length, 0.99).expanded_uncertainty) == 93


# GUM H.2: five simultaneous readings of voltage [V], current [mA] and phase [rad], table H.2.
READINGS = np.array(
    [[5.007, 19.663, 1.0456], [4.994, 19.639, 1.0438], [5.005, 19.640, 1.0468], [4.990, 19.685, 1.0428], [4.999, 19.678, 1.0433]]
)


def impedance() -> tuple[Quantity, Quantity, Quantity]:
    mean = READINGS.mean(axis=0) * [1, 1e-3, 1]
    of_means = np.cov((READINGS * [1, 1e-3, 1]).T) / len(READINGS)
    v, i, phi = correlated(["V", "I", "phi"], mean, ["V", "A", "1"], of_means)
    z = mean[0] / mean[1]
    c, s = math.cos(mean[2]), math.sin(mean[2])
    return (
        propagate("R", "ohm", z * c, [(v, c / mean[1]), (i, -z * c / mean[1]), (phi, -z * s)]),
        propagate("X", "ohm", z * s, [(v, s / mean[1]), (i, -z * s / mean[1]), (phi, z * c)]),
        v / i,
    )


def test_correlations_of_the_readings_of_gum_h2():
    mean = READINGS.mean(axis=0)
    assert mean == pytest.approx([4.9990, 19.6610, 1.04446], abs=5e-5)
    v, i, phi = correlated(["V", "I", "phi"], mean, ["V", "mA", "1"], np.cov(READINGS.T) / 5)
    assert [round(q.standard_uncertainty, n) for q, n in ((v, 4), (i, 4), (phi, 5))] == [0.0032, 0.0095, 0.00075]
    assert [round(correlation(*pair), 2) for pair in ((v, i), (v, phi), (i, phi))] == [-0.36, 0.86, -0.65]


def test_impedance_of_gum_h2():
    resistance, reactance, magnitude = impedance()
    assert [round(q.value, 3) for q in (resistance, reactance, magnitude)] == [127.732, 219.847, 254.260]
    # table H.4 prints u(X) = 0.295, from rounded correlations; unrounded it is 0.2956
    assert [q.standard_uncertainty for q in (resistance, reactance, magnitude)] == pytest.approx([0.071, 0.295, 0.236], abs=0.0007)
    assert round(correlation(resistance, reactance), 3) == -0.588
    assert round(correlation(resistance, magnitude), 3) == -0.485
    assert round(correlation(reactance, magnitude), 3) == 0.993


def test_a_quantity_minus_itself_is_certain():
    assert (STANDARD - STANDARD).standard_uncertainty == 0


def test_two_readings_of_one_channel_share_its_gain():
    gain = {"tester:current:gain": 0.01}
    a = Quantity("a", 10.0, "Ah", standard_uncertainty=0.01, components=gain)
    b = Quantity("b", 10.0, "Ah", standard_uncertainty=0.01, components=gain)
    assert (a / b).standard_uncertainty == pytest.approx(0, abs=1e-15)
    assert (a + b).standard_uncertainty == pytest.approx(0.02)


@given(st.floats(0.1, 1e3), st.floats(0.1, 1e3), st.floats(0, 10), st.floats(0, 10))
def test_the_quotient_follows_the_relative_uncertainties(a: float, b: float, ua: float, ub: float):
    quotient = measured("a", a, "V", ua) / measured("b", b, "A", ub)
    assert quotient.unit == "ohm"
    assert quotient.standard_uncertainty == pytest.approx(a / b * math.hypot(ua / a, ub / b), rel=1e-9, abs=1e-12)


@given(st.lists(st.floats(-5, 5), min_size=3, max_size=3), st.lists(st.floats(-5, 5), min_size=3, max_size=3))
def test_covariance_of_sums_is_bilinear(left: list[float], right: list[float]):
    inputs = [measured(f"x{k}", 1.0, "V", 0.1 * (k + 1)) for k in range(3)]
    a = propagate("a", "V", 0.0, list(zip(inputs, left, strict=True)))
    b = propagate("b", "V", 0.0, list(zip(inputs, right, strict=True)))
    expected = sum(p * q * (0.1 * (k + 1)) ** 2 for k, (p, q) in enumerate(zip(left, right, strict=True)))
    assert covariance(a, b) == pytest.approx(expected, abs=1e-12)


def test_a_derived_quantity_survives_json_without_loss():
    quantity = end_gauge()
    again = from_json(Quantity, to_json(quantity), "test")
    assert again == quantity
    assert (again - quantity).standard_uncertainty == 0


def test_temperatures_differ_by_kelvin_and_are_not_multiplied():
    rise = measured("end", 31.0, "degC", 0.1) - measured("start", 25.0, "degC", 0.1)
    assert (rise.value, rise.unit) == (6.0, "K")
    with pytest.raises(UnitError):
        measured("t", 25.0, "degC", 0.1) * measured("v", 1.0, "V", 0.1)


def test_units_that_differ_are_not_added():
    with pytest.raises(UnitError, match="Ah and Wh"):
        measured("a", 1.0, "Ah", 0.1) + measured("b", 1.0, "Wh", 0.1)


def test_an_absent_quantity_gives_a_reason_and_no_number():
    nothing = absent("capacity", "Ah", Message("measure.no_discharge"))
    with pytest.raises(UsageError, match="capacity"):
        nothing * 2.0
    with pytest.raises(ValueError, match="reason"):
        Quantity("capacity", None, "Ah")


def test_an_unknown_uncertainty_stays_unknown():
    assert (Quantity("a", 1.0, "V") + measured("b", 1.0, "V", 0.1)).standard_uncertainty is None


def test_a_declared_reference_does_not_change_where_a_ratio_comes_from():
    bench = measured("capacity", 50.0, "Ah", 0.1, origin="bench", evidence=(Evidence("ab", ((1, 9),)),))
    ratio = bench / exact("rated_capacity", 60.0, "Ah")
    assert (ratio.origin, ratio.unit, ratio.evidence) == ("bench", "1", bench.evidence)
    assert (bench - Quantity("b", 1.0, "Ah", origin="bms")).origin == "bms"
