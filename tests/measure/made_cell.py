"""A made-up cell whose open-circuit voltage, resistance, relaxation and leak are known, tested as real testers do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cellwright.core.battery import Battery
from cellwright.core.recording import Recording, Source

Floats = NDArray[np.float64]
SOURCE = Source("made-cell.csv", "cd" * 32, "made-up", "csv", "tests", "1")


def nmc(soc: Floats | float) -> Floats:
    """A smooth curve as of NMC against graphite: 3.0 V when empty, 4.2 V when full."""
    s = np.asarray(soc, dtype=np.float64)
    return 3.4 + 0.8 * s + 0.1 * s * (1 - s) * np.sin(9 * s) - 0.4 * np.exp(-s / 0.03)


def lfp(soc: Floats | float) -> Floats:
    """A plateau of 20 mV in all between 10 % and 90 %, as of LFP."""
    s = np.asarray(soc, dtype=np.float64)
    return 3.29 + 0.025 * s - 0.6 * np.exp(-s / 0.02) + 0.3 * np.exp((s - 1) / 0.01)


@dataclass
class Cell:
    """An equivalent circuit: R0 and two RC elements in series with the open-circuit voltage, and a leak beside it.

    Parameters
    ----------
    capacity_ah, soc, leak_ampere, hysteresis_volt
        Q, where it begins, what it loses by itself, and how far the branches lie apart.
    rc
        Resistance [ohm] and time constant [s] of each element.
    noise_volt, volt_step
        Of the tester.
    """

    capacity_ah: float = 5.0
    soc: float = 0.0
    leak_ampere: float = 0.0
    hysteresis_volt: float = 0.0
    ocv: Callable[[Floats | float], Floats] = nmc
    resistance: float = 0.02
    rc: tuple[tuple[float, float], ...] = ((0.01, 30.0), (0.015, 600.0))
    noise_volt: float = 5e-5
    volt_step: float = 1e-4
    seed: int = 1
    _over: list[float] = field(default_factory=list[float])
    _branch: float = 0.0
    _time: float = 0.0
    _rows: list[pl.DataFrame] = field(default_factory=list)

    def run(self, seconds: float, ampere: float = 0.0, interval: float = 10.0, celsius: float = 25.0) -> Cell:
        """Go on at a current for a time, sampled from one interval after its beginning."""
        before = self._over or [0.0] * len(self.rc)
        t = np.arange(1, round(seconds / interval) + 1) * float(interval)
        if ampere:
            self._branch = np.sign(ampere) * self.hysteresis_volt / 2
        soc = self.soc + (ampere - self.leak_ampere) * t / 3600 / self.capacity_ah
        over = [ampere * r + (v - ampere * r) * np.exp(-t / tau) for v, (r, tau) in zip(before, self.rc, strict=True)]
        volt = self.ocv(soc) + self._branch + sum(over) + ampere * self.resistance
        columns = {
            "test_time_second": self._time + t,
            "step_time_second": t,
            "current_ampere": np.full(len(t), float(ampere)),
            "voltage_volt": volt,
            "step_count": np.full(len(t), len(self._rows) + 1),
            "surface_temperature_celsius": np.full(len(t), celsius),
        }
        self._rows.append(pl.DataFrame(columns))
        self.soc, self._time, self._over = float(soc[-1]), self._time + float(t[-1]), [float(o[-1]) for o in over]
        return self

    def recording(self, *, warm: bool = True) -> Recording:
        """Read what was run as the tester does: with its noise, in its steps."""
        table = pl.concat(self._rows).with_row_index("record_index", offset=1)
        volt = table["voltage_volt"].to_numpy() + np.random.default_rng(self.seed).normal(0.0, self.noise_volt, table.height)
        table = table.with_columns(pl.Series("voltage_volt", np.round(np.round(volt / self.volt_step) * self.volt_step, 9)))
        return Recording(table if warm else table.drop("surface_temperature_celsius"), SOURCE)


def battery(cell: Cell, chemistry: str = "NMC") -> Battery:
    """Return what is known of a cell: its rating and its limits."""
    low, high = (float(cell.ocv(soc)) for soc in (0.0, 1.0))
    return Battery(
        id="made",
        chemistry=chemistry,
        rated_capacity_ah=cell.capacity_ah,
        minimum_voltage_volt=low,
        maximum_voltage_volt=high,
    )


def swept(cell: Cell, rate: float = 0.05) -> Cell:
    """Charge from empty to full and discharge back at a rate [1/h], with an hour of rest before each and after."""
    for sign in (1, -1):
        cell.run(3600, interval=60).run(3600 / rate, sign * rate * cell.capacity_ah, interval=20)
    return cell.run(3600, interval=60)


def titrated(cell: Cell, rest: float = 3600.0, steps: int = 10) -> Cell:
    """Discharge from full in steps of a tenth at C/5, each with a rest after it."""
    cell.run(3600, interval=30)
    for _ in range(steps):
        cell.run(18000 / steps, -0.2 * cell.capacity_ah, interval=5).run(rest, interval=10)
    return cell
