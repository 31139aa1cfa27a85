"""A column map: what each column of a log, or each signal of a bus, is; a small YAML or TOML file."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from cellwright.core import resources
from cellwright.core.boundary import Finite, Strict, nearest, parse, parse_toml_text, parse_yaml_text
from cellwright.core.columns import CELL_TEMPERATURES, CELL_VOLTAGES, CURRENT, TIME, columns
from cellwright.core.errors import ListError, UsageError
from cellwright.readers.engine.clock import check_zone
from cellwright.readers.engine.names import factor

FOLDER = "column_maps"
NUMBER = "{n}"
_RECOGNISE = re.compile(r"^recognise: \[(.+)\]$", re.MULTILINE)
FOLDED = (CELL_VOLTAGES, CELL_TEMPERATURES)


@dataclass(frozen=True)
class Clock(Strict):
    """The column that tells a row's time.

    Parameters
    ----------
    column
        Its name.
    format
        Format of dates, chrono syntax such as ``%Y-%m-%d %H:%M:%S``; without one, the column holds numbers or durations.
    unit
        Of numbers: ``s``, ``ms``, ``min``, ``h``.
    zone
        IANA name of the zone that the dates are in, where it is known.
    """

    column: str
    format: str | None = None
    unit: str = "s"
    zone: str | None = None


@dataclass(frozen=True)
class Signal(Strict):
    """What one column is: ``raw × scale + offset``, in ``unit``.

    Parameters
    ----------
    to
        The column of `cellwright.core.columns` that it becomes.
    unit, scale, offset
        How its numbers are read.
    positive
        Which way a positive current flows; without it, the sign is worked out from how the voltage answers.
    sentinels
        Raw numbers that stand for no measurement.
    """

    to: str
    unit: str = ""
    scale: Finite = 1.0
    offset: Finite = 0.0
    positive: Literal["charge", "discharge"] | None = None
    sentinels: tuple[Finite, ...] = ()

    @property
    def factor(self) -> float:
        """What a value in the unit is multiplied by for the column."""
        return factor(self.to, self.unit.lower()) or 1.0


@dataclass(frozen=True)
class ColumnMap(Strict):
    """What the columns of a family of logs are.

    Parameters
    ----------
    name
        What the family is called.
    columns
        By the column's name; ``{n}`` in it stands for a cell's or probe's number.
    time
        The clock; a bus has its own and needs none.
    recognise
        Names that together tell the family, where it is to be known without being named.
    """

    name: str
    columns: Mapping[str, Signal]
    time: Clock | None = None
    recognise: tuple[str, ...] = ()

    @property
    def positive(self) -> Literal["charge", "discharge"] | None:
        """Which way a positive current flows; None where the map does not say."""
        return next((signal.positive for signal in self.columns.values() if signal.to == CURRENT), None)

    def matches(self, header: Iterable[str]) -> dict[str, list[str]]:
        """Return the names in a header that each entry speaks for, cells in the order of their numbers."""
        names = list(header)
        return {key: _matching(key, names) for key in self.columns}


def _matching(key: str, names: list[str]) -> list[str]:
    if NUMBER not in key:
        return [key] if key in names else []
    pattern = re.compile(re.escape(key).replace(re.escape(NUMBER), r"(\d{1,6})", 1))
    numbered = sorted((int(found.group(1)), name) for name in names if (found := pattern.fullmatch(name)))
    return [name for _, name in numbered]


def load(source: ColumnMap | Mapping[str, Any] | str | Path) -> ColumnMap:
    """Take a column map as it is, as a mapping, or from a ``.yaml`` or ``.toml`` file.

    Raises
    ------
    UsageError
        No such file.
    ListError
        What is wrong in it, and the nearest right name.
    """
    if isinstance(source, ColumnMap):
        return source
    if isinstance(source, Mapping):
        return _checked(parse(ColumnMap, dict(source), "column_map"), "column_map")
    path = Path(source)
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        cause = getattr(error, "strerror", None) or "UTF-8"
        raise UsageError("readers.cannot_open_companion", file=str(path), cause=cause) from None
    read = parse_toml_text if path.suffix.lower() == ".toml" else parse_yaml_text
    return _checked(read(ColumnMap, text, path.name), path.name)


@cache
def shipped() -> tuple[ColumnMap, ...]:
    """Return the maps that ship with the program."""
    return tuple(_shipped(name) for name in resources.names(FOLDER, ".yaml"))


@cache
def _shipped(name: str) -> ColumnMap:
    file = f"{name}.yaml"
    return _checked(parse_yaml_text(ColumnMap, resources.text(FOLDER, file), file), file)


def recognised(header: Iterable[str]) -> ColumnMap | None:
    """Return the shipped map whose telling names are all in the header."""
    names = set(header)
    known = next((stem for stem, telling in _telling().items() if names.issuperset(telling)), None)
    return None if known is None else _shipped(known)


@cache
def _telling() -> dict[str, list[str]]:
    """Names that tell each shipped map, without the cost of understanding the rest: every file is asked whether it is of one of them."""
    found = {name: _RECOGNISE.search(resources.text(FOLDER, f"{name}.yaml")) for name in resources.names(FOLDER, ".yaml")}
    return {name: [part.strip() for part in line.group(1).split(",")] for name, line in found.items() if line}


def _checked(made: ColumnMap, where: str) -> ColumnMap:
    taken: dict[str, str] = {}
    for key, signal in made.columns.items():
        _check_signal(key, signal, where)
        if other := taken.get(signal.to):
            raise ListError("readers.map_twice", file=where, key=key, other=other, column=signal.to)
        taken[signal.to] = key
    if made.time and made.time.zone:
        check_zone(made.time.zone)
    if made.time and factor(TIME, made.time.unit.lower()) is None:
        raise ListError("readers.map_unit", file=where, key="time.unit", unit=made.time.unit, column=TIME)
    return made


def _check_signal(key: str, signal: Signal, where: str) -> None:
    place = f"columns.{key}"
    known = [name for name in columns() if name != TIME]
    if signal.to not in known:
        near = nearest(signal.to, known)
        if near:
            raise ListError("readers.map_target_near", file=where, key=f"{place}.to", name=signal.to, nearest=near)
        raise ListError("readers.map_target", file=where, key=f"{place}.to", name=signal.to)
    if (NUMBER in key) != (signal.to in FOLDED):
        raise ListError("readers.map_cells", file=where, key=place, columns=list(FOLDED))
    if signal.positive and signal.to != CURRENT:
        raise ListError("readers.map_positive", file=where, key=f"{place}.positive", column=CURRENT)
    if signal.unit and factor(signal.to, signal.unit.lower()) is None:
        raise ListError("readers.map_unit", file=where, key=f"{place}.unit", unit=signal.unit, column=signal.to)
