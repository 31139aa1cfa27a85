"""Which tester each battery hung on, and the file that came of it."""

from __future__ import annotations

import datetime as dt
import gzip
from collections.abc import Mapping

import numpy as np
import polars as pl

from cellwright.demo.bench import Resolution, Run, read_off
from cellwright.demo.formats import Label, arbin, maccor, neware
from cellwright.demo.population import CELLS_PER_MODULE, IDS

ABORTED = "M1-C08"
CUT_OFF = "M1-C11"

SEOUL = dt.timezone(dt.timedelta(hours=9))
MODULES_START = dt.datetime(2026, 11, 16, 9, 0, tzinfo=SEOUL)
CELLS_START = dt.datetime(2026, 11, 17, 17, 30, tzinfo=SEOUL)
PROBED_CELLS = (2, 5, 8, 11)

_ABORTED_STEP = 4
_ABORTED_AFTER_S = 3600.0
_COPIED_SHARE = 0.6

_MACCOR = Resolution(volt=5 / 65536, ampere=150 / 65536, celsius=0.01)
_NEWARE = Resolution(volt=1e-4, ampere=1e-3, celsius=0.1)
_ARBIN = Resolution(volt=1e-6, ampere=1e-6, celsius=0.01)
_LOGGER = Resolution(volt=1e-3, ampere=1e-3, celsius=0.1)

Export = tuple[str, bytes]


def cell_files(cells: Run, noise: np.random.Generator) -> dict[str, Export]:
    """Path and content of each cell's file, by the cell's id."""
    return {battery: _cell_file(battery, trace, noise) for battery, trace in zip(IDS, cells.traces, strict=True)}


def _cell_file(battery: str, trace: pl.DataFrame, noise: np.random.Generator) -> Export:
    module, number = battery[:2], int(battery[-2:])
    label = Label(battery, number, (CELLS_START + dt.timedelta(minutes=2 * number)).replace(tzinfo=None))
    if module == "M1":
        return _maccor_file(label, read_off(trace, _MACCOR, noise))
    if number <= 8:
        return f"neware/240012-1-{number}_{battery}.csv", neware(read_off(trace, _NEWARE, noise), label)
    return f"arbin/{battery}_Channel_{number}_Wb_1.CSV", arbin(read_off(trace, _ARBIN, noise), label)


def _maccor_file(label: Label, trace: pl.DataFrame) -> Export:
    path = f"maccor/{label.battery}.{label.channel:03d}"
    if label.battery == ABORTED:
        undone = (pl.col("step_count") > _ABORTED_STEP) | (
            (pl.col("step_count") == _ABORTED_STEP) & (pl.col("step_time_second") > _ABORTED_AFTER_S)
        )
        return path, maccor(trace.filter(~undone), label, finished=False)
    content = maccor(trace, label)
    if label.battery == CUT_OFF:
        packed = gzip.compress(content, mtime=0)
        return f"{path}.gz", packed[: int(_COPIED_SHARE * len(packed))]
    return path, content


def module_files(modules: Mapping[str, Run], noise: np.random.Generator) -> dict[str, Export]:
    """Path and content of each module's file, by the module's id."""
    return {name: (f"modules/{name}.bdf.csv", _module_table(result, noise).write_csv().encode()) for name, result in modules.items()}


def _module_table(result: Run, noise: np.random.Generator) -> pl.DataFrame:
    """Terminal voltage, every cell's, and four probes: in the Battery Data Format's columns and our extension's."""
    cells = [read_off(trace, _LOGGER, noise) for trace in result.traces]
    first = cells[0]
    charge = first["step_net_capacity_ah"]
    energy = pl.Series("energy", np.sum([t["step_net_energy_wh"] for t in result.traces], axis=0))
    terminal = pl.Series(np.sum([t["voltage_volt"] for t in result.traces], axis=0)) + noise.normal(0.0, 1e-3, first.height)
    ambient = pl.Series(25 + noise.normal(0.0, 0.05, first.height))
    return pl.DataFrame(
        {
            "test_time_second": first["test_time_second"].round(3),
            "unix_time_second": (first["test_time_second"] + MODULES_START.timestamp()).round(3),
            "current_ampere": first["current_ampere"].round(3),
            "voltage_volt": terminal.round(3),
            "ambient_temperature_celsius": ambient.round(1),
            "cycle_count": first["cycle_count"],
            "step_count": first["step_count"],
            "step_id": first["step_id"],
            "step_type": first["step_type"],
            "step_time_second": first["step_time_second"].round(3),
            "step_charging_capacity_ah": charge.clip(lower_bound=0).round(6),
            "step_discharging_capacity_ah": (0.0 - charge).clip(lower_bound=0).round(6),
            "step_charging_energy_wh": energy.clip(lower_bound=0).round(5),
            "step_discharging_energy_wh": (0.0 - energy).clip(lower_bound=0).round(5),
            **{f"cell_voltage_{n:03d}_volt": cells[n - 1]["voltage_volt"].round(3) for n in range(1, CELLS_PER_MODULE + 1)},
            **{
                f"cell_temperature_{n:03d}_celsius": cells[cell - 1]["surface_temperature_celsius"].round(1)
                for n, cell in enumerate(PROBED_CELLS, start=1)
            },
        }
    )
