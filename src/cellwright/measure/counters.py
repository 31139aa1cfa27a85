"""The tester's own counters of charge and energy, which start anew at different moments."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

_STEP = "step_"
_PREFIXES = (_STEP, "", "schedule_", "cycle_")
_KINDS = ("capacity_ah", "energy_wh")


def counter_columns(present: Collection[str]) -> list[str]:
    """Names of the counters that a table has."""
    names = (f"{prefix}{way}_{kind}" for prefix in _PREFIXES for way in ("charging", "discharging", "net") for kind in _KINDS)
    return [name for name in names if name in present]


def counted(steps: pl.DataFrame, kind: str) -> pl.Expr:
    """What the tester counted in each step, positive where the battery was charged.

    Parameters
    ----------
    steps
        One row a step, with the counters' last readings, and their first ones as ``first_…``.
    kind
        ``capacity_ah`` [Ah] or ``energy_wh`` [Wh].

    Returns
    -------
    Charge less discharge by the counter that starts anew most often; null where there is none.
    """
    for prefix in _PREFIXES:
        charging, discharging, net = (f"{prefix}{way}_{kind}" for way in ("charging", "discharging", "net"))
        parts = [sign * _grown(name, prefix) for name, sign in ((charging, 1), (discharging, -1)) if name in steps.columns]
        if parts:
            return pl.sum_horizontal(parts)
        if prefix == _STEP and net in steps.columns:
            return pl.col(net)
    return pl.lit(None, pl.Float64)


def _grown(name: str, prefix: str) -> pl.Expr:
    """How much a counter grew in a step; where it fell, it started anew."""
    reading = pl.col(name).cast(pl.Float64).abs()
    if prefix == _STEP:
        return reading
    growth = reading - reading.shift(1).fill_null(pl.col(f"first_{name}").cast(pl.Float64).abs())
    return pl.when(growth < 0).then(reading).otherwise(growth)
