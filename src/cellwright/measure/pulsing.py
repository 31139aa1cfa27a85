"""The pulses of a recording held against those that a procedure asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cellwright.core.messages import Message, message
from cellwright.core.procedure import Pulse, Pulses
from cellwright.measure.bounds import too_short
from cellwright.measure.course import Course
from cellwright.measure.pulse.trains import train


@dataclass(frozen=True)
class _Found:
    """A pulse as it was run."""

    step: int
    direction: str
    c_rate: float
    duration_s: float
    rest_before_s: float
    start_s: float
    soc: float | None
    rest_unsure_s: float


def pulse_deviations(course: Course, asked: Pulses) -> Iterator[Message]:
    """Name the pulses that are missing, of another rate or length or out of their order, and those whose rest before was too short."""
    if not course.c_rate(1.0):
        yield message("measure.no_rate_basis")
        return
    found = list(_pulses(course))
    if not asked.states_of_charge:
        yield from _group(found, asked, None)
        return
    if any(p.soc is None for p in found):
        yield message("measure.soc_unknown")
        return
    for soc in asked.states_of_charge:
        here = [p for p in found if p.soc is not None and abs(p.soc - soc) <= asked.within]
        yield from _group(here, asked, soc)


def _pulses(course: Course) -> Iterator[_Found]:
    found = train(course)
    steps, states = found.course.rows, found.course.charge_state
    each = zip(found.step_count, found.first, found.rest, found.duration_s, found.rest_s, strict=True)
    for step, first, rest, duration, rested in each:
        rate = course.c_rate(steps[int(first)]["mean_current_ampere"])["c_rate"]
        began = steps[int(first)]["start_time_second"]
        yield _Found(
            step,
            steps[int(first)]["kind"],
            rate,
            float(duration),
            float(rested),
            began,
            states[int(rest)],
            found.course.unsure_rest(int(rest)),
        )


def _group(found: Sequence[_Found], asked: Pulses, soc: float | None) -> Iterator[Message]:
    """Hold the pulses of one state of charge against the sequence."""
    spare = [p for p in found if not any(_matches(p, wanted, asked.tolerance) for wanted in asked.sequence)]
    longest: list[_Found] = []
    for wanted in asked.sequence:
        matching = [p for p in found if _matches(p, wanted, asked.tolerance)]
        if not matching:
            yield _missing(spare, wanted, soc)
            continue
        longest.append(max(matching, key=lambda p: p.rest_before_s))
        if too_short(longest[-1].rest_before_s, (1 - asked.tolerance) * wanted.rest_before_s, longest[-1].rest_unsure_s):
            rests = {"found_s": longest[-1].rest_before_s, "asked_s": wanted.rest_before_s}
            yield message("measure.rest_before_pulse_too_short", step=longest[-1].step, **rests)
    for before, after in pairwise(longest):
        if after.start_s < before.start_s:
            yield message("measure.pulse_order", first=after.step, first_way=f"measure.{after.direction}", then=before.step)


def _missing(spare: list[_Found], wanted: Pulse, soc: float | None) -> Message:
    """Say that a pulse is missing; where one of its direction was run that is no other of the sequence, what that one was."""
    asked = {"direction": f"measure.{wanted.direction}", "c_rate": wanted.c_rate, "duration_s": wanted.duration_s}
    near = [p for p in spare if p.direction == wanted.direction]
    if near:
        pulse = min(near, key=lambda p: abs(p.c_rate / wanted.c_rate - 1) + abs(p.duration_s / wanted.duration_s - 1))
        spare.remove(pulse)
        return message("measure.pulse_off", step=pulse.step, found_c_rate=pulse.c_rate, found_s=pulse.duration_s, **asked)
    return message("measure.pulse_missing", **asked) if soc is None else message("measure.pulse_missing_at", soc_percent=100 * soc, **asked)


def _matches(found: _Found, wanted: Pulse, tolerance: float) -> bool:
    return (
        found.direction == wanted.direction
        and abs(found.c_rate - wanted.c_rate) <= tolerance * wanted.c_rate
        and abs(found.duration_s - wanted.duration_s) <= tolerance * wanted.duration_s
    )
