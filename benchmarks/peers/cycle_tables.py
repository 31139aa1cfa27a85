"""Runs in the environment of cellpy or of PyProBE: the cycle table of a recording in Parquet, in BDF's columns.

``cycle_tables.py PEER FILE TIMES`` prints ``{"seconds": […], "charging_capacity_ah": […], "discharging_capacity_ah": […]}``: seconds of
each run, reading the file not counted.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from typing import Any

warnings.simplefilter("ignore")


def pyprobe(path: str, times: int) -> dict[str, Any]:
    """PyProBE's `cycling.summary` of each cycle's charge and discharge."""
    import polars as pl
    from pyprobe.analysis import cycling
    from pyprobe.filters import Experiment

    table = pl.read_parquet(path)
    step = pl.col("step_count")
    current = pl.col("current_ampere")
    net = ((current + current.shift(1)) / 2 * pl.col("test_time_second").diff()).fill_null(0.0).cum_sum() / 3600
    prepared = table.select(
        pl.col("test_time_second").alias("Time [s]"),
        (step - step.min().over("cycle_count") + 1).alias("Step"),
        (step - 1).alias("Event"),
        current.alias("Current [A]"),
        pl.col("voltage_volt").alias("Voltage [V]"),
        net.alias("Capacity [Ah]"),
        pl.col("cycle_count").alias("Cycle"),
    )
    seconds: list[float] = []
    for _ in range(times):
        began = time.perf_counter()
        experiment = Experiment(lf=prepared.lazy(), info={}, column_definitions={}, step_descriptions={}, cycle_info=[])
        found = cycling.summary(experiment, dchg_before_chg=True).data
        seconds.append(time.perf_counter() - began)
    into, out = found["Charge Capacity [Ah]"].to_list(), found["Discharge Capacity [Ah]"].to_list()
    return {"seconds": seconds, "charging_capacity_ah": into, "discharging_capacity_ah": out}


def cellpy(path: str, times: int) -> dict[str, Any]:
    """cellpy's way to `make_summary`: its step table, and the summary."""
    import numpy as np
    import pandas as pd
    from cellpy.readers.cellreader import CellpyCell
    from cellpy.readers.core import Data

    table = pd.read_parquet(path)
    hours = np.diff(table["test_time_second"], prepend=table["test_time_second"].iloc[0]) / 3600
    raw = pd.DataFrame(
        {
            "data_point": np.arange(1, len(table) + 1),
            "test_time": table["test_time_second"],
            "step_time": table["test_time_second"] - table.groupby("step_count")["test_time_second"].transform("first"),
            "cycle_index": table["cycle_count"],
            "step_index": table["step_count"] - table.groupby("cycle_count")["step_count"].transform("first") + 1,
            "sub_step_index": 1,
            "current": table["current_ampere"],
            "voltage": table["voltage_volt"],
            "date_time": pd.Timestamp("2026-01-01") + pd.to_timedelta(table["test_time_second"], unit="s"),
            "internal_resistance": 0.0,
            "ref_voltage": 0.0,
            "test_id": 1,
        }
    )
    for way, part in (("charge", table["current_ampere"].clip(lower=0)), ("discharge", -table["current_ampere"].clip(upper=0))):
        moved = part.rolling(2, min_periods=1).mean() * hours
        raw[f"{way}_capacity"] = moved.groupby(table["cycle_count"]).cumsum()
        raw[f"{way}_energy"] = (moved * table["voltage_volt"]).groupby(table["cycle_count"]).cumsum()
    seconds: list[float] = []
    for _ in range(times):
        cell, cell_data = CellpyCell(), Data()
        cell_data.raw = raw.set_index("data_point", drop=False)
        cell_data.mass = 1.0
        cell.data = cell_data
        cell.cycle_mode = "full_cell"
        began = time.perf_counter()
        cell.make_step_table()
        cell.make_summary(find_ir=False, find_end_voltage=False)
        seconds.append(time.perf_counter() - began)
    summary = cell.data.summary
    into, out = summary["charge_capacity"].to_list(), summary["discharge_capacity"].to_list()
    return {"seconds": seconds, "charging_capacity_ah": into, "discharging_capacity_ah": out}


if __name__ == "__main__":
    peer, path, times = sys.argv[1:]
    found = {"pyprobe": pyprobe, "cellpy": cellpy}[peer](path, int(times))
    print(json.dumps(found))
