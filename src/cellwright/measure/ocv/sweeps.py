"""Slow sweeps: charges and discharges at so small a current that the voltage stays near the open-circuit one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellwright.core.columns import CURRENT
from cellwright.measure.course import SAME_CURRENT, Course
from cellwright.measure.sweeping import SLOW, Sweep, stretches, swept

Floats = NDArray[np.float64]

WIDE = 0.5
"""It moves at least half of the capacity."""

AS_WIDE = 0.98
POINTS = 1000

ONSET_S = (600.0, 2400.0)
"""Between ten and forty minutes after its start a sweep's overvoltage has settled, and the open-circuit voltage runs on a line."""


@dataclass(frozen=True, eq=False)
class SlowSweep:
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


def sweeps(course: Course) -> tuple[SlowSweep, ...]:
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
    return max((taken(course, first, last) for first, last in _controlled(course)), default=0.0)


def _controlled(course: Course) -> Iterator[tuple[int, int]]:
    """Give the stretches that the tester held at one current."""
    for first, last in stretches(course):
        if all(step["mode"] in {"CC", "CCCV"} for step in course.rows[first : last + 1]):
            yield first, last


def _slow(course: Course, nominal: float) -> Iterator[tuple[int, int, str]]:
    """Give those at C/10 at most, but for the 5 % within which two currents are the same, that moved enough."""
    for first, last in _controlled(course):
        ampere = max(abs(course.rows[row]["first_current_ampere"]) for row in range(first, last + 1))
        if ampere <= SLOW * (1 + SAME_CURRENT) * nominal and taken(course, first, last) >= WIDE * nominal:
            yield first, last, course.rows[first]["kind"]


def _best(course: Course, found: list[tuple[int, int, str]], nominal: float) -> SlowSweep | None:
    if not found:
        return None
    widest = max(taken(course, first, last) for first, last, _ in found)
    wide = [f for f in found if taken(course, *f[:2]) >= AS_WIDE * widest]
    slowest = min(abs(course.mean_current(*f[:2])) for f in wide)
    first, last, way = [f for f in wide if abs(course.mean_current(*f[:2])) <= slowest * (1 + SAME_CURRENT)][-1]
    sweep = swept(course, first, last)
    if sweep is None:
        return None
    moved = (1.0 if way == "charge" else -1.0) * (sweep.led_ah + sweep.charge_ah)
    rate = abs(float(np.median(course.samples[CURRENT].to_numpy()[course.span(first, last)]))) / nominal
    return SlowSweep(way, first, last, rate, *_binned(moved, sweep.voltage_volt), _overvoltage(course, sweep, moved))


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


def _overvoltage(course: Course, sweep: Sweep, moved: Floats) -> float | None:
    """Return what a line through the settled beginning of a sweep, run back to its start, lies off the rest before it [V]."""
    if course.rest_before(sweep.first) is None:
        return None
    per_s = abs(course.mean_current(sweep.first, sweep.last)) / 3600
    after = np.abs(moved) / per_s
    part = (after >= ONSET_S[0]) & (after <= ONSET_S[1])
    if part.sum() < 3:
        return None
    _, back = np.polyfit(moved[part], sweep.voltage_volt[part], 1)
    return abs(float(back) - course.rows[sweep.first - 1]["last_voltage_volt"])
