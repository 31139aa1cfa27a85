"""Arbin's ``.res``: a Jet database with a table of records, one of tests, and one of what auxiliary channels measured."""

from typing import Any

import polars as pl

from cellwright.core.errors import DamagedFile
from cellwright.core.messages import Message, message
from cellwright.readers import jet
from cellwright.readers.engine.clock import iso
from cellwright.readers.guard import guarded
from cellwright.readers.makes.arbin.auxiliary import joined
from cellwright.readers.makes.arbin.channels import TEST, channels, facts, in_order, parted
from cellwright.readers.makes.arbin.columns import drafted
from cellwright.readers.makes.arbin.sign import RECORDS
from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Ask, Draft

TESTS = "Global_Table"
AUXILIARY = "Auxiliary_Table"
SENSORS = "Aux_Global_Data_Table"
CHANNEL = "Channel_Index"
START = "Start_DateTime"
CLOCK = "DateTime"


def read_database(file: RawFile, ask: Ask) -> list[Draft]:
    """Read every test of a database; raises `DamagedFile`, `MissingColumn`."""
    base = jet.open_database(file.data, file.file)
    records, notes = _content(base, RECORDS)
    with guarded(file=file.file):
        return _drafts(base, records, notes, file, ask)


def _drafts(base: jet.Database, records: pl.DataFrame, notes: list[Message], file: RawFile, ask: Ask) -> list[Draft]:
    if CLOCK in records.columns and records[CLOCK].dtype.is_float():
        records = records.with_columns(jet.moments(records[CLOCK]).alias(CLOCK))
    (tests, unsure), (measured, untold), (sensors, unnamed) = (_spared(base, name) for name in (TESTS, AUXILIARY, SENSORS))
    notes = [*notes, *unsure, *untold, *unnamed, *_left_out(base)]
    known = _known(tests)
    parts = parted(records, len(known), file.file)
    names = channels(parts, {test: row[CHANNEL] for test, row in known.items() if isinstance(row.get(CHANNEL), int)})
    drafts: list[Draft] = []
    for test, part in parts.items():
        told = {TEST: test, **known.get(test, {})}
        start = str(told[START]) if START in told else None
        rows, moved = in_order(part)
        rows, beside = joined(rows, measured, sensors, file.file)
        draft = Draft(rows, "res", names[test], start, notes=(*notes, *moved, *beside), metadata=told)
        drafts.append(drafted(rows.drop(TEST, strict=False), file, draft, ask))
    return drafts


def _known(tests: pl.DataFrame) -> dict[int | None, dict[str, Any]]:
    """Return what the table of tests says of each, by its number, with the start as a local moment."""
    if TEST not in tests.columns:
        return {}
    known = {row[TEST]: facts(row) for row in tests.rows(named=True)}
    for row in known.values():
        if (start := row.pop(START, None)) is not None and (moment := iso(jet.moments(pl.Series([start]))[0])):
            row[START] = moment
    return known


def _content(base: jet.Database, name: str) -> tuple[pl.DataFrame, list[Message]]:
    found = base.read(name)
    notes = [message("readers.unreadable_cells", column=column, count=count) for column, count in found.unreadable.items()]
    if found.broken:
        notes.append(message("readers.table_rows_broken", table=name, count=found.broken))
    if found.frame.height + found.broken != found.declared:
        notes.append(message("readers.table_rows_differ", table=name, declared=found.declared, found=found.frame.height + found.broken))
    return found.frame, notes


def _spared(base: jet.Database, name: str) -> tuple[pl.DataFrame, list[Message]]:
    """Read a table that a recording can do without; empty where it is not there or is damaged, which is noted."""
    if name not in base.tables:
        return pl.DataFrame(), []
    try:
        return _content(base, name)
    except DamagedFile as error:
        return pl.DataFrame(), [message("readers.table_unreadable", table=name, cause=str(error.params.get("cause", "")))]


def _left_out(base: jet.Database) -> list[Message]:
    """Name the tables that hold rows and are not read."""
    left: list[str] = []
    for name in base.tables:
        try:
            rows = base.count(name)
        except DamagedFile:
            rows = 1
        if rows and name not in (RECORDS, TESTS, AUXILIARY, SENSORS):
            left.append(name)
    return [message("readers.tables_left_out", tables=left)] if left else []
