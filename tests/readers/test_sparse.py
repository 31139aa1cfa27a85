"""Worksheets whose cells lie far apart are told before anything makes room for what is between them."""

import io
from pathlib import Path

import pytest
import xlsxwriter

from cellwright import readers
from cellwright.core.errors import CellwrightError
from cellwright.readers.engine import sparse


def sheet(*cells: str) -> io.BytesIO:
    return io.BytesIO(b"<worksheet><sheetData>" + "".join(cells).encode() + b"</sheetData></worksheet>")


def cell(reference: str) -> str:
    return f'<c r="{reference}"><v>1</v></c>'


def test_cells_side_by_side_are_not_sparse():
    # 700 columns of 4,000 rows are 2.8 million, below four million whatever the sheet's size.
    assert not sparse.is_sparse(sheet(cell("A1"), cell("ZX4000")))


@pytest.mark.parametrize("far", ["XFD1048576", "A5000000", "ZZZ1000", "xfd1048576", "CV50000"])
def test_one_cell_far_away_is_sparse(far: str):
    # CV is column 100: 100 times 50,000 is five million.
    assert sparse.is_sparse(sheet(cell("A1"), cell(far)))


@pytest.mark.parametrize("written", ["r='XFD1048576'", 'r = "XFD1048576"', 'r\n="XFD1048576"', 'r= "XFD1048576"'])
def test_however_the_attribute_is_written(written: str):
    assert sparse.is_sparse(sheet(cell("A1"), f"<c {written}><v>1</v></c>"))


def test_a_reference_across_two_chunks_is_seen(monkeypatch: pytest.MonkeyPatch):
    for size in range(64, 100):
        monkeypatch.setattr(sparse, "CHUNK", size)
        assert sparse.is_sparse(sheet(cell("A1"), cell("XFD1048576")))


def test_other_attributes_are_no_references():
    assert not sparse.is_sparse(sheet('<pane topLeftCell="XFD1048576" activeCell="XFD1048576"/>', cell("A1")))
    assert not sparse.is_sparse(io.BytesIO(b'<worksheet xmlns:r="http://schemas.openxmlformats.org/1234567"/>'))


def test_a_workbook_with_a_cell_far_away_is_refused_in_no_time(tmp_path: Path):
    path = tmp_path / "far.xlsx"
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet("Channel_1_1")
    page.write_row(0, 0, ["Data_Point", "Test_Time(s)", "Step_Time(s)", "Step_Index", "Cycle_Index", "Current(A)", "Voltage(V)"])
    for row in range(1, 5):
        page.write_row(row, 0, [row, row, row, 1, 1, 0.5, 3.7])
    page.write(1_048_575, 16_383, 1)
    book.close()
    with pytest.raises(CellwrightError):
        readers.read(path)
