"""The seam between the program and what it reads: a make is a `Reader`, found by entry point."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from cellwright.core.columns import REQUIRED
from cellwright.core.frozen import FrozenDict
from cellwright.core.messages import Message
from cellwright.readers.opening import RawFile

if TYPE_CHECKING:
    from cellwright.readers.vehicles.column_map import ColumnMap
    from cellwright.readers.vehicles.dbc import DbcFile

GROUP = "cellwright.readers"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ask:
    """What the user knows and the file may not say.

    Parameters
    ----------
    timezone
        IANA name of the zone that the file's local times are in.
    rate_hz
        Sampling rate [Hz] of a file that has no time.
    column_map
        What the columns of a vehicle's log, or the signals of its bus, are.
    dbc
        What the messages of a vehicle's bus hold.
    """

    timezone: str | None = None
    rate_hz: float | None = None
    column_map: ColumnMap | None = None
    dbc: tuple[DbcFile, ...] = ()


@dataclass(frozen=True)
class Draft:
    """What a reader found in a file, before `settle` makes a recording of it.

    Parameters
    ----------
    table
        BDF machine names where the reader knows the column, the vendor's names elsewhere.
    format
        The file format, e.g. ``ndax``.
    channel, start
        As in `Source`.
    clock
        A column of local times and their format, as evidence where the test time runs backwards.
    required
        Columns without which this is no recording.
    make
        The tester's maker where the file tells another than the reader's name.
    """

    table: pl.DataFrame
    format: str
    channel: str | None = None
    start: str | None = None
    clock: tuple[str, str] | None = None
    sampling: Literal["series", "step"] = "series"
    notes: tuple[Message, ...] = ()
    metadata: Mapping[str, Any] = FrozenDict()
    required: tuple[str, ...] = REQUIRED
    make: str | None = None


@dataclass(frozen=True)
class Format:
    """A file format of a make, and how well it is known.

    Parameters
    ----------
    name
        As people call it, e.g. ``ndax``.
    proof
        ``sample``: real files of it were read; ``twin``: and held against the maker's own export of the same run; ``published``: tests
        are made from a published specification, and no real file of it was seen.
    counters
        The make's own capacity and energy columns, to the BDF columns that say where each is reset.
    extra
        What has to be installed for it, e.g. ``can`` for ``cellwright[can]``.
    """

    name: str
    proof: Literal["sample", "twin", "published"] = "sample"
    counters: Mapping[str, str] = FrozenDict()
    extra: str | None = None


@dataclass(frozen=True)
class Reader:
    """A make's way from a file to drafts.

    Parameters
    ----------
    name
        The entry point's name.
    make
        The tester's maker, as people write it.
    formats
        What of it is read.
    suffixes
        File name endings of this make, in lower case; used where the content does not tell.
    recognises
        Tells from the content whether the file is this reader's.
    read
        Reads every recording in the file; raises `ReadError`.
    version
        Grows whenever the same file would give another table.
    scan
        Opens a file lazily, where its columns are BDF's but for their names and units; raises `UsageError` for one that is not so.
    claims
        Tells whether what the user says, such as a column map, makes a file this reader's that nothing else would.
    """

    name: str
    make: str
    formats: tuple[Format, ...]
    suffixes: tuple[str, ...]
    recognises: Callable[[RawFile], bool]
    read: Callable[[RawFile, Ask], list[Draft]]
    version: str = "1"
    scan: Callable[[RawFile], pl.LazyFrame] | None = None
    claims: Callable[[RawFile, Ask], bool] | None = None


@cache
def readers() -> tuple[Reader, ...]:
    """Every installed reader, by name; one that does not load is logged and left out."""
    found: list[Reader] = []
    for point in sorted(entry_points(group=GROUP), key=lambda p: p.name):
        try:
            found.append(point.load())
        except Exception as error:  # noqa: BLE001 - a reader of somebody else's may fail in any way, and stops no other
            log.warning("reader %s does not load: %s", point.name, error)
    return tuple(found)


def reader_for(file: RawFile, ask: Ask | None = None) -> Reader | None:
    """Return the reader that what the user says speaks for, else the one that knows the content, else the one that the name speaks for."""
    claimed = next((r for r in readers() if ask and r.claims and r.claims(file, ask)), None)
    known = claimed or next((r for r in readers() if r.recognises(file)), None)
    return known or next((r for r in readers() if file.name.lower().endswith(r.suffixes)), None)
