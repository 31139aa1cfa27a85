"""The seam between the program and what it reads: a make is a `Reader`, found by entry point."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Literal

import polars as pl

from cellwright.core.columns import REQUIRED
from cellwright.core.frozen import FrozenDict
from cellwright.core.messages import Message
from cellwright.readers.opening import RawFile

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
    """

    timezone: str | None = None
    rate_hz: float | None = None


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
    """

    name: str
    make: str
    formats: tuple[Format, ...]
    suffixes: tuple[str, ...]
    recognises: Callable[[RawFile], bool]
    read: Callable[[RawFile, Ask], list[Draft]]
    version: str = "1"


@cache
def readers() -> tuple[Reader, ...]:
    """Every installed reader, by name; one that does not load is logged and left out."""
    found: list[Reader] = []
    for point in sorted(entry_points(group=GROUP), key=lambda p: p.name):
        try:
            found.append(point.load())
        except (ImportError, AttributeError) as error:
            log.warning("reader %s does not load: %s", point.name, error)
    return tuple(found)


def reader_for(file: RawFile) -> Reader | None:
    """Return the reader that knows the content, else the one that the name speaks for."""
    known = next((r for r in readers() if r.recognises(file)), None)
    return known or next((r for r in readers() if file.name.lower().endswith(r.suffixes)), None)
