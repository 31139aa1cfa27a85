"""LANDT (LANHE): the CSV with six lines of metadata, and the native exports of LANDdt as text, XLS and XLSX.

Every counter is that of the step. In the native exports one counter serves both ways, and is parted here by the step's current.
The CSV's first column is called ``channel_index`` and counts the records. The native layouts rest on published readers of them
(LANDdt's ``Index, TestTime, StepTime, Voltage/V, Current/mA, Capacity/mAh, …, State, SysTime`` and their Chinese names; a text
export with ``Rec#, Cyc#, Test(Sec), Amp-hr, Amps, Volts, DPt-Time``), not on files of them.
"""

from dataclasses import replace

import polars as pl

from cellwright.core.columns import CURRENT, TIME, VOLTAGE
from cellwright.core.messages import Message, message
from cellwright.readers.engine import sheets, text
from cellwright.readers.engine.signs import signed_by
from cellwright.readers.engine.steps import STEP_COUNT, STEP_TIME, count_steps, split_counters
from cellwright.readers.engine.timing import dated
from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Ask, Draft, Format, Reader

SENSORS = 3
STATE = "step_type"
CLOCKS = ("date_time_iso_string", "SysTime", "系统时间", "DPt-Time")
DATES = ("%m/%d/%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S%.f", "%Y/%m/%d %H:%M:%S", "%d/%m/%Y %H:%M:%S")

COUNTERS = {
    "charge_capacity_Ah": "step_charging_capacity_ah",
    "discharge_capacity_Ah": "step_discharging_capacity_ah",
    "charge_energy_Wh": "step_charging_energy_wh",
    "discharge_energy_Wh": "step_discharging_energy_wh",
}
NATIVE_COUNTERS = {
    "Capacity/mAh, charging": "step_charging_capacity_ah",
    "Capacity/mAh, discharging": "step_discharging_capacity_ah",
    "Energy/mWh, charging": "step_charging_energy_wh",
    "Energy/mWh, discharging": "step_discharging_energy_wh",
}

CSV = text.Dialect(
    tells=frozenset({"channel_index", "date_time_iso_string", "test_time_s", "step_name"}),
    columns={
        "channel_index": "record_index",
        "cycle_index": "cycle_count",
        "step_index": "step_id",
        "test_time_s": TIME,
        "step_time_s": STEP_TIME,
        "current_a": CURRENT,
        "voltage_v": VOLTAGE,
        "step_name": STATE,
    }
    | {name.lower(): column for name, column in COUNTERS.items()}
    | {f"temperature_{n}_c": f"temperature_t{n}_celsius" for n in range(1, SENSORS + 1)},
)

_NATIVE = {
    **dict.fromkeys(("index", "record", "记录序号", "rec#"), "record_index"),
    **dict.fromkeys(("cycle-index", "cyc#", "循环序号"), "cycle_count"),
    **dict.fromkeys(("step-index", "step", "步次"), "step_id"),
    **dict.fromkeys(("testtime", "testtime/sec.", "测试时间", "测试时间/sec", "测试时间/sec.", "test(sec)"), TIME),
    **dict.fromkeys(("steptime", "steptime/sec.", "步次时间", "步次时间/sec", "步次时间/sec.", "step(sec)"), STEP_TIME),
    **dict.fromkeys(("voltage", "电压", "volts"), VOLTAGE),
    **dict.fromkeys(("current", "电流", "amps"), CURRENT),
    **dict.fromkeys(("capacity", "容量", "amp-hr"), "step_cumulative_capacity_ah"),
    **dict.fromkeys(("energy", "能量", "watt-hr"), "step_cumulative_energy_wh"),
    **dict.fromkeys(("state", "状态"), STATE),
}
NATIVE = tuple(
    text.Dialect(tells=frozenset(tells), columns=_NATIVE)
    for tells in (
        {"testtime/sec.", "voltage", "current", "capacity"},
        {"testtime", "voltage", "current", "capacity"},
        {"测试时间", "电压", "电流", "容量"},
        {"rec#", "dpt-time", "amps", "volts"},
    )
)


def _layout(file: RawFile) -> tuple[text.Layout, text.Dialect] | None:
    found = ((layout, dialect) for dialect in (CSV, *NATIVE) if (layout := text.find(file, dialect)))
    return next(found, None)


def _places(file: RawFile) -> list[sheets.Place]:
    return sheets.places(file, lambda cells: any(d.tells <= {text.split_unit(cell)[0] for cell in cells} for d in NATIVE))


def _recognises(file: RawFile) -> bool:
    return _layout(file) is not None or bool(_places(file))


def _read(file: RawFile, ask: Ask) -> list[Draft]:
    if places := _places(file):
        return [_draft(NATIVE[0], _sheet(file, place, alone=len(places) == 1), file, ask) for place in places]
    layout, dialect = _layout(file) or (text.require(None, file), CSV)
    frame, notes = text.parse(file, layout, dialect)
    # The lines above the table of the CSV name a unit where the value was not filled in.
    head = {name: value for name, value in text.pairs(layout).items() if value not in {"Ah", "Wh"}}
    return [_draft(dialect, Draft(frame, "csv" if dialect is CSV else "txt", notes=tuple(notes), metadata=head), file, ask)]


def _sheet(file: RawFile, place: sheets.Place, *, alone: bool) -> Draft:
    return Draft(sheets.table(file, place), "xlsx", channel=None if alone else place.sheet)


def _draft(dialect: text.Dialect, draft: Draft, file: RawFile, ask: Ask) -> Draft:
    table, lost = text.translate(_with_days(draft.table, dialect), dialect, file.file)
    table, silent = _connected(table)
    table, signs = signed_by(table, pl.col(STATE).str.starts_with("D")) if STATE in table.columns else (table, [])
    table = count_steps(table, ["cycle_count", "step_id", STATE])
    if STEP_COUNT in table.columns:
        way = pl.col(CURRENT).sum().over(STEP_COUNT)
        table = split_counters(table, {"charging": way > 0, "discharging": way < 0})
    draft = replace(draft, table=table, notes=(*draft.notes, *lost, *silent, *signs))
    return dated(draft, next((c for c in CLOCKS if c in table.columns), ""), DATES, ask)


def _with_days(frame: pl.DataFrame, dialect: text.Dialect) -> pl.DataFrame:
    """Write durations such as ``1-02:03:04``, a day and some hours, as the engine reads them."""
    times = [c for c in frame.columns if dialect.column(c) in {TIME, STEP_TIME} and frame[c].dtype == pl.String]
    return frame.with_columns(pl.col(c).str.replace(r"^(\d+)-(\d+:)", "${1}d ${2}") for c in times)


def _connected(table: pl.DataFrame) -> tuple[pl.DataFrame, list[Message]]:
    """Leave out thermometers that say zero throughout."""
    silent = [c for c in table.columns if c.startswith("temperature_") and not (table[c] != 0).any()]
    return table.drop(silent), [message("readers.sensors_not_connected", columns=silent)] if silent else []


READER = Reader(
    "landt",
    "LANDT",
    (
        Format("csv", counters=COUNTERS),
        Format("txt", proof="published", counters=NATIVE_COUNTERS),
        Format("xlsx", proof="published", counters=NATIVE_COUNTERS),
    ),
    (),
    _recognises,
    _read,
)
