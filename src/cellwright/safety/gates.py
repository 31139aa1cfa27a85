"""One quantity, one limit to either side of which it must not go: the gates, as a table.

Every gate is essential: where its evidence is missing there is no pass. What each is there for:

- voltage above its maximum or below its minimum: overcharge plates lithium, over-discharge dissolves copper; of a module or pack
  each cell for itself too, since the sum hides it;
- temperature: a cell that heats more than its test calls for loses the energy inside;
- sag at rest: voltage that keeps falling without current is self-discharge, the one trace an internal short leaves early;
- spread between the cells of a module or pack: one that drifts from the others is overcharged first;
- isolation of a module or pack: the shock hazard. A single cell has none to measure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cellwright.core.battery import Battery, Level

_ASSEMBLIES: tuple[Level, ...] = ("module", "pack")


@dataclass(frozen=True)
class Gate:
    """A check of one quantity against a limit.

    Parameters
    ----------
    quantity
        What is checked, e.g. ``rest_sag``; the check's words are ``safety.check.QUANTITY``, ``safety.finding.QUANTITY`` and
        ``safety.missing.QUANTITY``.
    limit
        Stem of the limits in the rule file: ``STEM_hold``, ``STEM_reject``.
    direction
        +1 where too high is the danger, -1 where too low is.
    scale
        What of the battery the limit is a multiple of; None where the battery does not state it.
    columns
        What the battery list has to state for that.
    levels
        Where the check applies.
    doubt
        Whether a reading past the limit by less than its uncertainty is let through: a tester steers to a voltage limit and ends
        within its own error of it; heat, sag and spread are steered by nobody, and a poor probe buys them nothing.
    loaded
        Whether only a battery that was under load can show it.
    """

    quantity: str
    limit: str
    direction: int = 1
    scale: Callable[[Battery], float | None] = lambda _: 1.0
    columns: tuple[str, ...] = ()
    levels: tuple[Level, ...] = ("cell", *_ASSEMBLIES)
    doubt: bool = False
    loaded: bool = False


def _cells_in_series(battery: Battery) -> float | None:
    return battery.series or (1.0 if battery.level == "cell" else None)


def _of_one_cell(battery: Battery, limit: float | None) -> float | None:
    """A module's limit over its cells in series [V]: the series reaches its limit while one cell is already beyond its own."""
    return limit / battery.series if limit and battery.series else None


def _nominal_voltage(battery: Battery) -> float | None:
    """Rated energy over rated capacity [V]; UN R100 divides the isolation resistance by the nominal voltage."""
    if not (battery.rated_energy_wh and battery.rated_capacity_ah):
        return None
    return battery.rated_energy_wh / battery.rated_capacity_ah


GATES = (
    Gate(
        "maximum_voltage",
        "maximum_voltage_ratio",
        scale=lambda battery: battery.maximum_voltage_volt,
        columns=("maximum_voltage_volt",),
        doubt=True,
    ),
    Gate(
        "minimum_voltage",
        "minimum_voltage_ratio",
        direction=-1,
        scale=lambda battery: battery.minimum_voltage_volt,
        columns=("minimum_voltage_volt",),
        doubt=True,
    ),
    Gate(
        "cell_maximum_voltage",
        "cell_maximum_voltage_ratio",
        scale=lambda battery: _of_one_cell(battery, battery.maximum_voltage_volt),
        columns=("maximum_voltage_volt", "series"),
        levels=_ASSEMBLIES,
        doubt=True,
    ),
    Gate(
        "cell_minimum_voltage",
        "cell_minimum_voltage_ratio",
        direction=-1,
        scale=lambda battery: _of_one_cell(battery, battery.minimum_voltage_volt),
        columns=("minimum_voltage_volt", "series"),
        levels=_ASSEMBLIES,
        doubt=True,
    ),
    Gate("temperature_rise", "temperature_rise", loaded=True),
    Gate("maximum_temperature", "maximum_temperature"),
    Gate("rest_sag", "rest_sag_per_cell", scale=_cells_in_series, columns=("series",)),
    Gate("cell_voltage_spread", "cell_voltage_spread", levels=_ASSEMBLIES),
    Gate(
        "isolation_resistance",
        "isolation_resistance_per_volt",
        direction=-1,
        scale=_nominal_voltage,
        columns=("rated_energy_wh", "rated_capacity_ah"),
        levels=_ASSEMBLIES,
    ),
)
