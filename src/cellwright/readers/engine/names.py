"""Vendors' column names: the name, its unit, and what a BDF column needs of it."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from cellwright.core.errors import MissingColumn

_BRACKETED = re.compile(r"^(.*?)\s*[(\[（［]\s*([^)\]）］]*?)\s*[)\]）］]\s*$")
_SLASHED = re.compile(r"^(.+?)\s*/\s*([^/\s]+)$")
# In lower case a megohm would be a milliohm.
_MEGOHM = re.compile(r"\bM(?=Ω|\u2126|[Oo]hm)")

_HOUR, _MICRO, _DEGREES = 3600.0, ("u", "\u00b5", "\u03bc"), ("", "\u00b0", "\u00ba", "deg", "deg ", "deg.", "deg. ", "\u00b0 ")


def _scaled(*names: str) -> dict[str, float]:
    """Every spelling of a unit, and of a thousandth, a millionth and a thousand of it."""
    spelled = dict.fromkeys(names, 1.0)
    spelled |= {f"m{name}": 1e-3 for name in names} | {f"{micro}{name}": 1e-6 for micro in _MICRO for name in names}
    return spelled | {f"k{name}": 1e3 for name in names}


_PER_UNIT: Mapping[str, Mapping[str, float]] = {
    "second": {
        **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "sek", "秒", "초"), 1.0),
        **dict.fromkeys(("min", "mins", "minute", "minutes", "分", "分钟", "분"), 60.0),
        **dict.fromkeys(("h", "hr", "hrs", "hour", "hours", "std", "小时", "시간"), _HOUR),
        **dict.fromkeys(("d", "day", "days", "天", "일"), 24 * _HOUR),
        **dict.fromkeys(("ms", "msec", "毫秒"), 1e-3),
        **{f"{micro}s": 1e-6 for micro in _MICRO},
    },
    "ampere": _scaled("a", "amp", "amps", "ampere", "amperes", "安") | {"na": 1e-9},
    "volt": _scaled("v", "volt", "volts", "伏"),
    "ah": _scaled("ah", "a.h", "a\u00b7h", "a*h", "amp-hr", "amp-hrs", "amphr") | {"as": 1 / _HOUR, "a.s": 1 / _HOUR},
    "wh": _scaled("wh", "w.h", "w\u00b7h", "w*h", "watt-hr", "watt-hrs") | {"j": 1 / _HOUR, "kj": 1e3 / _HOUR, "ws": 1 / _HOUR},
    "watt": _scaled("w", "watt", "watts"),
    "ohm": _scaled("ohm", "ohms", "ω", "欧") | {"mo": 1e-3, "milliohm": 1e-3, "milliohms": 1e-3} | dict.fromkeys(("megaω", "megaohm"), 1e6),
    "hertz": {"hz": 1, "khz": 1e3},
    "degree": {"deg": 1, "°": 1, "degree": 1, "degrees": 1, "rad": 180 / math.pi},
    "celsius": {"℃": 1, "celsius": 1, **{f"{degrees}c": 1 for degrees in _DEGREES}},
    "pa": {"pa": 1, "kpa": 1e3, "mbar": 1e2, "bar": 1e5, "psi": 6894.757},
}
LISTED = 20
COUNTS = ("_count", "_index", "step_id")


@lru_cache(maxsize=4096)
def split_unit(name: str) -> tuple[str, str]:
    """Part a header into name and unit, both in lower case: ``Test (Sec)`` into ``test`` and ``sec``; no unit is ``""``."""
    clean = _MEGOHM.sub("mega", " ".join(name.split())).lower()
    if found := _BRACKETED.match(clean):
        return found.group(1), found.group(2)
    found = _SLASHED.match(clean)
    if found and any(found.group(2) in units for units in _PER_UNIT.values()):
        return found.group(1), found.group(2)
    return clean, ""


def factor(column: str, unit: str) -> float | None:
    """Return what to multiply a vendor's value by for a BDF column; None where the unit is not one of its kind."""
    kind = column.rsplit("_", 1)[-1]
    if not unit or kind not in _PER_UNIT or (kind == "second" and ":" in unit):
        return 1.0
    return _PER_UNIT[kind].get(unit)


def is_unit(text: str) -> bool:
    """Tell whether a text, in lower case, is a unit that some BDF column can be in."""
    return any(text in units for units in _PER_UNIT.values())


def is_count(column: str) -> bool:
    """Tell whether a BDF column holds whole numbers."""
    return column.endswith(COUNTS)


def unique(names: Iterable[str]) -> list[str]:
    """Number what is there twice: ``Loop``, ``Loop_2``; name what has no name ``column_3``."""
    times: dict[str, int] = {}
    for position, raw in enumerate(names, start=1):
        name = free = " ".join(raw.split()) or f"column_{position}"
        while free in times:
            times[name] += 1
            free = f"{name}_{times[name]}"
        times[free] = 1
    return list(times)


def require_columns(columns: Sequence[str], required: Iterable[str], file: str) -> None:
    """Raise `MissingColumn` for the first that is not there, with what is."""
    for name in required:
        if name not in columns:
            raise MissingColumn("readers.missing_column", file=file, column=name, found=columns[:LISTED])
