"""Digatron Battery Manager (BTS, MCT, UBT): text exports in English and German, and those with the unit behind a ``#``.

No file of a Digatron was at hand; the layouts rest on what public readers of them and data sets say. These are the CSV files of the LG
HG2 and Samsung 30T data sets of McMaster University (``Time Stamp, Step, Status, Prog Time, Step Time, …`` over a row of units such as
``[V]``), the readers of PyDPEET and digatron-utility (``Zeitstempel``, ``Schritt Zeit``, ``Spannung``, ``Strom``; ``;`` or tab),
and that of the Battery Data Format (``Program Duration#s``, ``AhCha#Ah``, timestamps with their zone).

A program sets the ampere-hour counters back when it wants to (operator ``SET``), but for ``AhStep``, a magnitude that begins anew with
each step. ``AhAccu`` and ``WhAccu``, balances since the program's last reset, have no BDF column and stay under their own names.
"""

import re
from dataclasses import replace

import polars as pl

from cellwright.core.columns import CURRENT, TIME, VOLTAGE
from cellwright.core.messages import Message, message
from cellwright.readers.engine import text
from cellwright.readers.engine.clock import UNIX, iso, moments
from cellwright.readers.engine.signs import signed_by
from cellwright.readers.engine.steps import STEP_COUNT, STEP_TIME, count_steps, split_counters
from cellwright.readers.engine.timing import dated
from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Ask, Draft, Format, Reader

SENSORS = 5
STATE, CYCLE = "step_type", "cycle_count"
DISCHARGE = "DCH"
CLOCKS = ("Time Stamp", "Timestamp", "Zeitstempel")
DATES = (
    *("%m/%d/%Y %I:%M:%S %p", "%d.%m.%Y %H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"),
    *("%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S"),
)
ZONED = "%Y-%m-%d %H:%M:%S%.f%:z"

COUNTERS = {
    "AhCha": "schedule_charging_capacity_ah",
    "AhDch": "schedule_discharging_capacity_ah",
    "WhCha": "schedule_charging_energy_wh",
    "WhDch": "schedule_discharging_energy_wh",
    "AhStep, charging": "step_charging_capacity_ah",
    "AhStep, discharging": "step_discharging_capacity_ah",
    "WhStep, charging": "step_charging_energy_wh",
    "WhStep, discharging": "step_discharging_energy_wh",
}

DIALECT = text.Dialect(
    tells=frozenset({"step", "status", "prog time", "voltage", "current"}),
    columns={
        **dict.fromkeys(("prog time", "program time", "progtime", "program duration", "prog zeit", "programm zeit"), TIME),
        **dict.fromkeys(("step time", "steptime", "step duration", "schritt zeit"), STEP_TIME),
        **dict.fromkeys(("step", "schritt", "schritt nr."), "step_id"),
        "status": STATE,
        **dict.fromkeys(("cycle", "zyklus"), CYCLE),
        **dict.fromkeys(("voltage", "spannung"), VOLTAGE),
        **dict.fromkeys(("current", "strom"), CURRENT),
        **dict.fromkeys(("power", "watt", "leistung"), "power_watt"),
        **dict.fromkeys(("temperature", "t_batt", "t_bat_1"), "temperature_t1_celsius"),
        "tenv": "ambient_temperature_celsius",
        "ahstep": "step_cumulative_capacity_ah",
        "whstep": "step_cumulative_energy_wh",
        **{name.lower(): column for name, column in COUNTERS.items() if "," not in name},
        **{form.format(n): f"temperature_t{n}_celsius" for form in ("t{}", "logtemp{:03}") for n in range(1, SENSORS + 1)},
    },
)
_TELLS = (
    DIALECT.tells,
    frozenset({"step", "status", "progtime", "voltage", "current"}),
    frozenset({"step", "status", "program time", "voltage", "current"}),
    frozenset({"program duration#s", "step", "voltage#v", "current#a"}),
    frozenset({"zeitstempel", "schritt zeit", "spannung", "strom"}),
)
_UNIT = re.compile(r"\s*\[([^\]]*)\]\s*")


def _layout(file: RawFile) -> text.Layout | None:
    found = next((layout for tells in _TELLS if (layout := text.find(file, replace(DIALECT, tells=tells)))), None)
    if found is None:
        return None
    found = replace(found, header=tuple(_with_unit(*cell.partition("#")[::2]) for cell in found.header))
    return _below_units(file, found) if any(_UNIT.fullmatch(cell) for cell in found.first) else found


def _with_unit(name: str, unit: str) -> str:
    return f"{name} [{unit}]" if name and unit else name


def _below_units(file: RawFile, layout: text.Layout) -> text.Layout:
    """Take the row of units under the header into the header."""
    units = [found.group(1) if (found := _UNIT.fullmatch(cell)) else "" for cell in layout.first]
    units += [""] * (len(layout.header) - len(units))
    header = [_with_unit(name, unit) for name, unit in zip(layout.header, units, strict=False)]
    rows = file.text.find(b"\n", layout.offset) + 1 or len(file.text)
    return text.layout_at(file, header, rows, layout.delimiter, layout.preamble)


def _read(file: RawFile, ask: Ask) -> list[Draft]:
    layout = text.require(_layout(file), file)
    frame, notes = text.parse(file, layout, DIALECT)
    clock = next((c for c in CLOCKS if c in frame.columns), "")
    frame, timing = _timed(frame, clock)
    table, lost = text.translate(frame, DIALECT, file.file)
    table, gone = _with_values(table)
    table, signs = signed_by(table, pl.col(STATE) == DISCHARGE) if STATE in table.columns else (table, [])
    draft = Draft(_stepped(table), "csv", notes=(*notes, *timing, *lost, *gone, *signs), metadata=_head(layout))
    return [_clocked(draft, clock, ask)]


def _timed(frame: pl.DataFrame, clock: str) -> tuple[pl.DataFrame, list[Message]]:
    """Take the running time from the clock where the export has none."""
    if not clock or any(DIALECT.column(c) == TIME for c in frame.columns):
        return frame, []
    found, notes = moments(frame[clock], DATES)
    if found is None:
        return frame, []
    local = found.parsed()
    running = (local - local.min()).dt.total_milliseconds().cast(pl.Float64) / 1000  # pyright: ignore[reportOperatorIssue, reportUnknownMemberType]
    return frame.with_columns(running.alias("Prog Time [s]")), [*notes, message("readers.time_from_clock", column=clock)]


def _with_values(table: pl.DataFrame) -> tuple[pl.DataFrame, list[Message]]:
    """Leave out the rows that only report a step of the program (``PRG``, ``STO``) and measure nothing."""
    count = table.height - (kept := table.filter(pl.col(VOLTAGE).is_not_null() | pl.col(CURRENT).is_not_null())).height
    return (kept, [message("readers.rows_without_values", count=count)]) if count else (table, [])


def _stepped(table: pl.DataFrame) -> pl.DataFrame:
    """Count the steps and part the steps' magnitudes by their way; a cycle number that falls is that of an inner loop, none of BDF's."""
    if CYCLE in table.columns and (table[CYCLE].diff() < 0).any():
        table = table.rename({CYCLE: "Cycle"})
    table = count_steps(table, ["step_id", STATE])
    if STEP_COUNT not in table.columns:
        return table
    way = pl.col(CURRENT).sum().over(STEP_COUNT)
    return split_counters(table, {"charging": way > 0, "discharging": way < 0})


def _clocked(draft: Draft, clock: str, ask: Ask) -> Draft:
    """Add what the clock tells; a clock that says its zone needs none from the user."""
    if not clock or draft.table[clock].dtype != pl.String:
        return draft
    zoned = draft.table[clock].str.to_datetime(ZONED, time_unit="ms", strict=False)
    if zoned.null_count() == len(zoned):
        return dated(draft, clock, DATES, ask)
    table = draft.table.with_columns((zoned.dt.epoch("ms").cast(pl.Float64) / 1000).alias(UNIX))
    return replace(draft, table=table, start=iso(zoned.drop_nulls()[0]))


def _head(layout: text.Layout) -> dict[str, str]:
    """Read ``Name,value``, however many empty cells follow."""
    rows = [text.split_line(line.encode(), layout.delimiter)[0] for line in layout.preamble]
    found = {row[0].strip(": "): ", ".join(c.strip() for c in row[1:] if c.strip()) for row in rows if len(row) > 1}
    return {name: value for name, value in found.items() if name and value}


READER = Reader(
    "digatron", "Digatron", (Format("csv", proof="published", counters=COUNTERS),), (), lambda file: _layout(file) is not None, _read
)
