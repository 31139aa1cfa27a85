"""The furthest that voltage and temperature went, how much the battery warmed, how far its cells lie apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellwright.core.battery import Battery
from cellwright.core.columns import CELL_TEMPERATURES, CURRENT, STEP_MAXIMUM_TEMPERATURE, STEP_MAXIMUM_VOLTAGE, TIME, VOLTAGE
from cellwright.core.messages import message
from cellwright.core.quantity import Method, Quantity, absent
from cellwright.core.recording import Recording
from cellwright.core.tester import Tester
from cellwright.measure.course import Course
from cellwright.measure.isolation import isolated_temperatures, isolated_voltages
from cellwright.measure.modules.extreme import cell_extremes, spread
from cellwright.measure.probes import AMBIENT, probes
from cellwright.measure.readings import Extreme, found_extremes, readings, record_of
from cellwright.measure.rest import sags

GREATEST = Method("greatest-reading/current", "1")
RISE = Method("temperature-rise/maximum-less-start", "2")
START_S = 60.0
START_READINGS = 5
"""The start of a rise is the median of the first five readings, of those of the first minute."""

AMBIENT_MOVED_KELVIN = 5.0


def extremes(recording: Recording, battery: Battery | None = None, tester: Tester | None = None) -> dict[str, tuple[Quantity, ...]]:
    """What a screen for safety looks at first.

    Parameters
    ----------
    recording
        A series or a step sheet; a log of temperatures alone gives the temperatures and reasons for the rest.
    battery, tester
        As in `cellwright.measure.resistances`.

    Returns
    -------
    By name, each absent with a reason where it was not recorded:

    - ``maximum_voltage``, ``minimum_voltage`` [V]: any reading, under current or not; conditions ``current_ampere`` at that moment (where
      the reading is a sample) and ``step_count``;
    - ``maximum_current`` [A]: the greatest in size; condition ``direction``;
    - ``cell_maximum_voltage``, ``cell_minimum_voltage`` [V]: of any cell in ``cell_voltages_volt``; conditions ``cell`` (from 1) and
      ``step_count``;
    - ``maximum_temperature`` [degC] of the battery and ``temperature_rise`` [K], maximum less start (median of the first few readings)
      of the same probe: one a probe, the greatest first; condition ``probe``, of a rise also ``start_temperature_celsius`` and, where
      the ambient temperature moved by more than 5 K, ``ambient_moved_kelvin``;
    - ``rest_sag`` [V/h]: see `cellwright.measure.rest.sags`;
    - ``cell_voltage_spread`` [V]: greatest less smallest of ``cell_voltages_volt`` at the last sample of the last rest.

    A lone reading beyond the others (`cellwright.measure.isolation`) comes after them, with the condition ``isolated``.
    """
    return extremes_of(Course(recording, battery, tester))


def extremes_of(course: Course) -> dict[str, tuple[Quantity, ...]]:
    """Every extreme of a test, each absent with a reason where it was not recorded."""
    found = {name: _voltage(course, name, way) for name, way in (("maximum_voltage", 1), ("minimum_voltage", -1))}
    found |= cell_extremes(course) | _temperatures(course)
    found["maximum_current"] = (_greatest_current(course),)
    found["rest_sag"] = (absent("rest_sag", "V/h", course.unsuited),) if course.unsuited else sags(course)
    found["cell_voltage_spread"] = (spread(course),)
    return found


def _not_recorded(name: str, unit: str, columns: tuple[str, ...]) -> Quantity:
    return absent(name, unit, message("measure.not_recorded", columns=columns))


def _voltage(course: Course, name: str, way: int) -> tuple[Quantity, ...]:
    table = course.recording.table
    log = readings(table, VOLTAGE)
    told = readings(table, STEP_MAXIMUM_VOLTAGE) if way > 0 else None
    if log is None:
        if told is None:
            return (_not_recorded(name, "V", (VOLTAGE,)),)
        log = np.full(table.height, np.nan)
    current = readings(table, CURRENT)
    alone = isolated_voltages(log, None if course.recording.sampling == "step" else current)
    both = np.stack([log, log if told is None else told], axis=1)  # a step sheet's own maximum stands beside those at the steps' ends
    flags = np.stack([alone, alone if told is None else np.zeros_like(alone)], axis=1)
    return tuple(_voltage_reading(course, name, extreme, current) for extreme in found_extremes(both, flags, way))


def _greatest_current(course: Course) -> Quantity:
    current = readings(course.recording.table, CURRENT)
    if current is None or not np.isfinite(current).any():
        return _not_recorded("maximum_current", "A", (CURRENT,))
    row = int(np.nanargmax(np.where(np.isfinite(current), np.abs(current), np.nan)))
    ampere, record = float(current[row]), record_of(course, row)
    conditions = {"direction": "charge" if ampere > 0 else "discharge"} if ampere else {}
    way = -1.0 if ampere < 0 else 1.0  # of a size: what reads a discharge too far down reads its size too large
    components = {name: way * part for name, part in course.budget.current(ampere, record).items()}
    evidence = course.budget.evidence((record, record))
    return course.budget.quantity(
        "maximum_current", abs(ampere), "A", components, method=GREATEST, conditions=conditions, evidence=evidence
    )


def _voltage_reading(course: Course, name: str, extreme: Extreme, current: NDArray[np.float64] | None) -> Quantity:
    table, (row, column) = course.recording.table, extreme.at
    conditions: dict[str, Any] = {"step_count": table["step_count"][row]} if "step_count" in table.columns else {}
    if column == 0 and current is not None and np.isfinite(current[row]):
        conditions["current_ampere"] = float(current[row])
    record = record_of(course, row)
    components, evidence = course.budget.voltage(extreme.value, record), course.budget.evidence((record, record))
    return course.budget.quantity(
        name, extreme.value, "V", components, method=extreme.method, conditions={**conditions, **extreme.conditions}, evidence=evidence
    )


@dataclass(frozen=True, eq=False)
class _Log:
    """One probe: its readings [°C], NaN where there is none, and what of them is extreme."""

    probe: str
    celsius: NDArray[np.float64]
    alone: NDArray[np.bool_]
    time: NDArray[np.float64] | None

    @property
    def tops(self) -> tuple[Extreme, ...]:
        return found_extremes(self.celsius, self.alone, 1)

    @property
    def start(self) -> tuple[int, float]:
        """First reading and the median of the first few; a lone one is none of them."""
        read = np.flatnonzero(np.isfinite(self.celsius) & ~self.alone)
        if not len(read):
            read = np.flatnonzero(np.isfinite(self.celsius))
        first = read[:START_READINGS]
        if self.time is not None:
            first = first[~(self.time[first] - self.time[first[0]] > START_S)]
        return int(first[0]), float(np.median(self.celsius[first]))


def _temperatures(course: Course) -> dict[str, tuple[Quantity, ...]]:
    logs = _probe_logs(course)
    if not logs:
        return {
            "maximum_temperature": (_not_recorded("maximum_temperature", "degC", ("surface_temperature_celsius",)),),
            "temperature_rise": (_not_recorded("temperature_rise", "K", ("surface_temperature_celsius",)),),
        }
    moved = _ambient_moved(course)
    return {
        "maximum_temperature": _sorted(_maximum_temperature(course, log, top) for log in logs for top in log.tops),
        "temperature_rise": _sorted(_temperature_rise(course, log, top, moved) for log in logs for top in log.tops),
    }


def _sorted(quantities: Iterable[Quantity]) -> tuple[Quantity, ...]:
    """Sort the greatest first, lone readings after all others."""
    return tuple(sorted(quantities, key=lambda q: ("isolated" in q.conditions, -(q.value or 0.0))))


def _probe_logs(course: Course) -> list[_Log]:
    """What each probe read; a step sheet's own maximum stands beside the readings at the steps' ends."""
    table, time = course.recording.table, readings(course.recording.table, TIME)
    logs = {name: log for name in probes(table) if (log := readings(table, name)) is not None}
    told = readings(table, STEP_MAXIMUM_TEMPERATURE)
    if told is not None and logs:
        probe, log = next(iter(logs.items()))
        logs[probe] = np.fmax(log, told)
        logs[probe][0] = log[0]
    if CELL_TEMPERATURES in table.columns:
        cells = table[CELL_TEMPERATURES].to_numpy().astype(np.float64)
        cells[~np.isfinite(cells)] = np.nan
        logs |= {f"{CELL_TEMPERATURES} {n + 1}": log for n in range(cells.shape[1]) if np.isfinite(log := cells[:, n]).any()}
    return [_Log(name, log, isolated_temperatures(log, time), time) for name, log in logs.items()]


def _ambient_moved(course: Course) -> dict[str, float]:
    """How far the ambient temperature moved [K], where it is far enough to have warmed or cooled the battery."""
    table = course.recording.table
    ambient = readings(table, AMBIENT)
    if ambient is None:
        return {}
    alone = isolated_temperatures(ambient, readings(table, TIME))
    high, low = (found_extremes(ambient, alone, way)[0].value for way in (1, -1))
    return {"ambient_moved_kelvin": high - low} if high - low > AMBIENT_MOVED_KELVIN else {}


def _maximum_temperature(course: Course, log: _Log, top: Extreme) -> Quantity:
    record = record_of(course, top.at[0])
    components, evidence = course.budget.temperature(top.value, record, log.probe), course.budget.evidence((record, record))
    conditions = {"probe": log.probe, **top.conditions}
    return course.budget.quantity(
        "maximum_temperature", top.value, "degC", components, method=top.method, conditions=conditions, evidence=evidence
    )


def _temperature_rise(course: Course, log: _Log, top: Extreme, moved: dict[str, float]) -> Quantity:
    first, start = log.start
    value, records = top.value - start, (record_of(course, first), record_of(course, top.at[0]))
    return course.budget.quantity(
        "temperature_rise",
        value,
        "K",
        course.budget.rise(value, records, log.probe),
        method=RISE,
        conditions={"probe": log.probe, "start_temperature_celsius": start, **moved, **top.conditions},
        evidence=course.budget.evidence(*((r, r) for r in records)),
    )
