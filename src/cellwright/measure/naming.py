"""A charge or discharge that is asked for by its name: the tester's step, or a cycle."""

from __future__ import annotations

from cellwright.core.errors import UsageError
from cellwright.measure.course import Course
from cellwright.measure.cycling import cycle_table


def named_span(course: Course, step: int | None, cycle: int | None) -> tuple[int, int] | None:
    """Return the first and last row, in the steps, of what is asked for.

    Parameters
    ----------
    course
        The test.
    step
        ``step_count`` of a charge or discharge; steps that follow it without a rest at the same current belong to it.
    cycle
        ``cycle_count`` of `cycles`: its last discharge that is no pulse.

    Returns
    -------
    None where neither is given, or where the cycle has no discharge.

    Raises
    ------
    UsageError
        Where both are given, or the recording has no such step under current or no such cycle.
    """
    if step is not None and cycle is not None:
        raise UsageError("measure.step_or_cycle")
    if step is not None:
        return _of_step(course, step)
    return None if cycle is None else _of_cycle(course, cycle)


def _of_step(course: Course, step: int) -> tuple[int, int]:
    rows = [row for row, each in enumerate(course.rows) if each["step_count"] == step and each["kind"] != "rest"]
    if not rows:
        raise UsageError("measure.no_such_step", step=step)
    return next((span for span in course.discharges if span[0] <= rows[0] <= span[1]), (rows[0], rows[-1]))


def _of_cycle(course: Course, cycle: int) -> tuple[int, int] | None:
    found = cycle_table(course).filter(cycle_count=cycle).select("first_record_index", "last_record_index").rows()
    if not found:
        raise UsageError("measure.no_such_cycle", cycle=cycle)
    first, last = found[0]
    spans = [
        (begin, end)
        for begin, end in course.discharges
        if course.rows[begin]["first_record_index"] >= first and course.rows[end]["last_record_index"] <= last
    ]
    return spans[-1] if spans else None
