"""PEC text exports (CSV): a head of names and values, then the rows of every cell in the test.

The capacity and energy counters begin anew with each cycle, as the times beside them are named (``Cycle Charge Time``).
"""

import re
from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from cellwright.core.columns import CURRENT, TIME, VOLTAGE
from cellwright.core.messages import Message
from cellwright.readers.engine import text
from cellwright.readers.engine.steps import STEP_TIME, count_steps
from cellwright.readers.engine.timing import dated
from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Ask, Draft, Format, Reader

TEST, CELL = "Test", "Cell"
POSITION = ("Rack", "Shelf", "Position")
CONSTANT = (TEST, CELL, *POSITION, "Cell ID")
CLOCK = "Real Time"
DATES = ("%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p")

COUNTERS = {
    "Charge Capacity (mAh)": "cycle_charging_capacity_ah",
    "Discharge Capacity (mAh)": "cycle_discharging_capacity_ah",
    "Charge Capacity (mWh)": "cycle_charging_energy_wh",
    "Discharge Capacity (mWh)": "cycle_discharging_energy_wh",
    "Charge Energy (mWh)": "cycle_charging_energy_wh",
    "Discharge Energy (mWh)": "cycle_discharging_energy_wh",
}

DIALECT = text.Dialect(
    tells=frozenset({"test", "cell", "rack", "shelf", "position", "total time"}),
    columns={
        "step": "step_id",
        "instruction name": "step_type",
        "cycle": "cycle_count",
        "total time": TIME,
        "step time": STEP_TIME,
        "voltage": VOLTAGE,
        "current": CURRENT,
        "ambient temperature": "ambient_temperature_celsius",
        "cell surface temperature": "surface_temperature_celsius",
        "temp": "temperature_t1_celsius",
        "dc internal resistance": "dc_internal_resistance_ohm",
        "ac internal resistance": "ac_internal_resistance_ohm",
    }
    # With Ah and Wh, as other units may be chosen; a capacity in Wh is an energy.
    | {
        f"{way} {kind} ({scale}{unit})": f"cycle_{bdf}_{quantity}"
        for way, bdf in (("charge", "charging"), ("discharge", "discharging"))
        for kind, unit, quantity in (("capacity", "ah", "capacity_ah"), ("capacity", "wh", "energy_wh"), ("energy", "wh", "energy_wh"))
        for scale in ("", "m")
    },
)

_CONSTANT = {name.lower(): name for name in CONSTANT}
_HOURS = re.compile(r"\(hours in hh:mm:ss[^)]*\)", re.IGNORECASE)


def _layout(file: RawFile) -> text.Layout | None:
    found = text.find(file, DIALECT)
    return replace(found, header=tuple(_cleaned(cell) for cell in found.header)) if found else None


def _cleaned(cell: str) -> str:
    return _CONSTANT.get(cell.strip().lower(), _HOURS.sub("(h:min:s)", cell))


def _read(file: RawFile, ask: Ask) -> list[Draft]:
    layout = text.require(_layout(file), file)
    frame, notes = text.parse(file, layout, DIALECT)
    table, lost = text.translate(frame, DIALECT, file.file)
    head = _head(layout)
    tests = _tests(table)
    places = ["-".join(_facts(test, POSITION).values()) for test in tests]
    alone = len(set(places)) == len(places)
    return [
        _draft(test, place if alone else f"{test[TEST][0]}/{test[CELL][0]}", (*notes, *lost), head, ask)
        for test, place in zip(tests, places, strict=True)
    ]


def _tests(table: pl.DataFrame) -> list[pl.DataFrame]:
    """Part the rows by test and cell; each row keeps its number in the file."""
    if table[TEST].n_unique() == 1 and table[CELL].n_unique() == 1:
        return [table]
    numbered = table.with_row_index("record_index", offset=1).with_columns(pl.col("record_index").cast(pl.Int64))
    return numbered.partition_by([TEST, CELL], maintain_order=True)


def _draft(table: pl.DataFrame, channel: str, notes: tuple[Message, ...], head: Mapping[str, str], ask: Ask) -> Draft:
    facts = _facts(table, CONSTANT)
    table = count_steps(table.drop(c for c in CONSTANT if c in table.columns), ["cycle_count", "step_id"])
    return dated(Draft(table, "csv", channel=channel, notes=notes, metadata={**head, **facts}), CLOCK, DATES, ask)


def _facts(table: pl.DataFrame, names: tuple[str, ...]) -> dict[str, str]:
    """Columns that say the same in every row of a test."""
    return {name: str(table[name][0]) for name in names if name in table.columns and table[name][0] is not None}


def _head(layout: text.Layout) -> dict[str, str]:
    """Read ``Name:,value``; where several values follow, they are all kept."""
    cells = [text.split_line(line.encode(), layout.delimiter)[0] for line in layout.preamble]
    found = {row[0].rstrip(": "): ", ".join(filter(None, row[1:])) for row in cells if row and row[0].endswith(":")}
    return {name: value for name, value in found.items() if value}


READER = Reader("pec", "PEC", (Format("csv", counters=COUNTERS),), (), lambda file: _layout(file) is not None, _read)
