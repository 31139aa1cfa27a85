"""Spreadsheets: which workbook is whose, at a look that is taken once a file, and a sheet as a table."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any
from weakref import WeakKeyDictionary

import polars as pl

from cellwright.core.errors import DamagedFile
from cellwright.readers.engine import workbook
from cellwright.readers.engine.names import unique
from cellwright.readers.engine.workbook import Rows
from cellwright.readers.guard import guarded
from cellwright.readers.opening import RawFile

NAMELESS = "__UNNAMED__"
MIXED = "UnsupportedColumnTypeCombinationError"
UNITS = {*("s", "sec", "second", "min", "h", "a", "ma", "v", "mv", "w", "ah", "mah", "wh", "mwh", "ohm", "mohm")} | {
    *("c", "°c", "℃", "degc", "n", "kn", "lb", "lbf", "mm", "in", "-")
}

_HEADS: WeakKeyDictionary[RawFile, Mapping[str, Rows]] = WeakKeyDictionary()
_BOOKS: WeakKeyDictionary[RawFile, Any] = WeakKeyDictionary()


@dataclass(frozen=True)
class Place:
    """Where a table is in a workbook.

    Parameters
    ----------
    sheet
        The sheet's name.
    row
        The header's row, 0 for the first of the sheet.
    header
        The header's cells, empty ones included.
    units
        The cells of the row below, where that holds the units; empty where the rows begin there.
    """

    sheet: str
    row: int
    header: tuple[str, ...]
    units: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The header's cells, each with its unit."""
        pairs = zip_longest(self.header, self.units, fillvalue="")
        return tuple(f"{name} ({unit})" if name and unit else name for name, unit in pairs)


def heads(file: RawFile) -> Mapping[str, Rows]:
    """Return the first rows of every sheet, by its name, in order; empty where the file is no workbook. Raises `DamagedFile`."""
    if file not in _HEADS:
        _HEADS[file] = _heads(file)
    return _HEADS[file]


def _heads(file: RawFile) -> Mapping[str, Rows]:
    if workbook.PART in file.members:
        with guarded(file=file.file):
            return workbook.first_rows(file.data)
    if not workbook.is_legacy(file.data):
        return {}
    return {name: _legacy_rows(file, name) for name in _book(file).sheet_names}


def _legacy_rows(file: RawFile, name: str) -> Rows:
    frame = _load(file, name, header_row=None, n_rows=workbook.ROWS, dtypes="string")
    return {n: tuple(cell or "" for cell in row) for n, row in enumerate(frame.rows())}


def mentions(file: RawFile, *words: str) -> bool:
    """Tell whether the first rows of a workbook's sheets hold all these words."""
    cells = {cell for rows in heads(file).values() for row in rows.values() for cell in row}
    return all(any(word in cell for cell in cells) for word in words)


def sheet_names(file: RawFile) -> list[str]:
    """Names of a workbook's sheets, in order; empty where the file is no workbook."""
    return list(heads(file))


def places(file: RawFile, is_header: Callable[[tuple[str, ...]], bool]) -> list[Place]:
    """Find the sheets that have a make's header among their first rows."""
    found: list[Place] = []
    for name, rows in heads(file).items():
        row = next((n for n, cells in rows.items() if is_header(cells)), None)
        if row is not None:
            below = rows.get(row + 1, ())
            found.append(Place(name, row, rows[row], below if _are_units(below, rows[row]) else ()))
    return found


def _are_units(below: tuple[str, ...], header: tuple[str, ...]) -> bool:
    """Tell a row of units: most of the columns have one, and there is nothing else."""
    units = [cell.strip("()[] ").lower() for cell in below if cell]
    return 2 * len(units) > sum(map(bool, header)) and set(units) <= UNITS


def table(file: RawFile, place: Place) -> pl.DataFrame:
    """Read the rows under a header, numbers as numbers; durations become seconds [s]. Raises `DamagedFile`."""
    frame = sheet(file, place.sheet, place.row + bool(place.units))
    names = _names(frame.columns, place)
    frame.columns = unique(names)
    spans = [name for name, dtype in frame.schema.items() if dtype == pl.Duration]
    frame = frame.with_columns(pl.col(name).dt.total_microseconds() / 1e6 for name in spans)
    return frame.drop(c for c, name in zip(frame.columns, names, strict=True) if not name and frame[c].null_count() == frame.height)


def _names(found: list[str], place: Place) -> list[str]:
    """Put the header's cells over the columns that were found, which begin at the first that is not empty throughout."""
    cells = place.units or place.header
    there = next((n for n, name in enumerate(found) if not name.startswith(NAMELESS)), 0)
    before = next((n for n, cell in enumerate(cells) if cell), 0) - there
    names = [*place.names, *[""] * len(found)]
    return [names[n + before] if n + before >= 0 else "" for n in range(len(found))]


def sheet(file: RawFile, name: str, header_row: int | None = 0) -> pl.DataFrame:
    """Read a sheet's cells in their own types, looking at all of them; raises `DamagedFile`."""
    try:
        return _load(file, name, header_row=header_row, schema_sample_rows=None)
    except DamagedFile as error:
        if type(error.__cause__).__name__ != MIXED:
            raise
    # A column of durations and numbers, say, has no type of its own.
    return text_sheet(file, name, header_row)


def text_sheet(file: RawFile, name: str, header_row: int | None = 0) -> pl.DataFrame:
    """Read a sheet's cells as text, numbers to nine decimals; raises `DamagedFile`."""
    return _load(file, name, header_row=header_row, dtypes="string")


def _load(file: RawFile, name: str, **options: Any) -> pl.DataFrame:
    with guarded(file=file.file):
        return _book(file).load_sheet(name, **options).to_polars()


def _book(file: RawFile) -> Any:
    """Open a workbook, once a file; a damaged part is found by its checksum before it costs time or memory."""
    if file not in _BOOKS:
        import fastexcel

        # It logs that an empty column has no type, which is no news: such columns are left out and noted.
        logging.getLogger("fastexcel").setLevel(logging.ERROR)
        with guarded(file=file.file):
            workbook.check(file.data)
            _BOOKS[file] = fastexcel.read_excel(file.data)
    return _BOOKS[file]
