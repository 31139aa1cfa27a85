"""Signs: currents that a make writes without one."""

import polars as pl

from cellwright.core.columns import CURRENT
from cellwright.core.messages import Message, message


def signed_by(table: pl.DataFrame, discharging: pl.Expr) -> tuple[pl.DataFrame, list[Message]]:
    """Make the currents of discharging rows negative, and note how many; a file that has negative currents is taken at its word."""
    if CURRENT not in table.columns or (table[CURRENT] < 0).any():
        return table, []
    wrong = (pl.col(CURRENT) > 0) & discharging
    count = int(table.select(wrong.fill_null(value=False).sum()).item())
    if not count:
        return table, []
    turned = pl.when(wrong).then(-pl.col(CURRENT)).otherwise(pl.col(CURRENT))
    return table.with_columns(turned.alias(CURRENT)), [message("readers.sign_from_state", count=count)]
