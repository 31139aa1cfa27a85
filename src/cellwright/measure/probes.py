"""Which columns tell the battery's temperature."""

from __future__ import annotations

import polars as pl

from cellwright.core.columns import CELL_TEMPERATURES

PROBES = ("surface_temperature_celsius", *(f"temperature_t{n}_celsius" for n in range(1, 6)))
READ_AT_MOST = 1e6  # an infinite reading is none
LOWEST_CELSIUS = -100.0  # no battery is tested below
AMBIENT = "ambient_temperature_celsius"


def probes(table: pl.DataFrame) -> list[str]:
    """Names of the columns with one probe each that can be believed.

    The ambient temperature is not the battery's; what only ever reads 0 is not connected; and what reads -200 or -270 °C at times is
    an open thermocouple, which may have missed the very moment that mattered.
    """
    return [name for name in PROBES if name in table.columns and _is_believable(table[name])]


def _is_believable(readings: pl.Series) -> bool:
    return bool((readings != 0).any()) and not bool(readings.is_between(-READ_AT_MOST, LOWEST_CELSIUS).any())


def mean_temperature(table: pl.DataFrame) -> pl.Expr | None:
    """Mean over the battery's probes that were read at each sample [°C], null where none was; None where there is no probe."""
    if CELL_TEMPERATURES in table.columns:
        cells = pl.col(CELL_TEMPERATURES).arr
        return pl.mean_horizontal(finite(cells.get(n)) for n in range(table.schema[CELL_TEMPERATURES].shape[0]))  # pyright: ignore[reportAttributeAccessIssue, reportUnknownArgumentType, reportUnknownMemberType]
    found = probes(table)
    return pl.mean_horizontal(finite(pl.col(name)) for name in found) if found else None


def temperature(table: pl.DataFrame) -> pl.Series | None:
    """Return `mean_temperature` at each row [°C]; where there is but one probe, its readings as they are."""
    mean = mean_temperature(table)
    if mean is None:
        return None
    found = probes(table)
    single = CELL_TEMPERATURES not in table.columns and len(found) == 1
    return table[found[0]] if single else table.select(mean).to_series()


def finite(reading: pl.Expr) -> pl.Expr:
    """Empty what is no finite number."""
    number = reading.cast(pl.Float64)
    return pl.when(number.is_finite()).then(number)
