"""When each step's current began and ended, and what it moved in between."""

from __future__ import annotations

from typing import Literal

import polars as pl

from cellwright.measure.counters import counted

LONGEST_PULSE_S = 60.0
"""A step under current is a pulse up to this length [s]: resistance is asked for at up to 30 s, and the shortest steps that set a
state of charge last minutes; 60 s at 1C moves less than 2 % of the capacity."""

PAUSE = 1.5
"""A gap this many times the longest sampling interval of a step is a pause, in which nothing is known to have flowed."""

MICROSECOND = 6

Sampling = Literal["series", "step"]

_FIRST, _LAST = pl.col("first_time"), pl.col("last_time")
_BEGAN, _ENDED = pl.col("start_time_second"), pl.col("end_time_second")


def with_edges(table: pl.DataFrame, sampling: Sampling) -> pl.DataFrame:
    """Add when each step's current began and ended, and how well that is known; see the notes of `cellwright.measure.steps`."""
    lead, half = (pl.lit(0.0), pl.lit(0.0)) if sampling == "step" else _lead(timed="lead" in table.columns)
    table = table.with_columns((_FIRST - lead).alias("start_time_second"), half.alias("edge_uncertainty_second"))
    trail = pl.lit(0.0) if sampling == "step" else _trail()
    table = table.with_columns((_LAST + trail).alias("end_time_second"))
    paused = pl.col("pause_second")
    return table.with_columns(
        (_ENDED - _BEGAN - paused).round(MICROSECOND).clip(lower_bound=0.0).alias("duration_second"),  # a clock may have been set back
        (_next_edge() + pl.col("pause_interval") / 2).alias("end_edge_uncertainty_second"),
    )


def _lead(*, timed: bool) -> tuple[pl.Expr, pl.Expr]:
    """How long before its first sample a step began [s], and half the stretch in which that moment lies [s].

    Between two steps the edge lies at most the one's sampling interval after its last sample, and at most the other's before its first.
    """
    gap = _FIRST - _LAST.shift(1)
    rhythm = pl.col("longest_interval_second").fill_null(0.0)
    if timed:
        told = pl.col("lead").fill_null(0.0).clip(lower_bound=0.0)
        unframed = pl.when(told <= PAUSE * rhythm).then(told).otherwise(0.0)
        return pl.when(gap.is_null()).then(unframed).otherwise(pl.min_horizontal(told, gap)), pl.lit(0.0)
    before = rhythm.shift(1)
    farthest = pl.when(rhythm > 0).then(pl.min_horizontal(gap, rhythm)).otherwise(gap)
    nearest = pl.when(before > 0).then(gap - before).otherwise(0.0).clip(lower_bound=0.0)
    meet, late = nearest <= farthest, gap <= PAUSE * (rhythm + before)  # late: both were sampled a little later than ever before
    lead = pl.when(meet).then((farthest + nearest) / 2).when(late).then(gap * rhythm / (rhythm + before)).otherwise(farthest / 2)
    half = pl.when(meet).then((farthest - nearest) / 2).when(late).then(pl.min_horizontal(rhythm, before) / 2).otherwise(farthest / 2)
    framed = gap.is_not_null()  # before the recording's first sample nothing is known to have flowed
    return pl.when(framed).then(lead).otherwise(0.0).fill_null(0.0), pl.when(framed).then(half).otherwise(0.0).fill_null(0.0)


def _trail() -> pl.Expr:
    """How long after its last sample a step went on [s]: to where the next began, unless there was a pause."""
    trail = (_BEGAN.shift(-1) - _LAST).clip(lower_bound=0.0)
    rhythm = pl.max_horizontal(pl.col("longest_interval_second").fill_null(0.0), _FIRST - _BEGAN)
    return pl.when(trail <= PAUSE * rhythm).then(trail).otherwise(0.0)


def _next_edge() -> pl.Expr:
    """Half the stretch in which the ending edge lies [s]: it is where the next step begins; the end of the recording is its last sample."""
    return pl.when(_ENDED > _LAST).then(pl.col("edge_uncertainty_second").shift(-1)).otherwise(0.0).fill_null(0.0)


def with_charges(table: pl.DataFrame, sampling: Sampling) -> pl.DataFrame:
    """Add charge, energy and mean current of each step, positive where the battery was charged, and what was put in and taken out."""
    net = counted(table, "capacity_ah")
    table = table.with_columns(net.alias("counted_net_capacity_ah"))
    ways = ("net", "charging", "discharging")
    if sampling == "step":
        counts = {f"step_{way}_{kind}": counted(table, kind, way) for way in ways for kind in ("capacity_ah", "energy_wh")}
    else:
        counts = _integrals("capacity_ah", "charge", "current_ampere") | _integrals("energy_wh", "energy", "power_watt")
    table = table.with_columns(**counts)
    return table.with_columns(_mean_current(sampling).alias("mean_current_ampere"))


def _integrals(kind: str, inside: str, rate: str) -> dict[str, pl.Expr]:
    """Integral between a step's edges: between its samples by the trapezoidal rule, outside at the nearest sample's rate; over 3600 s."""
    first, last = pl.col(f"first_{rate}"), pl.col(f"last_{rate}")
    lead, trail = _FIRST - _BEGAN, _ENDED - _LAST
    net = (pl.col(inside) + first * lead + last * trail) / 3600
    into = (pl.col(f"{inside}_put_in") + first.clip(lower_bound=0.0) * lead + last.clip(lower_bound=0.0) * trail) / 3600
    return {f"step_net_{kind}": net, f"step_charging_{kind}": into, f"step_discharging_{kind}": into - net}


def _mean_current(sampling: Sampling) -> pl.Expr:
    """Mean current over a step [A]; a counter's digits are too coarse for that where a step is short: there it is the mean of the ends."""
    duration, capacity = pl.col("duration_second"), pl.col("step_net_capacity_ah")
    coarse = (duration <= LONGEST_PULSE_S) | capacity.is_null() if sampling == "step" else duration <= 0
    ends = (pl.col("first_current_ampere") + pl.col("last_current_ampere")) / 2
    return pl.when(coarse).then(ends).otherwise(capacity * 3600 / duration)
