"""State of health: three quantities, by capacity, by energy and as the vehicle's BMS declares it, never mixed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cellwright.core.battery import Battery
from cellwright.core.messages import Message, message
from cellwright.core.quantity import Method, Quantity, absent, exact
from cellwright.health.rating import objection, rated_conditions

_RATINGS = {"capacity": ("rated_capacity_ah", "Ah"), "energy": ("rated_energy_wh", "Wh")}
HIGHEST_SOH = 1.15
_METHOD = Method("measured over rated")


def state_of_health(battery: Battery, quantities: Mapping[str, tuple[Quantity, ...]]) -> dict[str, tuple[Quantity, ...]]:
    """Hold measured capacity and energy against their ratings, where the test's conditions are the rating's.

    Parameters
    ----------
    battery
        With its rated capacity [Ah] and energy [Wh], and the rate, temperature [°C] and voltage limits [V] they were rated at.
    quantities
        From `cellwright.measure`: ``capacity`` [Ah] and ``energy`` [Wh], with the conditions of their tests.

    Returns
    -------
    ``capacity_soh``, ``energy_soh`` [1], one for each capacity and energy, in their order, and ``bms_soh`` [1] beside them. A
    state of health that cannot be had is null, with the reason: nothing was measured, nothing was rated, or rate, temperature or
    window differ or are not stated, so that the two numbers are not comparable.

    Notes
    -----
    The ratio of the measured to the rated value; the rated value is a declaration and takes no part in the uncertainty. Energy is
    taken to be rated under the conditions of the capacity rating.
    """
    ratios = {
        f"{name}_soh": tuple(_ratio(battery, name, measured) for measured in quantities.get(name) or (_unmeasured(name),))
        for name in _RATINGS
    }
    return {**ratios, "bms_soh": (_declared_by_bms(battery),)}


def _ratio(battery: Battery, name: str, measured: Quantity) -> Quantity:
    column, unit = _RATINGS[name]
    rated: float = getattr(battery, column) or 0.0
    conditions = {**measured.conditions, column: rated or None, **rated_conditions(battery)}
    reason = measured.reason or _no_rating(rated, column) or objection(battery, measured) or _implausible(measured, rated, column)
    if reason:
        return absent(f"{name}_soh", "1", reason, method=_METHOD, conditions=conditions, evidence=measured.evidence, origin=measured.origin)
    ratio = measured / exact(column, rated, unit)
    return replace(
        ratio, name=f"{name}_soh", coverage_factor=measured.coverage_factor, method=_METHOD, conditions=conditions, origin=measured.origin
    )


def _no_rating(rated: float, column: str) -> Message | None:
    return None if rated else message("health.no_rated_value", columns=[column])


def _implausible(measured: Quantity, rated: float, column: str) -> Message | None:
    """No battery holds much more than it is rated at: then the rating is another battery's, or the file's time or current is off."""
    share = (measured.value or 0.0) / rated
    return message("health.implausible", share=round(100 * share, 1), column=column) if share > HIGHEST_SOH else None


def _unmeasured(name: str) -> Quantity:
    return absent(name, _RATINGS[name][1], message("health.not_measured", quantity=f"health.quantity.{name}"))


def _declared_by_bms(battery: Battery) -> Quantity:
    if battery.bms_soh is None:
        return absent("bms_soh", "1", message("health.no_bms_soh"), origin="bms")
    return Quantity("bms_soh", battery.bms_soh, "1", origin="bms")
