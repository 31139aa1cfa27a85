"""A vendor's columns to BDF's, in BDF's units, as expressions that serve a table that was read and one that is scanned alike."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from cellwright.core.columns import REQUIRED
from cellwright.core.errors import DamagedFile
from cellwright.core.messages import Message, message
from cellwright.readers.engine.durations import any_form, seconds
from cellwright.readers.engine.names import factor, is_count, require_columns, split_unit
from cellwright.readers.engine.text.dialect import TEXTS, Dialect

SECONDS = "_second"


@dataclass(frozen=True)
class Known:
    """A vendor's column that BDF has a name for.

    Parameters
    ----------
    name
        The vendor's name.
    column
        BDF's.
    scale
        What to multiply the vendor's numbers by.
    """

    name: str
    column: str
    scale: float

    @property
    def is_time(self) -> bool:
        """Whether its texts may be durations."""
        return self.column.endswith(SECONDS)

    def value(self, kind: pl.DataType) -> pl.Expr:
        """Return BDF's values of cells of a type."""
        cells = pl.col(self.name)
        if kind.is_nested():
            return cells.alias(self.column)
        if self.column in TEXTS:
            return cells.cast(pl.String).str.strip_chars().alias(self.column)
        if kind == pl.String:
            cells = pl.coalesce(any_form(cells), self.number()) if self.is_time else self.number()
        elif self.scale != 1:
            cells = cells.cast(pl.Float64) * self.scale
        return cells.cast(pl.Int64 if is_count(self.column) else pl.Float64, strict=False).alias(self.column)

    def number(self) -> pl.Expr:
        """Return the numbers that its texts are."""
        return pl.col(self.name).str.strip_chars().str.replace(",", ".", literal=True).cast(pl.Float64, strict=False) * self.scale


def known_columns(names: list[str], dialect: Dialect, file: str, required: tuple[str, ...]) -> tuple[list[Known], list[str]]:
    """Find what BDF knows, and what it would know in another unit; raises `DamagedFile` where that is a required column."""
    found: dict[str, Known] = {}
    strange: list[str] = []
    for name in names:
        stem, unit = split_unit(name)
        column = dialect.column(name)
        if column is None or column in found:
            continue
        scale = factor(column, unit or dialect.units.get(stem, ""))
        if scale is not None:
            found[column] = Known(name, column, scale)
        elif column in required:
            raise DamagedFile("readers.unknown_unit", file=file, column=name, unit=unit)
        else:
            strange.append(name)
    return list(found.values()), strange


def selection(schema: Mapping[str, pl.DataType], known: list[Known]) -> list[pl.Expr]:
    """Return BDF's columns, then the others under their own names, or with ``_2`` where BDF's has that name."""
    taken = {k.name for k in known}
    columns = {k.column for k in known}
    values = [k.value(schema[k.name]) for k in known]
    return values + [pl.col(c).alias(f"{c}_2" if c in columns else c) for c in schema if c not in taken]


def translate(frame: pl.DataFrame, dialect: Dialect, file: str, required: tuple[str, ...] = REQUIRED) -> tuple[pl.DataFrame, list[Message]]:
    """Turn a make's columns into BDF's, in BDF's units; the others stay as they are.

    A column whose unit is none of its kind, such as Ah/kg, stays under its own name too. Raises `DamagedFile` where it is a required
    one, `MissingColumn` for a required column that is not there.
    """
    known, strange = known_columns(frame.columns, dialect, file, required)
    rest = [c for c in frame.columns if c not in {k.name for k in known}]
    require_columns([k.column for k in known] + rest, required, file)
    durations = {k.name: _durations(frame, k) for k in known if k.is_time and frame.schema[k.name] == pl.String}
    timed = frame.with_columns(durations.values())
    now = [replace(k, scale=1.0) if k.name in durations else k for k in known]
    table = timed.select(selection(timed.schema, now))
    return table, [*_lost(frame, table, known), *([message("readers.units_do_not_fit", columns=strange)] if strange else [])]


def _durations(frame: pl.DataFrame, known: Known) -> pl.Series:
    """Read a column of durations, and of plain numbers where a cell is none."""
    texts = frame[known.name]
    times = seconds(texts)
    if times.null_count() != texts.null_count():
        times = times.fill_null(frame.select(known.number()).to_series())
    return times


def _lost(frame: pl.DataFrame, table: pl.DataFrame, known: list[Known]) -> list[Message]:
    notes: list[Message] = []
    for k in known:
        lost = table[k.column].null_count() - frame[k.name].null_count()
        if lost and frame.schema[k.name] == pl.String:
            lost -= int((frame[k.name].str.strip_chars() == "").sum())
        if lost:
            notes.append(message("readers.unreadable_cells", column=k.name, count=lost))
    return notes
