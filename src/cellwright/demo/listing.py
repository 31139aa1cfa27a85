"""The list that goes with the truckload, and the truth that nobody has in a real one."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from cellwright.core.battery import LIST_COLUMNS
from cellwright.demo.population import CELLS_PER_MODULE, IDS, MODULES, Population
from cellwright.demo.program import (
    LOWER_VOLT,
    MODULE_LOWER_VOLT,
    MODULE_RATED_AH,
    MODULE_UPPER_VOLT,
    RATED_AH,
    RATED_C_RATE,
    UPPER_VOLT,
)

# What the model gives for new cells, as a maker would rate them.
RATED_WH = 221.0
MODULE_RATED_WH = 2520.0
RATED_OHM = 1.1e-3

_BOTH = {
    "chemistry": "NMC",
    "rated_capacity_c_rate": round(RATED_C_RATE, 4),
    "rated_temperature_celsius": 25,
    "parallel": 1,
    "purpose": "ev",
    "waste": "no",
}
_CELL = {
    "level": "cell",
    "format": "pouch",
    "rated_capacity_ah": RATED_AH,
    "rated_energy_wh": RATED_WH,
    "rated_resistance_ohm": RATED_OHM,
    "minimum_voltage_volt": LOWER_VOLT,
    "maximum_voltage_volt": UPPER_VOLT,
    "series": 1,
}
_MODULE = {
    "level": "module",
    "rated_capacity_ah": MODULE_RATED_AH,
    "rated_energy_wh": MODULE_RATED_WH,
    "rated_resistance_ohm": RATED_OHM * CELLS_PER_MODULE,
    "minimum_voltage_volt": CELLS_PER_MODULE * MODULE_LOWER_VOLT,
    "maximum_voltage_volt": round(CELLS_PER_MODULE * MODULE_UPPER_VOLT, 3),
    "series": CELLS_PER_MODULE,
    "bms_soh": 0.88,
}


def battery_list(files: Mapping[str, str]) -> bytes:
    """Write ``batteries.csv`` for files by battery id."""
    modules = [{"id": name, **_BOTH, **_MODULE, "files": files[name]} for name in MODULES]
    cells = [{"id": cell, "parent": cell[:2], **_BOTH, **_CELL, "files": files[cell]} for cell in IDS]
    rows = pl.DataFrame([*modules, *cells], infer_schema_length=None)
    return rows.select(name for name in LIST_COLUMNS if name in rows.columns).write_csv().encode()


def truth(population: Population, module_capacity_ah: Mapping[str, float]) -> bytes:
    """Write ``truth.csv``: what each battery really has, and the parameters of the model that has it."""
    cells = population.cells
    rows = pl.DataFrame(
        {
            "id": IDS,
            "capacity_ah": population.capacity_ah,
            "capacity_soh": population.soh,
            "resistance_10s_half_charged_ohm": population.resistance_ohm,
            "leak_ampere": cells.leak_ampere,
            "electrode_charge_ah": cells.charge_ah,
            "series_25_celsius_ohm": cells.series_ohm,
            "fast_25_celsius_ohm": cells.fast_ohm,
            "slow_25_celsius_ohm": cells.slow_ohm,
        }
    )
    modules = pl.DataFrame({"id": list(module_capacity_ah), "capacity_ah": list(module_capacity_ah.values())})
    modules = modules.with_columns(capacity_soh=pl.col("capacity_ah") / MODULE_RATED_AH)
    return pl.concat([modules, rows], how="diagonal").write_csv(float_precision=9).encode()
