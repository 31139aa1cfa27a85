"""A Jet database in pages, and the bitmaps that say which page is whose."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.int64]

VERSION_AT = 0x14
DATA, DEFINITION, USAGE = 1, 2, 5
START = 0x1FFF
ELSEWHERE = 0x4000
DELETED = 0x8000


class BrokenDatabase(ValueError):
    """What the database says of itself cannot be; becomes `DamagedFile` at the door."""


@dataclass(frozen=True, eq=False)
class Pages:
    """The file and the sizes of its version.

    Parameters
    ----------
    data
        The whole file.
    jet4
        Whether it is of version 4; else it is of version 3.
    """

    data: bytes
    jet4: bool

    @property
    def size(self) -> int:
        """Bytes of a page."""
        return 4096 if self.jet4 else 2048

    @property
    def count(self) -> int:
        """Number of whole pages."""
        return len(self.data) // self.size

    @property
    def rows_at(self) -> int:
        """Where a data page counts its rows; their places follow."""
        return 12 if self.jet4 else 8

    def page(self, number: int, kind: int) -> bytes:
        """Return a page of this kind; raises `BrokenDatabase` where there is none."""
        page = self.data[number * self.size : (number + 1) * self.size]
        if len(page) < self.size or page[0] != kind:
            raise BrokenDatabase(f"page {number} is not of kind {kind}")
        return page

    def record(self, pointer: int) -> bytes:
        """Return the row that a pointer means: the row's number in the low byte, the page's above it."""
        page, row = self.page(pointer >> 8, DATA), pointer & 0xFF
        count = word(page, self.rows_at)
        places = np.frombuffer(page, "<u2", min(count, (self.size - self.rows_at - 2) // 2), self.rows_at + 2).astype(np.int64) & START
        if row >= len(places):
            raise BrokenDatabase(f"page {pointer >> 8} has no row {row}")
        return page[places[row] : places[row - 1] if row else self.size]

    def take(self, places: Places, kind: str) -> npt.NDArray[Any]:
        """Gather values of one kind that begin at any byte; the places must lie in the file."""
        dtype = np.dtype(kind)
        return np.ndarray(len(self.data) - dtype.itemsize + 1, dtype, self.data, strides=(1,))[places]

    def owned(self, pointer: int, owner: int) -> Places:
        """Numbers of the data pages that a usage map names and that themselves name this owner."""
        found = np.concatenate([np.empty(0, np.int64), *_mapped(self, self.record(pointer))])
        found = found[found < self.count]
        kinds = self.take(found * self.size, "u1")
        owners = self.take(found * self.size + 4, "<u4")
        return found[(kinds == DATA) & (owners == owner)]


def pages(data: bytes) -> Pages:
    """Divide a database into pages."""
    return Pages(data, jet4=data[VERSION_AT : VERSION_AT + 1] != b"\x00")


def word(data: bytes, place: int) -> int:
    """Read two bytes, low byte first; beyond the end they are zero."""
    return int.from_bytes(data[place : place + 2], "little")


def long(data: bytes, place: int) -> int:
    """Read four bytes, low byte first; beyond the end they are zero."""
    return int.from_bytes(data[place : place + 4], "little")


def _mapped(pages: Pages, record: bytes) -> Iterator[Places]:
    """Decode a usage map: one bitmap with its first page, or pages that hold a bitmap each."""
    if record[:1] == b"\x00":
        yield long(record, 1) + _ones(record[5:])
        return
    if record[:1] != b"\x01":
        raise BrokenDatabase("a usage map is of no known kind")
    per_page = (pages.size - 4) * 8
    numbers = np.frombuffer(record, "<u4", (len(record) - 1) // 4, 1)
    for nth, number in enumerate(numbers.tolist()):
        if number:
            yield nth * per_page + _ones(pages.page(number, USAGE)[4:])


def _ones(bitmap: bytes) -> Places:
    return np.flatnonzero(np.unpackbits(np.frombuffer(bitmap, np.uint8), bitorder="little")).astype(np.int64)
