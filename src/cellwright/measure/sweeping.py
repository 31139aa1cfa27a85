"""Sweeps: the stretches of a recording at one constant current, from which open circuit, dQ/dV and electrodes are read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from cellwright.core.columns import CURRENT, TIME, VOLTAGE
from cellwright.core.errors import UsageError
from cellwright.core.messages import Message, message
from cellwright.measure.course import Course, same_current
from cellwright.measure.edges import PAUSE

SLOW = 0.1
"""C-rate up to which a sweep shows the electrodes rather than the losses: C/10."""

LEVEL = 0.1
"""The current may stay so far from its level, as a share of it: real regulators wander, and the charge is counted all the same."""

HELD_VOLT = 5e-4
"""What comes after the voltage first got so near to the furthest it went is held there, in a step that was not all at one current."""

LONE = 5
"""Of so many readings of the current in a row two may be off: a lone one ends no sweep."""

FEWEST_SAMPLES = 50
"""Of a sweep for a derivative."""

Floats = NDArray[np.float64]
Direction = Literal["charge", "discharge"]


@dataclass(frozen=True, eq=False)
class Sweep:
    """A charge or discharge at constant current: of one step, or of several where the program went on at the same current.

    Parameters
    ----------
    first, last
        Its steps.
    rows
        Which samples.
    led_ah
        Charge moved in its steps before the first of these samples [Ah], never negative.
    charge_ah, voltage_volt
        Charge moved since the first sample [Ah], never negative, and voltage [V], shape ``(samples,)``.
    """

    first: int
    last: int
    rows: slice
    led_ah: float
    charge_ah: Floats
    voltage_volt: Floats

    @property
    def moved_ah(self) -> float:
        """Charge moved [Ah]."""
        return float(self.charge_ah[-1])


def stretches(course: Course) -> Iterator[tuple[int, int]]:
    """Give the first and the last step of each charge and discharge that is no pulse; several steps at one current are one."""
    rows: list[int] = course.main["row"].to_list()
    start = 0
    for at in range(1, len(rows) + 1):
        if at == len(rows) or not _goes_on(course, rows[at - 1], rows[at]):
            yield rows[start], rows[at - 1]
            start = at


def _goes_on(course: Course, row: int, after: int) -> bool:
    """Whether a step follows another at the current at which that one ended: what is held at a voltage goes on with nothing."""
    ended, began = course.rows[row], course.rows[after]
    if after != row + 1 or ended["mode"] != "CC" or began["mode"] not in {"CC", "CCCV"}:
        return False
    return same_current(began["first_current_ampere"], ended["last_current_ampere"])


def sweeps(course: Course, direction: Direction | None = None, step: int | None = None) -> tuple[Sweep, ...]:
    """Find the sweeps of a recording that a derivative can be taken of, in order.

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
    asked = [(first, last) for first, last in stretches(course) if direction in {None, course.rows[first]["kind"]}]
    if step is not None:
        asked = [(row, row) for first, last in asked for row in range(first, last + 1) if course.rows[row]["step_count"] == step]
    found = [_long(course, first, last) for first, last in asked]
    kept = tuple(s for s in found if isinstance(s, Sweep))
    if not kept:
        raise _none(course, asked, found)
    return kept


def _none(course: Course, asked: list[tuple[int, int]], found: list[Sweep | Message]) -> UsageError:
    if not found:
        return UsageError("measure.no_sweep", file=course.recording.source.file)
    lasted = [sum(course.rows[row]["duration_second"] for row in range(first, last + 1)) for first, last in asked]
    why = cast("Message", found[lasted.index(max(lasted))])
    return UsageError(why.code, **why.params)


def _long(course: Course, first: int, last: int) -> Sweep | Message:
    """Return the sweep of a stretch of steps, or why no derivative can be taken of it."""
    steps = course.rows[first : last + 1]
    step = steps[-1]["step_count"]
    if pause := sum(s["pause_second"] for s in steps):
        return message("measure.sweep_paused", step=step, pause_s=pause)
    sweep = swept(course, first, last)
    count = len(sweep.charge_ah) if sweep else 0
    if sweep is None or count < FEWEST_SAMPLES:
        return message("measure.sweep_too_short", step=step, count=count, fewest=FEWEST_SAMPLES)
    if sweep.moved_ah <= 0 or not np.ptp(sweep.voltage_volt):
        return message("measure.sweep_flat", step=step)
    return sweep


def swept(course: Course, first: int, last: int) -> Sweep | None:
    """Return the constant-current part of a stretch of steps; None where no two samples are at one current."""
    steps, span = course.rows[first : last + 1], course.span(first, last)
    time, current, voltage = (np.asarray(course.samples[name].to_numpy()[span], dtype=np.float64) for name in (TIME, CURRENT, VOLTAGE))
    way = 1.0 if steps[0]["kind"] == "charge" else -1.0
    size, controlled = way * current, all(step["mode"] == "CC" for step in steps)
    begin, end = _constant(time, size, controlled=controlled)
    if not controlled and end > begin:
        end = begin + _unheld(way * voltage[begin:end])
    if end - begin < 2:
        return None
    moved = np.zeros(len(time))
    np.cumsum(_flowing(time, steps) * (size[1:] + size[:-1]) / 7200, out=moved[1:])
    led = size[0] * (time[0] - steps[0]["start_time_second"]) / 3600 + moved[begin]
    charge = np.maximum.accumulate(moved[begin:end] - moved[begin])
    return Sweep(first, last, slice(span.start + begin, span.start + end), float(led), charge, voltage[begin:end])


def _flowing(time: Floats, steps: list[dict[str, Any]]) -> Floats:
    """Time between samples [s] in which the current flowed: in a pause none does."""
    interval = np.diff(time)
    if not any(step["pause_second"] for step in steps):
        return interval
    longest = max(step["longest_interval_second"] or 0.0 for step in steps)
    return np.where(interval > PAUSE * longest, 0.0, interval)


def _constant(time: Floats, size: Floats, *, controlled: bool) -> tuple[int, int]:
    """Return the longest stretch of samples at the current's level: that at which half of the charge had been moved by less."""
    level = float(np.median(size)) if controlled else _charge_median(time, size)
    steady = np.abs(size - level) <= LEVEL * level
    if steady.all():
        return 0, len(size)
    from scipy.ndimage import median_filter  # a third of a second to load, which a current that stays needs not

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
