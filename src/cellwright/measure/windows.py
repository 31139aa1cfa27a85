"""Capacity between two voltages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from cellwright.core.battery import Battery
from cellwright.core.columns import CURRENT, TIME, VOLTAGE
from cellwright.core.errors import UsageError
from cellwright.core.messages import Message, message
from cellwright.core.quantity import Method, Quantity, absent
from cellwright.core.recording import Recording
from cellwright.core.tester import Tester
from cellwright.measure.course import Course
from cellwright.measure.discharge import no_full_discharge
from cellwright.measure.naming import named_span
from cellwright.measure.runs import Floats

NAME, UNIT = "capacity_between", "Ah"
METHOD = Method("window/trapezoid", "1")
SLOPE_SHARE = 0.02
"""The slope of the voltage at a limit is that of the samples within 2 % of the charge on either side of it."""


@dataclass(frozen=True)
class _Crossing:
    """Where the voltage passed a limit.

    Parameters
    ----------
    charge, time
        Charge put in until then [Ah], and when it was [s].
    apart
        How far its first and its last passing lie apart [Ah].
    slope
        Of the voltage there [V/Ah].
    row
        The row before it.
    """

    charge: float
    time: float
    apart: float
    slope: float
    row: int


def capacity_between(
    recording: Recording,
    upper: float,
    lower: float,
    *,
    battery: Battery | None = None,
    tester: Tester | None = None,
    step: int | None = None,
    cycle: int | None = None,
) -> Quantity:
    """Charge that a discharge, or a charge, moved while the voltage went from one limit to another.

    Parameters
    ----------
    recording
        A series with ``test_time_second`` [s], ``current_ampere`` [A] and ``voltage_volt`` [V].
    upper, lower
        The limits [V].
    battery, tester
        Its voltage limits tell which discharge is the reference one; its errors give the uncertainty.
    step, cycle
        ``step_count`` of the discharge or charge that is asked for, or ``cycle_count`` (of `cycles`) of its discharge; without them the
        reference discharge.

    Returns
    -------
    ``capacity_between`` [Ah], positive either way; absent, with the reason, where there is no such discharge, where its voltage does not
    pass both limits, or where only the ends of steps are known. Conditions: ``voltage_window_volt``, ``direction``, ``c_rate``,
    ``step_count``, ``duration_s``.

    Raises
    ------
    UsageError
        Where ``upper`` is not above ``lower``, or the recording has no steps, or no such step or cycle.

    Notes
    -----
    The charge by the trapezoidal rule, between the passings of the limits, each interpolated between two samples; a voltage that passes
    a limit more than once, by its noise, passed it in the middle between the first time and the last, which lie 2a apart: u = a/√3.
    Uncertainty as for a charge (`Budget.charge`), and at each limit ∂Q/∂V, the slope there: an offset of the voltage moves both.
    """
    if not upper > lower:
        raise UsageError("measure.window_upside_down", upper=upper, lower=lower)
    course = Course(recording, battery, tester)
    if recording.sampling == "step":
        return absent(NAME, UNIT, message("measure.window_not_sampled"))
    span = named_span(course, step, cycle)
    if span is None and (step is not None or cycle is not None):
        return absent(NAME, UNIT, message("measure.no_discharge_in_cycle", cycle=cycle))
    if span is None and course.ranked:
        span = course.ranked[0].first, course.ranked[0].last
    return _between(course, *span, upper, lower) if span else absent(NAME, UNIT, no_full_discharge(course))


def _between(course: Course, first: int, last: int, upper: float, lower: float) -> Quantity:
    samples = course.samples[course.span(first, last)]
    time, current, volt = (samples[name].to_numpy().astype(np.float64) for name in (TIME, CURRENT, VOLTAGE))
    charge = np.concatenate([[0.0], np.cumsum(np.diff(time) * (current[1:] + current[:-1]) / 2 / 3600)])
    sign = 1.0 if charge[-1] > 0 else -1.0
    top, bottom = (_crossing(time, charge, volt, limit, sign) for limit in (upper, lower))
    if top is None or bottom is None:
        return absent(NAME, UNIT, _not_crossed(course.rows[first]["step_count"], volt, upper, lower))
    net = sign * abs(top.charge - bottom.charge)
    rows = sorted((top.row, bottom.row))
    lasted = abs(top.time - bottom.time)
    record = samples["record_index"].to_numpy()
    components = course.budget.charge(net, net * 3600 / lasted if lasted else 0.0, lasted, int(record[rows[0]]))
    components = _with_limits(course, components, ((top, upper, sign), (bottom, lower, -sign)))
    conditions: dict[str, Any] = {
        "voltage_window_volt": (lower, upper),
        "direction": "charge" if sign > 0 else "discharge",
        **course.c_rate(net * 3600 / lasted if lasted else 0.0),
        "step_count": course.rows[first]["step_count"],
        "duration_s": lasted,
    }
    evidence = course.budget.evidence((int(record[rows[0]]), int(record[rows[1]])))
    moved = {name: sign * part for name, part in components.items()}
    return course.budget.quantity(NAME, abs(net), UNIT, moved, method=METHOD, conditions=conditions, evidence=evidence)


def _crossing(time: Floats, charge: Floats, volt: Floats, limit: float, sign: float) -> _Crossing | None:
    """Find where the voltage passes a limit, upwards in a charge and downwards in a discharge."""
    beyond = sign * (volt - limit) >= 0
    rows = np.flatnonzero(beyond[1:] != beyond[:-1])
    if beyond[0] or (not beyond[-1] and not len(rows)):
        return None
    share = (limit - volt[rows]) / (volt[rows + 1] - volt[rows])
    passed = charge[rows] + share * (charge[rows + 1] - charge[rows])
    middle = float(passed[0] + passed[-1]) / 2
    when = float(time[rows[0]] + share[0] * (time[rows[0] + 1] - time[rows[0]]))
    return _Crossing(middle, when, float(abs(passed[-1] - passed[0])), _slope(charge, volt, middle), int(rows[0]))


def _slope(charge: Floats, volt: Floats, at: float) -> float:
    """Slope of the voltage over the charge [V/Ah] around a charge, by least squares."""
    near = np.abs(charge - at) <= SLOPE_SHARE * abs(charge[-1])
    if np.count_nonzero(near) < 3:
        near[np.argsort(np.abs(charge - at))[:3]] = True
    deviation = charge[near] - charge[near].mean()
    spread = float(deviation @ deviation)
    return float(deviation @ volt[near]) / spread if spread else 0.0


def _with_limits(course: Course, charge: Mapping[str, float], limits: Sequence[tuple[_Crossing, float, float]]) -> dict[str, float]:
    """Add to the components of the charge put in between the limits [Ah] what an error of the voltage makes of each."""
    components = dict(charge)
    for crossing, limit, way in limits:
        if crossing.slope:
            for name, part in course.budget.cut_off(-1 / crossing.slope, limit).items():
                components[name] = components.get(name, 0.0) + way * part
        if components and crossing.apart:
            components[f"{course.recording.source.sha256[:12]}:{crossing.row}:passing"] = crossing.apart / 2 / sqrt(3)
    return components


def _not_crossed(step: int, volt: Floats, upper: float, lower: float) -> Message:
    ends = {"step": step, "highest_volt": float(volt.max()), "lowest_volt": float(volt.min())}
    return message("measure.window_not_passed", **ends, upper_volt=upper, lower_volt=lower)
