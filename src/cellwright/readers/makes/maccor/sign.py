"""The sign of a Maccor current: from the state; without a state, from the voltage's answer where that is clear."""

import polars as pl

from cellwright.core.columns import CURRENT, VOLTAGE
from cellwright.core.errors import MissingColumn
from cellwright.core.messages import Message, message
from cellwright.readers.engine.steps import STEP_COUNT
from cellwright.readers.opening import RawFile

STATE = "step_type"
CHARGE, DISCHARGE = "C", "D"


def signed(table: pl.DataFrame, file: RawFile) -> tuple[pl.DataFrame, list[Message]]:
    """Give the current its sign; raises `MissingColumn` where neither state nor voltage tells it."""
    if CURRENT not in table.columns or VOLTAGE not in table.columns:
        return table, []
    if STATE in table.columns:
        return _by_state(table)
    if (table[CURRENT] < 0).any():
        return table, []
    return _by_voltage(table, file)


def _by_state(table: pl.DataFrame) -> tuple[pl.DataFrame, list[Message]]:
    current = pl.col(CURRENT)
    turned = table.with_columns(
        pl.when(pl.col(STATE) == DISCHARGE).then(-current.abs()).when(pl.col(STATE) == CHARGE).then(current.abs()).otherwise(current)
    )
    count = int((turned[CURRENT] != table[CURRENT]).sum())
    return turned, [message("readers.sign_from_state", count=count)] if count else []


def _by_voltage(table: pl.DataFrame, file: RawFile) -> tuple[pl.DataFrame, list[Message]]:
    """Sign each step that follows a rest by its first voltage edge, if its voltage goes on that way."""
    voltage, current = pl.col(VOLTAGE), pl.col(CURRENT)
    edges = table.with_columns(edge=voltage - voltage.shift(1), rested=current.shift(1) == 0)
    steps = (
        edges.filter(current != 0)
        .group_by(STEP_COUNT, maintain_order=True)
        .agg(pl.col("edge", "rested").first(), (voltage.last() - voltage.first()).alias("trend"))
    )
    unclear = steps.filter(~pl.col("rested").fill_null(value=False) | (pl.col("edge") == 0) | (pl.col("edge") * pl.col("trend") < 0))
    if len(unclear):
        raise MissingColumn("readers.missing_state", file=file.file)
    if steps.is_empty():
        return table, []
    falling = steps.filter(pl.col("edge") < 0)[STEP_COUNT].implode()
    table = table.with_columns(pl.when(pl.col(STEP_COUNT).is_in(falling)).then(-current).otherwise(current).alias(CURRENT))
    discharges = int((steps["edge"] < 0).sum())
    return table, [message("readers.sign_from_voltage", charges=len(steps) - discharges, discharges=discharges)]
