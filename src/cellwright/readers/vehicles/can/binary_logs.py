"""Buses recorded as binary files: Vector's BLF through python-can, ASAM's MF4 through asammdf."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellwright.core.errors import DamagedFile
from cellwright.readers.guard import guarded
from cellwright.readers.opening import RawFile
from cellwright.readers.vehicles.can import mf4
from cellwright.readers.vehicles.can.frames import CLASSIC, FLEXIBLE, UNIX_FROM, Frames, in_order
from cellwright.readers.vehicles.can.streams import Stream
from cellwright.readers.vehicles.dbc import can_library


def read_blf(file: RawFile) -> Frames:
    """Read the frames of a BLF file; raises `DamagedFile`, and `UsageError` where python-can is missing."""
    can_library("can")
    import can

    rows: list[tuple[float, int, bool, int, bytes]] = []
    with guarded(file=file.file):
        rows = list(_messages(can.BLFReader(io.BytesIO(file.data))))
    if not rows:
        raise DamagedFile("readers.no_frames", file=file.file)
    stamps, identifiers, extended, buses, payloads = zip(*rows, strict=True)
    return _frames(np.array(stamps), np.array(identifiers, np.uint32), np.array(extended), np.array(buses, np.int64), list(payloads))


def _messages(reader: Any) -> Iterator[tuple[float, int, bool, int, bytes]]:
    for m in reader:
        if not (m.is_error_frame or m.is_remote_frame):
            yield m.timestamp, m.arbitration_id, m.is_extended_id, m.channel or 0, bytes(m.data)


def _frames(time: Any, identifier: Any, extended: Any, bus: Any, payloads: list[bytes]) -> Frames:
    length = np.fromiter(map(len, payloads), np.uint8, len(payloads))
    width = CLASSIC if int(length.max()) <= CLASSIC else FLEXIBLE
    joined = b"".join(payload.ljust(width, b"\0") for payload in payloads)
    data = np.frombuffer(joined, np.uint8).reshape(-1, width)
    return _dated(time, identifier, extended, bus, length, data)


def read_mf4(file: RawFile) -> Frames | list[Stream]:
    """Read an MF4 file: the frames of a recorded bus, or, where it has none, the signals that were recorded.

    Raises `DamagedFile`, and `UsageError` where asammdf is missing.
    """
    found = mf4.content(file)
    if mf4.BEGIN not in found:
        streams = [
            _stream(name.removesuffix("/time"), time, found[name.removesuffix("time") + "values"])
            for name, time in found.items()
            if name.endswith("/time")
        ]
        if not streams:
            raise DamagedFile("readers.no_frames", file=file.file)
        return streams
    time, identifier, extended, bus, length, data = (found[name] for name in mf4.ARRAYS)
    if not len(time):
        raise DamagedFile("readers.no_frames", file=file.file)
    return _dated(time + float(found[mf4.BEGIN]), identifier, extended, bus, length, data)


def _stream(name: str, time: NDArray[np.float64], values: NDArray[np.generic]) -> Stream:
    return Stream(name, time, np.arange(1, len(time) + 1), {name: values})


def _dated(time: Any, identifier: Any, extended: Any, bus: Any, length: Any, data: Any) -> Frames:  # noqa: PLR0917 - one a field
    """Make frames of arrays; times that are Unix times give the start."""
    begin = float(time.min())
    known = begin if begin > UNIX_FROM else None
    start = None if known is None else datetime.fromtimestamp(known, UTC).isoformat(timespec="milliseconds")
    return in_order(Frames(time - begin, identifier, extended, bus, length, data, np.arange(1, len(time) + 1), known, start))
