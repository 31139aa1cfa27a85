"""How far voltage and temperature went."""

from dataclasses import replace
from math import hypot, sqrt

import numpy as np
import polars as pl
import pytest

from cellwright.core.columns import CELL_VOLTAGES, STEP_MAXIMUM_TEMPERATURE, STEP_MAXIMUM_VOLTAGE
from cellwright.core.quantity import Quantity
from cellwright.core.recording import Recording
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
    log = Recording(pl.DataFrame({"test_time_second": [0.0, 1.0, 2.0], "temperature_t1_celsius": [24.0, 27.5, 26.0]}), series(CYCLE).source)
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


def test_a_cell_that_was_not_read_leaves_no_spread():
    found = one(cells_of(series(CYCLE), 3.10, float("nan"), 3.05), "cell_voltage_spread")
    assert found.reason is not None
    assert found.reason.params["cells"] == (2,)


def test_everything_has_at_least_one_of_each_name_and_a_reason_where_there_is_none():
    found = everything(sheet(CYCLE))
    names = {"capacity", "energy", "coulombic_efficiency", "energy_efficiency", "dc_resistance", "rest_voltage", "rest_sag"}
    names |= {"maximum_voltage", "minimum_voltage", "maximum_temperature", "temperature_rise", "cell_voltage_spread"}
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
