"""Incremental capacity and differential voltage: what a sweep's voltage says of where its charge lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cellwright.core.battery import Battery
from cellwright.core.columns import VOLTAGE
from cellwright.core.frozen import FrozenDict, freeze_fields
from cellwright.core.messages import Message, message
from cellwright.core.quantity import Method, Quantity
from cellwright.core.recording import Recording
from cellwright.core.tester import Tester
from cellwright.measure.budget import printed_step
from cellwright.measure.course import Course
from cellwright.measure.incremental.gridding import BINS, Readings, binned
from cellwright.measure.incremental.noise import Noise, noise
from cellwright.measure.incremental.smoothing import Smoothed, smoothed
from cellwright.measure.sweeping import SLOW, Direction, Sweep, sweeps

METHOD = Method("sweep-derivative/local-cubic", "1", "Fan and Gijbels (1996); Katkovnik, IEEE Trans. Signal Process. 47 (1999) 2567")
RESOLVED = 2.0
"""A slope is told from none where it is more than so many standard uncertainties from it."""

WHOLE = 0.8
"""Share of the largest charge from which a sweep is a whole one."""

WORTH_SAYING = 0.02
"""Share of the charge from which an unresolved or falling stretch is noted."""

Floats = NDArray[Any]
CurveName = Literal["incremental_capacity", "differential_voltage"]


@dataclass(frozen=True, eq=False)
class SweepCurve:
    """Incremental capacity over voltage, or differential voltage over capacity, of one charge or discharge.

    Parameters
    ----------
    name
        Which of the two `peaks` and figures speak of; `table` has both.
    charge
        ``sweep_charge`` [Ah], with its uncertainty.
    volt
        What the gain of the voltage gives to 1 V, and its offset to any voltage [V]; empty where the tester is not known.
    capacity_ah, voltage_volt
        Charge moved since the sweep began [Ah], and smoothed voltage there [V], shape ``(n,)``.
    readings
        What was read, which `peaks` goes back to.
    slope, slope_uncertainty
        dV/dQ [V/Ah], positive as it should be in either direction, and its standard uncertainty.
    half_width_ah
        How far the smoothing looked to either side [Ah].
    conditions
        ``direction``, ``c_rate``, ``c_rate_basis``, ``temperature_celsius``, ``step_count``, ``cycle_count``, ``voltage_window_volt``,
        ``scatter_volt``, ``voltage_step_volt``.
    notes
        What limits it: too fast a rate, a plateau that the noise hides, a voltage that runs backwards.
    """

    name: CurveName
    charge: Quantity
    volt: Mapping[str, float]
    capacity_ah: Floats
    voltage_volt: Floats
    readings: Readings
    slope: Floats
    slope_uncertainty: Floats
    half_width_ah: Floats
    conditions: FrozenDict = field(default_factory=FrozenDict)
    notes: tuple[Message, ...] = ()

    def __post_init__(self) -> None:
        freeze_fields(self, "volt", "conditions", "notes")

    @property
    def bin_ah(self) -> float:
        """Charge from one point to the next [Ah]."""
        return float(self.capacity_ah[1] - self.capacity_ah[0])

    @property
    def id(self) -> str:
        """Name of what only this sweep's scatter gives an uncertainty to."""
        evidence = self.charge.evidence[0]
        return f"{evidence.sha256[:12]}:{evidence.rows[0][0]}"

    def charges(self, charge_ah: float) -> dict[str, float]:
        """Return what the tester's errors give to a part of the sweep's charge, or to what is proportional to it."""
        return {name: part * charge_ah / (self.charge.value or 1.0) for name, part in self.charge.components.items()}

    def volts(self, volt: float, absolute: float) -> dict[str, float]:
        """Return what the tester's errors give to a voltage [V]: its gain of all of it, its offset where it is ``absolute``, 1 or 0."""
        return {name: part * (absolute if name.endswith(":offset") else volt) for name, part in self.volt.items()}

    @property
    def resolved(self) -> NDArray[np.bool_]:
        """Whether the slope is told from none at each point, so that dQ/dV has a value there."""
        return self.slope > RESOLVED * self.slope_uncertainty

    @cached_property
    def table(self) -> pl.DataFrame:
        """One row a point.

        ``capacity_ah`` [Ah], ``voltage_volt`` [V], ``incremental_capacity_ah_per_volt`` and
        ``incremental_capacity_uncertainty_ah_per_volt`` [Ah/V], null where the slope is not told from none,
        ``differential_voltage_volt_per_ah`` and ``differential_voltage_uncertainty_volt_per_ah`` [V/Ah], ``half_width_ah`` [Ah].
        """
        slope = np.where(self.resolved, self.slope, np.nan)
        columns = {
            "capacity_ah": self.capacity_ah,
            "voltage_volt": self.voltage_volt,
            "incremental_capacity_ah_per_volt": 1 / slope,
            "incremental_capacity_uncertainty_ah_per_volt": self.slope_uncertainty / slope**2,
            "differential_voltage_volt_per_ah": self.slope,
            "differential_voltage_uncertainty_volt_per_ah": self.slope_uncertainty,
            "half_width_ah": self.half_width_ah,
        }
        return pl.DataFrame([pl.Series(name, values, nan_to_null=True) for name, values in columns.items()])


def incremental_capacity(
    recording: Recording,
    battery: Battery | None = None,
    tester: Tester | None = None,
    *,
    direction: Direction | None = None,
    step: int | None = None,
) -> SweepCurve:
    """Incremental capacity dQ/dV [Ah/V] over voltage [V] of one charge or discharge.

    Parameters
    ----------
    recording
        A series with ``test_time_second`` [s], ``current_ampere`` [A], ``voltage_volt`` [V].
    battery
        Its rated capacity tells the C-rate; else the largest charge that a sweep of the recording moved.
    tester
        Its errors give the uncertainty of voltages and charges.
    direction
        ``charge`` or ``discharge``.
    step
        ``step_count`` of the step to use. Without it: of the sweeps that moved at least 80 % of the largest charge, the slowest.

    Returns
    -------
    The curve; positive for a charge and for a discharge. `peaks` reads it.

    Raises
    ------
    UsageError
        Where there is no sweep: a step sheet, nothing at a constant current, too few samples; the reason says which.

    Notes
    -----
    V(Q) is smoothed by local regression whose width at each point follows from the noise and the step of the voltage readings
    (`smoothing.smoothed`, `noise.noise`); dQ/dV = 1 / (dV/dQ), which is the same thing without noise in the denominator. What was
    held at constant voltage is left out. Dubarry, Truchot, Liaw, J. Power Sources 219 (2012) 204, doi:10.1016/j.jpowsour.2012.07.016.
    """
    return _slowest(Course(recording, battery, tester), direction, step, "incremental_capacity")


def differential_voltage(
    recording: Recording,
    battery: Battery | None = None,
    tester: Tester | None = None,
    *,
    direction: Direction | None = None,
    step: int | None = None,
) -> SweepCurve:
    """Differential voltage dV/dQ [V/Ah] over charge moved [Ah] of one charge or discharge; all else as `incremental_capacity`."""
    return _slowest(Course(recording, battery, tester), direction, step, "differential_voltage")


def incremental_capacities(
    recording: Recording, battery: Battery | None = None, tester: Tester | None = None, *, direction: Direction | None = None
) -> tuple[SweepCurve, ...]:
    """Incremental capacity of every sweep of a recording, in order; parameters and reasons as in `incremental_capacity`."""
    course = Course(recording, battery, tester)
    return _curves(course, sweeps(course, direction), "incremental_capacity")


def _slowest(course: Course, direction: Direction | None, step: int | None, name: CurveName) -> SweepCurve:
    found = sweeps(course, direction, step)
    most = max(sweep.moved_ah for sweep in found)
    whole = [sweep for sweep in found if sweep.moved_ah >= WHOLE * most]
    slowest = min(whole, key=lambda s: (round(abs(_ampere(course, s)) / most, 3), -s.moved_ah))
    return _curves(course, (slowest,), name, most)[0]


def _ampere(course: Course, sweep: Sweep) -> float:
    return course.mean_current(sweep.first, sweep.last)


def _curves(course: Course, found: tuple[Sweep, ...], name: CurveName, most: float | None = None) -> tuple[SweepCurve, ...]:
    digit = printed_step(course.samples[VOLTAGE].to_numpy())
    noises = [noise(sweep, digit) for sweep in found]
    data = binned(found, noises)
    smooth = smoothed(data)
    largest = most or max(sweep.moved_ah for sweep in found)
    conditions = [_conditions(course, sweep, noisy, largest) for sweep, noisy in zip(found, noises, strict=True)]
    return tuple(
        _curve(name, _charge(course, sweep), _voltage_errors(course), data.readings[n], smooth.of(n), conditions[n])
        for n, sweep in enumerate(found)
    )


def _curve(  # noqa: PLR0917
    name: CurveName, charge: Quantity, volt: Mapping[str, float], readings: Readings, smooth: Smoothed, conditions: FrozenDict
) -> SweepCurve:
    width = (charge.value or 0.0) / BINS
    way = 1.0 if conditions["direction"] == "charge" else -1.0
    slope, uncertainty = way * smooth.slope / width, smooth.uncertainty / width
    notes = _notes(conditions, slope, uncertainty)
    capacity = (np.arange(BINS) + 0.5) * width
    return SweepCurve(
        name, charge, volt, capacity, smooth.voltage_volt, readings, slope, uncertainty, smooth.half_width * width, conditions, notes
    )


def _voltage_errors(course: Course) -> dict[str, float]:
    return {name: part for name, part in course.budget.voltage(1.0, 0).items() if name.endswith((":gain", ":offset"))}


def _charge(course: Course, sweep: Sweep) -> Quantity:
    records = course.samples["record_index"]
    first, last = int(records[sweep.rows.start]), int(records[sweep.rows.stop - 1])
    time = course.samples["test_time_second"]
    lasted = float(time[sweep.rows.stop - 1] - time[sweep.rows.start])
    components = course.budget.charge(sweep.moved_ah, _ampere(course, sweep), lasted, first)
    evidence = course.budget.evidence((first, last))
    method = Method("sweep-charge/trapezoid")
    return course.budget.quantity("sweep_charge", sweep.moved_ah, "Ah", components, method=method, evidence=evidence)


def _conditions(course: Course, sweep: Sweep, noisy: Noise, capacity: float) -> FrozenDict:
    step = course.rows[sweep.last]
    rated = course.battery.rated_capacity_ah if course.battery else None
    found: dict[str, Any] = {
        "direction": step["kind"],
        "c_rate": abs(_ampere(course, sweep)) / (rated or capacity),
        "c_rate_basis": "rated" if rated else "measured",
        "voltage_window_volt": (float(sweep.voltage_volt.min()), float(sweep.voltage_volt.max())),
        "scatter_volt": noisy.scatter_volt,
        "voltage_step_volt": noisy.step_volt,
    }
    optional = {"step_count": "step_count", "cycle_count": "cycle_count", "temperature_celsius": "mean_temperature_celsius"}
    return FrozenDict(found | {name: step[column] for name, column in optional.items() if step.get(column) is not None})


def _notes(conditions: FrozenDict, slope: Floats, uncertainty: Floats) -> tuple[Message, ...]:
    found: list[Message] = []
    if conditions["c_rate"] > SLOW:
        found.append(message("measure.sweep_too_fast", c_rate=conditions["c_rate"], slow=SLOW))
    backwards = float(np.mean(slope < -RESOLVED * uncertainty))
    unclear = float(np.mean(slope <= RESOLVED * uncertainty)) - backwards
    if backwards > WORTH_SAYING:
        found.append(message("measure.sweep_backwards", percent=round(100 * backwards, 1)))
    if unclear > WORTH_SAYING:
        found.append(message("measure.sweep_unresolved", percent=round(100 * unclear, 1)))
    return tuple(found)
