"""The frames of a recorded bus, whatever file they came from."""

import io
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cellwright.core.errors import DamagedFile
from cellwright.core.messages import Message, message
from cellwright.readers.opening import RawFile

CLASSIC, FLEXIBLE = 8, 64
UNIX_FROM = 1e9
"""A clock that shows more seconds than this, the year 2001, counts them from 1970."""


@dataclass(frozen=True, eq=False)
class Frames:
    """Frames in the order of their times; every array has one entry a frame.

    Parameters
    ----------
    time
        Seconds since the first frame.
    identifier, extended
        Identifier, and whether it has 29 bits.
    bus
        Channel of the logger.
    length, data
        How many bytes were sent, and the bytes, shape ``(n, 8)`` or ``(n, 64)``.
    record
        The frame's number in the file, from 1.
    start_s
        Unix time of the first frame, where the file tells it.
    start
        The same as the file writes it, ISO 8601.
    """

    time: NDArray[np.float64]
    identifier: NDArray[np.uint32]
    extended: NDArray[np.bool_]
    bus: NDArray[np.int64]
    length: NDArray[np.uint8]
    data: NDArray[np.uint8]
    record: NDArray[np.int64]
    start_s: float | None = None
    start: str | None = None
    notes: tuple[Message, ...] = ()

    def where(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> "Frames":
        """Return the chosen frames, by a flag for each or by their places."""
        names = ("time", "identifier", "extended", "bus", "length", "data", "record")
        return replace(self, **{name: getattr(self, name)[chosen] for name in names})


def lines(file: RawFile) -> pl.Series:
    """Return the lines of a text file."""
    options = {"separator": "\x01", "quote_char": None, "truncate_ragged_lines": True, "new_columns": ["line"], "encoding": "utf8-lossy"}
    frame = pl.read_csv(io.BytesIO(file.text.replace(b"\x01", b" ")), has_header=False, infer_schema=False, **options)  # pyright: ignore[reportArgumentType]
    return frame["line"].fill_null("")


def assembled(table: pl.DataFrame, file: str, *, left_out: int = 0, start_s: float | None = None) -> Frames:
    """Make frames of a table with ``time`` [s], ``identifier``, ``extended``, ``bus``, and ``payload`` as one hexadecimal word.

    Parameters
    ----------
    table
        One row a frame, in the file's order.
    left_out
        How many lines of the file were no frames that could be read.
    start_s
        Unix time at which the file's clock shows 0.
    """
    whole = table.with_row_index("record", offset=1).drop_nulls()
    if whole.is_empty():
        raise DamagedFile("readers.no_frames", file=file)
    notes: list[Message] = []
    if lost := left_out + table.height - whole.height:
        notes.append(message("readers.frames_left_out", count=lost))
    time = whole["time"].to_numpy()
    data, length = _bytes(whole["payload"])
    begin = float(time.min())
    known = begin if begin > UNIX_FROM and start_s is None else None if start_s is None else start_s + begin
    frames = Frames(
        time - begin,
        whole["identifier"].cast(pl.UInt32).to_numpy(),
        whole["extended"].to_numpy(),
        whole["bus"].to_numpy(),
        length,
        data,
        whole["record"].cast(pl.Int64).to_numpy(),
        known,
    )
    return in_order(replace(frames, notes=tuple(notes)))


def in_order(frames: Frames) -> Frames:
    """Put frames in the order of their times; those of several channels are often written in turn."""
    falls = int((np.diff(frames.time) < 0).sum())
    if not falls:
        return frames
    order = np.argsort(frames.time, kind="stable")
    return replace(frames.where(order), notes=(*frames.notes, message("readers.frames_out_of_turn", count=falls)))


def _bytes(payload: pl.Series) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    sizes = payload.str.len_bytes()
    width = CLASSIC if int(sizes.max() or 0) <= 2 * CLASSIC else FLEXIBLE  # pyright: ignore[reportArgumentType]
    padded = payload.str.slice(0, 2 * width).str.pad_end(2 * width, "0")
    words = [padded.str.slice(16 * n, 16).str.to_integer(base=16, dtype=pl.UInt64, strict=False) for n in range(width // 8)]
    numbers = np.stack([word.fill_null(0).to_numpy() for word in words], axis=1)
    return numbers.astype(">u8").view(np.uint8), (sizes // 2).clip(0, width).cast(pl.UInt8).to_numpy()
