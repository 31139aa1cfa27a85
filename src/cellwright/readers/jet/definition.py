"""A table's definition: its columns, its number of rows and where its pages are listed."""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct

from cellwright.readers.jet.pages import DEFINITION, BrokenDatabase, Pages, long, word

MOST_COLUMNS = 255
MOST_INDEXES = 1000
FIXED = 0x01


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    name, kind
        Its name and the number of its type.
    number
        Its bit in a row's null mask.
    place
        Where a fixed column begins in the row's fixed part; the position among the row's variable columns for the others.
    width
        Bytes of a fixed column, most bytes of the others.
    fixed
        Whether it takes the same place in every row.
    """

    name: str
    kind: int
    number: int
    place: int
    width: int
    fixed: bool


@dataclass(frozen=True)
class Definition:
    """A table: its page, how many rows it counts, most columns that a row has, the pointer to its usage map, and its columns."""

    page: int
    rows: int
    most_columns: int
    usage: int
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class _Form:
    """Where a version keeps what; of a column its type, number, variable place, flags, fixed place and width."""

    rows: int
    columns: int
    usage: int
    block: int
    index: int
    column: Struct
    name: int


_JET3 = _Form(rows=12, columns=21, usage=35, block=43, index=8, column=Struct("<BHH8xBHH"), name=1)
_JET4 = _Form(rows=16, columns=41, usage=55, block=63, index=12, column=Struct("<B4xHH6xB5xHH"), name=2)


def definition(pages: Pages, page: int) -> Definition:
    """Read a table's definition; raises `BrokenDatabase`."""
    form = _JET4 if pages.jet4 else _JET3
    block = _joined(pages, page)
    count, indexes = word(block, form.columns + 4), long(block, form.columns + 10)
    begin = form.block + indexes * form.index
    names_at = begin + count * form.column.size
    if count > MOST_COLUMNS or indexes > MOST_INDEXES or names_at > len(block):
        raise BrokenDatabase(f"the table on page {page} has {count} columns and {indexes} indexes")
    told = form.column.iter_unpack(block[begin:names_at])
    columns = [
        Column(name, kind, number, place if flags & FIXED else variable, width, bool(flags & FIXED))
        for (kind, number, variable, flags, place, width), name in zip(told, _names(block, names_at, form.name), strict=False)
    ]
    if len(columns) < count or len({c.name for c in columns}) < count:
        raise BrokenDatabase(f"the columns of the table on page {page} have no names of their own")
    return Definition(page, long(block, form.rows), word(block, form.columns), long(block, form.usage), tuple(columns))


def rows_declared(pages: Pages, page: int) -> int:
    """Return how many rows a table counts; raises `BrokenDatabase`."""
    return long(pages.page(page, DEFINITION), (_JET4 if pages.jet4 else _JET3).rows)


def _joined(pages: Pages, page: int) -> bytes:
    """Join the pages of a long definition; each begins with eight bytes of its own, four of which name the next page."""
    first = pages.page(page, DEFINITION)
    parts, seen = [first], {page}
    while following := long(parts[-1], 4):
        if following in seen:
            raise BrokenDatabase(f"the table on page {page} never ends")
        seen.add(following)
        parts.append(pages.page(following, DEFINITION))
    return b"".join([first, *(part[8:] for part in parts[1:])])


def _names(block: bytes, at: int, width: int) -> Iterator[str]:
    encoding = "utf-16-le" if width == 2 else "cp1252"
    while at + width <= len(block):
        length = int.from_bytes(block[at : at + width], "little")
        at += width
        if length == 0 or at + length > len(block):
            return
        yield block[at : at + length].decode(encoding, errors="replace")
        at += length
