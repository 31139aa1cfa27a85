"""Pulses of a made-up cell with known resistances, as a tester would have read them; and the Leaf cell's, by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cellwright import plot
from cellwright.core.battery import Battery
from cellwright.core.errors import UsageError
from cellwright.measure import pulses, resistances
from cellwright.measure.pulse.moments import TIMES_S
from cellwright.measure.pulse.table import COLUMNS, RESISTANCES
from cellwright.readers import read
from tests.measure.made_hppc import USUAL, Cell, Instrument, Part, hppc, made
from tests.measure.recordings import CYCLE, constant, rest, series, sheet

CELL = Cell()
BATTERY = Battery("made", rated_capacity_ah=50.0, minimum_voltage_volt=3.0, maximum_voltage_volt=4.2)
ONE = [Part(3600, 0.0, 10.0), Part(30, -50.0, 0.1), Part(40, 0.0, 0.1)]
LEAF = Path("safety") / "nissan_leaf_cell" / "NissanLeaf-cell-Low-Current-HPPC-25C-2.csv"


def expected(time: float, soc: float, ampere: float) -> float:
    """The cell's answer from rest, and what the state of charge does to the open-circuit voltage in that time."""
    moved = ampere * time / 3600 / CELL.capacity_ah
    return CELL.resistance(time) + float(CELL.open_circuit(soc + moved) - CELL.open_circuit(soc)) / ampere


def test_every_pulse_is_a_row():
    table = pulses(made(hppc(10), CELL), BATTERY)
    assert table["direction"].to_list() == ["discharge", "charge"] * 10
    assert table["duration_second"].to_list() == [30.0, 10.0] * 10
    assert table["rest_before_second"].to_list() == [3600.0, 40.0] * 10
    assert dict(table.schema) == COLUMNS


def test_without_noise_the_resistances_are_the_cells_own():
    table = pulses(made(ONE, CELL, soc=0.6))
    for name, time in zip(RESISTANCES, TIMES_S, strict=True):
        assert table[name][0] == pytest.approx(expected(time, 0.6, -50.0), rel=1e-9)
    assert table["resistance_end_ohm"][0] == table["resistance_30s_ohm"][0]
    assert table["first_time_second"][0] == pytest.approx(0.1)
    assert table["polarisation_resistance_ohm"][0] == pytest.approx(expected(30.0, 0.6, -50.0) - expected(0.1, 0.6, -50.0), rel=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_with_a_usual_testers_noise_and_digits_they_are_within_one_per_cent(seed: int):
    table = pulses(made(hppc(5), CELL, instrument=USUAL, seed=seed), BATTERY)
    states = 1.0 - np.arange(5) / 5
    for soc, row in zip(states, table.filter(pl.col("direction") == "discharge").iter_rows(named=True), strict=True):
        for name, time in zip(RESISTANCES, TIMES_S, strict=True):
            assert row[name] == pytest.approx(expected(time, soc, -50.0), rel=0.01)


def test_the_recovery_is_what_the_voltage_does_when_the_current_ends():
    (row,) = pulses(made(ONE, CELL, soc=0.6)).iter_rows(named=True)
    # R₀ at once, and in 0.1 s what the charged pairs lose: R (1 − e^(−30/τ)) (1 − e^(−0.1/τ))
    lost = sum(r * (1 - np.exp(-30 / tau)) * (1 - np.exp(-0.1 / tau)) for r, tau in CELL.pairs)
    assert row["recovery_volt"] == pytest.approx(50 * (CELL.r0 + lost), rel=1e-9)
    assert row["recovery_resistance_ohm"] == pytest.approx(CELL.r0 + lost, rel=1e-9)
    assert row["recovery_time_second"] == pytest.approx(0.1)


def test_a_pulse_at_whose_end_no_rest_begins_has_no_recovery():
    (row,) = pulses(made([*ONE[:2], Part(600, -10.0, 1.0)], CELL)).iter_rows(named=True)
    assert (row["recovery_volt"], row["recovery_time_second"], row["recovery_resistance_ohm"]) == (None, None, None)


def test_a_rest_that_was_read_only_long_after_shows_no_recovery():
    made_up = made([*ONE[:2], Part(40, 0.0, 10.0)], CELL)
    late = pl.when(pl.col("step_count") == 3).then(pl.col("test_time_second") + 500).otherwise("test_time_second")
    table = made_up.table.with_columns(late.alias("test_time_second")).drop("step_time_second")
    assert pulses(replace(made_up, table=table))["recovery_volt"].to_list() == [None]


def test_nothing_is_read_where_no_sample_lies_and_nothing_beyond_the_end():
    (row,) = pulses(made([ONE[0], Part(12, -50.0, 3.0), ONE[2]], CELL)).iter_rows(named=True)
    # samples after 3, 6, 9 and 12 s: 9 s are just within 10 % of 10 s; 12 s are the end
    read = {name for name in RESISTANCES if row[name] is not None}
    assert read == {"resistance_10s_ohm"}
    assert row["resistance_end_ohm"] == pytest.approx(expected(12.0, 1.0, -50.0), rel=1e-9)


def test_steps_at_one_current_are_one_pulse_when_the_program_only_changed_its_sampling():
    split = [ONE[0], Part(1, -50.0, 0.1), Part(29, -50.0, 1.0), ONE[2]]
    (row,) = pulses(made(split, CELL, soc=0.6)).iter_rows(named=True)
    assert row["duration_second"] == 30.0
    assert [row[name] for name in RESISTANCES] == pytest.approx([expected(t, 0.6, -50.0) for t in TIMES_S])


def test_a_discharge_that_goes_on_is_a_pulse_only_as_far_as_its_first_step():
    (row,) = pulses(made([ONE[0], Part(10, -50.0, 0.1), Part(600, -50.0, 1.0)], CELL, soc=0.9)).iter_rows(named=True)
    assert (row["duration_second"], row["resistance_30s_ohm"]) == (10.0, None)


def test_pulses_inside_one_step_of_the_program_are_found():
    whole = made(hppc(3), CELL, instrument=USUAL)
    one_step = whole.table.with_columns(pl.lit(7).alias("step_count"), pl.col("test_time_second").alias("step_time_second"))
    hidden, told = pulses(replace(whole, table=one_step), BATTERY), pulses(whole, BATTERY)
    assert hidden["step_count"].to_list() == [7] * 6
    assert hidden["first_record_index"].to_list() == told["first_record_index"].to_list()
    assert len(resistances(replace(whole, table=one_step), BATTERY)) > 6


def test_pulses_are_found_without_any_step_count():
    whole = made(hppc(3), CELL, instrument=USUAL, counted=False)
    found, told = pulses(whole, BATTERY), pulses(made(hppc(3), CELL, instrument=USUAL), BATTERY)
    assert found["first_record_index"].to_list() == told["first_record_index"].to_list()
    # the edge lies in the 0.1 s between two samples, so 0.1 s after it is not resolved, and 2 s is: there R grows by 0.12 mΩ/s of 1.44 mΩ
    assert found["resistance_100ms_ohm"].to_list() == [None] * 6
    assert found["resistance_2s_ohm"].to_list() == pytest.approx(told["resistance_2s_ohm"].to_list(), rel=0.015)


def test_a_pulse_that_comes_without_a_rest_is_none():
    assert pulses(made([Part(600, -10.0, 1.0), Part(10, -50.0, 0.1), Part(600, 0.0, 1.0)], CELL)).height == 0


def test_a_current_that_falls_costs_the_resistances_from_there_on():
    whole = made(ONE, CELL)
    time, current = pl.col("step_time_second"), pl.col("current_ampere")
    limited = pl.when((pl.col("step_count") == 2) & (time > 4.05)).then(current * (-(time - 4) / 10).exp()).otherwise(current)
    (row,) = pulses(replace(whole, table=whole.table.with_columns(limited.alias("current_ampere")))).iter_rows(named=True)
    read = [name for name in (*RESISTANCES, "resistance_end_ohm", "polarisation_resistance_ohm") if row[name] is not None]
    assert read == ["resistance_100ms_ohm", "resistance_1s_ohm", "resistance_2s_ohm"]


def test_the_state_before_is_told_with_its_basis():
    parts = [*CYCLE, rest(600, 3.2), constant(900, 10.0, 3.2, 3.7), rest(1200, 3.6), constant(10, -20.0, 3.5, 3.4)]
    (row,) = pulses(series(parts, temperature_t1_celsius=23.0)).iter_rows(named=True)
    assert (row["soc"], row["soc_basis"]) == (pytest.approx(0.5, abs=1e-6), "measured")
    assert (row["temperature_celsius"], row["voltage_before_volt"], row["current_before_ampere"]) == (23.0, 3.6, 0.0)


def test_a_step_sheet_knows_the_end_of_a_pulse_and_what_followed():
    parts = [rest(600, 3.9532), constant(5, -10.0, 3.93, 3.9047), rest(600, 3.94, 3.95)]
    (row,) = pulses(sheet(parts)).iter_rows(named=True)
    assert row["resistance_5s_ohm"] == row["resistance_end_ohm"] == pytest.approx((3.9047 - 3.9532) / -10.0)
    assert (row["recovery_volt"], row["recovery_time_second"]) == (pytest.approx(3.94 - 3.9047), None)
    assert (row["resistance_first_ohm"], row["polarisation_resistance_ohm"]) == (None, None)


def test_the_table_and_the_quantities_say_the_same():
    whole = made(hppc(3), CELL, instrument=USUAL)
    table = pulses(whole, BATTERY)
    by_place = {(q.conditions["step_count"], q.conditions["nominal_time_s"]): q.value for q in resistances(whole, BATTERY)}
    for row in table.iter_rows(named=True):
        for name, time in zip(RESISTANCES, TIMES_S, strict=True):
            assert by_place.get((row["step_count"], time)) == row[name]


def test_a_recording_without_pulses_has_an_empty_table():
    assert pulses(series(CYCLE)).is_empty()
    assert pulses(series(CYCLE)).columns == list(COLUMNS)


def test_a_recording_without_current_is_refused():
    whole = made(ONE, CELL)
    with pytest.raises(UsageError) as error:
        pulses(replace(whole, table=whole.table.drop("current_ampere")))
    assert error.value.code == "measure.columns_missing"


def test_the_first_leaf_pulse_by_hand(data: Path):
    row = pulses(read(data / LEAF)).row(0, named=True)
    # 4.182 V and 0.00 A at rest; −30.00 A and 4.125 V after 1.0 s, 4.082 V after 30.0 s; 4.133 V a second after the end
    assert row["resistance_1s_ohm"] == pytest.approx((4.182 - 4.125) / 30)
    assert row["resistance_end_ohm"] == pytest.approx((4.182 - 4.082) / 30)
    assert row["recovery_volt"] == pytest.approx(4.133 - 4.082)


def test_a_figure_has_a_line_for_each_way_and_time():
    table = pulses(made(hppc(3), CELL, instrument=USUAL), BATTERY)
    spec = plot.pulses_spec(table.with_columns(pl.Series("soc", [1.0, 0.99, 0.7, 0.69, 0.4, 0.39])))
    assert [t["name"] for t in spec["data"]] == [
        f"{way}, {t} s" for t, ways in (("0.1", 2), ("5", 2), ("30", 1)) for way in ("discharge", "charge")[:ways]
    ]
    assert spec["layout"]["xaxis"]["title"]["text"] == "State of charge (%)"
    assert spec["data"][0]["y"] == pytest.approx([1e3 * r for r in sorted_by_soc(table)], rel=1e-5)
    assert plot.pulses_spec(table, "ko")["layout"]["xaxis"]["title"]["text"] == "시간 (h)"  # no state of charge is known


def sorted_by_soc(table: pl.DataFrame) -> list[float]:
    return table.filter(pl.col("direction") == "discharge")["resistance_100ms_ohm"].to_list()[::-1]


def test_a_coarse_instrument_is_off_by_no_more_than_its_digits_allow():
    coarse = Instrument(volt_step=1e-3)  # a Bitrode's: two roundings of half a millivolt over 50 A are 20 µΩ
    table = pulses(made(ONE, CELL, soc=0.6, instrument=coarse))
    assert table["resistance_10s_ohm"][0] == pytest.approx(expected(10.0, 0.6, -50.0), abs=2.001e-5)


def test_a_single_reading_of_a_current_against_which_the_voltage_goes_is_no_pulse():
    """2 nA in a recording without current, as the leak of a tester's channel that charges nothing: the voltage read there is lower."""
    parts = series([rest(60, 0.4667), rest(60, 0.4667)], timed=False, counted=False)
    at = pl.col("record_index") == 40
    spoilt = parts.table.with_columns(
        pl.when(at).then(2.1e-9).otherwise("current_ampere").alias("current_ampere"),
        pl.when(at).then(0.4581).otherwise("voltage_volt").alias("voltage_volt"),
        pl.when(pl.col("record_index") < 40).then(1).when(at).then(2).otherwise(3).alias("step_count"),
    )
    assert pulses(replace(parts, table=spoilt)).is_empty()
    assert resistances(replace(parts, table=spoilt))[0].value is None
