"""Arbin: CSV in three dialects, and XLSX with one sheet or several a channel.

The capacity counters go on until the schedule sets them back, which is what BDF calls schedule capacities.
"""

import re
from dataclasses import replace

import polars as pl

from cellwright.core.columns import CURRENT, TIME, VOLTAGE
from cellwright.core.errors import UnknownFormat
from cellwright.core.messages import Message, message
from cellwright.readers.engine import text
from cellwright.readers.engine.clock import UNIX
from cellwright.readers.engine.sheets import sheet, sheet_names, text_sheet
from cellwright.readers.engine.steps import STEP_TIME, count_steps
from cellwright.readers.engine.timing import dated
from cellwright.readers.opening import HEAD, RawFile
from cellwright.readers.seam import Ask, Draft, Format, Reader

SENSORS = 5
METADATA = {"Test_ID", "Device_ID", "IV_Ch_ID", "First_Start_DateTime"}
INFO = "Global_Info"
DATES = ("%m/%d/%Y %H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%d/%m/%Y %H:%M:%S%.f")

_SHEET = re.compile(r"Channel[_-]?(\d+)(?:[_-](\d+))?")

_WORDS = {
    "data point": "record_index",
    "test time": TIME,
    "step time": STEP_TIME,
    "step index": "step_id",
    "cycle index": "cycle_count",
    "current": CURRENT,
    "voltage": VOLTAGE,
    "power": "power_watt",
    "charge capacity": "schedule_charging_capacity_ah",
    "discharge capacity": "schedule_discharging_capacity_ah",
    "charge energy": "schedule_charging_energy_wh",
    "discharge energy": "schedule_discharging_energy_wh",
    "internal resistance": "internal_resistance_ohm",
    "acr": "ac_internal_resistance_ohm",
    "temperature": "temperature_t1_celsius",
} | {f"aux temperature {n}": f"temperature_t{n}_celsius" for n in range(1, SENSORS + 1)}

_COLUMNS = {form: column for word, column in _WORDS.items() for form in (word, word.replace(" ", "_"))}
SPACED = text.Dialect(tells=frozenset({"test time", "step index", "cycle index"}), columns=_COLUMNS)
JOINED = text.Dialect(tells=frozenset({"test_time", "step_index", "cycle_index"}), columns=_COLUMNS)
CLOCKS = ("Date Time", "DateTime", "Date_Time")


def _channel_sheets(file: RawFile) -> dict[str, list[str]]:
    """Sheets of each channel, in the order of their parts."""
    found = [(m.group(1), int(m.group(2) or 0), name) for name in sheet_names(file) if (m := _SHEET.fullmatch(name))]
    channels: dict[str, list[str]] = {}
    for channel, _, name in sorted(found, key=lambda f: f[:2]):
        channels.setdefault(channel, []).append(name)
    return channels


def _layout(file: RawFile) -> text.Layout | None:
    return text.find(file, SPACED) or text.find(file, JOINED)


def _is_metadata(file: RawFile) -> bool:
    return set(text.split_line(file.text[:HEAD].split(b"\n", 1)[0])[0]) >= METADATA


def _recognises(file: RawFile) -> bool:
    return _is_metadata(file) or _layout(file) is not None or bool(_channel_sheets(file))


def _read(file: RawFile, ask: Ask) -> list[Draft]:
    if _is_metadata(file):
        raise UnknownFormat("readers.metadata_only", file=file.file)
    channels = _channel_sheets(file)
    if channels:
        return _workbook(file, channels, ask)
    frame, notes = text.parse(file, text.require(_layout(file), file), JOINED)
    return [_draft(frame, file, Draft(frame, "csv", notes=tuple(notes)), ask)]


def _draft(frame: pl.DataFrame, file: RawFile, draft: Draft, ask: Ask) -> Draft:
    table, lost = text.translate(frame, JOINED, file.file)
    clock = next((c for c in CLOCKS if c in table.columns), "")
    if clock and table[clock].dtype.is_numeric():
        table = table.rename({clock: UNIX}).with_columns(pl.col(UNIX).cast(pl.Float64))
    draft = replace(draft, table=count_steps(table, ["cycle_count", "step_id"]), notes=(*draft.notes, *lost))
    return dated(draft, clock, DATES, ask)


def _workbook(file: RawFile, channels: dict[str, list[str]], ask: Ask) -> list[Draft]:
    head = _global_info(file)
    used = {INFO, *(name for names in channels.values() for name in names)}
    left = [name for name in sheet_names(file) if name not in used]
    notes: tuple[Message, ...] = (message("readers.sheets_left_out", sheets=left),) if left else ()
    drafts: list[Draft] = []
    for channel, names in channels.items():
        frame = pl.concat([sheet(file, name) for name in names], how="diagonal")
        facts = head.get(channel, {})
        drafts.append(_draft(frame, file, Draft(frame, "xlsx", channel=channel, notes=notes, metadata=facts), ask))
    return drafts


def _global_info(file: RawFile) -> dict[str, dict[str, str]]:
    """Read what the first sheet says of each channel: a header row that begins with ``Channel``, then a row a channel."""
    if INFO not in sheet_names(file):
        return {}
    rows = text_sheet(file, INFO, header_row=None).rows()
    start = next((n for n, row in enumerate(rows) if row and row[0] == "Channel"), len(rows))
    header = rows[start] if start < len(rows) else ()
    return {str(row[0]): {str(k): str(v) for k, v in zip(header, row, strict=True) if k and v} for row in rows[start + 1 :] if row[0]}


READER = Reader("arbin", "Arbin", (Format("csv"), Format("xlsx")), (), _recognises, _read)
