"""A column of a table as a series: one gather for what has a fixed width, texts and long values one by one."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from cellwright.readers.jet.definition import Column
from cellwright.readers.jet.pages import BrokenDatabase, Pages, Places, long
from cellwright.readers.jet.rows import Rows

BOOLEAN, MONEY, MOMENT, TEXT, BLOB, MEMO = 1, 5, 8, 10, 11, 12
NUMBERS = {2: "u1", 3: "<i2", 4: "<i4", MONEY: "<i8", 6: "<f4", 7: "<f8", MOMENT: "<f8"}
MONEY_PARTS = 10_000
EPOCH_DAYS = 25569
FIRST_DAY, LAST_DAY = -657434, 2958466

INLINE, ALONE = 0x80, 0x40
LONG_HEAD = 12


def values(pages: Pages, rows: Rows, column: Column) -> tuple[pl.Series, int]:
    """Read a column of all rows; also tells how many values lie outside of their row, and so are null.

    Whole and floating-point numbers keep their width; currency is a float; booleans are never null; moments have milliseconds; texts and
    memos are strings; what else there is, identifiers and decimals among it, is given as raw bytes.
    """
    present = rows.present(pages, column.number)
    if column.kind == BOOLEAN:
        return pl.Series(present), 0
    kind = NUMBERS.get(column.kind)
    width = np.dtype(kind).itemsize if kind else column.width
    begin, length = rows.spans(pages, column, width)
    fits = length == width if kind else length >= 0
    lost = int((present & ~fits).sum())
    present &= fits
    if kind is None:
        return _pieces(pages, column.kind, begin, np.where(present, length, -1)), lost
    begin[~present] = 0
    series = _converted(pages.take(begin, kind), column.kind)
    return series if present.all() else series.zip_with(pl.Series(present), series.clear(len(series))), lost


def _converted(numbers: npt.NDArray[Any], kind: int) -> pl.Series:
    if kind == MONEY:
        return pl.Series(numbers / MONEY_PARTS)
    return moments(pl.Series(numbers)) if kind == MOMENT else pl.Series(numbers)


def moments(days: pl.Series) -> pl.Series:
    """Turn serial days since 30 December 1899 into local moments; null before the year 100 and after 9999, as in Access."""
    frame = days.to_frame("d")
    known = pl.col("d").is_between(FIRST_DAY, LAST_DAY, closed="left")
    milliseconds = ((pl.col("d") - EPOCH_DAYS) * 86_400_000).round().cast(pl.Int64, strict=False)
    return frame.select(pl.when(known).then(milliseconds).cast(pl.Datetime("ms"))).to_series()


def _pieces(pages: Pages, kind: int, begin: Places, length: Places) -> pl.Series:
    """Read values of any length; tables of measurements have few of them."""
    raw = [pages.data[b : b + n] if n >= 0 else None for b, n in zip(begin.tolist(), length.tolist(), strict=True)]
    if kind in (BLOB, MEMO):
        raw = _long_values(pages, raw)
    if kind not in (TEXT, MEMO):
        return pl.Series(raw, dtype=pl.Binary)
    decode: Callable[[bytes], str] = _text if pages.jet4 else lambda piece: piece.decode("cp1252", errors="replace")
    return pl.Series([None if piece is None else decode(piece) for piece in raw], dtype=pl.String)


def _text(piece: bytes) -> str:
    """Decode Jet 4 text: two bytes a character; after a mark one byte each, and each zero byte switches between the two."""
    if not piece.startswith(b"\xff\xfe"):
        return piece.decode("utf-16-le", errors="replace")
    parts = piece[2:].split(b"\0")
    return "".join(part.decode("utf-16-le" if nth % 2 else "latin-1", errors="replace") for nth, part in enumerate(parts))


def _long_values(pages: Pages, heads: list[bytes | None]) -> list[bytes | None]:
    """Fetch long values; together they cannot be more than the file, which keeps a broken one from growing without end."""
    found: list[bytes | None] = []
    left = len(pages.data)
    for head in heads:
        value = None if head is None or len(head) < LONG_HEAD else _long_value(pages, head, left)
        left -= len(value or b"") + LONG_HEAD
        found.append(value)
    return found


def _long_value(pages: Pages, head: bytes, most: int) -> bytes:
    """Fetch a long value: in the row itself, in a row of its own, or in a chain of rows that each name the next."""
    length, flags, pointer = long(head, 0) & 0x3FFFFFFF, head[3], long(head, 4)
    if length > most:
        raise BrokenDatabase("a long value is longer than the file")
    if flags & INLINE:
        return head[LONG_HEAD : LONG_HEAD + length]
    if flags & ALONE:
        return pages.record(pointer)[:length]
    parts: list[bytes] = []
    missing = length
    while pointer and missing > 0:
        record = pages.record(pointer)
        pointer = long(record, 0)
        parts.append(record[4 : 4 + missing])
        missing -= max(1, len(parts[-1]))
    return b"".join(parts)
