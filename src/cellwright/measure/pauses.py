"""Where a test stood still inside a step: what passed then is in no reading, and no current is taken to have flowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cellwright.core.columns import CURRENT, TIME, VOLTAGE

if TYPE_CHECKING:
    from cellwright.measure.facts import Cut

OWN_TIME = "step_time_second"

FAR = 10.0
"""A gap is a pause where it is this many times as long as 19 in 20 of the step's intervals: sampling by voltage stretches them less."""

RHYTHM = 6
"""A gap that comes so many times in a step is how the tester samples it, however many more it took in the step's first second."""

SHORTEST_PAUSE_S = 60.0
"""A shorter gap [s] is a sample that was lost: the voltages on its two sides still tell how it ran."""

UNCOVERED_S = 1.0
"""How much further [s] than the step's own time the test's may go between two samples: both are rounded."""

_STEP = "step"


def suspects(found: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """Tell in which steps a pause may be: some gap is long and far longer than the shortest, or the step's own time did not cover it."""
    longest = found["longest_interval_second"]
    suspected = (longest > SHORTEST_PAUSE_S) & (longest > FAR * found["shortest"])
    return suspected if "uncovered" not in found else suspected | (found["uncovered"] > UNCOVERED_S)


def without_pauses(cut: Cut, chosen: NDArray[np.bool_], band: float) -> dict[str, NDArray[Any]]:
    """Return charge [A·s], energy [W·s] and the longest interval [s] of the chosen steps without the pauses in them, and these [s].

    Parameters
    ----------
    cut
        The steps.
    chosen
        Which of them may have a pause.
    band
        Largest current [A] that is taken for none.
    """
    if not chosen.any():
        return {}
    lengths = cut.samples[chosen]
    rows: NDArray[np.intp] = np.arange(int(lengths.sum())) + np.repeat(cut.starts[chosen] - (np.cumsum(lengths) - lengths), lengths)
    timed = OWN_TIME in cut.table.columns
    samples = cut.table.select(TIME, CURRENT, VOLTAGE, *([OWN_TIME] if timed else []))[rows]
    current, power, interval = pl.col(CURRENT), pl.col("power"), pl.col("interval")
    frame = samples.lazy().with_columns(
        pl.Series(_STEP, np.repeat(np.arange(len(lengths)), lengths)),
        (current * pl.col(VOLTAGE)).alias("power"),
        current.abs().alias("size"),
    )
    frame = frame.with_columns((pl.col(_STEP) == pl.col(_STEP).shift(1)).fill_null(value=False).alias("inside"))
    into, before = current.clip(lower_bound=0.0), current.shift(1).clip(lower_bound=0.0)
    inward = into * pl.col(VOLTAGE) + before * pl.col(VOLTAGE).shift(1)
    grouped = (
        frame.with_columns(*_ran(band, timed=timed))
        .with_columns(
            (interval * (current + current.shift(1)) / 2).alias("charge"),
            (interval * (power + power.shift(1)) / 2).alias("energy"),
            (interval * (into + before) / 2).alias("charge_put_in"),
            (interval * inward / 2).alias("energy_put_in"),
        )
        .group_by(_STEP, maintain_order=True)
        .agg(
            pl.col("charge", "energy", "charge_put_in", "energy_put_in").sum(),
            interval.max().alias("longest_interval_second"),
            pl.col("pause").sum().alias("pause_second"),
            pl.when(pl.col("pause").max() > 0).then(interval.median()).otherwise(0.0).alias("pause_interval"),
        )
    )
    return {column.name: column.to_numpy() for column in grouped.drop(_STEP).collect().iter_columns()}


def _ran(band: float, *, timed: bool) -> list[pl.Expr]:
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
    often = gap.filter(gap.rank("ordinal", descending=True) == RHYTHM).max()
    far = pl.max_horizontal(FAR * gap.quantile(0.95, "linear").over(_STEP), FAR * often.over(_STEP), pl.lit(SHORTEST_PAUSE_S))
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
    often = float(np.sort(gaps)[-RHYTHM]) if len(gaps) >= RHYTHM else 0.0
    jumps = np.flatnonzero(gaps > max(FAR * float(np.quantile(gaps, 0.95)), FAR * often, SHORTEST_PAUSE_S))
    return int(jumps[-1]) + 1 if len(jumps) else 0
