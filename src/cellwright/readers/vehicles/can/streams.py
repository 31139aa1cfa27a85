"""Signals that come at times of their own, and one table of them.

The rows are the readings of the current: one row for each, at its own time and with its own record number. Every other signal gives the
value nearest in time, as long as it is near: within three of its own intervals, and at least a second. What comes oftener than the
current is thinned by that, what comes less often repeats.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cellwright.core.columns import TIME
from cellwright.core.messages import Message, message
from cellwright.readers.settle import INDEX

INTERVALS = 3.0
SHORTEST_S = 1.0
ALONE_S = 10.0
"""How near a value has to be that came only once."""

Values = NDArray[np.float64] | NDArray[np.int64] | NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Stream:
    """What one message told, every time it came.

    Parameters
    ----------
    name
        The message's name.
    time, record
        When it came [s], and its number in the file.
    signals
        By name, one value a time it came, or one row of values; NaN where it was not told.
    """

    name: str
    time: NDArray[np.float64]
    record: NDArray[np.int64]
    signals: Mapping[str, NDArray[np.generic]]

    @property
    def reach_s(self) -> float:
        """How far from a reading a row may lie and still have it."""
        if len(self.time) < 2:
            return ALONE_S
        return max(SHORTEST_S, INTERVALS * float(np.median(np.diff(self.time))))


def aligned(streams: Sequence[Stream], base: Stream) -> tuple[pl.DataFrame, list[Message]]:
    """Make one table with a row for each reading of the base stream."""
    columns: dict[str, pl.Series] = {
        TIME: pl.Series(base.time),
        INDEX: pl.Series(base.record).cast(pl.Int64),
    }
    for stream in streams:
        at, near = _nearest(stream, base.time)
        for name, values in stream.signals.items():
            columns.setdefault(name, _taken(values, at, near))
    notes = [message("readers.rows_by_message", message=base.name, count=len(base.time))]
    return pl.DataFrame(columns), notes


def _nearest(stream: Stream, moments: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    after = np.searchsorted(stream.time, moments).clip(1, max(1, len(stream.time) - 1))
    before = after - 1
    after = np.minimum(after, len(stream.time) - 1)
    at = np.where(moments - stream.time[before] <= stream.time[after] - moments, before, after)
    return at, np.abs(stream.time[at] - moments) <= stream.reach_s


def _taken(values: NDArray[np.generic], at: NDArray[np.int64], near: NDArray[np.bool_]) -> pl.Series:
    taken = values[at]
    if taken.ndim == 2:
        taken = np.where(near[:, None], taken, np.nan).astype(np.float32)
        return _gathered(taken)
    series = pl.Series(taken)
    if series.dtype.is_float():
        series = series.fill_nan(None)
    return series if near.all() else pl.DataFrame({"v": series, "n": near}).select(pl.when("n").then("v")).to_series()


def _gathered(cells: NDArray[np.float32]) -> pl.Series:
    parts = [pl.Series(str(n), cells[:, n]).fill_nan(None) for n in range(cells.shape[1])]
    return pl.DataFrame(parts).select(pl.concat_arr(pl.all())).to_series()
