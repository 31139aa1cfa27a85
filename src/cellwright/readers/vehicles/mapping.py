"""A column map put to a table: values in BDF's units, cells gathered, sentinels masked and counted."""

from collections.abc import Mapping, Sequence

import polars as pl

from cellwright.core.boundary import nearest
from cellwright.core.columns import REQUIRED
from cellwright.core.errors import MissingColumn
from cellwright.core.messages import Message, message
from cellwright.readers.engine.names import LISTED, is_count
from cellwright.readers.vehicles.column_map import FOLDED, ColumnMap, Signal
from cellwright.readers.vehicles.sentinels import counted, emptied, found


def applied(table: pl.DataFrame, columns: ColumnMap, file: str) -> tuple[pl.DataFrame, list[Message]]:
    """Turn the columns that the map knows into BDF's; the others stay. Raises `MissingColumn` for one that is not there."""
    matched = columns.matches(table.columns)
    notes = _absent(columns, matched, table.columns, file)
    present = {key: names for key, names in matched.items() if names}
    made: list[pl.Series] = []
    for key, names in present.items():
        values, told = _values(table.select(names), columns.columns[key])
        table = table.drop(names)
        made.append(values)
        notes += told
    clashing = {series.name for series in made} & set(table.columns)
    return table.rename({name: f"{name}_2" for name in clashing}).with_columns(made), notes


def _absent(columns: ColumnMap, matched: Mapping[str, list[str]], header: Sequence[str], file: str) -> list[Message]:
    """Tell of entries that no column answers to: an error where it is needed or where another name is meant, else a note."""
    free = [name for name in header if not any(name in names for names in matched.values())]
    absent = [key for key, names in matched.items() if not names]
    for key in absent:
        near = nearest(key, free)
        if near:
            raise MissingColumn("readers.map_column_near", file=file, column=key, nearest=near)
        if columns.columns[key].to in REQUIRED:
            raise MissingColumn("readers.map_column", file=file, column=key, found=list(header[:LISTED]))
    return [message("readers.map_columns_absent", columns=absent)] if absent else []


def _values(raw: pl.DataFrame, signal: Signal) -> tuple[pl.Series, list[Message]]:
    notes: list[Message] = []
    if unread := sum(_unread(raw[name]) for name in raw.columns):
        notes.append(message("readers.unreadable_cells", column=signal.to, count=unread))
    if signal.to in FOLDED and (blank := sum(raw[name].null_count() for name in raw.columns)):
        notes.append(message("readers.blank_entries", column=signal.to, count=blank))
    counts = found(raw, signal.sentinels)
    notes += counted(signal.to, counts)
    if signal.to in FOLDED:
        entries = [_entry(raw[name], counts, signal) for name in raw.columns]
        return pl.select(pl.concat_arr(entries).alias(signal.to)).to_series(), notes
    column = raw.select(_scaled(emptied(raw.columns[0], counts), signal).alias(signal.to)).to_series()
    return (column.cast(pl.Int64, strict=False) if is_count(signal.to) else column), notes


def _entry(raw: pl.Series, counts: Mapping[float, int], signal: Signal) -> pl.Series:
    """Return what one cell or probe measured; a pack has hundreds, so that what is right as it is is not copied."""
    if raw.dtype == pl.Float32 and not counts and _is_plain(signal):
        return raw
    return raw.to_frame().select(_scaled(emptied(raw.name, counts), signal).cast(pl.Float32)).to_series()


def _unread(column: pl.Series) -> int:
    return column.cast(pl.Float64, strict=False).null_count() - column.null_count() if column.dtype == pl.String else 0


def _is_plain(signal: Signal) -> bool:
    return (signal.scale, signal.offset, signal.factor) == (1.0, 0.0, 1.0)


def _scaled(number: pl.Expr, signal: Signal) -> pl.Expr:
    return number if _is_plain(signal) else (number * signal.scale + signal.offset) * signal.factor
