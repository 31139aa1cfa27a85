"""The conditions of a rating, and whether a test was run under them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cellwright.core.battery import Battery
from cellwright.core.messages import Message, message
from cellwright.core.quantity import Quantity

RATE_TOLERANCE = 0.10  # of the rated rate
TAPER_C_RATE = 0.1  # a charge that ends at more than C/10 leaves a share of the capacity out
TEMPERATURE_TOLERANCE_K = 2.0  # of a reference test at 25 ± 2 °C
VOLTAGE_TOLERANCE = 0.002  # of the limit: 8 mV at 4.2 V, most of a percent of capacity there, and more than testers err


@dataclass(frozen=True)
class Condition:
    """One condition of a rating.

    Parameters
    ----------
    code
        Its name, as a message.
    column
        Where ``batteries.csv`` states it.
    rated, tested
        What the rating and the test have; None where it is not known.
    tolerance
        By how much the two may differ, in their unit.
    """

    code: str
    column: str
    rated: float | None
    tested: float | None
    tolerance: float

    @property
    def differs(self) -> bool:
        """Whether both are known and too far apart (a rounding of the last bit is not a difference)."""
        if self.rated is None or self.tested is None:
            return False
        return not abs(self.tested - self.rated) <= self.tolerance * (1 + 1e-9)


def objection(battery: Battery, measured: Quantity) -> Message | None:
    """Say why a measured capacity or energy cannot be compared with the rating; None where it can.

    A difference that is known comes first, since no further statement would mend it; then what the rating leaves open, then what
    the test does. A condition that is open is not taken to match.
    """
    conditions = _conditions(battery, measured.conditions)
    if unlike := _unlike(battery, measured.conditions):
        return unlike
    if differing := [c for c in conditions if c.differs]:
        return message(
            "health.not_comparable",
            what=[c.code for c in differing],
            tested=[c.tested for c in differing],
            rated=[c.rated for c in differing],
        )
    if unstated := [c.column for c in conditions if c.rated is None]:
        return message("health.not_comparable_rating_incomplete", columns=unstated)
    if unknown := [c.code for c in conditions if c.tested is None]:
        return message("health.not_comparable_test_incomplete", what=unknown)
    return None


def _unlike(battery: Battery, tested: Mapping[str, Any]) -> Message | None:
    """What makes it another kind of test than a rating's: charged to a taper, then discharged at constant current without a break."""
    if "counter_ah" in tested:
        return message("health.counter_disagrees", counter=tested["counter_ah"])
    end, rated = tested.get("charge_end_current_ampere"), battery.rated_capacity_ah
    if tested.get("charge_mode") == "CC" or (end is not None and rated and abs(end) > TAPER_C_RATE * rated):
        return message("health.not_charged_to_taper", current=end, limit=TAPER_C_RATE * (rated or 0.0))
    if tested.get("discharge_mode") in ("CV", "CCCV"):
        return message("health.discharged_at_constant_voltage")
    if tested.get("pause_s"):
        return message("health.discharge_paused", pause=tested["pause_s"])
    return None


def rated_conditions(battery: Battery) -> dict[str, Any]:
    """Return the conditions of the rating, as a state of health carries them beside those of the test."""
    return {
        "rated_c_rate": battery.rated_capacity_c_rate,
        "rated_temperature_celsius": battery.rated_temperature_celsius,
        "rated_voltage_window_volt": [battery.minimum_voltage_volt, battery.maximum_voltage_volt],
        "rated_origin": "declared",
    }


def _conditions(battery: Battery, tested: Mapping[str, Any]) -> tuple[Condition, ...]:
    rate, low, high = battery.rated_capacity_c_rate, battery.minimum_voltage_volt, battery.maximum_voltage_volt
    warm, window = battery.rated_temperature_celsius, tested.get("voltage_window_volt") or (None, None)
    return (
        Condition("health.condition.c_rate", "rated_capacity_c_rate", rate, _size(tested.get("c_rate")), RATE_TOLERANCE * (rate or 0)),
        Condition("health.condition.temperature", "rated_temperature_celsius", warm, _temperature(tested), _within(tested)),
        Condition("health.condition.minimum_voltage", "minimum_voltage_volt", low, window[0], VOLTAGE_TOLERANCE * (low or 0)),
        Condition("health.condition.maximum_voltage", "maximum_voltage_volt", high, window[1], VOLTAGE_TOLERANCE * (high or 0)),
    )


def _within(tested: Mapping[str, Any]) -> float:
    """Tolerance, and what the thermometer errs by (k = 2): 27.2 °C ± 0.5 K is not shown to be off 25 ± 2 °C.

    A poor thermometer buys no more than the tolerance once again.
    """
    return TEMPERATURE_TOLERANCE_K + min(2 * tested.get("start_temperature_uncertainty_kelvin", 0.0), TEMPERATURE_TOLERANCE_K)


def _temperature(tested: Mapping[str, Any]) -> float | None:
    """Temperature as the discharge began: a rating's is that of the soaked battery, which then warms by its own losses."""
    return tested.get("start_temperature_celsius", tested.get("temperature_celsius"))


def _size(rate: float | None) -> float | None:
    return None if rate is None else abs(rate)
