"""Answers of Hyundai and Kia batteries to diagnostics: service 0x22, data 0x0101 to 0x0105, from 0x7EC.

The formulas are the community's (the OBD-PIDs-for-HKMC-EVs lists for Kona EV and Niro EV). Byte ``n`` below is the n-th after the number of
the data, from 0; the lists call it by letter, ``a`` for 0, ``z`` for 25, ``aa`` for 26.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cellwright.core.columns import CELL_TEMPERATURES, CELL_VOLTAGES, CURRENT, VOLTAGE
from cellwright.core.errors import MissingColumn
from cellwright.core.messages import Message, message
from cellwright.readers.vehicles.can.frames import Frames
from cellwright.readers.vehicles.can.streams import Stream, aligned
from cellwright.readers.vehicles.isotp import reassembled
from cellwright.readers.vehicles.sentinels import counted
from cellwright.readers.vehicles.sign import turned

SENDER = 0x7EC
ANSWER = 0x62
MAIN = 0x0101
CELL_STEP_VOLT = 0.02
CELLS_IN = {0x0102: (4, 32), 0x0103: (4, 32), 0x0104: (4, 32), 0x0105: (34, 2)}
"""Where the cells are in each answer: from which byte, and how many; together cells 1 to 98."""

NO_CELL = (0, 255)


@dataclass(frozen=True)
class Number:
    """A number in an answer: from which byte, of how many, whether it has a sign, and its step."""

    at: int
    size: int = 1
    signed: bool = False
    step: float = 1.0
    sentinel: int | None = None

    def of(self, content: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Return it from the bytes of the answers, shape ``(n, length)``; NaN where they are too short or hold the sentinel."""
        if content.shape[1] < self.at + self.size:
            return np.full(len(content), np.nan)
        raw = np.zeros(len(content), np.int64)
        for n in range(self.size):
            raw = raw << 8 | content[:, self.at + n]
        if self.signed:
            raw = raw - ((raw >> (8 * self.size - 1)) << (8 * self.size))
        values: NDArray[np.float64] = np.round(raw * self.step, 6).astype(np.float64)
        return values if self.sentinel is None else np.where(raw == self.sentinel, np.nan, values)


NUMBERS: Mapping[int, Mapping[str, Number]] = {
    0x0101: {
        "state_of_charge_percent": Number(4, step=0.5),
        CURRENT: Number(10, 2, signed=True, step=0.1),
        VOLTAGE: Number(12, 2, step=0.1, sentinel=0xFFFF),
        "highest_probe_temperature_celsius": Number(14, signed=True),
        "lowest_probe_temperature_celsius": Number(15, signed=True),
        "highest_cell_voltage_volt": Number(23, step=CELL_STEP_VOLT, sentinel=0xFF),
        "lowest_cell_voltage_volt": Number(25, step=CELL_STEP_VOLT, sentinel=0xFF),
        "auxiliary_battery_voltage_volt": Number(29, step=0.1),
        "lifetime_charging_capacity_ah": Number(30, 4, step=0.1),
        "lifetime_discharging_capacity_ah": Number(34, 4, step=0.1),
        "lifetime_charging_energy_wh": Number(38, 4, step=100.0),
        "lifetime_discharging_energy_wh": Number(42, 4, step=100.0),
        "operating_time_second": Number(46, 4),
        "isolation_resistance_ohm": Number(57, 2, step=1000.0, sentinel=0xFFFF),
    },
    0x0105: {
        "state_of_health_percent": Number(25, 2, step=0.1),
        "displayed_state_of_charge_percent": Number(31, step=0.5),
    },
}
PROBES = (16, 4)


@dataclass(frozen=True, eq=False)
class Answers:
    """What a battery answered, a stream for each kind of data, and what was lost of it."""

    streams: Mapping[int, Stream]
    masked: Mapping[float, int]
    broken: int
    others: int


def battery_answers(frames: Frames) -> Answers:
    """Find the battery's answers among the frames of a bus."""
    sent = frames.where((frames.identifier == SENDER) & ~frames.extended & (frames.length > 0))
    messages, broken = reassembled(sent.data[:, :8])
    parts: dict[int, list[tuple[NDArray[np.int64], NDArray[np.uint8]]]] = {}
    others = 0
    for whole in messages:
        if whole.content.shape[1] < 4:
            continue
        kinds = whole.content[:, 1].astype(np.int64) << 8 | whole.content[:, 2]
        answers = whole.content[:, 0] == ANSWER
        for kind in np.unique(kinds[answers]):
            chosen = answers & (kinds == kind)
            if int(kind) == MAIN or int(kind) in CELLS_IN:
                parts.setdefault(int(kind), []).append((whole.first[chosen], whole.content[chosen, 3:]))
            else:
                others += int(chosen.sum())
    masked: dict[float, int] = {}
    streams = {kind: _stream(kind, found, sent, masked) for kind, found in parts.items()}
    return Answers(streams, masked, broken, others)


def _stream(kind: int, parts: list[tuple[NDArray[np.int64], NDArray[np.uint8]]], sent: Frames, masked: dict[float, int]) -> Stream:
    width = max(content.shape[1] for _, content in parts)
    # A shorter answer lacks its last bytes: 255 there would be read as numbers, so its rows are told apart by their length.
    decoded = [(first, _decoded(kind, content, masked)) for first, content in parts if content.shape[1] == width]
    first = np.concatenate([at for at, _ in decoded])
    order = np.argsort(first, kind="stable")
    names = decoded[0][1]
    signals = {name: np.concatenate([found[name] for _, found in decoded])[order] for name in names}
    return Stream(f"{kind:04X}", sent.time[first[order]], sent.record[first[order]], signals)


def _decoded(kind: int, content: NDArray[np.uint8], masked: dict[float, int]) -> dict[str, NDArray[np.float64]]:
    found = {name: number.of(content) for name, number in NUMBERS.get(kind, {}).items()}
    if kind == MAIN:
        at, count = PROBES
        found[CELL_TEMPERATURES] = np.stack([Number(at + n, signed=True).of(content) for n in range(count)], axis=1)
    if kind in CELLS_IN:
        found[f"cells {kind:04X}"] = _cells(content, *CELLS_IN[kind], masked)
    return found


def _cells(content: NDArray[np.uint8], at: int, count: int, masked: dict[float, int]) -> NDArray[np.float64]:
    raw = np.full((len(content), count), np.nan)
    there = content[:, at : at + count]
    raw[:, : there.shape[1]] = there
    for value in NO_CELL:
        hit = raw == value
        if hit.any():
            shown = round(value * CELL_STEP_VOLT, 2)
            masked[shown] = masked.get(shown, 0) + int(hit.sum())
            raw[hit] = np.nan
    return raw * CELL_STEP_VOLT


def diagnosed(answers: Answers, file: str) -> tuple[pl.DataFrame, list[Message]]:
    """Make a table with a row for each answer to 0x0101; raises `MissingColumn` where there is none."""
    base = answers.streams.get(MAIN)
    if base is None:
        found = [f"{kind:04X}" for kind in sorted(answers.streams)]
        raise MissingColumn("readers.uds_without_current", file=file, found=found)
    table, notes = aligned([answers.streams[kind] for kind in sorted(answers.streams)], base)
    table, joined = _with_cells(table, answers)
    notes = [message("readers.uds_read", kinds=[f"{kind:04X}" for kind in sorted(answers.streams)]), *notes, *joined]
    if answers.broken:
        notes.append(message("readers.uds_broken", count=answers.broken))
    if answers.others:
        notes.append(message("readers.uds_others", count=answers.others))
    table, signed = turned(table, "discharge", file)
    return table, [*notes, *signed]


def _with_cells(table: pl.DataFrame, answers: Answers) -> tuple[pl.DataFrame, list[Message]]:
    """Join the cells of all answers, up to the last one that is there; which are not is counted."""
    parts = [name for name in (f"cells {kind:04X}" for kind in CELLS_IN) if name in table.columns]
    if not parts:
        return table, []
    lists = [pl.col(name).arr.to_list() for name in parts]
    cells = table.select(pl.concat_list(lists)).to_series().list.to_array(sum(CELLS_IN[int(name[-4:], 16)][1] for name in parts)).to_numpy()
    there = np.flatnonzero(np.isfinite(cells.astype(np.float64)).any(axis=0))
    if not len(there):
        return table.drop(parts), []
    kept = pl.DataFrame(cells[:, : there[-1] + 1].astype(np.float32)).fill_nan(None)
    folded = kept.select(pl.concat_arr(pl.all()).alias(CELL_VOLTAGES)).to_series()
    return table.drop(parts).with_columns(folded), counted(CELL_VOLTAGES, answers.masked)
