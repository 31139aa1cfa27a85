"""From the frames of a recorded bus to a table of the battery: by the user's dictionaries and column map, or by diagnostics."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cellwright.core.columns import CURRENT, VOLTAGE
from cellwright.core.errors import MissingColumn
from cellwright.core.frozen import FrozenDict
from cellwright.core.messages import Message
from cellwright.readers.engine.clock import UNIX
from cellwright.readers.engine.names import LISTED
from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Ask, Draft
from cellwright.readers.vehicles.bms import with_voltage
from cellwright.readers.vehicles.can import binary_logs, text_logs
from cellwright.readers.vehicles.can.decoding import decoded
from cellwright.readers.vehicles.can.forms import form_of
from cellwright.readers.vehicles.can.frames import Frames
from cellwright.readers.vehicles.can.streams import Stream, aligned
from cellwright.readers.vehicles.column_map import ColumnMap, recognised
from cellwright.readers.vehicles.dbc import parsed
from cellwright.readers.vehicles.mapping import applied
from cellwright.readers.vehicles.sign import turned
from cellwright.readers.vehicles.uds import battery_answers, diagnosed

MAIN = (CURRENT, VOLTAGE)


def read_bus(file: RawFile, ask: Ask) -> list[Draft]:
    """Read a recorded bus; raises `DamagedFile`, `MissingColumn`, `UsageError`."""
    form = form_of(file) or ""
    found = _content(file, form)
    if not isinstance(found, Frames):
        return [_mapped(file, ask, form, found, [])]
    if ask.dbc:
        streams, notes = _by_dictionaries(found, ask)
        return [_stamped(_mapped(file, ask, form, streams, notes), found)]
    answers = battery_answers(found)
    if not answers.streams:
        common = [f"{identifier:X} ({count})" for identifier, count in _common(found.identifier)]
        kinds = len(np.unique(found.identifier))
        raise MissingColumn("readers.can_needs_dbc", file=file.file, frames=len(found.time), kinds=kinds, common=common)
    table, notes = diagnosed(answers, file.file)
    return [_stamped(Draft(table, form, notes=tuple(notes)), found)]


def _common(identifiers: NDArray[np.uint32]) -> list[tuple[int, int]]:
    kinds, counts = np.unique(identifiers, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:LISTED]
    return [(int(kinds[n]), int(counts[n])) for n in order]


def _content(file: RawFile, form: str) -> Frames | list[Stream]:
    if form == "blf":
        return binary_logs.read_blf(file)
    return binary_logs.read_mf4(file) if form == "mf4" else text_logs.read_text(file, form)


def _by_dictionaries(frames: Frames, ask: Ask) -> tuple[list[Stream], list[Message]]:
    streams: list[Stream] = []
    notes: list[Message] = []
    for file in ask.dbc:
        dictionary, repaired = parsed(file)
        found, placed = decoded(frames, dictionary)
        streams += found
        notes += [*repaired, *placed]
    return streams, notes


def _mapped(file: RawFile, ask: Ask, form: str, streams: list[Stream], notes: list[Message]) -> Draft:
    """Make a table of decoded signals: the column map tells which of them the battery's are."""
    names = [name for stream in streams for name in stream.signals]
    columns = ask.column_map or recognised(names)
    base = None if columns is None else _base(streams, columns)
    if columns is None or base is None:
        raise MissingColumn("readers.can_needs_map", file=file.file, count=len(names), found=_likely(names)[:LISTED])
    table, placed = aligned(streams, base)
    table, found = applied(table, columns, file.file)
    table, summed = with_voltage(table)
    table, signed = turned(table, columns.positive, file.file)
    told = FrozenDict({"column_map": columns.name})
    return Draft(table, form, notes=(*notes, *placed, *found, *summed, *signed), metadata=told)


def _base(streams: list[Stream], columns: ColumnMap) -> Stream | None:
    """Return the stream whose readings are the rows: that of the current, else of the voltage, else the first that the map knows."""
    matched = columns.matches(name for stream in streams for name in stream.signals)
    known = {name: columns.columns[key].to for key, names in matched.items() for name in names}
    for target in (*MAIN, *known.values()):
        for stream in streams:
            if len(stream.time) and any(known.get(name) == target for name in stream.signals):
                return stream
    return None


def _likely(names: list[str]) -> list[str]:
    """Sort names that sound like a battery's first, for somebody who writes a column map."""
    return sorted(names, key=lambda name: not any(word in name.lower() for word in ("batt", "bms", "cell", "current", "volt", "soc")))


def _stamped(draft: Draft, frames: Frames) -> Draft:
    table, notes = draft.table, (*frames.notes, *draft.notes)
    if frames.start_s is not None:
        table = table.with_columns((pl.col("test_time_second") + frames.start_s).alias(UNIX))
    return Draft(table, draft.format, start=frames.start, notes=notes, metadata=draft.metadata)
