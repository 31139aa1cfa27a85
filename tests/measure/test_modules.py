"""The cells of a module, on strings whose every cell is known, and on real ones."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import cellwright as cw
from cellwright.core.battery import Battery
from cellwright.core.coverage import coverage_interval
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


def with_wire(fault: str) -> Recording:
    """The third cell's sense wire is off: it reads 0 V, hangs at one value (from the start, or from the discharge on), or anything."""
    volts = np.array(RECORDING.table["cell_voltages_volt"].to_numpy())
    discharge = int(np.flatnonzero((RECORDING.table["current_ampere"] < 0).to_numpy())[0])
    if fault == "loose":
        volts[:, 2] = np.random.default_rng(0).uniform(0, 5, len(volts))
    else:
        volts[discharge if fault == "hangs" else 0 :, 2] = {"zero": 0.0, "low": 2.0, "stuck": 3.7, "hangs": 4.15}[fault]
    return replace(RECORDING, table=RECORDING.table.with_columns(pl.Series("cell_voltages_volt", volts, dtype=pl.Array(pl.Float32, 12))))


@pytest.mark.parametrize("fault", ["zero", "low", "stuck", "hangs", "loose"])
def test_a_cell_whose_sense_wire_is_off_has_neither_value_nor_bound_and_the_others_are_as_they_were(fault: str):
    found = cw.measure.cells(with_wire(fault), module(12), TESTER)
    third = found.quantities["cell_capacity"][2]
    assert third.reason is not None
    assert third.reason.code == "measure.cell_not_read"
    assert "at_least_ah" not in third.conditions
    assert found.quantities["cell_rest_voltage"][2].value is None
    assert found.weakest == WEAKEST
    others = np.delete(np.arange(12), 2)
    assert np.abs(errors(found, TRUTH)[others].astype(float)).max() < 1.5e-3


def test_a_cell_that_was_emptied_on_the_way_has_no_more_than_went_out_until_then():
    """The discharge goes on to 2.5 V in the first cell to be empty; it had not been charged, so there is only a bound."""
    bare = string()
    bare.soc = np.full(12, 0.5)
    found = cw.measure.cells(bare.run(3600).run(36000, -AMPERE, until=2.5).run(600).recording(), module(12), TESTER)
    least = np.array([q.conditions["at_least_ah"] for q in found.quantities["cell_capacity"]])
    started = 0.5 * CAPACITY
    assert np.all(least < started)  # none can have given more above its limit than it held
    assert np.all(least > 0.95 * started.min())


def read_by_a_tester(seed: int, *, steps: float, lacking: float) -> tuple[cw.measure.Cells, np.ndarray]:
    """A string charged to 4.2 V as each cell's own channel reads it, some by up to ``lacking`` less; every gain and offset is drawn."""
    draw = np.random.default_rng(seed)
    capacity, ohm = draw.normal(46.0, 1.7, 12), draw.uniform(1.0, 1.6, 12) * 1e-3
    volt, ampere = TESTER.voltage_range(4.0), TESTER.current_range(AMPERE)
    gain, offset = draw.uniform(-1, 1, 12) * volt.gain, draw.uniform(-1, 1, 12) * volt.offset
    grid = np.linspace(0.8, 1.2, 40_001)
    top = np.interp((HIGH - offset) / (1 + gain), nmc(grid), grid) - np.r_[0.0, draw.uniform(0, lacking, 11)][draw.permutation(12)]
    made = charged_and_discharged(Strung(capacity, np.zeros(12), ohm, noise_volt=1e-3, step_volt=steps, seed=seed), AMPERE, top)
    truth, share, shift = made.truth_ah(AMPERE), draw.uniform(-1, 1) * ampere.gain, draw.uniform(-1, 1) * ampere.offset
    made._rows = [(t, a * (1 + share) + np.where(a != 0, shift, 0.0), v * (1 + gain) + offset) for t, a, v in made._rows]
    return cw.measure.cells(made.recording(), module(12), TESTER), truth


@pytest.mark.parametrize(("steps", "lacking"), [(5e-3, 0.0), (5e-3, 0.04), (1e-4, 0.02)])
def test_bounds_always_hold_and_intervals_as_often_as_they_say(steps: float, lacking: float):
    """One current's error is shared by all cells of a string, so four of its twelve say what all do, and strings count: 24 of each kind."""
    held: list[bool] = []
    for seed in range(24):
        found, truth = read_by_a_tester(seed, steps=steps, lacking=lacking)
        for quantity, true in zip(found.quantities["cell_capacity"], truth.tolist(), strict=True):
            assert quantity.conditions.get("at_least_ah", 0.0) < true
        for quantity, true in list(zip(found.quantities["cell_capacity"], truth.tolist(), strict=True))[seed % 3 :: 3]:
            if (within := coverage_interval(quantity, TESTER)) is not None:
                held.append(within.low <= true <= within.high)
    assert len(held) > 80
    assert np.mean(held) > 0.9


def shoulder(soc: np.ndarray | float) -> np.ndarray:
    """As of LMO: the slope at 4.2 V is half of that where a charge at 16 A first comes there, 30 mV of resistance below."""
    s = np.asarray(soc, dtype=np.float64)
    return 3.98 + 0.08 * np.tanh((s - 0.75) / 0.1) + 0.07 * np.tanh((s - 0.3) / 0.12) + 0.08 * s - 1.0 * np.exp(-s / 0.02)


def stepped(soc: np.ndarray | float) -> np.ndarray:
    """As of LFP: two steps of 24 mV on a plateau that slopes 4 mV in all, and steep ends."""
    s = np.asarray(soc, dtype=np.float64)
    steps = 0.012 * np.tanh((s - 0.68) / 0.03) + 0.012 * np.tanh((s - 0.35) / 0.06)
    return 3.3 + steps + 0.004 * s - 0.7 * np.exp(-s / 0.03) + 0.15 * np.exp((s - 1) / 0.008)


def staged(curve: object, high: float, rest_s: float) -> tuple[Recording, np.ndarray]:
    """Charge at 16 A, 4 A and 1 A, each until the first cell is at its limit, rest, discharge at 20 A; and each cell's capacity.

    Full is where a cell is at its limit under the 1 A, empty where it is at 3.0 V under the 20 A, its polarisation settled: 1.5·R0·I.
    """
    made = string(ocv=curve, noise_volt=1e-4, seed=3)
    made.soc = 0.3 + 0.01 * np.random.default_rng(4).normal(size=12)
    made.run(600, interval=30.0).run(36000, 16.0, until=high)
    for ampere in (4.0, 1.0):
        if rest_s:
            made.run(rest_s, interval=30.0)
        made.run(36000, ampere, until=high)
    made.run(3600, interval=30.0).run(36000, -AMPERE, until=LOW).run(3600, interval=30.0)
    grid = np.linspace(0.0, 1.3, 600_001)
    ends = (np.interp(volt, made.ocv(grid), grid) for volt in (high - 1.5 * RESISTANCE, LOW + 1.5 * RESISTANCE * AMPERE))
    full, empty = ends
    return made.recording(), CAPACITY * (full - empty)


@pytest.mark.parametrize("rest_s", [0.0, 1200.0])
@pytest.mark.parametrize(("curve", "high", "within"), [(nmc, 4.2, 1e-3), (shoulder, 4.2, 4e-3), (stepped, 3.55, 1e-3)])
def test_where_cells_are_full_is_told_by_the_slope_at_the_limit(curve: object, high: float, within: float, rest_s: float):
    """By the slope below the limit, at 16 A, cells of the second curve that lack 1 Ah read 1 % low; a rest before a stage harms none."""
    recording, truth = staged(curve, high, rest_s)
    found = cw.measure.cells(recording, replace(module(12), maximum_voltage_volt=12 * high), TESTER)
    assert found.table["capacity_ah"].null_count() == 0
    off = errors(found, truth)
    assert np.abs(off).max() < within
    for quantity, error in zip(found.quantities["cell_capacity"], off.tolist(), strict=True):
        assert abs(error) < (quantity.expanded_uncertainty or 0) / (quantity.value or 1)
    assert int(np.argmin(truth)) + 1 in found.weakest_candidates


def test_a_charge_ended_by_one_reading_does_not_make_the_cell_as_full_as_that_reading():
    """1 mV of noise ends the charge about 2 mV early, by one reading: a parabola through many tells where the cells stood."""
    volts = np.array(RECORDING.table["cell_voltages_volt"].to_numpy())
    ends = int(np.flatnonzero((RECORDING.table["current_ampere"] > 0).to_numpy())[-1])
    volts[ends] += 0.01
    spiked = RECORDING.table.with_columns(pl.Series("cell_voltages_volt", volts, dtype=pl.Array(pl.Float32, 12)))
    found = cw.measure.cells(replace(RECORDING, table=spiked), module(12), TESTER)
    assert np.abs(errors(found, TRUTH)).max() < 2e-3


@pytest.mark.parametrize(("third", "fifth", "candidates"), [(46.9, 46.2, {8}), (44.02, 46.2, {3, 8})])
def test_the_weakest_is_told_only_where_no_other_may_be(third: float, fifth: float, candidates: set[int]):
    """The eighth has 44.0 Ah and the next 45.3 Ah; a third with 0.05 % more is a tenth of what a channel's error makes of it."""
    capacity = CAPACITY.copy()
    capacity[[2, 4]] = third, fifth
    made = charged_and_discharged(Strung(capacity, np.zeros(12), RESISTANCE.copy()))
    found = cw.measure.cells(made.recording(), module(12), TESTER)
    assert set(found.weakest_candidates) == candidates
    assert found.weakest in candidates


def test_where_no_capacity_is_known_every_cell_that_was_read_may_be_the_weakest():
    bare = string()
    bare.soc = np.full(12, 0.8)
    found = cw.measure.cells(bare.run(3600).run(36000, -AMPERE, until=LOW).run(600).recording(), module(12), TESTER)
    assert found.weakest_candidates == tuple(range(1, 13))


def without_charge() -> Recording:
    """Of the charge only its last 20 rows are left: it ended full, but nothing shows how the voltage rose."""
    table = RECORDING.table.with_row_index("row")
    charge = table.filter(pl.col("current_ampere") > 0)["row"]
    gone = pl.col("row").is_in(charge.to_list()[:-20])
    return replace(RECORDING, table=table.filter(~gone).drop("row"))


def with_varying_current() -> Recording:
    """The discharge's current falls by a third while it runs."""
    began = float(RECORDING.table.filter(pl.col("current_ampere") < 0)["test_time_second"][0])
    falling = pl.col("current_ampere") * (1 - (pl.col("test_time_second") - began) / 24_000)
    varied = pl.when(pl.col("current_ampere") < 0).then(falling).otherwise(pl.col("current_ampere"))
    return replace(RECORDING, table=RECORDING.table.with_columns(varied.alias("current_ampere")))


@pytest.mark.parametrize(
    ("made", "code"), [(without_charge, "measure.cells_charge_untold"), (with_varying_current, "measure.cells_current_varied")]
)
def test_the_reason_says_why_a_cell_could_not_be_estimated(made: Callable[[], Recording], code: str):
    found = cw.measure.cells(made(), module(12), TESTER)
    codes = {q.reason.code for q in found.quantities["cell_capacity"] if q.reason}
    assert codes == {code}
    assert all(q.conditions["at_least_ah"] > 0 for q in found.quantities["cell_capacity"] if q.reason)


def test_ninety_six_cells_in_steps_of_ten_millivolts():
    draw = np.random.default_rng(5)
    made = charged_and_discharged(
        Strung(draw.normal(46.0, 1.7, 96), np.zeros(96), draw.uniform(1.0, 1.6, 96) * 1e-3, noise_volt=2e-3, step_volt=1e-2), AMPERE
    )
    truth = made.truth_ah(AMPERE)
    found = cw.measure.cells(made.recording(), module(96), TESTER)
    assert np.abs(errors(found, truth)).max() < 0.01
    assert found.weakest in (np.argsort(truth)[:2] + 1)


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
