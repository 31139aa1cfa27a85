"""Slow sweeps of cells whose curve is known: half-cell potentials of the LG M50, and peaks that are logistic functions."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from hashlib import sha256

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cellwright.core.recording import Recording, Source
from cellwright.measure import HalfCell, half_cell

Floats = NDArray[np.float64]
Potential = Callable[[Floats], Floats]
CAPACITY_AH = 5.0

# The LG M50's electrodes, and the lithium in them, by the stoichiometries that the paper has.
POSITIVE_AH, NEGATIVE_AH = 7.785, 5.730
LITHIUM_AH = 0.9084 * POSITIVE_AH + 0.0279 * NEGATIVE_AH
LIMITS = (2.5, 4.2)


def graphite(x: Floats) -> Floats:
    """Graphite-silicon of the LG M50: Chen et al., J. Electrochem. Soc. 167 (2020) 080534, doi:10.1149/1945-7111/ab9050."""
    steps = 0.0909 * np.tanh(29.8538 * (x - 0.1234)) + 0.04478 * np.tanh(14.9159 * (x - 0.2769)) + 0.0205 * np.tanh(30.4444 * (x - 0.6103))
    return 1.9793 * np.exp(-39.3631 * x) + 0.2482 - steps


def nmc(y: Floats) -> Floats:
    """NMC 811 of the LG M50, from the same paper."""
    steps = (
        -0.0428 * np.tanh(18.5138 * (y - 0.5542)) - 17.7326 * np.tanh(15.7890 * (y - 0.3117)) + 17.5842 * np.tanh(15.9308 * (y - 0.3120))
    )
    return -0.8090 * y + 4.4875 + steps


def lg_m50(filled: Floats) -> Floats:
    """Voltage of the cell between 0 and 1, x from 0.0279 to 0.9014 and y from 0.9084 to 0.2661, as the paper has them."""
    return nmc(0.9084 - 0.6423 * filled) - graphite(0.0279 + 0.8735 * filled)


def curve(potential: Potential, name: str, *, off_volt: float = 0.0, phase: float = 0.0) -> HalfCell:
    """Tabulate a half-cell; a wave of so many volts on it makes it not quite match."""
    lithium = np.linspace(0.001, 0.999, 500)
    wave = off_volt * np.sin(2 * np.pi * (2.3 * lithium + phase))
    return half_cell(pl.DataFrame({"stoichiometry": lithium, "potential_volt": potential(lithium) + wave}), name)


def cell(positive_ah: float, negative_ah: float, lithium_ah: float, negative: Potential = graphite) -> tuple[float, Potential]:
    """Capacity [Ah] of a cell between its limits, and its voltage over the share of that."""

    def voltage(y: Floats) -> Floats:
        return nmc(y) - negative((lithium_ah - y * positive_ah) / negative_ah)

    y = np.linspace(0.995, 0.2, 200_001)
    y = y[((lithium_ah - y * positive_ah) / negative_ah > 1e-3) & ((lithium_ah - y * positive_ah) / negative_ah < 0.999)]
    empty, full = np.interp(LIMITS, voltage(y), y)
    return (empty - full) * positive_ah, lambda share: voltage(empty + (full - empty) * share)


# Q(V) = sum of A / (1 + exp(-(V - v)/w)): dQ/dV peaks near v, nearly A/4w high, of charge A; beside a slope that is even.
PEAKS = ((3.45, 0.012, 1.2), (3.60, 0.008, 0.8), (3.85, 0.020, 1.5))
VOLTS = np.linspace(3.2, 4.1, 900_001)
_CHARGE = sum(a / (1 + np.exp(-(VOLTS - v) / w)) for v, w, a in PEAKS) + 1.5 * (VOLTS - 3.2) / 0.9
CHARGE = (_CHARGE - _CHARGE[0]) / (_CHARGE[-1] - _CHARGE[0])


def logistic(filled: Floats) -> Floats:
    return np.interp(filled, CHARGE, VOLTS)


@cache
def true_peaks(voltage: Callable[[Floats], Floats]) -> Floats:
    """Voltages at which dV/dQ is least, from a grid of a million points."""
    filled = np.linspace(0, 1, 1_000_001)
    volt = voltage(filled)
    slope = np.gradient(np.convolve(volt, np.ones(201) / 201, "same"))[5000:-5000]  # the truth is interpolated between points
    inner = (slope[1000:-1000] < slope[:-2000]) & (slope[1000:-1000] < slope[2000:])
    middle = np.flatnonzero(inner) + 1000
    groups = np.split(middle, np.flatnonzero(np.diff(middle) > 2000) + 1)
    return np.array([volt[5000 + g[np.argmin(slope[g])]] for g in groups])


def sweep(
    voltage: Callable[[Floats], Floats],
    samples: int = 3600,
    *,
    capacity_ah: float = CAPACITY_AH,
    c_rate: float = 0.05,
    noise: float = 1e-4,
    step: float = 1e-4,
    seed: int = 0,
    direction: str = "charge",
) -> Recording:
    """Sample a charge or discharge after a rest, with noise and rounding [V]: a file of its own for each seed."""
    way = 1.0 if direction == "charge" else -1.0
    share = np.linspace(0.0, 1.0, samples)
    volt = voltage(share if way > 0 else 1 - share) + noise * np.random.default_rng(seed).standard_normal(samples)
    if step:
        volt = np.round(volt / step) * step
    table = pl.DataFrame(
        {
            "test_time_second": np.concatenate([[0.0, 60.0], 120 + share * 3600 / c_rate]),
            "current_ampere": np.concatenate([[0.0, 0.0], np.full(samples, way * capacity_ah * c_rate)]),
            "voltage_volt": np.concatenate([volt[:1], volt[:1], volt]),
            "step_count": np.concatenate([[1, 1], np.full(samples, 2)]),
        }
    ).with_row_index("record_index", offset=1)
    return Recording(table, Source("made-up.csv", sha256(str(seed).encode()).hexdigest(), "made-up", "csv", "tests", "1"))
