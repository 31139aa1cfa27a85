"""The relaxations of a recording: where each voltage comes to, how fast, and in what shape."""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt
from typing import Any

import numpy as np

from cellwright.core.battery import Battery
from cellwright.core.messages import Message, message
from cellwright.core.quantity import Method, Quantity, absent
from cellwright.core.recording import Recording
from cellwright.core.tester import Tester
from cellwright.measure.course import Course
from cellwright.measure.ocv.resting import Resting, not_sampled, restings, unseen
from cellwright.measure.ocv.statistics import INTERVAL_S, NAMES, READINGS, relaxation_statistics, sensitivities
from cellwright.measure.rest import SHORTEST_REST_S

FIT = Method("relaxation/decays", "1", "doi:10.1137/0710036")
STATISTICS = Method("relaxation/statistics", "1", "doi:10.1038/s41467-022-29837-w")
UNITS = {
    "relaxed_voltage": "V",
    "relaxation_time_constant": "s",
    **{f"relaxation_{name}": {"variance": "V2", "skewness": "1", "kurtosis": "1"}.get(name, "V") for name in NAMES},
}


def relaxation(recording: Recording, battery: Battery | None = None, tester: Tester | None = None) -> dict[str, tuple[Quantity, ...]]:
    """Fit how the voltage comes to rest after every current, and describe the shape of its way.

    Parameters
    ----------
    recording
        A series.
    battery, tester
        What is known of the battery and of the instrument; without the tester there is no uncertainty.

    Returns
    -------
    In the order of the recording, of every rest of at least five minutes and ten readings after a current:

    - ``relaxed_voltage`` [V]: the asymptote; condition ``unfinished_volt`` [V], how far the voltage still had to go at the end;
    - ``relaxation_time_constant`` [s], fastest first; conditions ``amplitude_volt`` [V] and, of a stretched exponential, ``exponent`` [1];
    - after a charge, where the rest lasted 28 minutes: ``relaxation_variance`` [V²], ``relaxation_skewness``, ``relaxation_kurtosis`` [1]
      (excess), ``relaxation_maximum``, ``relaxation_minimum``, ``relaxation_mean`` [V] of the voltage read every 120 s from 120 s on.

    One absent of each, with the reason, where there is none; a ``relaxed_voltage`` is absent also where its rest was shorter than its
    slowest time constant, of which then only the beginning is seen. Conditions ``duration_s``, ``direction``, ``soc``, ``soc_basis``,
    ``temperature_celsius``, ``step_count``.

    Notes
    -----
    V(t) = V∞ + Σ aᵢ·exp(−t/τᵢ) with none to three terms, or V∞ + a·exp(−(t/τ)^β): `cellwright.measure.ocv.decay.fit_decay`
    (variable projection: Golub and Pereyra, SIAM J. Numer. Anal. 10 (1973) 413, doi:10.1137/0710036). The way
    that was not seen counts in the uncertainty of V∞ as the half-width of a rectangle. The statistics are those of Zhu et al., Nat. Commun.
    13 (2022) 2261, doi:10.1038/s41467-022-29837-w; where no reading falls on one of their times, it is interpolated.
    """
    course = Course(recording, battery, tester)
    if reason := not_sampled(course):
        return {name: (absent(name, unit, reason),) for name, unit in UNITS.items()}
    found: dict[str, list[Quantity]] = {name: [] for name in UNITS}
    for resting in restings(course, SHORTEST_REST_S):
        for quantity in (*_fitted(resting), *_shaped(resting)):
            found[quantity.name].append(quantity)
    return {name: tuple(found[name]) or (absent(name, unit, _why_none(name)),) for name, unit in UNITS.items()}


def _why_none(name: str) -> Message:
    if name == "relaxation_time_constant":
        return message("measure.no_decay", shortest_s=SHORTEST_REST_S)
    if name == "relaxed_voltage":
        return message("measure.no_relaxation", shortest_s=SHORTEST_REST_S)
    return message("measure.no_charge_relaxation", shortest_s=INTERVAL_S * READINGS)


def relaxed_voltage(resting: Resting) -> Quantity | None:
    """Return where a voltage comes to; None where its readings are too few for a fit."""
    decay, course = resting.decay, resting.course
    if decay is None:
        return None
    if not decay.seen:
        return absent("relaxed_voltage", "V", unseen(resting), conditions=resting.conditions)
    components = course.budget.voltage(decay.asymptote, resting.records[1])
    components |= {_key(resting, "relaxation"): decay.equilibrium_uncertainty}
    return course.budget.quantity(
        "relaxed_voltage",
        decay.asymptote,
        "V",
        components,
        method=FIT,
        conditions=resting.conditions | {"unfinished_volt": decay.unfinished},
        evidence=course.budget.evidence(resting.records),
    )


def _fitted(resting: Resting) -> Iterator[Quantity]:
    decay = resting.decay
    if decay is None or (relaxed := relaxed_voltage(resting)) is None:
        return
    yield relaxed
    for number, tau in enumerate(decay.time_constants_s, start=1):
        more: dict[str, Any] = {"amplitude_volt": decay.amplitudes[number - 1]}
        if decay.exponent != 1.0:
            more["exponent"] = decay.exponent
        yield resting.course.budget.quantity(
            "relaxation_time_constant",
            tau,
            "s",
            {_key(resting, f"decay {number}"): decay.time_constant_uncertainties_s[number - 1]},
            method=FIT,
            conditions=resting.conditions | more,
            evidence=resting.course.budget.evidence(resting.records),
        )


def _shaped(resting: Resting) -> Iterator[Quantity]:
    """Give the statistics of a relaxation after a charge that was watched from its beginning for long enough."""
    times = INTERVAL_S * np.arange(1, READINGS + 1)
    seen = resting.seconds
    if resting.conditions["direction"] != "charge" or seen[0] > INTERVAL_S or seen[-1] < times[-1]:
        return
    volt = np.asarray(np.interp(times, seen, resting.volt), dtype=np.float64)
    if volt.max() <= volt.min():
        return
    course, slopes = resting.course, sensitivities(volt)
    gain = {k: u for k, u in course.budget.voltage(1.0, resting.records[0]).items() if k.endswith(":gain")}
    offset = {k: u for k, u in course.budget.voltage(1.0, resting.records[0]).items() if k.endswith(":offset")}
    until = int((seen <= times[-1]).sum()) - 1
    records = (resting.records[0], int(resting.rows[until]))
    rounding = resting.resolution / np.sqrt(12)
    for name, value in relaxation_statistics(volt).items():
        components = {_key(resting, name): rounding * sqrt(float(slopes[name] @ slopes[name]))}
        components |= {k: float(slopes[name] @ volt) * u for k, u in gain.items()} | {
            k: float(slopes[name].sum()) * u for k, u in offset.items()
        }
        yield course.budget.quantity(
            f"relaxation_{name}",
            float(value),
            UNITS[f"relaxation_{name}"],
            components,
            method=STATISTICS,
            conditions=resting.conditions | {"interval_s": INTERVAL_S, "readings": READINGS},
            evidence=course.budget.evidence(records),
        )


def _key(resting: Resting, what: str) -> str:
    """Name of a component of uncertainty that is this rest's own."""
    return f"{resting.course.recording.source.sha256[:12]}:{resting.records[0]}:voltage:{what}"
