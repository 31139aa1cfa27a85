"""Which columns tell the battery's temperature."""

from __future__ import annotations

import polars as pl

from cellwright.core.columns import CELL_TEMPERATURES

PROBES = ("surface_temperature_celsius", *(f"temperature_t{n}_celsius" for n in range(1, 6)))
AMBIENT = "ambient_temperature_celsius"


def probes(table: pl.DataFrame) -> list[str]:
    """Names of the columns with one probe each; the ambient temperature is not the battery's, and what only ever reads 0 is none."""
    return [name for name in PROBES if name in table.columns and bool((table[name] != 0).any())]


def mean_temperature(table: pl.DataFrame) -> pl.Expr | None:
    """Mean over the battery's probes that were read at each sample [°C], null where none was; None where there is no probe."""
    if CELL_TEMPERATURES in table.columns:
        cells = pl.col(CELL_TEMPERATURES).arr
        return pl.mean_horizontal(finite(cells.get(n)) for n in range(table.schema[CELL_TEMPERATURES].shape[0]))  # pyright: ignore[reportAttributeAccessIssue, reportUnknownArgumentType, reportUnknownMemberType]
    found = probes(table)
    return pl.mean_horizontal(finite(pl.col(name)) for name in found) if found else None


def finite(reading: pl.Expr) -> pl.Expr:
    """Empty what is no finite number."""
    number = reading.cast(pl.Float64)
    return pl.when(number.is_finite()).then(number)
