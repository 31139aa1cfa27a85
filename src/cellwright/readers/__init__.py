"""A tester's file in, a `Recording` out; one module a make, found by entry point.

A reader is found by the file's content first and by its name second. ``.zip`` and ``.gz`` are read as they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import polars as pl

from cellwright.core.errors import MissingColumn, ReadError, SeveralRecordings, UnknownFormat, UsageError
from cellwright.core.messages import message
from cellwright.core.recording import Recording
from cellwright.readers import bdf
from cellwright.readers.bdf.writing import write
from cellwright.readers.engine.clock import check_zone
from cellwright.readers.engine.names import LISTED
from cellwright.readers.engine.sheets import heads
from cellwright.readers.foreign import container, foreign_format
from cellwright.readers.guard import guarded
from cellwright.readers.opening import GZIP, ZIP, RawFile, open_files, open_head
from cellwright.readers.seam import Ask, Reader, reader_for, readers
from cellwright.readers.settle import settle
from cellwright.readers.vehicles import column_map as column_maps
from cellwright.readers.vehicles import dbc as dbc_files
from cellwright.readers.vehicles.column_map import ColumnMap
from cellwright.readers.vehicles.dbc import DbcFile

Dbc = str | Path | DbcFile | Sequence[str | Path | DbcFile]

__all__ = ["Reader", "column_maps", "dbc_files", "formats", "knows", "read", "read_all", "scan", "write"]


def read(
    path: str | Path,
    *,
    channel: str | None = None,
    columns: list[str] | None = None,
    timezone: str | None = None,
    rate_hz: float | None = None,
    column_map: ColumnMap | Mapping[str, Any] | str | Path | None = None,
    dbc: Dbc = (),
) -> Recording:
    """Read the one recording of a tester's file.

    Parameters
    ----------
    path
        A file of any format that `formats` lists, also inside a ``.zip`` or ``.gz``.
    channel
        Which recording, where the file holds several.
    columns
        Columns to keep, in this order; all of them by default. Of a large text export, what is not needed for them is not read.
    timezone
        IANA name of the zone of the file's local times, such as ``Asia/Seoul``; without it, ``unix_time_second`` is there only
        where the file tells the zone.
    rate_hz
        Sampling rate [Hz] of a file that has no time.
    column_map
        What the columns of a vehicle's log, or the signals of its bus, are: a ``.yaml`` or ``.toml`` file, or the same as a mapping.
    dbc
        Files that say what the messages of a vehicle's bus hold.

    Returns
    -------
    The recording; what was repaired, masked or unknown stands in its notes.

    Raises
    ------
    ReadError
        `UnknownFormat`, `DamagedFile`, `MissingColumn`, `MissingRate`, or `SeveralRecordings` where no channel was chosen.
    UsageError, ListError
        An unknown channel, column or time zone; a column map or DBC file that cannot be understood.
    """
    found = read_all(path, columns=columns, timezone=timezone, rate_hz=rate_hz, column_map=column_map, dbc=dbc)
    keys = _keys(found)
    if channel is None and len(found) > 1:
        raise SeveralRecordings("readers.several_recordings", file=Path(path).name, channels=keys)
    if channel is not None and channel not in keys:
        raise UsageError("readers.no_channel", file=Path(path).name, channel=channel, channels=keys)
    return found[0] if channel is None else found[keys.index(channel)]


def read_all(
    path: str | Path,
    *,
    columns: list[str] | None = None,
    timezone: str | None = None,
    rate_hz: float | None = None,
    column_map: ColumnMap | Mapping[str, Any] | str | Path | None = None,
    dbc: Dbc = (),
) -> list[Recording]:
    """Read every recording of a tester's file; parameters and errors as in `read`."""
    if timezone is not None:
        check_zone(timezone)
    told = None if column_map is None else column_maps.load(column_map)
    ask = Ask(timezone=timezone, rate_hz=rate_hz, column_map=told, dbc=dbc_files.load(dbc))
    if columns is None:
        return _all_recordings(open_files(Path(path)), ask)
    found = _all_recordings([replace(file, wanted=frozenset(columns)) for file in open_files(Path(path))], ask)
    if any(not set(columns) <= set(r.table.columns) for r in found):
        # All that is there has to be read to say what is.
        found = _all_recordings(open_files(Path(path)), ask)
    return [_selected(r, columns) for r in found]


def scan(path: str | Path) -> pl.LazyFrame:
    """Open a table that is larger than memory, lazily, under BDF's names and in BDF's units.

    For BDF (``.csv``, ``.parquet``) and for text exports whose columns are BDF's but for names and units. Unlike `read`, this takes the
    file at its word: types are told from its beginning, and nothing is checked, repaired, counted or folded.

    Raises
    ------
    UsageError
        The file is packed, or of a format that has to be read whole.
    ReadError
        `UnknownFormat`, `DamagedFile`.
    """
    file = open_head(Path(path))
    if file.data[:4] == bdf.PARQUET:
        return bdf.scan_parquet(file)
    with guarded(file=file.file):
        reader = None if file.data.startswith((ZIP, GZIP)) else reader_for(file)
    if reader is None or reader.scan is None:
        raise UsageError("readers.cannot_scan", file=file.file)
    return reader.scan(file)


def knows(path: str | Path) -> bool:
    """Tell whether a reader recognises the content of a file, or speaks for its name."""
    try:
        return any(reader_for(file) for file in open_files(Path(path)))
    except ReadError:
        return False


def formats() -> tuple[Reader, ...]:
    """List the readers that are installed."""
    return readers()


def _all_recordings(files: list[RawFile], ask: Ask) -> list[Recording]:
    """Read every file; one that no reader knows is noted where others are known."""
    found: list[Recording] = []
    unknown: dict[str, UnknownFormat] = {}
    for file in files:
        try:
            found += _recordings(file, ask)
        except UnknownFormat as error:
            unknown[file.name] = error
    if not found:
        raise next(iter(unknown.values()))
    note = (message("readers.members_left_out", members=list(unknown)),) if unknown else ()
    return [replace(r, notes=(*r.notes, *note)) for r in found]


def _recordings(file: RawFile, ask: Ask) -> list[Recording]:
    if name := foreign_format(file):
        raise UnknownFormat("readers.foreign_format", file=file.file, format=name)
    with guarded(file=file.file):
        reader = reader_for(file, ask)
    if reader is None:
        if rows := heads(file):
            first = next((cells for sheet in rows.values() for cells in sheet.values() if any(cells)), ())
            raise UnknownFormat("readers.unknown_workbook", file=file.file, found=[cell for cell in first if cell][:LISTED])
        if name := container(file):
            raise UnknownFormat("readers.unknown_content", file=file.file, container=name)
        raise UnknownFormat("readers.unknown_format", file=file.file)
    with guarded("readers.reader_failed", file=file.file, reader=reader.name):
        return [settle(draft, file, reader) for draft in reader.read(file, ask)]


def _keys(recordings: list[Recording]) -> list[str]:
    """What tells recordings of one file apart: their channels, or where two are the same, their files."""
    channels = [r.source.channel or r.source.file for r in recordings]
    return channels if len(set(channels)) == len(channels) else [r.source.file for r in recordings]


def _selected(recording: Recording, columns: list[str]) -> Recording:
    for name in columns:
        if name not in recording.table.columns:
            raise _no_such_column(recording, name)
    return replace(recording, table=recording.table.select(columns))


def _no_such_column(recording: Recording, name: str) -> MissingColumn:
    file, found = recording.source.file, recording.table.columns
    near = get_close_matches(name, found, n=1)
    if near:
        return MissingColumn("readers.no_such_column_near", file=file, column=name, nearest=near[0])
    return MissingColumn("readers.no_such_column", file=file, column=name, found=found[:LISTED])
