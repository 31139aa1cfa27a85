"""Pulse power at a state of charge, from open-circuit voltage, resistance and voltage limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import sqrt
from typing import Any, cast

import numpy as np

from cellwright.core.battery import Battery
from cellwright.core.errors import UsageError
from cellwright.core.messages import Message, message
from cellwright.core.quantity import Method, Quantity, absent, exact, measured, propagate
from cellwright.core.recording import Recording
from cellwright.core.tester import Tester
from cellwright.measure.course import Course
from cellwright.measure.discharge import capacities
from cellwright.measure.pulse.hybrid import TIME_S, WAYS, Levels, levels, limit_volt
from cellwright.measure.pulse.moments import TIMES_S
from cellwright.measure.resistance import Reading, of_pulse, readings_of
from cellwright.measure.runs import Floats

SOC = (0.8, 0.2)
METHOD = Method("pulse-power/hppc", "1", "FreedomCAR Battery Test Manual, DOE/ID-11069 (2003)")


def power_capability(
    recording: Recording, battery: Battery, tester: Tester | None = None, *, soc: Sequence[float] = SOC, time_s: float = TIME_S
) -> dict[str, tuple[Quantity, ...]]:
    """Power of a discharge and of a charge pulse that ends just at the voltage limit, at given states of charge.

    Parameters
    ----------
    recording
        An HPPC, see `cellwright.measure.hppc`.
    battery
        Its voltage limits bound the power.
    tester
        Its errors give the uncertainty.
    soc
        States of charge [1].
    time_s
        Length of the pulse [s]: one of 0.1, 1, 2, 5, 10, 18 and 30.

    Returns
    -------
    ``discharge_power`` and ``charge_power`` [W], one each a state of charge, in their order. Conditions ``direction``, ``soc``,
    ``soc_basis``, ``time_s``, ``limit_volt``, ``open_circuit_voltage_volt``, ``resistance_ohm``, ``levels_soc`` (the two measured ones
    between), ``current_ampere`` at that power, ``tested_current_ampere``, ``rest_before_s``, ``temperature_celsius``. Absent, with the
    reason, without pulses, states of charge or the limit, outside the measured levels, where they have no resistance at that time, or
    where the battery stands beyond its limit already.

    Raises
    ------
    UsageError
        For another time.

    Notes
    -----
    P = V_min·(OCV − V_min)/R and P = V_max·(V_max − OCV)/R (FreedomCAR Battery Test Manual, DOE/ID-11069, 2003), with OCV and R on a
    straight line between two measured levels, never beyond the last. R is taken to hold up to ``current_ampere``, and no limit of the
    current is known: compare it with ``tested_current_ampere``. The uncertainty has the readings' errors, that of the counted state of
    charge, by the slope of the power over it (`Budget.charge`), and the straight line's: what a parabola through the next level makes
    of the power, taken as the limit of a rectangular error.
    """
    if time_s not in TIMES_S:
        raise UsageError("measure.no_such_time", time_s=time_s, times_s=list(TIMES_S))
    return powers(Course(recording, battery, tester), soc, time_s)


def powers(course: Course, soc: Sequence[float] = SOC, time_s: float = TIME_S) -> dict[str, tuple[Quantity, ...]]:
    """Power both ways at states of charge [1]."""
    try:
        found = levels(course)
    except UsageError as nothing:
        return {f"{way}_power": (absent(f"{way}_power", "W", nothing.message()),) for way in WAYS}
    tested = Tested(found, list(readings_of(found.train)), time_s)
    return {f"{way}_power": tuple(_power(tested, way, s) for s in soc) for way in WAYS}


@dataclass(frozen=True)
class Between:
    """A state of charge between two levels, and the voltage limit on the way [V]."""

    way: str
    soc: float
    limit: float
    levels: tuple[int, int]
    states: tuple[float, ...]

    @property
    def weights(self) -> tuple[float, float]:
        """Share of each level on a straight line between them."""
        low, high = self.states
        share = (self.soc - low) / (high - low) if high > low else 0.0
        return 1 - share, share

    @property
    def sign(self) -> float:
        """1 for a discharge, whose limit lies below; -1 for a charge."""
        return 1.0 if self.way == "discharge" else -1.0

    def power(self, volt: float, ohm: float) -> float:
        """Return the power at the limit [W]."""
        return self.limit * self.sign * (volt - self.limit) / ohm

    def mean(self, quantities: Sequence[Quantity]) -> float:
        """Return a quantity at the state of charge [its unit]."""
        return sum(w * (q.value or 0.0) for w, q in zip(self.weights, quantities, strict=True))


@dataclass(frozen=True, eq=False)
class Tested:
    """What an HPPC measured.

    Parameters
    ----------
    levels
        Of charge.
    readings
        Of each pulse.
    time_s
        After the edge, that is asked for [s].
    """

    levels: Levels
    readings: Sequence[Sequence[Reading]]
    time_s: float

    @cached_property
    def soc(self) -> Floats:
        """State of charge of each level [1]."""
        return self.levels.table["soc"].to_numpy()[self.levels.rested]

    @property
    def course(self) -> Course:
        """The test."""
        return self.levels.train.course

    def resistance(self, way: str, level: int) -> Quantity | None:
        """Resistance at a level [ohm]; None where none was read at that time."""
        pulse = int(self.levels.chosen[level, WAYS.index(way)])
        if pulse < 0:
            return None
        found = of_pulse(self.levels.train, pulse, self.readings[pulse])
        return next((q for q in found if q.conditions["nominal_time_s"] == self.time_s and (q.value or 0.0) > 0), None)

    def open_circuit(self, level: int) -> Quantity:
        """Voltage at the end of the rest of a level [V]."""
        rest = self.course.rows[self._rest(level)]
        volt, record, budget = rest["last_voltage_volt"], rest["last_record_index"], self.course.budget
        evidence = budget.evidence((record, record))
        return budget.quantity("open_circuit_voltage", volt, "V", budget.voltage(volt, record), evidence=evidence)

    def state(self, level: int) -> Quantity:
        """State of charge of a level [1], with the uncertainty of the charge that was counted since the battery was full or empty."""
        course, rest = self.course, self._rest(level)
        first = int(np.flatnonzero((course.filled | course.emptied)[: rest + 1])[-1]) + 1
        parts, moved = course.under_current(first, rest), course.net(first, rest) or 0.0
        if not parts:
            return exact("soc", float(self.soc[level]), "1")
        lasted, record = sum(step["duration_second"] for step in parts), parts[0]["first_record_index"]
        current = course.mean_current(first, rest)
        charge = course.budget.quantity("charge", moved, "Ah", course.budget.charge(moved, current, lasted, record))
        return charge / self._capacity

    @cached_property
    def _capacity(self) -> Quantity:
        capacity, basis = cast("tuple[float, str]", self.course.reference)
        return capacities(self.course)[0] if basis == "measured" else exact("rated_capacity", capacity, "Ah")

    @property
    def source(self) -> str:
        """Name of the recording in the ids of what is its own."""
        return self.course.recording.source.sha256[:12]

    def bend(self, at: Between, ends: Sequence[float]) -> float:
        """Return by how much a parabola through the next level differs from a straight line at a state of charge [W]; 0 without one."""
        low, high = at.states
        others = [(s, p) for level, s in enumerate(self.soc.tolist()) if not low <= s <= high and (p := self._power(at, level)) is not None]
        if not others or high <= low:
            return 0.0
        third, power = min(others, key=lambda other: abs(other[0] - at.soc))
        slopes = (ends[1] - ends[0]) / (high - low), (power - ends[1]) / (third - high)
        return abs((slopes[1] - slopes[0]) / (third - low) * (at.soc - low) * (at.soc - high))

    def _power(self, at: Between, level: int) -> float | None:
        resistance = self.resistance(at.way, level)
        return resistance and at.power(self.open_circuit(level).value or 0.0, resistance.value or 0.0)

    def _rest(self, level: int) -> int:
        return int(self.levels.train.rest[self.levels.rested[level]])


def _power(tested: Tested, way: str, soc: float) -> Quantity:
    limit = limit_volt(tested.course.battery, way)
    if limit is None:
        return _none(way, soc, message("measure.limit_unknown", limit=f"measure.limit_of_{way}"))
    between = _between(tested.soc, soc)
    if isinstance(between, Message):
        return _none(way, soc, between)
    read = [r for level in between if (r := tested.resistance(way, level))]
    if len(read) < len(between):
        low, high = (100 * float(tested.soc[level]) for level in between)
        lacks = {"direction": f"measure.{way}", "time_s": tested.time_s, "low_percent": low, "high_percent": high}
        return _none(way, soc, message("measure.no_resistance_at", **lacks))
    return _at_limit(tested, Between(way, soc, limit, between, tuple(float(tested.soc[level]) for level in between)), read)


def _none(way: str, soc: float, reason: Message) -> Quantity:
    return absent(f"{way}_power", "W", reason, conditions={"soc": soc, "direction": way})


def _between(states: Floats, soc: float) -> tuple[int, int] | Message:
    """Return the two measured levels that a state of charge lies between, the lower one first."""
    order = np.argsort(states, kind="stable")
    ordered = states[order]
    place = int(np.clip(np.searchsorted(ordered, soc), 1, max(len(ordered) - 1, 1)))
    if len(ordered) < 2 or not ordered[place - 1] <= soc <= ordered[place]:
        low, high = 100 * float(ordered[0]), 100 * float(ordered[-1])
        return message("measure.soc_not_covered", soc_percent=100 * soc, low_percent=low, high_percent=high)
    return int(order[place - 1]), int(order[place])


def _at_limit(tested: Tested, at: Between, resistances: Sequence[Quantity]) -> Quantity:
    voltages = [tested.open_circuit(level) for level in at.levels]
    volt, ohm = at.mean(voltages), at.mean(resistances)
    power = at.power(volt, ohm)
    if power <= 0:
        return _none(at.way, at.soc, message("measure.beyond_limit", soc_percent=100 * at.soc, volt=volt, limit_volt=at.limit))
    ends = [at.power(v.value or 0.0, r.value or 0.0) for v, r in zip(voltages, resistances, strict=True)]
    low, high = at.states
    steepness = (ends[1] - ends[0]) / (high - low) if high > low else 0.0
    sensitivities = [
        *((v, w * at.sign * at.limit / ohm) for v, w in zip(voltages, at.weights, strict=True)),
        *((r, -w * power / ohm) for r, w in zip(resistances, at.weights, strict=True)),
        (tested.state(at.levels[0]), -steepness),
        (measured(f"{tested.source}:{at.way}:{at.soc:g}:interpolation", 0.0, "W", tested.bend(at, ends) / sqrt(3)), 1.0),
    ]
    conditions = _conditions(tested, at, resistances) | {
        "open_circuit_voltage_volt": volt,
        "resistance_ohm": ohm,
        "current_ampere": -power / at.limit * at.sign,
    }
    return propagate(f"{at.way}_power", "W", power, sensitivities, method=METHOD, conditions=conditions)


def _conditions(tested: Tested, at: Between, resistances: Sequence[Quantity]) -> dict[str, Any]:
    of = [q.conditions for q in resistances]
    conditions: dict[str, Any] = {
        "direction": at.way,
        "soc": at.soc,
        "soc_basis": of[0]["soc_basis"],
        "time_s": tested.time_s,
        "limit_volt": at.limit,
        "levels_soc": at.states,
        "tested_current_ampere": max((c["current_ampere"] for c in of), key=abs),
        "rest_before_s": min(float(tested.levels.table["rest_before_second"][int(tested.levels.rested[level])]) for level in at.levels),
    }
    if all("temperature_celsius" in c for c in of):
        conditions["temperature_celsius"] = sum(w * c["temperature_celsius"] for w, c in zip(at.weights, of, strict=True))
    return conditions
