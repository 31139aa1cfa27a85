"""Made-up readings of a sound cell, a sound module and their siblings."""

from typing import Any

from cellwright import safety
from cellwright.core import rules
from cellwright.core.assessment import Check, Verdict
from cellwright.core.battery import Battery
from cellwright.core.quantity import Evidence, Quantity
from cellwright.safety import Siblings

RULES = rules.load().safety
CELL = Battery("cell-1", minimum_voltage_volt=2.0, maximum_voltage_volt=4.2)
MODULE = Battery(
    "module-1",
    level="module",
    series=12,
    rated_capacity_ah=20.0,
    rated_energy_wh=880.0,
    minimum_voltage_volt=33.6,
    maximum_voltage_volt=50.4,
)
ROWS = Evidence("cd" * 32, ((7, 7),))
UNITS = {
    "maximum_voltage": "V",
    "minimum_voltage": "V",
    "maximum_current": "A",
    "temperature_rise": "K",
    "maximum_temperature": "degC",
    "rest_sag": "V/h",
    "cell_maximum_voltage": "V",
    "cell_minimum_voltage": "V",
    "cell_voltage_spread": "V",
    "isolation_resistance": "ohm",
}
SOUND = {
    "maximum_current": 20.0,
    "maximum_voltage": 4.19,
    "minimum_voltage": 2.1,
    "temperature_rise": 6.0,
    "maximum_temperature": 31.0,
    "rest_sag": 0.001,
}
SOUND_MODULE = {
    **SOUND,
    "maximum_voltage": 50.2,
    "minimum_voltage": 34.0,
    "cell_maximum_voltage": 4.21,
    "cell_minimum_voltage": 2.75,
    "cell_voltage_spread": 0.02,
    "isolation_resistance": 1e6,
}


def reading(name: str, value: float, u: float | None = 0.001) -> Quantity:
    return Quantity(name, value, UNITS[name], standard_uncertainty=u, evidence=(ROWS,))


def resistance(
    value: float, *, soc: float | None = 0.5, celsius: float | None = 25.0, time: float = 10.0, way: str = "discharge"
) -> Quantity:
    conditions = {"soc": soc, "soc_basis": "rated", "temperature_celsius": celsius, "nominal_time_s": time, "direction": way}
    return Quantity("dc_resistance", value, "ohm", standard_uncertainty=0.002 * value, conditions=conditions, evidence=(ROWS,))


def evidence(values: dict[str, float], **changed: float) -> dict[str, tuple[Quantity, ...]]:
    found = {name: (reading(name, value),) for name, value in {**values, **changed}.items()}
    return {**found, "dc_resistance": (resistance(0.002),)}


def siblings(*values: float, **at: Any) -> list[dict[str, tuple[Quantity, ...]]]:
    return [{"dc_resistance": (resistance(value, **at),)} for value in values]


ALIKE = siblings(0.0019, 0.002, 0.002, 0.0021, 0.0021, 0.0022)


def gathered(others: list[dict[str, tuple[Quantity, ...]]]) -> Siblings:
    """Siblings ready to be compared with."""
    return safety.siblings(safety.sibling(f"S{n}", q["dc_resistance"]) for n, q in enumerate(others))


BESIDE = gathered(ALIKE)


def check_of(verdict: Verdict, name: str) -> Check:
    return next(c for c in verdict.checks if c.code == f"safety.check.{name}")
