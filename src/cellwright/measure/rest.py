"""Voltage at rest: where it comes to, and how fast it still falls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from math import sqrt
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cellwright.core.battery import Battery
from cellwright.core.columns import CURRENT, TIME, VOLTAGE
from cellwright.core.messages import message
from cellwright.core.quantity import Method, Quantity, absent
from cellwright.core.recording import Recording
from cellwright.core.tester import Tester
from cellwright.measure.course import Course
from cellwright.measure.isolation import VOLTAGE_SHARE, isolated_voltages
from cellwright.measure.pauses import since_last_pause

SHORTEST_REST_S = 300.0
"""A rest shorter than this [s] shows a voltage on its way, not one at rest: five minutes is the shortest rest that reference tests use."""

SHORTEST_SAG_S = 3600.0
SHORTEST_FIT_S = 1200.0
FEWEST_READINGS = 10
STILL = 0.7
"""A slope of which less than this share is left of the one before it is relaxation that goes on."""

CLOCK_H = 1e-9
"""What adding up times may be off [h]."""


@dataclass(frozen=True)
class Rest:
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
    found = tuple(_end_voltage(course, r) for r in rests(course) if r.duration_s >= SHORTEST_REST_S)
    return found or (absent("rest_voltage", "V", message("measure.no_rest", shortest_s=SHORTEST_REST_S)),)


def sags(course: Course) -> tuple[Quantity, ...]:
    """How fast the voltage falls in the last third of every sampled rest of at least an hour.

    Returns
    -------
    ``rest_sag`` [V/h], positive where the voltage falls, the fastest first; conditions as in `rest_voltages`, and ``relaxing`` (True)
    where the slope has lost more than 30 % of its size since the third before: then it is at least partly relaxation, and this a
    screen, not a self-discharge rate. One absent, with the reason, where there is no such rest, or where after a discharge the voltage
    still rises in all of them: a recovery hides a leak.

    Notes
    -----
    A straight line by least squares through the last third, at least 20 minutes and 10 readings; what comes before a pause or
    before a leap of the voltage is left out.
    Its standard error s/√Σ(t − t̄)², s from the residuals with n − 2 degrees of freedom, is a component of the uncertainty.
    """
    if course.recording.sampling == "step":
        return (absent("rest_sag", "V/h", message("measure.rest_not_sampled")),)
    found = [q for r in rests(course) if r.duration_s >= SHORTEST_SAG_S and (q := _sag(course, r)) is not None]
    kept = [q for q in found if q.conditions.get("direction") != "discharge" or (q.value or 0.0) >= 0.0]
    if kept:
        return tuple(sorted(kept, key=lambda q: q.value or 0.0, reverse=True))
    if found:
        return (absent("rest_sag", "V/h", message("measure.rest_recovering", count=len(found))),)
    return (absent("rest_sag", "V/h", message("measure.no_rest", shortest_s=SHORTEST_SAG_S)),)


def last_rest(course: Course) -> int | None:
    """Return the row of the last step that was a rest."""
    return next((row for row in reversed(range(len(course.rows))) if course.rows[row]["kind"] == "rest"), None)


def rests(course: Course) -> Iterator[Rest]:
    """Give each rest whole: one that the program has cut into steps is one rest."""
    first = 0
    for kind, group in groupby(course.rows, key=lambda step: step["kind"]):
        steps = list(group)
        if kind == "rest":
            yield Rest(first, first + len(steps) - 1, sum(step["duration_second"] for step in steps))
        first += len(steps)


def _end_voltage(course: Course, rest: Rest) -> Quantity:
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


def _conditions(course: Course, rest: Rest, step: dict[str, Any]) -> dict[str, Any]:
    conditions = {"duration_s": rest.duration_s, **course.state_of_charge(rest.last), "step_count": step["step_count"]}
    if rest.first:
        conditions["direction"] = course.rows[rest.first - 1]["kind"]
    if (temperature := step.get("mean_temperature_celsius")) is not None:
        conditions["temperature_celsius"] = temperature
    return conditions


@dataclass(frozen=True)
class Line:
    """A straight line through a stretch of a rest: slope and its standard error [V/h], and of how many readings."""

    slope: float
    error: float
    count: int


def _sag(course: Course, rest: Rest) -> Quantity | None:
    table = undisturbed(course.samples[course.span(rest.first, rest.last)])
    hours, volt = table[TIME].to_numpy() / 3600, table[VOLTAGE].to_numpy()
    usual = float(np.median(np.diff(hours))) if len(hours) > 1 else 0.0
    lasted = min(float(hours[-1] - hours[0]) + usual, rest.duration_s / 3600)  # the first reading comes after the edge
    if lasted < SHORTEST_SAG_S / 3600 - CLOCK_H:
        return None
    window = max(lasted / 3, SHORTEST_FIT_S / 3600)
    last = hours >= hours[-1] - window - CLOCK_H
    third_before = ~last & (hours >= hours[-1] - 2 * window)
    line, before = (straight_line(hours[part], volt[part]) for part in (last, third_before))
    if line is None:
        return None
    rows = table["record_index"].to_numpy()[last]
    records = (int(rows[0]), int(rows[-1]))
    components, scatter = course.budget.slope(line.slope, records, float(np.ptp(hours[last])), line.error)
    relaxing = {"relaxing": True} if before and _still_slowing(before, line) else {}
    return course.budget.quantity(
        "rest_sag",
        -line.slope,
        "V/h",
        {name: -part for name, part in components.items()},
        {scatter: line.count - 2.0},
        method=Method("rest-sag/last-third", "2"),
        conditions=_conditions(course, rest, course.rows[rest.last]) | relaxing,
        evidence=course.budget.evidence(records),
    )


def undisturbed(table: pl.DataFrame) -> pl.DataFrame:
    """Return what comes after the last pause or jump of a rest: where the voltage leaps at rest, someone touched the leads."""
    volt = table[VOLTAGE].to_numpy()
    table = table.filter(~isolated_voltages(volt, table[CURRENT].to_numpy()))
    time, volt = table[TIME].to_numpy(), table[VOLTAGE].to_numpy()
    jumps = np.flatnonzero(np.abs(np.diff(volt)) > VOLTAGE_SHARE * float(np.median(np.abs(volt))))
    return table[max(since_last_pause(time), int(jumps[-1]) + 1 if len(jumps) else 0) :]


def straight_line(hours: NDArray[np.float64], volt: NDArray[np.float64]) -> Line | None:
    """Fit a line through readings [V] over time [h] by least squares; None where they are too few."""
    count = len(hours)
    if count < FEWEST_READINGS:
        return None
    time = hours - hours.mean()
    spread = float(time @ time)
    slope = float(time @ volt) / spread
    residual = volt - volt.mean() - slope * time
    return Line(slope, sqrt(float(residual @ residual) / (count - 2) / spread), count)


def _still_slowing(before: Line, now: Line) -> bool:
    """Whether the voltage moved, and does so by more than 30 % less than before."""
    return abs(before.slope) > 2 * before.error and abs(now.slope) < STILL * abs(before.slope)
