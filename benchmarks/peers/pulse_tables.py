"""Runs in the environment of PyProBE or of ampworks: the resistances of the pulses of a recording in Parquet, in BDF's columns.

Each gives a mapping a pulse: ``start``, when the last sample at rest before it was read [s], and its resistance [ohm] at each of the times
after the edge that are asked for (``1``, ``10``, …) and, of ampworks, at its ``end``. A current of none is exactly none in the file: both
take anything else for a pulse.
"""

from __future__ import annotations

from typing import Any

LONGEST_PULSE_S = 61.0


def pyprobe(path: str, times: list[float]) -> list[dict[str, Any]]:
    """PyProBE's `pulsing.get_resistances`; a pulse is any current after none, however long."""
    import polars as pl
    from pyprobe.analysis import pulsing
    from pyprobe.filters import Experiment

    table = pl.read_parquet(path)
    current = pl.col("current_ampere")
    prepared = table.select(
        pl.col("test_time_second").alias("Time [s]"),
        (pl.col("step_count") - 1).alias("Event"),
        pl.col("step_count").alias("Step"),
        current.alias("Current [A]"),
        pl.col("voltage_volt").alias("Voltage [V]"),
        pl.lit(0.0).alias("Capacity [Ah]"),
        pl.lit(0.0).alias("SOC"),
    )
    rested = table.with_columns(pl.col("test_time_second").shift(1)).filter((current.shift(1) == 0) & (current != 0))
    definitions = {"Capacity": "", "SOC": ""}
    experiment = Experiment(lf=prepared.lazy(), info={}, column_definitions=definitions, step_descriptions={}, cycle_info=[])
    found = pulsing.get_resistances(experiment, times).data
    names = {f"R_{t}s [Ohms]": f"{t:g}" for t in times}
    starts = rested["test_time_second"].to_list()
    return [{"start": starts[row["Pulse Number"] - 1]} | {names[n]: row[n] for n in names} for row in found.to_dicts()]


def ampworks(path: str, times: list[float]) -> list[dict[str, Any]]:
    """ampworks' `hppc.extract_impedance`: at the times that are asked for, read between samples, and at the pulse's end."""
    import ampworks as amp
    import pandas as pd

    table = pd.read_parquet(path)
    names = {"test_time_second": "Seconds", "voltage_volt": "Volts", "current_ampere": "Amps"}
    data = amp.Dataset(table[list(names)].rename(columns=names))
    found = amp.hppc.extract_impedance(data, tmax=LONGEST_PULSE_S, sample_times=times)
    if found is None:
        return []
    began = float(table["test_time_second"].min())
    columns = {f"Ohms_{n + 2}": f"{t:g}" for n, t in enumerate(sorted(times))} | {"Ohms_N": "end"}
    return [{"start": row["Hours_0"] * 3600 + began} | {columns[n]: row[n] for n in columns} for row in found.to_dict("records")]
