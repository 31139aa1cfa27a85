"""The state of charge along a recording, on the scale that its open-circuit curve is drawn over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellwright.core.quantity import Method, Quantity, exact
from cellwright.measure.course import SAME_CURRENT, Course
from cellwright.measure.discharge import capacities
from cellwright.measure.ocv.sweeps import SlowSweep, taken

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class States:
    """State of charge at the end of each step.

    Parameters
    ----------
    soc
        [1], shape ``(steps,)``; NaN throughout where the battery was never full or empty, or no capacity is known.
    capacity
        Of which states of charge are shares [Ah]; None where none is known.
    basis
        ``sweep`` (the slow discharge from full to empty), ``measured`` (the reference discharge) or ``rated``.
    anchor
        From which step's end each step's state was counted, shape ``(steps,)``.
    full
        Whether a step ended full, shape ``(steps,)``; an anchor that did not ended empty.
    """

    soc: Floats
    capacity: Quantity | None
    basis: str | None
    anchor: NDArray[np.intp]
    full: NDArray[np.bool_]


def states(course: Course, sweeps: tuple[SlowSweep, ...]) -> States:
    """Count the charge from each moment at which the battery was full or empty to the next, and back from the first of them.

    Full is the end of a charge at the upper limit; empty that of a discharge at the lower one, if it ran at no more than the current of
    the discharge that the scale is of: a faster one leaves charge behind.
    """
    found = _capacity(course, sweeps)
    nowhere, never = np.zeros(len(course.moved), dtype=np.intp), np.zeros(len(course.moved), dtype=bool)
    if found is None or not found.capacity.value:
        return States(np.full(len(course.moved), np.nan), None, None, nowhere, never)
    full = _held(course, course.filled | _ends(course, [s.last for s in sweeps if _filling(course, s)]))
    empty = course.emptied & _ends(course, [last for first, last in course.discharges if _gentle(course, first, last, found.ampere)])
    anchors = np.flatnonzero(full | empty)
    if not len(anchors):
        return States(np.full(len(course.moved), np.nan), found.capacity, found.basis, nowhere, never)
    nearest = anchors[np.maximum(np.searchsorted(anchors, np.arange(len(empty)), side="right") - 1, 0)]
    soc = full[nearest] + (course.moved - course.moved[nearest]) / found.capacity.value
    return States(soc, found.capacity, found.basis, nearest, full)


def _held(course: Course, full: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Put the moment at which it was full to where the charge ended: a short hold at the limit, a step of its own, is part of it."""
    charging = np.array([step["kind"] == "charge" for step in course.rows])
    others = np.append(np.flatnonzero(~charging), len(full))
    return _ends(course, [int(others[np.searchsorted(others, row)]) - 1 for row in np.flatnonzero(full)])


@dataclass(frozen=True)
class _Scale:
    """A capacity, how it is known, and the current of the discharge that gave it [A]; None where none did."""

    capacity: Quantity
    basis: str
    ampere: float | None


def _ends(course: Course, rows: list[int]) -> NDArray[np.bool_]:
    return np.isin(np.arange(len(course.moved)), rows)


def _gentle(course: Course, first: int, last: int, ampere: float | None) -> bool:
    """Whether a discharge ran at no more than the current that defines empty."""
    return ampere is None or abs(course.mean_current(first, last)) <= (1 + SAME_CURRENT) * ampere


def _filling(course: Course, sweep: SlowSweep) -> bool:
    """Whether a slow charge reached the upper limit: at so small a current it need not be held there."""
    if sweep.direction != "charge" or course.upper is None:
        return False
    return course.upper.volt - course.rows[sweep.last]["last_voltage_volt"] <= course.tolerance(course.upper.volt)


def _from_full(course: Course, sweep: SlowSweep, sweeps: tuple[SlowSweep, ...]) -> bool:
    """Whether a slow discharge began full: after a charge that was held, or after the slow one, with only a rest in between."""
    before = sweep.first - 1 - sum(1 for _ in _rests_before(course, sweep.first))
    slow = any(_filling(course, s) and s.last == before for s in sweeps)
    return slow or course.full_before(sweep.first, sweep.last) is not None


def _rests_before(course: Course, row: int) -> Iterator[int]:
    row -= 1
    while row >= 0 and course.rows[row]["kind"] == "rest":
        yield row
        row -= 1


def _capacity(course: Course, sweeps: tuple[SlowSweep, ...]) -> _Scale | None:
    for sweep in sweeps:
        if sweep.direction == "discharge" and course.emptied[sweep.last] and _from_full(course, sweep, sweeps):
            return _Scale(_swept(course, sweep), "sweep", abs(course.mean_current(sweep.first, sweep.last)))
    if course.reference is None:
        return None
    if course.reference[1] == "rated":
        return _Scale(exact("capacity", course.reference[0], "Ah"), "rated", None)
    used = course.ranked[0]
    return _Scale(capacities(course)[0], "measured", abs(course.mean_current(used.first, used.last)))


def _swept(course: Course, sweep: SlowSweep) -> Quantity:
    """Charge that a slow discharge took out, as a quantity."""
    steps, ampere = course.under_current(sweep.first, sweep.last), course.mean_current(sweep.first, sweep.last)
    lasted, records = sum(s["duration_second"] for s in steps), (steps[0]["first_record_index"], steps[-1]["last_record_index"])
    value = taken(course, sweep.first, sweep.last)
    components = {name: -part for name, part in course.budget.charge(-value, ampere, lasted, records[0]).items()}
    evidence = course.budget.evidence(records)
    return course.budget.quantity("capacity", value, "Ah", components, method=Method("slow-discharge/trapezoid", "1"), evidence=evidence)
