"""Voltage at rest, and how it falls."""

from dataclasses import replace
from math import hypot, sqrt

import polars as pl
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


def test_sag_is_the_slope_of_the_last_third_of_a_long_rest():
    found = sag(series(LONG, interval=10.0))
    assert (found.value, found.unit) == (pytest.approx(0.02), "V/h")  # 40 mV in two hours, on a straight line
    assert found.evidence[0].rows == ((31 + 180 + 480, 31 + 180 + 720),)  # the last 2400 s of the rest
    assert (found.conditions["direction"], found.conditions["duration_s"]) == ("charge", pytest.approx(7200))
    assert "relaxing" not in found.conditions


def test_the_offset_of_the_tester_cancels_in_a_sag():
    found = sag(series(LONG, interval=10.0))
    rounding = 0.0001 / sqrt(12) / (2400 / 3600)  # of both ends of the last third
    assert found.standard_uncertainty == pytest.approx(hypot(0.02 * 0.001 / sqrt(3), rounding, rounding), rel=1e-6)


def test_the_scatter_of_the_readings_is_in_the_uncertainty_of_a_sag():
    made = series(LONG, interval=10.0)
    sign = pl.when(pl.col("record_index") % 2 == 0).then(0.001).otherwise(-0.001)  # 1 mV up and down
    found = sag(replace(made, table=made.table.with_columns(pl.col("voltage_volt") + sign)))
    n, step = 241, 10 / 3600
    spread = step * sqrt(n * (n**2 - 1) / 12)  # √Σ(t − t̄)² of n equal steps
    (scatter,) = (v for k, v in found.components.items() if k.endswith(":scatter"))
    assert abs(scatter) == pytest.approx(0.001 * sqrt(n / (n - 2)) / spread, rel=1e-3)
    assert list(found.component_degrees_of_freedom.values()) == [n - 2]


def relaxed(seconds: float, after: float, leak: float = 0.0) -> Recording:
    """Rest two hours after a current [A]: 20 mV that die out with a time constant [s], and a leak [V/h]."""
    made = series([rest(300, 3.7), constant(1800, after, 3.7, 3.7), rest(7200, 3.7)], interval=10.0)
    time = pl.col("step_time_second")
    sign = 1.0 if after > 0 else -1.0
    volt = (
        pl.when(pl.col("step_count") == 3).then(3.7 + sign * 0.02 * (-time / seconds).exp() - leak * time / 3600).otherwise("voltage_volt")
    )
    return replace(made, table=made.table.with_columns(volt.alias("voltage_volt")))


def test_a_voltage_that_still_relaxes_says_so():
    # of e^(−t/3000 s) the slope loses 1 − e^(−2400/3000) = 55 % from one third to the next, of e^(−t/12000 s) 18 %
    assert sag(relaxed(3000, 10.0)).conditions["relaxing"] is True
    assert "relaxing" not in sag(relaxed(12000, 10.0)).conditions


def test_a_leak_is_what_is_left_when_the_relaxation_is_over():
    found = sag(relaxed(300, 10.0, leak=0.01))
    assert found.value == pytest.approx(0.01, rel=1e-3)  # 20 mV·e^(−16) are nothing


def test_a_recovery_after_a_discharge_is_no_evidence_of_no_leak():
    found = sag(relaxed(3000, -10.0))
    assert found.reason is not None
    assert (found.reason.code, found.reason.params["count"]) == ("measure.rest_recovering", 1)


def test_a_fall_after_a_discharge_is_evidence_of_one():
    found = sag(relaxed(300, -10.0, leak=0.03))
    assert (found.value, found.conditions["direction"]) == (pytest.approx(0.03, rel=1e-3), "discharge")


def test_a_rising_voltage_after_a_charge_is_a_negative_sag():
    assert sag(series([rest(300, 3.3), constant(1800, 10.0, 3.3, 4.1), rest(3600, 4.1, 4.2)])).value == pytest.approx(-0.1)


def test_a_rest_is_cut_at_a_pause_and_at_a_leap_of_the_voltage():
    made = series(LONG, interval=10.0)
    end = pl.col("test_time_second") > 2100 + 3000  # 4200 s of the rest are left
    broken = pl.when(end).then(pl.col("voltage_volt") - 0.2).otherwise("voltage_volt").alias("voltage_volt")
    paused = pl.when(end).then(pl.col("test_time_second") + 50_000).otherwise("test_time_second").alias("test_time_second")
    for change in ([broken], [paused], [broken, paused]):
        assert sag(replace(made, table=made.table.with_columns(change))).value == pytest.approx(0.02)
    late = pl.when(pl.col("test_time_second") > 2100 + 4000).then(pl.col("voltage_volt") - 0.2).otherwise("voltage_volt")
    found = sag(replace(made, table=made.table.with_columns(late.alias("voltage_volt"))))
    assert found.reason is not None  # 3200 s are too few


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
