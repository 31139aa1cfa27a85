"""Slow sweeps: charges and discharges at so small a current that the voltage stays near the open-circuit one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellwright.core.columns import CURRENT, TIME, VOLTAGE
from cellwright.measure.course import SAME_CURRENT, Course, same_current

Floats = NDArray[np.float64]

SLOWEST_FAST = 0.1
"""A sweep runs at most at C/10, but for the 5 % within which two currents are the same."""

WIDE = 0.5
"""It moves at least half of the capacity."""

AS_WIDE = 0.98
POINTS = 1000
LEVEL = 0.95

ONSET_S = (600.0, 2400.0)
"""Between ten and forty minutes after its start a sweep's overvoltage has settled, and the open-circuit voltage runs on a line."""


@dataclass(frozen=True, eq=False)
class Sweep:
    """A slow charge or discharge.

    Parameters
    ----------
    direction
        ``charge`` or ``discharge``.
    first, last
        Its steps.
    c_rate
        Of the rated capacity, else of the largest charge that was moved in one go [1/h].
    moved_ah
        Charge put in since its start, negative where it was taken out [Ah], shape ``(n,)``: means of bins.
    volt
        Voltage [V], shape ``(n,)``.
    overvoltage
        How far its voltage was from the rest's before it, once settled [V]; None where there was no rest.
    """

    direction: str
    first: int
    last: int
    c_rate: float
    moved_ah: Floats
    volt: Floats
    overvoltage: float | None


def sweeps(course: Course) -> tuple[Sweep, ...]:
    """Return a recording's slow sweep each way, the widest; of those as wide the slowest, of those as slow the last."""
    nominal = _nominal(course)
    found = [*_slow(course, nominal)] if nominal else []
    return tuple(s for way in ("discharge", "charge") if (s := _best(course, [f for f in found if f[2] == way], nominal)) is not None)


def taken(course: Course, first: int, last: int) -> float:
    """Charge that moved over steps, either way [Ah]."""
    return abs(course.net(first, last) or 0.0)


def _nominal(course: Course) -> float:
    if course.battery and course.battery.rated_capacity_ah:
        return course.battery.rated_capacity_ah
    return max((taken(course, first, last) for first, last, _ in _runs(course)), default=0.0)


def _runs(course: Course) -> Iterator[tuple[int, int, str]]:
    """Give stretches of steps one after the other at one constant current: first, last and direction."""
    rows = [(i, step) for i, step in enumerate(course.rows) if step["kind"] != "rest" and step["mode"] in {"CC", "CCCV"}]
    start = 0
    for at in range(1, len(rows) + 1):
        (_, first), (row, step) = rows[start], rows[at - 1]
        if at < len(rows) and rows[at][0] == row + 1 and same_current(rows[at][1]["first_current_ampere"], step["last_current_ampere"]):
            continue
        yield rows[start][0], row, first["kind"]
        start = at


def _slow(course: Course, nominal: float) -> Iterator[tuple[int, int, str]]:
    for first, last, way in _runs(course):
        ampere = max(abs(course.rows[row]["first_current_ampere"]) for row in range(first, last + 1))
        if ampere <= SLOWEST_FAST * (1 + SAME_CURRENT) * nominal and taken(course, first, last) >= WIDE * nominal:
            yield first, last, way


def _best(course: Course, found: list[tuple[int, int, str]], nominal: float) -> Sweep | None:
    if not found:
        return None
    widest = max(taken(course, first, last) for first, last, _ in found)
    wide = [f for f in found if taken(course, *f[:2]) >= AS_WIDE * widest]
    slowest = min(abs(course.mean_current(*f[:2])) for f in wide)
    first, last, way = [f for f in wide if abs(course.mean_current(*f[:2])) <= slowest * (1 + SAME_CURRENT)][-1]
    moved, volt = _path(course, first, last)
    binned = _binned(moved, volt)
    rate = abs(float(np.median(course.samples[CURRENT].to_numpy()[course.span(first, last)]))) / nominal
    return Sweep(way, first, last, rate, *binned, _overvoltage(course, first, moved, volt, last))


def _path(course: Course, first: int, last: int) -> tuple[Floats, Floats]:
    """Charge since the start [Ah] and voltage [V] of each sample, while the current was at its level."""
    samples = course.samples[course.span(first, last)]
    time, ampere, volt = (samples[name].to_numpy().astype(np.float64) for name in (TIME, CURRENT, VOLTAGE))
    level = np.abs(ampere) >= LEVEL * float(np.median(np.abs(ampere)))
    led = ampere[0] * (time[0] - course.rows[first]["start_time_second"])
    moved = (led + np.append(0.0, np.cumsum((ampere[1:] + ampere[:-1]) / 2 * np.diff(time)))) / 3600
    return moved[level], volt[level]


def _binned(moved: Floats, volt: Floats) -> tuple[Floats, Floats]:
    """Average in bins of equal charge; the first and the last sample stay as they are."""
    if len(moved) <= 2 * POINTS:
        return moved, volt
    inner = slice(1, -1)
    share = (moved[inner] - moved[0]) / (moved[-1] - moved[0])
    which = np.clip((share * POINTS).astype(int), 0, POINTS - 1)
    starts = np.flatnonzero(np.diff(which, prepend=-1))
    count = np.diff(np.append(starts, len(which)))
    middle = (np.add.reduceat(x[inner], starts) / count for x in (moved, volt))
    ends = ((moved[0], moved[-1]), (volt[0], volt[-1]))
    charge, mean = (np.concatenate([[a], m, [b]]) for m, (a, b) in zip(middle, ends, strict=True))
    return charge, mean


def _overvoltage(course: Course, first: int, moved: Floats, volt: Floats, last: int) -> float | None:
    """Return what a line through the settled beginning of a sweep, run back to its start, lies off the rest before it [V]."""
    if course.rest_before(first) is None:
        return None
    per_s = abs(course.mean_current(first, last)) / 3600
    after = np.abs(moved) / per_s
    part = (after >= ONSET_S[0]) & (after <= ONSET_S[1])
    if part.sum() < 3:
        return None
    _, back = np.polyfit(moved[part], volt[part], 1)
    return abs(float(back) - course.rows[first - 1]["last_voltage_volt"])
