"""Signals out of frames by a bus dictionary, all frames of a message at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cellwright.core.messages import Message, message
from cellwright.readers.vehicles.can.frames import Frames
from cellwright.readers.vehicles.can.streams import Stream

if TYPE_CHECKING:
    from cellwright.readers.vehicles.dbc import Dictionary

WORD = 64


def decoded(frames: Frames, dictionary: Dictionary) -> tuple[list[Stream], list[Message]]:
    """Decode every message of the dictionary that was seen, on the bus where most of them were."""
    bus, found = _bus(frames, dictionary)
    notes = [message("readers.dbc_on_bus", file=dictionary.name, bus=bus, found=found, count=len(dictionary.messages))]
    there = frames.where(frames.bus == bus)
    keys = there.identifier.astype(np.int64) + (there.extended.astype(np.int64) << 32)
    order = np.argsort(keys, kind="stable")
    kinds, first = np.unique(keys[order], return_index=True)
    streams: list[Stream] = []
    for key, rows in zip(kinds, np.split(order, first[1:]), strict=True):
        meant = dictionary.messages.get((int(key) & 0xFFFFFFFF, bool(key >> 32)))
        if meant is not None and meant.signals:
            streams += _streams(meant, there.where(rows))
    return streams, notes


def _bus(frames: Frames, dictionary: Dictionary) -> tuple[int, int]:
    counts: dict[int, int] = {}
    for bus in np.unique(frames.bus):
        here = frames.bus == bus
        seen = set(zip(frames.identifier[here].tolist(), frames.extended[here].tolist(), strict=True))
        counts[int(bus)] = len(seen & dictionary.messages.keys())
    best = max(counts, key=lambda bus: (counts[bus], -bus))
    return best, counts[best]


def _streams(meant: Any, frames: Frames) -> list[Stream]:
    """Part a message into what every frame tells and what only some do, which share their bits or are cut short."""
    by_name: Mapping[str, Any] = {signal.name: signal for signal in meant.signals}
    parts: dict[bytes, tuple[NDArray[np.bool_], dict[str, NDArray[np.generic]]]] = {}
    for name, signal in by_name.items():
        told = _told(signal, by_name, frames)
        if told.any():
            _, signals = parts.setdefault(told.tobytes(), (told, {}))
            signals[f"{meant.name}.{name}"] = _values(signal, frames.data[told])
    return [Stream(meant.name, frames.time[told], frames.record[told], signals) for told, signals in parts.values()]


def _values(signal: Any, data: NDArray[np.uint8]) -> NDArray[np.generic]:
    raw = extracted(signal, data)
    scale, offset = signal.conversion.scale, signal.conversion.offset
    return raw if (scale, offset) == (1, 0) else raw.astype(np.float64) * scale + offset


def extracted(signal: Any, data: NDArray[np.uint8]) -> NDArray[np.generic]:
    """Return a signal's raw numbers from the bytes of its frames, shape ``(n, 8)`` or ``(n, 64)``."""
    first, last = _span(signal)
    if first < 0 or last >= data.shape[1] or signal.length > WORD:
        return np.full(len(data), np.nan)
    big = signal.byte_order == "big_endian"
    part = data[:, first : last + 1]
    shift = (last * 8 + 8) - _end_of_big(signal) if big else signal.start - 8 * first
    return _typed(_joined(part if big else part[:, ::-1], shift, signal.length), signal)


def _joined(part: NDArray[np.uint8], shift: int, length: int) -> NDArray[np.uint64]:
    """Join bytes, the most significant first, and take the bits above the shift; nine bytes at most."""
    value = np.zeros(len(part), np.uint64)
    for n in range(part.shape[1] - 1):
        value = (value << np.uint64(8)) | part[:, n]
    # The last byte is shifted by itself, so that what is wider than a word by a few bits still fits into one.
    value = (value << np.uint64(8 - shift)) | (part[:, -1].astype(np.uint64) >> np.uint64(shift))
    return value & np.uint64((1 << length) - 1)


def _typed(value: NDArray[np.uint64], signal: Any) -> NDArray[np.generic]:
    length = signal.length
    if signal.is_float:
        return _float(value, length)
    if signal.is_signed:
        sign = np.uint64(1 << (length - 1))
        return ((value ^ sign) - sign).view(np.int64) if length < WORD else value.view(np.int64)
    return value.astype(np.min_scalar_type((1 << length) - 1))


def _float(value: NDArray[np.uint64], length: int) -> NDArray[np.generic]:
    if length == 64:
        return value.view(np.float64)
    return value.astype(np.uint32).view(np.float32) if length == 32 else value.astype(np.uint16).view(np.float16).astype(np.float32)


def _span(signal: Any) -> tuple[int, int]:
    """First and last byte that a signal touches."""
    if signal.byte_order == "big_endian":
        return signal.start // 8, (_end_of_big(signal) - 1) // 8
    return signal.start // 8, (signal.start + signal.length - 1) // 8


def _end_of_big(signal: Any) -> int:
    """Number of the bit after a big-endian signal, counted from the first byte's highest bit: a start is its most significant one."""
    return 8 * (signal.start // 8) + 7 - signal.start % 8 + signal.length


def _told(signal: Any, by_name: Mapping[str, Any], frames: Frames) -> NDArray[np.bool_]:
    """Tell in which frames the signal is: long enough, and of those that share its bits the one that was chosen."""
    told = frames.length > _span(signal)[1]
    chooser = by_name.get(signal.multiplexer_signal or "")
    if chooser is not None and signal.multiplexer_ids:
        told &= np.isin(extracted(chooser, frames.data), signal.multiplexer_ids) & _told(chooser, by_name, frames)
    return told
