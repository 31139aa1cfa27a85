"""Worksheets whose cells lie so far apart that the table between them would not fit into memory.

What reads a workbook lays a sheet's cells out as a full rectangle: two cells, the second at ``XFD1048576``, are seventeen thousand million.
"""

import re
from typing import IO

import numpy as np
import numpy.typing as npt

from cellwright.readers.engine.extent import BYTES_A_CELL, CHUNK, MOST_CELLS

_LETTERS = 26
_DIGITS = 10
_MOST_LETTERS = 4
_MOST_DIGITS = 9
_REACH = 64
_SPACED = re.compile(rb"""\br\s*=\s*(["'])""")

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]


def is_sparse(sheet: IO[bytes]) -> bool:
    """Read a worksheet's XML and tell whether it spans far more cells than it can hold: one takes at least four bytes."""
    size = columns = rows = 0
    before = b""
    while chunk := sheet.read(CHUNK):
        column, row = _farthest(before + chunk)
        size, columns, rows = size + len(chunk), max(columns, column), max(rows, row)
        before = chunk[-_REACH:]
    return columns * rows > max(MOST_CELLS, size // BYTES_A_CELL)


def _farthest(xml: bytes) -> tuple[int, int]:
    """Return the highest numbers of a column and of a row that ``r="…"`` speaks of."""
    text, quotes = _quoted(xml)
    assigned = text[quotes - 1] == ord("=")
    if (text[quotes - 1] <= ord(" ")).any() or (text[quotes[assigned] - 2] <= ord(" ")).any():
        text, quotes = _quoted(_SPACED.sub(rb"r=\1", xml))
    at = quotes[(text[quotes - 1] == ord("=")) & (text[quotes - 2] == ord("r"))] + 1
    column, at = _columns(text, at)
    return column, _rows(text, at)


def _quoted(xml: bytes) -> tuple[Bytes, Places]:
    """Return the bytes, with room on both sides, and where quotes are among them."""
    text: Bytes = np.frombuffer(b"".join((bytes(2), xml, bytes(_REACH))), np.uint8)
    return text, np.flatnonzero((text == ord('"')) | (text == ord("'")))


def _columns(text: Bytes, at: Places) -> tuple[int, Places]:
    """Return the highest column's number that references begin with, and where their rows begin."""
    number = np.zeros(len(at), np.int64)
    for _ in range(_MOST_LETTERS):
        letter = (text[at] | 0x20) - ord("a")
        is_letter = letter < _LETTERS
        number = np.where(is_letter, number * _LETTERS + letter + 1, number)
        at = at + is_letter
    row_follows = text[at] - ord("0") < _DIGITS
    return int(number[row_follows].max(initial=0)), at[row_follows]


def _rows(text: Bytes, at: Places) -> int:
    number = np.zeros(len(at), np.int64)
    for _ in range(_MOST_DIGITS):
        digit = text[at] - ord("0")
        is_digit = digit < _DIGITS
        if not is_digit.any():
            break
        number = np.where(is_digit, number * 10 + digit, number)
        at = at + is_digit
    return int(number.max(initial=0))
