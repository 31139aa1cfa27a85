"""Mechanical abuse tests: several clocks, forces that contradict one another, thermocouples in any number."""

from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from cellwright import readers
from cellwright.core.errors import MissingColumn
from cellwright.core.recording import Recording


def book(path: Path, *rows: list[Any], more: dict[str, list[list[Any]]] | None = None) -> Path:
    with xlsxwriter.Workbook(path) as made:
        for name, page in {"Sheet1": list(rows), **(more or {})}.items():
            sheet = made.add_worksheet(name)
            for r, cells in enumerate(page):
                sheet.write_row(r, 0, cells)
    return path


def codes(recording: Recording) -> dict[str, Any]:
    return {note.code: note.params for note in recording.notes}


TWO_CLOCKS = [
    ["Time (second)", "Load (lb)", "Voltage (V)", None, "Time (sec)", "TC1 (°C)"],
    [0.0, 1.0, 3.9, None, 0.0, 24.0],
    [0.1, 2.0, 3.8, None, 0.2, 25.0],
    [0.2, 3.0, 3.7],
]


def test_two_clocks_stand_on_one_time_and_nothing_is_made_up(tmp_path: Path):
    recording = readers.read(book(tmp_path / "a.xlsx", *TWO_CLOCKS))
    table = recording.table
    assert table["test_time_second"].to_list() == [0.0, 0.1, 0.2]
    assert table["voltage_volt"].to_list() == [3.9, 3.8, 3.7]
    assert table["temperature_t1_celsius"].to_list() == [24.0, None, 25.0]
    assert table["Load (lb)"].to_list() == [1.0, 2.0, 3.0]
    assert codes(recording)["readers.several_clocks"] == {"count": 2, "rows": (3, 2)}
    assert (recording.source.make, recording.source.format) == ("abuse", "xlsx")
    assert "current_ampere" not in table.columns


def test_a_moment_that_is_there_twice_stays_twice(tmp_path: Path):
    rows = [TWO_CLOCKS[0], [0.0, 1.0, 3.9, None, 0.0, 24.0], [0.0, 2.0, 3.8, None, 0.0, 25.0]]
    table = readers.read(book(tmp_path / "a.xlsx", *rows)).table
    assert table.select("test_time_second", "Load (lb)", "temperature_t1_celsius").rows() == [(0.0, 1.0, 24.0), (0.0, 2.0, 25.0)]


def test_pounds_under_a_header_of_newtons_are_noted(tmp_path: Path):
    header = ["Time (s)", "Load (lb)", "Penetrator Force (N)", "Voltage (V)"]
    # A pound-force is 4.4482216 N.
    right = [[n, 10.0 * n, 44.482216 * n, 3.7] for n in range(5)]
    wrong = [[n, 10.0 * n, 10.0 * n, 3.7] for n in range(5)]
    assert "readers.forces_disagree" not in codes(readers.read(book(tmp_path / "a.xlsx", header, *right)))
    noted = codes(readers.read(book(tmp_path / "b.xlsx", header, *wrong)))["readers.forces_disagree"]
    assert noted == {"columns": ("Load (lb)", "Penetrator Force (N)")}


def test_more_thermocouples_than_columns_stand_in_one_array_by_number(tmp_path: Path):
    header = ["Running Time", "Axial Force", "Analog 1", "TC 05", "TC 06", "TC 01", "TC 02", "TC 03", "TC 04"]
    recording = readers.read(book(tmp_path / "a.xlsx", header, [0, 1.5, 4.1, 5, 6, 1, 2, 3, 4]))
    assert recording.table["cell_temperatures_celsius"].to_list() == [[1, 2, 3, 4, 5, 6]]
    assert codes(recording)["readers.sensors_in_array"]["sensors"] == ("TC 01", "TC 02", "TC 03", "TC 04", "TC 05", "TC 06")
    assumed = [dict(n.params) for n in recording.notes if n.code == "readers.unit_assumed"]
    assert [a["unit"] for a in assumed] == ["s", "V", "degC"]


def test_a_row_of_units_is_read_as_such(tmp_path: Path):
    rows = [["Time", "Displacement", "Voltage", "TC1"], ["min", "mm", "mV", "C"], [0, 0.1, 4100, 20], [1, 0.2, 4000, 21]]
    table = readers.read(book(tmp_path / "a.xlsx", *rows)).table
    assert table["test_time_second"].to_list() == [0.0, 60.0]
    assert table["Displacement (mm)"].to_list() == [0.1, 0.2]
    assert table["voltage_volt"].to_list() == [4.1, 4.0]
    assert table["temperature_t1_celsius"].to_list() == [20.0, 21.0]


def test_a_unit_that_no_force_has_is_noted_and_the_numbers_stay(tmp_path: Path):
    recording = readers.read(book(tmp_path / "a.xlsx", ["Test Time [s]", "Penetrator Force [mm]", "vCell [V]"], [0, 7.5, 4.1]))
    assert codes(recording)["readers.unit_cannot_be"] == {"column": "Penetrator Force [mm]", "unit": "mm"}
    assert recording.table["Penetrator Force [mm]"].to_list() == [7.5]


def test_each_sheet_is_a_recording_of_its_own(tmp_path: Path):
    path = book(tmp_path / "a.xlsx", *TWO_CLOCKS, more={"second": TWO_CLOCKS[:2], "notes": [["remarks"]]})
    assert [r.source.channel for r in readers.read_all(path)] == ["Sheet1", "second"]
    assert readers.read(path, channel="second").table.height == 1


def test_a_test_whose_voltage_was_never_read_is_refused(tmp_path: Path):
    with pytest.raises(MissingColumn):
        readers.read(book(tmp_path / "a.xlsx", ["Time (s)", "Load (N)", "Voltage (V)"], [0, 1, None], [1, 2, None]))


def test_a_sheet_with_a_current_is_no_abuse_test(tmp_path: Path):
    path = book(tmp_path / "a.xlsx", ["Time (s)", "Load (N)", "Voltage (V)", "Current (A)"], [0, 1, 3.7, 0.1])
    assert not readers.knows(path)


def test_every_published_sheet_reads_with_its_last_sample(data: Path):
    found = sorted([*data.glob("testers/abuse/*.xlsx"), *data.glob("safety/abuse/*.xlsx")])
    for path in found:
        table = readers.read(path).table
        assert table["test_time_second"].is_sorted()
        assert table["voltage_volt"].null_count() < table.height
        assert any(c.startswith(("temperature_t", "cell_temperatures")) for c in table.columns)


def test_a_published_test_has_the_sheets_numbers(data: Path):
    path = data / "safety" / "abuse" / "SNL_LMO-LNO_Graphite_33Ah_100SOC_a.xlsx"
    if not path.exists():
        pytest.skip("not in the data folder")
    recording = readers.read(path)
    # Sheet row 2: 1.06, -0.063, 7.328, 4.149, 18.9, 18.5, 18.3, 18.3, 18.4, 18.5, 18.4; 3787 rows under the header.
    first = recording.table.row(0, named=True)
    assert recording.table.height == 3787
    assert (first["test_time_second"], first["voltage_volt"], first["ambient_temperature_celsius"]) == (1.06, 4.149, 18.9)
    assert first["cell_temperatures_celsius"] == pytest.approx([18.5, 18.3, 18.3, 18.4, 18.5, 18.4])
    assert first["Displacement [mm]"] == -0.063
