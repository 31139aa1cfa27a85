"""Neware's binary files, as fastnda reads them, in BDF's words.

The capacity that fastnda gives is the step's own: it starts at zero with each step, charge counts up and discharge down.
"""

import logging
import re
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from cellwright.core.columns import CURRENT, TIME, VOLTAGE
from cellwright.core.errors import DamagedFile
from cellwright.core.messages import message
from cellwright.readers.engine.clock import UNIX, iso
from cellwright.readers.engine.sensors import placed
from cellwright.readers.engine.steps import STEP_COUNT, STEP_TIME
from cellwright.readers.engine.timing import zoned
from cellwright.readers.guard import guarded
from cellwright.readers.makes.neware.head import test_info
from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Ask, Draft

NDA = b"NEWARE"
VERSION_AT = 14
DATA = "data.ndc"
RUN = "data_runInfo.ndc"
MILLI = 1e-3

# What is noted of every recording, in both languages.
OWN_NOTE = "IMPORTANT: This ndax has negative jumps in the 'unix_time_s'"

# Versions of .nda that hold the tester's wall clock; the others, and .ndax with a run file, hold seconds since 1970.
# Seen on files: version 8 and 23 differ from their own local start by 8 h (China) and 5.5 h (India), version 29 by nothing.
WALL_CLOCK_VERSIONS = (1, 2, 3, 29)
# Versions whose seconds since 1970 no file at hand holds against a local time; fastnda takes them for UTC.
UNPROVEN_VERSIONS = (129, 130)

RENAMED = {
    "index": "record_index",
    "voltage_V": VOLTAGE,
    "unix_time_s": UNIX,
    "step_time_s": STEP_TIME,
    "total_time_s": TIME,
    "step_count": STEP_COUNT,
    "step_index": "step_id",
    "cycle_count": "cycle_count",
    "step_type": "step_type",
}
SCALED = {"current_mA": CURRENT, "capacity_mAh": "step_net_capacity_ah", "energy_mWh": "step_net_energy_wh"}

_TEMPERATURE = re.compile(r"aux(-?\d*)_temperature_degC")


def is_binary(file: RawFile) -> bool:
    """Tell a Neware binary file by its content."""
    return file.data.startswith(NDA) or DATA in file.members


def read_binary(file: RawFile, ask: Ask) -> Draft:
    """Read a ``.nda`` or ``.ndax``; raises `DamagedFile`."""
    form = "nda" if file.data.startswith(NDA) else "ndax"
    with file.on_disk(f".{form}") as path:
        table, said = _table(path, file.file)
        head = _head(path, file) if form == "nda" else test_info(file)
    table, probes = placed(table, {c: int(m.group(1) or 1) for c in table.columns if (m := _TEMPERATURE.fullmatch(c))})
    notes = [message("readers.library_said", library="fastnda", text=line) for line in said if not line.startswith(OWN_NOTE)]
    wall_clock = _keeps_wall_clock(file)
    draft = Draft(table, form, _channel(head), _start(head, table, wall_clock=wall_clock), notes=(*notes, *probes), metadata=head)
    if UNIX not in table.columns:
        return draft
    return _local(draft, ask) if wall_clock else _noted(draft, file)


def _table(path: Path, file: str) -> tuple[pl.DataFrame, list[str]]:
    import fastnda  # pyright: ignore[reportMissingTypeStubs]

    with _listening() as said, guarded(file=file):
        table = _translated(fastnda.read(path, cycle_mode="raw"))
    if table.is_empty():
        raise DamagedFile("readers.no_rows", file=file)
    return table, list(dict.fromkeys(said))


def _head(path: Path, file: RawFile) -> dict[str, Any]:
    """Read what a ``.nda`` says about the test; empty where that part is broken, which the table can do without."""
    import fastnda  # pyright: ignore[reportMissingTypeStubs]

    try:
        with _listening(), guarded(file=file.file):
            head: dict[str, Any] = dict(fastnda.read_metadata(path))
    except DamagedFile:
        return {}
    return {str(k): v for k, v in head.items() if isinstance(v, str | int | float) and v != ""}


@contextmanager
def _listening() -> Generator[list[str]]:
    """Collect what fastnda logs and warns of, which would be lost or clutter the user's screen."""
    said: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: said.append(record.getMessage())
    log = logging.getLogger("fastnda")
    propagated, log.propagate = log.propagate, False
    log.addHandler(handler)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield said
        said += [str(w.message) for w in caught]
    finally:
        log.removeHandler(handler)
        log.propagate = propagated


def _translated(frame: pl.DataFrame) -> pl.DataFrame:
    """Give every column its name, unit and type, in one pass."""
    return frame.select(_column(name, dtype) for name, dtype in frame.schema.items())


def _column(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if name in SCALED:
        return (column.cast(pl.Float64) * MILLI).alias(SCALED[name])
    wide = pl.Float64 if dtype.is_float() else pl.Int64 if dtype.is_integer() else pl.String if dtype == pl.Categorical else dtype
    return column.cast(wide).alias(RENAMED.get(name, name))


def _keeps_wall_clock(file: RawFile) -> bool:
    return file.data[VERSION_AT] in WALL_CLOCK_VERSIONS if file.data.startswith(NDA) else RUN not in file.members


def _local(draft: Draft, ask: Ask) -> Draft:
    """Take away the Unix time that fastnda makes of a wall clock as if it ran in UTC; give it back where the user names the zone."""
    local = pl.from_epoch((draft.table[UNIX] * 1000).cast(pl.Int64), time_unit="ms")
    note = message("readers.clock_without_zone")
    draft = replace(draft, table=draft.table.drop(UNIX))
    return zoned(draft, local, ask.timezone) if ask.timezone else replace(draft, notes=(*draft.notes, note))


def _noted(draft: Draft, file: RawFile) -> Draft:
    unproven = draft.format == "nda" and file.data[VERSION_AT] in UNPROVEN_VERSIONS
    return replace(draft, notes=(*draft.notes, message("readers.unix_time_unproven"))) if unproven else draft


def _channel(head: dict[str, Any]) -> str | None:
    parts = [str(head[k]) for k in ("DevID", "UnitID", "ChlID") if k in head]
    return "-".join(parts) or None


def _start(head: dict[str, Any], table: pl.DataFrame, *, wall_clock: bool) -> str | None:
    stated = str(head.get("StartTime") or head.get("start_time") or "")
    if found := _moment(stated):
        return iso(found)
    if UNIX not in table.columns or table[UNIX][0] is None:
        return None
    try:
        first = datetime.fromtimestamp(float(table[UNIX][0]), UTC)
    except (ValueError, OverflowError, OSError):  # a broken clock, beyond the years that there are
        return None
    return iso(first.replace(tzinfo=None) if wall_clock else first)


def _moment(text: str) -> datetime | None:
    dashed = text.replace(".", "-", 2) if text[4:5] == "." else text
    try:
        return datetime.fromisoformat(dashed)
    except ValueError:
        return None
