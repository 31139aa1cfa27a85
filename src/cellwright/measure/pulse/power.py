"""Pulse power at a state of charge, from open-circuit voltage, resistance and voltage limit."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot
from typing import Any

import numpy as np

from cellwright.core.battery import Battery
from cellwright.core.errors import UsageError
from cellwright.core.messages import Message, message
from cellwright.core.quantity import Method, Quantity, absent, measured, propagate
from cellwright.core.recording import Recording
from cellwright.core.tester import Tester
from cellwright.measure.course import Course
from cellwright.measure.pulse.hybrid import TIME_S, WAYS, level_of, limit_volt, sorted_levels
from cellwright.measure.pulse.moments import TIMES_S
from cellwright.measure.pulse.tested import Between, Tested
from cellwright.measure.pulse.trains import Train, train
from cellwright.measure.resistance import readings_of
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
    P = V_min·(OCV − V_min)/R and P = V_max·(V_max − OCV)/R (FreedomCAR Battery Test Manual, DOE/ID-11069, 2003), never beyond the last
    level. Between two levels OCV is the voltage under the constant current that led from one to the other, less its overvoltage: that
    is known at both levels, from the voltage before and after each rest, and lies on a straight line between; what of it had not come
    yet is what was left of it as long after the current's end. R is on a straight line as well, but for what the charge of the pulse
    itself moves the OCV by. Without such a trace both are on straight lines. R is taken to hold up to ``current_ampere``, and no limit
    of the current is known: compare it with ``tested_current_ampere``. The uncertainty has the readings' errors, that of the counted
    state of charge, by the slope of the power over it (`Budget.charge`), and the interpolation's: scatter of the trace, a tenth of the
    overvoltage that had not come, and bends of what was put on a straight line, by the greatest second difference among the levels
    around, as limits of rectangular errors.
    """
    if time_s not in TIMES_S:
        raise UsageError("measure.no_such_time", time_s=time_s, times_s=list(TIMES_S))
    return powers(Course(recording, battery, tester), soc, time_s)


def powers(course: Course, soc: Sequence[float] = SOC, time_s: float = TIME_S) -> dict[str, tuple[Quantity, ...]]:
    """Power both ways at states of charge [1]."""
    return _powers(train(course), soc, time_s)


def pulse_powers(course: Course) -> dict[str, tuple[Quantity, ...]]:
    """Power both ways at 80 % and 20 % state of charge; nothing where the pulses are all at one: it was no test of power."""
    pulses = train(course)
    return _powers(pulses, SOC, TIME_S) if len(pulses) and len(np.unique(level_of(pulses))) > 1 else {}


def _powers(pulses: Train, soc: Sequence[float], time_s: float) -> dict[str, tuple[Quantity, ...]]:
    try:
        found = sorted_levels(pulses)
    except UsageError as nothing:
        return {f"{way}_power": (absent(f"{way}_power", "W", nothing.message()),) for way in WAYS}
    tested = Tested(found, list(readings_of(found.train)), time_s)
    return {f"{way}_power": tuple(_power(tested, way, s) for s in soc) for way in WAYS}


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
    bow = tested.gaps.bow(at.levels, at.soc)
    rise, ohm_uncertainty = tested.rise(at)
    straight = at.mean(voltages), at.mean(resistances)
    volt, ohm = straight[0] + bow.volt, straight[1] + rise
    power = at.power(volt, ohm)
    if power <= 0:
        return _none(at.way, at.soc, message("measure.beyond_limit", soc_percent=100 * at.soc, volt=volt, limit_volt=at.limit))
    low, high = at.states
    per_volt, per_ohm = at.sign * at.limit / ohm, -power / ohm
    ohm_slope = ((resistances[1].value or 0.0) - (resistances[0].value or 0.0)) / (high - low) if high > low else 0.0
    unsure = hypot(per_volt * bow.uncertainty, per_ohm * ohm_uncertainty)
    whole = volt / straight[0], ohm / straight[1]  # what the traces add was read with the same gains
    sensitivities = [
        *((v, w * per_volt * whole[0]) for v, w in zip(voltages, at.weights, strict=True)),
        *((r, w * per_ohm * whole[1]) for r, w in zip(resistances, at.weights, strict=True)),
        (tested.state(at.levels[0]), -(per_volt * bow.slope + per_ohm * ohm_slope)),
        (measured(f"{tested.source}:{at.way}:{at.soc:g}:interpolation", 0.0, "W", unsure), 1.0),
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
    if (assumed := of[1].get("taken_as_full_volt")) is not None:  # of the higher level, which nothing full or empty came before
        conditions["taken_as_full_volt"] = assumed
    if all("temperature_celsius" in c for c in of):
        conditions["temperature_celsius"] = sum(w * c["temperature_celsius"] for w, c in zip(at.weights, of, strict=True))
    return conditions
