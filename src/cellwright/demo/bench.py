"""A tester: runs a program on cells, each on its own channel or all in one string."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cellwright.demo.cell import Array, Cells, State, advance, line_at_end, voltage
from cellwright.demo.program import RATED_AH, Step

LONGEST_STRIDE_S = 10.0
ROUNDING_S = 1e-6

BY_TIME, BY_CURRENT, BY_VOLTAGE = 1, 4, 5

# The columns of a record, in the order of `_March.reading`.
_READ = ("step_time_second", "current_ampere", "voltage_volt", "surface_temperature_celsius", "step_net_capacity_ah", "step_net_energy_wh")


@dataclass(frozen=True, eq=False)
class Channels:
    """Systematic errors of each channel, shape ``(n,)``: a reading is ``I·(1 + current_gain)`` and ``V + voltage_offset``.

    A channel holds its set points by its own readings, so the true current and limits are off by as much.
    """

    current_gain: Array
    voltage_offset: Array


def faultless(count: int) -> Channels:
    """Return channels without error."""
    return Channels(np.zeros(count), np.zeros(count))


@dataclass(frozen=True, eq=False)
class Run:
    """What a program did.

    Parameters
    ----------
    traces
        One table a cell: ``cycle_count``, ``step_id``, ``step_count``, ``step_type`` (``rest``, ``cc_charge``, ``cccv_charge``,
        ``cc_discharge``), ``ended_by``, ``test_time_second`` and the channel's readings without noise; charge and energy are those
        of the step, positive in.
    state
        The cells after it.
    capacity_ah
        Charge that truly flowed in the last full discharge, shape ``(n,)`` [Ah]; NaN where there was none.
    """

    traces: tuple[pl.DataFrame, ...]
    state: State
    capacity_ah: Array


def run(program: Sequence[Step], cells: Cells, state: State, channels: Channels, *, string: bool = False) -> Run:
    """Run a program.

    Parameters
    ----------
    program, cells, state, channels
        What is run on what, and how the cells are at the start.
    string
        The cells are in series: one current; a step's voltage is that of a cell on average, and its guard that of any one.
    """
    began = np.zeros(len(cells))
    capacity = np.full(len(cells), np.nan)
    blocks: list[list[pl.DataFrame]] = [[] for _ in range(len(cells))]
    for count, step in enumerate(program, start=1):
        march = _March(step, cells, state, channels, _longest(step, capacity, channels), string=string)
        records = march.to_the_end()
        for cell, block in enumerate(blocks):
            block.append(_table(step, count, records[:, :, cell], int(march.ended_by[cell]), float(began[cell])))
        began = began + march.clock
        capacity = -march.charge if step.full_discharge else capacity
        state = march.state
    return Run(tuple(pl.concat(block) for block in blocks), state, capacity)


def _longest(step: Step, capacity: Array, channels: Channels) -> Array:
    """How long the step may last in each cell [s]."""
    if step.share is not None:
        return step.share * capacity / (abs(step.c_rate) * RATED_AH) * (1 + channels.current_gain) * 3600
    return np.full_like(capacity, np.inf if step.duration_s is None else step.duration_s)


def _table(step: Step, count: int, records: Array, ended_by: int, began: float) -> pl.DataFrame:
    known = records[~np.isnan(records[:, 0])]
    return pl.DataFrame(dict(zip(_READ, known.T, strict=True))).select(
        pl.lit(step.cycle).alias("cycle_count"),
        pl.lit(step.number).alias("step_id"),
        pl.lit(count).alias("step_count"),
        pl.lit(_step_type(step)).alias("step_type"),
        pl.lit(ended_by).alias("ended_by"),
        (pl.col("step_time_second") + began).alias("test_time_second"),
        *_READ,
    )


def _step_type(step: Step) -> str:
    if step.kind == "rest":
        return "rest"
    return f"{'cc' if step.cutoff_c_rate is None else 'cccv'}_{step.kind}"


class _March:
    """A step under way in every cell, in strides of at most `LONGEST_STRIDE_S`; a cell that has ended it stands still."""

    def __init__(self, step: Step, cells: Cells, state: State, channels: Channels, longest: Array, *, string: bool) -> None:
        self.step, self.cells, self.state, self.channels, self.longest, self.string = step, cells, state, channels, longest, string
        still = np.zeros(len(cells))
        true_ampere = RATED_AH / (1 + channels.current_gain)
        self._set = step.c_rate * true_ampere
        self._holds = step.cutoff_c_rate is not None
        self._cutoff = (step.cutoff_c_rate or 0.0) * true_ampere
        self._limit = (np.nan if step.volt is None else step.volt) - channels.voltage_offset
        self._guard = np.nan if step.guard_volt is None else step.guard_volt
        self.clock, self.charge, self.energy = still, still, still
        self.ended_by = np.full(len(cells), BY_TIME)
        self.running = self.clock < longest - ROUNDING_S
        self.current = self._current(still)
        self.volt = voltage(cells, state, self.current)

    def to_the_end(self) -> Array:
        """March until every cell has ended; return records of shape ``(rows, 6, n)``, NaN for a cell after its end."""
        records = [self.reading()]
        # Without current the equations are solved exactly over any time.
        strides = 1 if self.step.kind == "rest" else ceil(self.step.every_s / LONGEST_STRIDE_S)
        while self.running.any():
            running = self.running
            for _ in range(strides):
                self._stride(self.step.every_s / strides)
            records.append(np.where(running, self.reading(), np.nan))
        return np.stack(records)

    def reading(self) -> Array:
        """What the channels read now, shape ``(6, n)``."""
        gain, offset = 1 + self.channels.current_gain, self.channels.voltage_offset
        energy = (self.energy + offset * self.charge) * gain
        return np.stack([self.clock, self.current * gain, self.volt + offset, self.state.celsius, self.charge * gain, energy])

    def _stride(self, seconds: float) -> None:
        stride = np.where(self.running, np.minimum(seconds, self.longest - self.clock), 0.0)
        self.current = np.where(self.running, self._current(stride), self.current)
        state, volt = self._after(stride)
        part = np.where(self.running, self._part_within_limits(volt), 1.0)
        if (part < 1).any():
            stride = stride * part
            state, volt = self._after(stride)
        self.charge = self.charge + self.current * stride / 3600
        self.energy = self.energy + self.current * (self.volt + volt) / 2 * stride / 3600
        self.clock = self.clock + stride
        self.state, self.volt = state, volt
        self._end(part < 1, BY_VOLTAGE)
        if self._holds:
            self._end(self.current <= self._cutoff, BY_CURRENT)
        self._end(self.clock >= self.longest - ROUNDING_S, BY_TIME)

    def _after(self, stride: Array) -> tuple[State, Array]:
        state = advance(self.cells, self.state, self.current, stride)
        return state, voltage(self.cells, state, self.current)

    def _current(self, stride: Array) -> Array:
        """The set current, or what holds the voltage where that is less."""
        if not self._holds:
            return self._set
        volt, ohms = line_at_end(self.cells, self.state, stride)
        return np.minimum(self._set, self._terminal(self._limit - volt) / self._terminal(ohms))

    def _terminal(self, of_cells: Array) -> Array:
        """What the channel sees: each cell by itself, or the string's mean."""
        return np.full_like(of_cells, of_cells.mean()) if self.string else of_cells

    def _part_within_limits(self, volt: Array) -> Array:
        """How much of a stride that leads to these voltages each cell may go, shape ``(n,)`` [1]."""
        if self.step.kind == "rest":
            return np.ones_like(volt)
        guarded = _part_before(self.volt, volt, self._guard, self.step.c_rate).min()
        if self._holds:
            return np.full_like(volt, guarded)
        return np.minimum(guarded, _part_before(self._terminal(self.volt), self._terminal(volt), self._limit, self.step.c_rate))

    def _end(self, which: NDArray[np.bool_], cause: int) -> None:
        ended = self.running & which
        self.ended_by[ended] = cause
        self.running = self.running & ~ended


def _part_before(start: Array, end: Array, limit: Array | float, direction: float) -> Array:
    """Part of the way from one voltage to another before it meets a limit, taken as straight; 1 where it does not, or there is none."""
    way = np.where(end == start, 1.0, end - start)
    return np.where((end - limit) * direction >= 0, np.clip((limit - start) / way, 0.0, 1.0), 1.0)


@dataclass(frozen=True)
class Resolution:
    """Smallest step of a reading [V], [A], [°C]."""

    volt: float
    ampere: float
    celsius: float


NOISE = Resolution(volt=8e-5, ampere=1.5e-3, celsius=0.03)


def read_off(trace: pl.DataFrame, resolution: Resolution, noise: np.random.Generator) -> pl.DataFrame:
    """Give a trace its noise (standard deviation `NOISE`) and round it to the tester's steps; the counters have neither."""

    def rough(name: str, deviation: float, step: float) -> pl.Series:
        values = trace[name].to_numpy() + noise.normal(0.0, deviation, trace.height)
        return pl.Series(name, np.round(values / step) * step)

    ampere = rough("current_ampere", NOISE.ampere, resolution.ampere)
    return trace.with_columns(
        rough("voltage_volt", NOISE.volt, resolution.volt),
        rough("surface_temperature_celsius", NOISE.celsius, resolution.celsius),
        pl.when(pl.col("step_type") == "rest").then(0.0).otherwise(ampere).alias("current_ampere"),
    )
