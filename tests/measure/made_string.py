"""A made-up string of cells in series whose capacities, states, resistances and curve are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cellwright.core.battery import Battery
from cellwright.core.recording import Recording, Source
from tests.measure.made_cell import nmc

Floats = NDArray[np.float64]
SOURCE = Source("made-string.csv", "ef" * 32, "made-up", "csv", "tests", "1")
LOW, HIGH = 3.0, 4.2


@dataclass
class Strung:
    """Cells in series: R0 and one RC element each; the same current goes through all.

    Parameters
    ----------
    capacity_ah, soc, resistance
        One entry a cell: from full to empty at no current, where it stands, R0 [ohm]; the RC element has half of R0 and 60 s.
    """

    capacity_ah: Floats
    soc: Floats
    resistance: Floats
    ocv: Callable[[Floats], Floats] = nmc
    noise_volt: float = 2e-4
    step_volt: float = 1e-4
    seed: int = 1
    _over: Floats = field(init=False)
    _time: float = 0.0
    _rows: list[tuple[Floats, Floats, Floats]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._over = np.zeros_like(self.soc)

    def run(self, seconds: float, ampere: float = 0.0, interval: float = 5.0, *, until: float | None = None) -> Strung:
        """Go on for some seconds at one current, from one interval on; stop at the first cell that falls or rises to ``until`` [V]."""
        first = 0 if not self._rows else 1
        passed = np.arange(first, round(seconds / interval) + 1) * interval
        soc = self.soc + ampere * passed[:, None] / 3600 / self.capacity_ah
        settled = ampere * self.resistance / 2
        over = settled + (self._over - settled) * np.exp(-passed[:, None] / 60)
        volts = self.ocv(soc) + ampere * self.resistance + over
        if until is not None:
            reached = volts >= until if ampere > 0 else volts <= until
            stop = int(np.argmax(reached.any(axis=1))) + 1
            passed, volts, soc, over = passed[:stop], volts[:stop], soc[:stop], over[:stop]
        self._rows.append((self._time + passed, np.full(len(passed), ampere), volts))
        self.soc, self._over, self._time = soc[-1], over[-1], self._time + float(passed[-1])
        return self

    def truth_ah(self, ampere: float) -> Floats:
        """Capacity of each cell from full to LOW at a discharge current [A], its polarisation settled: U(s) = LOW + 1.5·R0·I."""
        grid = np.linspace(0.0, 0.6, 600_001)
        ends = np.interp(LOW + 1.5 * self.resistance * ampere, self.ocv(grid), grid)
        return self.capacity_ah * (1 - ends)

    def recording(self) -> Recording:
        """Read by a tester: noise, then rounding; the string's voltage is the sum."""
        time, ampere, volts = (np.concatenate(part) for part in zip(*self._rows, strict=True))
        volts = volts + np.random.default_rng(self.seed).normal(0.0, self.noise_volt, volts.shape)
        read = np.round(volts / self.step_volt) * self.step_volt
        count = np.concatenate([np.full(len(part[0]), n) for n, part in enumerate(self._rows, start=1)])
        table = pl.DataFrame(
            {
                "test_time_second": time,
                "current_ampere": ampere,
                "voltage_volt": volts.sum(axis=1).round(3),
                "step_count": count,
                "record_index": np.arange(1, len(time) + 1),
            }
        )
        cells = pl.Series("cell_voltages_volt", read.astype(np.float32), dtype=pl.Array(pl.Float32, volts.shape[1]))
        return Recording(table.with_columns(cells), SOURCE)


def module(cells: int, **known: float) -> Battery:
    """Return a module of so many cells in series, between LOW and HIGH each."""
    return Battery(
        "m",
        level="module",
        series=cells,
        minimum_voltage_volt=LOW * cells,
        maximum_voltage_volt=HIGH * cells,
        **known,  # pyright: ignore[reportArgumentType]
    )


def charged_and_discharged(string: Strung, ampere: float = 20.0, top: Floats | float = 1.0) -> Strung:
    """Charge a string so that each cell ends at a state of charge, rest, discharge it to the first empty cell, rest."""
    charge = 30.0
    string.soc = np.asarray(top, dtype=np.float64) - charge / string.capacity_ah
    string.run(600).run(3600 * (charge - 0.5) / ampere, ampere).run(3600 * 0.5 / 0.4, 0.4, 30.0)
    return string.run(3600, interval=30.0).run(36000, -ampere, until=LOW).run(3600, interval=30.0)
