"""How fast measurements are.

Cycle tables of a real recording made ten million rows long, against cellpy and PyProBE on the same rows; every pulse of a long HPPC test;
dQ/dV of a thousand cycles; circuits and relaxation times of spectra.
"""

from __future__ import annotations

import gc
import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import polars as pl
from _bench import AT_LEAST_RUNS, Row, arguments, show
from peers.environments import python_of

import cellwright as cw
from cellwright.core.recording import Recording, Source

ROWS = 10_000_000
HPPC_ROWS = 1_000_000
CYCLES = 1_000
TABLE_TARGET_S, MEMORY_TARGET, PULSE_TARGET_S, DQDV_TARGET_S = 0.6, 3.0, 0.3, 2.0
PEERS = {"cellpy": (1_000_000, 10.0), "pyprobe": (ROWS, 5.0)}
"""Rows and target of each peer; cellpy takes minutes for ten million."""

NEEDED = ("test_time_second", "current_ampere", "voltage_volt", "step_count", "cycle_count")


def main() -> None:
    asked = arguments(__doc__)
    rows = cycle_tables(asked.data, asked.seed, peers=asked.peers)
    if hasattr(cw.measure, "pulses"):
        rows.append(pulses(asked.data, asked.seed))
    if hasattr(cw.measure, "incremental_capacity"):
        rows += derivatives(asked.seed)
    if importlib.util.find_spec("_spectra"):
        import _spectra

        rows += _spectra.rows(asked)
    show(rows, as_json=asked.json)


def cycle_tables(data: Path, seed: int, *, peers: bool) -> list[Row]:
    """Time and memory of our cycle table, with the tester's counts and without, and ours over each peer's time on fewer rows."""
    imported = resident("VmRSS")
    recording = lengthened(longest_cycled(data), ROWS)
    bare = replace(recording, table=recording.table.drop("step_count", "cycle_count"))
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    cw.measure.cycles(recording)
    grown = (resident("VmHWM") - imported) / recording.table.estimated_size()
    case = f"cycle table of {ROWS:.0e} rows"
    counted, found = (timed(partial(cw.measure.cycles, each)) for each in (recording, bare))
    rows = [
        Row(case, "wall", counted, "s", TABLE_TARGET_S, counted <= TABLE_TARGET_S, AT_LEAST_RUNS, seed),
        Row(case, "wall, no counts", found, "s", None, None, AT_LEAST_RUNS, seed),
        Row(case, "peak memory / table", grown, "1", MEMORY_TARGET, grown <= MEMORY_TARGET, 1, seed),
    ]
    if peers:
        for peer, (count, target) in PEERS.items():
            rows += against(peer, replace(recording, table=recording.table.head(count).rechunk()), target, seed)
    return rows


def against(peer: str, recording: Recording, target: float, seed: int) -> list[Row]:
    """How many times as long a peer takes for the cycle table of the same rows, run in turn, and how far its discharges lie from ours."""
    python = python_of(peer)
    if python is None:
        return []
    table = cw.measure.cycles(recording)
    theirs: list[float] = []
    ours: list[float] = []
    answer: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "recording.parquet")
        recording.table.select(NEEDED).write_parquet(path)
        script = Path(__file__).parent / "peers" / "cycle_tables.py"
        for _ in range(5):
            run = subprocess.run([python, script, peer, path, "1"], capture_output=True, text=True, check=True)
            answer = json.loads(run.stdout.splitlines()[-1])
            theirs += answer["seconds"]
            ours.append(timed(partial(cw.measure.cycles, recording)))
    ratio = median(theirs) / median(ours)
    case = f"cycle table of {recording.table.height:.0e} rows"
    apart = disagreement(table["cycle_discharging_capacity_ah"].to_numpy(), answer["discharging_capacity_ah"])
    return [
        Row(case, f"{peer} / ours", ratio, "1", target, ratio >= target, len(theirs), seed),
        Row(case, f"{peer} apart, discharge", apart, "%", None, None, table.height, seed),
    ]


def disagreement(ours: np.ndarray, theirs: list[float]) -> float | None:
    """Greatest difference of the discharges of whole cycles [%]; the last may be cut off. None where the peer finds other cycles."""
    if len(ours) != len(theirs):
        return None
    here, there = ours[:-1], np.array(theirs[:-1], dtype=float)
    known = here > 0
    return float(np.abs(there[known] / here[known] - 1).max(initial=0.0)) * 100


def pulses(data: Path, seed: int) -> Row:
    """Every pulse of a real HPPC test, repeated."""
    source = sorted(data.glob("safety/nissan_leaf_cell/*HPPC*.csv"))
    if not source:
        sys.exit(f"no HPPC test under {data}")
    recording = lengthened(cw.read(source[0]), HPPC_ROWS)
    seconds = timed(partial(cw.measure.pulses, recording))
    return Row(f"pulses of {HPPC_ROWS:.0e} rows", "wall", seconds, "s", PULSE_TARGET_S, seconds <= PULSE_TARGET_S, AT_LEAST_RUNS, seed)


def derivatives(seed: int) -> list[Row]:
    """dQ/dV of a thousand cycles of a thousand samples each way: of one recording that holds them all, and of a recording each."""
    rng = np.random.default_rng(seed)
    capacity = np.linspace(0, 1, 1000)
    volt = 4.1 - 0.9 * capacity + 0.05 * np.tanh((capacity - 0.4) / 0.05) - 0.05 * np.exp((capacity - 1) / 0.03)
    there_and_back = np.tile(np.concatenate([volt, volt[::-1]]), CYCLES)
    read = np.round(there_and_back + rng.normal(0, 2e-4, len(there_and_back)), 4)
    together = made(read)
    each = [made(cycle[:1000]) for cycle in np.split(read, CYCLES)]
    discharges = timed(lambda: cw.measure.incremental_capacities(together, direction="discharge"))
    both = timed(lambda: cw.measure.incremental_capacities(together))
    alone = timed(lambda: [cw.measure.incremental_capacity(recording) for recording in each])
    case = f"dQ/dV of {CYCLES} cycles"
    return [
        Row(case, "wall", discharges, "s", DQDV_TARGET_S, discharges <= DQDV_TARGET_S, AT_LEAST_RUNS, seed),
        Row(case, "wall, charges too", both, "s", None, None, AT_LEAST_RUNS, seed),
        Row(case, "wall, a recording each", alone, "s", None, None, AT_LEAST_RUNS, seed),
    ]


def made(volt: np.ndarray) -> Recording:
    """Sample discharges and charges of a thousand samples each, in turn, without the tester's counts."""
    time, current = np.arange(len(volt)) * 3.6, np.where(np.arange(len(volt)) % 2000 < 1000, -1.0, 1.0)
    table = pl.DataFrame({"test_time_second": time, "current_ampere": current, "voltage_volt": volt})
    return Recording(table, Source("made-up", "0" * 64, "made-up", "made-up", "benchmark", "1"))


def longest_cycled(data: Path) -> Recording:
    """The recording of the tester file with the most rows among those of several cycles; of each make only its largest file is opened."""
    best: Recording | None = None
    for make in sorted(p for p in (data / "testers").iterdir() if p.is_dir()):
        for path in sorted(make.glob("*.ndax"), key=lambda p: p.stat().st_size)[-1:]:
            recording = cw.read(path)
            several = all(name in recording.table.columns for name in NEEDED) and recording.table["cycle_count"].n_unique() > 2
            if several and (best is None or recording.table.height > best.table.height):
                best = recording
    return best or sys.exit(f"no tester file with cycles under {data}")


def lengthened(recording: Recording, rows: int) -> Recording:
    """Repeat a recording, each copy after the last in time, steps and cycles, as one table in memory."""
    source = recording.table.select(name for name in (*NEEDED, "surface_temperature_celsius") if name in recording.table.columns)
    source = source.drop_nulls(NEEDED[:3])
    copies = -(-rows // source.height)
    after = {
        name: source[name].max() - source[name].min() + (60 if name.endswith("_second") else 1) for name in NEEDED if name in source.columns
    }
    moved = [name for name in after if name not in {"current_ampere", "voltage_volt"}]
    parts = [source.with_columns(pl.col(name) + copy * after[name] for name in moved) for copy in range(copies)]
    table = pl.concat(parts).head(rows).rechunk()
    return Recording(table, recording.source)


def timed(run: Callable[[], object], times: int = AT_LEAST_RUNS) -> float:
    """Median of wall times [s], after one run that is not counted."""
    run()
    seconds: list[float] = []
    for _ in range(times):
        began = perf_counter()
        run()
        seconds.append(perf_counter() - began)
    return median(seconds)


def resident(what: str) -> int:
    """Resident memory now (``VmRSS``) or at its peak (``VmHWM``) [bytes]."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(what))


if __name__ == "__main__":
    main()
