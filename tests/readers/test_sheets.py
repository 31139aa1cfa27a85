"""Workbooks: a look that needs no parser, a table from any place in a sheet, and damage found before it costs anything."""

import io
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import fastexcel
import pytest
import xlsxwriter
import xlwt

from cellwright import readers
from cellwright.core.errors import DamagedFile, UnknownFormat
from cellwright.readers.engine import sheets, workbook
from cellwright.readers.opening import RawFile, open_files


def book(path: Path, **pages: list[list[Any]]) -> RawFile:
    with xlsxwriter.Workbook(path) as made:
        span = made.add_format({"num_format": "[h]:mm:ss"})
        for name, rows in pages.items():
            page = made.add_worksheet(name)
            for r, cells in enumerate(rows):
                for c, cell in enumerate(cells):
                    page.write(r, c, cell, *([span] if isinstance(cell, timedelta) else []))
    return open_files(path)[0]


def repacked(path: Path, part: str, old: str, new: str) -> Path:
    """The same workbook with one of its parts altered."""
    with zipfile.ZipFile(path) as pack:
        parts = {name: pack.read(name) for name in pack.namelist()}
    assert old.encode() in parts[part]
    parts[part] = parts[part].replace(old.encode(), new.encode())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, content in parts.items():
            pack.writestr(name, content)
    return path


def is_header(cells: tuple[str, ...]) -> bool:
    return {"t", "v"} <= set(cells)


def test_a_look_tells_the_texts_of_every_sheets_first_rows_where_they_stand(tmp_path: Path):
    file = book(tmp_path / "a.xlsx", One=[["x & y", 1, "z"]], Two=[[], [None, "t", "v"], [None, 1, 2]])
    assert sheets.sheet_names(file) == ["One", "Two"]
    assert sheets.heads(file)["One"][0] == ("x & y", "", "z")
    assert sheets.heads(file)["Two"][1] == ("", "t", "v")


def test_a_look_is_taken_once_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = book(tmp_path / "a.xlsx", One=[["t", "v"], [1, 2]])
    looks: list[bytes] = []
    once = workbook.first_rows
    monkeypatch.setattr(workbook, "first_rows", lambda data: (looks.append(data), once(data))[1])
    for _ in range(25):
        sheets.mentions(file, "t")
        sheets.places(file, is_header)
    assert len(looks) == 1


def test_shared_strings_may_be_empty_rich_or_prefixed():
    rows = (
        '<row r="3"><c r="B3" t="s"><v>1</v></c><c r="C3" t="s"><v>2</v></c><c r="D3"/><c r="E3" t="inlineStr"><is><t>q</t></is></c></row>'
    )
    rich = "<si><r><t>c</t></r><r><t> d</t></r><rPh><t>zz</t></rPh></si>"
    for mark in ("", "x:"):
        strings = f"<sst><si/><si><t>a &amp; b</t></si>{rich}</sst>".replace("<si", f"<{mark}si").replace("</si", f"</{mark}si")
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as pack:
            pack.writestr("xl/workbook.xml", '<workbook><sheets><sheet name="S &lt; 1" sheetId="1" r:id="r1"/></sheets></workbook>')
            pack.writestr("xl/_rels/workbook.xml.rels", '<Relationships><Relationship Target="/xl/s.xml" Id="r1"/></Relationships>')
            pack.writestr("xl/sharedStrings.xml", strings)
            pack.writestr("xl/s.xml", f"<sheetData>{rows}</sheetData>")
        assert workbook.first_rows(content.getvalue()) == {"S < 1": {2: ("", "a & b", "c d", "", "q")}}


def test_a_table_is_found_below_a_preamble_and_right_of_empty_columns(tmp_path: Path):
    page = [["Name", "cell 1"], [], [None, None, "t", "v", "t"], [None, None, 0, 3.5, "a"], [None, None, 1, 4, None]]
    file = book(tmp_path / "a.xlsx", One=page)
    (place,) = sheets.places(file, is_header)
    assert (place.row, place.units) == (2, ())
    assert sheets.table(file, place).to_dict(as_series=False) == {"t": [0.0, 1.0], "v": [3.5, 4.0], "t_2": ["a", None]}


def test_a_row_of_units_goes_to_the_names(tmp_path: Path):
    file = book(tmp_path / "a.xlsx", One=[["t", "v", "label"], ["s", "mV"], [1, 3500, 7]])
    (place,) = sheets.places(file, is_header)
    assert sheets.table(file, place).to_dicts() == [{"t (s)": 1.0, "v (mV)": 3500.0, "label": 7.0}]


def test_durations_are_seconds_and_a_column_of_several_kinds_is_text(tmp_path: Path):
    file = book(tmp_path / "a.xlsx", One=[["t", "v", "w"], [timedelta(minutes=2), 1, 1.5], [timedelta(seconds=3), 2, "x"]])
    (place,) = sheets.places(file, is_header)
    assert sheets.table(file, place).to_dict(as_series=False) == {"t": [120.0, 3.0], "v": [1.0, 2.0], "w": ["1.5", "x"]}


def test_a_column_of_durations_and_numbers_is_text_and_no_damage(tmp_path: Path):
    file = book(tmp_path / "a.xlsx", One=[["t", "v"], [timedelta(minutes=2), 1], [3.5, 2]])
    (place,) = sheets.places(file, is_header)
    assert sheets.table(file, place).height == 2


def test_a_number_that_first_comes_after_a_thousand_rows_is_kept(tmp_path: Path):
    rows = [[n, 1] for n in range(1500)] + [[1500, 2.5], [1501, "stop"]]
    file = book(tmp_path / "a.xlsx", One=[["t", "v"], *rows])
    (place,) = sheets.places(file, is_header)
    assert sheets.table(file, place)["v"].tail(2).to_list() == ["2.5", "stop"]


def test_an_old_workbook_reads_too(tmp_path: Path):
    made = xlwt.Workbook()
    page = made.add_sheet("One")
    for r, row in enumerate([["t", "v"], [0, 3.5], [1, 3.6]]):
        for c, cell in enumerate(row):
            page.write(r, c, cell)
    made.save(str(tmp_path / "a.xls"))
    (file,) = open_files(tmp_path / "a.xls")
    (place,) = sheets.places(file, is_header)
    assert sheets.table(file, place).to_dict(as_series=False) == {"t": [0.0, 1.0], "v": [3.5, 3.6]}


def test_other_files_are_no_workbooks(tmp_path: Path):
    (tmp_path / "a.txt").write_text("t,v\n1,2\n")
    with zipfile.ZipFile(tmp_path / "a.docx", "w") as pack:
        pack.writestr("[Content_Types].xml", "<Types/>")
        pack.writestr("word/document.xml", "<w/>")
    for name in ("a.txt", "a.docx"):
        (file,) = open_files(tmp_path / name)
        assert sheets.heads(file) == {}
        assert not sheets.mentions(file, "t")


def test_a_flipped_bit_is_found_by_the_checksum(tmp_path: Path):
    file = book(tmp_path / "a.xlsx", One=[["t", "v"], *([n, 3.5 + n / 1000] for n in range(3000))])
    with zipfile.ZipFile(io.BytesIO(file.data)) as pack:
        info = pack.getinfo("xl/worksheets/sheet1.xml")
    broken = bytearray(file.data)
    broken[info.header_offset + info.compress_size // 2] ^= 4
    (tmp_path / "a.xlsx").write_bytes(bytes(broken))
    (file,) = open_files(tmp_path / "a.xlsx")
    with pytest.raises(DamagedFile):
        sheets.sheet(file, "One")


@pytest.mark.parametrize("reference", ["XFD1048576", "ZZ99999", "xfd1048576"])
@pytest.mark.parametrize("declared", ["A1:B4", "A1:XFD1048576", "B4"])
def test_cells_too_far_apart_are_found_whatever_the_sheet_declares(tmp_path: Path, reference: str, declared: str):
    path = tmp_path / "a.xlsx"
    book(path, One=[["t", "v"], *([n, 3.5] for n in range(300))])
    repacked(path, "xl/worksheets/sheet1.xml", 'ref="A1:B301"', f'ref="{declared}"')
    (file,) = open_files(repacked(path, "xl/worksheets/sheet1.xml", 'r="B4"', f'r="{reference}"'))
    with pytest.raises(DamagedFile):
        sheets.sheet(file, "One")


def test_a_workbook_without_a_record_is_refused_with_what_it_holds(tmp_path: Path):
    book(tmp_path / "list.xlsx", Cells=[["Name", "Chemistry"], ["Cell1", "LFP"]])
    with pytest.raises(UnknownFormat) as refused:
        readers.read(tmp_path / "list.xlsx")
    assert (refused.value.code, refused.value.params["found"]) == ("readers.unknown_workbook", ("Name", "Chemistry"))


def test_every_real_workbook_reads_as_its_parser_reads_it(data: Path):

    for path in sorted(data.glob("testers/abuse/*.xlsx")):
        (file,) = open_files(path)
        theirs = fastexcel.read_excel(path).load_sheet(0, schema_sample_rows=None).to_polars()
        assert sheets.heads(file)[sheets.sheet_names(file)[0]][0][0] == theirs.columns[0]
        assert sheets.sheet(file, sheets.sheet_names(file)[0]).equals(theirs)
