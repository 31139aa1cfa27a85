"""Arbin's SQL database, exported test by test into HDF5 by pandas: the records, the tests and the statistics, a frame each."""

import polars as pl

from cellwright.core.errors import UnknownFormat
from cellwright.core.messages import Message, message
from cellwright.readers.engine.stores import is_store, stored_frames
from cellwright.readers.guard import guarded
from cellwright.readers.makes.arbin.channels import POINT, TEST, channels, facts, in_order, parted
from cellwright.readers.makes.arbin.columns import drafted
from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Ask, Draft

RECORDS, TESTS, STATISTICS = "data_df", "info_df", "stat_df"
CLOCK = "Date_Time"
TICKS_A_SECOND = 10_000_000


def is_export(file: RawFile) -> bool:
    """Tell an HDF5 file that names the records and the tests."""
    return is_store(file, RECORDS, TESTS)


def read_export(file: RawFile, ask: Ask) -> list[Draft]:
    """Read every test of an export; raises `UnknownFormat`, `DamagedFile`, `MissingColumn`."""
    frames, pickled = stored_frames(file, RECORDS, TESTS, STATISTICS)
    if RECORDS not in frames or POINT not in frames[RECORDS].columns:
        raise UnknownFormat("readers.unknown_content", file=file.file, container="HDF5")
    notes = [message("readers.tables_left_out", tables=[STATISTICS])] if STATISTICS in frames else []
    if pickled:
        notes.append(message("readers.pickles_left_out", columns=pickled))
    with guarded(file=file.file):
        return _drafts(frames, notes, file, ask)


def _drafts(frames: dict[str, pl.DataFrame], notes: list[Message], file: RawFile, ask: Ask) -> list[Draft]:
    records = frames[RECORDS]
    if CLOCK in records.columns and records[CLOCK].dtype.is_integer():
        records = records.with_columns((pl.col(CLOCK) / TICKS_A_SECOND).alias(CLOCK))
        notes = [*notes, message("readers.unix_time_unproven")]
    known = {row.get(TEST): facts(row) for row in frames.get(TESTS, pl.DataFrame()).rows(named=True)}
    parts = parted(records, len(known), file.file)
    names = channels(parts, _ran_on(frames))
    drafts: list[Draft] = []
    for test, part in parts.items():
        rows, moved = in_order(part)
        draft = Draft(rows, "h5", names[test], notes=(*notes, *moved), metadata={TEST: test, **known.get(test, {})})
        drafts.append(drafted(rows.drop(TEST, strict=False), file, draft, ask))
    return drafts


def _ran_on(frames: dict[str, pl.DataFrame]) -> dict[int | None, int]:
    """Return the channel of each test, as the statistics or the tests name it."""
    found: dict[int | None, int] = {}
    for table, column in ((STATISTICS, "Channel_ID"), (TESTS, "IV_Ch_ID")):
        frame = frames.get(table, pl.DataFrame())
        if {TEST, column} <= set(frame.columns):
            found |= {test: int(channel) for test, channel in frame.select(TEST, column).unique().rows() if isinstance(channel, int)}
    return found
