"""Steps found without the tester's counts, held against those that the tester counted.

Of every recording under ``testers/`` and of the Leaf cell that counts steps, the counts are taken away and the steps are found anew. An
edge is found where one lies within one sample of the tester's. What the current cannot show is counted apart: two steps at rest, or at one
current, in a row, and the turn from constant current to constant voltage, which is one step by our definition. An extra edge lies inside a
step of the tester: a pulse or a stop in a profile that it counts as one step.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
from _bench import Row, arguments, show
from numpy.typing import NDArray

import cellwright as cw
from cellwright.core.columns import CURRENT
from cellwright.core.errors import CellwrightError
from cellwright.core.recording import Recording
from cellwright.measure.finding import dead_band
from cellwright.measure.stepping import samples_of, why_no_steps

COUNTS = ("step_count", "cycle_count", "step_id", "step_time_second", "step_type")
FOLDERS = ("testers", "safety/nissan_leaf_cell")
SAME_CURRENT = 0.05
LONG_S = 60.0
TARGET = 0.98
CHARGE_TARGET = 0.5
METRICS = ("edges", "found", "both at rest", "one current", "turn to constant voltage", "shown", "shown found", "extra")


def recordings(data: Path) -> Iterator[tuple[str, Recording]]:
    """Every recording that counts more than one step and has its samples."""
    for path in sorted(p for folder in FOLDERS for p in (data / folder).rglob("*") if p.is_file()):
        try:
            found = cw.read_all(path)
        except CellwrightError:
            continue
        for recording in found:
            if "step_count" in recording.table.columns and recording.sampling == "series" and why_no_steps(recording) is None:
                name = str(path.relative_to(data)) + (f"#{recording.source.channel}" if len(found) > 1 else "")
                if samples_of(recording)["step_count"].n_unique() > 1:
                    yield name, recording


def edges(steps: pl.DataFrame) -> np.ndarray:
    """First row of each step but the first."""
    return steps["samples"].cum_sum().to_numpy()[:-1]


def shown(samples: pl.DataFrame, steps: pl.DataFrame) -> list[str]:
    """What the current shows of each of the tester's edges: ``shown``, or why nothing."""
    current, band = samples[CURRENT].to_numpy(), dead_band(samples)
    said: list[str] = []
    for row, before, after in zip(edges(steps), steps["kind"], steps.rows(named=True)[1:], strict=False):
        last, first = float(current[row - 1]), float(current[row])
        if max(abs(last), abs(first)) <= band:
            said.append("both at rest")
        elif last * first > 0 and abs(first - last) <= SAME_CURRENT * abs(last):
            said.append("one current")
        elif before == after["kind"] and after["mode"] == "CV":
            said.append("turn to constant voltage")
        else:
            said.append("shown")
    return said


def charges(counted: pl.DataFrame, found: pl.DataFrame) -> list[float]:
    """Relative difference [%] in the charge of each step under current for a minute or more that has the same two edges in both."""
    theirs, ours = ({(s["first_record_index"], s["last_record_index"]): s for s in t.rows(named=True)} for t in (counted, found))
    both = [(theirs[ends], ours[ends]) for ends in theirs.keys() & ours.keys()]
    long = [(a, b) for a, b in both if a["kind"] != "rest" and a["duration_second"] >= LONG_S and a["step_net_capacity_ah"]]
    return [100 * abs(b["step_net_capacity_ah"] / a["step_net_capacity_ah"] - 1) for a, b in long]


def compared(recording: Recording) -> tuple[Counter[str], list[float]]:
    """How many edges the tester counted, which the current shows, which are found, and how many more; and differences in charge [%]."""
    samples = samples_of(recording)
    counted = cw.measure.steps(recording)
    found = cw.measure.steps(replace(recording, table=samples.drop(c for c in COUNTS if c in samples.columns)))
    theirs, ours = edges(counted), edges(found)
    near: NDArray[np.bool_] = np.less_equal(np.abs(theirs[:, None] - ours[None, :]), 1)
    hit = [bool(row.any()) for row in near]
    said = shown(samples, counted)
    count = Counter(said)
    count["edges"], count["found"] = len(theirs), sum(hit)
    count["shown found"] = sum(s == "shown" and h for s, h in zip(said, hit, strict=True))
    count["extra"] = int((~near.any(axis=0) & (ours > 1)).sum())  # one at the first sample is the beginning itself
    return count, charges(counted, found)


def of_file(name: str, count: Counter[str], seed: int) -> list[Row]:
    """Rows of a file in which an edge that the current shows is missed, or there is one more."""
    missed = count["shown"] - count["shown found"]
    if not missed and not count["extra"]:
        return []
    said = {metric: count[metric] for metric in ("edges", "found", "extra")} | {"shown, missed": missed}
    return [Row(name, metric, value, "1", None, None, 1, seed) for metric, value in said.items()]


def of_all(total: Counter[str], off: list[float], files: int, seed: int) -> list[Row]:
    """Rows over all files."""
    share = total["shown found"] / total["shown"] if total["shown"] else 0.0
    rows = [Row("all files", metric, total[metric], "1", None, None, files, seed) for metric in METRICS]
    rows.append(Row("all files", "share of shown found", share, "1", TARGET, share >= TARGET, total["shown"], seed))
    for name, share in (("median", 0.5), ("95 % below", 0.95), ("all below", 1.0)) if off else ():
        far = float(np.quantile(off, share))
        held = (CHARGE_TARGET, far <= CHARGE_TARGET) if name == "95 % below" else (None, None)
        rows.append(Row("steps of a minute or more", f"charge, {name}", far, "%", *held, len(off), seed))
    return rows


def main() -> None:
    """Print a row a figure: over all files, and file by file where an edge is missed or one too many."""
    options = arguments(__doc__)
    rows: list[Row] = []
    total: Counter[str] = Counter()
    off: list[float] = []
    files = list(recordings(options.data))
    for name, recording in files:
        count, differences = compared(recording)
        total += count
        off += differences
        rows += of_file(name, count, options.seed)
    show([*rows, *of_all(total, off, len(files), options.seed)], as_json=options.json)


if __name__ == "__main__":
    main()
