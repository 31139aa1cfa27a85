"""What the tester's counters, PyProBE, cellpy and ampworks say of a recording, beside what we say."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from _sides import Pairs, What
from peers.environments import python_of

import cellwright as cw
from cellwright.core.recording import Recording

PEERS = {"pyprobe": "PyProBE", "cellpy": "cellpy", "ampworks": "ampworks"}
NEEDED = ("test_time_second", "current_ampere", "voltage_volt", "step_count", "cycle_count")
TIMES = {"1": "1s", "2": "2s", "5": "5s", "10": "10s", "18": "18s", "30": "30s", "end": "end"}
NONE_SHARE = 1e-3
"""Share of the largest current below which it is none: peers take a pulse to begin where it is not exactly zero."""

FRAGMENT = 1e-3
"""Share of a recording's largest half cycle below which a half is a fragment of it, not held against anything."""

SAME_PULSE_S = 1.0
"""How far apart two may see the beginning of a pulse, at most half its length."""


def against_the_counter(recording: Recording) -> Iterator[Pairs]:
    """What was put in and what was taken out in each cycle, against what the tester counted in the same steps, both net.

    A step that we take for a rest gives nothing, whatever the tester counted in it.
    """
    length = cw.measure.cycles(recording)["steps"]
    cycle = np.repeat(np.arange(len(length)), length)
    own, counted, resting = pl.col("step_net_capacity_ah"), pl.col("counted_net_capacity_ah"), pl.col("kind") == "rest"
    way = pl.when(~resting).then("kind").when(counted > 0).then(pl.lit("charge")).otherwise(pl.lit("discharge"))
    halves = (
        cw.measure.steps(recording)
        .with_columns(pl.Series("cycle", cycle), pl.when(resting).then(0.0).otherwise(own).alias("step_net_capacity_ah"), way.alias("kind"))
        .filter(counted.is_not_null())
        .group_by("cycle", "kind", maintain_order=True)
        .agg(pl.col("step_net_capacity_ah", "counted_net_capacity_ah").sum())
        .filter(counted.abs().max() > 0)
    )
    both = zip(halves["step_net_capacity_ah"], halves["counted_net_capacity_ah"], strict=True)
    yield from _pairs(recording, "its own counter", "capacity", list(both))


def _pairs(recording: Recording, other: str, what: What, both: Sequence[tuple[float, float]]) -> Iterator[Pairs]:
    source = recording.source
    name = f"{source.file} ({source.channel})" if source.channel and source.file.endswith(".h5") else source.file
    if what == "capacity":
        least = FRAGMENT * max((abs(a) for a, _ in both), default=0.0)
        both = [pair for pair in both if max(abs(side) for side in pair) > least]
    if both:
        yield Pairs(name, other, what, tuple(a for a, _ in both), tuple(b for _, b in both))


def against_peers(recordings: Sequence[Recording]) -> Iterator[Pairs]:
    """The cycles that the tester counted, and the pulses, as peers find them in the same rows, handed over as Parquet."""
    cycles = {f"{n:03}.cycles.parquet": r for n, r in enumerate(recordings) if counts_cycles(r)}
    pulses = {
        f"{n:03}.pulses.parquet": r for n, r in enumerate(recordings) if cw.measure.pulses(r)["resistance_end_ohm"].is_not_null().any()
    }
    with tempfile.TemporaryDirectory() as scratch:
        for name, recording in cycles.items():
            recording.table.select(NEEDED).drop_nulls(NEEDED[:3]).write_parquet(Path(scratch, name))
        for name, recording in pulses.items():
            _with_exact_rests(recording.table).write_parquet(Path(scratch, name))
        for peer, called in PEERS.items():
            answers = _answers(peer, scratch)
            for name in sorted(answers.keys() & cycles.keys()):
                yield from _pairs(cycles[name], called, "capacity", _same_cycles(cycles[name], answers[name]))
            for name in sorted(answers.keys() & pulses.keys()):
                yield from _pairs(pulses[name], called, "resistance", _same_pulses(pulses[name], answers[name]))


def counts_cycles(recording: Recording) -> bool:
    """Whether the tester counted steps, and more than one cycle."""
    table = recording.table
    return all(name in table.columns for name in NEEDED) and table["cycle_count"].drop_nulls().n_unique() > 1


def _with_exact_rests(table: pl.DataFrame) -> pl.DataFrame:
    current = pl.col("current_ampere")
    none = current.abs() < NONE_SHARE * current.abs().max()
    step = pl.col("step_count") if "step_count" in table.columns else pl.lit(1).alias("step_count")
    return (
        table.select(*NEEDED[:3], step)
        .drop_nulls(NEEDED[:3])
        .with_columns(pl.when(none).then(0.0).otherwise(current).alias("current_ampere"))
    )


def _answers(peer: str, folder: str) -> dict[str, Any]:
    python = python_of(peer)
    if python is None:
        return {}
    script = Path(__file__).parent / "peers" / "same_rows.py"
    times = ",".join(time for time in TIMES if time != "end")
    run = subprocess.run([python, script, peer, folder, times], stdout=subprocess.PIPE, stderr=None, text=True, check=True)
    return json.loads(run.stdout.splitlines()[-1])


def _same_cycles(recording: Recording, answer: dict[str, Any]) -> list[tuple[float, float]]:
    """Return what went in and what went out in each cycle; nothing where the peer finds other cycles."""
    table = cw.measure.cycles(recording)
    both: list[tuple[float, float]] = []
    for way in ("charging", "discharging"):
        theirs = answer[f"{way}_capacity_ah"]
        if len(theirs) == table.height:
            both += [(a or 0.0, b or 0.0) for a, b in zip(table[f"cycle_{way}_capacity_ah"], theirs, strict=True)]
    return both


def _same_pulses(recording: Recording, answer: list[dict[str, Any]]) -> list[tuple[float, float]]:
    """Return the resistances that both give of the pulses that both find."""
    both: list[tuple[float, float]] = []
    for own in cw.measure.pulses(recording).iter_rows(named=True):
        near = min(SAME_PULSE_S, own["duration_second"] / 2)
        same = next((p for p in answer if abs(p["start"] - own["start_time_second"]) <= near), {})
        found = ((own[f"resistance_{column}_ohm"], same.get(time)) for time, column in TIMES.items())
        both += [(a, b) for a, b in found if a is not None and b is not None]
    return both
