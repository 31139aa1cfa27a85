"""Sensors that measure nothing: what cannot be is masked, and what is never there is left out."""

import polars as pl

from cellwright.core.messages import Message, message

ABSOLUTE_ZERO_CELSIUS = -273.15


def masked(table: pl.DataFrame, columns: list[str]) -> tuple[pl.DataFrame, list[Message]]:
    """Empty the temperatures below absolute zero; drop the columns that hold nothing then."""
    silent: list[str] = []
    notes: list[Message] = []
    for name in columns:
        below = int((table[name].cast(pl.Float64, strict=False) < ABSOLUTE_ZERO_CELSIUS).sum())
        if below == table.height - table[name].null_count():
            silent.append(name)
        elif below:
            value = pl.col(name).cast(pl.Float64, strict=False)
            table = table.with_columns(pl.when(value >= ABSOLUTE_ZERO_CELSIUS).then(value).alias(name))
            notes.append(message("readers.sentinels_masked", column=name, count=below))
    if silent:
        notes.append(message("readers.sensors_not_connected", columns=silent))
    return table.drop(silent), notes
