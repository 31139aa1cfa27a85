"""Cycles, by the tester's count and without it."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cellwright as cw
from cellwright.core import resources
from cellwright.core.battery import Battery
from cellwright.core.errors import UsageError
from cellwright.core.quantity import Quantity, exact, measured
from cellwright.core.recording import Recording
from cellwright.measure import capacity, capacity_between, check, corrected, cycles, parse_procedure, steps
from cellwright.measure.halves import halves
from tests.measure.recordings import CHARGE, CYCLE, DISCHARGE, HOLD, TESTER, Part, constant, held, rest, series, sheet

PROCEDURE = parse_procedure(resources.text("procedures", "capacity-reference.yaml"), "capacity-reference.yaml")
TWO = (*CYCLE, rest(600, 3.2), CHARGE, HOLD, rest(600, 4.18), DISCHARGE)


def counted(first: int = 1):
    """Two cycles of five steps each, as the tester counts them."""
    made = series(TWO)
    return replace(made, table=made.table.with_columns(((pl.col("step_count") - 1) // 5 + first).alias("cycle_count")))


def test_each_cycle_of_the_tester_is_one_row():
    table = cycles(counted(first=7))
    assert table["cycle_count"].to_list() == [7, 8]
    assert table["cycle_basis"].to_list() == ["tester"] * 2
    # 10 A for 1620 s are 4.5 Ah, 360 s in which 10 A fall to 0 are 0.5 Ah; 10 A for 1800 s are 5 Ah
    assert table["cycle_charging_capacity_ah"].to_list() == pytest.approx([5.0, 5.0], rel=3e-4)
    assert table["cycle_discharging_capacity_ah"].to_list() == pytest.approx([5.0, 5.0], rel=1e-9)
    assert table["coulombic_efficiency"].to_list() == pytest.approx([1.0, 1.0], rel=3e-4)


def test_energies_and_mean_voltages_are_those_of_straight_lines():
    table = cycles(counted())
    # 4.5 Ah from 3.2 to 4.2 V are 16.65 Wh, and 0.5 Ah at 4.2 V are 2.1 Wh; 5 Ah from 4.1 to 3 V are 17.75 Wh
    assert table["cycle_charging_energy_wh"][1] == pytest.approx(18.75, rel=1e-3)
    assert table["cycle_discharging_energy_wh"][1] == pytest.approx(17.75, rel=1e-3)
    assert table["mean_discharging_voltage_volt"][1] == pytest.approx(3.55, rel=1e-3)
    assert table["energy_efficiency"][1] == pytest.approx(17.75 / 18.75, rel=1e-3)


def test_durations_and_currents_of_each_half_are_told():
    row = cycles(counted(), Battery("a", rated_capacity_ah=4.0)).row(1, named=True)
    assert (row["charging_duration_second"], row["discharging_duration_second"], row["rest_duration_second"]) == (1980, 1800, 1200)
    assert row["mean_charging_current_ampere"] == pytest.approx(5 * 3600 / 1980, rel=3e-4)
    assert row["discharging_c_rate"] == pytest.approx(10 / 4)


def test_how_each_half_ended_is_told():
    row = cycles(counted()).row(1, named=True)
    assert (row["charge_mode"], row["charge_end"], row["charge_end_voltage_volt"]) == ("CV", "constant_voltage", 4.2)
    assert (row["discharge_mode"], row["discharge_end"], row["discharge_end_voltage_volt"]) == ("CC", "voltage_limit", 3.0)
    assert row["charge_end_current_ampere"] == pytest.approx(0.0)


def test_a_half_that_stopped_short_of_the_batterys_limit_ended_by_something_else():
    row = cycles(counted(), Battery("a", minimum_voltage_volt=2.5)).row(0, named=True)
    assert row["discharge_end"] == "other"


def test_cycles_are_found_where_the_tester_counts_none():
    table = cycles(series(TWO))
    assert table["cycle_basis"].to_list() == ["found"] * 2
    assert table["first_step_count"].to_list() == [1, 7]
    assert table["last_step_count"].to_list() == [6, 10]
    assert table["cycle_discharging_capacity_ah"].to_list() == pytest.approx([5.0, 5.0])


def test_a_count_that_never_changes_is_none():
    assert cycles(series(TWO, cycle_count=1))["cycle_basis"].to_list() == ["found"] * 2


def test_a_discharge_before_the_first_charge_is_a_cycle_of_its_own():
    table = cycles(series([rest(60, 3.7), constant(900, -10.0, 3.6, 3.0), *TWO]))
    assert table["starts_with"].to_list() == ["discharge", "charge", "charge"]
    assert table["complete"].to_list() == [False, True, True]
    assert table["coulombic_efficiency"][0] is None


def test_cycles_can_begin_with_a_discharge_and_are_then_held_against_the_charge_before():
    lossy = constant(1782, -10.0, 4.1, 3.0)  # 4.95 Ah
    table = cycles(series([rest(60, 4.2), DISCHARGE, *CYCLE[:4], lossy, rest(60, 3.2), CHARGE]), begin="discharge")
    assert table["starts_with"].to_list() == ["discharge", "discharge"]
    assert table["cycle_discharging_capacity_ah"].to_list() == pytest.approx([5.0, 4.95])
    assert table["coulombic_efficiency"][0] is None
    assert table["coulombic_efficiency"][1] == pytest.approx(0.99, rel=3e-4)


def test_an_efficiency_is_a_loss_only_where_the_cycle_closes():
    partial = [rest(60, 3.6), constant(810, 10.0, 3.6, 4.2), rest(60, 4.1), DISCHARGE]  # 2.25 Ah in, 5 Ah out
    table = cycles(series([*partial, *CYCLE]))
    assert table["closed"].to_list() == [False, True]
    assert table["coulombic_efficiency"].to_list() == pytest.approx([5 / 2.25, 1.0], rel=3e-4)


def test_pulses_make_no_cycles():
    pulse = [constant(10, -30.0, 3.9, 3.8), rest(40, 4.0), constant(10, 22.5, 4.1, 4.15), rest(300, 4.0), constant(180, -10.0, 4.0, 3.9)]
    table = cycles(series([CHARGE, rest(60, 4.2), *pulse * 8, CHARGE]))
    assert table["complete"].to_list() == [True, False]
    # each group: 30 A and 22.5 A for 10 s, and 10 A for 180 s
    assert table["cycle_discharging_capacity_ah"][0] == pytest.approx(8 * (300 + 1800) / 3600)
    assert table["cycle_charging_capacity_ah"][0] == pytest.approx(4.5 + 8 * 225 / 3600)


def test_a_drive_cycle_is_one_half_with_what_was_recuperated():
    rng = np.random.default_rng(1)
    profile = np.repeat(rng.choice([-40.0, -20.0, -5.0, 0.0, 15.0], 600), 3)
    drive = series([CHARGE, rest(60, 4.2)], counted=False, timed=False).table
    start = drive["test_time_second"][-1]
    driven = pl.DataFrame(
        {
            "record_index": np.arange(1, len(profile) + 1, dtype=np.uint32) + drive.height,
            "test_time_second": start + np.arange(1.0, len(profile) + 1),
            "current_ampere": profile,
            "voltage_volt": np.linspace(4.1, 3.4, len(profile)) + profile / 1000,
        }
    )
    table = cycles(replace(series(CYCLE), table=pl.concat([drive, driven])))
    assert table.height == 1
    net = table["cycle_charging_capacity_ah"][0] - table["cycle_discharging_capacity_ah"][0]
    assert net == pytest.approx(4.5 + profile.sum() / 3600, abs=0.02)
    assert table["cycle_charging_capacity_ah"][0] == pytest.approx(4.5 + profile.clip(min=0).sum() / 3600, rel=0.02)


def test_what_a_tester_counted_stands_beside_the_integral():
    table = cycles(sheet([rest(30, 3.2), replace(CHARGE, label="充电 CC-CV"), rest(600, 4.18), DISCHARGE]))
    assert table.select("cycle_charging_capacity_ah", "counted_charging_capacity_ah").row(0) == (4.5, 4.5)
    assert table.select("cycle_discharging_capacity_ah", "counted_discharging_capacity_ah").row(0) == (5.0, 5.0)


def test_temperatures_are_weighted_by_time():
    made = counted().table.with_columns(pl.when(pl.col("step_count") == 5).then(35.0).otherwise(25.0).alias("surface_temperature_celsius"))
    table = cycles(replace(counted(), table=made))
    # 1800 s at 35 °C and 600 + 1620 + 360 + 600 s at 25 °C
    assert table["mean_temperature_celsius"][0] == pytest.approx((1800 * 35 + 3180 * 25) / 4980, rel=1e-3)
    assert table["maximum_temperature_celsius"].to_list() == [35.0, 25.0]


def test_a_direction_that_is_none_is_refused():
    with pytest.raises(UsageError, match="up"):
        cycles(series(CYCLE), begin="up")  # pyright: ignore[reportArgumentType]


@given(st.lists(st.sampled_from([-2.0, -1.0, 0.0, 1.0, 2.0]), min_size=1, max_size=40))
def test_halves_follow_one_another_and_leave_no_step_out(moved: list[float]):
    found = halves(np.array(moved))
    if any(moved):
        assert (found[0].first, found[-1].last) == (0, len(moved) - 1)
        assert all(after.first == before.last + 1 for before, after in pairwise(found))


@pytest.mark.parametrize("noise", [0.005, 0.02, 0.05])
def test_steps_are_found_in_a_noisy_current(noise: float):
    rng = np.random.default_rng(5)
    parts = [rest(600, 3.2), CHARGE, HOLD, rest(600, 4.18), constant(900, -10.0, 4.1, 3.5), constant(900, -5.0, 3.6, 3.2), rest(60, 3.3)]
    made = series(parts, counted=False, timed=False)
    noisy = made.table.with_columns(pl.col("current_ampere") + pl.Series(np.round(rng.normal(0, noise, made.table.height), 4)))
    found = steps(replace(made, table=noisy))
    assert found["kind"].to_list() == ["rest", "charge", "rest", "discharge", "discharge", "rest"]
    assert found["samples"].to_list() == pytest.approx([601, 1980, 600, 900, 900, 60], abs=6)  # the taper sinks into the noise


def test_a_ramp_into_a_charge_is_part_of_it():
    ramp = Part(30, (3.2, 3.4), (0.0, 10.0))
    assert steps(series([rest(60, 3.2), ramp, CHARGE, rest(60, 4.1)], counted=False, timed=False))["kind"].to_list() == [
        "rest",
        "charge",
        "rest",
    ]


def test_a_regulator_that_hunts_around_zero_makes_one_step():
    rng = np.random.default_rng(2)
    made = series([CHARGE, held(600, 4.2, 0.0, 0.0), DISCHARGE], counted=False, timed=False).table
    hunting = pl.when(pl.col("current_ampere") == 0).then(pl.Series(rng.normal(0, 0.2, made.height))).otherwise(pl.col("current_ampere"))
    found = steps(replace(series(CYCLE), table=made.with_columns(hunting.alias("current_ampere"))))
    assert found.height <= 5


def test_capacity_between_two_voltages_is_that_of_a_straight_line():
    # 5 Ah from 4.1 to 3 V: 0.5 V are 5 · 0.5 / 1.1 Ah
    found = capacity_between(series(CYCLE), 4.0, 3.5, step=5)
    assert found.value == pytest.approx(5 * 0.5 / 1.1, rel=1e-6)
    assert found.conditions["duration_s"] == pytest.approx(1800 * 0.5 / 1.1, rel=1e-6)
    assert capacity_between(series(CYCLE), 4.0, 3.5).value == pytest.approx(found.value)


def test_capacity_between_two_voltages_stands_noise():
    rng = np.random.default_rng(4)
    made = series(CYCLE)
    noisy = made.table.with_columns((pl.col("voltage_volt") + pl.Series(rng.normal(0, 5e-4, made.table.height))).round(4))
    found = capacity_between(replace(made, table=noisy), 4.0, 3.5, step=5, tester=TESTER)
    assert found.value == pytest.approx(5 * 0.5 / 1.1, abs=3 * (found.standard_uncertainty or 0))
    assert found.value == pytest.approx(5 * 0.5 / 1.1, rel=2e-3)


def test_the_budget_of_a_window_is_that_of_its_charge_and_of_both_limits():
    found = capacity_between(series(CYCLE), 4.0, 3.5, step=5, tester=TESTER)
    charge, hours, ah_per_volt = 5 * 0.5 / 1.1, 0.5 * 0.5 / 1.1, 5 / 1.1
    parts = {name.split(":", 1)[1]: value for name, value in found.components.items()}
    assert abs(parts["current:gain"]) == pytest.approx(charge * 0.002 / 3**0.5, rel=1e-6)
    assert abs(parts["current:offset"]) == pytest.approx(hours * 0.01 / 3**0.5, rel=1e-6)
    # both limits lie on one line: an offset moves them alike and cancels, a gain moves them apart by g · 0.5 V
    assert parts.get("voltage:offset", 0.0) == pytest.approx(0.0, abs=1e-9)
    assert abs(parts["voltage:gain"]) == pytest.approx(ah_per_volt * 0.5 * 0.001 / 3**0.5, rel=1e-6)


def test_a_charge_can_be_asked_for_by_its_step():
    found = capacity_between(series(CYCLE), 4.1, 3.3, step=2)
    assert found.value == pytest.approx(4.5 * 0.8, rel=1e-3)
    assert found.conditions["direction"] == "charge"


def test_a_window_that_was_not_passed_has_no_capacity():
    found = capacity_between(series(CYCLE), 4.15, 3.5, step=5)
    assert found.value is None
    assert found.reason
    assert "4.1" in found.reason.text()


def test_a_step_sheet_tells_no_capacity_between_voltages():
    assert capacity_between(sheet(CYCLE), 4.0, 3.5).value is None


def test_limits_upside_down_are_refused():
    with pytest.raises(UsageError, match=r"3\.5"):
        capacity_between(series(CYCLE), 3.5, 4.0)


def test_a_capacity_can_be_asked_for_by_step_or_cycle():
    assert capacity(counted(), step=5).value == pytest.approx(5.0)
    assert capacity(counted(), cycle=2).conditions["step_count"] == 10


def test_a_named_discharge_that_is_none_has_no_capacity():
    short = series([*CYCLE, rest(60, 3.2), CHARGE, HOLD, constant(600, -10.0, 4.1, 3.8)])
    assert capacity(short, step=9).value is None
    with pytest.raises(UsageError, match="77"):
        capacity(short, step=77)
    with pytest.raises(UsageError, match="not both"):
        capacity(short, step=5, cycle=1)


def at(value: float, **conditions: float) -> Quantity:
    return replace(measured("capacity", value, "Ah", 0.01), conditions=conditions)


def test_a_correction_is_stated_and_carries_its_coefficients_uncertainty():
    found = corrected(at(9.5, temperature_celsius=15.0), to_celsius=25.0, per_kelvin=measured("alpha", 0.005, "1/K", 0.001))
    # 9.5 / (1 − 0.05) = 10; u: 0.01/0.95 from the capacity and 10 · 10/0.95 · 0.001 from the coefficient
    assert found.value == pytest.approx(10.0)
    assert found.standard_uncertainty == pytest.approx(np.hypot(0.01 / 0.95, 10 * 10 / 0.95 * 0.001))
    assert found.conditions["uncorrected"] == 9.5
    assert found.conditions["temperature_coefficient_per_kelvin"] == 0.005


def test_a_rate_is_corrected_by_peukerts_exponent():
    found = corrected(at(9.0, c_rate=2.0), to_c_rate=1.0, peukert=exact("k", 1.05, "1"))
    assert found.value == pytest.approx(9.0 * 2**0.05)


def test_a_correction_without_its_coefficient_or_its_condition_is_refused():
    with pytest.raises(UsageError, match="coefficient"):
        corrected(at(9.0, c_rate=2.0), to_c_rate=1.0)
    with pytest.raises(UsageError, match="temperature_celsius"):
        corrected(at(9.0), to_celsius=25.0, per_kelvin=exact("alpha", 0.005, "1/K"))


def test_cycles_of_a_bitrode_file_agree_with_its_counters(data):
    table = cycles(cw.read(data / "safety" / "nissan_leaf_cell" / "1C-Discharge-Bitrode-data.csv"))
    whole = table.filter("complete", "closed")
    assert whole.height == 3
    assert (whole["cycle_discharging_capacity_ah"] / whole["counted_discharging_capacity_ah"] - 1).abs().max() < 5e-3


def test_steps_found_in_a_real_file_are_the_testers_own(data):
    recording = cw.read(data / "safety" / "nissan_leaf_cell" / "NissanLeaf-cell-Low-Current-HPPC-25C-2.csv")
    bare = replace(recording, table=recording.table.drop("step_count", "cycle_count", "step_id", "step_time_second", "step_type"))
    assert steps(bare)["kind"].to_list() == steps(recording)["kind"].to_list()


def untimed(parts: tuple[Part, ...], interval: float = 10.0):
    return series(parts, interval=interval, timed=False)


def test_nothing_is_lost_where_a_charge_turns_from_constant_current_to_constant_voltage():
    moving = steps(untimed(CYCLE)).filter(kind="charge")
    assert moving["mode"].to_list() == ["CC", "CV"]
    readings = untimed(CYCLE).table.filter(pl.col("current_ampere") > 0)
    whole = np.trapezoid(readings["current_ampere"], readings["test_time_second"]) / 3600
    # and outside of the readings half of the 10 s before the first at 10 A; the last but one reads 10/36 A, 5 s before the edge it was at 0
    assert moving["step_net_capacity_ah"].sum() == pytest.approx(whole + 10 * 5 / 3600, abs=5 * 10 / 36 / 3600)


def set_back(seconds: float, at: float):
    """Two cycles, of which the clock is set back in the second discharge."""
    made = untimed((*TWO, rest(600, 3.2)))
    time = pl.col("test_time_second")
    return replace(made, table=made.table.with_columns(pl.when(time > at).then(time - seconds).otherwise(time).alias("test_time_second")))


def test_a_clock_that_is_set_back_by_an_hour_costs_no_charge():
    battery = Battery("a", rated_capacity_ah=5.0, minimum_voltage_volt=3.0, maximum_voltage_volt=4.2)
    straight, fallen = untimed((*TWO, rest(600, 3.2))), set_back(3600, 9000)
    assert capacity(fallen, battery).value == pytest.approx(5.0, rel=1e-9)  # 10 A for 1800 s, the edges midway between readings
    assert steps(fallen)["duration_second"].to_list() == pytest.approx(steps(straight)["duration_second"].to_list())
    said = {m.code: m.params for m in check(fallen, PROCEDURE, battery)}
    assert said["measure.time_set_back"] == {"count": 1}
    assert "measure.time_set_back" not in {m.code for m in check(straight, PROCEDURE, battery)}


def test_rows_in_another_order_are_sorted_by_their_time():
    battery = Battery("a", rated_capacity_ah=5.0, minimum_voltage_volt=3.0, maximum_voltage_volt=4.2)
    straight = untimed(TWO)
    mixed = replace(straight, table=straight.table.sample(fraction=1.0, shuffle=True, seed=7))
    assert steps(mixed)["step_net_capacity_ah"].to_list() == steps(straight)["step_net_capacity_ah"].to_list()
    assert capacity(mixed, battery).value == capacity(straight, battery).value
    assert "measure.rows_out_of_order" in {m.code for m in check(mixed, PROCEDURE, battery)}


def sparse(made: Recording) -> Recording:
    """Keep every tenth reading but those of the discharge."""
    return replace(made, table=made.table.filter((pl.col("current_ampere") < 0) | (pl.col("test_time_second") % 10 == 0)))


def test_a_rest_of_just_the_time_asked_is_no_deviation_where_its_edges_lie_between_two_readings():
    """1800 s at rest, read every 10 s as the charge before it, and a discharge read every second: 5 s less are framed by readings."""
    battery = Battery("a", rated_capacity_ah=5.0, minimum_voltage_volt=3.0, maximum_voltage_volt=4.2)
    asked = PROCEDURE.charge.rest_after_s if PROCEDURE.charge else 0.0
    rested = (rest(3600, 3.2), CHARGE, HOLD, rest(asked, 4.18), DISCHARGE, rest(1800, 3.2))
    whole, short = (sparse(untimed((*rested[:3], rest(asked - less, 4.18), *rested[4:]), interval=1.0)) for less in (0, 60))
    assert steps(whole).filter(kind="rest")["duration_second"][1] == pytest.approx(asked - 5 + 0.5)
    assert "measure.rest_too_short" not in {m.code for m in check(whole, PROCEDURE, battery)}
    assert "measure.rest_too_short" in {m.code for m in check(short, PROCEDURE, battery)}


def test_a_discharge_without_any_charge_before_it_says_just_that():
    found = capacity(untimed((rest(600, 4.1), DISCHARGE, rest(600, 3.2))))
    assert found.reason is not None
    assert found.reason.code == "measure.not_charged_before"
    assert "—" not in found.reason.text("en") + found.reason.text("ko")


def test_steps_that_no_count_tells_are_numbered_as_they_come():
    made = untimed(CYCLE)
    table = steps(replace(made, table=made.table.with_columns(step_count=pl.lit(None, pl.Int64))))
    assert table["step_count"].to_list() == list(range(1, table.height + 1))


def test_a_cycle_of_two_charges_and_two_discharges_is_not_closed():
    pair = (CHARGE, rest(600, 4.18), DISCHARGE, rest(600, 3.2))
    made = series([rest(600, 3.2), *pair, *pair, *pair, *pair])
    # the tester counts the second and the third pair as one cycle
    counted = pl.when(pl.col("step_count") <= 5).then(1).when(pl.col("step_count") <= 13).then(2).otherwise(3).alias("cycle_count")
    table = cycles(replace(made, table=made.table.with_columns(counted)))
    assert table["closed"].to_list() == [False, False, True]
    assert table["coulombic_efficiency"][2] == pytest.approx(5.0 / 4.5)
