"""How far voltage and temperature went."""

from dataclasses import replace
from math import hypot, sqrt

import numpy as np
import polars as pl
import pytest

from cellwright.core.columns import CELL_VOLTAGES, STEP_MAXIMUM_TEMPERATURE, STEP_MAXIMUM_VOLTAGE
from cellwright.core.coverage import coverage_interval
from cellwright.core.quantity import Quantity
from cellwright.core.recording import Recording
from cellwright.core.tester import Range
from cellwright.measure import everything, extremes
from tests.measure.recordings import CYCLE, SHA, TESTER, constant, rest, series, sheet


def one(recording: Recording, name: str) -> Quantity:
    return extremes(recording, tester=TESTER)[name][0]


def warming(recording: Recording) -> Recording:
    """24 °C, and one kelvin more with every step; the second probe twice as much."""
    step = pl.col("step_count").cast(pl.Float64) - 1
    first, second = (24 + step).alias("temperature_t1_celsius"), (24 + 2 * step).alias("temperature_t2_celsius")
    return replace(recording, table=recording.table.with_columns(first, second))


def test_the_highest_and_lowest_voltage_are_readings_with_their_current():
    made = series(CYCLE)
    high, low = one(made, "maximum_voltage"), one(made, "minimum_voltage")
    assert (high.value, low.value) == (pytest.approx(4.2), pytest.approx(3.0))
    assert low.conditions["current_ampere"] == -10.0
    assert low.evidence[0].rows == ((made.table.height, made.table.height),)
    assert low.standard_uncertainty == pytest.approx(hypot(3.0 * 0.001 / sqrt(3), 0.002 / sqrt(3), 0.0001 / sqrt(12)))


def test_a_step_sheets_own_maximum_counts():
    made = sheet(CYCLE)
    peaked = made.table.with_columns(pl.lit(4.25).alias(STEP_MAXIMUM_VOLTAGE), pl.lit(31.5).alias(STEP_MAXIMUM_TEMPERATURE))
    assert one(replace(made, table=peaked), "maximum_voltage").value == 4.25
    assert one(replace(made, table=peaked), "maximum_temperature").value == 31.5
    assert one(replace(made, table=peaked), "temperature_rise").value == pytest.approx(31.5 - 25.0)


def test_the_rise_is_maximum_less_start_of_each_probe_the_greatest_first():
    found = extremes(warming(series(CYCLE)), tester=TESTER)["temperature_rise"]
    assert [(q.conditions["probe"], q.value) for q in found] == [("temperature_t2_celsius", 8.0), ("temperature_t1_celsius", 4.0)]
    assert found[0].unit == "K"


def test_the_offset_of_a_probe_cancels_in_its_rise():
    found = one(warming(series(CYCLE)), "temperature_rise")
    rounding = 0.1 / sqrt(12)
    assert found.standard_uncertainty == pytest.approx(hypot(8.0 * 0.01 / sqrt(3), rounding, rounding))


def test_a_log_of_temperatures_alone_gives_the_rise_and_reasons_for_the_rest():
    celsius = [24.0, 24.1, 23.9, 24.0, 24.0, 27.5, 26.0]  # the median of the first five is 24
    log = Recording(pl.DataFrame({"test_time_second": np.arange(7.0), "temperature_t1_celsius": celsius}), series(CYCLE).source)
    found = everything(log)
    assert found["temperature_rise"][0].value == 3.5
    assert found["maximum_temperature"][0].value == 27.5
    assert all(q.reason is not None and q.reason.code == "measure.not_recorded" for q in found["capacity"] + found["rest_sag"])


def test_nothing_is_said_of_a_temperature_that_was_not_recorded():
    found = one(series(CYCLE), "temperature_rise")
    assert found.reason is not None
    assert found.reason.code == "measure.not_recorded"


def cells_of(recording: Recording, *volts: float) -> Recording:
    cells = np.tile(np.array(volts, dtype=np.float32), (recording.table.height, 1))
    return replace(recording, table=recording.table.with_columns(pl.Series(CELL_VOLTAGES, cells, dtype=pl.Array(pl.Float32, len(volts)))))


def test_the_spread_of_the_cells_is_read_at_the_end_of_the_last_rest():
    made = cells_of(series([*CYCLE, rest(600, 3.1)]), 3.10, 3.14, 3.05)
    found = one(made, "cell_voltage_spread")
    assert found.value == pytest.approx(0.09, abs=1e-6)
    assert (found.conditions["highest_cell"], found.conditions["lowest_cell"]) == (2, 3)
    assert found.evidence[0].rows == ((made.table.height, made.table.height),)
    each = hypot(3.1 * 0.001 / sqrt(3), 0.002 / sqrt(3), 0.0001 / sqrt(12))
    assert found.standard_uncertainty == pytest.approx(sqrt(2) * each, rel=1e-2)  # two channels: nothing cancels


def test_the_furthest_that_any_cell_went_names_the_cell():
    made = cells_of(series(CYCLE), 3.10, 3.14, 3.05)
    cells = made.table[CELL_VOLTAGES].to_numpy().copy()
    cells[1000:1003, 0], cells[2000:2003, 2] = 4.31, 2.4  # three seconds each, as its resistance made it
    found = extremes(
        replace(made, table=made.table.with_columns(pl.Series(CELL_VOLTAGES, cells, dtype=pl.Array(pl.Float32, 3)))), tester=TESTER
    )
    (high,), (low,) = found["cell_maximum_voltage"], found["cell_minimum_voltage"]
    assert (high.value, low.value) == (pytest.approx(4.31), pytest.approx(2.4))
    assert (high.conditions["cell"], low.conditions["cell"]) == (1, 3)
    assert high.evidence[0].rows == ((1001, 1001),)
    assert high.standard_uncertainty == pytest.approx(hypot(4.31 * 0.001 / sqrt(3), 0.002 / sqrt(3), 0.0001 / sqrt(12)))


def test_a_cells_reading_is_as_good_as_the_range_that_holds_a_cell():
    made = series(CYCLE)
    module = replace(made, table=made.table.with_columns(pl.col("voltage_volt") * 12))
    wide = replace(TESTER, voltage=(*TESTER.voltage, Range(maximum=60.0, gain=0.001, offset=0.05, resolution=0.001)))
    found = extremes(cells_of(module, 3.1, 3.2), tester=wide)["cell_maximum_voltage"][0]
    assert found.standard_uncertainty == pytest.approx(hypot(3.2 * 0.001 / sqrt(3), 0.002 / sqrt(3), 0.0001 / sqrt(12)), rel=1e-6)


def test_where_no_cell_was_recorded_no_cell_went_anywhere():
    found = one(series(CYCLE), "cell_maximum_voltage")
    assert found.reason is not None
    assert found.reason.code == "measure.not_recorded"


# lone readings


def with_reading(recording: Recording, column: str, record: int, value: float) -> Recording:
    put = pl.when(pl.col("record_index") == record).then(value).otherwise(column).alias(column)
    return replace(recording, table=recording.table.with_columns(put))


@pytest.mark.parametrize(("name", "value", "record"), [("maximum_voltage", 5.0, 300), ("minimum_voltage", 0.0, 3500)])
def test_a_voltage_that_nothing_caused_stands_alone(name: str, value: float, record: int):
    sustained, lone = extremes(with_reading(series(CYCLE), "voltage_volt", record, value), tester=TESTER)[name]
    assert sustained.value == pytest.approx({"maximum_voltage": 4.2, "minimum_voltage": 3.0}[name])
    assert "isolated" not in sustained.conditions
    assert (lone.value, lone.conditions["isolated"]) == (value, True)
    assert lone.evidence[0].rows == ((record, record),)


def test_a_record_of_zeros_stands_alone_though_the_current_went_as_well():
    zeros = with_reading(with_reading(series(CYCLE), "voltage_volt", 1500, 0.0), "current_ampere", 1500, 0.0)
    sustained, lone = extremes(zeros)["minimum_voltage"]
    assert (sustained.value, lone.value) == (pytest.approx(3.0), 0.0)


def test_a_pulse_of_one_sample_is_no_lone_reading():
    made = series([rest(600, 3.7), constant(1, -50.0, 3.2, 2.5), rest(600, 3.7)])
    (low,) = extremes(made)["minimum_voltage"]
    assert low.value == pytest.approx(2.5)  # the current went with it


def test_two_readings_in_a_row_do_not_stand_alone():
    twice = with_reading(with_reading(series(CYCLE), "voltage_volt", 300, 5.0), "voltage_volt", 301, 5.0)
    (high,) = extremes(twice)["maximum_voltage"]
    assert high.value == 5.0


def test_the_last_reading_is_believed():
    made = series(CYCLE)
    (low,) = extremes(with_reading(made, "voltage_volt", made.table.height, 1.0))["minimum_voltage"]
    assert low.value == 1.0  # what follows is not known, and it may be why the test ended


@pytest.mark.parametrize("record", [1, 2000])
@pytest.mark.parametrize("wrong", [217.0, -40.0])
def test_no_cell_warms_by_a_hundred_kelvin_in_a_second_and_cools_again(record: int, wrong: float):
    found = extremes(with_reading(warming(series(CYCLE)), "temperature_t1_celsius", record, wrong), tester=TESTER)
    usual = [q for q in found["temperature_rise"] if "isolated" not in q.conditions]
    assert [q.value for q in usual] == [8.0, 4.0]
    lone = [q.value for q in found["temperature_rise"] if "isolated" in q.conditions]
    assert lone == ([217.0 - 24.0] if wrong > 100 else [])
    assert [q.value for q in found["maximum_temperature"]] == [32.0, 28.0, *([217.0] if wrong > 100 else [])]


def test_a_cell_that_heats_and_stays_hot_is_believed():
    made = warming(series(CYCLE))
    hot = pl.when(pl.col("record_index").is_between(2000, 2002)).then(90.0).otherwise("temperature_t1_celsius")
    found = extremes(replace(made, table=made.table.with_columns(hot.alias("temperature_t1_celsius"))))["temperature_rise"]
    assert found[0].value == 90.0 - 24.0


def test_twenty_kelvin_in_five_minutes_and_back_are_possible():
    log = pl.DataFrame({"test_time_second": np.arange(9.0) * 300, "temperature_t1_celsius": [25.0] * 4 + [47.0] + [25.0] * 4})
    (rise,) = everything(Recording(log, series(CYCLE).source))["temperature_rise"]
    assert rise.value == 22.0  # what is asked of a lone reading is 20 K and 0.2 K/s for 300 s


def test_a_probe_that_only_reads_zero_is_none():
    made = series(CYCLE, temperature_t1_celsius=24.0, temperature_t2_celsius=0.0)
    found = everything(made, tester=TESTER)
    assert found["capacity"][0].conditions["temperature_celsius"] == 24.0
    assert [q.conditions["probe"] for q in found["temperature_rise"]] == ["temperature_t1_celsius"]


@pytest.mark.parametrize(("swing", "told"), [(4.0, {}), (20.0, {"ambient_moved_kelvin": 20.0})])
def test_a_rise_says_where_the_chamber_moved(swing: float, told: dict[str, float]):
    made = warming(series(CYCLE))
    ambient = pl.when(pl.col("step_count") > 3).then(5.0 + swing).otherwise(5.0).alias("ambient_temperature_celsius")
    rise = one(replace(made, table=made.table.with_columns(ambient)), "temperature_rise")
    assert {k: v for k, v in rise.conditions.items() if k.startswith("ambient")} == told


def test_a_cell_that_was_not_read_leaves_no_spread():
    found = one(cells_of(series(CYCLE), 3.10, float("nan"), 3.05), "cell_voltage_spread")
    assert found.reason is not None
    assert found.reason.params["cells"] == (2,)


def test_everything_has_at_least_one_of_each_name_and_a_reason_where_there_is_none():
    found = everything(sheet(CYCLE))
    names = {"capacity", "energy", "coulombic_efficiency", "energy_efficiency", "dc_resistance", "rest_voltage", "rest_sag"}
    names |= {"maximum_voltage", "minimum_voltage", "maximum_current", "maximum_temperature", "temperature_rise", "cell_voltage_spread"}
    names |= {"cell_maximum_voltage", "cell_minimum_voltage"}
    assert set(found) == names
    for name, quantities in found.items():
        assert quantities, name
        assert all(q.name == name and (q.value is None) == (q.reason is not None) for q in quantities)


def plain(value: object) -> bool:
    if isinstance(value, tuple):
        return all(map(plain, value))
    return type(value) in (float, int, str, bool, type(None))


def test_values_conditions_and_components_are_plain_numbers_and_words():
    made = cells_of(warming(series([*CYCLE, *CYCLE, rest(7200, 3.1), constant(10, 5.0, 3.2, 3.3)])), 3.1, 3.2)
    for quantities in everything(made, tester=TESTER).values():
        for q in quantities:
            assert plain(q.value), q.name
            assert all(plain(v) for v in (*q.conditions.values(), *q.components.values())), q
            assert all(plain(e.rows) for e in q.evidence), q


def test_every_value_names_the_file_it_comes_from():
    found = everything(warming(series([*CYCLE, *CYCLE])), tester=TESTER)
    assert {e.sha256 for quantities in found.values() for q in quantities for e in q.evidence} == {SHA}
    assert all(q.evidence and q.method for quantities in found.values() for q in quantities if q.value is not None)


def test_the_greatest_current_is_told_with_its_direction():
    """The cycle charges at 10 A and discharges at 10 A; one reading of -12 A is greater in size."""
    found = one(with_reading(series(CYCLE), "current_ampere", 3000, -12.0), "maximum_current")
    assert (found.value, found.conditions["direction"]) == (12.0, "discharge")


def test_a_thermocouple_that_was_open_for_a_while_is_no_evidence_at_all():
    made = warming(series(CYCLE))
    opened = with_reading(made, "temperature_t1_celsius", 700, -270.0)
    for name in ("maximum_temperature", "temperature_rise"):
        assert {q.conditions["probe"] for q in extremes(opened, tester=TESTER)[name]} == {"temperature_t2_celsius"}


@pytest.mark.parametrize(("ampere", "way"), [(-12.0, -1.0), (12.0, 1.0)])
def test_a_size_of_a_current_grows_with_the_gain_whichever_way_it_flows(ampere: float, way: float):
    """|I| = ±(1 + g)·I ± o: the gain adds to a size always, the offset takes from that of a discharge."""
    parts = one(with_reading(series(CYCLE), "current_ampere", 3000, ampere), "maximum_current").components
    (gain,), (offset,) = ([u for name, u in parts.items() if name.endswith(what)] for what in (":gain", ":offset"))
    assert gain == pytest.approx(12.0 * TESTER.current_range(12.0).gain / sqrt(3))
    assert offset == pytest.approx(way * TESTER.current_range(12.0).offset / sqrt(3))


def test_a_cells_reading_is_known_by_its_channels_specification_limits_and_its_rounding():
    made = cells_of(series(CYCLE), 3.10, 3.14, 3.05)
    found = one(made, "cell_maximum_voltage")
    assert sorted(abs(u) for u in found.components.values()) == pytest.approx([0.0001 / sqrt(12), 0.002 / sqrt(3), 3.14 * 0.001 / sqrt(3)])
    within = coverage_interval(found, TESTER, 0.999999)
    assert within is not None
    assert within.method == "convolution"
    assert within.high - 3.14 <= 0.001 * 3.14 + 0.002 + 0.00005 + 1e-6  # no error lies beyond the limits; k = 2 would not say so


def test_cells_that_are_read_in_coarse_steps_are_known_no_better():
    made = series(CYCLE)
    volts = (np.round(made.table["voltage_volt"].to_numpy() / 0.005) * 0.005)[:, None].repeat(3, axis=1).astype(np.float32)
    coarse = replace(made, table=made.table.with_columns(pl.Series(CELL_VOLTAGES, volts, dtype=pl.Array(pl.Float32, 3))))
    parts = one(coarse, "cell_maximum_voltage").components
    (rounding,) = [u for name, u in parts.items() if name.endswith(":resolution")]
    assert rounding == pytest.approx(0.005 / sqrt(12), rel=1e-3)
