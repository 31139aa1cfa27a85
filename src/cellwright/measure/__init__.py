"""A recording in, quantities out: what a battery did, each with its uncertainty, conditions and evidence."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cellwright.core.procedure import Procedure, parse_procedure
    from cellwright.measure.deviations import check
    from cellwright.measure.discharge import capacity, efficiencies, energy
    from cellwright.measure.extreme import extremes
    from cellwright.measure.resistance import resistances
    from cellwright.measure.rest import rest_voltages
    from cellwright.measure.stepping import steps
    from cellwright.measure.whole import everything

__all__ = [
    "Procedure",
    "capacity",
    "check",
    "efficiencies",
    "energy",
    "everything",
    "extremes",
    "parse_procedure",
    "resistances",
    "rest_voltages",
    "steps",
]

_HOMES = {
    "Procedure": "cellwright.core.procedure",
    "capacity": "cellwright.measure.discharge",
    "check": "cellwright.measure.deviations",
    "efficiencies": "cellwright.measure.discharge",
    "energy": "cellwright.measure.discharge",
    "everything": "cellwright.measure.whole",
    "extremes": "cellwright.measure.extreme",
    "parse_procedure": "cellwright.core.procedure",
    "resistances": "cellwright.measure.resistance",
    "rest_voltages": "cellwright.measure.rest",
    "steps": "cellwright.measure.stepping",
}


def __getattr__(name: str) -> Any:
    """Import a measurement when it is first asked for: polars and numpy take longer than the command line may."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
