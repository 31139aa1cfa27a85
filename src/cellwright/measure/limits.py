"""What an error of the voltage at its two limits makes of a full discharge: it began in another state of charge, or ended in one."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cellwright.core.columns import CURRENT, TIME, VOLTAGE
from cellwright.measure.course import Course, FullDischarge

END_SHARES = (5e-3, 0.01, 0.02, 0.05, 0.1)
END_SAMPLES = 5
"""The slope at the end of a constant current is that of its last 0.5 %, of at least five samples; where the voltage falls ever faster the
mean slope errs towards too much uncertainty. Of more, where the noise hides it."""

TOLD = 5.0
"""A slope is told where it is so many times its standard error."""

TAIL_SHARE = 0.05
"""The current's fall at the end of a held voltage is that over the last 5 % of the charge that was put in there."""

HELD_VOLT = 2e-3
HELD = ("CV", "CCCV")

Floats = NDArray[np.float64]


def limit_errors(course: Course, discharge: FullDischarge, *, energy: bool = False) -> dict[str, float]:
    """Components of the charge [Ah], or of the energy [Wh], that a full discharge took out between its two voltage limits.

    A voltage that is read too high ends the charge below the upper limit, so that less is in the battery, and lets the discharge run on
    below the lower one: ∂Q/∂o = |dQ/dV| at the lower limit less dQ/dV at the upper one; ∂Q/∂g likewise, each times its voltage. Energy:
    each times the voltage at which that charge is taken out. A limit whose slope is not known is left out: that of a step sheet, one whose
    slope the noise hides, and the lower one where the discharge ended at a held voltage.

    Notes
    -----
    Slope after a constant current: that of its last samples. After a held voltage: dOCV/dQ = −R·dI/dQ, for there OCV + I·R does not change.
    R is the larger of two that each lack a part of the slow polarisation: by what the voltage fell in the rest after the charge, less
    its rounding, over the current at which that ended; and by half of the loop where the hold began, (V_charge − V_discharge)/(I_charge −
    I_discharge).
    """
    if course.recording.sampling == "step":
        return {}
    began, ended = course.rows[discharge.first], course.rows[discharge.last]
    low, full = ended["last_voltage_volt"], course.rows[discharge.charge]["last_voltage_volt"]
    lower, upper = limit_slopes(course, discharge)
    found = _at_limit(course, lower, low, low if energy else 1.0)
    return {
        name: found.get(name, 0.0) - part
        for name, part in _at_limit(course, upper, full, began["first_voltage_volt"] if energy else 1.0).items()
    } or found


def limit_slopes(course: Course, discharge: FullDischarge) -> tuple[float, float]:
    """Return the voltage's slope over the charge at the lower and at the upper limit [V/Ah]; 0 where it is not known."""
    held = course.rows[discharge.last]["mode"] in HELD
    return 0.0 if held else _end_slope(_samples(course, discharge.last)), _upper_slope(course, discharge)


def _at_limit(course: Course, slope: float, volt: float, per_ah: float) -> dict[str, float]:
    return course.budget.cut_off(1 / slope, volt, per_ah=per_ah) if slope > 0 else {}


def _samples(course: Course, row: int) -> pl.DataFrame:
    return course.samples[course.span(row, row)]


def _columns(samples: pl.DataFrame) -> tuple[Floats, Floats, Floats]:
    """Charge that has moved since the first sample, either way [Ah], current [A] and voltage [V]."""
    time, current, volt = (samples[name].to_numpy().astype(np.float64) for name in (TIME, CURRENT, VOLTAGE))
    size = np.abs(current)
    return np.concatenate([[0.0], np.cumsum(np.diff(time) * (size[1:] + size[:-1]) / 2 / 3600)]), current, volt


def _end_slope(samples: pl.DataFrame) -> float:
    """Size of the voltage's slope over the charge [V/Ah] at the end of a constant current; 0 where the noise hides it."""
    moved, _, volt = _columns(samples)
    time = samples[TIME].to_numpy()
    for share in END_SHARES:
        last = time >= time[-1] - share * (time[-1] - time[0])
        last[-END_SAMPLES:] = True
        slope = _slope(moved[last], volt[last])
        if abs(slope) >= TOLD * _standard_error(moved[last], volt[last], slope):
            return abs(slope)
    return 0.0


def _upper_slope(course: Course, discharge: FullDischarge) -> float:
    """Slope of the open-circuit voltage over the charge [V/Ah] where the charge ended; 0 where nothing tells it."""
    step = course.rows[discharge.charge]
    samples = _samples(course, discharge.charge)
    if step["mode"] not in HELD:
        return _end_slope(samples)
    moved, current, volt = _columns(samples)
    begun = int(np.argmax(volt >= volt[-1] - HELD_VOLT))
    left = moved[-1] - moved[begun]
    tail = moved >= moved[-1] - TAIL_SHARE * left
    tail[-END_SAMPLES:] = True
    resistance = max(_rested(course, discharge, step), _half_loop(course, discharge, step, left, float(current[begun])))
    return max(-_slope(moved[tail], current[tail]), 0.0) * resistance


def _rested(course: Course, discharge: FullDischarge, charge: dict[str, Any]) -> float:
    """Fall of the voltage in the rest after a charge, over the current at its end [ohm]; 0 without a rest, or where it fell too little."""
    rest = course.rest_before(discharge.first)
    if rest is None or charge["last_current_ampere"] <= 0:
        return 0.0
    fell = charge["last_voltage_volt"] - course.rows[rest[0]]["last_voltage_volt"] - 2 * course.budget.rounding_volt
    return max(fell, 0.0) / charge["last_current_ampere"]


def _half_loop(course: Course, discharge: FullDischarge, charge: dict[str, Any], left_ah: float, ampere: float) -> float:
    """Half of the loop over the current [ohm], in the state from which so much was still charged; 0 where it is not passed again."""
    out, current, volt = _columns(course.samples[course.span(discharge.first, discharge.last)])
    if left_ah >= out[-1]:
        return 0.0
    down = float(np.interp(left_ah, out, volt))
    flows = ampere - float(np.interp(left_ah, out, current))
    return max(charge["last_voltage_volt"] - down, 0.0) / flows if flows > 0 else 0.0


def _standard_error(x: Floats, y: Floats, slope: float) -> float:
    """Standard error of a line's slope by its residuals; 0 where there are too few."""
    deviation, free = x - x.mean(), len(x) - 2
    spread = float(deviation @ deviation)
    residual = y - y.mean() - slope * deviation
    return sqrt(float(residual @ residual) / free / spread) if free > 0 and spread else 0.0


def _slope(x: Floats, y: Floats) -> float:
    """Slope of a line by least squares; 0 where the abscissa stands still."""
    deviation = x - x.mean()
    spread = float(deviation @ deviation)
    return float(deviation @ y) / spread if spread else 0.0
