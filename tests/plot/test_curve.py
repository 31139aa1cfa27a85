import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellwright.core.boundary import from_json, to_json
from cellwright.core.quantity import Evidence
from cellwright.core.recording import Recording, Source
from cellwright.plot import Curve, curve, figure, stretches

SOURCE = Source("test.csv", "ab" * 32, "made", "csv", "made", "1")


def recording(time: object, sampling: str = "series", **columns: object) -> Recording:
    return Recording(pl.DataFrame({"test_time_second": np.asarray(time, dtype=float), **columns}), SOURCE, sampling)


def flat(n: int, value: float) -> np.ndarray:
    return np.full(n, value)


def test_a_recording_with_few_rows_is_drawn_as_it_is():
    drawn = curve(recording([0, 3600, 7200], voltage_volt=[3.0, 3.5, 4.0], current_ampere=[1.0, 1.0, 0.0]))
    assert drawn.time_h == (0.0, 1.0, 2.0)
    assert drawn.named("voltage").values == (3.0, 3.5, 4.0)
    assert drawn.named("current").values == (1.0, 1.0, 0.0)
    assert drawn.record_index == (0, 1, 2)
    assert drawn.rows == 3


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 4000), points=st.integers(60, 500))
def test_thinning_keeps_ends_and_extremes_within_the_number_of_points(seed: int, n: int, points: int):
    random = np.random.default_rng(seed)
    time = np.cumsum(random.choice([0.01, 1.0, 600.0], n))
    lines = {"voltage_volt": random.normal(3.7, 0.2, n), "current_ampere": random.normal(0, 10, n)}
    drawn = curve(recording(time, **lines), points)
    assert len(drawn.time_h) <= points
    assert list(drawn.time_h) == sorted(drawn.time_h)
    assert drawn.record_index[0] == 0
    assert drawn.record_index[-1] == n - 1
    for name, values in (("voltage", lines["voltage_volt"]), ("current", lines["current_ampere"])):
        shown = drawn.named(name).values
        fifth_digit = 10.0 ** (math.ceil(math.log10(np.abs(values).max())) - 5)
        assert abs(max(shown) - values.max()) <= 0.51 * fifth_digit
        assert abs(min(shown) - values.min()) <= 0.51 * fifth_digit


def test_a_spike_of_one_sample_in_a_million_is_still_drawn():
    n = 1_000_000
    voltage = flat(n, 3.7)
    voltage[765_432] = 4.9
    drawn = curve(recording(np.arange(n), voltage_volt=voltage, current_ampere=flat(n, 0.0)))
    assert max(drawn.named("voltage").values) == 4.9
    assert drawn.time_h[drawn.named("voltage").values.index(4.9)] == round(765_432 / 3600, 5)


def test_neither_a_long_rest_nor_a_burst_of_samples_takes_all_the_points():
    """A day of rest sampled each minute, then ten minutes sampled each 10 ms: half the buckets go by time, half by rows."""
    time = np.concatenate([np.arange(1440) * 60.0, 86400 + np.arange(60_000) * 0.01])
    voltage = 3.7 + 0.1 * np.sin(np.arange(len(time)) / 3)
    drawn = curve(recording(time, voltage_volt=voltage, current_ampere=flat(len(time), 0.0)))
    resting = sum(t < 24 for t in drawn.time_h)
    assert 0.3 < resting / len(drawn.time_h) < 0.7


def test_what_the_tester_did_not_give_is_a_break_and_an_empty_column_is_no_line():
    drawn = curve(
        recording(
            [0, 1, 2],
            voltage_volt=[3.0, None, 3.2],
            current_ampere=[1.0, 1.0, 1.0],
            surface_temperature_celsius=pl.Series([None, None, None], dtype=pl.Float64),
        )
    )
    assert drawn.named("voltage").values == (3.0, None, 3.2)
    assert [s.name for s in drawn.series] == ["voltage", "current"]


def test_the_battery_s_own_temperature_goes_before_the_chamber_s():
    both = {"ambient_temperature_celsius": [20.0, 20.0], "temperature_t1_celsius": [24.0, 25.0]}
    electric = {"voltage_volt": [3.0, 3.1], "current_ampere": [1.0, 1.0]}
    assert curve(recording([0, 1], **electric, **both)).named("temperature").values == (24.0, 25.0)
    only = curve(recording([0, 1], **electric, ambient_temperature_celsius=[20.0, 20.0]))
    assert only.named("ambient_temperature").values == (20.0, 20.0)


def test_of_a_module_the_lowest_and_highest_cell_and_the_hottest_probe_are_drawn():
    cells = pl.Series([[3.1, 3.3, 3.2], [3.4, 3.0, 3.2]], dtype=pl.Array(pl.Float32, 3))
    probes = pl.Series([[25.0, 26.5], [27.0, 26.0]], dtype=pl.Array(pl.Float32, 2))
    drawn = curve(
        recording([0, 1], voltage_volt=[9.6, 9.6], current_ampere=[0.0, 0.0], cell_voltages_volt=cells, cell_temperatures_celsius=probes)
    )
    assert np.allclose(drawn.named("lowest_cell").values, [3.1, 3.0])
    assert np.allclose(drawn.named("highest_cell").values, [3.3, 3.4])
    assert drawn.named("hottest_probe").values == (26.5, 27.0)


def test_the_ends_of_a_step_are_joined_and_a_pause_between_steps_is_not():
    """Two steps of a minute with nine hours between them."""
    sheet = recording([0, 60, 32460, 32520], "step", voltage_volt=[3.0, 3.1, 3.3, 3.4], current_ampere=[1.0, 1.0, -1.0, -1.0])
    drawn = curve(sheet)
    assert drawn.named("voltage").values == (3.0, 3.1, None, 3.3, 3.4)
    assert drawn.named("current").values == (1.0, 1.0, None, -1.0, -1.0)
    assert drawn.time_h == (0.0, 0.01667, 0.01667, 9.01667, 9.03333)


def test_a_long_step_sheet_with_pauses_stays_within_the_number_of_points():
    starts = np.arange(3000) * 200.0
    time = np.stack([starts, starts + 100], axis=1).ravel()
    sheet = recording(time, "step", voltage_volt=np.sin(np.arange(6000)), current_ampere=np.cos(np.arange(6000)))
    drawn = curve(sheet, 1000)
    assert len(drawn.time_h) <= 1000
    assert None in drawn.named("voltage").values


def test_a_curve_goes_to_json_and_back():
    drawn = curve(recording([0, 1], voltage_volt=[3.0, None], current_ampere=[1.0, 1.0]))
    assert from_json(Curve, to_json(drawn), "test") == drawn


def test_the_rows_of_evidence_are_found_on_the_time_axis():
    drawn = curve(recording([0, 3600, 7200], voltage_volt=[3.0, 3.1, 3.2], current_ampere=[1.0, 1.0, 1.0], record_index=[11, 12, 13]))
    assert stretches(drawn, (Evidence("ab" * 32, ((12, 13),)),)) == ((1.0, 2.0),)
    assert stretches(drawn, (Evidence("another", ((12, 13),)),)) == ()


def test_a_spectrum_has_no_curve_over_time():
    impedance = {"frequency_hertz": [10.0, 1.0], "real_impedance_ohm": [1.0, 2.0], "imaginary_impedance_ohm": [0.0, -1.0]}
    timed = recording([0, 1], **impedance, voltage_volt=[3.7, 3.7])
    untimed = Recording(timed.table.drop("test_time_second"), SOURCE)
    assert {(c.rows, c.time_h, c.series) for c in map(curve, (timed, untimed))} == {(2, (), ())}


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
@pytest.mark.parametrize("rows", [3, 3000])
def test_readings_that_are_no_numbers_leave_the_line_out_or_break_it(value: float | None, rows: int):
    empty = pl.Series([value] * rows, dtype=pl.Float64)
    blank = curve(recording(np.arange(rows), voltage_volt=empty, current_ampere=empty))
    assert blank.series == ()
    assert not figure(blank).to_dict().get("data")
    ampere = pl.Series([1.0, value, *[1.0] * (rows - 2)], dtype=pl.Float64)
    (line,) = curve(recording(np.arange(rows), voltage_volt=empty, current_ampere=ampere)).series
    assert set(line.values) <= {1.0, None}
