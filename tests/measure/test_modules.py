"""The cells of a module, on strings whose every cell is known, and on real ones."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import cellwright as cw
from cellwright.core.battery import Battery
from cellwright.core.quantity import covariance
from cellwright.core.recording import Recording
from cellwright.core.tester import default_tester
from tests.measure.made_cell import lfp, nmc
from tests.measure.made_string import HIGH, LOW, Strung, charged_and_discharged, module

TESTER = default_tester()
AMPERE = 20.0
CAPACITY = np.array([48.7, 48.7, 46.9, 45.6, 44.2, 46.2, 46.3, 44.0, 45.3, 49.9, 47.7, 45.4])
RESISTANCE = np.array([1.5, 1.0, 1.4, 1.2, 1.1, 1.3, 1.25, 1.6, 1.05, 1.45, 1.35, 1.15]) * 1e-3
WEAKEST = 8
"""The cell with 44.0 Ah, counted from 1."""


def string(**rest: object) -> Strung:
    return Strung(CAPACITY.copy(), np.zeros(12), RESISTANCE.copy(), **rest)  # pyright: ignore[reportArgumentType]


BALANCED = charged_and_discharged(string())
RECORDING = BALANCED.recording()
TRUTH = BALANCED.truth_ah(AMPERE)
FOUND = cw.measure.cells(RECORDING, module(12), TESTER)


def errors(found: cw.measure.Cells, truth: np.ndarray) -> np.ndarray:
    return found.table["capacity_ah"].to_numpy() / truth - 1


def test_only_the_cell_that_reached_both_limits_has_a_measured_capacity():
    assert FOUND.table.filter(capacity_origin="bench")["cell"].to_list() == [WEAKEST]
    (weakest,) = [q for q in FOUND.quantities["cell_capacity"] if q.origin == "bench"]
    assert weakest.value == pytest.approx(TRUTH[WEAKEST - 1], rel=2e-4)
    assert weakest.conditions["reached_upper"]
    assert weakest.conditions["reached_lower"]


def test_the_others_are_estimated_by_their_curves_and_say_so():
    others = [q for q in FOUND.quantities["cell_capacity"] if q.conditions["cell"] != WEAKEST]
    assert {q.origin for q in others} == {"estimated"}
    assert {q.conditions["reference_cell"] for q in others} == {WEAKEST}
    assert np.abs(errors(FOUND, TRUTH)).max() < 1e-3
    assert all(abs((q.value or 0) - TRUTH[q.conditions["cell"] - 1]) < (q.expanded_uncertainty or 0) for q in others)


def test_an_estimate_keeps_the_bound_that_stands_without_it():
    bounds = FOUND.table["capacity_at_least_ah"].drop_nulls().to_numpy()
    assert len(bounds) == 11
    assert np.all(bounds < TRUTH[WEAKEST - 1])
    assert np.all(bounds > 0.99 * TRUTH[WEAKEST - 1])


def test_the_weakest_cell_is_the_one_with_the_least_capacity():
    assert FOUND.weakest == WEAKEST


def test_the_spread_is_highest_less_lowest_and_knows_what_is_shared():
    (spread,) = FOUND.quantities["cell_capacity_spread"]
    assert spread.value == pytest.approx(TRUTH.max() - TRUTH.min(), abs=0.05)
    assert (spread.conditions["highest_cell"], spread.conditions["lowest_cell"]) == (10, WEAKEST)
    assert spread.origin == "estimated"
    one, other = FOUND.quantities["cell_capacity"][9], FOUND.quantities["cell_capacity"][0]
    assert covariance(one, other) > 0  # one current went through both
    row = FOUND.spread.row(by_predicate=pl.col("quantity") == "cell_capacity", named=True)
    assert row["standard_deviation"] == pytest.approx(np.std(TRUTH, ddof=1), rel=0.01)


def test_cells_that_began_less_full_are_estimated_from_those_that_began_full():
    lacking = np.linspace(0.03, 0.0, 12)
    uneven = charged_and_discharged(string(seed=2), top=1 - lacking)
    found = cw.measure.cells(uneven.recording(), module(12), TESTER)
    truth = uneven.truth_ah(AMPERE)
    full = set(found.table.filter("reached_upper")["cell"])
    assert 12 in full
    assert not full & set(range(1, 9))
    assert np.abs(errors(found, truth)).max() < 5e-3
    for quantity in found.quantities["cell_capacity"]:
        assert abs((quantity.value or 0) - truth[quantity.conditions["cell"] - 1]) < (quantity.expanded_uncertainty or 0)


def test_a_flat_curve_gives_estimates_that_hold_or_only_bounds():
    made = charged_and_discharged(string(ocv=lfp))
    battery = replace(module(12), maximum_voltage_volt=12 * 3.615)
    found = cw.measure.cells(made.recording(), battery, TESTER)
    truth = made.truth_ah(AMPERE)
    for quantity in found.quantities["cell_capacity"]:
        true = truth[quantity.conditions["cell"] - 1]
        if quantity.value is None:
            assert quantity.conditions["at_least_ah"] < true
        else:
            assert abs(quantity.value - true) < 1.5 * (quantity.expanded_uncertainty or 0)


def test_without_any_full_cell_there_are_only_bounds_with_the_reason():
    bare = string()
    bare.soc = np.full(12, 0.8)
    found = cw.measure.cells(bare.run(3600).run(36000, -AMPERE, until=LOW).run(600).recording(), module(12), TESTER)
    assert found.table["capacity_ah"].null_count() == 12
    codes = {q.reason.code for q in found.quantities["cell_capacity"] if q.reason}
    assert codes == {"measure.cell_not_emptied", "measure.cell_not_charged"}
    assert all(0 < q.conditions["at_least_ah"] < 0.8 * 44.0 for q in found.quantities["cell_capacity"])


def test_a_discharge_beyond_the_limit_counts_to_the_limit():
    made = string()
    made.soc = 1 - 30 / CAPACITY
    made.run(600).run(3600 * 29.5 / AMPERE, AMPERE).run(4500, 0.4, 30.0).run(3600).run(36000, -AMPERE, until=2.7).run(600)
    found = cw.measure.cells(made.recording(), module(12), TESTER)
    assert found.quantities["cell_capacity"][WEAKEST - 1].value == pytest.approx(TRUTH[WEAKEST - 1], rel=5e-4)


def test_one_false_reading_below_the_limit_does_not_end_a_cell():
    volts = np.array(RECORDING.table["cell_voltages_volt"].to_numpy())
    discharge = np.flatnonzero((RECORDING.table["current_ampere"] < 0).to_numpy())
    volts[discharge[400], 0] = 0.0
    spoilt = RECORDING.table.with_columns(pl.Series("cell_voltages_volt", volts, dtype=pl.Array(pl.Float32, 12)))
    found = cw.measure.cells(replace(RECORDING, table=spoilt), module(12), TESTER)
    assert not found.table["reached_lower"][0]


def pulsed() -> Strung:
    made = string(noise_volt=2e-5)
    made.soc = np.full(12, 0.6)
    made.run(3600, interval=10.0)
    for ampere in (-40.0, 30.0, -40.0):
        made.run(10, ampere, 0.1).run(1800, interval=10.0)
    return made


def test_every_cell_has_its_resistance_in_every_pulse():
    found = cw.measure.cells(pulsed().recording(), replace(module(12), rated_capacity_ah=50.0), TESTER)
    assert found.pulses["pulse"].unique().to_list() == [0, 1, 2]
    ends = found.pulses.filter(pl.col("nominal_time_s") == 10, pl.col("pulse") == 2)
    # R0, half of it in the RC element of 60 s, and what 40 A for 10 s do to the open-circuit voltage
    before = 0.6 + (30.0 - 40.0) * 10 / 3600 / CAPACITY
    moved = nmc(before) - nmc(before - 400 / 3600 / CAPACITY)
    expected = RESISTANCE * (1 + 0.5 * (1 - np.exp(-10 / 60))) + moved / 40
    assert ends["resistance_ohm"].to_numpy() == pytest.approx(expected, rel=0.01)
    assert found.quantities["cell_dc_resistance"][0].conditions["direction"] == "discharge"
    assert found.table["resistance_ohm"].to_numpy() == pytest.approx(expected, rel=0.01)


def test_resistances_of_two_cells_share_the_error_of_the_current_and_no_other():
    found = cw.measure.cells(pulsed().recording(), module(12), TESTER).quantities["cell_dc_resistance"]
    shared = set(found[0].components) & set(found[1].components)
    assert shared
    assert all(":current:" in name for name in shared)


def test_rest_voltages_are_the_last_readings_of_the_last_rest():
    last = np.asarray(RECORDING.table["cell_voltages_volt"].to_numpy()[-1], dtype=float)
    assert FOUND.table["rest_voltage_volt"].to_numpy() == pytest.approx(last)


def test_parallel_cells_are_one_group():
    found = cw.measure.cells(RECORDING, replace(module(12), parallel=3), TESTER)
    assert found.quantities["cell_capacity"][0].conditions["parallel"] == 3
    assert found.table.height == 12


def test_a_cell_that_was_not_read_has_no_value_and_the_others_do():
    volts = np.array(RECORDING.table["cell_voltages_volt"].to_numpy())
    volts[:, 2] = np.nan
    gone = RECORDING.table.with_columns(pl.Series("cell_voltages_volt", volts, dtype=pl.Array(pl.Float32, 12)))
    found = cw.measure.cells(replace(RECORDING, table=gone), module(12), TESTER)
    assert [c for c, q in enumerate(found.quantities["cell_capacity"], start=1) if q.value is None] == [3]
    assert found.quantities["cell_rest_voltage"][2].reason is not None


def test_a_module_without_cell_voltages_says_so_and_a_cell_is_not_asked():
    bare = replace(RECORDING, table=RECORDING.table.drop("cell_voltages_volt"))
    found = cw.measure.cells(bare, module(12), TESTER)
    assert found.reason is not None
    assert found.reason.code == "measure.no_cell_voltages"
    assert found.table.is_empty()
    assert all(q.value is None for each in found.quantities.values() for q in each)
    assert "cell_capacity" in cw.measure.everything(bare, module(12), TESTER)
    assert "cell_capacity" not in cw.measure.everything(bare, Battery("c"), TESTER)


def test_everything_measures_the_cells_of_a_module_as_well():
    every = cw.measure.everything(RECORDING, module(12), TESTER)
    assert [q.value for q in every["cell_capacity"]] == [q.value for q in FOUND.quantities["cell_capacity"]]
    assert HIGH > (every["cell_rest_voltage"][0].value or 0) > LOW


def test_the_cells_are_drawn_with_units_and_both_languages():
    figure = cw.plot.cells(FOUND.table, "ko")
    assert "Ah" in figure.layout.yaxis.title.text
    assert {trace.name for trace in figure.data} >= {"측정", "추정"}


def test_an_arbin_module_at_rest_gives_its_twelve_voltages(data: Path):
    recording: Recording = cw.read(data / "testers" / "arbin" / "aux_multi_x.res")
    found = cw.measure.cells(recording, Battery("m", level="module"), TESTER)
    assert found.table.height == 12
    row = found.spread.row(0, named=True)
    assert row["quantity"] == "cell_rest_voltage"
    assert 2.7 < row["lowest"] < row["highest"] < 3.0  # as the file's auxiliary channels show in their last record
    assert found.table["capacity_ah"].null_count() == 12


def test_the_cell_that_drifts_away_in_the_field_is_the_weakest(data: Path):
    found = cw.measure.cells(cw.read(data / "safety" / "field_packs" / "car2_processed.zip"), Battery("p", level="pack"), TESTER)
    assert found.table.height == 88
    assert found.weakest == 82
    assert found.table["capacity_ah"].null_count() == 88
    assert found.table["capacity_at_least_ah"].max() < 160  # no gap of the log counts as charge


def test_a_quiet_pack_lies_close_together(data: Path):
    found = cw.measure.cells(cw.read(data / "safety" / "field_packs" / "car4_processed.zip"), Battery("p", level="pack"), TESTER)
    assert found.spread.row(0, named=True)["range"] < 0.05
