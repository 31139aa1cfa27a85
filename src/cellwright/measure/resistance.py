"""DC resistance of every pulse, at stated times after the edge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cellwright.core.battery import Battery
from cellwright.core.columns import CURRENT, VOLTAGE
from cellwright.core.messages import message
from cellwright.core.quantity import Method, Quantity, absent
from cellwright.core.recording import Recording
from cellwright.core.tester import Tester
from cellwright.measure.course import Course
from cellwright.measure.pulse.moments import NEAR, NONE, STEADY, TIMES_S, moments, rise_of_resistance, time_after
from cellwright.measure.pulse.trains import Train, train
from cellwright.measure.runs import Floats, Rows

METHOD = Method("pulse-resistance", "1")


@dataclass(frozen=True)
class Reading:
    """What was read at one moment.

    Parameters
    ----------
    nominal_s, time_s
        Time after the edge [s] that it stands for, and that it was read at.
    voltage, current
        [V], [A].
    record
        Its row in the file.
    edge_ohm
        By how much the resistance rises in half the stretch in which the edge lies [ohm].
    """

    nominal_s: float
    time_s: float
    voltage: float
    current: float
    record: int
    edge_ohm: float = 0.0


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
    line through the last 20 readings of the rest before it (at least 10), and with what R rises in the time in which the edge may lie,
    where the tester does not tell the step's own time.
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
    noise = float(pulses.noise_volt[number])
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


def _resistance(course: Course, before: dict[str, Any], reading: Reading, common: dict[str, Any], noise: float) -> Quantity:
    step = reading.current - before["last_current_ampere"]
    value = (reading.voltage - before["last_voltage_volt"]) / step
    records = (before["last_record_index"], reading.record)
    components = course.budget.resistance(value, step, records, noise, reading.edge_ohm)
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
    unsure = pulses.of("edge_uncertainty_second", pulses.first)
    moved: Floats = rise_of_resistance(pulses, rows) * unsure[:, None] if unsure.any() else np.zeros(rows.shape)
    table = pulses.course.samples
    volt, ampere, record = (_taken(table[c].to_numpy(), rows) for c in (VOLTAGE, CURRENT, "record_index"))
    for places, *read in zip(rows.tolist(), after.tolist(), volt, ampere, record, moved.tolist(), strict=True):
        nominal = (*TIMES_S, _nominal(read[0][-1]))
        yield [Reading(t, *at) for t, row, *at in zip(nominal, places, *read, strict=True) if row != NONE]


def _taken(column: Any, rows: Rows) -> list[list[Any]]:
    return column[rows].tolist()
