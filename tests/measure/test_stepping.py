"""Steps, by the tester's count and without it."""

from dataclasses import replace
from time import perf_counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellwright.core.battery import Battery
from cellwright.core.errors import UsageError
from cellwright.measure import cycles, steps
from tests.measure.recordings import CHARGE, CYCLE, DISCHARGE, HOLD, Part, constant, rest, series, sheet


def kinds(table: pl.DataFrame) -> list[tuple[str, str | None]]:
    return table.select("kind", "mode").rows()


def test_each_step_of_the_tester_is_one_row_with_its_kind_and_mode():
    table = steps(series(CYCLE))
    assert kinds(table) == [("rest", None), ("charge", "CC"), ("charge", "CV"), ("rest", None), ("discharge", "CC")]
    assert table["duration_second"].to_list() == pytest.approx([600, 1620, 360, 600, 1800])
    assert table["step_net_capacity_ah"].to_list() == pytest.approx([0, 4.5, 0.5, 0, -5.0], abs=2e-3)


def test_charge_under_current_before_the_first_sample_is_counted():
    table = steps(series(CYCLE))
    assert table["step_net_capacity_ah"][1] == pytest.approx(10 * 1620 / 3600, rel=1e-12)
    assert table["step_net_energy_wh"][4] == pytest.approx(-5.0 * (4.1 + 3.0) / 2, rel=1e-4)


def test_constant_current_and_then_voltage_in_one_step_is_cccv():
    whole = series([rest(60, 3.2), CHARGE, HOLD]).table.with_columns(pl.col("step_count").clip(upper_bound=2)).drop("step_time_second")
    assert kinds(steps(replace(series(CYCLE), table=whole)))[-1] == ("charge", "CCCV")


def test_a_constant_power_discharge_has_no_mode():
    power = Part(1800, (4.1, 3.0), (-8.0, -12.0))
    assert kinds(steps(series([rest(60, 4.2), power])))[-1] == ("discharge", None)


def test_steps_are_found_where_the_tester_counts_none():
    table = steps(series([rest(600, 3.2), CHARGE, rest(600, 4.18), DISCHARGE, rest(300, 3.1)], counted=False, timed=False))
    assert table["kind"].to_list() == ["rest", "charge", "rest", "discharge", "rest"]
    assert table["step_count"].to_list() == [1, 2, 3, 4, 5]


def test_a_change_of_rate_without_a_rest_begins_a_step():
    parts = [rest(60, 4.2), constant(1000, -10.0, 4.1, 3.0), constant(1000, -2.0, 3.3, 3.0)]
    table = steps(series(parts, counted=False))
    assert table["mean_current_ampere"].to_list() == pytest.approx([0.0, -10.0, -2.0])


def test_a_current_at_rest_within_its_noise_is_no_step():
    rng = np.random.default_rng(3)
    made = series([rest(600, 3.2), CHARGE, rest(600, 4.18), DISCHARGE], counted=False, timed=False)
    noisy = made.table.with_columns(pl.col("current_ampere") + pl.Series(rng.normal(0, 0.004, made.table.height)))
    assert steps(replace(made, table=noisy))["kind"].to_list() == ["rest", "charge", "rest", "discharge"]


def test_a_small_discharge_beside_a_large_pulse_is_one():
    parts = [rest(600, 4.1), constant(1800, -2.0, 4.1, 3.9), rest(600, 4.0), constant(10, -250.0, 3.7, 3.6), rest(600, 3.9)]
    for counted in (True, False):
        table = steps(series(parts, counted=counted))
        assert table["kind"].to_list() == ["rest", "discharge", "rest", "discharge", "rest"]
        assert table["step_net_capacity_ah"][1] == pytest.approx(-1.0, rel=1e-3)


def test_an_offset_that_a_channel_reads_at_rest_is_no_current():
    parts = [rest(600, 4.1), constant(1800, -50.0, 4.1, 3.9), rest(600, 4.0)]
    made = series(parts, counted=False)
    offset = pl.when(pl.col("current_ampere") == 0).then(0.03).otherwise("current_ampere").alias("current_ampere")
    assert steps(replace(made, table=made.table.with_columns(offset)))["kind"].to_list() == ["rest", "discharge", "rest"]


@pytest.mark.parametrize(
    ("label", "ampere", "kind"),
    [
        ("CC_DChg", -0.05, "discharge"),
        ("D", -0.05, "discharge"),
        ("CHRG", 0.05, "charge"),
        ("恒流放电", -0.05, "discharge"),
        ("Rest", -0.3, "rest"),
        ("R", -0.3, "rest"),
        ("静置", -0.3, "rest"),
        ("Rest", -20.0, "discharge"),  # the current says otherwise
        ("cycle", -0.05, "rest"),
    ],
)
def test_what_the_tester_calls_a_step_decides_where_the_current_is_small(label: str, ampere: float, kind: str):
    made = series([rest(600, 4.1), constant(1800, ampere, 4.1, 3.9), constant(600, -50.0, 3.9, 3.7)])
    named = pl.when(pl.col("step_count") == 2).then(pl.lit(label)).alias("step_type")
    assert steps(replace(made, table=made.table.with_columns(named)))["kind"][1] == kind


def test_a_taper_is_not_cut_however_coarsely_it_is_sampled():
    table = steps(series([rest(600, 3.2), CHARGE, HOLD, rest(600, 4.18)], interval=30.0, counted=False, timed=False))
    assert table["kind"].to_list() == ["rest", "charge", "rest"]


def test_without_step_times_an_edge_lies_in_the_middle_between_two_samples():
    table = steps(series(CYCLE, interval=10.0, timed=False))
    assert table["start_time_second"].to_list()[1:] == [605, 2225, 2585, 3185]
    assert table["edge_uncertainty_second"].to_list()[1:] == [5, 5, 5, 5]


def test_an_edge_lies_within_the_sampling_of_both_steps():
    load = constant(1800, -10.0, 4.1, 3.0)
    made = series([rest(1200, 4.2), load, rest(1200, 3.2)], timed=False).table
    time = pl.col("test_time_second")
    kept = made.filter(((pl.col("step_count") == 2) & (time % 60 == 30)) | ((pl.col("step_count") != 2) & (time % 300 == 0)))
    table = steps(replace(series(CYCLE), table=kept))
    # load from 1230 to 2970 s, each 60 s; rest up to 1200 s and from 3300 s, each 300 s: the load ended at most 60 s after 2970 s
    assert (table["start_time_second"][1], table["edge_uncertainty_second"][1]) == (1215.0, 15.0)
    assert (table["end_time_second"][1], table["end_edge_uncertainty_second"][1]) == (3015.0, 15.0)
    assert table["step_net_capacity_ah"][1] == pytest.approx(-10 * 1800 / 3600)


def test_nothing_is_counted_through_a_pause():
    made = series([rest(60, 4.2), constant(600, -6.0, 4.1, 3.9), constant(600, -6.0, 3.9, 3.7)])
    later = pl.when(pl.col("step_count") == 3).then(pl.col("test_time_second") + 7200).otherwise(pl.col("test_time_second"))
    table = steps(replace(made, table=made.table.with_columns(later.alias("test_time_second"))))
    assert table["step_net_capacity_ah"].to_list() == pytest.approx([0.0, -1.0, -1.0])
    assert table["duration_second"].to_list() == pytest.approx([60, 600, 600])


def test_a_step_sheet_takes_the_testers_counters_and_labels():
    table = steps(sheet([rest(30, 3.2), replace(CHARGE, label="充电 CC-CV"), rest(600, 4.18), DISCHARGE]))
    assert kinds(table) == [("rest", None), ("charge", "CCCV"), ("rest", None), ("discharge", "CC")]
    assert table["step_net_capacity_ah"].to_list() == [0, 4.5, 0, -5.0]
    assert table["first_record_index"].to_list() == table["last_record_index"].to_list() == [2, 3, 4, 5]


def test_a_step_sheet_without_labels_tells_a_taper_from_its_ends():
    unlabelled = sheet([rest(30, 3.2), Part(1980, (3.2, 4.2), (10.0, 0.5)), DISCHARGE])
    table = steps(replace(unlabelled, table=unlabelled.table.drop("step_type")))
    assert kinds(table)[1:] == [("charge", "CCCV"), ("discharge", "CC")]


def test_only_short_steps_under_current_are_pulses():
    table = steps(series([rest(600, 3.7), constant(60, -20.0, 3.6, 3.5), rest(30, 3.7), constant(180, 10.0, 3.8, 3.9)]))
    assert table["pulse"].to_list() == [False, True, False, False]


def test_counters_that_never_start_anew_are_taken_step_by_step():
    made = series(CYCLE)
    capacity = pl.col("current_ampere").clip(lower_bound=0).cum_sum() / 3600 + 7.0  # as read from a schedule that ran before
    table = steps(replace(made, table=made.table.with_columns(capacity.alias("charging_capacity_ah"))))
    assert table["counted_net_capacity_ah"].to_list() == pytest.approx([0, 4.5, 0.5, 0, 0], abs=2e-3)


def test_the_temperature_of_a_step_is_the_mean_over_its_probes():
    table = steps(series(CYCLE, temperature_t1_celsius=24.0, temperature_t2_celsius=26.0, ambient_temperature_celsius=40.0))
    assert table["mean_temperature_celsius"].to_list() == [25.0] * 5


def test_a_recording_without_current_says_so():
    bare = replace(series(CYCLE), table=series(CYCLE).table.drop("current_ampere"))
    with pytest.raises(UsageError, match="current_ampere"):
        steps(bare)


def test_rows_without_a_reading_are_left_out():
    made = series(CYCLE)
    holed = made.table.with_columns(
        pl.when(pl.col("record_index") % 7 == 0).then(float("nan")).otherwise("voltage_volt").alias("voltage_volt")
    )
    assert steps(replace(made, table=holed))["step_net_capacity_ah"][4] == pytest.approx(-5.0, rel=1e-3)


@given(st.lists(st.tuples(st.sampled_from([-20.0, -5.0, 0.0, 4.0, 15.0]), st.integers(5, 200)), min_size=1, max_size=8))
def test_charge_is_conserved_over_any_program(program: list[tuple[float, int]]):
    made = series([constant(seconds, ampere, 3.7, 3.7) for ampere, seconds in program])
    moved = sum(ampere * seconds for ampere, seconds in program) / 3600
    assert steps(made)["step_net_capacity_ah"].sum() == pytest.approx(moved, abs=1e-9)


@given(st.lists(st.tuples(st.sampled_from([-20.0, -5.0, 0.0, 4.0, 15.0]), st.integers(5, 200)), min_size=2, max_size=8))
def test_charge_is_conserved_without_step_times_to_half_an_interval_an_edge(program: list[tuple[float, int]]):
    made = series([constant(seconds, ampere, 3.7, 3.7) for ampere, seconds in program], timed=False)
    moved = sum(ampere * seconds for ampere, seconds in program) / 3600
    table = steps(made)
    known = 20.0 * 2 * table["edge_uncertainty_second"].sum() / 3600 + 1e-9
    assert abs(table["step_net_capacity_ah"].sum() - moved) <= known + 20.0 / 3600


def test_what_ended_a_step_is_told_by_figures_that_come_again_or_are_round():
    # three charges held down to 0.5 A after three different times, and one held for 1800 s down to 2 A
    def held_down(seconds: float, ampere: float, more: float) -> list[Part]:
        return [
            constant(1600 + more, 10.0, 3.2, 4.2),
            Part(seconds, (4.2, 4.2), (10.0, ampere)),
            rest(600, 4.18),
            constant(3000 + more, -10.0, 4.1, 3.0),
        ]

    parts = [rest(600, 3.2), *held_down(1234, 0.5, 1), *held_down(1301, 0.5, 7), *held_down(1413, 0.5, 13), *held_down(1800, 2.0, 23)]
    table = steps(series([*parts, constant(900, 5.0, 3.1, 3.4), rest(37, 3.4)]))
    assert table["ended_by"].to_list() == [
        "time",
        *(["voltage", "current", "time", "voltage"] * 3),
        *("voltage", "time", "time", "voltage"),
        *("time", "time"),
    ]


def test_a_step_that_the_recording_does_not_explain_ended_by_something_unknown():
    table = steps(series([rest(603, 3.2), constant(1111, 10.0, 3.2, 3.777), rest(607, 3.7)]))
    assert table["ended_by"].to_list() == ["unknown"] * 3


def test_the_limits_and_the_rated_capacity_of_the_battery_tell_more():
    lone = [rest(600, 3.3), constant(2345, -10.0, 4.1, 3.01), rest(600, 3.3), Part(4321, (4.2, 4.2), (10.0, 0.5)), rest(600, 4.18)]
    table = steps(series(lone, temperature_t1_celsius=25.0), Battery("a", rated_capacity_ah=10.0, minimum_voltage_volt=3.01))
    assert table["ended_by"].to_list() == ["time", "voltage", "time", "current", "time"]  # 0.5 A is C/20
    assert table["c_rate"][1] == pytest.approx(1.0)


def test_the_mean_voltage_of_a_step_is_its_energy_over_its_charge():
    table = steps(series(CYCLE))
    assert table["mean_voltage_volt"][4] == pytest.approx((4.1 + 3.0) / 2, rel=1e-4)
    assert table["mean_voltage_volt"][0] is None


def test_temperatures_of_a_step_are_told_with_their_rise():
    made = series(CYCLE)
    warm = pl.when(pl.col("step_count") == 5).then(25.0 + pl.col("step_time_second") / 300).otherwise(25.0).alias("temperature_t1_celsius")
    row = steps(replace(made, table=made.table.with_columns(warm))).row(4, named=True)
    # 1 K in 300 s, first read after 1 s, last after 1800 s
    assert row["minimum_temperature_celsius"] == pytest.approx(25 + 1 / 300)
    assert row["maximum_temperature_celsius"] == pytest.approx(31.0)
    assert row["temperature_rise_kelvin"] == pytest.approx(1799 / 300)


def test_one_sample_on_the_way_to_a_level_is_no_step():
    made = series([rest(60, 3.7), constant(600, 9.4, 3.9, 4.1), rest(60, 4.0)], counted=False, timed=False)
    ramp = pl.when(pl.col("record_index") == 62).then(2.42).otherwise("current_ampere").alias("current_ampere")  # 61 samples of rest
    assert steps(replace(made, table=made.table.with_columns(ramp)))["samples"].to_list() == [61, 600, 60]


def test_a_short_drive_between_two_rests_is_one_step():
    drive = [0.0] * 60 + [-20, -60, -35, -80, -15, 12, 9, -30, -75, -5, -40, 6, -22, -70] + [0.0] * 60
    table = pl.DataFrame(
        {"test_time_second": np.arange(len(drive)) * 20.0, "current_ampere": drive, "voltage_volt": 3.7 + np.array(drive) / 500}
    )
    assert steps(replace(series(CYCLE), table=table))["kind"].to_list() == ["rest", "discharge", "rest"]


FLOATS = ("test_time_second", "current_ampere", "voltage_volt", "step_time_second")


def spoilt(table: pl.DataFrame, reading: float | None) -> pl.DataFrame:
    """Put something else in the place of every seventh reading."""
    return table.with_columns(pl.when(pl.col("record_index") % 7 == 0).then(reading).otherwise(c).alias(c) for c in FLOATS)


SPOILT = {
    "one row": lambda t: t[:1],
    "no step is told": lambda t: t.with_columns(step_count=pl.lit(None, pl.Int64)),
    "infinite readings": lambda t: t.with_columns(
        pl.when(pl.col("record_index") % 9 == 0).then(float("inf")).otherwise(c).alias(c) for c in FLOATS
    ),
    "missing readings": lambda t: spoilt(t, None),
    "time that falls back": lambda t: t.with_columns(pl.col("test_time_second") % 500),
    "time that runs backwards": lambda t: t.with_columns(pl.col("test_time_second").reverse()),
    "time that stands": lambda t: t.with_columns(test_time_second=pl.lit(5.0)),
    "no voltage": lambda t: t.with_columns(voltage_volt=pl.lit(0.0)),
    "steps that begin anew each cycle": lambda t: t.with_columns(
        step_count=pl.col("step_count") % 2, cycle_count=pl.col("step_count") // 2
    ),
}


@pytest.mark.parametrize("how", SPOILT)
@pytest.mark.parametrize("counted", [True, False])
def test_a_spoilt_recording_still_has_a_table_without_negative_times(how: str, counted: bool):
    made = series(CYCLE, counted=counted)
    if "step_count" not in made.table.columns and "step" in how:
        return
    bad = replace(made, table=SPOILT[how](made.table))
    table = steps(bad)
    assert table["duration_second"].min() >= 0
    assert table["samples"].sum() <= made.table.height
    assert cycles(bad).height >= 1


def test_noise_of_a_milliampere_at_rest_changes_no_step():
    made = series([rest(600, 3.2), CHARGE, rest(600, 4.18), DISCHARGE, rest(300, 3.1)], counted=False, timed=False)
    hum = (
        pl.when(pl.col("current_ampere") == 0)
        .then(0.001 * (2 * (pl.col("record_index").cast(pl.Int64) % 2) - 1))
        .otherwise("current_ampere")
    )
    table = steps(replace(made, table=made.table.with_columns(hum.alias("current_ampere"))))
    assert table["kind"].to_list() == ["rest", "charge", "rest", "discharge", "rest"]


def test_a_million_rows_take_well_under_a_second():
    count = 1_000_000
    current = np.tile(np.repeat([0.0, 10.0, 0.0, -10.0], 2500), count // 10_000)
    table = pl.DataFrame(
        {"test_time_second": np.arange(count, dtype=float), "current_ampere": current, "voltage_volt": 3.7 + current / 100}
    )
    made = replace(series(CYCLE), table=table)
    steps(made)
    start = perf_counter()
    assert steps(made).height == 400
    assert perf_counter() - start < 2.0  # a tenth of a second on an idle machine
