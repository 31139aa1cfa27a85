"""The furthest that voltage and temperature went, how much the battery warmed, how far its cells lie apart."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellwright.core.battery import Battery
from cellwright.core.columns import CELL_TEMPERATURES, CELL_VOLTAGES, CURRENT, STEP_MAXIMUM_TEMPERATURE, STEP_MAXIMUM_VOLTAGE, VOLTAGE
from cellwright.core.messages import message
from cellwright.core.quantity import Method, Quantity, absent
from cellwright.core.recording import Recording
from cellwright.core.tester import Tester
from cellwright.measure.course import Course
from cellwright.measure.probes import probes
from cellwright.measure.rest import last_rest, sags

METHOD = Method("extreme-reading", "1")


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
    - ``maximum_temperature`` [degC] of the battery and ``temperature_rise`` [K], maximum less first reading of the same probe: one a
      probe, the greatest first; condition ``probe``;
    - ``rest_sag`` [V/h]: see `cellwright.measure.rest.sags`;
    - ``cell_voltage_spread`` [V]: greatest less smallest of ``cell_voltages_volt`` at the last sample of the last rest.
    """
    return extremes_of(Course(recording, battery, tester))


def extremes_of(course: Course) -> dict[str, tuple[Quantity, ...]]:
    """Every extreme of a test, each absent with a reason where it was not recorded."""
    found = {"maximum_voltage": _voltage(course, "maximum_voltage"), "minimum_voltage": _voltage(course, "minimum_voltage")}
    found |= _temperatures(course)
    found["rest_sag"] = sags(course) if course.complete else (_not_recorded("rest_sag", "V/h", course.missing),)
    found["cell_voltage_spread"] = (_spread(course),)
    return found


def _not_recorded(name: str, unit: str, columns: tuple[str, ...]) -> Quantity:
    return absent(name, unit, message("measure.not_recorded", columns=columns))


def _voltage(course: Course, name: str) -> tuple[Quantity, ...]:
    table, highest = course.recording.table, name == "maximum_voltage"
    columns = (VOLTAGE, STEP_MAXIMUM_VOLTAGE) if highest else (VOLTAGE,)
    logs = {c: log for c in columns if c in table.columns and np.isfinite(log := table[c].cast(float).to_numpy()).any()}
    if not logs:
        return (_not_recorded(name, "V", (VOLTAGE,)),)
    rows = {c: _extreme_row(log, highest=highest) for c, log in logs.items()}
    column = max(rows, key=lambda c: logs[c][rows[c]])
    row, value = rows[column], float(logs[column][rows[column]])
    conditions: dict[str, Any] = {"step_count": table["step_count"][row]} if "step_count" in table.columns else {}
    if column == VOLTAGE and CURRENT in table.columns and table[CURRENT][row] is not None:
        conditions["current_ampere"] = float(table[CURRENT][row])
    record = _record(course, row)
    components, evidence = course.budget.voltage(value, record), course.budget.evidence((record, record))
    return (course.budget.quantity(name, value, "V", components, method=METHOD, conditions=conditions, evidence=evidence),)


def _extreme_row(values: NDArray[np.float64], *, highest: bool) -> int:
    return int(np.nanargmax(values) if highest else np.nanargmin(values))


def _record(course: Course, row: int) -> int:
    table = course.recording.table
    return int(table["record_index"][row]) if "record_index" in table.columns else row + 1


def _temperatures(course: Course) -> dict[str, tuple[Quantity, ...]]:
    logs = _probe_logs(course)
    if not logs:
        return {
            "maximum_temperature": (_not_recorded("maximum_temperature", "degC", ("surface_temperature_celsius",)),),
            "temperature_rise": (_not_recorded("temperature_rise", "K", ("surface_temperature_celsius",)),),
        }
    return {
        "maximum_temperature": _sorted(_maximum_temperature(course, probe, log) for probe, log in logs.items()),
        "temperature_rise": _sorted(_temperature_rise(course, probe, log) for probe, log in logs.items()),
    }


def _sorted(quantities: Any) -> tuple[Quantity, ...]:
    return tuple(sorted(quantities, key=lambda q: q.value, reverse=True))


def _probe_logs(course: Course) -> dict[str, NDArray[np.float64]]:
    """Readings of each probe [°C], NaN where there is none; a step sheet's own maximum stands beside those at the steps' ends."""
    table = course.recording.table
    logs = {name: table[name].cast(float).to_numpy() for name in probes(table.columns)}
    if STEP_MAXIMUM_TEMPERATURE in table.columns and logs:
        probe = next(iter(logs))
        logs[probe] = np.fmax(logs[probe], table[STEP_MAXIMUM_TEMPERATURE].cast(float).to_numpy())
        logs[probe][0] = table[probe][0]
    if CELL_TEMPERATURES in table.columns:
        cells = table[CELL_TEMPERATURES].to_numpy()
        logs |= {f"{CELL_TEMPERATURES} {n + 1}": cells[:, n].astype(np.float64) for n in range(cells.shape[1])}
    return {name: log for name, log in logs.items() if np.isfinite(log).any()}


def _maximum_temperature(course: Course, probe: str, log: NDArray[np.float64]) -> Quantity:
    row = _extreme_row(log, highest=True)
    value, record = float(log[row]), _record(course, row)
    components, evidence = course.budget.temperature(value, record, probe), course.budget.evidence((record, record))
    return course.budget.quantity(
        "maximum_temperature", value, "degC", components, method=METHOD, conditions={"probe": probe}, evidence=evidence
    )


def _temperature_rise(course: Course, probe: str, log: NDArray[np.float64]) -> Quantity:
    start, top = int(np.flatnonzero(np.isfinite(log))[0]), _extreme_row(log, highest=True)
    value, records = float(log[top] - log[start]), (_record(course, start), _record(course, top))
    return course.budget.quantity(
        "temperature_rise",
        value,
        "K",
        course.budget.rise(value, records, probe),
        method=Method("temperature-rise/maximum-less-start", "1"),
        conditions={"probe": probe, "start_temperature_celsius": float(log[start])},
        evidence=course.budget.evidence(*((r, r) for r in records)),
    )


def _spread(course: Course) -> Quantity:
    """Spread over the cells in series at rest: under current it would be a spread of resistances as well."""
    name = "cell_voltage_spread"
    if not course.complete or CELL_VOLTAGES not in course.samples.columns:
        return _not_recorded(name, "V", (CELL_VOLTAGES,))
    row = last_rest(course)
    if row is None:
        return absent(name, "V", message("measure.no_rest", shortest_s=0.0))
    at = course.span(row, row).stop - 1
    cells = course.samples[CELL_VOLTAGES].to_numpy()[at].astype(np.float64)
    if not np.isfinite(cells).all():
        return absent(name, "V", message("measure.cells_missing", cells=[int(n) + 1 for n in np.flatnonzero(~np.isfinite(cells))]))
    high, low = int(cells.argmax()), int(cells.argmin())
    record = int(course.samples["record_index"][at])
    return course.budget.quantity(
        name,
        float(cells[high] - cells[low]),
        "V",
        course.budget.cells(float(cells[high]), float(cells[low]), record, (high + 1, low + 1)),
        method=Method("cell-voltage-spread/last-rest", "1"),
        conditions={"highest_cell": high + 1, "lowest_cell": low + 1, **_rest_conditions(course, row)},
        evidence=course.budget.evidence((record, record)),
    )


def _rest_conditions(course: Course, row: int) -> dict[str, Any]:
    rest = course.rest_before(row + 1)
    return {"duration_s": rest[1] if rest else 0.0, **course.state_of_charge(row), "step_count": course.rows[row]["step_count"]}
