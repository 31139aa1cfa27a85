"""DC resistance of each cell in every pulse, at the times that its samples stand for."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot, sqrt
from typing import Any

import numpy as np
import polars as pl

from cellwright.core.columns import CELL_VOLTAGES, CURRENT
from cellwright.core.messages import message
from cellwright.core.quantity import Method, Quantity, absent
from cellwright.measure.modules.string import Floats, String
from cellwright.measure.pulse.moments import NONE, TIMES_S, moments, time_after
from cellwright.measure.pulse.trains import Train, train
from cellwright.measure.runs import Rows

NAME = "cell_dc_resistance"
METHOD = Method("cell-pulse-resistance", "1")
MIDDLE = 0.5

SCHEMA = {
    "pulse": pl.Int64,
    "cell": pl.Int64,
    "direction": pl.String,
    "nominal_time_s": pl.Float64,
    "time_s": pl.Float64,
    "current_ampere": pl.Float64,
    "soc": pl.Float64,
    "resistance_ohm": pl.Float64,
    "standard_uncertainty_ohm": pl.Float64,
    "step_count": pl.Int64,
}


@dataclass(frozen=True, eq=False)
class CellPulses:
    """What was read of each cell in the pulses of a string.

    Parameters
    ----------
    string, pulses
        Whose cells, and where the pulses are.
    rows
        The sample that stands for each time of each pulse, the last column the pulse's end; -1 where none does.
    """

    string: String
    pulses: Train
    rows: Rows

    @classmethod
    def of(cls, string: String) -> CellPulses | None:
        """Find the pulses; None where there is none that is sampled."""
        pulses = train(string.course)
        if string.course.recording.sampling == "step" or not len(pulses):
            return None
        found = moments(pulses)
        return cls(string, pulses, np.column_stack([found.at, found.end]))

    def resistance(self, pulse: int, column: int) -> tuple[Floats, float, float]:
        """Return R = (V − V₀)/(I − I₀) of every cell [ohm], the step of the current and the current [A], at one time of one pulse."""
        table, row, before = self.pulses.course.samples, int(self.rows[pulse, column]), int(self.pulses.begin[pulse]) - 1
        current = table[CURRENT]
        step = float(current[row] - current[before])
        volts = table[CELL_VOLTAGES].to_numpy()
        return (volts[row].astype(np.float64) - volts[before]) / step, step, float(current[row])


def table_of(found: CellPulses | None) -> pl.DataFrame:
    """One row a pulse, time and cell; empty where there is no pulse."""
    if found is None:
        return pl.DataFrame(schema=SCHEMA)
    string, pulses, rows = found.string, found.pulses, found.rows
    pulse, column = np.nonzero(rows != NONE)
    at, before = rows[pulse, column], pulses.begin[pulse] - 1
    current, volts = pulses.course.samples[CURRENT].to_numpy(), string.volts
    step = current[at] - current[before]
    ohm = (volts[at].astype(np.float64) - volts[before]) / step[:, None]
    after = np.column_stack([time_after(pulses, each) for each in rows.T])[pulse, column]
    kind, states = pulses.course.steps["kind"].gather(pulses.first), [pulses.course.charge_state[int(rest)] for rest in pulses.rest]
    nominal = np.where(column < len(TIMES_S), np.append(TIMES_S, np.nan)[column], after)
    one = {
        "pulse": pulse,
        "direction": kind.gather(pulse),
        "nominal_time_s": nominal,
        "time_s": after,
        "current_ampere": current[at],
        "soc": pl.Series(states, dtype=pl.Float64).gather(pulse),
        "step_count": pl.Series(pulses.step_count, dtype=pl.Int64).gather(pulse),
    }
    unsure = _uncertainties(string, ohm, step)
    many = pl.DataFrame({"resistance_ohm": ohm.ravel(), "standard_uncertainty_ohm": pl.Series(unsure, nan_to_null=True)})
    cells = np.tile(np.arange(1, string.cells + 1), len(pulse))
    repeated = pl.DataFrame(one)[np.repeat(np.arange(len(pulse)), string.cells)].with_columns(pl.Series("cell", cells))
    table = repeated.hstack(many).select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())
    return table.with_columns(pl.col("resistance_ohm").fill_nan(None))


def cell_resistances(found: CellPulses | None, string: String) -> tuple[Quantity, ...]:
    """DC resistance of every cell [ohm], in their order, all at the last time of one pulse.

    That is of the discharges, else of the charges, the nearest to half full, and of those the longest and latest.
    """
    chosen = None if found is None else _chosen(found)
    if found is None or chosen is None:
        return (absent(NAME, "ohm", message("measure.no_pulse_of_cells")),)
    ohm, step, current = found.resistance(*chosen)
    at = _conditions(found, chosen[0], current)
    return tuple(_quantity(found, chosen, cell, float(ohm[cell]), (step, at)) for cell in range(string.cells))


def _chosen(found: CellPulses) -> tuple[int, int] | None:
    """Return which pulse to use, and the column of its last time."""
    last = found.rows.shape[1] - 1 - np.argmax(found.rows[:, ::-1] != NONE, axis=1)
    resolved = np.flatnonzero((found.rows != NONE).any(axis=1))
    if not len(resolved):
        return None
    steps, states = found.pulses.course.rows, found.pulses.course.charge_state

    def rank(pulse: int) -> tuple[bool, float, float, int]:
        state = states[int(found.pulses.rest[pulse])]
        off = 1.0 if state is None else abs(state - MIDDLE)
        return steps[int(found.pulses.first[pulse])]["kind"] == "discharge", -round(off, 2), float(found.pulses.duration_s[pulse]), pulse

    best = max(resolved.tolist(), key=rank)
    return best, int(last[best])


def _conditions(found: CellPulses, pulse: int, current: float) -> dict[str, Any]:
    pulses, rest = found.pulses, int(found.pulses.rest[pulse])
    step = pulses.course.rows[int(pulses.first[pulse])]
    warmth = step.get("mean_temperature_celsius")
    return {
        "direction": step["kind"],
        "duration_s": float(pulses.duration_s[pulse]),
        "current_ampere": current,
        **pulses.course.c_rate(current),
        **pulses.course.state_of_charge(rest),
        "rest_before_s": float(pulses.rest_s[pulse]),
        **({} if warmth is None else {"temperature_celsius": warmth}),
        "step_count": pulses.step_count[pulse],
    }


def _quantity(found: CellPulses, chosen: tuple[int, int], cell: int, ohm: float, of: tuple[float, dict[str, Any]]) -> Quantity:
    string, (pulse, column), (step, at) = found.string, chosen, of
    row, before = int(found.rows[pulse, column]), int(found.pulses.begin[pulse]) - 1
    time = float(time_after(found.pulses, found.rows[:, column])[pulse])
    conditions = string.conditions(cell) | {"time_s": time} | at
    records = (string.record(before), string.record(row))
    evidence = string.course.budget.evidence(*((r, r) for r in records))
    if not np.isfinite(ohm):
        return absent(NAME, "ohm", message("measure.cell_not_read"), conditions=conditions, evidence=evidence)
    components = _components(string, cell, ohm, step, records)
    return string.course.budget.quantity(NAME, ohm, "ohm", components, method=METHOD, conditions=conditions, evidence=evidence)


def _components(string: String, cell: int, ohm: float, step: float, records: tuple[int, int]) -> dict[str, float]:
    """Components of a cell's resistance: its channel's gain and rounding, and those of the one current that all cells share.

    The current's are `Budget.resistance`'s; a cell's channel is one of its own, whose offset cancels in the difference.
    """
    tester = string.course.tester
    if tester is None:
        return {}
    shared = {name: u for name, u in string.course.budget.resistance(ohm, step, records).items() if ":current:" in name}
    volt, stem = string.usual_volt, string.course.recording.source.sha256[:12]
    own = string.course.budget.cell_channel(cell + 1, volt, ohm, 0.0)
    for record, sign in zip(records, (-1.0, 1.0), strict=True):
        own[f"{stem}:{record}:cell {cell + 1}:voltage:resolution"] = sign * string.rounding_volt / step
        own[f"{stem}:{record}:cell {cell + 1}:voltage:noise"] = sign * string.noise_volt / step
    return shared | own


def _uncertainties(string: String, ohm: Floats, step: Floats) -> Floats:
    """Standard uncertainty of every resistance in the table [ohm]; NaN without a tester."""
    tester = string.course.tester
    if tester is None:
        return np.full(ohm.size, np.nan)
    volt, ampere = string.usual_volt, float(np.abs(step).max(initial=0.0))
    gain = hypot(tester.voltage_range(volt).gain_uncertainty(1.0), tester.current_range(ampere).gain_uncertainty(1.0))
    read = np.hypot(hypot(string.rounding_volt, string.noise_volt), np.abs(ohm) * tester.current_range(ampere).resolution_uncertainty)
    return np.hypot(np.abs(ohm) * gain, sqrt(2) * read / np.abs(step)[:, None]).ravel()
