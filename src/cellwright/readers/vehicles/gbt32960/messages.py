"""GB/T 32960.3 messages in hexadecimal, one a line: the vehicle's data, cell voltages and temperatures.

Messages of one length and one make-up are read at once: the place of every number is worked out on the first of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cellwright.core.columns import CELL_TEMPERATURES, CELL_VOLTAGES, CURRENT, VOLTAGE
from cellwright.core.messages import Message, message
from cellwright.readers.vehicles.bms import array_width
from cellwright.readers.vehicles.gbt32960.tables import ITEMS, TIME_COLUMN, scaled
from cellwright.readers.vehicles.sentinels import counted, masked

HEAD_BYTES, CLOCK_BYTES = 24, 6
REALTIME, LATE = 0x02, 0x03
VEHICLE, ALARM, VOLTAGES, TEMPERATURES = 0x01, 0x07, 0x08, 0x09
FIXED = {VEHICLE: 20, 0x04: 5, 0x05: 9, 0x06: 14}
OWN_FROM = 0x80

VEHICLE_NUMBERS = {
    "vehicle_status": (0, 1),
    "charge_status": (1, 1),
    "speed_km_per_h": (3, 2),
    "odometer_km": (5, 4),
    VOLTAGE: (9, 2),
    CURRENT: (11, 2),
    "state_of_charge_percent": (13, 1),
    "isolation_resistance_ohm": (16, 2),
}
"""From which byte of the vehicle's data, and how many."""

Bytes = NDArray[np.uint8]


@dataclass
class Places:
    """Where the numbers of one make-up of a message are: from which byte, how many bytes each."""

    numbers: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    lists: dict[str, list[int]] = field(default_factory=lambda: {CELL_VOLTAGES: [], CELL_TEMPERATURES: []})
    fixed: list[int] = field(default_factory=list[int])
    cells_from: int = 1


def read_messages(lines: pl.Series) -> tuple[pl.DataFrame, list[Message]]:
    """Read the real-time messages among lines, in their order, under our names; the current keeps the standard's sign.

    ``gbt_time`` is when the car took the data, Beijing time; ``record_index`` is the line's number.
    """
    texts = lines.str.strip_chars().str.to_lowercase().str.replace_all(r"^0x|\s", "")
    frame = pl.DataFrame({"line": np.arange(1, len(texts) + 1), "text": texts})
    frame = frame.filter(pl.col("text").str.contains(r"^2323(?:[0-9a-f]{2})+$")).with_columns(size=pl.col("text").str.len_bytes() // 2)
    skipped = int((texts != "").sum()) - frame.height
    tables: list[pl.DataFrame] = []
    told = {"damaged": skipped, "other": 0}
    for (size,), group in frame.group_by("size", maintain_order=True):
        raw = b"".join(bytes.fromhex(t) for t in group["text"])
        data = np.frombuffer(raw, np.uint8).reshape(-1, int(size))  # pyright: ignore[reportArgumentType]
        tables += _of_one_size(data, group["line"].to_numpy(), told)
    notes = [message(f"readers.gbt_messages_{kind}", count=count) for kind, count in told.items() if count]
    if not tables:
        return pl.DataFrame(), notes
    table = pl.concat(_of_one_width(tables), how="diagonal").sort("record_index")
    return _masked(table, notes)


def _of_one_size(data: Bytes, lines: NDArray[np.int64], told: dict[str, int]) -> list[pl.DataFrame]:
    size = data.shape[1]
    if size < HEAD_BYTES + 1:
        told["damaged"] += len(data)
        return []
    length = data[:, 22].astype(int) << 8 | data[:, 23]
    sound = (np.bitwise_xor.reduce(data[:, 2:-1], axis=1) == data[:, -1]) & (length == size - HEAD_BYTES - 1)
    wanted = sound & np.isin(data[:, 2], (REALTIME, LATE)) & (data[:, 21] == 1) & (size > HEAD_BYTES + CLOCK_BYTES)
    told["damaged"] += int((~sound).sum())
    told["other"] += int((sound & ~wanted).sum())
    data, lines = data[wanted], lines[wanted]
    tables: list[pl.DataFrame] = []
    while len(data):
        places = _places(data[0])
        alike = (data[:, places.fixed] == data[0, places.fixed]).all(axis=1)
        if VOLTAGE in places.numbers:
            tables.append(_table(data[alike], lines[alike], places))
        else:
            told["other"] += int(alike.sum())
        data, lines = data[~alike], lines[~alike]
    return tables


def _places(content: Bytes) -> Places:
    """Walk through a message's parts; what is not known ends the walk, since its length is not."""
    places, at, end = Places(), HEAD_BYTES + CLOCK_BYTES, len(content) - 1
    while at < end:
        kind = int(content[at])
        places.fixed.append(at)
        size = _part(places, content, kind, at + 1, end)
        if size is None or at + 1 + size > end:
            break
        at += 1 + size
    return places


def _part(places: Places, content: Bytes, kind: int, at: int, end: int) -> int | None:
    if kind in FIXED:
        if kind == VEHICLE and at + FIXED[kind] <= end:
            places.numbers |= {name: (at + offset, size) for name, (offset, size) in VEHICLE_NUMBERS.items()}
        return FIXED[kind]
    if kind == 0x02:
        places.fixed.append(at)
        return 1 + 12 * int(content[at])
    if kind == ALARM:
        return _alarm(places, content, at, end)
    if kind in (VOLTAGES, TEMPERATURES):
        return _subsystems(places, content, kind, at, end)
    if kind >= OWN_FROM and at + 2 <= end:
        places.fixed += [at, at + 1]
        return 2 + (int(content[at]) << 8 | int(content[at + 1]))
    return None


def _alarm(places: Places, content: Bytes, at: int, end: int) -> int | None:
    size = 5
    places.numbers["warning_level"] = (at, 1)
    for _ in range(4):
        if at + size >= end:
            return None
        places.fixed.append(at + size)
        size += 1 + 4 * int(content[at + size])
    return size


def _subsystems(places: Places, content: Bytes, kind: int, at: int, end: int) -> int | None:
    """Find the cells (two bytes each) or probes (one byte each) of every subsystem."""
    head, name, width = (10, CELL_VOLTAGES, 2) if kind == VOLTAGES else (3, CELL_TEMPERATURES, 1)
    places.fixed.append(at)
    size = 1
    for number in range(int(content[at])):
        begin = at + size
        if begin + head > end:
            return None
        counted_at = [begin + 9] if kind == VOLTAGES else [begin + 1, begin + 2]
        if kind == VOLTAGES:
            places.fixed += [begin + 7, begin + 8]
            if number == 0:
                places.cells_from = max(1, int(content[begin + 7]) << 8 | int(content[begin + 8]))
        places.fixed += counted_at
        count = int.from_bytes(bytes(content[counted_at].tolist()), "big")
        if begin + head + width * count > end:
            return None
        places.lists[name] += [begin + head + width * n for n in range(count)]
        size += head + width * count
    return size


def _number(data: Bytes, at: int, size: int) -> NDArray[np.float64]:
    value = np.zeros(len(data), np.int64)
    for n in range(size):
        value = value << 8 | data[:, at + n]
    return value.astype(np.float64)


def _table(data: Bytes, lines: NDArray[np.int64], places: Places) -> pl.DataFrame:
    year, month, day, hour, minute, second = (data[:, HEAD_BYTES + n].astype(np.int64) for n in range(CLOCK_BYTES))
    digits = (((((2000 + year) * 100 + month) * 100 + day) * 100 + hour) * 100 + minute) * 100 + second
    columns: dict[str, object] = {"record_index": lines, TIME_COLUMN: pl.Series(digits).cast(pl.String)}
    columns |= {name: _number(data, at, size) for name, (at, size) in places.numbers.items()}
    frame = pl.DataFrame(columns)
    for name, width in ((CELL_VOLTAGES, 2), (CELL_TEMPERATURES, 1)):
        # Cells of a frame that begins later stand after those that it lacks.
        before = places.cells_from - 1 if name == CELL_VOLTAGES else 0
        cells = [np.full(len(data), np.nan)] * before + [_number(data, at, width) for at in places.lists[name]]
        if places.lists[name]:
            frame = frame.with_columns(pl.Series(name, np.stack(cells, axis=1)))
    return frame


def _of_one_width(tables: list[pl.DataFrame]) -> list[pl.DataFrame]:
    widths = {
        name: max((array_width(table, name) for table in tables if name in table.columns), default=0)
        for name in (CELL_VOLTAGES, CELL_TEMPERATURES)
    }
    return [_widened(table, widths) for table in tables]


def _widened(table: pl.DataFrame, widths: Mapping[str, int]) -> pl.DataFrame:
    for name, width in widths.items():
        if name in table.columns:
            cells = table[name].to_numpy()
            table = table.with_columns(pl.Series(name, np.pad(cells, ((0, 0), (0, width - cells.shape[1])), constant_values=np.nan)))
    return table


def _masked(table: pl.DataFrame, notes: list[Message]) -> tuple[pl.DataFrame, list[Message]]:
    """Empty the standard's marks and give every number its unit."""
    for name in [name for name in table.columns if name in ITEMS]:
        item = ITEMS[name]
        folded = isinstance(table.schema[name], pl.Array)
        parts = pl.DataFrame(table[name].to_numpy()).fill_nan(None) if folded else table.select(name)
        kept, counts = masked(parts, [float(mark) for mark in item.invalid])
        notes = [*notes, *counted(name, counts)]
        values = scaled(kept, item.step, item.offset)
        column = values.select(pl.concat_arr(pl.all().cast(pl.Float32))).to_series() if folded else values.to_series()
        table = table.with_columns(column.alias(name))
    return table, notes
