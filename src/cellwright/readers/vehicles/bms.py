"""Logs of battery management systems as delimited text, read through a column map: a shipped one, or the user's own."""

import polars as pl

from cellwright.core.boundary import nearest
from cellwright.core.columns import CELL_VOLTAGES, VOLTAGE
from cellwright.core.errors import MissingColumn
from cellwright.core.frozen import FrozenDict
from cellwright.core.messages import Message, message
from cellwright.readers.engine import text
from cellwright.readers.engine.names import LISTED
from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Ask, Draft, Format, Reader
from cellwright.readers.vehicles.column_map import ColumnMap, recognised
from cellwright.readers.vehicles.mapping import applied
from cellwright.readers.vehicles.sign import turned
from cellwright.readers.vehicles.stamps import timed

CLAIMED = 0.5
"""A file is taken for a user's map where at least this share of its names is there: the rest may be misspelt, and is told."""


def _read(file: RawFile, ask: Ask) -> list[Draft]:
    header, layout = _found(file)
    columns = ask.column_map or recognised(header)
    if columns is None or layout is None:
        raise MissingColumn("readers.bms_needs_map", file=file.file, found=header[:LISTED])
    clock = columns.time
    if clock is None:
        raise MissingColumn("readers.map_without_time", file=file.file)
    if clock.column not in header:
        near = nearest(clock.column, header)
        raise MissingColumn("readers.map_column", file=file.file, column=clock.column, found=[near] if near else header[:LISTED])
    frame, notes = text.parse(file, layout, _dialect(columns, header))
    table, start, more = timed(frame, clock, ask.timezone, file.file)
    table, mapped = applied(table, columns, file.file)
    table, summed = with_voltage(table)
    table, signed = turned(table, columns.positive, file.file)
    told = FrozenDict({"column_map": columns.name})
    return [Draft(table, "csv", start=start, notes=(*notes, *more, *mapped, *summed, *signed), metadata=told)]


def _dialect(columns: ColumnMap, header: list[str]) -> text.Dialect:
    """Tell the parser which columns are numbers, whatever their first thousand rows look like."""
    matched = columns.matches(header)
    return text.Dialect(frozenset(), {name.lower(): columns.columns[key].to for key, names in matched.items() for name in names})


def with_voltage(table: pl.DataFrame) -> tuple[pl.DataFrame, list[Message]]:
    """Add the pack's voltage as the sum of its cells where the log has none; empty where a cell is."""
    if VOLTAGE in table.columns or CELL_VOLTAGES not in table.columns:
        return table, []
    cells = pl.col(CELL_VOLTAGES).arr
    width = array_width(table, CELL_VOLTAGES)
    total = pl.sum_horizontal(*(cells.get(n).cast(pl.Float64) for n in range(width)), ignore_nulls=False)
    return table.with_columns(total.alias(VOLTAGE)), [message("readers.voltage_summed", count=width)]


def array_width(table: pl.DataFrame, name: str) -> int:
    """Return how many entries each row of an array column has."""
    dtype = table.schema[name]
    return dtype.size if isinstance(dtype, pl.Array) else 0


def _found(file: RawFile) -> tuple[list[str], text.Layout | None]:
    first, newline, _ = file.head.partition(b"\n")
    if not newline:
        return [], None
    cells, delimiter = text.split_line(first)
    header = [" ".join(cell.split()) for cell in cells]
    return header, text.layout_at(file, cells, len(first) + 1, delimiter)


def _recognises(file: RawFile) -> bool:
    return recognised(_found(file)[0]) is not None


def _claims(file: RawFile, ask: Ask) -> bool:
    if ask.column_map is None or ask.column_map.time is None:
        return False
    header = _found(file)[0]
    found = [bool(names) for names in ask.column_map.matches(header).values()] + [ask.column_map.time.column in header]
    return sum(found) >= CLAIMED * len(found)


READER = Reader("bms", "Battery management systems", (Format("csv with a column map"),), (), _recognises, _read, claims=_claims)
