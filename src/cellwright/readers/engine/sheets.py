"""Spreadsheets: which workbook is whose, and a sheet as a table."""

import html
import io
import logging
import zipfile
from typing import Any

import polars as pl

from cellwright.readers.guard import guarded
from cellwright.readers.opening import HEAD, RawFile

WORKBOOK = "xl/workbook.xml"
STRINGS = "xl/sharedStrings.xml"
SHEETS = "xl/worksheets/"


def mentions(file: RawFile, *words: str) -> bool:
    """Tell whether the beginnings of a workbook's parts hold all these words; cheaper by far than reading its sheets."""
    if WORKBOOK not in file.members:
        return False
    parts = [name for name in file.members if name == STRINGS or name.startswith(SHEETS)]
    content = html.unescape("".join(_start(file, name) for name in parts))
    return all(word in content for word in words)


def sheet_names(file: RawFile) -> list[str]:
    """Names of a workbook's sheets, in order; empty where the file is no workbook."""
    if WORKBOOK not in file.members:
        return []
    import fastexcel

    with guarded(file=file.file):
        return list(fastexcel.read_excel(file.data).sheet_names)


def sheet(file: RawFile, name: str, header_row: int | None = 0) -> pl.DataFrame:
    """Read a sheet's cells in their own types, looking at all of them; raises `DamagedFile`."""
    return _load(file, name, header_row=header_row, schema_sample_rows=None)


def text_sheet(file: RawFile, name: str, header_row: int | None = 0) -> pl.DataFrame:
    """Read a sheet's cells as text, numbers to nine decimals; raises `DamagedFile`."""
    return _load(file, name, header_row=header_row, dtypes="string")


def _load(file: RawFile, name: str, **options: Any) -> pl.DataFrame:
    import fastexcel

    # It logs that an empty column has no type, which is no news: such columns are left out and noted.
    logging.getLogger("fastexcel").setLevel(logging.ERROR)
    with guarded(file=file.file):
        book: Any = fastexcel.read_excel(file.data)
        return book.load_sheet(name, **options).to_polars()


def _start(file: RawFile, name: str) -> str:
    with guarded(file=file.file), zipfile.ZipFile(io.BytesIO(file.data)) as pack, pack.open(name) as part:
        return part.read(HEAD).decode("utf-8", errors="replace")
