"""Steps: the running counter that BDF wants, and counters that a make keeps without a sign."""

from collections.abc import Mapping, Sequence

import polars as pl

STEP_COUNT = "step_count"
STEP_TIME = "step_time_second"

_UNSIGNED = {"step_cumulative_capacity_ah": "capacity_ah", "step_cumulative_energy_wh": "energy_wh"}


def count_steps(table: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Add ``step_count``: 1 for the first step, and one more whenever a key changes or the step's time starts anew."""
    present = [key for key in (*keys, STEP_TIME) if key in table.columns and table[key].null_count() < table.height]
    if not present:
        return table
    begins = pl.int_range(pl.len()) == 0
    for key in present:
        changed = pl.col(key).ne_missing(pl.col(key).shift(1))
        begins |= (pl.col(key).diff() < 0).fill_null(value=False) if key == STEP_TIME else changed
    return table.with_columns(begins.cum_sum().cast(pl.Int64).alias(STEP_COUNT))


def split_counters(table: pl.DataFrame, ways: Mapping[str, pl.Expr]) -> pl.DataFrame:
    """Part counters that have no sign, or lose it, into charging and discharging ones; each is 0 where its condition does not hold."""
    unsigned = {name: kind for name, kind in _UNSIGNED.items() if name in table.columns}
    if not unsigned:
        return table
    return table.with_columns(
        pl.when(condition).then(pl.col(name).abs()).otherwise(0.0).alias(f"step_{way}_{kind}")
        for name, kind in unsigned.items()
        for way, condition in ways.items()
    ).drop(unsigned)
