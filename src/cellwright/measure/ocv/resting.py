"""The rests of a recording as voltages over time, and what came before each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellwright.core.columns import TIME, VOLTAGE
from cellwright.core.messages import Message, message
from cellwright.measure.budget import printed_step
from cellwright.measure.course import Course
from cellwright.measure.ocv.decay import Decay, fit_decay
from cellwright.measure.rest import FEWEST_READINGS, Rest, rests, undisturbed

Floats = NDArray[np.float64]

CLOCK_DOUBTED = "readers.lasts_too_long"


@dataclass(frozen=True, eq=False)
class Resting:
    """A rest after a current, as it was sampled.

    Parameters
    ----------
    course
        Its recording.
    rest
        Which steps.
    seconds, volt
        Time since the current ended [s] and voltage [V], shape ``(n,)``; without what comes before a pause or a leap of the voltage.
    rows
        Of the file, shape ``(n,)``.
    resolution
        Smallest step of the voltage [V].
    """

    course: Course
    rest: Rest
    seconds: Floats
    volt: Floats
    rows: NDArray[np.int64]
    resolution: float

    @property
    def records(self) -> tuple[int, int]:
        """First and last row of the file."""
        return int(self.rows[0]), int(self.rows[-1])

    @cached_property
    def decay(self) -> Decay | None:
        """The fitted relaxation; None where the readings are too few. The first reading may be of the edge itself, and is left out."""
        return fit_decay(self.seconds[1:], self.volt[1:], resolution=self.resolution)

    @cached_property
    def conditions(self) -> dict[str, Any]:
        """Length, state of charge, direction of what came before, temperature and step."""
        course, last = self.course, self.course.rows[self.rest.last]
        known = {
            "duration_s": self.rest.duration_s,
            **course.state_of_charge(self.rest.last),
            "step_count": last["step_count"],
        }
        if self.rest.first:
            known["direction"] = direction(course, self.rest.first)
        temperature = last.get("mean_temperature_celsius")
        return known if temperature is None else known | {"temperature_celsius": temperature}


def not_sampled(course: Course) -> Message | None:
    """Say why no rest of a recording tells how the voltage ran; None where some may."""
    if reason := course.unsuited:
        return reason
    if course.recording.sampling == "step":
        return message("measure.rest_not_sampled")
    return message("measure.clock_doubted") if clock_doubted(course) else None


def clock_doubted(course: Course) -> bool:
    """Whether the reader doubts the unit of the time: then neither charge nor rate nor time constant can be told."""
    return any(note.code == CLOCK_DOUBTED for note in course.recording.notes)


def restings(course: Course, shortest_s: float, *, unknown_before: bool = False) -> Iterator[Resting]:
    """Give the rests that were long enough and have at least ten readings: those after a current, or also the one at the beginning."""
    step = resolution(course)
    for rest in rests(course):
        if rest.duration_s >= shortest_s and (rest.first or unknown_before) and (found := _resting(course, rest, step)) is not None:
            yield found


def unseen(resting: Resting) -> Message:
    """Say that a rest was shorter than its slowest time constant."""
    return message("measure.rest_unseen", step=resting.conditions["step_count"], duration_s=resting.rest.duration_s)


def _resting(course: Course, rest: Rest, step: float) -> Resting | None:
    table = undisturbed(course.samples[course.span(rest.first, rest.last)])
    if table.height < FEWEST_READINGS:
        return None
    seconds = table[TIME].to_numpy().astype(np.float64) - course.rows[rest.first]["start_time_second"]
    rows = table["record_index"].to_numpy().astype(np.int64)
    return Resting(course, rest, seconds, table[VOLTAGE].to_numpy().astype(np.float64), rows, step)


def direction(course: Course, first: int) -> str:
    """Return which way the charge last moved before a step; pulses leave the battery where it was, unless there was nothing else."""
    before = [step for step in reversed(course.rows[:first]) if step["kind"] != "rest"]
    return next((step["kind"] for step in before if not step["pulse"]), before[0]["kind"] if before else "rest")


def resolution(course: Course) -> float:
    """Smallest step of the recording's voltages [V], by the tester's resolution or the printed digits; 0 where neither tells."""
    volt = course.samples[VOLTAGE].to_numpy()
    told = course.tester.voltage_range(float(volt.max())).resolution if course.tester else 0.0
    return max(told, printed_step(volt))
