"""Where a test stood still inside a step: what passed then is in no reading, and no current is taken to have flowed."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cellwright.core.columns import TIME

FAR = 10.0
"""A gap is a pause where it is this many times as long as 19 in 20 of the step's intervals: sampling by voltage stretches them less."""

SHORTEST_PAUSE_S = 60.0
"""A shorter gap [s] is a sample that was lost: the voltages on its two sides still tell how it ran."""

UNCOVERED_S = 1.0
"""How much further [s] than the step's own time the test's may go between two samples: both are rounded."""

_STEP = "step"


def ran(band: float, *, timed: bool) -> list[pl.Expr]:
    """How long the step ran before each of its samples, ``interval`` [s], null at its first, and the ``pause`` [s] in it.

    Where the tester tells the step's own time, that is how long it ran, if the test's time went further by half a usual interval.
    Otherwise a gap under current is a pause if it is far longer than the step's others; then half a usual interval ran in it, to as much
    either way, since it began and ended somewhere between two samples that did not come.

    Parameters
    ----------
    band
        Largest current [A] that is taken for none.
    timed
        Whether there is ``step_time_second``.
    """
    gap = pl.when("inside").then(pl.col(TIME).diff())
    usual = gap.median().over(_STEP)
    far = pl.max_horizontal(FAR * gap.quantile(0.95, "linear").over(_STEP), pl.lit(SHORTEST_PAUSE_S))
    stood = (gap > far) & (pl.col("size") > band) & (pl.col("size").shift(1) > band)
    known = pl.lit(value=False)
    own = pl.lit(0.0)
    if timed:
        own = pl.col("step_time_second").diff().cast(pl.Float64)
        runs = pl.col("step_time_second").max().over(_STEP) > pl.col("step_time_second").min().over(_STEP)
        known = (runs & own.is_finite() & (own >= 0)).fill_null(value=False)
    uncovered = known & (gap - own > pl.max_horizontal(usual / 2, pl.lit(UNCOVERED_S)))
    interval = pl.when(uncovered).then(own).when(~known & stood).then(usual / 2).otherwise(gap)
    return [interval.alias("interval"), (gap - interval).fill_null(0.0).alias("pause")]


def since_last_pause(time: NDArray[np.float64]) -> int:
    """Return the first sample after the last pause in a stretch of samples, by their times [s]; 0 where there is none."""
    gaps = np.diff(time)
    if not len(gaps):
        return 0
    jumps = np.flatnonzero(gaps > max(FAR * float(np.quantile(gaps, 0.95)), SHORTEST_PAUSE_S))
    return int(jumps[-1]) + 1 if len(jumps) else 0
