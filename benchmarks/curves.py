"""How near curves come to the truth, and whether their intervals hold it: peaks of dQ/dV, electrodes, and the open-circuit curve.

Sweeps of cells whose peaks and electrodes are known, read with the noise and the steps of real testers; and an equivalent-circuit cell
whose open-circuit voltage is known, tested by slow sweeps, a titration and an HPPC: with noise and rounding only, then on calibrated
testers whose gain and offset are drawn as they are stated. Those are normal, for which k = 2 is 95 %.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import polars as pl
from _bench import Row, arguments, show
from _truth import Bench, Errors, drawn
from numpy.typing import NDArray
from uncertainty import BATTERY, CALIBRATED, HIGH, LIMITS, LOW, USUAL, WORKERS

sys.path.insert(0, str(Path(__file__).parents[1]))  # the cells that the tests know, too

from tests.measure import incremental_truth as truth

from cellwright import measure

Floats = NDArray[np.float64]

TESTERS = {"0.05/0.1 mV": (5e-5, 1e-4), "0.1/0.1 mV": (1e-4, 1e-4), "0.2/0.1 mV": (2e-4, 1e-4), "0.2/1 mV": (2e-4, 1e-3)}
"""Noise and step of the voltage [V]."""

SAMPLES = (1800, 3600, 5400)
WAYS = ("charge", "discharge")
SWEEPS, AGED, MISMATCHED, TESTS = 24, 200, 40, 60
FARTHEST_V, EXACT_V = 2e-3, 1e-3
LOST = {"matched": 0.01, "mismatched": 0.03}
WAVES_V = (5e-3, 2e-3)
"""By how much half-cell curves that do not quite match are off, positive and negative."""

MOST_LOST = (0.20, 0.15, 0.15)
LOSSES = {"lithium_inventory_loss": 0, "positive_electrode_loss": 1, "negative_electrode_loss": 2}
C_RATE = 5.0
INNER = (0.05, 0.95)
CELLS = {"LG M50": truth.lg_m50, "logistic": truth.logistic}


def main() -> None:
    asked = arguments(__doc__)
    os.environ |= dict.fromkeys(("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")  # of the workers
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        rows = [*peaks(pool, asked.seed), *electrodes(pool, asked.seed), *open_circuit(pool, asked.seed)]
    show(rows, as_json=asked.json)


def held(case: str, metric: str, within: Sequence[bool], seed: int) -> Row:
    """Hold the share of the values whose interval (k = 2) has the truth in it against 93 to 97 %."""
    share = float(np.mean(within))
    return Row(case, metric, share, "1", 0.95, LOW <= share <= HIGH, len(within), seed)


def below(case: str, metric: str, value: float, target: float, unit: str, n: int, seed: int) -> Row:  # noqa: PLR0917
    return Row(case, metric, value, unit, target, value <= target, n, seed)


def peaks(pool: ProcessPoolExecutor, seed: int) -> Iterator[Row]:
    """How far peaks of dQ/dV lie from the truth, and how often their intervals hold position and height."""
    for cell in CELLS:
        for name, reading in TESTERS.items():
            sets = list(pool.map(partial(_of_one_sweep, cell, reading, seed), range(SWEEPS), chunksize=4))
            found = np.array([s for s in sets if s is not None])
            case, off = f"peaks, {cell}, {name}", np.abs(found[:, :, 0])
            yield below(case, "peaks not found, or too many", float(SWEEPS - len(found)), 0.0, "1", SWEEPS, seed)
            yield below(case, "position, 95 % within", float(np.quantile(off, 0.95)), FARTHEST_V, "V", off.size, seed)
            yield below(case, "position, farthest", float(off.max()), FARTHEST_V, "V", off.size, seed)
            yield held(case, "position, k = 2", list(found[:, :, 1].ravel() > 0), seed)
            yield held(case, "height, k = 2", list(found[:, :, 2].ravel() > 0), seed)


def _of_one_sweep(cell: str, reading: tuple[float, float], seed: int, number: int) -> list[tuple[float, bool, bool]] | None:
    """Error of each position [V], and whether the intervals hold position and height; None where not all peaks were found."""
    voltage, (noise, step) = CELLS[cell], reading
    samples, way = SAMPLES[number % len(SAMPLES)], WAYS[number % len(WAYS)]
    recording = truth.sweep(voltage, samples, noise=noise, step=step, seed=1000 * seed + number, direction=way)
    found = sorted(measure.peaks(measure.incremental_capacity(recording)), key=lambda p: p.position.value or 0.0)
    places, heights = truth.true_peaks(voltage), true_heights(cell)
    if len(found) != len(places):
        return None
    result: list[tuple[float, bool, bool]] = []
    for peak, place, height in zip(found, places, heights, strict=True):
        off, high = ((q.value or 0.0) - true for q, true in ((peak.position, place), (peak.height, height)))
        result.append((off, abs(off) <= (peak.position.expanded_uncertainty or 0), abs(high) <= (peak.height.expanded_uncertainty or 0)))
    return result


@cache
def true_heights(cell: str) -> Floats:
    """dQ/dV at its peaks [Ah/V], from a grid of a million points, over 0.02 % of the charge."""
    filled = np.linspace(0.0, 1.0, 1_000_001)
    volt = CELLS[cell](filled)
    rise, middle = volt[200:] - volt[:-200], volt[100:-100]
    return np.array([2e-4 * truth.CAPACITY_AH / rise[np.abs(middle - v) < FARTHEST_V].min() for v in truth.true_peaks(CELLS[cell])])


def electrodes(pool: ProcessPoolExecutor, seed: int) -> Iterator[Row]:
    """Greatest error of the losses of lithium and of active material, and how often their intervals hold them."""
    for kind, count in (("matched", AGED), ("mismatched", MISMATCHED)):
        sets = np.array(list(pool.map(partial(_of_one_ageing, kind, seed), range(count), chunksize=5)))
        for name, n in LOSSES.items():
            off = np.abs(sets[:, n, 0])
            yield below(f"{kind} half-cells", name, float(off.max()), LOST[kind], "1", count, seed)
            yield held(f"{kind} half-cells", f"{name}, k = 2", list(off <= 2 * sets[:, n, 1]), seed)


def _of_one_ageing(kind: str, seed: int, number: int) -> list[tuple[float, float]]:
    """Error and standard uncertainty of each loss [1]."""
    rng = np.random.default_rng([seed, number, kind == "matched"])
    lost, phase = rng.uniform(0.0, MOST_LOST), float(rng.uniform())
    positive, negative = WAVES_V if kind == "mismatched" else (0.0, 0.0)
    half_cells = (
        truth.curve(truth.nmc, "NMC", off_volt=positive, phase=phase),
        truth.curve(truth.graphite, "graphite", off_volt=negative, phase=2 * phase),
    )
    noise, step = list(TESTERS.values())[number % len(TESTERS)]
    states: list[measure.Electrodes] = []
    for losses in (np.zeros(3), lost):
        kept = 1 - losses
        capacity, voltage = truth.cell(truth.POSITIVE_AH * kept[1], truth.NEGATIVE_AH * kept[2], truth.LITHIUM_AH * kept[0])
        samples, way = int(rng.choice(SAMPLES)), str(rng.choice(WAYS))
        own = int(rng.integers(2**31))
        recording = truth.sweep(voltage, samples, capacity_ah=capacity, noise=noise, step=step, seed=own, direction=way)
        states.append(measure.electrodes(measure.differential_voltage(recording), *half_cells))
    found = measure.degradation_modes(*states)
    return [((found[name].value or 0.0) - lost[n], found[name].standard_uncertainty or 0.0) for name, n in LOSSES.items()]


def open_circuit(pool: ProcessPoolExecutor, seed: int) -> Iterator[Row]:
    """Greatest error of the open-circuit curve with noise and rounding only; with errors drawn, how often its points' intervals hold."""
    for kind in ("sweeps", "gitt", "hppc"):
        (clean,) = pool.map(partial(_of_one_test, kind, seed, systematic=False), [0])
        yield below(f"OCV curve, {kind}", "noise and rounding", float(np.abs(clean[:, 0]).max()), EXACT_V, "V", len(clean), seed)
        drawn_sets = pool.map(partial(_of_one_test, kind, seed, systematic=True), range(TESTS), chunksize=5)
        found = np.concatenate([points[:: max(1, len(points) // 10)] for points in drawn_sets])
        yield held(f"OCV curve, {kind}", "points, k = 2", list(np.abs(found[:, 0]) <= 2 * found[:, 1]), seed)


def _of_one_test(kind: str, seed: int, number: int, *, systematic: bool) -> Floats:
    """Error and standard uncertainty of each point between 5 % and 95 % [V], shape ``(points, 2)``."""
    rng = np.random.default_rng([seed, number, int(systematic)])
    errors = drawn(CALIBRATED, rng) if systematic else Errors()
    bench = Bench(CALIBRATED, errors, USUAL)
    _run(bench, kind)
    full, empty = between_limits(kind, errors)
    curve = measure.open_circuit(bench.recording(rng), BATTERY, CALIBRATED)
    points = curve.mean if kind == "sweeps" else curve.table.filter(pl.col("source") == kind)
    points = points.filter(pl.col("soc").is_between(*INNER))
    true = bench.cell.open_circuit(empty + (full - empty) * points["soc"].to_numpy())
    return np.column_stack([points["voltage_volt"].to_numpy() - true, points["standard_uncertainty_volt"].to_numpy()])


def between_limits(kind: str, errors: Errors) -> tuple[float, float]:
    """True states of the cell when it is full and when it is empty: by a tester that reads voltages without error."""
    exact = Bench(CALIBRATED, Errors(current=errors.current), USUAL)
    return _between(exact, kind)


def _between(bench: Bench, kind: str) -> tuple[float, float]:
    """Charge and discharge between the limits, with rests, as the scale of a curve is defined; the states at both ends."""
    slow = kind == "sweeps"
    ampere, interval = (C_RATE / 20, 30.0) if slow else (C_RATE / 2, 5.0)
    bench.run(600, interval=10)
    bench.until(ampere, LIMITS[1], interval)
    if not slow:
        bench.hold(LIMITS[1], C_RATE / 20)
    full = bench.soc
    bench.run(3600, interval=20)
    bench.until(-ampere, LIMITS[0], interval)
    empty = bench.soc
    bench.run(3600, interval=20)
    return full, empty


def _run(bench: Bench, kind: str) -> None:
    """Run the test: slow sweeps; or, after a reference discharge, steps of a tenth with an hour of rest after each."""
    _between(bench, kind)
    if kind == "sweeps":
        return
    bench.until(C_RATE / 2, LIMITS[1], 5.0)
    bench.hold(LIMITS[1], C_RATE / 20)
    bench.run(3600, interval=10)
    for _ in range(9):
        bench.run(1800, -C_RATE / 5, 5.0)
        bench.run(3600, interval=10)
        if kind == "hppc":
            bench.run(10, -C_RATE, 0.5)
            bench.run(40, interval=1)
            bench.run(10, 0.75 * C_RATE, 0.5)
            bench.run(40, interval=1)


if __name__ == "__main__":
    main()
