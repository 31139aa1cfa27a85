"""Self-discharge: how fast a battery at rest loses charge, by how fast its voltage falls once the relaxation is over."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, hypot, inf
from typing import Any

from cellwright.core.battery import Battery
from cellwright.core.errors import UsageError
from cellwright.core.messages import Message, message
from cellwright.core.quantity import Quantity, absent, propagate
from cellwright.core.recording import Recording
from cellwright.core.tester import Tester
from cellwright.measure.course import Course
from cellwright.measure.ocv.curve import OpenCircuit, curve_of
from cellwright.measure.ocv.resting import not_sampled, restings
from cellwright.measure.ocv.settled import LINE, SHORTEST_S, settled_slope
from cellwright.measure.rest import rests

MONTH_H = 720.0
DETECTABLE = 0.03
"""Share of the charge a month: healthy cells lose up to about this, so a rest that cannot show it shows nothing (assumed)."""

GAS_CONSTANT = 8.314462618  # J/(mol K), CODATA 2018
ZERO_CELSIUS_KELVIN = 273.15
UNITS = {"rest_voltage_slope": "V/h", "self_discharge_current": "A", "self_discharge_rate": "%/month"}


@dataclass(frozen=True)
class Arrhenius:
    """By which a rate is taken to another temperature.

    Parameters
    ----------
    activation_energy_joule_per_mole
        Ea [J/mol].
    reference_celsius
        To which temperature [°C].
    """

    activation_energy_joule_per_mole: float
    reference_celsius: float = 25.0

    def factor(self, celsius: float) -> float:
        """Return what a rate at a temperature [°C] is multiplied with: exp(Ea/R·(1/T − 1/T_ref))."""
        kelvin, reference = celsius + ZERO_CELSIUS_KELVIN, self.reference_celsius + ZERO_CELSIUS_KELVIN
        return exp(self.activation_energy_joule_per_mole / GAS_CONSTANT * (1 / kelvin - 1 / reference))


def self_discharge(
    recording: Recording,
    battery: Battery | None = None,
    tester: Tester | None = None,
    *,
    curve: OpenCircuit | None = None,
    arrhenius: Arrhenius | None = None,
) -> dict[str, tuple[Quantity, ...]]:
    """Measure the self-discharge in every rest of at least a day, after its relaxation has died.

    Parameters
    ----------
    recording
        A series with a long rest after a current, best after a charge, at a steep part of the curve.
    battery, tester
        What is known of the battery and of the instrument; without the tester there is no uncertainty.
    curve
        The battery's open-circuit curve, whose slope turns volts into charge; without one that of the recording itself.
    arrhenius
        Takes current and rate to another temperature; without it they are as measured.

    Returns
    -------
    In the order of the recording: ``rest_voltage_slope`` [V/h], negative where the voltage falls; ``self_discharge_current`` [A];
    ``self_discharge_rate`` [% of the capacity a month of 30 days]. Conditions ``trusted_after_s`` (since the current ended), ``window_s``
    of the line, ``excluded`` (what balances or draws is neither known nor subtracted: the figures are the battery's own only if nothing
    did),
    ``temperature_drift_kelvin`` (``assumed_drift_kelvin`` where none was recorded), ``ocv_slope_volt``, and those of `rest_voltages`.
    Absent, with the reason: where no rest is long enough, where the relaxation goes on, where no curve tells the slope, and where 3 % a
    month would not show against the resolution: on the plateau of LFP, or in too short a rest.

    Raises
    ------
    UsageError
        Where the activation energy is not positive.

    Notes
    -----
    V(t) = V∞ + s·t + Σ aᵢ·exp(−t/τᵢ) is fitted to the rest; once what is left of the decays is less than half a step of the voltage,
    s is that of a line by least squares. I = −s·Q/(dV/dSOC), rate = −s/(dV/dSOC)·720 h. A drift of the temperature moves the voltage by up
    to 0.5 mV/K a cell (assumed), which is in the uncertainty, not corrected.
    """
    if arrhenius and arrhenius.activation_energy_joule_per_mole <= 0:
        raise UsageError("measure.activation_energy", found=arrhenius.activation_energy_joule_per_mole)
    return leaks(Course(recording, battery, tester), curve, arrhenius)


def long_rest_losses(course: Course) -> dict[str, tuple[Quantity, ...]]:
    """Return what `self_discharge` finds; nothing where no rest was sampled for long enough."""
    sampled = not_sampled(course) is None and any(r.duration_s >= SHORTEST_S for r in rests(course))
    return leaks(course) if sampled else {}


def leaks(course: Course, curve: OpenCircuit | None = None, arrhenius: Arrhenius | None = None) -> dict[str, tuple[Quantity, ...]]:
    """Measure the self-discharge in every long rest; one absent of each where there is none."""
    if reason := not_sampled(course):
        return _none(reason)
    found = [settled_slope(resting) for resting in restings(course, SHORTEST_S, unknown_before=True)]
    if not found:
        return _none(message("measure.no_rest", shortest_s=SHORTEST_S))
    known = curve or (_own_curve(course) if any(q.value is not None for q in found) else None)
    quantities: dict[str, list[Quantity]] = {name: [] for name in UNITS}
    for slope in found:
        for quantity in (slope, *_losses(course, slope, known, arrhenius)):
            quantities[quantity.name].append(quantity)
    return {name: tuple(values) for name, values in quantities.items()}


def _own_curve(course: Course) -> OpenCircuit:
    """Return the recording's curve: of its sweeps where it has any, so that only without them its rests are fitted."""
    swept = curve_of(course, rested=False)
    return swept if swept.reason is None else curve_of(course)


def _none(reason: Message) -> dict[str, tuple[Quantity, ...]]:
    return {name: (absent(name, unit, reason),) for name, unit in UNITS.items()}


def _losses(course: Course, slope: Quantity, curve: OpenCircuit | None, arrhenius: Arrhenius | None) -> list[Quantity]:
    """Turn a slope of the voltage into a current and a rate, or say why it cannot be."""
    names = ("self_discharge_current", "self_discharge_rate")
    conditions, told = slope.conditions, _gradient(slope, curve)
    reason = slope.reason or _why_not(slope, told) or _why_not_warm(slope, arrhenius)
    if reason or told is None or curve is None or slope.value is None:
        reason = reason or message("measure.no_ocv_slope")
        return [absent(name, UNITS[name], reason, conditions=conditions) for name in names]
    gradient = course.budget.quantity("ocv_slope", told[0], "V", {f"{curve.evidence[0].sha256[:12]}:ocv:slope": told[1]})
    factor = arrhenius.factor(conditions["temperature_celsius"]) if arrhenius else 1.0
    common: dict[str, Any] = {"method": LINE, "conditions": _known(conditions, told, arrhenius), "evidence": slope.evidence}
    per_hour = -slope.value / told[0] * factor
    changes = [(slope, -factor / told[0]), (gradient, -per_hour / told[0])]
    month = 100 * MONTH_H
    rate = propagate(names[1], UNITS[names[1]], month * per_hour, [(q, month * c) for q, c in changes], **common)
    if curve.capacity is None or not curve.capacity.value:
        return [absent(names[0], "A", message("measure.no_ocv_slope"), conditions=conditions), rate]
    held = curve.capacity.value
    current = propagate(names[0], "A", per_hour * held, [(q, held * c) for q, c in changes] + [(curve.capacity, per_hour)], **common)
    return [current, rate]


def _gradient(slope: Quantity, curve: OpenCircuit | None) -> tuple[float, float] | None:
    """Return dV/dSOC of the curve at the end of the rest, and its standard uncertainty [V]."""
    if slope.value is None or curve is None:
        return None
    return curve.slope(slope.conditions["end_voltage_volt"], slope.conditions.get("direction", "discharge"))


def _known(conditions: Any, told: tuple[float, float], arrhenius: Arrhenius | None) -> dict[str, Any]:
    known = {**conditions, "ocv_slope_volt": told[0]}
    if arrhenius:
        known["reference_celsius"] = arrhenius.reference_celsius
        known["activation_energy_joule_per_mole"] = arrhenius.activation_energy_joule_per_mole
    return known


def _why_not(slope: Quantity, told: tuple[float, float] | None) -> Message | None:
    """Say why the curve turns no voltage into charge: it does not tell, or is so flat that 3 % a month would not show."""
    if told is None:
        return message("measure.no_ocv_slope")
    gradient, unsure = told
    seen = {k: v for k, v in slope.components.items() if k.endswith((":resolution", ":scatter"))}
    least = 2 * hypot(*seen.values()) * MONTH_H / gradient if gradient > 0 else inf
    hidden = least > DETECTABLE and abs(slope.value or 0.0) * MONTH_H < least * gradient
    if gradient <= 2 * unsure or gradient <= 0 or hidden:
        hours = slope.conditions["window_s"] / 3600
        return message("measure.ocv_too_flat", mv_per_percent=10 * gradient, hours=hours, least_percent=100 * DETECTABLE)
    return None


def _why_not_warm(slope: Quantity, arrhenius: Arrhenius | None) -> Message | None:
    if arrhenius and "temperature_celsius" not in slope.conditions:
        return message("measure.temperature_not_recorded")
    return None
