"""DC resistance of every pulse, at stated times after the edge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cellwright.core.battery import Battery
from cellwright.core.columns import CURRENT, TIME, VOLTAGE
from cellwright.core.messages import message
from cellwright.core.quantity import Method, Quantity, absent
from cellwright.core.recording import Recording
from cellwright.core.tester import Tester
from cellwright.measure.course import Course
from cellwright.measure.pulse.moments import NEAR, NONE, STEADY, TIMES_S, moments, time_after
from cellwright.measure.pulse.trains import Train, train
from cellwright.measure.runs import Rows

SCATTER_OF = 20
FEWEST_READINGS = 10
METHOD = Method("pulse-resistance", "1")


@dataclass(frozen=True)
class Reading:
    """What was read at one moment: ``time_s`` [s] after the edge, for ``nominal_s``; voltage [V], current [A]."""

    nominal_s: float
    time_s: float
    voltage: float
    current: float
    record: int


def resistances(recording: Recording, battery: Battery | None = None, tester: Tester | None = None) -> tuple[Quantity, ...]:
    """DC resistance of every pulse in a recording, at 0.1, 1, 2, 5, 10, 18 and 30 s after the edge and at the pulse's end.

    Parameters
    ----------
    recording
        A series or a step sheet. A pulse is a charge or discharge of at most 60 s right after a rest, as in `cellwright.measure.pulses`.
    battery
        Its rated capacity is what states of charge are shares of where no full discharge was measured.
    tester
        Its errors give the uncertainty.

    Returns
    -------
    ``dc_resistance`` [ohm], in the order of the recording; conditions ``time_s`` after the edge, as sampled, ``nominal_time_s``,
    ``direction``, ``current_ampere``, ``c_rate`` and ``c_rate_basis`` (where a capacity is known), ``duration_s``, ``rest_before_s`` (as
    recorded: a short one is no equilibrium), ``soc`` and ``soc_basis`` (where the battery was full or empty before),
    ``temperature_celsius``, ``step_count``. A time that the sampling does not resolve is not in the tuple. One absent, with the reason,
    where there is no pulse.

    Notes
    -----
    R(t) = (V(t) − V₀) / (I(t) − I₀), both of the same sample; V₀, I₀ are the last sample of the rest before the edge. A nominal time
    is resolved where a sample lies within 10 % of it, the uncertainty of the edge included, and where the current has stayed within
    5 % of its greatest since the first tenth of that time: a pulse that runs into a voltage limit has no resistance after that. A
    step sheet knows only the pulse's end: its start is read some unstated milliseconds after the edge. None of these is an
    ohmic resistance. Uncertainty: `cellwright.measure.budget.Budget.resistance` (JCGM 100), with the scatter of the voltage about a
    line through the last 20 readings of the rest before it (at least 10).
    """
    return pulse_resistances(Course(recording, battery, tester))


def pulse_resistances(course: Course) -> tuple[Quantity, ...]:
    """DC resistance of every pulse; one absent where there is none."""
    pulses = train(course)
    under_current = int(course.steps["pulse"].sum())
    if not len(pulses) and not under_current:
        return (absent("dc_resistance", "ohm", message("measure.no_pulse")),)
    found = [q for number, readings in enumerate(readings_of(pulses)) for q in of_pulse(pulses, number, readings)]
    if found:
        return tuple(found)
    return (absent("dc_resistance", "ohm", message("measure.no_pulse_resolved", count=max(under_current, len(pulses)))),)


def readings_of(pulses: Train) -> Iterable[list[Reading]]:
    """Return what was read of each pulse, at the times that are resolved."""
    if not len(pulses):
        return ()
    return _at_end(pulses) if pulses.course.recording.sampling == "step" else _sampled(pulses)


def of_pulse(pulses: Train, number: int, readings: Sequence[Reading]) -> Iterator[Quantity]:
    """Return the resistance at each reading of one pulse."""
    course, rest = pulses.course, int(pulses.rest[number])
    pulse = course.rows[int(pulses.first[number])]
    noise = voltage_noise(course, rest) if readings else 0.0
    common: dict[str, Any] = {
        "direction": pulse["kind"],
        "duration_s": float(pulses.duration_s[number]),
        "rest_before_s": float(pulses.rest_s[number]),
        **course.state_of_charge(rest),
        "step_count": pulses.step_count[number],
    }
    if (temperature := pulse.get("mean_temperature_celsius")) is not None:
        common["temperature_celsius"] = temperature
    for reading in readings:
        yield _resistance(course, course.rows[rest], reading, common, noise)


def voltage_noise(course: Course, rest: int) -> float:
    """Repeatability of one voltage reading [V]: scatter about a line through the last readings of the rest; 0 where they are too few.

    A step sheet has none, and what scatters less than the last digit is in the rounding.
    """
    volt, time = (course.samples[c][course.span(rest, rest)][-SCATTER_OF:].to_numpy() for c in (VOLTAGE, TIME))
    if course.recording.sampling == "step" or len(volt) < FEWEST_READINGS or time[0] == time[-1]:
        return 0.0
    line = np.polynomial.Polynomial.fit(time, volt, 1)
    residual = volt - line(time)
    return float(np.sqrt(residual @ residual / (len(volt) - 2)))


def _resistance(course: Course, before: dict[str, Any], reading: Reading, common: dict[str, Any], noise: float) -> Quantity:
    step = reading.current - before["last_current_ampere"]
    value = (reading.voltage - before["last_voltage_volt"]) / step
    records = (before["last_record_index"], reading.record)
    components = course.budget.resistance(value, step, records, noise)
    at = {"time_s": reading.time_s, "nominal_time_s": reading.nominal_s, "current_ampere": reading.current}
    own = at | course.c_rate(reading.current)
    evidence = course.budget.evidence(*((r, r) for r in records))
    return course.budget.quantity("dc_resistance", value, "ohm", components, method=METHOD, conditions=own | common, evidence=evidence)


def _at_end(pulses: Train) -> Iterator[list[Reading]]:
    """Read the end of each pulse of a step sheet, unless the current had fallen by then."""
    rows: list[dict[str, Any]] = pulses.course.rows
    for first, last, time in zip(pulses.first, pulses.last, pulses.duration_s.tolist(), strict=True):
        end, current = rows[int(last)], rows[int(last)]["last_current_ampere"]
        held = time > 0 and abs(current) >= (1 - STEADY) * abs(rows[int(first)]["first_current_ampere"])
        yield [Reading(_nominal(time), time, end["last_voltage_volt"], current, end["last_record_index"])] if held else []


def _nominal(time_s: float) -> float:
    """Return the nominal time that a moment stands for; its own where it stands for none."""
    return next((t for t in TIMES_S if abs(time_s - t) <= NEAR * t), time_s)


def _sampled(pulses: Train) -> Iterator[list[Reading]]:
    """Read each pulse of a series at the times that a sample stands for; no sample stands for two."""
    found = moments(pulses)
    rows = np.column_stack([found.at, np.where((found.at == found.end[:, None]).any(axis=1), NONE, found.end)])
    after = np.column_stack([time_after(pulses, column) for column in rows.T])
    table = pulses.course.samples
    volt, ampere, record = (_taken(table[c].to_numpy(), rows) for c in (VOLTAGE, CURRENT, "record_index"))
    for places, *read in zip(rows.tolist(), after.tolist(), volt, ampere, record, strict=True):
        nominal = (*TIMES_S, _nominal(read[0][-1]))
        yield [Reading(t, *at) for t, row, *at in zip(nominal, places, *read, strict=True) if row != NONE]


def _taken(column: Any, rows: Rows) -> list[list[Any]]:
    return column[rows].tolist()
