"""A worksheet's extent, as it declares it, held against its cells: one search for a cell that lies beyond.

What it declares may be wrong or made up; a search by Polars takes a third of the time of telling every cell's place.
"""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import IO

import polars as pl

from cellwright.readers.opening import HEAD

MOST_CELLS = 4_000_000
BYTES_A_CELL = 4
CHUNK = 1 << 20

_REACH = 64
_LETTERS = 26
_SPACE = "[ \\t\\r\\n]"
_DECLARED = re.compile(rb'<(?:\w+:)?dimension\s[^>]*\bref="(?:[A-Z]{1,3}\d{1,7}:)?([A-Z]{1,3})(\d{1,7})"')


@dataclass(frozen=True)
class Extent:
    """Cells up to a column and a row.

    Parameters
    ----------
    cells
        How many there are, at most.
    beyond
        What a reference to any other cell looks like.
    """

    cells: int
    beyond: str


def is_compact(sheet: IO[bytes], size: int) -> bool:
    """Read a worksheet's XML and tell whether all its cells lie within an extent that it declares and that suits its size [bytes]."""
    start = sheet.read(HEAD)
    found = _DECLARED.search(start)
    extent = _extent(found.group(1).decode(), found.group(2).decode()) if found else None
    if extent is None or extent.cells > max(MOST_CELLS, size // BYTES_A_CELL):
        return False
    if len(start) < HEAD:
        return not _has(extent.beyond, start)
    # One chunk is searched while the next one is unpacked: both leave Python's lock.
    with ThreadPoolExecutor(1) as beside:
        while start:
            searched = beside.submit(_has, extent.beyond, start)
            following = sheet.read(CHUNK)
            if searched.result():
                return False
            start = start[-_REACH:] + following if following else b""
    return True


def _has(pattern: str, xml: bytes) -> bool:
    return bool(pl.Series([xml.decode("utf-8", errors="replace")]).str.contains(pattern)[0])


def _extent(letters: str, digits: str) -> Extent:
    """Widen an extent to what a pattern can tell: columns with the same first letter, and rows with the same first digits."""
    leading, rest = digits[:2], len(digits[2:])
    columns = f"[A-Z]{{{len(letters) + 1},}}{_above(letters[:1], len(letters) - 1, 'Z')}"
    rows = f"[0-9]{{{len(digits) + 1},}}{_above(leading, rest, '9')}"
    beyond = f"{_SPACE}r{_SPACE}*={_SPACE}*[\"'](?:(?:{columns})[0-9]|[A-Z]+(?:{rows})|[A-Z]*[a-z])"
    return Extent(_last_column(letters[0], len(letters)) * (int(leading) + 1) * 10**rest, beyond)


def _above(leading: str, rest: int, last: str) -> str:
    """Alternatives for what is higher than these leading characters, with the rest of any value."""
    kind = f"[{'A' if last == 'Z' else '0'}-{last}]"
    higher = [
        f"{leading[:n]}[{chr(ord(character) + 1)}-{last}]{kind}{{{len(leading) - n - 1 + rest}}}"
        for n, character in enumerate(leading)
        if character < last
    ]
    return "".join(f"|{alternative}" for alternative in higher)


def _last_column(first: str, letters: int) -> int:
    """Number of the last column whose name begins so: ``B`` of two letters is ``BZ``."""
    number = ord(first) - ord("A") + 1
    for _ in range(letters - 1):
        number = number * _LETTERS + _LETTERS
    return number
