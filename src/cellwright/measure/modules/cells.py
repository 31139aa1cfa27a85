"""Every cell of a module or pack: capacity, resistance, rest voltage, and how far they lie apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from cellwright.core.battery import Battery
from cellwright.core.frozen import freeze_fields
from cellwright.core.messages import Message
from cellwright.core.quantity import Quantity, absent
from cellwright.core.recording import Recording
from cellwright.core.tester import Tester
from cellwright.measure.course import Course
from cellwright.measure.modules.capacity import cell_capacities
from cellwright.measure.modules.discharging import Discharged, deepest
from cellwright.measure.modules.resistance import SCHEMA as PULSES
from cellwright.measure.modules.resistance import CellPulses, cell_resistances, table_of
from cellwright.measure.modules.resting import cell_rest_voltages
from cellwright.measure.modules.spreading import SPREADS, spread, statistics
from cellwright.measure.modules.string import String, why_no_cells
from cellwright.measure.modules.weakest import candidates, weakest

UNITS = {
    "cell_capacity": "Ah",
    "cell_dc_resistance": "ohm",
    "cell_rest_voltage": "V",
    "cell_capacity_spread": "Ah",
    "cell_resistance_spread": "ohm",
}
SCHEMA = {
    "cell": pl.Int64,
    "capacity_ah": pl.Float64,
    "capacity_standard_uncertainty_ah": pl.Float64,
    "capacity_origin": pl.String,
    "capacity_at_least_ah": pl.Float64,
    "reached_upper": pl.Boolean,
    "reached_lower": pl.Boolean,
    "start_voltage_volt": pl.Float64,
    "end_voltage_volt": pl.Float64,
    "resistance_ohm": pl.Float64,
    "resistance_standard_uncertainty_ohm": pl.Float64,
    "rest_voltage_volt": pl.Float64,
    "rest_voltage_standard_uncertainty_volt": pl.Float64,
}
_COLUMNS = {"cell_capacity": ("capacity", "ah"), "cell_dc_resistance": ("resistance", "ohm"), "cell_rest_voltage": ("rest_voltage", "volt")}


@dataclass(frozen=True, eq=False)
class Cells:
    """What a recording tells of the cells of a module or pack, or the reason why it tells nothing.

    Parameters
    ----------
    table
        One row a cell, numbered from 1: ``capacity_ah`` with its ``…standard_uncertainty…`` [Ah] and ``capacity_origin`` (``bench``,
        ``estimated``; null where only ``capacity_at_least_ah`` is known); ``reached_upper``, ``reached_lower``;
        ``start_voltage_volt`` at the end of the charge before and ``end_voltage_volt`` [V]; ``resistance_ohm`` [ohm] and
        ``rest_voltage_volt`` [V] with theirs.
    pulses
        One row a pulse, time after its edge and cell: ``resistance_ohm`` and its standard uncertainty [ohm], ``direction``,
        ``nominal_time_s``, ``time_s`` [s], ``current_ampere`` [A], ``soc`` [1], ``step_count``.
    spread
        One row a quantity: ``cells``, ``mean``, ``standard_deviation``, ``lowest``, ``lowest_cell``, ``highest``, ``highest_cell``,
        ``range``.
    quantities
        ``cell_capacity`` [Ah], ``cell_dc_resistance`` [ohm], ``cell_rest_voltage`` [V], one a cell in their order;
        ``cell_capacity_spread`` [Ah], ``cell_resistance_spread`` [ohm].
    weakest
        The cell with the least capacity; where fewer than two are known, the one that was lowest when the discharge ended; None where
        there was none. It is told from the others only where it is the one candidate.
    weakest_candidates
        Every cell that may be the weakest: not surely stronger, by twice the standard uncertainty of the difference.
    reason
        Why there is nothing.
    """

    table: pl.DataFrame
    pulses: pl.DataFrame
    spread: pl.DataFrame
    quantities: Mapping[str, tuple[Quantity, ...]]
    weakest: int | None = None
    weakest_candidates: tuple[int, ...] = ()
    reason: Message | None = None

    def __post_init__(self) -> None:
        freeze_fields(self, "quantities")


def cells(recording: Recording, battery: Battery | None = None, tester: Tester | None = None) -> Cells:
    """Measure every cell of a module or pack that one current went through.

    Parameters
    ----------
    recording
        A series with ``cell_voltages_volt`` [V]; cells in parallel are one group, with one voltage, one capacity and one resistance.
    battery
        The module or pack: its voltage limits over its cells in ``series`` are a cell's; without them the limits that occur in the
        recording are. ``parallel`` stands among the conditions.
    tester
        Its errors give the uncertainty; each cell's channel is one of its own, in the range that holds a cell.

    Returns
    -------
    `Cells`; without rows, with the reason, where the recording has no cell voltages.

    Notes
    -----
    A series discharge ends where its weakest cell is empty. A cell's capacity is ``bench`` where that cell was at its upper limit when the
    charge ended, short of full by less than 0.5 %, and reached its lower one: the charge up to that moment. It is ``estimated`` where
    the cell's curve, laid over that of the first one to be empty, tells how much further it could have gone
    (`cellwright.measure.modules.aligning`); the conditions
    name the ``reference_cell`` and ``offset_volt``, by how much more it drops under the current. Else it is absent and the condition
    ``at_least_ah`` is what was taken out of it, less the expanded uncertainty. Estimated: least squares (Gauss and Newton) in offset,
    pace and resistance, with the voltages at rest before on the open-circuit curve of the charge, V − R·I, of the cell that came
    furthest; assumed is one shape of curve for all. A cell is full where its voltage, under the current that ended the charge, is at its
    limit.
    Resistance: (V − V₀)/(I − I₀) as in `cellwright.measure.resistances`.
    """
    course = Course(recording, battery, tester)
    if reason := why_no_cells(course):
        none = {name: (absent(name, unit, reason),) for name, unit in UNITS.items()}
        return Cells(pl.DataFrame(schema=SCHEMA), pl.DataFrame(schema=PULSES), statistics({}), none, reason=reason)
    string = String(course)
    discharged, pulses = deepest(string), CellPulses.of(string)
    found = _quantities(string, discharged, pulses)
    each = {name: found[name] for name in _COLUMNS}
    capacities = found["cell_capacity"]
    least = weakest(capacities, discharged), candidates(capacities, discharged)
    return Cells(cells_table(each), table_of(pulses), statistics(each), found, *least)


def quantities_of_cells(course: Course) -> dict[str, tuple[Quantity, ...]]:
    """The quantities of `cells` where cell voltages were recorded; of a module or pack without them, absent with the reason; else none."""
    reason = why_no_cells(course)
    if reason is None:
        string = String(course)
        return _quantities(string, deepest(string), CellPulses.of(string))
    if course.battery is None or course.battery.level == "cell":
        return {}
    return {name: (absent(name, unit, reason),) for name, unit in UNITS.items()}


def _quantities(string: String, discharged: Discharged | None, pulses: CellPulses | None) -> dict[str, tuple[Quantity, ...]]:
    found = {
        "cell_capacity": cell_capacities(string, discharged),
        "cell_dc_resistance": cell_resistances(pulses, string),
        "cell_rest_voltage": cell_rest_voltages(string),
    }
    return found | {spreads: (spread(name, found[name]),) for name, spreads in SPREADS.items()}


def cells_table(quantities: Mapping[str, Sequence[Quantity]]) -> pl.DataFrame:
    """One row a cell, as in `Cells.table`, of the first value that each cell has among quantities by name."""
    of_cells = [(name, q) for name in _COLUMNS for q in quantities.get(name, ()) if "cell" in q.conditions]
    rows: list[dict[str, Any]] = [{"cell": n} for n in range(1, max((int(q.conditions["cell"]) for _, q in of_cells), default=0) + 1)]
    for name, quantity in of_cells:
        stem, unit = _COLUMNS[name]
        row = rows[int(quantity.conditions["cell"]) - 1]
        if row.get(f"{stem}_{unit}") is None:
            row |= {f"{stem}_{unit}": quantity.value, f"{stem}_standard_uncertainty_{unit}": quantity.standard_uncertainty}
            if name == "cell_capacity":
                row |= {c: quantity.conditions[c] for c in SCHEMA if c in quantity.conditions}
                row["capacity_origin"] = quantity.origin if quantity.value is not None else None
                row["capacity_at_least_ah"] = quantity.conditions.get("at_least_ah")
    return pl.DataFrame(rows, SCHEMA)
