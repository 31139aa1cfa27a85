"""Where the rows of a table lie, all pages at once, and where in each row a column lies."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from cellwright.readers.jet.definition import Column, Definition
from cellwright.readers.jet.pages import DATA, DELETED, ELSEWHERE, START, BrokenDatabase, Pages, Places

MOST_HOPS = 8

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a table.

    Parameters
    ----------
    begin, mask
        Where each row begins, and where it ends but for its null mask.
    columns
        How many columns each row knows; columns that were added later are null.
    """

    begin: Places
    mask: Places
    columns: Places
    _bits: dict[int, npt.NDArray[np.uint8]] = field(default_factory=dict[int, npt.NDArray[np.uint8]], repr=False)

    def __len__(self) -> int:
        return len(self.begin)

    def present(self, pages: Pages, number: int) -> Flags:
        """Tell in which rows the column's bit in the null mask is set."""
        eighth = number // 8
        if eighth not in self._bits:
            there = self.columns > 8 * eighth
            self._bits[eighth] = np.where(there, pages.take(np.where(there, self.mask + eighth, 0), "u1"), 0)
        return (self._bits[eighth] >> (number % 8) & 1 == 1) & (self.columns > number)

    @cached_property
    def _shortest(self) -> int:
        return int((self.mask - self.begin).min(initial=1 << 16))

    def spans(self, pages: Pages, column: Column, width: int) -> tuple[Places, Places]:
        """Return where a column begins in each row, and how many bytes it has there; what does not lie in its row has -1 bytes."""
        head = 2 if pages.jet4 else 1
        if column.fixed:
            begin = self.begin + head + column.place
            length = np.full(len(self), width, np.int64)
            if head + column.place + width <= self._shortest:
                return begin, length
        else:
            first, end = (_wide if pages.jet4 else _narrow)(pages, self, column.place)
            begin, length = self.begin + first, end - first
        inside = (begin >= self.begin + head) & (length >= 0) & (begin + length <= self.mask)
        return np.where(inside, begin, 0), np.where(inside, length, -1)


def rows_of(pages: Pages, table: Definition) -> tuple[Rows, int]:
    """Find the rows of a table; also tells how many contradict themselves and were left out."""
    begin, end, broken = _located(pages, pages.owned(table.usage, table.page))
    head = 2 if pages.jet4 else 1
    fits = end - begin > head
    columns = np.where(fits, pages.take(np.where(fits, begin, 0), "<u2" if pages.jet4 else "u1"), 0).astype(np.int64)
    mask = end - (columns + 7) // 8
    whole = fits & (columns > 0) & (columns <= table.most_columns) & (mask >= begin + head)
    return Rows(begin[whole], mask[whole], columns[whole]), broken + int((~whole).sum())


def _located(pages: Pages, numbers: Places) -> tuple[Places, Places, int]:
    """Find the live rows of these pages, in their order; a row that had to move is found where it moved to."""
    counts = pages.take(numbers * pages.size + pages.rows_at, "<u2").astype(np.int64)
    room = (pages.size - pages.rows_at - 2) // 2
    broken = int((counts > room).sum())
    numbers, counts = numbers[counts <= room], counts[counts <= room]
    page = np.repeat(numbers * pages.size, counts)
    within = np.arange(len(page)) - np.repeat(np.cumsum(counts) - counts, counts)
    begin, end, flags = _row_bounds(pages, page, within)
    live = flags & DELETED == 0
    begin, end, flags = begin[live], end[live], flags[live]
    moved = np.flatnonzero(flags & ELSEWHERE)
    for _ in range(MOST_HOPS):
        if not len(moved):
            break
        begin[moved], end[moved], further = _moved(pages, begin[moved], end[moved])
        moved = moved[further & ELSEWHERE != 0]
    begin[moved] = end[moved]
    return begin, end, broken


def _row_bounds(pages: Pages, page: Places, row: Places) -> tuple[Places, Places, Places]:
    """Read from its page where a row begins and ends; a row that cannot be is empty. Rows are stacked from the page's end."""
    places = page + pages.rows_at + 2 + 2 * row
    flags = pages.take(places, "<u2").astype(np.int64)
    before = pages.take(places - 2, "<u2").astype(np.int64) & START
    begin = page + (flags & START)
    end = page + np.where(row == 0, pages.size, before)
    possible = (end >= begin) & (end <= page + pages.size) & (begin > places)
    return np.where(possible, begin, page), np.where(possible, end, page), flags & (DELETED | ELSEWHERE)


def _moved(pages: Pages, begin: Places, end: Places) -> tuple[Places, Places, Places]:
    """Follow the pointers that stand where rows were; one that leads nowhere gives an empty row."""
    pointers = pages.take(np.where(end - begin >= 4, begin, 0), "<u4").astype(np.int64)
    number, row = pointers >> 8, pointers & 0xFF
    there = (end - begin >= 4) & (number < pages.count)
    page = np.where(there, number, 0) * pages.size
    there &= (pages.take(page, "u1") == DATA) & (row < pages.take(page + pages.rows_at, "<u2"))
    to_begin, to_end, flags = _row_bounds(pages, page, row)
    return np.where(there, to_begin, 0), np.where(there, to_end, 0), np.where(there, flags, 0)


def _wide(pages: Pages, rows: Rows, place: int) -> tuple[Places, Places]:
    """Bounds of a variable column in Jet 4: backwards from the mask, their number, then each one's beginning, then the last one's end."""
    last = rows.mask - 2
    count = _checked(pages, rows, last, "<u2")
    known = (count > place) & (last - 2 * (place + 2) >= rows.begin)
    at = np.where(known, last - 2 * (place + 1), 0)
    first = pages.take(at, "<u2").astype(np.int64)
    end = pages.take(np.where(known, at - 2, 0), "<u2").astype(np.int64)
    return np.where(known, first, 0), np.where(known, end, -1)


def _narrow(pages: Pages, rows: Rows, place: int) -> tuple[Places, Places]:
    """Bounds of a variable column in Jet 3: as in Jet 4, but in single bytes; a table of jumps says from which column on to add 256."""
    last = rows.mask - 1
    count = _checked(pages, rows, last, "u1")
    end = rows.mask + (rows.columns + 7) // 8
    jumps = (end - rows.begin - 1) // 256
    known = (count > place) & (last - jumps - place - 2 >= rows.begin)
    return tuple(np.where(known, _jumped(pages, last, np.where(known, jumps, 0), nth), nth - place - 1) for nth in (place, place + 1))  # pyright: ignore[reportReturnType]


def _jumped(pages: Pages, last: Places, jumps: Places, nth: int) -> Places:
    bound = pages.take(last - jumps - 1 - nth, "u1").astype(np.int64)
    for jump in range(int(jumps.max(initial=0))):
        at = pages.take(np.where(jump < jumps, last - 1 - jump, 0), "u1")
        bound += 256 * ((jump < jumps) & (at <= nth))
    return bound


def _checked(pages: Pages, rows: Rows, at: Places, kind: str) -> Places:
    if len(rows) and int(at.min()) < 0:
        raise BrokenDatabase("rows are shorter than what they hold")
    return pages.take(at, kind).astype(np.int64)
