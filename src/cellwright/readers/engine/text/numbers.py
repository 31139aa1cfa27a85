"""How a text writes numbers: its decimal mark, and the mark between thousands if it has one."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import polars as pl

# A space, two that do not break the line, and apostrophes.
_SPACES = " \u00a0\u202f'\u2019"
_MARKED = re.compile(rf"[+-]?\d[\d.,{_SPACES}]*(?:[eE][+-]?\d+)?")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
_THOUSANDS = re.compile(rf"(\d{{1,3}})(?:([.,{_SPACES}])\d{{3}})(?:\2\d{{3}})*")


@dataclass(frozen=True)
class Style:
    """How numbers are written.

    Parameters
    ----------
    decimal
        The decimal mark.
    thousands
        The mark between thousands, empty where there is none.
    assumed
        Whether a comma in numbers such as ``3,701`` was taken for the decimal mark without proof.
    """

    decimal: str = "."
    thousands: str = ""
    assumed: bool = False

    @cached_property
    def pattern(self) -> str:
        """What a number of this style looks like."""
        whole = r"\d+" if not self.thousands else rf"(?:\d{{1,3}}(?:{re.escape(self.thousands)}\d{{3}})+|\d+)"
        mark = re.escape(self.decimal)
        return rf"^\s*[+-]?(?:{whole}(?:{mark}\d*)?|{mark}\d+)(?:[eE][+-]?\d+)?\s*$"

    def number(self, text: pl.Expr) -> pl.Expr:
        """Read numbers of this style; null where a cell is none."""
        clean = text.str.strip_chars().str.strip_chars('"')
        if self.thousands:
            # A mark at another place than between thousands is no mark: better no number than a wrong one.
            clean = pl.when(clean.str.contains(self.pattern)).then(clean.str.replace_all(self.thousands, "", literal=True))
        if self.decimal == ",":
            clean = clean.str.replace(",", ".", literal=True)
        return clean.cast(pl.Float64, strict=False)


PLAIN = Style()

# A comma between digits, or another mark before three digits that end there.
_COMMA = re.compile(rb"\d,\d")
_QUOTED_COMMA = re.compile(rb'"[^",\n]*\d,\d')
_OTHER_MARK = re.compile(rb"\d(?: |'|\xc2\xa0|\xe2\x80\xaf|\xe2\x80\x99)\d{3}(?!\d)")


def may_be_marked(rows: bytes, delimiter: str) -> bool:
    """Tell quickly whether numbers in rows may have decimal commas or marks between thousands."""
    comma = _QUOTED_COMMA if delimiter == "," else _COMMA
    return comma.search(rows) is not None or _OTHER_MARK.search(rows) is not None


def is_number(cell: str) -> bool:
    """Tell whether a cell is a number, in whatever style."""
    return _NUMBER.fullmatch(cell.strip()) is not None or _MARKED.fullmatch(cell.strip()) is not None


def style_of(cells: Iterable[str], delimiter: str) -> Style:
    """Tell the style from cells; where the delimiter is a comma, only quoted cells can hold one.

    A number with both marks, or with more or fewer digits behind its only mark than a thousand has, is proof; so is ``0,123``.
    """
    decimals = {".": 0, ",": 0}
    doubtful = {".": 0, ",": 0}
    thousands: dict[str, int] = {}
    for cell in cells:
        shown = cell.strip()
        if shown.isdigit() or not _MARKED.fullmatch(shown):
            continue
        decimal, mark, sure = _marks(shown)
        if decimal:
            (decimals if sure else doubtful)[decimal] += 1
        if mark:
            thousands[mark] = thousands.get(mark, 0) + 1
    return _decided(decimals, doubtful, thousands, delimiter)


def _marks(cell: str) -> tuple[str, str, bool]:
    """Return a number's decimal mark, its mark between thousands, and whether that is sure."""
    digits = re.split("[eE]", cell.lstrip("+-"))[0]
    decimal = max(".,", key=digits.rfind) if {".", ","} & set(digits) else ""
    whole, _, _ = digits.rpartition(decimal) if decimal and digits.count(decimal) == 1 else (digits, "", "")
    grouped = _THOUSANDS.fullmatch(whole)
    if whole != digits:  # one decimal mark, and what is before it
        if not whole or whole.isdigit():
            sure = len(digits) - len(whole) != 4 or len(whole) > 3 or whole in {"", "0", "00", "000"}
            return decimal, "", sure
        return (decimal, grouped.group(2), True) if grouped and grouped.group(2) != decimal else ("", "", False)
    return ("", grouped.group(2), True) if grouped else ("", "", False)


def _decided(decimals: dict[str, int], doubtful: dict[str, int], thousands: dict[str, int], delimiter: str) -> Style:
    proven = max(decimals, key=lambda mark: decimals[mark]) if any(decimals.values()) else ""
    groups = {mark: count for mark, count in thousands.items() if mark != proven and not (decimals.get(mark))}
    mark = max(groups, key=lambda m: groups[m]) if groups else ""
    if proven:
        other = {".": ",", ",": "."}[proven]
        return Style(proven, mark or (other if doubtful[other] and not decimals[other] else ""))
    if mark in {".", ","}:
        return Style({".": ",", ",": "."}[mark], mark)
    comma = doubtful[","] > 0 and delimiter != "," and not doubtful["."]
    return Style("," if comma else ".", mark or ("," if doubtful[","] and not comma else ""), assumed=comma)
