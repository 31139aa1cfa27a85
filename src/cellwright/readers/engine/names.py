"""Vendors' column names: the name, its unit, and what a BDF column needs of it."""

import re
from collections.abc import Iterable, Mapping, Sequence

from cellwright.core.errors import MissingColumn

_BRACKETED = re.compile(r"^(.*?)\s*[(\[]\s*([^)\]]*?)\s*[)\]]\s*$")
_SLASHED = re.compile(r"^(.+?)\s*/\s*([^/\s]+)$")

_PER_UNIT: Mapping[str, Mapping[str, float]] = {
    "second": {"s": 1, "sec": 1, "second": 1, "seconds": 1, "min": 60, "h": 3600, "hr": 3600, "hours": 3600, "ms": 1e-3},
    "ampere": {"a": 1, "amp": 1, "amps": 1, "ma": 1e-3, "ua": 1e-6, "µa": 1e-6, "μa": 1e-6},
    "volt": {"v": 1, "volts": 1, "mv": 1e-3},
    "ah": {"ah": 1, "amp-hr": 1, "mah": 1e-3, "µah": 1e-6, "uah": 1e-6},
    "wh": {"wh": 1, "watt-hr": 1, "mwh": 1e-3, "µwh": 1e-6, "uwh": 1e-6},
    "watt": {"w": 1, "mw": 1e-3},
    "ohm": {"ohm": 1, "ohms": 1, "ω": 1, "mohm": 1e-3, "mo": 1e-3, "mω": 1e-3},
    "celsius": {"c": 1, "°c": 1, "℃": 1, "degc": 1, "deg c": 1},
}
_TIMES = "h:min:s"
LISTED = 20
COUNTS = ("_count", "_index", "step_id")


def split_unit(name: str) -> tuple[str, str]:
    """Part a header into name and unit, both in lower case: ``Test (Sec)`` into ``test`` and ``sec``; no unit is ``""``."""
    clean = " ".join(name.split()).lower()
    if found := _BRACKETED.match(clean):
        return found.group(1), found.group(2)
    found = _SLASHED.match(clean)
    if found and any(found.group(2) in units for units in _PER_UNIT.values()):
        return found.group(1), found.group(2)
    return clean, ""


def factor(column: str, unit: str) -> float | None:
    """Return what to multiply a vendor's value by for a BDF column; None where the unit is not one of its kind."""
    kind = column.rsplit("_", 1)[-1]
    if not unit or kind not in _PER_UNIT or unit.startswith(_TIMES):
        return 1.0
    return _PER_UNIT[kind].get(unit)


def is_count(column: str) -> bool:
    """Tell whether a BDF column holds whole numbers."""
    return column.endswith(COUNTS)


def unique(names: Iterable[str]) -> list[str]:
    """Number what is there twice: ``Loop``, ``Loop_2``; name what has no name ``column_3``."""
    result: list[str] = []
    for position, raw in enumerate(names, start=1):
        name = free = " ".join(raw.split()) or f"column_{position}"
        times = 1
        while free in result:
            times += 1
            free = f"{name}_{times}"
        result.append(free)
    return result


def require_columns(columns: Sequence[str], required: Iterable[str], file: str) -> None:
    """Raise `MissingColumn` for the first that is not there, with what is."""
    for name in required:
        if name not in columns:
            raise MissingColumn("readers.missing_column", file=file, column=name, found=columns[:LISTED])
