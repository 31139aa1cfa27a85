"""Where the pulses of a recording are: by the current alone, whatever the tester's program called its steps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cellwright.core.columns import CURRENT, TIME, VOLTAGE
from cellwright.measure.course import SAME_CURRENT, Course
from cellwright.measure.edges import LONGEST_PULSE_S, MICROSECOND
from cellwright.measure.finding import dead_band
from cellwright.measure.runs import Floats, Rows

STEP_COUNT = "step_count"

SCATTER_OF = 20
FEWEST_READINGS = 10
"""Readings at the end of a rest that tell the scatter of the voltage, and how many of them are too few."""


@dataclass(frozen=True, eq=False)
class Train:
    """The pulses of a recording, in their order.

    Parameters
    ----------
    course
        Whose steps they are counted in; not the tester's own where a step of those has a pulse inside.
    first, last
        First and last step of each; more than one where the program changed its sampling at the same current.
    rest
        Last step of the rest before each.
    rest_s, duration_s
        Length of that rest, as recorded, and of each pulse [s].
    step_count
        What the tester calls the step in which each begins.
    """

    course: Course
    first: Rows
    last: Rows
    rest: Rows
    rest_s: Floats
    duration_s: Floats
    step_count: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.first)

    def of(self, name: str, steps: Rows) -> NDArray[np.float64]:
        """Return a column of the steps at some of them; what is empty is no number."""
        return self.course.steps[name].cast(pl.Float64).to_numpy()[steps]

    @property
    def begin(self) -> Rows:
        """First sample of each pulse."""
        return self._ends[self.first]

    @property
    def end(self) -> Rows:
        """The sample after each pulse's last."""
        return self._ends[self.last + 1]

    @cached_property
    def noise_volt(self) -> Floats:
        """Repeatability of one voltage reading [V]: scatter about a line through the last readings of the rest before each pulse.

        0 where they are too few, and in a step sheet; what scatters less than the last digit is in the rounding.
        """
        back = np.arange(-SCATTER_OF, 0)
        read = back >= -self.course.steps["samples"].to_numpy()[self.rest][:, None].astype(np.int64)
        rows = np.maximum(self.begin[:, None] + back, 0)
        count = read.sum(axis=1)
        volt, time = (_about_mean(self.course.samples[c].to_numpy()[rows], read, count) for c in (VOLTAGE, TIME))
        spread = (time * time).sum(axis=1)
        known = (count >= FEWEST_READINGS) & (spread > 0) & (self.course.recording.sampling == "series")
        slope = np.divide((time * volt).sum(axis=1), spread, out=np.zeros(len(self)), where=known)
        residual = ((volt - slope[:, None] * time) ** 2).sum(axis=1)
        return np.sqrt(np.divide(residual, count - 2, out=np.zeros(len(self)), where=known))

    @property
    def _ends(self) -> Rows:
        return np.append(0, np.cumsum(self.course.steps["samples"].to_numpy()))


def _about_mean(readings: Floats, read: NDArray[np.bool_], count: Rows) -> Floats:
    """Return readings less their mean, a row each; 0 for those that do not count."""
    mean = np.where(read, readings, 0.0).sum(axis=1) / count
    return np.where(read, readings - mean[:, None], 0.0)


def train(course: Course) -> Train:
    """Find the pulses: charges and discharges of at most 60 s right after a rest.

    Steps that follow one another at the same current are one pulse as long as they stay within that. What the noise of a recording without
    current makes is none (`_stands_out`).
    """
    told, course = course, _cut_by_current(course)
    kind = course.steps["kind"].to_numpy()
    duration: Floats = course.steps["duration_second"].to_numpy()
    resting = kind == "rest"
    first = np.flatnonzero(~resting[1:] & resting[:-1] & (duration[1:] <= LONGEST_PULSE_S)) + 1
    first = first[_stands_out(course, first)]
    last, lasted = _joined(course, first, duration)
    rested, lasted = _rest_before(duration, resting, first), lasted.round(MICROSECOND)
    found = Train(course, first, last, first - 1, rested, lasted, tuple(course.steps[STEP_COUNT].gather(first)))
    return found if told is course else replace(found, step_count=tuple(told.samples[STEP_COUNT].gather(found.begin)))


def _stands_out(course: Course, first: Rows) -> NDArray[np.bool_]:
    """Tell which pulses are more than noise: a current read only once, with a voltage that went against it, is none."""
    steps = course.steps
    alone = steps["samples"].to_numpy()[first] == 1
    if course.recording.sampling == "step" or not alone.any():
        return np.ones(len(first), dtype=bool)
    moved = steps["first_voltage_volt"].to_numpy()[first] - steps["last_voltage_volt"].to_numpy()[first - 1]
    return ~(alone & (moved * steps["mean_current_ampere"].to_numpy()[first] < 0))


def _rest_before(duration: Floats, resting: NDArray[np.bool_], first: Rows) -> Floats:
    """Sum the rests [s] that come one after the other before each step."""
    total = np.append(0.0, np.cumsum(np.where(resting, duration, 0.0)))
    moving = np.append(-1, np.flatnonzero(~resting))
    before = moving[np.searchsorted(moving, first) - 1] + 1
    return (total[first] - total[before]).round(MICROSECOND)


def _joined(course: Course, first: Rows, duration: Floats) -> tuple[Rows, Floats]:
    """Return the last step and the length [s] of the pulses that begin with these steps."""
    current = course.steps["mean_current_ampere"].to_numpy()
    began, ended = (course.steps[f"{edge}_time_second"].to_numpy() for edge in ("start", "end"))
    last, lasted = first.copy(), duration[first]
    goes_on = np.ones(len(first), dtype=bool)
    while goes_on.any():
        more = np.minimum(last + 1, len(duration) - 1)
        same = np.abs(current[more] - current[first]) <= SAME_CURRENT * np.abs(current[first])
        at_once = began[more] - ended[last] <= 10.0**-MICROSECOND
        goes_on &= (more > last) & same & at_once & (lasted + duration[more] <= LONGEST_PULSE_S)
        last = np.where(goes_on, more, last)
        lasted = np.where(goes_on, lasted + duration[more], lasted)
    return last, lasted


def _cut_by_current(course: Course) -> Course:
    """Return the course of steps cut by the current where the tester's steps hold a rest and a pulse in one; else the one given."""
    table = course.samples
    if course.recording.sampling == "step" or STEP_COUNT not in table.columns or not _hides(table):
        return course
    return replace(course, recording=replace(course.recording, table=table.drop(STEP_COUNT)))


def _hides(table: pl.DataFrame) -> bool:
    """Whether in some step of the tester at least two samples at rest are followed by two under current."""
    current, step = table[CURRENT].to_numpy(), table[STEP_COUNT].to_numpy()
    if len(current) < 4:
        return False
    moves, same = np.abs(current) > dead_band(table), step[3:] == step[:-3]
    return bool(np.any(same & ~moves[:-3] & ~moves[1:-2] & moves[2:-1] & moves[3:]))
