"""Where the table is in a text file, and how its numbers are written."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import zip_longest
from typing import Any

from cellwright.core.errors import UnknownFormat
from cellwright.readers.engine.names import is_unit, split_unit
from cellwright.readers.engine.text.dialect import Dialect
from cellwright.readers.engine.text.numbers import PLAIN, Style, is_number, may_be_marked, style_of
from cellwright.readers.opening import HEAD, RawFile

HEADER_WITHIN = 100
STYLED_ROWS = 50
DELIMITERS = "\t;,|"


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
    rows
        The text of the first rows.
    """

    header: tuple[str, ...]
    offset: int
    delimiter: str
    first: tuple[str, ...]
    preamble: tuple[str, ...] = ()
    rows: bytes = b""

    @cached_property
    def style(self) -> Style:
        """How numbers are written."""
        if not may_be_marked(self.rows, self.delimiter):
            return PLAIN
        return style_of({cell for line in self.rows.split(b"\n") for cell in split_line(line, self.delimiter)[0]}, self.delimiter)

    @property
    def decimal_comma(self) -> bool:
        """Whether numbers are written with a decimal comma."""
        return self.style.decimal == ","

    def options(self, dialect: Dialect) -> dict[str, Any]:
        """Return what Polars has to know of the text, apart from its columns and quotes."""
        return {"separator": self.delimiter, "decimal_comma": self.decimal_comma, "null_values": list(dialect.empty)}


def find(file: RawFile, dialect: Dialect) -> Layout | None:
    """Find the make's header line among the first lines; None where the file has none."""
    shown = _lowered(file.head)
    if not all(name in shown for name in dialect.tells):
        return None
    lines = _lines(file.head)
    for number, line in enumerate(lines):
        if dialect.tells <= _names(line):
            offset = sum(map(len, lines[: number + 1]))
            above = [above.decode("utf-8", errors="replace").strip("\r\n") for above in lines[:number]]
            cells, delimiter = split_line(line)
            return layout_at(file, cells, offset, delimiter, above)
    return None


@lru_cache(8)
def _lowered(head: bytes) -> str:
    return head.decode("utf-8", errors="replace").lower()


@lru_cache(8)
def _lines(head: bytes) -> list[bytes]:
    return head.splitlines(keepends=True)[:HEADER_WITHIN]


@lru_cache(4 * HEADER_WITHIN)
def _names(line: bytes) -> frozenset[str]:
    """Names in a line, without their units; every reader asks for them."""
    return frozenset(split_unit(cell)[0] for cell in split_line(line)[0])


def layout_at(file: RawFile, header: Sequence[str], offset: int, delimiter: str, above: Sequence[str] = ()) -> Layout:
    """Describe the table whose rows begin at an offset, or after blank lines there.

    Where a row of units stands between the header and the first row, its units go to the names.
    """
    offset, rows, first = _rows_at(file, offset, delimiter)
    if first and _are_units(first, header):
        units = (unit.strip("()[] ") for unit in first)
        header = [f"{name.strip()} [{unit}]" if unit else name for name, unit in zip_longest(header, units, fillvalue="")]
        offset, rows, first = _rows_at(file, file.text.find(b"\n", offset) + 1 or len(file.text), delimiter)
    return Layout(tuple(header), offset, delimiter, tuple(first), tuple(above), rows)


def _rows_at(file: RawFile, offset: int, delimiter: str) -> tuple[int, bytes, list[str]]:
    """Return where the rows begin, the text of the first of them, and the cells of the very first."""
    while file.text[offset : offset + 1] in (b"\n", b"\r"):
        offset += 1
    lines = file.text[offset : offset + HEAD].split(b"\n", STYLED_ROWS)[:STYLED_ROWS]
    if len(lines) > 1 and offset + HEAD < len(file.text):
        lines.pop()
    return offset, b"\n".join(lines), split_line(lines[0], delimiter)[0]


def _are_units(cells: Sequence[str], header: Sequence[str]) -> bool:
    """Tell a row of units from the first row of data, which has a number, and from a header that says its units itself."""
    shown = [cell.strip("()[] \t").lower() for cell in cells]
    known = sum(is_unit(cell) for cell in shown if cell)
    return known >= 2 and not any(map(is_number, filter(None, shown))) and not any(split_unit(name)[1] for name in header)


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
