"""The charge that a current carries, held against the tester's own counter, step by step."""

import polars as pl

COUNTERS = {
    "step_net_capacity_ah": pl.col("step_net_capacity_ah"),
    "step_charging_capacity_ah": pl.col("step_charging_capacity_ah") - pl.col("step_discharging_capacity_ah"),
    "net_capacity_ah": pl.col("net_capacity_ah"),
    "schedule_charging_capacity_ah": pl.col("schedule_charging_capacity_ah") - pl.col("schedule_discharging_capacity_ah"),
    "cycle_charging_capacity_ah": pl.col("cycle_charging_capacity_ah") - pl.col("cycle_discharging_capacity_ah"),
}


def by_step(table: pl.DataFrame) -> pl.DataFrame | None:
    """One row a step that moved charge: what the counter gained from its first row to its last, and the trapezoid over the same rows.

    ``edge_ah`` is how far the left and the right rectangle can be from the trapezoid: what the sampling cannot tell.
    """
    counter = next((count for name, count in COUNTERS.items() if name in table.columns), None)
    if counter is None:
        return None
    if "step_count" not in table.columns:
        table = table.with_columns(step_count=pl.lit(1))
    current, time = pl.col("current_ampere"), pl.col("test_time_second")
    dt = time.diff().over("step_count")
    before = current.shift(1).over("step_count")
    steps = (
        table.with_columns(
            counter.alias("counted"),
            dt.alias("dt"),
            ((current + before) / 2 * dt).alias("moved"),
            ((current - before).abs() / 2 * dt).alias("edge"),
        )
        .group_by("step_count", maintain_order=True)
        .agg(
            (pl.col("counted").last() - pl.col("counted").first()).alias("counted_ah"),
            (pl.col("moved").sum() / 3600).alias("moved_ah"),
            (pl.col("edge").sum() / 3600).alias("edge_ah"),
            pl.col("dt").median().alias("interval_s"),
            pl.len().alias("rows"),
            pl.col("step_type").first() if "step_type" in table.columns else pl.lit(None).alias("step_type"),
        )
    )
    return steps.filter(pl.col("counted_ah") != 0).with_columns(
        ((pl.col("moved_ah") - pl.col("counted_ah")).abs() / pl.col("counted_ah").abs()).alias("deviation")
    )
