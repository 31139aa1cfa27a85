"""Capacity, energy and efficiency of the reference discharge."""

from dataclasses import replace
from math import exp, hypot, sqrt

import polars as pl
import pytest

from cellwright.core.battery import Battery
from cellwright.core.boundary import from_json, to_json
from cellwright.core.quantity import Quantity, correlation
from cellwright.core.recording import Recording
from cellwright.measure import capacity, efficiencies, energy, everything
from tests.measure.recordings import CHARGE, CYCLE, DISCHARGE, HOLD, SHA, TESTER, Part, constant, held, rest, series, sheet

CELL = Battery("c", rated_capacity_ah=6.25, rated_capacity_c_rate=1.6, minimum_voltage_volt=3.0, maximum_voltage_volt=4.2)
HELD = Part(1620 + 360, (3.2, 4.2), (10.0, 0.5), "充电 CC-CV")
UNHELD = (rest(600, 3.2), CHARGE, rest(600, 4.18), DISCHARGE)
SHEET = (rest(600, 3.2), HELD, rest(600, 4.18), DISCHARGE)


def reason(recording: Recording, battery: Battery | None = CELL) -> str:
    found = capacity(recording, battery)
    assert found.value is None
    assert found.reason is not None
    return found.reason.text("en")


def all_of(recording: Recording, battery: Battery | None = CELL, name: str = "capacity") -> list[float]:
    return [q.value or 0.0 for q in everything(recording, battery)[name]]


def test_ten_amperes_for_half_an_hour_are_five_ampere_hours():
    found = capacity(series(CYCLE), CELL)
    assert found.value == pytest.approx(10 * 1800 / 3600, rel=1e-12)
    assert found.unit == "Ah"


def test_energy_is_charge_times_the_mean_of_a_straight_voltage():
    found = energy(series(CYCLE), CELL)
    assert found.value == pytest.approx(5.0 * (4.1 + 3.0) / 2, rel=1e-4)
    assert found.unit == "Wh"


def test_the_conditions_stand_beside_the_number():
    given = capacity(series(CYCLE, temperature_t1_celsius=24.5), CELL).conditions
    assert given["c_rate"] == pytest.approx(10 / 6.25)
    assert given["c_rate_basis"] == "rated"
    assert given["voltage_window_volt"] == (3.0, 4.2)
    assert given["window_basis"] == "battery"
    assert given["temperature_celsius"] == given["start_temperature_celsius"] == 24.5
    assert given["rest_before_s"] == pytest.approx(600)
    assert given["charge_mode"] == "CV"
    assert given["unconditioned"] is True
    assert given["step_count"] == 5


def test_evidence_is_the_rows_of_the_discharge():
    (evidence,) = capacity(series(CYCLE), CELL).evidence
    assert evidence.sha256 == SHA
    assert evidence.rows == ((601 + 1620 + 360 + 600 + 1, 601 + 1620 + 360 + 600 + 1800),)


def test_without_a_battery_the_limits_and_the_rate_are_those_that_occur():
    given = capacity(series(CYCLE)).conditions
    assert given["voltage_window_volt"] == (3.0, 4.2)
    assert given["window_basis"] == "recording"
    assert (given["c_rate"], given["c_rate_basis"]) == (pytest.approx(2.0), "measured")


def test_the_uncertainty_is_what_the_testers_limits_make_of_it():
    found = capacity(series(UNHELD), CELL, TESTER)
    gain = 5.0 * 0.002 / sqrt(3)
    offset = 0.5 * 0.01 / sqrt(3)  # half an hour
    rounding = 0.5 * 0.001 / sqrt(12)  # of a constant current: it does not average out
    clock = 10 / 3600 * sqrt(2) * 0.1 / sqrt(12)
    below, above = 5.0 / (4.1 - 3.0), 4.5 / (4.2 - 3.2)  # Ah/V: read too high, a voltage lets it run on below, and fills it less above
    limits = hypot((3.0 * below - 4.2 * above) * 0.001 / sqrt(3), (below - above) * 0.002 / sqrt(3))
    assert found.standard_uncertainty == pytest.approx(hypot(gain, offset, rounding, clock, limits), rel=1e-9)
    assert found.components["t/m:current:gain"] == pytest.approx(gain)
    assert found.components["t/m:current:offset"] == pytest.approx(-offset)  # an offset that charges takes from a discharge


def test_an_edge_that_lies_between_two_samples_is_in_the_uncertainty():
    found = capacity(series(CYCLE, interval=10.0, timed=False), CELL, TESTER)
    edge = next(v for k, v in found.components.items() if k.endswith(":edge"))
    assert abs(edge) == pytest.approx(10 / 3600 * 5 / sqrt(3))


def test_a_step_sheets_counter_is_as_good_as_its_last_digit():
    found = capacity(sheet(SHEET), CELL, TESTER)
    assert found.value == 5.0
    assert found.method is not None
    assert found.method.name == "full-discharge/step-counter"
    digit = 1e-4 / sqrt(12)  # the counters of this sheet are 2.8875, 5.0 and 0
    assert found.components[f"{SHA[:12]}:5:capacity:resolution"] == pytest.approx(-digit)


def test_energy_and_capacity_of_one_discharge_are_correlated_through_the_current():
    made = series(CYCLE)
    together = correlation(capacity(made, CELL, TESTER), energy(made, CELL, TESTER))
    assert 0.8 < together < 1.0


def test_wrong_limits_count_in_the_energy_with_the_voltage_there():
    found = energy(series(UNHELD), CELL, TESTER)
    mean, below, above = 3.55, 5.0 / 1.1, 4.5
    begun = 4.1 - 1.1 / 1800  # V, at the discharge's first sample
    offset = (5.0 + 3.0 * below - begun * above) * 0.002 / sqrt(3)  # of every reading, of the last one, of the charge's last one
    assert found.components["t/m:voltage:offset"] == pytest.approx(offset, rel=1e-6)
    gain = (5.0 * mean + 3.0 * 3.0 * below - 4.2 * begun * above) * 0.001 / sqrt(3)
    assert found.components["t/m:voltage:gain"] == pytest.approx(gain, rel=1e-4)


def test_where_the_charge_was_held_the_slope_there_is_that_of_the_current_times_the_resistance():
    made = series([*CYCLE[:3], rest(600, 4.199), DISCHARGE])  # whose rest tells less
    seconds = pl.col("test_time_second") - 2220
    tapering = 10.0 * (-seconds / 180).exp()  # over 360 s, so that it falls by 20 A for each Ah that goes in
    faded = pl.when(pl.col("step_count") == 3).then(tapering).otherwise("current_ampere").alias("current_ampere")
    found = capacity(replace(made, table=made.table.with_columns(faded)), CELL, TESTER)
    put_in = 10 * 180 / 3600 * (1 - exp(-2))
    resistance = (4.2 - (4.1 - 1.1 / 5.0 * put_in)) / (10 + 10)  # where the hold began, and the discharge came by again
    above = 5.0 / 1.1 - found.components["t/m:voltage:offset"] / (0.002 / sqrt(3))
    assert above == pytest.approx(1 / (20 * resistance), rel=0.01)


def test_what_the_voltage_falls_in_the_rest_after_the_charge_tells_the_resistance_where_it_tells_more():
    parts = [rest(600, 3.2), CHARGE, held(360, 4.2, 10.0, 0.5), rest(600, 4.16), DISCHARGE]
    found = capacity(series(parts), CELL, TESTER)
    resistance = (0.04 - 2 * 1e-4 / sqrt(12)) / 0.5  # 0.08 ohm; half of the loop gives 0.01
    # I = 0.5 + 9.5 u in the time u left, so dI/dQ is steepest at the end: from the last 5 % of the charge, about 360 s in all
    left = [(u, (0.5 * u + 9.5 * u**2 / 2) * 360 / 3600) for u in [second / 360 for second in range(360)]]
    tail = [(0.5 + 9.5 * u, -q) for u, q in left if q <= 0.05 * left[-1][1]]
    mean_i, mean_q = (sum(column) / len(tail) for column in zip(*tail, strict=True))
    fall = -sum((i - mean_i) * (q - mean_q) for i, q in tail) / sum((q - mean_q) ** 2 for _, q in tail)
    above = 5.0 / 1.1 - found.components["t/m:voltage:offset"] / (0.002 / sqrt(3))
    assert above == pytest.approx(1 / (fall * resistance), rel=0.01)


def test_a_discharge_that_ended_held_has_no_lower_limit_to_err_at():
    parts = [rest(600, 3.2), CHARGE, rest(600, 4.18), constant(1620, -10.0, 4.1, 3.0), held(360, 3.0, -10.0, 0.0)]
    made = series(parts, timed=False)
    as_one_step = pl.col("step_count").clip(upper_bound=4)
    found = capacity(replace(made, table=made.table.with_columns(as_one_step)), CELL, TESTER)
    assert found.value == pytest.approx(5.0, rel=1e-3)
    assert found.components["t/m:voltage:offset"] == pytest.approx(-4.5 * 0.002 / sqrt(3), rel=1e-6)


def test_a_step_sheet_has_no_slope_to_tell_what_a_wrong_cut_off_does():
    assert not [k for k in capacity(sheet(SHEET), CELL, TESTER).components if ":voltage:" in k]


def test_both_edges_are_in_the_uncertainty_where_the_step_times_are_not():
    found = capacity(series([*CYCLE, rest(600, 3.1)], interval=10.0, timed=False), CELL, TESTER)
    assert abs(found.components[f"{SHA[:12]}:{61 + 162 + 36 + 60 + 1}:edge"]) == pytest.approx(10 / 3600 * (5 + 5) / sqrt(3))


def paused(recording: Recording, after: float, seconds: float) -> Recording:
    """Stop the test for a while, after so many seconds of its fifth step."""
    late = (pl.col("step_count") > 5) | ((pl.col("step_count") == 5) & (pl.col("within") > after))
    within = recording.table.with_columns((pl.col("test_time_second") - 3180.0).alias("within"))
    shifted = within.with_columns(
        pl.when(late).then(pl.col("test_time_second") + seconds).otherwise("test_time_second").alias("test_time_second")
    )
    return replace(recording, table=shifted.drop("within"))


def test_no_current_is_counted_through_a_pause_in_a_discharge():
    found = everything(paused(series([*CYCLE, *CYCLE]), 900, 1800), CELL, TESTER)
    taken = next(q for q in found["capacity"] if q.conditions["step_count"] == 5)
    assert taken.value == pytest.approx(5.0, rel=1e-9)
    assert taken.conditions["pause_s"] == pytest.approx(1800)
    assert taken.conditions["duration_s"] == pytest.approx(1800)
    energies = {q.conditions["step_count"]: q.value for q in found["energy"]}
    assert energies[5] == pytest.approx(5.0 * 3.55, rel=1e-4)
    assert all("pause_s" not in q.conditions for q in found["capacity"] if q is not taken)


def test_a_pause_is_seen_without_step_times_where_it_is_far_longer_than_the_sampling():
    found = capacity(paused(series(CYCLE, timed=False), 900, 1800), CELL, TESTER)
    # of the gap of 1801 s half a second is taken to have run, give or take as much; so is half the second in which the start lies
    assert found.conditions["pause_s"] == pytest.approx(1800.5)
    assert found.value == pytest.approx(5.0 - 10 * (0.5 + 0.5) / 3600)
    edges = next(v for k, v in found.components.items() if k.endswith(":edge"))
    assert abs(edges) == pytest.approx(10 / 3600 * (0.5 + 0.5) / sqrt(3))


def test_the_pause_of_a_charge_stands_beside_the_efficiency():
    made = series([*CYCLE, *CYCLE])
    charge = 600 + 1620 + 360 + 600 + 1800 + 600 + 800  # in the middle of the second one
    late = pl.when(pl.col("test_time_second") > charge).then(pl.col("test_time_second") + 900).otherwise("test_time_second")
    (found,) = efficiencies(replace(made, table=made.table.with_columns(late.alias("test_time_second"))), CELL)["coulombic_efficiency"]
    assert found.value == pytest.approx(1.0, rel=1e-6)
    assert found.conditions["pause_s"] == pytest.approx(900)


def test_a_long_gap_that_the_step_time_covers_is_no_pause():
    made = series(CYCLE)
    gap = (pl.col("step_count") == 5) & pl.col("step_time_second").is_between(600, 1200, closed="none")
    found = capacity(replace(made, table=made.table.filter(~gap)), CELL)
    assert found.value == pytest.approx(5.0, rel=1e-9)
    assert "pause_s" not in found.conditions


def test_the_efficiency_by_the_counters_is_shown_where_it_is_another_one():
    made = series([*CYCLE, *CYCLE])

    def counting(out: float) -> Recording:
        ampere = pl.col("current_ampere")
        share = {"charging": ampere.clip(lower_bound=0), "discharging": -out * ampere.clip(upper_bound=0)}
        grown = [(part.cum_sum().over("step_count") / 3600).alias(f"step_{way}_capacity_ah") for way, part in share.items()]
        return replace(made, table=made.table.with_columns(grown))

    def told(recording: Recording) -> dict[str, object]:
        return dict(efficiencies(recording, CELL)["coulombic_efficiency"][0].conditions)

    assert "counter_efficiency" not in told(counting(0.997))
    assert told(counting(0.9))["counter_efficiency"] == pytest.approx(0.9, abs=2e-3)  # summed by the second, without the first half


def test_a_cold_discharge_does_not_hide_the_warm_ones():
    parts = [*CYCLE, *CYCLE, *CYCLE[:4], constant(1440, -10.0, 4.1, 3.0)]  # 4.0 Ah in the cold
    made = series(parts)
    cold = pl.when(pl.col("step_count") > 10).then(0.0).otherwise(24.0).alias("temperature_t1_celsius")
    chilled = replace(made, table=made.table.with_columns(cold))
    assert all_of(chilled)[0] == pytest.approx(4.0)  # nobody said what is rated at what
    assert all_of(chilled, replace(CELL, rated_temperature_celsius=25.0)) == pytest.approx([5.0, 4.0, 5.0])
    assert all_of(chilled, replace(CELL, rated_temperature_celsius=1.0))[0] == pytest.approx(4.0)


def test_a_temperature_that_comes_late_is_that_of_the_start():
    late = pl.when(pl.col("step_time_second") > 5).then(24.5).alias("temperature_t1_celsius")
    made = series(CYCLE)
    assert capacity(replace(made, table=made.table.with_columns(late)), CELL, TESTER).conditions["start_temperature_celsius"] == 24.5
    none = pl.when(pl.col("step_count") < 5).then(24.5).alias("temperature_t1_celsius")
    given = capacity(replace(made, table=made.table.with_columns(none)), CELL, TESTER).conditions
    assert not [k for k in given if "temperature" in k]


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("column", ["test_time_second", "voltage_volt", "current_ampere", "temperature_t1_celsius"])
def test_what_is_no_finite_number_is_no_reading(column: str, wrong: float):
    made = series(CYCLE, temperature_t1_celsius=24.5)
    at = pl.col("record_index").is_in([1, 3300, 4000])
    holed = made.table.with_columns(pl.when(at).then(wrong).otherwise(column).alias(column))
    found = everything(replace(made, table=holed), CELL, TESTER)
    (taken,) = found["capacity"]
    assert taken.value == pytest.approx(5.0, rel=1e-9)
    assert taken.conditions["temperature_celsius"] == 24.5
    assert (found["maximum_voltage"][0].value, found["temperature_rise"][0].value) == (pytest.approx(4.2), 0.0)


def test_without_a_tester_no_uncertainty_is_claimed():
    assert capacity(series(CYCLE), CELL).standard_uncertainty is None


def test_the_testers_own_counter_is_shown_where_it_differs_by_more_than_half_a_percent():
    made = series(CYCLE)

    def counting(wrong: float) -> Recording:
        grown = -wrong * pl.col("current_ampere").clip(upper_bound=0).cum_sum().over("step_count") / 3600
        return replace(made, table=made.table.with_columns(grown.alias("step_discharging_capacity_ah")))

    assert "counter_ah" not in capacity(counting(1.004), CELL).conditions
    assert capacity(counting(1.01), CELL).conditions["counter_ah"] == pytest.approx(5.05)


# ends of the discharge


def test_a_discharge_that_ends_a_reading_below_its_limit_has_reached_it_and_no_more():
    low = constant(1800, -10.0, 4.1, 2.9997)
    found = capacity(sheet([*SHEET[:3], low]), CELL, TESTER)
    assert found.value == 5.0
    assert found.conditions["voltage_window_volt"] == (3.0, 4.2)


def test_a_discharge_that_ends_within_the_testers_uncertainty_has_reached_its_limit():
    u = 2 * hypot(3.0 * 0.001 / sqrt(3), 0.002 / sqrt(3), 0.0001 / sqrt(12))  # 4.2 mV
    within, beyond = (constant(1800, -10.0, 4.1, 3.0 + share * u) for share in (0.98, 1.02))
    assert capacity(sheet([*SHEET[:3], within]), CELL, TESTER).value == 5.0
    assert capacity(sheet([*SHEET[:3], beyond]), CELL, TESTER).value is None


def test_an_aborted_discharge_gives_no_capacity_and_names_the_voltage_it_stopped_at():
    aborted = constant(900, -10.0, 4.1, 3.5)
    for made in (sheet([*SHEET[:3], aborted]), series([*CYCLE[:4], aborted])):
        assert "3.5 V" in reason(made)
        assert "step" in reason(made)


def test_no_discharge_gives_no_capacity():
    assert "no discharge" in reason(sheet(SHEET[:3]))
    assert "no discharge" in reason(series([*CYCLE[:4], constant(30, -10.0, 4.1, 4.0)]))  # a pulse is none


def test_a_discharge_that_did_not_start_from_full_gives_no_capacity():
    assert "4.2 V" in reason(series([rest(600, 4.0), constant(1200, -10.0, 3.9, 3.0)]))
    short = constant(1620, 10.0, 3.2, 4.1)
    assert "4.2 V" in reason(series([rest(600, 3.2), short, rest(600, 4.0), DISCHARGE]))


def test_a_discharge_in_portions_with_rests_between_is_no_reference_discharge():
    halves = [constant(900, -10.0, 4.1, 3.6), rest(600, 3.7), constant(900, -10.0, 3.6, 3.0)]
    assert "in one go" in reason(series([*CYCLE[:4], *halves]))


def test_a_discharge_that_the_program_runs_in_two_steps_is_one():
    halves = [constant(900, -10.0, 4.1, 3.6), constant(900, -10.0, 3.6, 3.0)]
    found = capacity(series([*CYCLE[:4], *halves]), CELL)
    assert found.value == pytest.approx(5.0)
    assert found.conditions["duration_s"] == pytest.approx(1800)


def test_a_second_discharge_at_a_lower_rate_adds_nothing_to_the_first():
    after = constant(600, -2.0, 3.2, 3.0)
    assert capacity(series([*CYCLE, after]), CELL).value == pytest.approx(5.0)


def test_pulses_between_charge_and_discharge_do_no_harm():
    pulses = [constant(5, -10.0, 4.1, 4.09), rest(40, 4.15), constant(5, 10.0, 4.19, 4.2), rest(60, 4.18)]
    assert capacity(series([*CYCLE[:4], *pulses, DISCHARGE]), CELL).value == pytest.approx(5.0)


def test_a_charge_that_a_protection_ended_above_the_limit_is_not_full():
    cut_off = constant(180, 10.0, 4.1, 4.3)
    parts = [*CYCLE[:4], constant(600, -10.0, 4.1, 3.8), cut_off, rest(60, 4.2), DISCHARGE]
    assert "4.2 V" in reason(series(parts))


def test_a_charge_without_a_taper_is_full_where_none_was_held_and_says_so():
    found = capacity(series([rest(600, 3.2), CHARGE, rest(600, 4.18), DISCHARGE]), CELL)
    assert found.conditions["charge_mode"] == "CC"
    assert found.conditions["charge_end_current_ampere"] == 10.0


# several discharges


def test_of_two_discharges_the_conditioned_one_is_used_and_the_first_is_called_unconditioned():
    second = constant(1764, -10.0, 4.1, 3.0)
    found = everything(series([*CYCLE, *CYCLE[:4], second]), CELL)["capacity"]
    assert [q.value for q in found] == pytest.approx([4.9, 5.0])
    assert [q.conditions["unconditioned"] for q in found] == [False, True]


def test_the_rated_rate_comes_before_any_other():
    slow = constant(9180, -2.0, 4.1, 3.0)  # 5.1 Ah
    parts = [*CYCLE, *CYCLE[:4], DISCHARGE, *CYCLE[:4], slow]
    assert all_of(series(parts, interval=3.0)) == pytest.approx([5.0, 5.0, 5.1], rel=1e-6)
    at_slow = replace(CELL, rated_capacity_ah=6.0, rated_capacity_c_rate=1 / 3)
    assert all_of(series(parts, interval=3.0), at_slow)[0] == pytest.approx(5.1)


def test_efficiency_is_discharge_over_the_charge_before_it():
    less = constant(1764, -10.0, 4.1, 3.0)
    found = efficiencies(series([*CYCLE, *CYCLE[:4], less]), CELL)
    assert [q.value for q in found["coulombic_efficiency"]] == pytest.approx([4.9 / 5.0], rel=1e-6)
    charged = 4.5 * 3.7 + 0.5 * 4.2
    assert [q.value for q in found["energy_efficiency"]] == pytest.approx([4.9 * 3.55 / charged], rel=1e-4)


def test_the_gain_of_the_tester_cancels_in_an_efficiency_and_its_offset_counts_twice():
    (found,) = efficiencies(series([*CYCLE, *CYCLE]), CELL, TESTER)["coulombic_efficiency"]
    assert found.components.get("t/m:current:gain", 0.0) == pytest.approx(0.0, abs=1e-12)
    charged, discharged = (1620 + 360) / 3600, 1800 / 3600  # hours at an offset of 10 mA
    assert found.components["t/m:current:offset"] == pytest.approx(-0.01 / sqrt(3) * (charged + discharged) / 5.0, rel=1e-5)


def test_there_is_no_efficiency_where_the_charge_began_at_an_unknown_state():
    (found,) = efficiencies(series(CYCLE), CELL)["coulombic_efficiency"]
    assert found.reason is not None
    assert found.reason.code == "measure.charge_from_unknown_state"


def test_there_is_no_efficiency_where_more_than_a_charge_lay_between():
    between = [rest(600, 3.2), constant(900, 10.0, 3.2, 3.7), constant(450, -10.0, 3.6, 3.4)]
    (found,) = efficiencies(series([*CYCLE, *between, *CYCLE[1:]]), CELL)["coulombic_efficiency"]
    assert found.reason is not None
    assert found.reason.code == "measure.no_closed_cycle"


def test_there_is_no_efficiency_between_discharges_at_different_currents():
    slow = constant(9180, -2.0, 4.1, 3.0)  # leaves the battery emptier than 10 A do
    (found,) = efficiencies(series([*CYCLE, *CYCLE[:4], slow], interval=3.0), CELL)["coulombic_efficiency"]
    assert found.reason is not None
    assert found.reason.code == "measure.no_closed_cycle"


def test_quantities_go_to_json_and_back():
    for found in everything(series([*CYCLE, *CYCLE]), CELL, TESTER).values():
        for quantity in found:
            assert from_json(Quantity, to_json(quantity), "q") == quantity


def test_a_step_sheet_whose_counters_were_not_exported_has_no_capacity():
    made = sheet(SHEET)
    bare = replace(made, table=made.table.select(c for c in made.table.columns if "_charging_" not in c and "_discharging_" not in c))
    found = capacity(bare, CELL)
    assert found.value is None


def test_a_charge_held_beyond_the_limit_widens_the_window():
    high = [rest(600, 3.2), constant(1620, 10.0, 3.2, 4.3), held(360, 4.3, 10.0, 0.0), rest(600, 4.25), DISCHARGE]
    assert capacity(series(high), CELL, TESTER).conditions["voltage_window_volt"] == (3.0, 4.3)


def test_the_hold_after_the_charge_is_what_the_taper_is_read_from():
    assert HOLD.amperes[1] == capacity(series(CYCLE), CELL).conditions["charge_end_current_ampere"]


def test_a_current_that_swings_between_its_readings_is_as_unsure_as_it_swings():
    made = series(UNHELD)
    discharge = (pl.col("step_count") == 4) & (pl.col("record_index") % 2 == 0)
    swinging = pl.when(discharge).then(-12.0).when(pl.col("step_count") == 4).then(-8.0).otherwise("current_ampere")
    found = capacity(replace(made, table=made.table.with_columns(swinging.alias("current_ampere"))), CELL, TESTER)
    sampling = next(v for k, v in found.components.items() if k.endswith(":sampling"))
    # each of 1800 readings but the outer two lies 4 A from its neighbours and stands for one second
    assert abs(sampling) == pytest.approx(sqrt(1798 * 4.0**2 / 1.5) / 3600, rel=1e-9)
    assert not [k for k in capacity(made, CELL, TESTER).components if k.endswith(":sampling")]
