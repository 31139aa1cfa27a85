"""A made-up cell of a resistor and two resistors with capacitors, and the pulse tests a tester would have written of it.

The answer to a piecewise constant current is exact: over a stretch of current I each pair's voltage goes from u to I·R by exp(−t/τ).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cellwright.core.recording import Recording, Source

SOURCE = Source("made-hppc.csv", "cd" * 32, "made-up", "csv", "tests", "1")


@dataclass(frozen=True)
class Cell:
    """Open-circuit voltage low + slope·SOC + bend·SOC² [V]; resistances [ohm]; time constants [s]; capacity [Ah]."""

    capacity_ah: float = 50.0
    ocv: tuple[float, float, float] = (3.3, 0.7, 0.15)
    r0: float = 1.0e-3
    pairs: tuple[tuple[float, float], ...] = ((0.5e-3, 1.5), (0.8e-3, 25.0))

    def open_circuit(self, soc: float | NDArray[np.float64]) -> NDArray[np.float64]:
        low, slope, bend = self.ocv
        return np.asarray(low + slope * np.asarray(soc) + bend * np.asarray(soc) ** 2)

    def resistance(self, time: float) -> float:
        """What a step of current from rest shows after a time, without what the state of charge does meanwhile [ohm]."""
        return self.r0 + sum(r * (1 - np.exp(-time / tau)) for r, tau in self.pairs)


@dataclass(frozen=True)
class Part:
    """Current [A] for a time [s], sampled each interval [s]."""

    seconds: float
    ampere: float
    interval: float


@dataclass(frozen=True)
class Instrument:
    """Noise (standard deviation) and resolution of the readings [V], [A]."""

    volt_noise: float = 0.0
    volt_step: float = 0.0
    ampere_noise: float = 0.0
    ampere_step: float = 0.0


PERFECT = Instrument()
USUAL = Instrument(volt_noise=5e-5, volt_step=1e-4, ampere_noise=2e-3, ampere_step=1e-3)


def hppc(levels: int = 10, rate: float = 1.0, interval: float = 0.1, resting: float = 10.0, capacity_ah: float = 50.0) -> list[Part]:
    """From full: an hour at rest, 30 s out, 40 s at rest, 10 s in at three quarters; then on by the next share of the capacity."""
    ampere, share = rate * capacity_ah, capacity_ah / levels
    moved = share * 3600 - 30 * ampere + 7.5 * ampere
    between = resting * round(moved / (ampere / 3) / resting)
    level = [
        Part(3600, 0.0, resting),
        Part(30, -ampere, interval),
        Part(40, 0.0, interval),
        Part(10, 0.75 * ampere, interval),
        Part(40, 0.0, interval),
        Part(between, -moved / between, resting),
    ]
    return level * levels


def made(
    parts: Sequence[Part], cell: Cell, soc: float = 1.0, instrument: Instrument = PERFECT, seed: int = 0, *, counted: bool = True
) -> Recording:
    """Sample each part from one interval after its beginning to its end, as a tester would have read it."""
    columns: list[tuple[NDArray[np.float64], ...]] = []
    start, pairs = 0.0, np.zeros(len(cell.pairs))
    for number, part in enumerate(parts, start=1):
        within = np.arange(1, round(part.seconds / part.interval) + 1) * part.interval
        state = soc + part.ampere * within / 3600 / cell.capacity_ah
        volt = cell.open_circuit(state) + part.ampere * cell.r0
        for k, (r, tau) in enumerate(cell.pairs):
            answer = part.ampere * r + (pairs[k] - part.ampere * r) * np.exp(-within / tau)
            volt, pairs[k] = volt + answer, answer[-1]
        columns.append((start + within, np.full(len(within), part.ampere), volt, np.full(len(within), number), within))
        start, soc = start + within[-1], float(state[-1])
    time, ampere, volt, number, within = (np.concatenate(c) for c in zip(*columns, strict=True))
    rng = np.random.default_rng(seed)
    table = pl.DataFrame(
        {
            "test_time_second": np.round(time, 6),
            "current_ampere": _read(ampere, instrument.ampere_noise, instrument.ampere_step, rng),
            "voltage_volt": _read(volt, instrument.volt_noise, instrument.volt_step, rng),
            **({"step_count": number.astype(np.int64), "step_time_second": np.round(within, 6)} if counted else {}),
        }
    )
    return Recording(table.with_row_index("record_index", offset=1), SOURCE)


def _read(true: NDArray[np.float64], noise: float, step: float, rng: np.random.Generator) -> NDArray[np.float64]:
    noisy = true + rng.normal(0.0, noise, len(true)) if noise else true
    return np.round(np.round(noisy / step) * step, 9) if step else noisy
