"""Which of the measured resistances is held against the rated one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf

from cellwright.core.battery import Battery
from cellwright.core.messages import Message, message
from cellwright.core.quantity import Quantity, exact

HALF_CHARGE, NEAR_HALF = 0.5, 0.2
TEMPERATURE_TOLERANCE_K = 5.0  # resistance changes by some percent a kelvin
TIMES_S = (5.0, 30.0)  # what a rated pulse resistance may mean; it grows by half from 0.2 s to 10 s
USUAL_TIME_S = 10.0
RESTED_S = 60.0  # after a rest of a second a cell still relaxes, and shows less
LEAST_RATIO = 0.2  # below this it is the rating that is off: milliohms written as ohms


def decisive_resistance(battery: Battery, resistances: Sequence[Quantity]) -> Quantity | None:
    """Return the resistance that speaks for a battery, or None.

    Parameters
    ----------
    battery
        Its rated temperature [°C], where it is known.
    resistances
        ``dc_resistance`` [ohm], with ``soc``, ``temperature_celsius``, ``direction``, ``nominal_time_s`` and ``rest_before_s``.

    Returns
    -------
    Of those 5 to 30 s after the edge, rested for a minute before it, between 30 and 70 % of charge, and within 5 K of the rated
    temperature where one is stated: the one nearest to half charge, to 10 s, and of a discharge. Towards empty and in the cold,
    resistance multiplies in a sound battery too.
    """
    fit = [q for q in resistances if (q.value or 0.0) > 0.0 and _is_typical(q) and _at_rated_temperature(battery, q)]
    return min(fit, key=_preference, default=None)


def resistance_ratio(battery: Battery, resistances: Sequence[Quantity]) -> Quantity | Message:
    """Return the decisive resistance over the rated one [1], or why it cannot be had."""
    measured, rated = decisive_resistance(battery, resistances), battery.rated_resistance_ohm
    if not rated or battery.rated_temperature_celsius is None:
        return message("grading.resistance.not_rated")
    if measured is None:
        return message("grading.resistance.not_measured")
    ratio = measured / exact("rated_resistance_ohm", rated, "ohm")
    if (ratio.value or 0.0) < LEAST_RATIO:
        return message("grading.resistance.implausible", ratio=float(f"{ratio.value:.2g}"))
    return replace(ratio, conditions=measured.conditions)


def _is_typical(resistance: Quantity) -> bool:
    at = resistance.conditions
    time, rest = at.get("nominal_time_s") or 0.0, at.get("rest_before_s")
    return TIMES_S[0] <= time <= TIMES_S[1] and (rest is None or rest >= RESTED_S) and _off_half(resistance) <= NEAR_HALF


def _at_rated_temperature(battery: Battery, resistance: Quantity) -> bool:
    rated, measured = battery.rated_temperature_celsius, resistance.conditions.get("temperature_celsius")
    return rated is None or (measured is not None and abs(measured - rated) <= TEMPERATURE_TOLERANCE_K)


def _off_half(resistance: Quantity) -> float:
    soc = resistance.conditions.get("soc")
    return inf if soc is None else abs(soc - HALF_CHARGE)


def _preference(resistance: Quantity) -> tuple[float, float, bool]:
    off_time = abs((resistance.conditions.get("nominal_time_s") or 0.0) - USUAL_TIME_S)
    return round(_off_half(resistance), 2), off_time, resistance.conditions.get("direction") != "discharge"
