"""Resistances that a tester fills in as 0 where it measured none."""

import polars as pl

from cellwright.core.messages import Message, message

RESISTANCES = ("internal_resistance_ohm", "ac_internal_resistance_ohm", "dc_internal_resistance_ohm")


def without_zeros(table: pl.DataFrame) -> tuple[pl.DataFrame, list[Message]]:
    """Empty resistances of exactly zero: no cell has one."""
    notes: list[Message] = []
    for name in RESISTANCES:
        if name in table.columns and (count := int((table[name] == 0).sum())):
            table = table.with_columns(pl.when(pl.col(name) != 0).then(pl.col(name)).alias(name))
            notes.append(message("readers.zeros_not_measured", column=name, count=count))
    return table, notes
