"""The ohmic part and the branches of an equivalent circuit, from one pulse that was sampled fast enough."""

from __future__ import annotations

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
from cellwright.measure.pulse.moments import moments, time_after
from cellwright.measure.pulse.response import Circuit, Stretch, fitted
from cellwright.measure.pulse.table import rests_at_once
from cellwright.measure.pulse.trains import Train, train

FIRST_S = 0.1
"""A pulse whose first sample with the whole current comes later [s] does not tell what happens at once from what happens in a moment."""

FEWEST = 20
BEFORE = 0.1
"""Share of the pulse's length, before its edge, from which readings at rest count: there the voltage hardly moves any more."""

REMEMBERED = 5.0
"""How far back the current is followed, as a multiple of what is fitted: what an earlier pulse left in the branches still decays."""

METHOD = Method("pulse-fit/rc", "1", "Hu et al., J. Power Sources 198 (2012) 359, doi:10.1016/j.jpowsour.2011.10.013")
_UNITS = {"ohmic_resistance": "ohm", "branch_resistance": "ohm", "time_constant": "s"}


def pulse_fit(
    recording: Recording, pulse: int, battery: Battery | None = None, tester: Tester | None = None
) -> dict[str, tuple[Quantity, ...]]:
    """Fit a resistor and one or two resistors with capacitors to one pulse: V(t) = V₀ + R₀·I + Σ Rₖ·xₖ, dxₖ/dt = (I − xₖ)/τₖ.

    Parameters
    ----------
    recording
        A series.
    pulse
        Which: its row in `cellwright.measure.pulses`, from 0.
    battery, tester
        As in `cellwright.measure.resistances`.

    Returns
    -------
    ``ohmic_resistance`` [ohm], ``branch_resistance`` [ohm] and ``time_constant`` [s], the last two one a branch, the fastest first.
    Conditions ``direction``, ``current_ampere``, ``duration_s``, ``rest_before_s``, ``soc``, ``temperature_celsius``, ``step_count``,
    ``samples``, ``first_sample_s``, ``residual_volt`` (standard deviation) and ``branch``. Absent, with the reason, in a step sheet,
    where the first sample with the whole current comes later than 0.1 s after the edge (the uncertainty of the edge included), where
    there are fewer than 20, or where no circuit of positive resistances fits.

    Raises
    ------
    UsageError
        Where there is no such pulse.

    Notes
    -----
    The readings of the last moments of the rest before, of the pulse, and of the rest after it up to the pulse's length where that
    follows at once; then also the rise of the open-circuit voltage with charge is fitted, which is else part of the slowest branch. A
    second branch where the Bayesian information criterion falls by 2 with it; a single one stands for all that the noise leaves
    undivided, so its interval is not that of the fastest of several. What is faster than ``first_sample_s`` cannot be told from the
    ohmic part: a spectrum sees further. Variances are the fit's (with the correlation of successive residuals), and the gains'.
    The circuits: Hu et al., J. Power Sources 198 (2012) 359, doi:10.1016/j.jpowsour.2011.10.013.
    """
    found = train(Course(recording, battery, tester))
    if not 0 <= pulse < len(found):
        raise UsageError("measure.no_such_pulse", pulse=pulse, count=len(found))
    reason = _too_coarse(found, pulse)
    circuit = None if reason else _fit(found, pulse)
    if circuit is None:
        return {name: (absent(name, unit, reason or message("measure.pulse_not_fitted")),) for name, unit in _UNITS.items()}
    return _quantities(found, pulse, circuit)


def _too_coarse(found: Train, pulse: int) -> Message | None:
    if found.course.recording.sampling == "step":
        return message("measure.only_ends_recorded")
    count = int(found.end[pulse] - found.begin[pulse])
    first = _first_after(found, pulse)
    unsure = float(found.of("edge_uncertainty_second", found.first)[pulse])
    if count < FEWEST or not first + unsure <= FIRST_S:
        first_s = first if np.isfinite(first) else None
        return message("measure.pulse_too_coarse", samples=count, first_s=first_s, asked_s=FIRST_S, asked=FEWEST)
    return None


def _first_after(found: Train, pulse: int) -> float:
    return float(time_after(found, moments(found).first)[pulse])


def _fit(found: Train, pulse: int) -> Circuit | None:
    budget = found.course.budget
    return fitted(_stretch(found, pulse), _first_after(found, pulse), budget.rounding_volt)


def _stretch(found: Train, pulse: int) -> Stretch:
    """Gather the readings of a pulse with the last moments before it and the rest after it, and the current since some time before."""
    time, volt, current = (found.course.samples[c].to_numpy() for c in (TIME, VOLTAGE, CURRENT))
    began, ended = (float(found.of(f"{e}_time_second", rows)[pulse]) for e, rows in (("start", found.first), ("end", found.last)))
    begin, end, lasted = int(found.begin[pulse]), int(found.end[pulse]), float(found.duration_s[pulse])
    relaxes = bool(rests_at_once(found)[pulse])
    last_step = int(found.last[pulse]) + relaxes
    until = min(int(np.searchsorted(time, ended + lasted, "right")), found.course.span(last_step, last_step).stop)
    back = began - REMEMBERED * (float(time[until - 1]) - began)
    rows = np.arange(min(int(np.searchsorted(time, back)), begin - 1), until)
    rested = found.course.span(int(found.rest[pulse]), int(found.rest[pulse])).start
    looked_at = rows >= max(min(int(np.searchsorted(time, began - BEFORE * lasted)), begin - 1), rested)
    edges, after = np.array([began, ended])[: 1 + relaxes], np.array([begin, end])[: 1 + relaxes]
    places = after - rows[0]
    return Stretch(
        time=np.insert(time[rows], places, edges) - began,
        flowed=np.insert(current[rows], places, current[after - 1]),
        read=np.insert(looked_at, places, values=False),
        voltage=volt[rows[looked_at]],
        current=current[rows[looked_at]],
        relaxes=relaxes,
    )


def _quantities(found: Train, pulse: int, circuit: Circuit) -> dict[str, tuple[Quantity, ...]]:
    course, common = found.course, _conditions(found, pulse, circuit)
    scale, vectors = np.linalg.eigh(circuit.covariance)
    spread = (vectors * np.sqrt(np.clip(scale, 0.0, None))).tolist()
    edge = _moved_edge(found, pulse, circuit)
    first = int(course.steps["first_record_index"][int(found.first[pulse])])
    last = int(course.steps["last_record_index"][int(found.last[pulse])])
    evidence = course.budget.evidence((first - 1, last))
    quantities: dict[str, list[Quantity]] = {name: [] for name in _UNITS}
    for place, value in enumerate(circuit.values.tolist()):
        name = "ohmic_resistance" if place == 0 else ("time_constant", "branch_resistance")[place % 2]
        ohm = value if _UNITS[name] == "ohm" else 0.0
        components, own = course.budget.fitted(ohm, first, spread[place], edge if place == 0 else 0.0)
        freedom = dict.fromkeys(own, float(circuit.freedom))
        given = common | ({"branch": (place + 1) // 2} if place else {})
        told = {"method": METHOD, "conditions": given, "evidence": evidence}
        quantities[name].append(course.budget.quantity(name, value, _UNITS[name], components, freedom, **told))
    return {name: tuple(each) for name, each in quantities.items()}


def _moved_edge(found: Train, pulse: int, circuit: Circuit) -> float:
    """Return what the branches add to R₀ in the half-stretch in which the edge lies [ohm]: Σ Rₖ/τₖ · a."""
    return float(np.sum(circuit.values[1::2] / circuit.values[2::2]) * found.of("edge_uncertainty_second", found.first)[pulse])


def _conditions(found: Train, pulse: int, circuit: Circuit) -> dict[str, Any]:
    course, step = found.course, found.course.rows[int(found.first[pulse])]
    conditions: dict[str, Any] = {
        "direction": step["kind"],
        "current_ampere": step["mean_current_ampere"],
        "duration_s": float(found.duration_s[pulse]),
        "rest_before_s": float(found.rest_s[pulse]),
        **course.state_of_charge(int(found.rest[pulse])),
        "step_count": found.step_count[pulse],
        "samples": int(found.end[pulse] - found.begin[pulse]),
        "first_sample_s": _first_after(found, pulse),
        "residual_volt": circuit.residual_volt,
    }
    if (celsius := step.get("mean_temperature_celsius")) is not None:
        conditions["temperature_celsius"] = celsius
    return conditions
