"""How fast the voltage of a rest falls once its relaxation is over."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot, inf, sqrt

import numpy as np
import polars as pl

from cellwright.core.columns import TIME
from cellwright.core.messages import Message, message
from cellwright.core.quantity import Method, Quantity, absent
from cellwright.measure.ocv.decay import fit_decay
from cellwright.measure.ocv.resting import Resting
from cellwright.measure.probes import temperature
from cellwright.measure.rest import FEWEST_READINGS, STILL, Line, straight_line

SHORTEST_S = 24 * 3600.0
"""A shorter rest [s] is spent by its relaxation, whose tail fades with the logarithm of time."""

SLOWEST_SHARE = 0.25
"""A decay slower than a quarter of the rest cannot be told from a straight line in it."""

LAST_SHARE = 1 / 3
"""The line is trusted where the relaxation was over for at least the last third."""

ENTROPIC_V_PER_K = 5e-4
"""Half-width of what a kelvin does to the voltage of a cell [V/K] (assumed): larger than the entropic coefficient of usual cells."""

DRIFT_KELVIN = 1.0
"""How far the temperature may have drifted where nobody recorded it [K] (assumed)."""

LINE = Method("self-discharge/line-after-relaxation", "1")
EXCLUDED = ("balancing", "bms_draw")


@dataclass(frozen=True)
class _Window:
    """The end of a rest, after its relaxation: which readings, from when [s], its line and what of the decays is left in it [V]."""

    first: int
    since_s: float
    line: Line
    left_volt: float


def settled_slope(resting: Resting) -> Quantity:
    """Slope of the voltage at the end of a rest, or why it is none."""
    name, unit = "rest_voltage_slope", "V/h"
    window = _window(resting)
    if isinstance(window, Message):
        return absent(name, unit, window, conditions=resting.conditions)
    course, budget = resting.course, resting.course.budget
    hours = float(np.ptp(resting.seconds[window.first :])) / 3600
    records = (int(resting.rows[window.first]), resting.records[1])
    components, scatter = budget.slope(window.line.slope, records, hours, window.line.error)
    drift, drifted = _drift(resting, window, hours)
    key = scatter.removesuffix(":scatter")
    if components:
        cells = (course.battery.series or 1) if course.battery else 1
        components |= {
            f"{key}:relaxation": window.left_volt / hours / sqrt(3),
            f"{key}:entropy": ENTROPIC_V_PER_K * cells * drift / hours / sqrt(3),
        }
    conditions = {
        "trusted_after_s": window.since_s,
        "window_s": 3600 * hours,
        "excluded": EXCLUDED,
        **drifted,
        "end_voltage_volt": float(resting.volt[-1]),
    }
    return budget.quantity(
        name,
        window.line.slope,
        unit,
        components,
        {scatter: window.line.count - 2.0},
        method=LINE,
        conditions=resting.conditions | conditions,
        evidence=budget.evidence(records),
    )


def _window(resting: Resting) -> _Window | Message:
    """Find where the relaxation is over; the reason where it is not over for long enough."""
    seconds, volt = resting.seconds, resting.volt
    duration = float(seconds[-1])
    decay = fit_decay(seconds[1:], volt[1:], line=True, longest=SLOWEST_SHARE, resolution=resting.resolution)
    if decay is None:
        return message("measure.no_relaxation", shortest_s=SHORTEST_S)
    enough = max(resting.resolution, 2 * _noise(resting)) / 2
    over = np.abs(decay.left(seconds)) <= enough
    first = len(seconds) - int(np.argmin(over[::-1])) if not over.all() else 0
    since = float(seconds[first]) if first < len(seconds) else inf
    if duration - since < LAST_SHARE * duration or len(seconds) - first < 2 * FEWEST_READINGS:
        return message("measure.relaxation_goes_on", duration_s=duration, step=resting.conditions["step_count"])
    line = straight_line(seconds[first:] / 3600, volt[first:])
    if line is None or _relaxes(resting, line):
        return message("measure.relaxation_goes_on", duration_s=duration, step=resting.conditions["step_count"])
    return _Window(first, since, line, abs(float(decay.left(since))))


def _relaxes(resting: Resting, line: Line) -> bool:
    """Whether a slope that is told from none has lost 30 % of its size from one third of the rest to the last, or rises as a recovery does.

    A relaxation has a long tail that a sum of few decays does not follow to its end, and a line would take its part.
    """
    hours, volt = resting.seconds / 3600, resting.volt
    third = float(hours[-1]) / 3
    parts = (hours >= 2 * third, (hours >= third) & (hours < 2 * third))
    last, before = (straight_line(hours[part], volt[part]) for part in parts)
    told = 2 * hypot(line.error, sqrt(2 / 12) * resting.resolution / third)
    slower = last is None or before is None or abs(last.slope) < STILL * abs(before.slope)
    recovers = resting.conditions.get("direction") == "discharge" and line.slope > 0
    return abs(line.slope) > told and (slower or recovers)


def _noise(resting: Resting) -> float:
    """Standard deviation of a reading, by the second differences of the last half [V]."""
    second = np.diff(resting.volt[len(resting.volt) // 2 :], 2)
    return float(np.median(np.abs(second))) / (0.6745 * sqrt(6)) if len(second) else 0.0


def _drift(resting: Resting, window: _Window, hours: float) -> tuple[float, dict[str, float]]:
    """How far the temperature went in the window [K], and the condition that says so."""
    course = resting.course
    samples = course.samples[course.span(resting.rest.first, resting.rest.last)]
    samples = samples.filter(pl.col("record_index") >= int(resting.rows[window.first]))
    celsius = temperature(samples)
    line = None if celsius is None or celsius.null_count() else straight_line(samples[TIME].to_numpy() / 3600, celsius.to_numpy())
    if line is None:
        return DRIFT_KELVIN, {"assumed_drift_kelvin": DRIFT_KELVIN}
    drift = line.slope * hours
    return abs(drift), {"temperature_drift_kelvin": drift}
