"""Lines that are no data: headers that come again, remarks, footers; none goes without a note, and no row of data goes."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellwright.core.errors import MissingColumn
from cellwright.core.recording import Recording
from cellwright.readers.engine import text
from cellwright.readers.engine.text import Dialect, parsing
from cellwright.readers.opening import HEAD, open_files
from tests.readers.test_text import HEADER, codes, read

DIALECT = Dialect(tells=frozenset({"elapsed", "cell volts"}), columns={"elapsed": "test_time_second", "cell volts": "voltage_volt"})


def counts(recording: Recording) -> dict[str, int]:
    return {n.code: n.params["count"] for n in recording.notes if "count" in n.params}


def test_a_header_that_comes_again_is_left_out_and_counted(tmp_path: Path):
    recording = read(tmp_path, f"{HEADER}\n0,3.7,0\n1,3.6,1\n{HEADER}\n2,3.5,1\n{HEADER}\n3,3.4,1\n")
    assert recording.table["voltage_volt"].to_list() == [3.7, 3.6, 3.5, 3.4]
    assert counts(recording) == {"readers.headers_repeated": 2}


def test_a_head_that_comes_again_goes_with_its_header(tmp_path: Path):
    block = f"Tester,7\nOperator,Kim\n{HEADER}\n"
    recording = read(tmp_path, f"{HEADER}\n0,3.7,0\n{block}1,3.6,1\n")
    assert recording.table["voltage_volt"].to_list() == [3.7, 3.6]
    assert counts(recording) == {"readers.headers_repeated": 1, "readers.lines_left_out": 2}


def test_what_stood_above_the_header_is_no_row_when_it_comes_again(tmp_path: Path):
    head = "Channel,1,2\nElapsed,Cell Volts,Pump\n"
    (tmp_path / "a.csv").write_text(f"{head}0,3.7,on\n{head}{head}60,3.6,on\nElapsed,Cell Volts,Pump\n120,3.5,on\n")
    (file,) = open_files(tmp_path / "a.csv")
    frame, notes = text.parse(file, text.require(text.find(file, DIALECT), file), DIALECT)
    assert frame.rows() == [(0.0, 3.7, "on"), (60.0, 3.6, "on"), (120.0, 3.5, "on")]
    assert [(n.code, n.params["count"]) for n in notes] == [("readers.headers_repeated", 3), ("readers.lines_left_out", 2)]


def test_a_long_line_that_begins_as_the_header_does_is_not_cut(tmp_path: Path):
    recording = read(tmp_path, f"{HEADER}\n0,3.7,0\n{HEADER} (mean)\n1,3.6,1\n")
    assert recording.table["voltage_volt"].to_list() == [3.7, 3.6]
    assert sum(counts(recording).values()) == 1


def wide(rows: int) -> str:
    names = ",".join(f"probe {n}" for n in range(10))
    return f"{HEADER},{names}\n" + "".join(f"{n},3.7,0,{','.join(str(n + k) for k in range(10))}\n" for n in range(rows))


def test_a_table_that_is_read_some_columns_at_a_time_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    whole = read(tmp_path, wide(50)).table
    monkeypatch.setattr(parsing, "LARGE", 0)
    monkeypatch.setattr(parsing, "WIDE", 4)
    assert read(tmp_path, wide(50)).table.equals(whole)


def test_a_cell_beyond_the_names_is_seen_where_columns_are_read_by_and_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(parsing, "LARGE", 0)
    monkeypatch.setattr(parsing, "WIDE", 4)
    lines = wide(50).splitlines()
    lines[20] += ",99"
    recording = read(tmp_path, "\n".join(lines) + "\n")
    assert recording.table["column_14"].to_list() == [None] * 19 + [99] + [None] * 30


def test_a_footer_is_left_out_and_counted(tmp_path: Path):
    recording = read(tmp_path, f"{HEADER}\n0,3.7,0\n1,3.6,1\nEnd of test\nChecked by,Kim,\n")
    assert recording.table["test_time_second"].to_list() == [0.0, 1.0]
    assert counts(recording) == {"readers.footer_left_out": 2}


def test_an_odd_cell_costs_no_row(tmp_path: Path):
    recording = read(tmp_path, f"{HEADER}\n0,3.7,0\n1,#####,1\n2,3.5,1\n")
    assert recording.table["voltage_volt"].to_list() == [3.7, None, 3.5]
    assert counts(recording) == {"readers.unreadable_cells": 1}


def test_whole_numbers_stay_whole_where_rows_were_mended(tmp_path: Path):
    table = read(tmp_path, f"{HEADER},Loop,Lot\n0,3.7,0,1,a\nremark\n1,3.6,1,2,b\n").table
    assert table["Loop"].to_list() == [1, 2]
    assert table["Loop"].dtype.is_integer()
    assert table["Lot"].to_list() == ["a", "b"]


def test_a_quote_that_is_never_closed_swallows_no_row(tmp_path: Path):
    recording = read(tmp_path, f'{HEADER},Remark\n0,3.7,0,"hot\n1,3.6,1,ok\n2,3.5,1,"warm"\n3,3.4,1,ok\n')
    assert recording.table["voltage_volt"].to_list() == [3.7, 3.6, 3.5, 3.4]


def test_a_thousand_whole_numbers_before_a_fraction_are_read_once(tmp_path: Path):
    rows = "".join(f"{n},3.7,0,1\n" for n in range(HEAD)) + "70000,3.6,0.5,2.5\n"
    table = read(tmp_path, f"{HEADER},Vendor's own\n{rows}").table
    assert (table["Vendor's own"][-1], table.height) == (2.5, HEAD + 1)


def test_a_row_of_units_under_the_header_goes_to_the_names(tmp_path: Path):
    (tmp_path / "a.csv").write_text("Elapsed,Cell Volts,Pump\nmin,mV,\n0,3700,on\n1.5,3650,on\n")
    (file,) = open_files(tmp_path / "a.csv")
    layout = text.find(file, DIALECT)
    assert layout is not None
    assert layout.header == ("Elapsed [min]", "Cell Volts [mV]", "Pump")
    frame, _ = text.parse(file, layout, DIALECT)
    table, _ = text.translate(frame, DIALECT, "a.csv", ())
    assert table.select("test_time_second", "voltage_volt").rows() == [(0.0, 3.7), (90.0, 3.65)]


def test_only_lines_that_are_no_data_are_no_recording(tmp_path: Path):
    with pytest.raises(MissingColumn) as error:
        read(tmp_path, f"{HEADER}\n{HEADER}\n{HEADER}\n")
    assert error.value.code == "readers.column_without_numbers"


JUNK = st.sampled_from([HEADER, "End of test", "Operator,Kim,", "----", "Step finished;;", "remark,remark,remark"])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(st.integers(min_value=0, max_value=9999), JUNK), min_size=2, max_size=40))
def test_every_row_of_data_survives_whatever_stands_between(tmp_path_factory: pytest.TempPathFactory, lines: list[int | str]):
    values = [line for line in lines if isinstance(line, int)]
    if not values:
        return
    body = "".join(f"{n},3.{line:04d},1\n" if isinstance(line, int) else f"{line}\n" for n, line in enumerate(lines))
    recording = read(tmp_path_factory.mktemp("mended"), f"{HEADER}\n{body}9999,3.5,1\n")
    assert recording.table["voltage_volt"].to_list() == [float(f"3.{v:04d}") for v in values] + [3.5]
    left_out = {"readers.headers_repeated", "readers.lines_left_out", "readers.footer_left_out"}
    noted = sum(c for code, c in counts(recording).items() if code in left_out)
    assert noted == len(lines) - len(values)
    assert "readers.rows_without_time" not in codes(recording)
