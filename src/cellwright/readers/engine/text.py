"""The engine that reads every delimited text export; a make is a `Dialect`, a small table, and the parsing is Polars'."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import polars as pl

from cellwright.core.columns import REQUIRED
from cellwright.core.errors import DamagedFile, UnknownFormat
from cellwright.core.frozen import FrozenDict
from cellwright.core.messages import Message, message
from cellwright.readers.engine.clock import seconds
from cellwright.readers.engine.names import factor, is_count, require_columns, split_unit, unique
from cellwright.readers.opening import HEAD, RawFile

HEADER_WITHIN = 100
INFERRED_ROWS = 1000
DELIMITERS = "\t;,|"
TEXTS = ("step_type",)

_COMMA_NUMBER = re.compile(r"\s*[+-]?\d+,\d+\s*")
_NUMBER = re.compile(r"\s*([+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?)?\s*")


@dataclass(frozen=True)
class Dialect:
    """How one make writes text.

    Parameters
    ----------
    tells
        Header names, without unit and in lower case, that together tell the make.
    columns
        What each of the make's columns is: its name in lower case, without unit or (where that is not enough) with it, to the BDF name.
    units
        Units of columns whose header does not say, by name without unit.
    empty
        What it writes into a cell that holds nothing.
    """

    tells: frozenset[str]
    columns: Mapping[str, str]
    units: Mapping[str, str] = FrozenDict()
    empty: tuple[str, ...] = ("", "N/A", "NA", "n/a", "NaN", "nan", "--")

    def column(self, name: str) -> str | None:
        """Return the BDF column that a header name means."""
        return self.columns.get(" ".join(name.split()).lower()) or self.columns.get(split_unit(name)[0])


@dataclass(frozen=True)
class Layout:
    """Where the table is in a text file.

    Parameters
    ----------
    header
        The header's cells.
    offset
        Where the first row begins.
    delimiter
        What stands between cells.
    first
        The first row's cells, empty where there is none.
    preamble
        The lines above the header.
    """

    header: tuple[str, ...]
    offset: int
    delimiter: str
    first: tuple[str, ...]
    preamble: tuple[str, ...] = ()

    @property
    def decimal_comma(self) -> bool:
        """Whether numbers are written with a decimal comma."""
        return self.delimiter != "," and any(_COMMA_NUMBER.fullmatch(cell) for cell in self.first)


def find(file: RawFile, dialect: Dialect) -> Layout | None:
    """Find the make's header line among the first lines; None where the file has none."""
    head = file.text[:HEAD]
    shown = head.decode("utf-8", errors="replace").lower()
    if not all(name in shown for name in dialect.tells):
        return None
    above: list[str] = []
    offset = 0
    for line in head.splitlines(keepends=True)[:HEADER_WITHIN]:
        offset += len(line)
        cells, delimiter = split_line(line)
        if dialect.tells <= {split_unit(cell)[0] for cell in cells}:
            return layout_at(file, cells, offset, delimiter, above)
        above.append(line.decode("utf-8", errors="replace").strip("\r\n"))
    return None


def layout_at(file: RawFile, header: Sequence[str], offset: int, delimiter: str, above: Sequence[str] = ()) -> Layout:
    """Describe the table whose rows begin at an offset, or after blank lines there."""
    while file.text[offset : offset + 1] in (b"\n", b"\r"):
        offset += 1
    first, _ = split_line(file.text[offset : offset + HEAD].split(b"\n", 1)[0], delimiter)
    return Layout(tuple(header), offset, delimiter, tuple(first), tuple(above))


def split_line(line: bytes, delimiter: str = "") -> tuple[list[str], str]:
    """Split a line at a delimiter, or at the one that it has most of."""
    shown = line.decode("utf-8", errors="replace").rstrip("\r\n").replace("\r", " ")
    delimiter = delimiter or max(DELIMITERS, key=shown.count)
    rows = list(csv.reader([shown], delimiter=delimiter))
    return (rows[0] if rows else []), delimiter


def require(layout: Layout | None, file: RawFile) -> Layout:
    """Return the layout, or raise `UnknownFormat`: the name spoke for this make, the content does not."""
    if layout is None:
        raise UnknownFormat("readers.no_header", file=file.file)
    return layout


def pairs(layout: Layout) -> dict[str, str]:
    """Read the lines above the header as ``Name:<delimiter>value``, or ``Name: value``, pairs."""
    found: dict[str, str] = {}
    for line in layout.preamble:
        cells = [c.strip() for c in split_line(line.encode(), layout.delimiter)[0]]
        for cell, after in zip_longest(cells, cells[1:], fillvalue=""):
            name, colon, value = cell.partition(": ")
            if cell.endswith(":") or (len(cells) == 2 and cell == cells[0]):
                found[cell.rstrip(": ")] = after
            elif colon and name not in found:
                found[name] = value
    return {name: value for name, value in found.items() if value}


def parse(file: RawFile, layout: Layout, dialect: Dialect) -> tuple[pl.DataFrame, list[Message]]:
    """Read the rows under a header: vendor's names, numbers as numbers where they are; raises `DamagedFile`."""
    if not layout.first:
        raise DamagedFile("readers.no_rows", file=file.file)
    names = unique([*layout.header, *[""] * (len(layout.first) - len(layout.header))])[: len(layout.first)]
    options = {"separator": layout.delimiter, "decimal_comma": layout.decimal_comma, "null_values": list(dialect.empty)}
    end = _before_blank(file.text)
    expected = {"new_columns": names, "schema_overrides": _types(names, layout, dialect)}
    frame, ragged = _csv(memoryview(file.text)[layout.offset : end], expected, options, file.file)
    frame.columns = unique([*names, *[""] * (frame.width - len(names))])[: frame.width]
    nameless = [c for c, cell in zip_longest(frame.columns, layout.header[: frame.width], fillvalue="") if not cell.strip()]
    notes = [message("readers.ragged_lines")] if ragged else []
    if file.encoding not in ("utf-8", "utf-16"):
        notes.append(message("readers.encoding_assumed", encoding=str(file.encoding)))
    if _is_cut(file.text, end, layout):
        frame = frame.head(-1)
        notes.append(message("readers.cut_last_row"))
    return frame.drop([c for c in nameless if _is_blank(frame[c])]), notes


def _before_blank(content: bytes) -> int:
    end = len(content)
    while end and content[end - 1] in b"\r\n":
        end -= 1
    return end


def _is_cut(content: bytes, end: int, layout: Layout) -> bool:
    """Tell whether writing stopped within the last row: it has fewer cells than the first row and the one before it."""
    lines = content[max(layout.offset, end - HEAD) : end].split(b"\n")[-2:]
    cells = [len(split_line(line, layout.delimiter)[0]) for line in lines]
    return len(lines) == 2 and cells[1] < min(cells[0], len(layout.first))


def _is_blank(column: pl.Series) -> bool:
    return column.null_count() == len(column) or (column.dtype == pl.String and not (column.str.strip_chars() != "").any())


def _types(names: Sequence[str], layout: Layout, dialect: Dialect) -> dict[str, type[pl.DataType]]:
    """Types of the columns that the make's table tells, so that a first thousand zeros do not make whole numbers of them."""
    types: dict[str, type[pl.DataType]] = {}
    for name, cell in zip(names, layout.first, strict=False):
        column = dialect.column(name)
        if column in TEXTS:
            types[name] = pl.String
        elif column is not None and not is_count(column) and _NUMBER.fullmatch(cell):
            types[name] = pl.Float64
    return types


def _csv(body: memoryview, expected: dict[str, Any], options: dict[str, Any], file: str) -> tuple[pl.DataFrame, bool]:
    """Read fast where every cell is what it seems, else leniently; tells whether lines had more fields than the first."""
    attempts: tuple[dict[str, Any], ...] = (
        {"infer_schema_length": INFERRED_ROWS, **expected},
        {"infer_schema_length": None},
        {"infer_schema_length": None, "truncate_ragged_lines": True},
        {"infer_schema": False, "truncate_ragged_lines": True, "quote_char": None},
    )
    cause = ""
    for attempt in attempts:
        try:
            frame = pl.read_csv(io.BytesIO(body), has_header=False, **options, **attempt)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            cause = str(error).splitlines()[0]
        else:
            return frame, "truncate_ragged_lines" in attempt
    raise DamagedFile("readers.unreadable_table", file=file, cause=cause)


def translate(frame: pl.DataFrame, dialect: Dialect, file: str) -> tuple[pl.DataFrame, list[Message]]:
    """Turn a make's columns into BDF's, in BDF's units; the others stay as they are. Raises `DamagedFile` for a unit that does not fit."""
    values: list[pl.Series] = []
    taken: dict[str, str] = {}
    for name in frame.columns:
        stem, unit = split_unit(name)
        column = dialect.column(name)
        if column is None or column in taken:
            continue
        scale = factor(column, unit or dialect.units.get(stem, ""))
        if scale is None:
            raise DamagedFile("readers.unknown_unit", file=file, column=name, unit=unit)
        taken[column] = name
        values.append(_value(frame[name], column, scale).alias(column))
    bdf = pl.DataFrame(values)
    rest = frame.drop(taken.values())
    require_columns(bdf.columns + rest.columns, REQUIRED, file)
    notes = [
        message("readers.unreadable_cells", column=name, count=lost)
        for column, name in taken.items()
        if (lost := bdf[column].null_count() - _empty_cells(frame[name]))
    ]
    return bdf.hstack(rest.rename({name: f"{name}_2" for name in rest.columns if name in taken})), notes


def _value(cells: pl.Series, column: str, scale: float) -> pl.Series:
    if cells.dtype.is_nested():
        return cells
    if column in TEXTS:
        return cells.cast(pl.String).str.strip_chars()
    if cells.dtype == pl.String:
        numbers = cells.str.strip_chars().str.replace(",", ".", literal=True).cast(pl.Float64, strict=False) * scale
        cells = seconds(cells).fill_null(numbers) if column.endswith("_second") else numbers
    elif scale != 1:
        cells = cells.cast(pl.Float64) * scale
    return cells.cast(pl.Int64 if is_count(column) else pl.Float64, strict=False)


def _empty_cells(column: pl.Series) -> int:
    blank = int((column.str.strip_chars() == "").sum()) if column.dtype == pl.String else 0
    return column.null_count() + blank
