"""Voltage at rest, and how it falls."""

from math import hypot, sqrt

import pytest

from cellwright.core.recording import Recording
from cellwright.measure import extremes, rest_voltages
from tests.measure.recordings import CYCLE, TESTER, constant, rest, series, sheet

LONG = (rest(300, 3.3), constant(1800, 10.0, 3.3, 4.1), rest(7200, 4.1, 4.06))


def sag(recording: Recording):
    return extremes(recording, tester=TESTER)["rest_sag"][0]


def test_the_last_reading_of_each_long_rest_is_its_voltage():
    found = rest_voltages(series([*CYCLE, rest(900, 3.1, 3.3)]))
    assert [q.value for q in found] == pytest.approx([3.2, 4.18, 3.3])
    assert [q.conditions.get("direction") for q in found] == [None, "charge", "discharge"]
    assert [q.conditions["duration_s"] for q in found] == pytest.approx([600, 600, 900])


def test_a_rest_that_the_program_cuts_in_two_is_one():
    (_, found) = rest_voltages(series([*LONG[:2], rest(200, 4.1, 4.09), rest(200, 4.09, 4.08)]))
    assert (found.value, found.conditions["duration_s"]) == (pytest.approx(4.08), pytest.approx(400))


def test_a_rest_of_less_than_five_minutes_is_none():
    (found,) = rest_voltages(series([rest(299, 3.3), LONG[1]]))
    assert found.reason is not None
    assert found.reason.params["shortest_s"] == 300.0


def test_the_uncertainty_of_a_reading_is_gain_offset_and_rounding():
    found = rest_voltages(sheet(LONG), tester=TESTER)[-1]
    assert found.standard_uncertainty == pytest.approx(hypot(4.06 * 0.001 / sqrt(3), 0.002 / sqrt(3), 0.0001 / sqrt(12)))


def test_sag_is_the_fall_over_the_second_half_of_a_long_rest():
    found = sag(series(LONG, interval=10.0))
    assert (found.value, found.unit) == (pytest.approx(0.02), "V/h")  # 40 mV in two hours, on a straight line


def test_the_offset_of_the_tester_cancels_in_a_sag():
    found = sag(series(LONG, interval=10.0))
    rounding = 0.0001 / sqrt(12)
    assert found.standard_uncertainty == pytest.approx(hypot(0.02 * 0.001 / sqrt(3), rounding, rounding), rel=1e-6)


def test_a_rising_voltage_is_a_negative_sag():
    assert sag(series([rest(300, 4.1), constant(1800, -10.0, 4.1, 3.3), rest(3600, 3.3, 3.4)])).value == pytest.approx(-0.1)


@pytest.mark.parametrize(
    ("recording", "code"),
    [
        (sheet(LONG), "measure.rest_not_sampled"),
        (series([*LONG[:2], rest(3000, 4.1, 4.06)]), "measure.no_rest"),
    ],
)
def test_a_sag_that_cannot_be_told_says_why(recording: Recording, code: str):
    found = sag(recording)
    assert found.reason is not None
    assert found.reason.code == code
