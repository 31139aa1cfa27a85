"""DC resistance of every pulse, at stated times after the edge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellwright.core.battery import Battery
from cellwright.core.columns import CURRENT, TIME, VOLTAGE
from cellwright.core.messages import message
from cellwright.core.quantity import Method, Quantity, absent
from cellwright.core.recording import Recording
from cellwright.core.tester import Tester
from cellwright.measure.course import Course
from cellwright.measure.edges import MICROSECOND

TIMES_S = (0.1, 1.0, 2.0, 5.0, 10.0, 18.0, 30.0)
"""Nominal times after the edge [s]; with the end of the pulse. 0.1, 2, 5, 10, 18 and 30 s are reported of ISO 12405-4."""

NEAR = 0.1
"""Share of a nominal time within which a sample stands for it."""

STEADY = 0.05
SCATTER_OF = 20
FEWEST_READINGS = 10
METHOD = Method("pulse-resistance", "1")


@dataclass(frozen=True)
class _Reading:
    """What was read at one moment: ``time_s`` after the edge."""

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
        A series or a step sheet. A pulse is a charge or discharge of at most 60 s right after a rest.
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
    pulses = [row for row, step in enumerate(course.rows) if step["pulse"]]
    if not pulses:
        return (absent("dc_resistance", "ohm", message("measure.no_pulse")),)
    read = _at_end if course.recording.sampling == "step" else _sampled(course)
    found = [q for row in pulses if (rest := course.rest_before(row)) for q in _of_pulse(course, row, rest, read(course.rows[row], row))]
    if found:
        return tuple(found)
    return (absent("dc_resistance", "ohm", message("measure.no_pulse_resolved", count=len(pulses))),)


def _of_pulse(course: Course, row: int, rest: tuple[int, float], read: Iterator[_Reading]) -> Iterator[Quantity]:
    pulse, before = course.rows[row], course.rows[rest[0]]
    noise = _noise(course, rest[0])
    common: dict[str, Any] = {
        "direction": pulse["kind"],
        "duration_s": pulse["duration_second"],
        "rest_before_s": rest[1],
        **course.state_of_charge(rest[0]),
        "step_count": pulse["step_count"],
    }
    if (temperature := pulse.get("mean_temperature_celsius")) is not None:
        common["temperature_celsius"] = temperature
    for reading in read:
        yield _resistance(course, before, reading, common, noise)


def _noise(course: Course, rest: int) -> float:
    """Repeatability of one voltage reading [V]: scatter about a line through the last readings of the rest; 0 where they are too few.

    A step sheet has none, and what scatters less than the last digit is in the rounding.
    """
    volt, time = (course.samples[c][course.span(rest, rest)][-SCATTER_OF:].to_numpy() for c in (VOLTAGE, TIME))
    if course.recording.sampling == "step" or len(volt) < FEWEST_READINGS or time[0] == time[-1]:
        return 0.0
    line = np.polynomial.Polynomial.fit(time, volt, 1)
    residual = volt - line(time)
    return float(np.sqrt(residual @ residual / (len(volt) - 2)))


def _resistance(course: Course, before: dict[str, Any], reading: _Reading, common: dict[str, Any], noise: float) -> Quantity:
    step = reading.current - before["last_current_ampere"]
    value = (reading.voltage - before["last_voltage_volt"]) / step
    records = (before["last_record_index"], reading.record)
    components = course.budget.resistance(value, step, records, noise)
    at = {"time_s": reading.time_s, "nominal_time_s": reading.nominal_s, "current_ampere": reading.current}
    own = at | course.c_rate(reading.current)
    evidence = course.budget.evidence(*((r, r) for r in records))
    return course.budget.quantity("dc_resistance", value, "ohm", components, method=METHOD, conditions=own | common, evidence=evidence)


def _at_end(pulse: dict[str, Any], _row: int) -> Iterator[_Reading]:
    """Read the end of a pulse of a step sheet, unless the current had fallen by then."""
    time, current = pulse["duration_second"], pulse["last_current_ampere"]
    if time > 0 and abs(current) >= (1 - STEADY) * abs(pulse["first_current_ampere"]):
        yield _Reading(_nominal(time), time, pulse["last_voltage_volt"], current, pulse["last_record_index"])


def _nominal(time_s: float) -> float:
    """Return the nominal time that a moment stands for; its own where it stands for none."""
    return next((t for t in TIMES_S if abs(time_s - t) <= NEAR * t), time_s)


def _sampled(course: Course) -> Callable[[dict[str, Any], int], Iterator[_Reading]]:
    """Prepare to read the resolved times of pulses of a series."""
    columns = [course.samples[c].to_numpy() for c in (TIME, VOLTAGE, CURRENT, "record_index")]

    def read(pulse: dict[str, Any], row: int) -> Iterator[_Reading]:
        time, volt, ampere, record = (column[course.span(row, row)] for column in columns)
        after: NDArray[np.float64] = np.asarray(time - pulse["start_time_second"], dtype=np.float64).round(MICROSECOND)
        for nominal, i in _resolved(after, np.abs(ampere), pulse["edge_uncertainty_second"]).items():
            yield _Reading(_nominal(nominal), float(after[i]), float(volt[i]), float(ampere[i]), int(record[i]))

    return read


def _resolved(after: NDArray[np.float64], size: NDArray[np.float64], unsure: float) -> dict[float, int]:
    """Nominal times of a pulse that a sample stands for, each with that sample.

    Parameters
    ----------
    after, size
        Time after the edge [s] and size of the current [A] of each sample.
    unsure
        Half the stretch in which the edge lies [s].
    """
    unsteady = after[size < (1 - STEADY) * size.max()]
    found: dict[float, int] = {}
    for nominal in (*TIMES_S, float(after[-1])):
        i = int(np.abs(after - nominal).argmin())
        near = after[i] > 0 and abs(after[i] - nominal) + unsure <= NEAR * nominal
        held = not np.any((unsteady > NEAR * nominal) & (unsteady <= after[i]))
        if near and held and i not in found.values():
            found[nominal] = i
    return found
