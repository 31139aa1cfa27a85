"""Voltage at rest: where it comes to, and how fast it still falls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from cellwright.core.battery import Battery
from cellwright.core.columns import TIME, VOLTAGE
from cellwright.core.messages import message
from cellwright.core.quantity import Method, Quantity, absent
from cellwright.core.recording import Recording
from cellwright.core.tester import Tester
from cellwright.measure.course import Course

SHORTEST_REST_S = 300.0
"""A rest shorter than this [s] shows a voltage on its way, not one at rest: five minutes is the shortest rest that reference tests use."""

SHORTEST_SAG_S = 3600.0
HALF = 0.5
NEAR_HALF = 0.1


@dataclass(frozen=True)
class _Rest:
    """A rest, as rows of the steps: it may have been several steps of the program."""

    first: int
    last: int
    duration_s: float


def rest_voltages(recording: Recording, battery: Battery | None = None, tester: Tester | None = None) -> tuple[Quantity, ...]:
    """Voltage at the end of every rest of at least five minutes.

    Parameters
    ----------
    recording
        A series or a step sheet.
    battery, tester
        As in `cellwright.measure.resistances`.

    Returns
    -------
    ``rest_voltage`` [V], in the order of the recording: the last reading of each rest. Conditions ``duration_s``, as recorded, ``soc``
    and ``soc_basis``, ``direction`` of what came before (left out at the beginning), ``temperature_celsius``, ``step_count``. One absent,
    with the reason, where no rest was long enough. It is the open-circuit voltage as far as ``duration_s`` let it come.
    """
    return end_voltages(Course(recording, battery, tester))


def end_voltages(course: Course) -> tuple[Quantity, ...]:
    """Voltage at the end of every rest; one absent where none is long enough."""
    found = tuple(_end_voltage(course, r) for r in _rests(course) if r.duration_s >= SHORTEST_REST_S)
    return found or (absent("rest_voltage", "V", message("measure.no_rest", shortest_s=SHORTEST_REST_S)),)


def sags(course: Course) -> tuple[Quantity, ...]:
    """Fall of the voltage over the second half of every sampled rest of at least an hour.

    Returns
    -------
    ``rest_sag`` [V/h], positive where the voltage falls, the fastest first; conditions as in `rest_voltages`. The first half is left
    out, as it is mostly relaxation; what is left still holds some of it, so this is a screen, not a self-discharge rate. Absent, with
    the reason, where there is no such rest.
    """
    if course.recording.sampling == "step":
        return (absent("rest_sag", "V/h", message("measure.rest_not_sampled")),)
    found = [q for r in _rests(course) if r.duration_s >= SHORTEST_SAG_S and (q := _sag(course, r)) is not None]
    if found:
        return tuple(sorted(found, key=lambda q: q.value or 0.0, reverse=True))
    return (absent("rest_sag", "V/h", message("measure.no_rest", shortest_s=SHORTEST_SAG_S)),)


def last_rest(course: Course) -> int | None:
    """Return the row of the last step that was a rest."""
    return next((row for row in reversed(range(len(course.rows))) if course.rows[row]["kind"] == "rest"), None)


def _rests(course: Course) -> Iterator[_Rest]:
    """Give each rest whole: one that the program has cut into steps is one rest."""
    first = 0
    for kind, group in groupby(course.rows, key=lambda step: step["kind"]):
        steps = list(group)
        if kind == "rest":
            yield _Rest(first, first + len(steps) - 1, sum(step["duration_second"] for step in steps))
        first += len(steps)


def _end_voltage(course: Course, rest: _Rest) -> Quantity:
    step = course.rows[rest.last]
    value, record = step["last_voltage_volt"], step["last_record_index"]
    return course.budget.quantity(
        "rest_voltage",
        value,
        "V",
        course.budget.voltage(value, record),
        method=Method("rest-voltage/last-reading", "1"),
        conditions=_conditions(course, rest, step),
        evidence=course.budget.evidence((record, record)),
    )


def _conditions(course: Course, rest: _Rest, step: dict[str, Any]) -> dict[str, Any]:
    conditions = {"duration_s": rest.duration_s, **course.state_of_charge(rest.last), "step_count": step["step_count"]}
    if rest.first:
        conditions["direction"] = course.rows[rest.first - 1]["kind"]
    if (temperature := step.get("mean_temperature_celsius")) is not None:
        conditions["temperature_celsius"] = temperature
    return conditions


def _sag(course: Course, rest: _Rest) -> Quantity | None:
    table = course.samples[course.span(rest.first, rest.last)]
    time, volt = table[TIME].to_numpy(), table[VOLTAGE].to_numpy()
    middle = int(np.abs(time - (time[0] + HALF * (time[-1] - time[0]))).argmin())
    hours = float(time[-1] - time[middle]) / 3600
    if abs(hours * 3600 - HALF * rest.duration_s) > NEAR_HALF * rest.duration_s:
        return None
    fall = float(volt[middle] - volt[-1])
    records = (int(table["record_index"][middle]), int(table["record_index"][-1]))
    return course.budget.quantity(
        "rest_sag",
        fall / hours,
        "V/h",
        course.budget.difference(fall, records, per=hours),
        method=Method("rest-sag/second-half", "1"),
        conditions=_conditions(course, rest, course.rows[rest.last]),
        evidence=course.budget.evidence(*((r, r) for r in records)),
    )
