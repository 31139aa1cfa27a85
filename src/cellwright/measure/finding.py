"""Where steps begin: by the tester's count, or by the current where the tester counts none."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cellwright.core.columns import CURRENT, TIME, VOLTAGE
from cellwright.measure.budget import printed_step
from cellwright.measure.pauses import OWN_TIME
from cellwright.measure.runs import BLOCK, Block, Floats, Part, Rows, reduce_runs

SMALLEST_SHARE = 5e-4
OFFSET_SHARE = 2e-3
LARGEST_SHARE = 1e-2
"""Shares of the largest current: below the first it is none; up to the second a steady reading may be an offset; what stays below the
last looks like rest, and noise may hide it."""

LOOKED_AT = 1 << 18
"""Rows from which the noise is told; of a longer recording blocks that are spread over it."""

JUMP = 0.05
"""Share of a current by which it has to change at once for a step to begin."""

QUIET = 0.2
"""Share of such a jump that the current may move from sample to sample before and after it, so that it is one from a level to a level."""

STEADY_VOLTAGE = 2e-4
"""A current that falls while the voltage stands within this share of it is a taper, however coarsely it was written."""

BLINK = 2
FAINT = 3.0
"""What lasts no more than two samples and stays within three times the dead band, in the midst of a rest, is noise."""

UNSETTLED = 0.1
WANDERS = 1.5
LONGEST_STOP_S = 300.0
FEWEST = 6
"""A stretch of at least six runs in a row, but for stops of up to five minutes, whose current neither stays within 10 % nor goes one way
(its ups and downs are 1.5 times what it gained), is one step: a drive cycle, or a regulator around zero."""

FEWEST_UNBROKEN = 3
"""So is a stretch of three runs or more without a rest between them, if most of its samples lie in such runs: a short drive."""


def dead_band(table: pl.DataFrame) -> float:
    """Return the largest current [A] that is taken for none: the noise of what looks like rest, an offset there, the printed digits.

    A steady offset and a small current look alike, so the offset is bounded: beside a pulse of 250 A, 2 A are a discharge.
    """
    current = table[CURRENT].to_numpy()
    largest = float(max(current.max(), -current.min()))
    seen = _looked_at(current)
    size = np.abs(seen)
    at_rest = seen[size <= LARGEST_SHARE * largest]
    noise = (
        float(np.median(np.abs(np.diff(at_rest)))) / 0.954 if len(at_rest) > 1 else 0.0
    )  # median |difference| of normal noise is 0.954 σ
    smallest = float(size[size > 0].min(initial=largest))
    offset = min(3 * smallest, OFFSET_SHARE * largest)
    return min(max(6 * noise, 1.5 * printed_step(current), offset, SMALLEST_SHARE * largest), LARGEST_SHARE * largest)


def _looked_at(current: NDArray[Any]) -> Floats:
    if len(current) <= LOOKED_AT:
        return current.astype(np.float64)
    starts = np.linspace(0, len(current) - BLOCK, LOOKED_AT // BLOCK).astype(int)
    return np.concatenate([current[start : start + BLOCK] for start in starts]).astype(np.float64)


def step_starts(table: pl.DataFrame, band: float) -> Rows:
    """Return the first row of each step.

    Parameters
    ----------
    table
        Rows with time [s], current [A] and voltage [V].
    band
        Largest current [A] that is taken for none.
    """
    if "step_count" in table.columns:
        return np.append(0, _changes(table["step_count"]))
    told = [np.zeros(1, dtype=np.intp), *(_changes(table[name]) for name in ("step_id", "cycle_count") if name in table.columns)]
    if OWN_TIME in table.columns:
        told.append(_falls(table[OWN_TIME].to_numpy()))
    program = np.unique(np.concatenate(told))
    edges = _steadied(table[CURRENT].to_numpy(), np.union1d(0, _edges(table, band)), band)
    return _merged(table, np.union1d(program, edges), program, band)


def _changes(labels: pl.Series) -> Rows:
    """Rows at which a label is another than in the row before."""
    if labels.null_count():
        return (labels.ne_missing(labels.shift(1)) & (pl.int_range(len(labels), eager=True) > 0)).arg_true().to_numpy()
    values = labels.to_numpy()
    return np.flatnonzero(values[1:] != values[:-1]) + 1


def _falls(values: NDArray[Any]) -> Rows:
    return np.flatnonzero(values[1:] < values[:-1]) + 1


def _edges(table: pl.DataFrame, band: float) -> Rows:
    """Rows at which the current turns into another direction, or jumps from one level to another."""
    current, voltage = table[CURRENT].to_numpy(), table[VOLTAGE].to_numpy()
    turns: list[Rows] = []
    jumps: list[Rows] = []
    for first in range(1, len(current), BLOCK):
        after = current[first : first + BLOCK]
        before = current[first - 1 : first + len(after) - 1]
        turned = ((after > band) != (before > band)) | ((after < -band) != (before < -band))
        turns.append(np.flatnonzero(turned) + first)
        change = np.abs(after - before)
        jumps.append(np.flatnonzero((change > JUMP * np.maximum(np.abs(after), np.abs(before))) & (change > band) & ~turned) + first)
    turned = np.concatenate([*turns, np.empty(0, dtype=np.intp)])
    jumped = _levels(current, voltage, np.concatenate([*jumps, np.empty(0, dtype=np.intp)]))
    on_ramp = np.isin(jumped - 1, turned) & (np.abs(current[jumped]) > np.abs(current[jumped - 1]))  # one sample on the way to a level
    return np.sort(np.concatenate([turned, jumped[~on_ramp]]))


def _levels(current: NDArray[Any], voltage: NDArray[Any], rows: Rows) -> Rows:
    """Those jumps that go from a level to a level: two samples on either side stand still, and it is no taper at a held voltage."""
    last = len(current) - 1
    rows = rows[(rows > 1) & (rows < last)]

    def change(offset: int) -> Floats:
        to, frm = np.clip(rows + offset, 0, last), np.clip(rows + offset - 1, 0, last)
        return np.abs(current[to] - current[frm])

    jump = change(0)
    quiet = np.maximum(change(-1) + change(-2), change(1) + change(2)) < 2 * QUIET * jump
    after, before = np.abs(current[rows]), np.abs(current[rows - 1])
    held = np.abs(voltage[rows] - voltage[rows - 1]) <= STEADY_VOLTAGE * np.abs(voltage[rows])
    return rows[quiet & ~(held & (after < before))]


def _steadied(current: NDArray[Any], starts: Rows, band: float) -> Rows:
    """Leave out the blinks of a rest: a sample or two just beyond the dead band, with none on either side."""
    if len(starts) < 3:
        return starts
    size = np.abs(current[starts])
    lengths = np.diff(np.append(starts, len(current)))
    still = size <= band
    blink = ~still & (lengths <= BLINK) & (np.maximum(size, np.abs(current[starts + lengths - 1])) <= FAINT * band)
    blink[1:-1] &= still[:-2] & still[2:]
    blink[[0, -1]] = False
    return starts[~(blink | np.append(False, blink[:-1]))]


def _merged(table: pl.DataFrame, starts: Rows, program: Rows, band: float) -> Rows:
    """Join the runs of each stretch in which the current does not settle; a stretch stays within one step of the program."""
    current, stops = table[CURRENT].to_numpy(), np.append(starts[1:], table.height)
    restless = _restless(current, starts, stops, band)
    if not restless.any():
        return starts
    part = np.searchsorted(program, starts, side="right")
    inside = _in_long_stretch(table[TIME].to_numpy(), starts, stops, part, np.flatnonzero(restless))
    return starts[~(inside | _in_unbroken_stretch(np.abs(current[starts]) <= band, stops - starts, part, restless))]


def _in_long_stretch(time: Floats, starts: Rows, stops: Rows, part: Rows, where: Rows) -> NDArray[np.bool_]:
    """Whether a run is one of many restless ones, or lies between two of them, and is not the first of its stretch."""
    stopped = time[starts[where[1:]]] - time[stops[where[:-1]] - 1]
    stretch = np.cumsum(np.append(0, (stopped > LONGEST_STOP_S) | (np.diff(part[where]) > 0)))
    count = np.bincount(stretch)
    last = where[np.cumsum(count) - 1]
    first = where[np.cumsum(count) - count]
    long = count >= FEWEST
    inner = np.zeros(len(starts) + 1, dtype=np.int64)
    inner[first[long] + 1] += 1
    inner[last[long] + 1] -= 1
    return np.cumsum(inner[:-1]) > 0


def _in_unbroken_stretch(still: NDArray[np.bool_], samples: Rows, part: Rows, restless: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether a run follows another without a rest, in a stretch most of whose samples are restless, and is not the first of it."""
    begins = np.append(True, still[1:] | still[:-1] | (np.diff(part) > 0))
    stretch = np.cumsum(begins) - 1
    mostly = 2 * np.bincount(stretch, weights=samples * restless) > np.bincount(stretch, weights=samples)
    return ~begins & (mostly & (np.bincount(stretch) >= FEWEST_UNBROKEN))[stretch]


def _restless(current: NDArray[Any], starts: Rows, stops: Rows, band: float) -> NDArray[np.bool_]:
    """Whether the current of a run under current neither stays near its peak for half of the samples nor goes one way."""

    def extremes(block: Block) -> dict[str, Part]:
        ampere = block.of(current)
        way = np.abs(np.diff(ampere, prepend=ampere[:1]))
        way[block.bounds[::2]] = 0.0
        return {"peak": block.greatest(np.abs(ampere)), "way": block.total(way)}

    found = reduce_runs(starts, stops, extremes)
    peak, net = found["peak"], np.abs(current[stops - 1] - current[starts])
    restless = (peak > band) & ((found["way"] > WANDERS * net + UNSETTLED * peak) | (stops - starts == 1))
    if not restless.any():
        return restless
    near = (1 - UNSETTLED) * peak[restless]
    level = reduce_runs(
        starts[restless], stops[restless], lambda block: {"n": block.total(np.abs(block.of(current)) >= block.at_each(near))}, apart=True
    )["n"]
    length = (stops - starts)[restless]
    restless[restless] = (length == 1) | (2 * level < length)
    return restless
