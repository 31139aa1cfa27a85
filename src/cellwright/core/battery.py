"""A battery: cell, module or pack; the law calls all of them so."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal

from annotated_types import Interval

from cellwright.core.boundary import Count, Finite, NotNegative, Positive, Strict, parse, parse_toml_text, unknown_key
from cellwright.core.errors import ListError

Level = Literal["cell", "module", "pack"]


@dataclass(frozen=True)
class Identifier(Strict):
    """A name under a scheme, e.g. the maker's serial or Korea's 24 characters."""

    scheme: str
    value: str


@dataclass(frozen=True)
class Battery(Strict):
    """What is known of a battery before it is tested. Field names and units are those of ``batteries.csv``.

    Parameters
    ----------
    id
        The one field that is required.
    parent
        Id of the module or pack it is part of.
    level, chemistry, format
        ``cell``, ``module`` or ``pack``; e.g. ``NMC``; e.g. ``pouch``.
    rated_capacity_ah, rated_capacity_c_rate, rated_temperature_celsius, rated_energy_wh, rated_resistance_ohm
        The maker's ratings and the conditions of the capacity rating.
    minimum_voltage_volt, maximum_voltage_volt
        The maker's limits, of this battery as a whole.
    series, parallel
        Cells in series and in parallel.
    purpose
        What it was and is to be used for, e.g. ``ev``.
    waste
        Whether it has become waste: decides between re-use and preparation for re-use.
    bms_soh
        What the vehicle's BMS declared [1].
    files
        Globs of its recordings, relative to the list.
    identifiers
        Scheme and value pairs.
    """

    id: str
    parent: str | None = None
    level: Level = "cell"
    chemistry: str | None = None
    format: str | None = None
    rated_capacity_ah: Positive | None = None
    rated_capacity_c_rate: Positive | None = None
    rated_temperature_celsius: Finite | None = None
    rated_energy_wh: Positive | None = None
    rated_resistance_ohm: Positive | None = None
    minimum_voltage_volt: NotNegative | None = None
    maximum_voltage_volt: Positive | None = None
    series: Count | None = None
    parallel: Count | None = None
    purpose: str | None = None
    waste: Literal["yes", "no", "unknown"] = "unknown"
    bms_soh: Annotated[float, Interval(gt=0, le=1.5)] | None = None
    files: tuple[str, ...] = ()
    identifiers: tuple[Identifier, ...] = ()


LIST_COLUMNS = tuple(f.name for f in fields(Battery) if f.name != "identifiers")


def parse_battery(source: str, where: str) -> Battery:
    """Parse a ``battery.toml`` or ``pack.toml``. Raises `ListError`."""
    return _sensible(parse_toml_text(Battery, source, where), where)


def parse_battery_list(source: str, where: str) -> tuple[Battery, ...]:
    """Parse a ``batteries.csv``.

    Parameters
    ----------
    source
        The text; columns are `LIST_COLUMNS`, only ``id`` is required, an empty field says nothing. Fields may be separated by
        semicolons, as spreadsheets in some countries write them; several globs then need quotes.
    where
        The file's name, for errors.

    Raises
    ------
    ListError
        For a column nobody knows (with the nearest right name), a wrong value (with its row), a second battery of one id,
        or a parent that is not in the list.
    """
    lines = source.splitlines()
    semicolons = bool(lines) and ";" in lines[0] and "," not in lines[0]
    rows = csv.DictReader(lines, delimiter=";" if semicolons else ",")
    header = [name.strip() for name in rows.fieldnames or ()]
    rows.fieldnames = header
    for name in header:
        if name not in LIST_COLUMNS:
            raise unknown_key(where, name, LIST_COLUMNS)
    if "id" not in header:
        raise ListError("core.missing_key", file=where, key="id")
    batteries = tuple(_from_row(row, f"{where}:{number}") for number, row in enumerate(rows, start=2))
    if not batteries:
        raise ListError("core.empty_list", file=where)
    _check_references(batteries, where)
    return batteries


def _from_row(row: dict[str | Any, Any], where: str) -> Battery:
    if None in row:
        raise ListError("core.too_many_fields", file=where)
    given: dict[str, Any] = {k: v.strip() for k, v in row.items() if v and v.strip()}
    if "files" in given:
        given["files"] = tuple(part.strip() for part in given["files"].split(";") if part.strip())
    return _sensible(parse(Battery, given, where), where)


def _sensible(battery: Battery, where: str) -> Battery:
    low, high = battery.minimum_voltage_volt, battery.maximum_voltage_volt
    if low is not None and high is not None and low >= high:
        raise ListError("core.limits_swapped", file=where, minimum=low, maximum=high)
    return battery


def _check_references(batteries: Sequence[Battery], where: str) -> None:
    seen: set[str] = set()
    for row, battery in enumerate(batteries, start=2):
        if battery.id in seen:
            raise ListError("core.duplicate_id", file=f"{where}:{row}", id=battery.id)
        seen.add(battery.id)
    for row, battery in enumerate(batteries, start=2):
        if battery.parent and (battery.parent not in seen or battery.parent == battery.id):
            raise ListError("core.unknown_parent", file=f"{where}:{row}", id=battery.id, parent=battery.parent)
    _check_circles({b.id: b.parent for b in batteries}, where)


def _check_circles(parent_of: Mapping[str, str | None], where: str) -> None:
    for battery in parent_of:
        passed, above = {battery}, parent_of[battery]
        while above:
            if above in passed:
                raise ListError("core.parents_in_a_circle", file=where, id=battery)
            passed.add(above)
            above = parent_of[above]
