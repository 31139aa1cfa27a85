"""Capacity of each cell of a string: measured where it reached both its limits, else estimated, else only a lower bound."""

from __future__ import annotations

from math import hypot, sqrt
from typing import Any

import numpy as np

from cellwright.core.messages import Message, message
from cellwright.core.quantity import Method, Quantity, absent
from cellwright.measure.course import NEGLIGIBLE
from cellwright.measure.modules.aligning import Aligned, aligned
from cellwright.measure.modules.discharging import Discharged
from cellwright.measure.modules.string import String

NAME = "cell_capacity"
REACHED = Method("cell-capacity/both-limits", "1")
LAID_OVER = Method("cell-capacity/aligned-curves", "1")

TOLD = 0.1
"""Relative standard uncertainty beyond which an estimate says less than its lower bound."""

END_SHARE = 5e-3
"""The slope at a cell's end is that of the last 0.5 % before it, as for the whole."""

END_SAMPLES = 5


def cell_capacities(string: String, discharged: Discharged | None) -> tuple[Quantity, ...]:
    """Capacity of every cell [Ah], in their order; absent, with what it is at least, where it can be neither measured nor estimated."""
    if discharged is None:
        reason = message("measure.no_sampled_discharge")
        return tuple(absent(NAME, "Ah", reason, conditions=string.conditions(cell)) for cell in range(string.cells))
    laid = aligned(discharged)
    return tuple(_capacity(discharged, laid, cell) for cell in range(string.cells))


def _capacity(discharged: Discharged, laid: Aligned | None, cell: int) -> Quantity:
    both = discharged.full[cell] and discharged.emptied[cell]
    if both and not discharged.lacking_ah[cell] > NEGLIGIBLE * discharged.taken_ah:
        return _measured(discharged, cell)
    if laid is not None and np.isfinite(laid.capacity_ah[cell]):
        found = _estimated(discharged, laid, cell)
        if _tells(discharged, laid, found):
            return found
    return _measured(discharged, cell) if both else _bound(discharged, cell)


def _measured(discharged: Discharged, cell: int) -> Quantity:
    course = discharged.string.course
    value, record = float(discharged.empty_ah[cell]), _first_record(discharged)
    last = int(np.searchsorted(discharged.out_ah, value).clip(0, len(discharged.out_ah) - 1))
    fall = _fall_per_ah(discharged, cell, last)
    components = _charge(discharged, value) | _ends(discharged, cell, last, 1 / fall if fall > 0 else 0.0)
    return course.budget.quantity(
        NAME,
        value,
        "Ah",
        components,
        method=REACHED,
        conditions=_conditions(discharged, cell),
        evidence=course.budget.evidence((record, _record(discharged, last))),
    )


def _ends(discharged: Discharged, cell: int, last: int, per_volt: float) -> dict[str, float]:
    """Components that a cell's own channel adds at the two ends of its discharge.

    Read too high, it runs on by dq/dV at its lower limit, and had been charged by dq/dV less at the upper one. By what its last reading
    lacks of the upper limit it may have been short of full.
    """
    budget, limit = discharged.string.course.budget, discharged.string.upper
    end, per_full = float(discharged.volts[last, cell]), float(discharged.ah_per_volt[cell])
    if not np.isfinite(per_full) or limit is None:
        per_full = 0.0
    full = limit.volt if limit else 0.0
    channel = budget.cell_channel(cell + 1, full, end * per_volt - full * per_full, per_volt - per_full)
    if not channel:
        return {}
    read = hypot(float(discharged.read_ah[cell]), float(discharged.lacking_ah[cell]), discharged.short_ah) if per_full else 0.0
    rounding = f"{_name(discharged, cell, 'end')}:resolution"
    return channel | {rounding: budget.cell_rounding_volt(end) * per_volt, _name(discharged, cell, "full"): read}


def _name(discharged: Discharged, cell: int, what: str) -> str:
    """Name an input of one cell in this discharge."""
    return f"{discharged.string.course.recording.source.sha256[:12]}:{_first_record(discharged)}:cell {cell + 1}:{what}"


def _charge(discharged: Discharged, value: float) -> dict[str, float]:
    """Components that every cell shares: those of the charge that went through all of them, for as much of it."""
    course = discharged.string.course
    parts = course.under_current(discharged.first, discharged.last)
    edges = parts[0]["edge_uncertainty_second"] + parts[-1]["end_edge_uncertainty_second"]
    lasted, current = sum(step["duration_second"] for step in parts), parts[0]["first_current_ampere"]
    whole = course.budget.charge(-discharged.taken_ah, current, lasted, _first_record(discharged), edges_s=edges)
    return {name: -part * value / discharged.taken_ah for name, part in whole.items()}


def _fall_per_ah(discharged: Discharged, cell: int, last: int) -> float:
    """Slope of a cell's voltage over the charge taken out just before it was empty [V/Ah], by least squares."""
    out = discharged.out_ah[: last + 1]
    first = min(int(np.searchsorted(out, (1 - END_SHARE) * float(out[-1]))), max(len(out) - END_SAMPLES, 0))
    out, volt = out[first:], discharged.volts[first : last + 1, cell]
    read = np.isfinite(volt)
    deviation = np.asarray(out[read] - np.mean(out[read]), dtype=np.float64)
    spread = float(np.sum(deviation**2))
    return -float(np.sum(deviation * volt[read])) / spread if spread > 0 else 0.0


def _estimated(discharged: Discharged, laid: Aligned, cell: int) -> Quantity:
    """Return the capacity by the aligned curves; what was taken out is the least it can be."""
    string = discharged.string
    course, record = string.course, _first_record(discharged)
    value = max(float(laid.capacity_ah[cell]), discharged.taken_ah if discharged.full[cell] else 0.0)
    limit = string.lower.volt if string.lower else 0.0
    channels = sqrt(2) * string.uncertainty(limit)  # the reference cell's and its own
    components = {
        **_charge(discharged, value),
        **_channels(discharged, laid, cell),
        _name(discharged, cell, "alignment"): float(laid.fit_ah[cell]),
        _name(discharged, cell, "gain"): float(laid.per_gain[cell]) * channels / max(limit, 1.0),
        _name(discharged, laid.reference, "full"): float(laid.full_ah[cell]),
    }
    aligned_to = {"reference_cell": laid.reference + 1, "offset_volt": float(laid.offset_volt[cell])}
    return course.budget.quantity(
        NAME,
        value,
        "Ah",
        components,
        method=LAID_OVER,
        conditions=_conditions(discharged, cell) | aligned_to | _least(discharged, cell),
        evidence=course.budget.evidence((record, _record(discharged, len(discharged.out_ah) - 1))),
        origin="estimated",
    )


def _channels(discharged: Discharged, laid: Aligned, cell: int) -> dict[str, float]:
    """Components of each cell's channel: all tell where full is, and its own where it is empty; the reference's error is fitted away."""
    string, budget = discharged.string, discharged.string.course.budget
    full, empty = (limit.volt if limit else 0.0 for limit in (string.upper, string.lower))
    components: dict[str, float] = {}
    for one, per_volt in enumerate(laid.full_per_volt[cell].tolist()):
        at_end = abs(float(laid.per_volt[cell])) if one == cell else 0.0
        components |= budget.cell_channel(one + 1, full, full * per_volt + empty * at_end, per_volt + at_end)
    return components


def _tells(discharged: Discharged, laid: Aligned, found: Quantity) -> bool:
    """Whether an estimate says more than the bound: known to 10 %, and not contradicted by what was taken out."""
    cell = int(found.conditions["cell"]) - 1
    unsure = hypot(found.standard_uncertainty or 0.0, float(laid.fit_ah[cell]), float(laid.full_ah[cell]))
    estimate = float(laid.capacity_ah[cell])
    return unsure <= TOLD * estimate and estimate + 3 * unsure >= (_at_least(discharged, cell) or 0.0)


def _bound(discharged: Discharged, cell: int) -> Quantity:
    """Return an absent capacity that says how large it is at least."""
    conditions = _conditions(discharged, cell) | _least(discharged, cell)
    course = discharged.string.course
    rows = (_first_record(discharged), _record(discharged, len(discharged.out_ah) - 1))
    return absent(NAME, "Ah", _why_not(discharged, cell), conditions=conditions, evidence=course.budget.evidence(rows))


def _at_least(discharged: Discharged, cell: int) -> float | None:
    """Charge that went out of a cell, at most until it was empty, less its expanded uncertainty (k = 2) [Ah].

    In that is how much beyond its upper limit it may have begun, by what the reading there can be off. None of a cell that was not read,
    or stood below its lower limit all along: it may have been driven beyond it.
    """
    if not np.isfinite(discharged.ended_volt[cell]):
        return None
    taken, beyond, unsure = _went_out(discharged, cell)
    return max(taken - beyond - 2 * hypot(unsure, *_charge(discharged, taken).values()), 0.0) or None


def at_least_apart(discharged: Discharged, cell: int) -> tuple[float, float]:
    """Return the charge that surely went out of a cell above its lower limit [Ah], and its standard uncertainty but for the current's."""
    taken, beyond, unsure = _went_out(discharged, cell)
    return taken - beyond, unsure


def _went_out(discharged: Discharged, cell: int) -> tuple[float, float, float]:
    """Charge that went out of a cell, at most until it was empty; what of it was beyond its upper limit, and its uncertainty [Ah]."""
    limit, taken = discharged.string.lower, discharged.taken_ah
    if limit and float(discharged.ended_volt[cell]) <= (above := limit.volt + discharged.string.tolerance(limit.volt)):
        taken = discharged.above_ah(above, cell)
    return taken, *_overcharged(discharged, cell)


def _overcharged(discharged: Discharged, cell: int) -> tuple[float, float]:
    """Charge that a cell held beyond its upper limit by its reading at the end of the charge, and the uncertainty of that [Ah].

    Both are 0 of a cell that was surely below, and where no charge tells.
    """
    string, limit, per_volt = discharged.string, discharged.string.upper, float(discharged.ah_per_volt[cell])
    if limit is None or not np.isfinite(per_volt) or not discharged.full[cell]:
        return 0.0, 0.0
    return max(-float(discharged.lacking_ah[cell]), 0.0), string.uncertainty(limit.volt) * per_volt


def _least(discharged: Discharged, cell: int) -> dict[str, float]:
    least = _at_least(discharged, cell)
    return {} if least is None else {"at_least_ah": least}


def _why_not(discharged: Discharged, cell: int) -> Message:
    """Say why there is only a bound, in the same words for every cell of which it is true; the conditions say which and how far it went."""
    string, least = discharged.string, _at_least(discharged, cell)
    if least is None:
        return message("measure.cell_not_read" if np.isnan(discharged.ended_volt[cell]) else "measure.cell_below_limit")
    if discharged.full.any() and discharged.emptied.any():
        return message(_why_not_estimated(discharged), at_least_ah=least)
    if not discharged.emptied[cell]:
        limit = string.lower.volt if string.lower else None
        return message("measure.cell_not_emptied", limit_volt=limit, at_least_ah=least)
    if discharged.charge is None or string.upper is None:
        return message("measure.cell_not_charged", at_least_ah=least)
    return message("measure.cell_not_full", limit_volt=string.upper.volt, at_least_ah=least)


def _why_not_estimated(discharged: Discharged) -> str:
    """Say why a cell could not be estimated from others of which some were full and some were emptied."""
    if not discharged.steady:
        return "measure.cells_current_varied"
    return "measure.cells_charge_untold" if discharged.rise is None else "measure.cell_curve_untold"


def _conditions(discharged: Discharged, cell: int) -> dict[str, Any]:
    """How the cell began and ended, and under which current."""
    string = discharged.string
    course, step = string.course, string.course.rows[discharged.first]
    limits = {"voltage_window_volt": (string.lower.volt, string.upper.volt)} if string.lower and string.upper else {}
    basis = {"window_basis": "battery" if string.lower.basis == string.upper.basis == "battery" else "recording"} if limits else {}  # pyright: ignore[reportOptionalMemberAccess]
    read = {"start_voltage_volt": discharged.started_volt[cell], "end_voltage_volt": discharged.ended_volt[cell]}
    warmth = step.get("mean_temperature_celsius")
    return (
        string.conditions(cell)
        | course.c_rate(course.mean_current(discharged.first, discharged.last))
        | limits
        | basis
        | {"reached_upper": bool(discharged.full[cell]), "reached_lower": bool(discharged.emptied[cell])}
        | {name: float(volt) for name, volt in read.items() if np.isfinite(volt)}
        | ({} if warmth is None else {"temperature_celsius": warmth})
        | {"step_count": step["step_count"]}
    )


def _first_record(discharged: Discharged) -> int:
    return discharged.string.record(discharged.rows.start)


def _record(discharged: Discharged, sample: int) -> int:
    return discharged.string.record(discharged.rows.start + sample)
