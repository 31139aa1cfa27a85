"""The tester's own counters of charge and energy, which start anew at different moments."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import polars as pl

_STEP = "step_"
_PREFIXES = (_STEP, "", "schedule_", "cycle_")
_KINDS = ("capacity_ah", "energy_wh")

Way = Literal["net", "charging", "discharging"]


def counter_columns(present: Collection[str]) -> list[str]:
    """Names of the counters that a table has."""
    names = (f"{prefix}{way}_{kind}" for prefix in _PREFIXES for way in ("charging", "discharging", "net") for kind in _KINDS)
    return [name for name in names if name in present]


def counted(steps: pl.DataFrame, kind: str, way: Way = "net") -> pl.Expr:
    """What the tester counted in each step.

    Parameters
    ----------
    steps
        One row a step, with the counters' last readings, and their first ones as ``first_…``.
    kind
        ``capacity_ah`` [Ah] or ``energy_wh`` [Wh].
    way
        ``charging``: what was put in; ``discharging``: what was taken out; ``net``: the first less the second.

    Returns
    -------
    It by the counter that starts anew most often; null where there is none.
    """
    for prefix in _PREFIXES:
        charging, discharging, net = (f"{prefix}{way}_{kind}" for way in ("charging", "discharging", "net"))
        signs = {"net": (1, -1), "charging": (1, 0), "discharging": (0, 1)}[way]
        parts = [sign * _grown(name, prefix) for name, sign in zip((charging, discharging), signs, strict=True) if name in steps.columns]
        if parts:
            return pl.sum_horizontal(parts)
        if prefix == _STEP and net in steps.columns:
            found = pl.col(net)
            return {"net": found, "charging": found.clip(lower_bound=0.0), "discharging": (-found).clip(lower_bound=0.0)}[way]
    return pl.lit(None, pl.Float64)


def _grown(name: str, prefix: str) -> pl.Expr:
    """How much a counter grew in a step; where it fell, or a step began with it far below its last reading, it started anew."""
    reading = pl.col(name).cast(pl.Float64).abs()
    if prefix == _STEP:
        return reading
    first, before = pl.col(f"first_{name}").cast(pl.Float64).abs(), reading.shift(1)
    anew = (first < before / 2) | (reading < first)
    return pl.when(anew).then(reading).otherwise(reading - before.fill_null(first))
