"""The interval of a sum of errors that are not all normal, held against what can be worked out."""

from dataclasses import replace
from math import erf, sqrt

import numpy as np
import pytest

from cellwright.core import tester as testers
from cellwright.core.coverage import coverage_interval, shape
from cellwright.core.messages import Message
from cellwright.core.quantity import Interval, Quantity, absent, exact, from_components, measured
from cellwright.core.tester import Range

TESTER = testers.Tester(
    make="t",
    model="m",
    voltage=(Range(maximum=5.0, gain=0.001, offset=0.002, resolution=0.0001),),
    current=(
        Range(maximum=1.0, gain=0.002, offset=0.001, resolution=0.001, distribution="normal"),
        Range(maximum=50.0, gain=0.002, offset=0.01, resolution=0.001),
    ),
    temperature=(Range(maximum=100.0, gain=0.01, offset=1.0, resolution=0.1),),
    time_resolution_s=0.1,
)
GAIN, OFFSET, ROUNDING, NOISE = "t/m:voltage:gain", "t/m:voltage:offset", "ab:1:voltage:resolution", "ab:1:voltage:noise"


def half(components: dict[str, float], level: float = 0.95, tester: testers.Tester | None = TESTER) -> float:
    found = coverage_interval(from_components("x", 10.0, "V", components), tester, level)
    assert found is not None
    assert found.low + found.high == pytest.approx(20.0)
    return (found.high - found.low) / 2


def test_a_normal_error_has_the_usual_interval():
    assert half({NOISE: 1.0}) == pytest.approx(1.959964)


def test_one_rectangle_holds_95_percent_within_95_percent_of_its_half_width():
    assert half({GAIN: 1 / sqrt(3)}) == pytest.approx(0.95, abs=1e-6)  # k·u with k = 2 would be 1.155, more than there can be


def test_two_equal_rectangles_make_a_triangle():
    # P(|x| > h) = (1 - h/2a)², so h = 2a(1 - √0.05)
    assert half({GAIN: 1 / sqrt(3), OFFSET: -1 / sqrt(3)}) == pytest.approx(2 * (1 - sqrt(0.05)), rel=1e-5)


EITHER = "ab:2:beginning"


def test_what_is_one_way_or_the_other_lies_at_its_ends():
    assert half({EITHER: 1.0}) == pytest.approx(1.0, rel=1e-3)
    assert half({EITHER: 1.0}, level=0.5) == pytest.approx(1.0, rel=1e-3)


def test_what_is_one_way_or_the_other_and_a_normal_error_hold_what_they_should():
    h, sigma = half({EITHER: 1.0, NOISE: 0.3}), 0.3
    inside = 0.5 * (erf((h - 1.0) / sigma / sqrt(2)) + erf((h + 1.0) / sigma / sqrt(2)))
    assert inside == pytest.approx(0.95, abs=1e-4)


def test_a_rectangle_and_a_normal_error_hold_what_they_should():
    a, sigma = 1.0, 0.3
    h = half({GAIN: a / sqrt(3), NOISE: sigma})
    x = np.linspace(-a, a, 20001)
    inside = [0.5 * (erf((h - t) / sigma / sqrt(2)) + erf((h + t) / sigma / sqrt(2))) for t in x]
    assert np.trapezoid(inside, x) / (2 * a) == pytest.approx(0.95, abs=1e-5)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.99])
def test_drawing_a_million_times_gives_the_same(level: float):
    rng = np.random.default_rng(5)
    flat = {GAIN: 1.0, OFFSET: 0.6, ROUNDING: 0.25}
    draws = sum(rng.uniform(-a, a, 1_000_000) for a in flat.values()) + rng.normal(0, 0.2, 1_000_000)
    found = half({name: a / sqrt(3) for name, a in flat.items()} | {NOISE: 0.2}, level)
    share = np.mean(np.abs(draws) <= found)
    assert share == pytest.approx(level, abs=5 * sqrt(level * (1 - level) / 1e6))


def test_a_small_rectangle_among_normal_errors_changes_nothing():
    assert half({NOISE: 1.0, ROUNDING: 0.01}) == pytest.approx(1.959964 * sqrt(1.0001))


def test_a_triangle_is_two_rectangles():
    # the duration between two roundings: u = √2·δ/√12, of two rectangles of half-width δ/2 each
    assert half({"t/m:time": sqrt(2 / 12)}) == pytest.approx(1 - sqrt(0.05), rel=1e-5)


def test_few_degrees_of_freedom_widen_the_interval():
    found = coverage_interval(measured("x", 0.0, "V", 1.0, degrees_of_freedom=4), TESTER)
    assert found is not None
    assert found.high == pytest.approx(2.776, abs=1e-3)  # Student's t for 4 degrees of freedom, GUM table G.2
    assert found.method == "student"


def test_the_end_gauge_of_the_gum():
    # H.1: u = 32 nm with 16 degrees of freedom, U99 = 93 nm
    parts = {"l_s": (25.0, 18), "d_mean": (5.8, 24), "d_1": (3.9, 5), "d_2": (6.7, 8), "delta_alpha": (2.9, 50), "delta_theta": (16.6, 2)}
    gauge = from_components("l", 838.0, "nm", {k: u for k, (u, _) in parts.items()}, {k: v for k, (_, v) in parts.items()})
    found = coverage_interval(gauge, None, 0.99)
    assert found is not None
    assert found.high - 838.0 == pytest.approx(93, abs=0.7)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        (GAIN, "rectangular"),
        ("t/m/1A:current:offset", "normal"),
        ("t/m/50A:current:offset", "rectangular"),
        ("t/m:surface_temperature_celsius:gain", "rectangular"),
        ("other/make:voltage:gain", "normal"),
        (ROUNDING, "rectangular"),
        ("ab:1:edge", "rectangular"),
        ("t/m:time", "triangular"),
        (NOISE, "normal"),
        ("ab:1:fit#1", "normal"),
        ("l_s", "normal"),
    ],
)
def test_each_input_is_distributed_as_its_tester_states(name: str, form: str):
    assert shape(name, TESTER) == form


def test_without_its_tester_a_gain_is_taken_as_normal():
    assert half({GAIN: 1.0}, tester=None) == pytest.approx(1.959964)


def test_what_has_no_uncertainty_has_no_interval():
    assert coverage_interval(Quantity("x", 1.0, "V"), TESTER) is None
    assert coverage_interval(absent("x", "V", Message("measure.no_pulse")), TESTER) is None


def test_what_is_exact_lies_where_it_is():
    assert coverage_interval(exact("x", 1.0, "V"), TESTER) == Interval(0.95, 1.0, 1.0, "normal")


def test_an_interval_that_a_value_brings_is_kept_at_its_own_level():
    own = Interval(0.95, 1.0, 4.0, "bootstrap")
    value = replace(from_components("x", 2.0, "V", {NOISE: 1.0}), interval=own)
    assert coverage_interval(value, TESTER) is own
    assert coverage_interval(value, TESTER, 0.9) != own
