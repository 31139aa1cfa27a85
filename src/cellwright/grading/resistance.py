"""Which of the measured resistances is held against the rated one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf

from cellwright.core.battery import Battery
from cellwright.core.quantity import Quantity, exact

HALF_CHARGE, NEAR_HALF = 0.5, 0.2
TEMPERATURE_TOLERANCE_K = 5.0  # resistance changes by some percent a kelvin
USUAL_TIME_S = 10.0


def decisive_resistance(battery: Battery, resistances: Sequence[Quantity]) -> Quantity | None:
    """Return the resistance that a rated one can be held against, or None.

    Parameters
    ----------
    battery
        Its rated temperature [°C].
    resistances
        ``dc_resistance`` [ohm], with ``soc``, ``temperature_celsius``, ``direction`` and ``nominal_time_s``.

    Returns
    -------
    Of those between 30 and 70 % of charge and within 5 K of the rated temperature, the one nearest to half charge, to 10 s, and of
    a discharge. Towards empty and in the cold, resistance multiplies in a sound battery too.
    """
    fit = [q for q in resistances if (q.value or 0.0) > 0.0 and _at_rated_temperature(battery, q) and _off_half(q) <= NEAR_HALF]
    return min(fit, key=_preference, default=None)


def resistance_ratio(battery: Battery, resistances: Sequence[Quantity]) -> Quantity | None:
    """Return the decisive resistance over the rated one [1], or None where either is not known."""
    measured = decisive_resistance(battery, resistances)
    if measured is None or not battery.rated_resistance_ohm:
        return None
    ratio = measured / exact("rated_resistance_ohm", battery.rated_resistance_ohm, "ohm")
    return replace(ratio, conditions=measured.conditions)


def _at_rated_temperature(battery: Battery, resistance: Quantity) -> bool:
    rated, measured = battery.rated_temperature_celsius, resistance.conditions.get("temperature_celsius")
    return rated is not None and measured is not None and abs(measured - rated) <= TEMPERATURE_TOLERANCE_K


def _off_half(resistance: Quantity) -> float:
    soc = resistance.conditions.get("soc")
    return inf if soc is None else abs(soc - HALF_CHARGE)


def _preference(resistance: Quantity) -> tuple[float, float, bool]:
    off_time = abs((resistance.conditions.get("nominal_time_s") or 0.0) - USUAL_TIME_S)
    return round(_off_half(resistance), 2), off_time, resistance.conditions.get("direction") != "discharge"
