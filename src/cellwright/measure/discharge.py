"""Capacity and energy of the reference discharge, and the efficiencies of the cycle that it closes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from types import MappingProxyType
from typing import Any, Literal, cast

import numpy as np

from cellwright.core.battery import Battery
from cellwright.core.messages import Message, message
from cellwright.core.quantity import Method, Quantity, absent
from cellwright.core.recording import Recording
from cellwright.core.tester import Tester
from cellwright.measure.budget import printed_step
from cellwright.measure.counters import counter_columns
from cellwright.measure.course import NEGLIGIBLE, Course, FullDischarge, Limit, same_current
from cellwright.measure.limits import limit_errors
from cellwright.measure.naming import named_span
from cellwright.measure.sampling import sampling_ah

VERSION = "1"
DISAGREEMENT = 5e-3
"""Share by which the integral and the tester's own counter may differ before it is said."""

COUNTED = "counted_net_capacity_ah"
FEW = 3
SMITH = "Smith et al., J. Electrochem. Soc. 157 (2010) A196"

Kind = Literal["capacity", "energy"]
_UNITS: dict[Kind, str] = {"capacity": "Ah", "energy": "Wh"}
_EFFICIENCIES: dict[str, Kind] = {"coulombic_efficiency": "capacity", "energy_efficiency": "energy"}
_COLUMNS: dict[Kind, str] = {"capacity": "step_net_capacity_ah", "energy": "step_net_energy_wh"}


def capacity(
    recording: Recording,
    battery: Battery | None = None,
    tester: Tester | None = None,
    *,
    step: int | None = None,
    cycle: int | None = None,
) -> Quantity:
    """Capacity of the reference discharge: the charge taken out from full to empty.

    Parameters
    ----------
    recording
        A series with ``test_time_second`` [s], ``current_ampere`` [A], ``voltage_volt`` [V], or a step sheet.
    battery
        Its voltage limits say what full and empty are; without them the limits that occur in the recording do, and
        ``conditions["window_basis"]`` says so.
    tester
        Its errors give the uncertainty; without it there is none.
    step, cycle
        ``step_count`` of the discharge that is asked for, or ``cycle_count`` (of `cycles`) of its discharge; without them it is found.

    Returns
    -------
    ``capacity`` [Ah]; absent, with the reason, where no discharge began at the upper limit and ended at the lower one. Of several
    the one at the rated rate, conditioned (a full discharge came before it), begun nearest the rated temperature (in bands of 2 K) and
    latest. Conditions: ``c_rate`` and of which capacity
    (``c_rate_basis``), ``temperature_celsius`` (mean), ``start_temperature_celsius`` and its standard uncertainty
    ``start_temperature_uncertainty_kelvin``, ``voltage_window_volt``, ``window_basis``,
    ``end_voltage_volt``, ``charge_mode`` and ``charge_end_current_ampere`` of the charge before, ``rest_before_s``, ``duration_s``,
    ``unconditioned``, ``step_count``; ``counter_ah``, what the tester itself counted, where that differs by more than 0.5 %;
    ``pause_s``, how long the test stood still in it, where it did: nothing is counted through a pause. Absent as well where the discharge
    that is asked for was not one from full to empty.

    Raises
    ------
    UsageError
        Where the recording has no such step under current or no such cycle, or both are given.

    Notes
    -----
    Series: Q = ∫ I dt by the trapezoidal rule; step sheets: the tester's own step capacity. A limit is reached where the voltage
    ended within the reading's expanded uncertainty (k = 2) of it. Uncertainty: `cellwright.measure.budget.Budget.charge` (JCGM 100),
    `sampling_ah` for a current that swings between its readings, and `limit_errors` for the voltages at which the charge and the discharge
    were ended; a step sheet lacks the last two.
    """
    return _asked(Course(recording, battery, tester), "capacity", step, cycle)


def energy(
    recording: Recording,
    battery: Battery | None = None,
    tester: Tester | None = None,
    *,
    step: int | None = None,
    cycle: int | None = None,
) -> Quantity:
    """Energy of the reference discharge [Wh]: E = ∫ V·I dt; parameters, conditions, reasons and errors as in `capacity`."""
    return _asked(Course(recording, battery, tester), "energy", step, cycle)


def efficiencies(recording: Recording, battery: Battery | None = None, tester: Tester | None = None) -> dict[str, tuple[Quantity, ...]]:
    """Coulombic and energy efficiency [1] of every cycle between two full discharges, the one to use first.

    Discharge over the charge before it (Smith et al., J. Electrochem. Soc. 157 (2010) A196), where that charge began where a full
    discharge at the same current had ended; absent, with the reason, where none did: a charge from an unknown or another state says
    nothing of what is lost. Gain errors of charge and discharge are the same and cancel; an offset counts twice; both ends were cut off
    at the same voltage. Parameters and conditions as in `capacity`, with ``pause_s`` of the whole cycle, and ``counter_efficiency``
    where the tester's own counter gives a coulombic efficiency that differs by more than 0.5 % of it.
    """
    return cycle_efficiencies(Course(recording, battery, tester))


def capacities(course: Course) -> tuple[Quantity, ...]:
    """Capacity of every full discharge, the one to use first; one absent where there is none."""
    return _all(course, "capacity")


def energies(course: Course) -> tuple[Quantity, ...]:
    """Energy of every full discharge, the one to use first; one absent where there is none."""
    return _all(course, "energy")


def cycle_efficiencies(course: Course) -> dict[str, tuple[Quantity, ...]]:
    """Both efficiencies of every closed cycle, the one to use first; one absent of each where there is none."""
    found: dict[str, tuple[Quantity, ...]] = {}
    for name, kind in _EFFICIENCIES.items():
        ratios = [_efficiency(course, d, name, kind) for d in course.ranked]
        kept = tuple(q for q in ratios if q is not None)
        found[name] = kept or (absent(name, "1", _no_cycle(course)),)
    return found


def _asked(course: Course, kind: Kind, step: int | None, cycle: int | None) -> Quantity:
    """Return the one to use, or the one that is named."""
    if step is None and cycle is None:
        return _all(course, kind)[0]
    span = named_span(course, step, cycle)
    if span is None:
        return absent(kind, _UNITS[kind], message("measure.no_discharge_in_cycle", cycle=cycle))
    for discharge in course.full_discharges:
        if (discharge.first, discharge.last) == span:
            found = _taken(course, discharge, kind)
            return found or absent(kind, _UNITS[kind], message("measure.not_counted", column=_COLUMNS[kind]))
    return absent(kind, _UNITS[kind], message("measure.named_not_full", step=course.rows[span[0]]["step_count"]))


def _all(course: Course, kind: Kind) -> tuple[Quantity, ...]:
    found = [q for d in course.ranked if (q := _taken(course, d, kind)) is not None]
    if found:
        return tuple(found)
    reason = message("measure.not_counted", column=_COLUMNS[kind]) if course.ranked else no_full_discharge(course)
    return (absent(kind, _UNITS[kind], reason),)


def _taken(course: Course, discharge: FullDischarge, kind: Kind) -> Quantity | None:
    at_limits = limit_errors(course, discharge, energy=kind == "energy")
    quantity = _moved(course, discharge.first, discharge.last, kind, at_limits)
    if quantity is None:
        return None
    return replace(-quantity, name=kind, method=quantity.method, conditions=_conditions(course, discharge, kind))


def _moved(course: Course, first: int, last: int, kind: Kind, at_limits: Mapping[str, float] = MappingProxyType({})) -> Quantity | None:
    """Charge or energy put in over steps, both ends included; None where the tester did not count it.

    What an error at the limits adds to what is taken out is taken from what is put in.
    """
    value, net = course.net(first, last, _COLUMNS[kind]), course.net(first, last)
    if value is None or net is None:
        return None
    parts, budget = course.under_current(first, last), course.budget
    duration, record = sum(step["duration_second"] for step in parts), parts[0]["first_record_index"]
    if course.recording.sampling == "step":
        components = budget.counted_charge(net, duration, record, digits=_counter_digits(course))
    else:
        edges_s = parts[0]["edge_uncertainty_second"] + parts[-1]["end_edge_uncertainty_second"]
        unsure = sampling_ah(course, first, last)
        components = budget.charge(net, parts[0]["first_current_ampere"], duration, record, edges_s=edges_s, sampling_ah=unsure)
    if kind == "energy":
        components = budget.energy(value, net, components)
    components |= {name: components.get(name, 0.0) - more for name, more in at_limits.items()}
    rows = (record, parts[-1]["last_record_index"])
    method = "step-counter" if course.recording.sampling == "step" else "trapezoid"
    return budget.quantity(
        kind, value, _UNITS[kind], components, method=Method(f"full-discharge/{method}", VERSION), evidence=budget.evidence(rows)
    )


def _counter_digits(course: Course) -> float:
    """Smallest step in which the tester prints its counters [Ah]."""
    table = course.recording.table
    counters = [c for c in counter_columns(table.columns) if c.endswith("_ah")]
    return printed_step(np.concatenate([table[c].drop_nulls().to_numpy() for c in counters]), FEW)


def _conditions(course: Course, discharge: FullDischarge, kind: Kind) -> dict[str, Any]:
    parts, charge = course.under_current(discharge.first, discharge.last), course.rows[discharge.charge]
    upper, lower = cast("Limit", course.upper), cast("Limit", course.lower)
    rest = course.rest_before(discharge.first)
    conditions: dict[str, Any] = {
        **course.c_rate(course.mean_current(discharge.first, discharge.last)),
        "voltage_window_volt": (_reached(course, parts[-1], lower), _reached(course, charge, upper)),
        "window_basis": "battery" if lower.basis == upper.basis == "battery" else "recording",
        "end_voltage_volt": parts[-1]["last_voltage_volt"],
        "charge_mode": charge["mode"],
        "charge_end_current_ampere": charge["last_current_ampere"],
        "rest_before_s": rest[1] if rest else 0.0,
        "duration_s": sum(step["duration_second"] for step in parts),
        "unconditioned": discharge.previous is None,
        "step_count": parts[0]["step_count"],
    }
    if pause := sum(step["pause_second"] for step in parts):
        conditions["pause_s"] = pause
    return conditions | _warmth(course, parts) | (_counter(course, discharge) if kind == "capacity" else {})


def _warmth(course: Course, parts: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Mean temperature, and that at the start with its uncertainty; each only where it was read."""
    found: dict[str, float] = {}
    if means := [t for step in parts if (t := step.get("mean_temperature_celsius")) is not None]:
        found["temperature_celsius"] = fmean(means)
    if (start := parts[0].get("first_temperature_celsius")) is not None:
        found["start_temperature_celsius"] = start
        if course.tester:
            found["start_temperature_uncertainty_kelvin"] = course.tester.temperature_range(start).reading_uncertainty(start)
    return found


def _reached(course: Course, step: dict[str, Any], limit: Limit) -> float:
    """Return the battery's limit, or where the step ended if that was beyond it by more than the reading's uncertainty [V]."""
    ended = step["last_voltage_volt"]
    beyond = ended - limit.volt if step["kind"] == "charge" else limit.volt - ended
    return limit.volt if limit.basis == "battery" and beyond <= course.tolerance(limit.volt) else ended


def _counter(course: Course, discharge: FullDischarge) -> dict[str, float]:
    own = course.net(discharge.first, discharge.last)
    counted = course.net(discharge.first, discharge.last, COUNTED)
    if own is None or not counted or abs(own - counted) <= DISAGREEMENT * abs(counted):
        return {}
    return {"counter_ah": -counted}


def no_full_discharge(course: Course) -> Message:
    """Say why there is no full discharge."""
    if not course.discharges or course.lower is None:
        return message("measure.no_discharge")
    ends = [course.rows[last] for _, last in course.discharges]
    for (_, last), step in zip(course.discharges, ends, strict=True):
        if course.emptied[last]:
            where = {"step": step["step_count"], "limit_volt": course.lower.volt}
            if course.upper is None:
                return message("measure.not_charged_before", **where)
            return message("measure.not_from_full", **where, upper_volt=course.upper.volt)
    deepest = min(ends, key=lambda step: step["last_voltage_volt"])
    where = {"step": deepest["step_count"], "volt": deepest["last_voltage_volt"]}
    return message("measure.discharge_stopped", **where, limit_volt=course.lower.volt)


def _efficiency(course: Course, discharge: FullDischarge, name: str, kind: Kind) -> Quantity | None:
    """Discharge over charge, where nothing but that charge lay between two full discharges at the same current."""
    if discharge.previous is None or not _closed(course, discharge):
        return None
    taken = _moved(course, discharge.first, discharge.last, kind)
    put = _moved(course, discharge.previous + 1, discharge.first - 1, kind)
    if taken is None or put is None or not put.value:
        return None
    method = Method(f"{name}/discharge-over-charge", VERSION, SMITH)
    conditions = _conditions(course, discharge, kind) | _pauses(course, discharge)
    if kind == "capacity":
        conditions |= _counter_efficiency(course, discharge, -(taken.value or 0.0) / put.value)
    return replace(-taken / put, name=name, unit="1", method=method, conditions=conditions)


def _pauses(course: Course, discharge: FullDischarge) -> dict[str, float]:
    """How long the test stood still in the charges and discharges of the cycle."""
    cycle = course.under_current(cast("int", discharge.previous) + 1, discharge.last)
    pause = sum(step["pause_second"] for step in cycle)
    return {"pause_s": pause} if pause else {}


def _counter_efficiency(course: Course, discharge: FullDischarge, own: float) -> dict[str, float]:
    """What the tester's own counter makes of the efficiency, where that is another one."""
    out = course.net(discharge.first, discharge.last, COUNTED)
    into = course.net(cast("int", discharge.previous) + 1, discharge.first - 1, COUNTED)
    if not out or not into or abs(own + out / into) <= DISAGREEMENT * own:
        return {}
    return {"counter_efficiency": -out / into}


def _closed(course: Course, discharge: FullDischarge) -> bool:
    """Whether the cycle ends in the state in which it began: empty by the same current, and only charged in between."""
    before = next(d for d in course.full_discharges if d.last == discharge.previous)
    if not same_current(course.mean_current(discharge.first, discharge.last), course.mean_current(before.first, before.last)):
        return False
    moved = [step["step_net_capacity_ah"] or 0.0 for step in course.under_current(before.last + 1, discharge.first - 1)]
    return -sum(q for q in moved if q < 0) <= NEGLIGIBLE * sum(moved)


def _no_cycle(course: Course) -> Message:
    if not course.full_discharges:
        return no_full_discharge(course)
    if len(course.full_discharges) == 1:
        return message("measure.charge_from_unknown_state")
    return message("measure.no_closed_cycle")
