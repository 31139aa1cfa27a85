"""Sweeps: the stretches of a recording at one constant current, long enough for a derivative."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from cellwright.core.columns import CURRENT, TIME, VOLTAGE
from cellwright.core.errors import UsageError
from cellwright.core.messages import Message, message
from cellwright.measure.course import Course

FEWEST_SAMPLES = 50
LEVEL = 0.1
"""The current may stay so far from its level, as a share of it: real regulators wander, and the charge is counted all the same."""

HELD_VOLT = 5e-4
"""What comes after the voltage first got so near to the furthest it went is held there, in a step that was not all at one current."""

LONE = 5
"""Of so many readings of the current in a row two may be off: a lone one ends no sweep."""

SLOW = 0.1
"""C-rate up to which a sweep shows the electrodes rather than the losses: C/10."""

Floats = NDArray[np.float64]
Direction = Literal["charge", "discharge"]


@dataclass(frozen=True, eq=False)
class Sweep:
    """A charge or discharge at constant current.

    Parameters
    ----------
    row
        Its step.
    rows
        Which samples.
    charge_ah, voltage_volt
        Charge moved since the first sample [Ah], never negative, and voltage [V], shape ``(samples,)``.
    """

    row: int
    rows: slice
    charge_ah: Floats
    voltage_volt: Floats

    @property
    def moved_ah(self) -> float:
        """Charge moved [Ah]."""
        return float(self.charge_ah[-1])


def sweeps(course: Course, direction: Direction | None = None, step: int | None = None) -> tuple[Sweep, ...]:
    """Find the sweeps of a recording, in order.

    Parameters
    ----------
    course
        Of a series.
    direction
        Which way; both where None.
    step
        ``step_count`` of the only step to look at.

    Raises
    ------
    UsageError
        Where the recording is a step sheet, or has no sweep: the reason says why the longest candidate is none.
    """
    if course.recording.sampling == "step":
        raise UsageError("measure.sweep_of_sheet", file=course.recording.source.file)
    main = course.main
    if direction:
        main = main.filter(pl.col("kind") == direction)
    if step is not None:
        main = main.filter(pl.col("step_count") == step)
    columns = cast("tuple[Floats, Floats, Floats]", tuple(course.samples[c].to_numpy() for c in (TIME, CURRENT, VOLTAGE)))
    found = [_sweep(course, row, columns) for row in main["row"].to_list()]
    kept = tuple(s for s in found if isinstance(s, Sweep))
    if not kept:
        raise _none(course, found, main)
    return kept


def _none(course: Course, found: list[Sweep | Message], main: pl.DataFrame) -> UsageError:
    if not found:
        return UsageError("measure.no_sweep", file=course.recording.source.file)
    longest = found[cast("int", main["duration_second"].arg_max())]
    why = cast("Message", longest)
    return UsageError(why.code, **why.params)


def _sweep(course: Course, row: int, columns: tuple[Floats, Floats, Floats]) -> Sweep | Message:
    """Return the constant-current part of a step, or why it has none."""
    step = course.rows[row]
    span = course.span(row, row)
    if step["pause_second"]:
        return message("measure.sweep_paused", step=step["step_count"], pause_s=step["pause_second"])
    time, current, voltage = (np.asarray(column[span], dtype=np.float64) for column in columns)
    size = current if step["kind"] == "charge" else -current
    first, last = _constant(time, size, step)
    if step["mode"] != "CC" and last > first:
        last = first + _unheld(voltage[first:last] if step["kind"] == "charge" else -voltage[first:last])
    if last - first < FEWEST_SAMPLES:
        return message("measure.sweep_too_short", step=step["step_count"], count=max(last - first, 0), fewest=FEWEST_SAMPLES)
    time, size, voltage = time[first:last], size[first:last], voltage[first:last]
    charge = np.zeros(len(time))
    np.cumsum(np.diff(time) * (size[1:] + size[:-1]) / 7200, out=charge[1:])
    if charge[-1] <= 0 or not np.ptp(voltage):
        return message("measure.sweep_flat", step=step["step_count"])
    return Sweep(row, slice(span.start + first, span.start + last), np.maximum.accumulate(charge), voltage)


def _constant(time: Floats, size: Floats, step: dict[str, Any]) -> tuple[int, int]:
    """Return the longest stretch of samples at the current's level: that at which half of the charge had been moved by less."""
    level = float(np.median(size)) if step["mode"] == "CC" else _charge_median(time, size)
    steady = np.abs(size - level) <= LEVEL * level
    if steady.all():
        return 0, len(size)
    steady = np.abs(median_filter(size, LONE, mode="nearest") - level) <= LEVEL * level
    edges = np.flatnonzero(np.diff(np.concatenate([[False], steady, [False]]).astype(np.int8)))
    if not len(edges):
        return 0, 0
    starts, stops = edges[::2], edges[1::2]
    longest = int(np.argmax(time[stops - 1] - time[starts]))
    return int(starts[longest]), int(stops[longest])


def _unheld(volt: Floats) -> int:
    """Return how many samples there are until a rising voltage has got where it ends."""
    return int(np.argmax(volt >= volt.max() - HELD_VOLT)) + 1


def _charge_median(time: Floats, size: Floats) -> float:
    share: Floats = np.maximum(size, 0.0) * np.gradient(time)
    order = np.argsort(size)
    middle = int(np.searchsorted(np.cumsum(share[order]), float(share.sum()) / 2))
    return float(size[order[min(middle, len(size) - 1)]])
