"""Neware: binary ``.nda`` and ``.ndax`` through fastnda, and the text and spreadsheet exports."""

from dataclasses import replace

import polars as pl

from cellwright.core.columns import CURRENT, TIME, VOLTAGE
from cellwright.core.errors import UnknownFormat
from cellwright.core.messages import Message, message
from cellwright.readers.engine import sheets, text
from cellwright.readers.engine.steps import STEP_COUNT, STEP_TIME, count_steps
from cellwright.readers.engine.timing import dated
from cellwright.readers.makes.neware import layered
from cellwright.readers.makes.neware.binary import is_binary, read_binary
from cellwright.readers.makes.neware.columns import CLOCKS, COUNTERS, DATES, DIALECT, INDEX, is_header, layout
from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Ask, Draft, Format, Reader

LEAST = (STEP_TIME, VOLTAGE, CURRENT)


def _recognises(file: RawFile) -> bool:
    return is_binary(file) or layered.is_layered(file) or layout(file) is not None or bool(sheets.places(file, is_header))


def _read(file: RawFile, ask: Ask) -> list[Draft]:
    if is_binary(file):
        return [read_binary(file, ask)]
    if layered.is_layered(file):
        return [_draft(layered.records(file), file, Draft(pl.DataFrame(), "layered csv"), ask)]
    if places := sheets.places(file, is_header):
        return _workbook(file, places, ask)
    if file.encoding is None:
        raise UnknownFormat("readers.no_header", file=file.file)
    frame, notes = text.parse(file, text.require(layout(file), file), DIALECT)
    return [_draft(frame, file, Draft(frame, "csv", notes=tuple(notes)), ask)]


def _draft(frame: pl.DataFrame, file: RawFile, draft: Draft, ask: Ask) -> Draft:
    table, lost = text.translate(frame, DIALECT, file.file, LEAST)
    table, timing = _timed(count_steps(table, ["cycle_count", "step_id"]))
    clock = next((name for name in table.columns if name.lower() in CLOCKS), "")
    return dated(replace(draft, table=table, notes=(*draft.notes, *lost, *timing)), clock, DATES, ask)


def _timed(table: pl.DataFrame) -> tuple[pl.DataFrame, list[Message]]:
    """Add up the steps' own times [s] where the export has no time of the test."""
    if TIME in table.columns or STEP_COUNT not in table.columns:
        return table, []
    ends = table.group_by(STEP_COUNT, maintain_order=True).agg(pl.col(STEP_TIME).max())
    begins = ends.select(STEP_COUNT, (pl.col(STEP_TIME).cum_sum() - pl.col(STEP_TIME)).alias("begins"))
    timed = table.join(begins, on=STEP_COUNT, how="left", maintain_order="left").with_columns(
        (pl.col("begins") + pl.col(STEP_TIME)).alias(TIME)
    )
    return timed.drop("begins"), [message("readers.time_from_steps", count=ends.height)]


def _workbook(file: RawFile, places: list[sheets.Place], ask: Ask) -> list[Draft]:
    """Read the sheets of records; one whose record numbers go on from the sheet before it belongs to that one."""
    taken = {place.sheet for place in places}
    left = [name for name in sheets.sheet_names(file) if name not in taken]
    notes = (message("readers.sheets_left_out", sheets=left),) if left else ()
    parts: list[tuple[str, pl.DataFrame]] = []
    for place in places:
        frame = sheets.table(file, place)
        if parts and _goes_on(parts[-1][1], frame):
            parts[-1] = (parts[-1][0], pl.concat([parts[-1][1], frame], how="diagonal_relaxed"))
        else:
            parts.append((place.sheet, frame))
    return [_draft(frame, file, Draft(frame, "xlsx", channel=None if len(parts) == 1 else name, notes=notes), ask) for name, frame in parts]


def _goes_on(before: pl.DataFrame, after: pl.DataFrame) -> bool:
    if before.columns != after.columns or before.is_empty() or after.is_empty():
        return False
    index = next((name for name in before.columns if DIALECT.column(name) == INDEX), "")
    ends = [frame[index].cast(pl.Float64, strict=False) for frame in (before, after)] if index else []
    return bool(ends) and ends[0][-1] is not None and ends[1][0] is not None and ends[1][0] == ends[0][-1] + 1


FORMATS = (
    Format("nda"),
    Format("ndax"),
    Format("csv", counters=COUNTERS),
    Format("layered csv", proof="published", counters=COUNTERS),
    Format("xlsx", proof="published", counters=COUNTERS),
)
READER = Reader(
    "neware",
    "Neware",
    FORMATS,
    (".nda", ".ndax"),
    _recognises,
    _read,
    version="2",
    scan=lambda file: text.scan(file, layout(file), DIALECT),
)
