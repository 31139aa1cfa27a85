"""Every resistance of a battery in tables: a row for each direction, rate and state of charge, a column for each time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cellwright.core.quantity import Quantity
from cellwright.report.conditions import duration, rate
from cellwright.report.numbers import SPACE, decimals, fixed, general
from cellwright.report.words import Words

_ROWS_SHOWN = 200
_COLUMNS = 6
_SELDOM = 20  # times fewer than the commonest
_NOTHING = "–"

_Key = tuple[str, float, float]
_Group = dict[float, list[Quantity]]


@dataclass(frozen=True)
class Line:
    """A row: what was pulsed, and the resistance [mΩ] at each time of its table."""

    direction: str
    rate: str
    soc: str
    temperature: str
    cells: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Table:
    """Resistances at a few times."""

    times: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Resistances:
    """All resistances of a battery, in tables that fit a page; `left_out` are not shown."""

    tables: tuple[Table, ...]
    count: int
    left_out: int


def tables(quantities: Sequence[Quantity], words: Words) -> Resistances | None:
    """Arrange resistances [ohm] by their conditions; None where there are none.

    Times that few pulses have, such as those of an interrupted one, stand behind the others.
    """
    by_time: dict[float, list[Quantity]] = {}
    for quantity in quantities:
        if quantity.value is not None:
            by_time.setdefault(_time(quantity), []).append(quantity)
    if not by_time:
        return None
    most = max(len(found) for found in by_time.values())
    common = sorted(time for time, found in by_time.items() if _SELDOM * len(found) >= most)
    seldom = sorted(by_time.keys() - set(common))
    chunks = [times[n : n + _COLUMNS] for times in (common, seldom) for n in range(0, len(times), _COLUMNS)]
    made = [_table({time: by_time[time] for time in chunk}, words) for chunk in chunks]
    shown = tuple(Table(table.times, table.lines[:_ROWS_SHOWN]) for table in made)
    left_out = sum(len(cell) for table in made for line in table.lines[_ROWS_SHOWN:] for cell in line.cells)
    return Resistances(shown, sum(map(len, by_time.values())), left_out)


def _table(by_time: Mapping[float, Sequence[Quantity]], words: Words) -> Table:
    groups: dict[_Key, _Group] = {}
    for time, found in by_time.items():
        for quantity in found:
            groups.setdefault(_key(quantity), {}).setdefault(time, []).append(quantity)
    headings = tuple(duration(t, words) if t else _NOTHING for t in by_time)
    return Table(headings, tuple(_line(groups[key], tuple(by_time), words) for key in sorted(groups)))


def _key(quantity: Quantity) -> _Key:
    given = quantity.conditions
    strength = given.get("c_rate") or given.get("current_ampere") or 0.0
    soc = given.get("soc")
    return str(given.get("direction", "")), float(f"{abs(strength):.2g}"), -1.0 if soc is None else round(soc, 2)


def _time(quantity: Quantity) -> float:
    given = quantity.conditions
    return float(f"{given.get('nominal_time_s') or given.get('time_s') or 0.0:.3g}")


def _line(group: _Group, times: Sequence[float], words: Words) -> Line:
    together = [q for found in group.values() for q in found]
    given = together[0].conditions
    soc = given.get("soc")
    warmth = [t for q in together if (t := q.conditions.get("temperature_celsius")) is not None]
    return Line(
        direction=words.label("direction", str(given["direction"])) if given.get("direction") else _NOTHING,
        rate=_strength(given),
        soc=_NOTHING if soc is None else f"{general(100 * soc, 3)}{SPACE}%",
        temperature=_span(min(warmth), max(warmth)) if warmth else _NOTHING,
        cells=tuple(tuple(map(_cell, group.get(time, ()))) for time in times),
    )


def _strength(given: Mapping[str, Any]) -> str:
    if given.get("c_rate") is not None:
        return rate(given["c_rate"])
    return f"{general(abs(given['current_ampere']), 3)}{SPACE}A" if given.get("current_ampere") is not None else _NOTHING


def _span(low: float, high: float) -> str:
    first, last = fixed(low, 1), fixed(high, 1)
    return first if first == last else f"{first}–{last}"


def _cell(quantity: Quantity) -> str:
    milliohm = 1e3 * (quantity.value or 0.0)
    expanded = 1e3 * (quantity.expanded_uncertainty or 0.0)
    if not expanded:
        return general(milliohm)
    digits = decimals(expanded)
    return f"{fixed(milliohm, digits)}{SPACE}±{SPACE}{fixed(expanded, digits)}"
