"""Arbin's columns in BDF's words; all its formats share them."""

from dataclasses import replace

import polars as pl

from cellwright.core.columns import CURRENT, TIME, VOLTAGE
from cellwright.readers.engine import text
from cellwright.readers.engine.clock import UNIX, iso
from cellwright.readers.engine.resistances import without_zeros
from cellwright.readers.engine.steps import STEP_TIME, count_steps
from cellwright.readers.engine.timing import dated, zoned
from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Ask, Draft

SENSORS = 5
CLOCKS = ("Date Time", "DateTime", "Date_Time")
DATES = ("%m/%d/%Y %H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%d/%m/%Y %H:%M:%S%.f")
MOMENTS = "%Y-%m-%d %H:%M:%S%.f"

_COUNTERS = {
    "Charge Capacity": "schedule_charging_capacity_ah",
    "Discharge Capacity": "schedule_discharging_capacity_ah",
    "Charge Energy": "schedule_charging_energy_wh",
    "Discharge Energy": "schedule_discharging_energy_wh",
}
COUNTERS = {joint: {word.replace(" ", joint): column for word, column in _COUNTERS.items()} for joint in (" ", "_")}

_WORDS = {
    "data point": "record_index",
    "test time": TIME,
    "step time": STEP_TIME,
    "step index": "step_id",
    "cycle index": "cycle_count",
    "current": CURRENT,
    "voltage": VOLTAGE,
    "power": "power_watt",
    **{word.lower(): column for word, column in _COUNTERS.items()},
    "internal resistance": "internal_resistance_ohm",
    "acr": "ac_internal_resistance_ohm",
    "ac impedance": "ac_internal_resistance_ohm",
    "temperature": "temperature_t1_celsius",
} | {f"aux temperature {n}": f"temperature_t{n}_celsius" for n in range(1, SENSORS + 1)}

_COLUMNS = {form: column for word, column in _WORDS.items() for form in (word, word.replace(" ", "_"))}
SPACED = text.Dialect(tells=frozenset({"test time", "step index", "cycle index"}), columns=_COLUMNS)
JOINED = text.Dialect(
    tells=frozenset({"test_time", "step_index", "cycle_index"}), columns=_COLUMNS, needs=tuple(name.lower() for name in CLOCKS)
)


def drafted(frame: pl.DataFrame, file: RawFile, draft: Draft, ask: Ask) -> Draft:
    """Give a draft the table of Arbin's own columns, with steps counted and its clock understood."""
    table, lost = text.translate(frame, JOINED, file.file)
    table, unmeasured = without_zeros(table)
    table = count_steps(table, ["cycle_count", "step_id"])
    draft = replace(draft, table=table, notes=(*draft.notes, *lost, *unmeasured))
    clock = next((c for c in CLOCKS if c in table.columns), "")
    if not clock:
        return draft
    if table[clock].dtype.is_numeric():
        return replace(draft, table=table.rename({clock: UNIX}).with_columns(pl.col(UNIX).cast(pl.Float64)))
    return _clocked(draft, clock, ask) if table[clock].dtype.is_temporal() else dated(draft, clock, DATES, ask)


def _clocked(draft: Draft, clock: str, ask: Ask) -> Draft:
    """Take local moments that need no reading."""
    local = draft.table[clock].cast(pl.Datetime("ms"))
    if local.null_count() == len(local):
        return draft
    draft = replace(draft, start=draft.start or iso(local.drop_nulls()[0]), clock=(clock, MOMENTS))
    return zoned(draft, local, ask.timezone) if ask.timezone else draft
