"""Rows that are not what they should be: headers and other lines among them, cells that are no numbers, more cells than names.

The rows are taken part by part, so that a large file with a few bad lines costs little more time and memory than one without.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from cellwright.core.columns import REQUIRED, TIME
from cellwright.core.errors import DamagedFile
from cellwright.core.messages import Message, message
from cellwright.readers.engine.names import is_count, unique
from cellwright.readers.engine.text.columns import Types
from cellwright.readers.engine.text.dialect import Dialect
from cellwright.readers.engine.text.layout import Layout

PART = 4 << 20
MOST_MORE = 64
LOOKED_AT = 10_000
SECONDS = "_second"
_TELLS = r"^[\s\d:.,dDeE+\-'/]*\d[\s\d:.,dDeE+\-'/]*$"


@dataclass
class Tally:
    """What was met on the way through the parts.

    Parameters
    ----------
    data, header
        For each line, whether it holds data, and whether it is a header.
    unread
        Cells of each column that are no numbers.
    wider
        Columns that hold more than their type can, and the type that can.
    """

    data: list[pl.Series] = field(default_factory=list[pl.Series])
    header: list[pl.Series] = field(default_factory=list[pl.Series])
    unread: dict[str, int] = field(default_factory=dict[str, int])
    wider: Types = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Table:
    """What is known of a table before its rows are read: its columns with their types, and those by which a row of data is told."""

    layout: Layout
    dialect: Dialect
    kinds: Types
    keys: tuple[str, ...]

    def read(self, part: bytes, kinds: Types, quote: str | None) -> pl.DataFrame:
        """Read a part's cells as these types; raises what Polars raises where one is another, or where a quote swallows lines."""
        # Polars takes the first line's cells for all that there are.
        full = self.layout.delimiter.encode() * (len(kinds) - 1) + b"\n" if len(kinds) > 1 else b""
        options: dict[str, Any] = {**self.layout.options(self.dialect), "schema": kinds, "quote_char": quote, "truncate_ragged_lines": True}
        if all(kind == pl.String for kind in kinds.values()):
            options["decimal_comma"] = False
        frame = pl.read_csv(full + part, has_header=False, **options)[full.count(b"\n") :]
        if quote and frame.height < part.rstrip(b"\r\n").count(b"\n") + 1:
            raise pl.exceptions.ComputeError("lines within quotes")
        return frame


def mended(body: bytes, kinds: Types, layout: Layout, dialect: Dialect, *, file: str) -> tuple[pl.DataFrame, list[Message]]:
    """Read the rows that hold data, and leave empty what is no number where one should be; what was repaired is noted."""
    most = max(_most_cells(part, layout.delimiter) for part in _parts(body))
    table = _table(body, kinds, min(max(most, len(kinds)), len(kinds) + MOST_MORE), layout, dialect, file=file)
    frame, tally = _whole(body, table, file)
    if tally.wider:
        table = replace(table, kinds={**table.kinds, **tally.wider})
        frame, tally = _whole(body, table, file)
    if frame.is_empty():
        raise DamagedFile("readers.no_rows", file=file)
    beyond = [c for c in frame.columns[len(kinds) :] if frame[c].null_count() == frame.height]
    notes = [message("readers.ragged_lines")] if most > len(table.kinds) else []
    notes += [message("readers.unreadable_cells", column=name, count=count) for name, count in tally.unread.items() if count]
    return frame.drop(beyond), [*notes, *_left_out(tally)]


def _table(body: bytes, kinds: Types, width: int, layout: Layout, dialect: Dialect, *, file: str) -> Table:
    """Name the cells beyond the names, and tell the types anew from lines that hold data."""
    named = [*kinds, *layout.header[len(kinds) : width]]
    names = unique([*named, *[""] * (width - len(named))])
    keys = [c for c in kinds if dialect.column(c) in REQUIRED] or [c for c, kind in kinds.items() if kind != pl.String]
    table = Table(layout, dialect, {name: kinds.get(name, pl.Int64) for name in names}, tuple(keys))
    rows = _texts(next(_parts(body)), table, file)
    rows = rows.filter(_told(rows, table)[0]).head(LOOKED_AT)
    texts = [c for c, kind in kinds.items() if kind == pl.String and dialect.column(c) is None]
    return replace(table, kinds={**table.kinds, **{c: _kind(rows[c], layout) for c in texts}})


def _kind(texts: pl.Series, layout: Layout) -> Any:
    filled = texts.drop_nulls().to_frame("cell")
    numbers = filled.select(layout.style.number(pl.col("cell"))).to_series()
    if filled.is_empty() or numbers.null_count():
        return pl.String
    return pl.Int64 if (numbers % 1 == 0).all() else pl.Float64


def _parts(body: bytes) -> Iterator[bytes]:
    begin = 0
    while begin < len(body):
        end = body.find(b"\n", begin + PART) + 1 or len(body)
        yield body[begin:end]
        begin = end


def _most_cells(part: bytes, delimiter: str) -> int:
    if not part.strip():
        return 1
    part = part.replace(b"\x01", b" ")
    lines = pl.read_csv(part, has_header=False, separator="\x01", schema={"line": pl.String}, quote_char=None, truncate_ragged_lines=True)
    most = lines["line"].str.count_matches(delimiter, literal=True).max()
    return most + 1 if isinstance(most, int) else 1


def _whole(body: bytes, table: Table, file: str) -> tuple[pl.DataFrame, Tally]:
    tally = Tally()
    return pl.concat([_part(part, table, tally, file) for part in _parts(body)]), tally


def _part(part: bytes, table: Table, tally: Tally, file: str) -> pl.DataFrame:
    """Read a part fast where every cell is what it should be, else cell by cell."""
    quote = '"' if b'"' in part else None
    try:
        frame = table.read(part, table.kinds, quote)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        frame = _texts(part, table, file)
    else:
        tally.data.append(pl.repeat(value=True, n=frame.height, eager=True))
        tally.header.append(pl.repeat(value=False, n=frame.height, eager=True))
        return frame
    data, header = _told(frame, table)
    tally.data.append(data)
    tally.header.append(header)
    return _typed(frame.filter(data), table, tally)


def _texts(part: bytes, table: Table, file: str) -> pl.DataFrame:
    """Read every cell as it stands; a quote that is never closed is taken for a letter."""
    cause = ""
    for quote in ('"', None):
        try:
            return table.read(part, dict.fromkeys(table.kinds, pl.String), quote)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            cause = str(error).splitlines()[0]
    raise DamagedFile("readers.unreadable_table", file=file, cause=cause)


def _told(frame: pl.DataFrame, table: Table) -> tuple[pl.Series, pl.Series]:
    """Tell the lines that hold data from headers that come again, remarks, and what stands below the table.

    A row of data is told by its time; where that is empty, or the make's table names none, by any of the values.
    """
    keys = list(table.keys)
    if not keys:
        return pl.repeat(value=True, n=frame.height, eager=True), pl.repeat(value=False, n=frame.height, eager=True)
    data = pl.any_horizontal(pl.col(keys).str.contains(_TELLS).fill_null(value=False))
    for time in [c for c in keys if table.dialect.column(c) == TIME][:1]:
        data = pl.when(pl.col(time).is_null()).then(data).otherwise(pl.col(time).str.contains(_TELLS))
    header = pl.any_horizontal((pl.col(c).str.strip_chars(' "') == c).fill_null(value=False) for c in keys)
    told = frame.select(data=data | pl.all_horizontal(pl.all().is_null()), header=header)
    return told["data"], told["header"]


def _typed(frame: pl.DataFrame, table: Table, tally: Tally) -> pl.DataFrame:
    """Turn texts into the columns' types; what does not fit is counted where a number should be, else asks for a wider type."""
    numeric = [c for c, kind in table.kinds.items() if kind != pl.String]
    numbers = frame.select(table.layout.style.number(pl.col(c)) for c in numeric)
    for name in numeric:
        filled = int((frame[name].str.strip_chars() != "").sum())
        unread = filled - (len(frame) - numbers[name].null_count())
        column = table.dialect.column(name)
        times = column is not None and column.endswith(SECONDS) and unread > 0 and bool(frame[name].str.contains(":", literal=True).any())
        if (column is None and unread) or times:
            tally.wider[name] = pl.String
        elif table.kinds[name] == pl.Int64 and not (column and is_count(column)) and (numbers[name] % 1 != 0).any():
            tally.wider.setdefault(name, pl.Float64)
        tally.unread[name] = tally.unread.get(name, 0) + unread
    values = [numbers[c].cast(kind, strict=False) if c in numbers.columns else frame[c] for c, kind in table.kinds.items()]
    return pl.DataFrame(values, schema=table.kinds)


def _left_out(tally: Tally) -> list[Message]:
    data, header = pl.concat(tally.data), pl.concat(tally.header)
    if data.all() or not data.any():
        return []
    below = len(data) - 1 - int(data.arg_true()[-1])
    headers = int((header & ~data).head(len(data) - below).sum())
    lines = int((~data).sum()) - headers - below
    counts = {"readers.headers_repeated": headers, "readers.lines_left_out": lines, "readers.footer_left_out": below}
    return [message(code, count=count) for code, count in counts.items() if count]
