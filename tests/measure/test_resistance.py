"""DC resistance of pulses."""

from dataclasses import replace
from math import exp, hypot, sqrt

import numpy as np
import polars as pl
import pytest

from cellwright.core.battery import Battery
from cellwright.core.quantity import Quantity, correlation
from cellwright.core.recording import Recording
from cellwright.measure import resistances
from tests.measure.recordings import CYCLE, SHA, TESTER, constant, rest, series, sheet

R0, R1, TAU = 2e-3, 1e-3, 4.0  # a resistor in series with a resistor and a capacitor
OPEN = 3.7


def cell_under(parts: Recording) -> Recording:
    """Give the recording the voltage of that cell, by its exact answer to a step of current after a long rest."""

    def voltage(step: pl.DataFrame) -> pl.DataFrame:
        current = step["current_ampere"]
        answer = R0 + R1 * (1 - (-step["step_time_second"] / TAU).exp())
        return step.with_columns((OPEN + current * answer).alias("voltage_volt"))

    return replace(parts, table=parts.table.group_by("step_count", maintain_order=True).map_groups(voltage))


def at(found: tuple[Quantity, ...]) -> dict[float, float]:
    return {q.conditions["nominal_time_s"]: q.value or 0.0 for q in found}


def expected(time: float) -> float:
    return R0 + R1 * (1 - exp(-time / TAU))


PULSE = (rest(600, OPEN), constant(30, -20.0, OPEN, OPEN))


def test_resistance_at_each_time_is_the_cells_own():
    found = resistances(cell_under(series(PULSE, interval=0.1)))
    assert at(found) == pytest.approx({t: expected(t) for t in (0.1, 1.0, 2.0, 5.0, 10.0, 18.0, 30.0)}, rel=1e-9)


def test_a_charge_and_a_discharge_pulse_give_the_same():
    up = (rest(600, OPEN), constant(30, 20.0, OPEN, OPEN))
    ways = [resistances(cell_under(series(parts, interval=0.1))) for parts in (PULSE, up)]
    assert at(ways[0]) == pytest.approx(at(ways[1]))
    assert [found[0].conditions["direction"] for found in ways] == ["discharge", "charge"]


def test_a_time_that_the_sampling_cannot_resolve_is_not_there():
    assert list(at(resistances(cell_under(series(PULSE, interval=1.0))))) == [1.0, 2.0, 5.0, 10.0, 18.0, 30.0]
    assert list(at(resistances(cell_under(series(PULSE, interval=6.0))))) == [18.0, 30.0]


def test_the_time_reported_is_that_of_the_sample():
    found = resistances(cell_under(series((rest(600, OPEN), constant(24, -20.0, OPEN, OPEN)), interval=0.96)))
    times = {q.conditions["nominal_time_s"]: q.conditions["time_s"] for q in found}
    assert times == pytest.approx({1.0: 0.96, 2.0: 1.92, 5.0: 4.8, 10.0: 9.6, 18.0: 18.24, 24.0: 24.0})


def test_the_end_of_a_pulse_stands_for_itself():
    found = resistances(cell_under(series((rest(600, OPEN), constant(7, -20.0, OPEN, OPEN)), interval=0.5)))
    assert list(at(found)) == [1.0, 2.0, 5.0, 7.0]
    assert at(found)[7.0] == pytest.approx(expected(7.0))


def test_without_step_times_what_the_resistance_rises_while_the_edge_may_lie_is_in_the_uncertainty():
    rising = series((rest(600, OPEN), constant(30, -20.0, OPEN - 0.05, OPEN - 0.11)), timed=False)  # 2.5 mΩ, and 0.1 mΩ/s more
    for found in resistances(rising, tester=TESTER):
        assert found.components[f"{SHA[:12]}:602:beginning"] == pytest.approx(0.5 * 1e-4, rel=1e-6)  # within half a second to either side
    told = resistances(series((rest(600, OPEN), constant(30, -20.0, OPEN - 0.05, OPEN - 0.11))), tester=TESTER)
    assert not [name for q in told for name in q.components if name.endswith(":beginning")]


def test_without_step_times_only_times_far_from_the_unsure_edge_are_resolved():
    made = cell_under(series(PULSE, interval=1.0))
    found = resistances(replace(made, table=made.table.drop("step_time_second")))
    # the edge lies within half a second of the middle between two samples, and so does the sample of each nominal time: up to 1 s off
    assert [q.conditions["nominal_time_s"] for q in found] == [10.0, 18.0, 30.0]


def test_a_pulse_has_its_state_of_charge_temperature_and_rest():
    parts = [*CYCLE, rest(600, 3.2), constant(900, 10.0, 3.2, 3.7), rest(1200, 3.6), constant(10, -20.0, 3.5, 3.4)]
    (found, *_) = resistances(series(parts, temperature_t1_celsius=23.0), Battery("c", rated_capacity_ah=6.25))
    given = found.conditions
    assert (given["soc"], given["soc_basis"]) == (pytest.approx(2.5 / 5.0, abs=1e-6), "measured")
    assert given["temperature_celsius"] == 23.0
    assert given["rest_before_s"] == pytest.approx(1200)
    assert given["c_rate"] == pytest.approx(20 / 6.25)
    assert given["current_ampere"] == pytest.approx(-20.0)
    assert given["duration_s"] == pytest.approx(10.0)


def test_the_state_of_charge_is_a_share_of_the_rated_capacity_where_none_was_measured():
    parts = [*CYCLE[:4], constant(10, -20.0, 4.0, 3.9), rest(60, 4.1), constant(900, -10.0, 4.0, 3.6), rest(60, 3.7)]
    found = resistances(series([*parts, constant(10, -20.0, 3.6, 3.5)]), Battery("c", rated_capacity_ah=6.25, minimum_voltage_volt=3.0))
    last = found[-1].conditions
    taken = (20 * 10 + 10 * 900) / 3600
    assert (last["soc"], last["soc_basis"]) == (pytest.approx(1 - taken / 6.25, abs=1e-6), "rated")


def test_no_state_of_charge_is_told_before_the_battery_was_full_or_empty():
    (found, *_) = resistances(cell_under(series(PULSE)), Battery("c", rated_capacity_ah=6.25))
    assert "soc" not in found.conditions


def test_a_pulse_that_runs_into_a_voltage_limit_has_no_resistance_from_there_on():
    made = cell_under(series(PULSE, interval=0.1))
    time, current = pl.col("step_time_second"), pl.col("current_ampere")
    limited = pl.when((pl.col("step_count") == 2) & (time > 4)).then(current * (-(time - 4) / 10).exp()).otherwise(current)
    found = resistances(replace(made, table=made.table.with_columns(limited.alias("current_ampere"))))
    assert list(at(found)) == [0.1, 1.0, 2.0]


def test_a_first_sample_on_the_ramp_only_costs_the_times_it_is_a_part_of():
    made = cell_under(series(PULSE, interval=0.1))
    first = (pl.col("step_count") == 2) & (pl.col("step_time_second") < 0.15)
    ramp = made.table.with_columns(pl.when(first).then(-8.0).otherwise("current_ampere").alias("current_ampere"))
    assert list(at(resistances(replace(made, table=ramp)))) == [1.0, 2.0, 5.0, 10.0, 18.0, 30.0]


def test_a_pulse_without_a_rest_before_it_gives_none():
    parts = [rest(600, OPEN), constant(600, -5.0, 3.6, 3.5), constant(10, -20.0, 3.4, 3.3)]
    (found,) = resistances(series(parts))
    assert found.reason is not None
    assert found.reason.code == "measure.no_pulse_resolved"


def test_a_recording_without_pulses_says_so():
    (found,) = resistances(series(CYCLE))
    assert found.reason is not None
    assert found.reason.code == "measure.no_pulse"


def test_a_step_sheet_knows_only_the_end_of_a_pulse():
    parts = [rest(600, 3.9532), constant(0.03, 5.0, 3.9798, 3.9846), rest(0.45, 3.9665, 3.9547), constant(5, -10.0, 3.93, 3.9047)]
    first, second = resistances(sheet(parts))
    assert (first.value, first.conditions["time_s"]) == (pytest.approx((3.9846 - 3.9532) / 5.0), 0.03)
    assert (second.value, second.conditions["time_s"]) == (pytest.approx((3.9047 - 3.9547) / -10.0), 5.0)
    assert second.conditions["rest_before_s"] == pytest.approx(0.45)


def test_a_pulse_of_a_step_sheet_that_was_skipped_at_once_gives_none():
    parts = [rest(600, 3.9532), constant(0.0, 5.0, 3.9532, 3.9532), rest(600, 3.9532), constant(5, -10.0, 3.93, 3.9047)]
    assert [q.conditions["time_s"] for q in resistances(sheet(parts))] == [5.0]


def test_the_budget_holds_gains_and_roundings_and_no_offset():
    found = resistances(cell_under(series(PULSE, interval=0.1)), tester=TESTER)[-1]
    value = expected(30.0)
    voltage, current = 0.0001 / sqrt(12) / 20, value * 0.001 / sqrt(12) / 20
    gains = hypot(value * 0.001 / sqrt(3), value * 0.002 / sqrt(3))
    assert found.standard_uncertainty == pytest.approx(hypot(gains, voltage, voltage, current, current), rel=1e-9)
    assert not [k for k in found.components if k.endswith(":offset")]
    assert found.components[f"{SHA[:12]}:6001:voltage:resolution"] == pytest.approx(voltage)  # −1/ΔI, and ΔI is negative


def test_the_scatter_of_the_rest_before_is_in_the_budget_twice():
    made = cell_under(series(PULSE, interval=0.1))
    sign = pl.when(pl.col("record_index") % 2 == 0).then(0.001).otherwise(-0.001)
    found = resistances(replace(made, table=made.table.with_columns(pl.col("voltage_volt") + sign)), tester=TESTER)[-1]
    # 20 readings 1 mV up and down about their line, which takes a little of it: Σr² = 20 (1 − 3/(20² − 1)) mV², over n − 2
    scatter = 0.001 * sqrt(20 * (1 - 3 / 399) / 18)
    own = sqrt(scatter**2 - 0.0001**2 / 12)  # the rounding is counted for itself
    for record in (6001, 6301):
        assert abs(found.components[f"{SHA[:12]}:{record}:voltage:noise"]) == pytest.approx(own / 20, rel=1e-6)


def test_a_few_readings_before_the_pulse_tell_no_scatter():
    short = (rest(0.8, OPEN), constant(30, -20.0, OPEN, OPEN))
    assert not [k for k in resistances(cell_under(series(short, interval=0.1)), tester=TESTER)[-1].components if k.endswith(":noise")]


def test_coarse_printing_counts_where_it_is_coarser_than_the_tester():
    made = cell_under(series(PULSE, interval=0.1))
    rng = np.random.default_rng(5)
    printed = (pl.col("voltage_volt") + pl.Series(rng.normal(0, 0.01, made.table.height))).round(3)
    found = resistances(replace(made, table=made.table.with_columns(printed.alias("voltage_volt"))), tester=TESTER)[0]
    assert abs(found.components[f"{SHA[:12]}:6001:voltage:resolution"]) == pytest.approx(0.001 / sqrt(12) / 20)


def test_two_resistances_of_one_pulse_share_the_state_before_it():
    found = resistances(cell_under(series(PULSE, interval=0.1)), tester=TESTER)
    shared = set(found[0].components) & set(found[-1].components)
    assert f"{SHA[:12]}:6001:voltage:resolution" in shared
    assert correlation(found[0], found[-1]) > 0.5


def test_evidence_is_the_two_readings():
    (evidence,) = resistances(cell_under(series(PULSE, interval=0.1)))[-1].evidence
    assert evidence.rows == ((6001, 6001), (6301, 6301))
