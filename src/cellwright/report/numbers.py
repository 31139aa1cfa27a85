"""Numbers as people read them: rounded to their uncertainty, in the unit of the trade."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10

from cellwright.core.quantity import Quantity

MINUS = "\u2212"
SPACE = "\u00a0"
_SIGNIFICANT_OF_U = 2
_SIGNIFICANT_WITHOUT_U = 4
_PERCENT = {"capacity_soh", "energy_soh", "bms_soh", "coulombic_efficiency", "energy_efficiency"}
_SOH_DECIMALS = 2  # of per cent: a fixed number, so that batteries beside one another are read as a column
_MILLI = {"cell_voltage_spread", "rest_sag", "rest_voltage_slope", "ocv_hysteresis", "self_discharge_current"}
_UNITS = {"ohm": "Ω", "mohm": "mΩ", "degC": "°C", "1": "", "V2": "V²"}
# What a buyer wants to be sure of: at least so much, or at most.
_AT_LEAST = {
    "capacity",
    "energy",
    "capacity_soh",
    "energy_soh",
    "coulombic_efficiency",
    "energy_efficiency",
}
_AT_MOST = {"dc_resistance", "ohmic_resistance", "charge_transfer_resistance"}


@dataclass(frozen=True)
class Shown:
    """A quantity ready to print.

    Parameters
    ----------
    value, expanded, unit
        Value and expanded uncertainty, both to the second significant digit of the latter, and their unit; a state of health to at
        most two decimals of per cent.
    bound
        ``≥ value − U`` where more is better, ``≤ value + U`` where less is, rounded to the safe side.
    factor
        Coverage factor k.
    """

    value: str
    expanded: str | None
    unit: str
    bound: str | None
    factor: str | None

    @property
    def text(self) -> str:
        """Value, uncertainty and unit in one line."""
        spread = "" if self.expanded is None else f"{SPACE}±{SPACE}{self.expanded}"
        return f"{self.value}{spread}{SPACE}{self.unit}".rstrip()


def shown(quantity: Quantity) -> Shown | None:
    """Return a quantity ready to print; None where it has no value."""
    if quantity.value is None:
        return None
    factor, unit = scale(quantity)
    value = quantity.value * factor
    expanded = quantity.expanded_uncertainty
    if not expanded:
        return Shown(general(value), None, unit, None, None)
    expanded *= factor
    digits = decimals(expanded)
    if quantity.name.endswith("_soh") and digits > _SOH_DECIMALS:
        digits, expanded = _SOH_DECIMALS, max(expanded, 10.0**-_SOH_DECIMALS)
    return Shown(
        value=fixed(value, digits),
        expanded=fixed(expanded, digits),
        unit=unit,
        bound=_bound(quantity.name, value, expanded, digits),
        factor=f"{quantity.coverage_factor:.3g}",
    )


def scale(quantity: Quantity) -> tuple[float, str]:
    """Return what a quantity is multiplied with to be printed, and the unit it then has: per cent, mΩ, mV."""
    if quantity.name in _PERCENT:
        return 100.0, "%"
    if quantity.unit == "ohm" and abs(quantity.value or 0.0) < 1:
        return 1e3, "mΩ"
    if quantity.name in _MILLI and quantity.unit.startswith(("V", "A")):
        return 1e3, f"m{quantity.unit}"
    return 1.0, unit_text(quantity.unit)


def unit_text(unit: str) -> str:
    """Return a unit as it is printed."""
    return _UNITS.get(unit, unit)


def decimals(expanded: float) -> int:
    """Return how many decimals show two significant digits of an uncertainty; negative where they lie left of the point."""
    digits = _SIGNIFICANT_OF_U - 1 - floor(log10(expanded))
    return digits - 1 if round(expanded, digits) >= 10 ** (_SIGNIFICANT_OF_U - digits) else digits


def fixed(value: float, digits: int) -> str:
    """Return a number with so many decimals; a negative count rounds to tens, hundreds."""
    text = f"{round(value, digits):.{max(digits, 0)}f}"
    return text.replace("-", MINUS) if float(text) else text.removeprefix("-")


def general(value: float, significant: int = _SIGNIFICANT_WITHOUT_U) -> str:
    """Return a number to so many significant digits, without an exponent where it is of ordinary size."""
    return f"{value:.{significant}g}".replace("-", MINUS)


def percent(share: float, digits: int = 0) -> str:
    """Return a share as per cent."""
    return f"{fixed(100 * share, digits)}{SPACE}%"


def roughly(share: float) -> str:
    """Return a share as whole per cent; what is not quite nothing is not said to be."""
    return f"<{SPACE}1{SPACE}%" if 0 < share < 0.01 else percent(share)


def confidence(probability: float) -> str:
    """Return a probability as whole per cent, never as certainty."""
    return f">{SPACE}99{SPACE}%" if probability > 0.99 else percent(probability)


def limit_text(value: float, unit: str, quantity: str | None) -> str:
    """Return a limit in the unit its quantity is printed in; of a ratio to something rated, ``× 2``."""
    if unit == "1":
        return f"{general(100 * value)}{SPACE}%" if quantity in _PERCENT else f"×{SPACE}{general(value)}"
    return f"{general(value)}{SPACE}{unit_text(unit)}".rstrip()


def _bound(name: str, value: float, expanded: float, digits: int) -> str | None:
    step = 10.0**digits
    if name in _AT_LEAST:
        return f"≥{SPACE}{fixed(floor((value - expanded) * step + 1e-9) / step, digits)}"
    if name in _AT_MOST:
        return f"≤{SPACE}{fixed(ceil((value + expanded) * step - 1e-9) / step, digits)}"
    return None
