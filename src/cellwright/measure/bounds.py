"""What every procedure asks of a recording: that no voltage limit was passed, and that what was set was held."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from cellwright.core.messages import Message, message
from cellwright.core.procedure import Procedure
from cellwright.measure.course import Course
from cellwright.measure.ending import CLOCK_S, CLOCK_SHARE


def too_short(found_s: float, asked_s: float, unsure_s: float = 0.0) -> bool:
    """Whether a time [s] is shorter than is asked, by more than a tester's clock is off and its edges may lie apart (``unsure_s``)."""
    return found_s + unsure_s < asked_s - max(CLOCK_S, CLOCK_SHARE * asked_s)


def limit_deviations(course: Course) -> Iterator[Message]:
    """Name the charges and discharges that were ended or held beyond the battery's own voltage limits, by the one that went furthest.

    A sample just past the limit is how a tester sees that it was reached: the last change of the voltage is allowed. A pulse goes past it
    for seconds by its own resistance, and makers allow it more.
    """
    volt = pl.col("last_voltage_volt")
    for limit, kind, way in ((course.upper, "charge", 1), (course.lower, "discharge", -1)):
        if limit is None or limit.basis != "battery":
            continue
        beyond = way * (volt - limit.volt)
        allowed = pl.max_horizontal(pl.lit(course.tolerance(limit.volt)), way * pl.col("last_voltage_change_volt"))
        passed = course.main.filter((pl.col("kind") == kind) & (beyond > allowed)).sort(beyond, descending=True)
        if passed.height:
            worst = passed.row(0, named=True)
            where = {"count": passed.height, "step": worst["step_count"]}
            yield message("measure.limit_passed", **where, found_volt=worst["last_voltage_volt"], limit_volt=limit.volt)


def control_deviations(course: Course, first: int, last: int) -> Iterator[Message]:
    """Name the steps of a discharge at constant current that were not held at one, and those in which the test stood still."""
    for step in course.rows[first : last + 1]:
        if step["mode"] != "CC" and step["kind"] != "rest":
            ends = {"first_ampere": step["first_current_ampere"], "last_ampere": step["last_current_ampere"]}
            yield message("measure.not_constant_current", step=step["step_count"], **ends)
        if step["pause_second"] > CLOCK_S:
            yield message("measure.stood_still", step=step["step_count"], found_s=step["pause_second"])


def temperature_deviations(course: Course, measured: pl.DataFrame, procedure: Procedure) -> Iterator[Message]:
    """Hold the temperature at the start of what is measured, and when the first current came, against what is asked.

    A long rest is measured from its beginning to its end, so its extremes count as well.
    """
    name = "first_temperature_celsius"
    if name not in measured.columns or measured[name].null_count() == measured.height:
        if measured.height:
            yield message("measure.temperature_not_recorded")
        return
    found = pl.concat([course.steps.filter(pl.col("kind") != "rest").head(1), measured.select(course.steps.columns)])
    readings = [name, "minimum_temperature_celsius", "maximum_temperature_celsius"] if procedure.long_rest else [name]
    asked, tolerance = procedure.temperature_celsius, procedure.temperature_tolerance_kelvin
    off = found.unique("step_count").unpivot(readings, index="step_count", value_name="celsius")
    off = off.filter((pl.col("celsius") - asked).abs() > tolerance)
    if off.height:
        worst = off.sort((pl.col("celsius") - asked).abs(), "step_count", descending=[True, False]).row(0, named=True)
        where = {"count": off["step_count"].n_unique(), "step": worst["step_count"], "found": worst["celsius"]}
        yield message("measure.temperature_off", **where, asked=asked, tolerance=tolerance)
