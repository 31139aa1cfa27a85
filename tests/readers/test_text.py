"""The engine under all text exports: what makes differ in is understood once."""

from pathlib import Path

import polars as pl
import pytest

from cellwright import readers
from cellwright.core.errors import DamagedFile, MissingColumn
from cellwright.core.recording import Recording
from cellwright.readers.engine.names import factor, split_unit, unique
from cellwright.readers.engine.text import Dialect, translate

HEADER = "Test Time / s,Voltage / V,Current / A"


def read(tmp_path: Path, content: str | bytes, name: str = "a.csv") -> Recording:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return readers.read(path)


def codes(recording: Recording) -> list[str]:
    return [note.code for note in recording.notes]


@pytest.mark.parametrize(
    ("header", "name", "unit"),
    [
        ("Test (Sec)", "test", "sec"),
        ("Current(A)", "current", "a"),
        ("Cap. [Ah]", "cap.", "ah"),
        ("Voltage / V", "voltage", "v"),
        ("ACImp/Ohms", "acimp", "ohms"),
        ("dQ/dV(mAh/V)", "dq/dv", "mah/v"),
        ("dV/dt", "dv/dt", ""),
        ("  Step   Time ", "step time", ""),
        ("Voltage/V", "voltage", "v"),
        ("I(mA)", "i", "ma"),
        ("시간(s)", "시간", "s"),
        ("电压（V）", "电压", "v"),
        ("温度(℃)", "温度", "℃"),
        ("R / mΩ", "r", "mω"),
        ("Temperature / °C", "temperature", "°c"),
        ("Voltage_V", "voltage_v", ""),
    ],
)
def test_a_header_is_parted_into_name_and_unit(header: str, name: str, unit: str):
    assert split_unit(header) == (name, unit)


def test_a_unit_gives_the_factor_to_bdfs_unit():
    assert factor("current_ampere", "ma") == 1e-3
    assert factor("test_time_second", "min") == 60
    assert factor("voltage_volt", "") == 1
    assert factor("voltage_volt", "parsec") is None
    assert factor("internal_resistance_ohm", "mω") == factor("internal_resistance_ohm", "mohm") == 1e-3
    assert factor("temperature_t1_celsius", "℃") == factor("temperature_t1_celsius", "°c") == 1
    assert factor("current_ampere", "μa") == factor("current_ampere", "µa") == 1e-6
    assert factor("voltage_volt", "kv") == 1e3
    assert factor("power_watt", "kw") == 1e3
    assert factor("test_time_second", "hh:mm:ss") == 1
    assert factor("ambient_pressure_pa", "bar") == 1e5


def test_a_megohm_is_no_milliohm():
    assert factor("isolation_resistance_ohm", split_unit("Isolation / MΩ")[1]) == 1e6
    assert factor("isolation_resistance_ohm", split_unit("Isolation (MOhm)")[1]) == 1e6
    assert factor("isolation_resistance_ohm", split_unit("ACR (mOhm)")[1]) == 1e-3


def test_a_dialect_may_say_what_a_unit_behind_an_underscore_is():
    dialect = Dialect(frozenset(), {"current_ma": "current_ampere", "voltage_v": "voltage_volt"}, units={"current_ma": "ma"})
    table, _ = translate(pl.DataFrame({"Voltage_V": [3.7], "Current_mA": [250.0]}), dialect, "a.csv", ())
    assert table.rows() == [(3.7, 0.25)]


def test_names_that_repeat_or_are_missing_become_unique():
    assert unique(["Loop", "Loop", "", "Loop"]) == ["Loop", "Loop_2", "column_3", "Loop_3"]
    assert unique(["Loop", "Loop_2", "Loop"]) == ["Loop", "Loop_2", "Loop_3"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_usual_delimiter_is_found(tmp_path: Path, delimiter: str):
    text = f"{HEADER}\n0,3.7,0\n1,3.6,-2\n".replace(",", delimiter)
    assert read(tmp_path, text).table["current_ampere"].to_list() == [0.0, -2.0]


def test_decimal_commas_are_numbers(tmp_path: Path):
    assert read(tmp_path, f"{HEADER}\n0,0;3,7012;0\n1,5;3,6;-2,25\n".replace(HEADER, HEADER.replace(",", ";"))).table.select(
        "test_time_second", "voltage_volt", "current_ampere"
    ).rows() == [(0.0, 3.7012, 0.0), (1.5, 3.6, -2.25)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_usual_encodings_are_read_and_an_assumed_one_is_noted(tmp_path: Path, encoding: str):
    recording = read(tmp_path, f"{HEADER},Prüfling\n0,3.7,0,Zelle äöü\n".encode(encoding))
    assert recording.table["Prüfling"].to_list() == ["Zelle äöü"]
    assert ("readers.encoding_assumed" in codes(recording)) == (encoding == "cp1252")


def test_units_in_the_header_are_converted(tmp_path: Path):
    recording = read(tmp_path, "Test Time / s,Voltage (mV),Current (mA),Record Index / 1\n0,3700,0,1\n1,3600,-250,2\n")
    assert recording.table.select("voltage_volt", "current_ampere").rows() == [(3.7, 0.0), (3.6, -0.25)]


def test_a_unit_that_does_not_fit_is_an_error_that_names_it(tmp_path: Path):
    with pytest.raises(DamagedFile, match="Voltage"):
        read(tmp_path, "Test Time / s,Voltage (kg),Current / A\n0,3.7,0\n")


def test_cells_that_are_no_numbers_are_left_empty_and_counted(tmp_path: Path):
    recording = read(tmp_path, f"{HEADER},Power / W\n0,3.7,0,1\n1,3.6,1,overflow\n2,3.6,1,oops\n")
    assert recording.table["power_watt"].to_list() == [1.0, None, None]
    lost = next(n for n in recording.notes if n.code == "readers.unreadable_cells")
    assert lost.params == {"column": "Power / W", "count": 2}


def test_a_column_that_begins_with_a_thousand_zeros_keeps_its_fractions(tmp_path: Path):
    rows = "".join(f"{n},3.7,0,0\n" for n in range(1500)) + "1500,3.6,0.5,0.25\n"
    table = read(tmp_path, f"{HEADER},Vendor's own\n{rows}").table
    assert table["current_ampere"][-1] == 0.5
    assert table["Vendor's own"][-1] == 0.25


def test_unknown_columns_keep_their_names_and_are_noted(tmp_path: Path):
    recording = read(tmp_path, f"{HEADER},Loop,Loop,Drift\n0,3.7,0,1,2,x\n")
    assert recording.table.select("Loop", "Loop_2", "Drift").rows() == [(1, 2, "x")]
    assert recording.notes[-1].params["columns"] == ("Loop", "Loop_2", "Drift")


def test_of_two_columns_that_mean_the_same_the_first_is_it_and_the_second_is_kept(tmp_path: Path):
    table = read(tmp_path, f"{HEADER},Voltage (mV)\n0,3.7,0,3600\n").table
    assert table.select("voltage_volt", "Voltage (mV)").rows() == [(3.7, 3600)]


def test_a_row_cut_off_in_writing_is_left_out_and_noted(tmp_path: Path):
    recording = read(tmp_path, f"{HEADER},Power / W\n0,3.7,0,0\n1,3.6,1,3.6\n2,3.")
    assert recording.table.height == 2
    assert "readers.cut_last_row" in codes(recording)


def test_fields_beyond_the_header_are_not_lost(tmp_path: Path):
    recording = read(tmp_path, f"{HEADER}\n0,3.7,0\n1,3.6,1,9,8\n2,3.5,1\n")
    assert recording.table["voltage_volt"].to_list() == [3.7, 3.6, 3.5]
    assert recording.table.select("column_4", "column_5").rows() == [(None, None), (9, 8), (None, None)]


def test_rows_without_time_are_left_out_and_named(tmp_path: Path):
    recording = read(tmp_path, f"{HEADER}\n0,3.7,0\n,3.6,1\n2,3.5,1\n")
    assert recording.table["record_index"].to_list() == [1, 3]
    assert next(n for n in recording.notes if n.code == "readers.rows_without_time").params == {"count": 1, "rows": (2,)}


def test_a_table_without_voltage_names_what_is_missing_and_what_is_there():
    dialect = Dialect(frozenset(), {"time": "test_time_second", "amps": "current_ampere"})
    with pytest.raises(MissingColumn) as error:
        translate(pl.DataFrame({"Time": [0.0], "Amps": [1.0], "Pump": [1]}), dialect, "a.csv")
    assert error.value.params["column"] == "voltage_volt"
    assert error.value.params["found"] == ("test_time_second", "current_ampere", "Pump")


def test_a_voltage_without_a_single_number_is_an_error(tmp_path: Path):
    with pytest.raises(MissingColumn) as error:
        read(tmp_path, f"{HEADER}\n0,high,0\n1,low,0\n")
    assert error.value.code == "readers.column_without_numbers"


@pytest.mark.parametrize("content", [HEADER, f"{HEADER}\n", f"{HEADER}\n\n\n"])
def test_a_header_without_rows_is_an_error(tmp_path: Path, content: str):
    with pytest.raises(DamagedFile) as error:
        read(tmp_path, content)
    assert error.value.code == "readers.no_rows"


def test_a_columns_own_record_numbers_are_kept_unless_they_repeat(tmp_path: Path):
    kept = read(tmp_path, f"{HEADER},Record Index / 1\n0,3.7,0,40\n1,3.7,0,41\n")
    anew = read(tmp_path, f"{HEADER},Record Index / 1\n0,3.7,0,40\n1,3.7,0,40\n")
    assert kept.table["record_index"].to_list() == [40, 41]
    assert anew.table["record_index"].to_list() == [1, 2]
    assert "readers.record_numbers_repeat" in codes(anew)


def test_known_columns_that_hold_nothing_are_left_out_and_noted(tmp_path: Path):
    recording = read(tmp_path, f"{HEADER},Cycle Count / 1\n0,3.7,0,\n1,3.7,0,\n")
    assert "cycle_count" not in recording.table.columns
    assert "readers.empty_columns" in codes(recording)


def test_numbers_are_double_and_counts_are_whole(tmp_path: Path):
    schema = read(tmp_path, f"{HEADER},Cycle Count / 1\n0,3.7,0,1\n").table.schema
    assert schema["test_time_second"] == schema["voltage_volt"] == schema["current_ampere"] == pl.Float64
    assert schema["cycle_count"] == schema["record_index"] == pl.Int64
