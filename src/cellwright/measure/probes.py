"""Which columns tell the battery's temperature."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from cellwright.core.columns import CELL_TEMPERATURES

PROBES = ("surface_temperature_celsius", *(f"temperature_t{n}_celsius" for n in range(1, 6)))


def probes(present: Sequence[str]) -> list[str]:
    """Names of the columns with one probe each; the ambient temperature is not the battery's."""
    return [name for name in PROBES if name in present]


def mean_temperature(table: pl.DataFrame) -> pl.Expr | None:
    """Mean over the battery's probes [°C] at each sample; None where there is none."""
    if CELL_TEMPERATURES in table.columns:
        return pl.col(CELL_TEMPERATURES).arr.mean()
    found = probes(table.columns)
    return pl.mean_horizontal(pl.col(found).cast(pl.Float64)) if found else None
