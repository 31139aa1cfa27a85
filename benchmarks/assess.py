"""A truckload: a thousand copies of a real 1 MB file, each a battery of its own, assessed by two workers in bounded memory.

No peer does this job, from raw files to decisions and a report, so none runs beside it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from _bench import Row, arguments, show

COPIES = 1000
MEMORY_TARGET_MB = 2000.0
SAMPLE_S = 0.1


def main() -> None:
    asked = arguments(__doc__)
    source = nearest_to_one_megabyte(asked.data)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "truckload")
        folder.mkdir()
        for number in range(COPIES):
            shutil.copy(source, folder / f"cell-{number:04}{source.suffix}")
        ratings = "id,rated_capacity_ah,rated_capacity_c_rate,rated_temperature_celsius,minimum_voltage_volt,maximum_voltage_volt,files"
        rows = [f"cell-{number:04},33,1,25,2.5,4.2,cell-{number:04}{source.suffix}" for number in range(COPIES)]
        (folder / "batteries.csv").write_text("\n".join([ratings, *rows]) + "\n")
        first = run(folder, Path(scratch, "out"))
        again = run(folder, Path(scratch, "out"))
        whole = json.loads(Path(scratch, "out", "assessment.json").read_bytes())
    done = len(whole["assessments"])
    case = f"{COPIES} x {source.name} ({source.stat().st_size / 1e6:.2f} MB), 2 jobs"
    show(
        [
            Row(case, "batteries assessed", done, "1", COPIES, done == COPIES, 1, asked.seed),
            Row(case, "wall time", first[0], "s", None, None, 1, asked.seed),
            Row(case, "peak memory, all processes", first[1], "MB", MEMORY_TARGET_MB, first[1] < MEMORY_TARGET_MB, 1, asked.seed),
            Row(case, "wall time, resumed", again[0], "s", None, None, 1, asked.seed),
        ],
        as_json=asked.json,
    )


def nearest_to_one_megabyte(data: Path) -> Path:
    files = [p for p in (*data.glob("safety/nissan_leaf_cell/*HPPC*.csv"), *data.glob("testers/maccor/*.0*")) if p.stat().st_size > 5e5]
    if not files:
        sys.exit(f"no real file near 1 MB under {data}")
    return min(files, key=lambda p: (abs(p.stat().st_size - 1e6), p.name))


def run(folder: Path, out: Path) -> tuple[float, float]:
    """Assess the folder; return seconds and the highest sum of resident memory [MB] over the program and its workers."""
    command = [sys.executable, "-m", "cellwright", "assess", str(folder), "--out", str(out), "--jobs", "2"]
    began, peak = time.perf_counter(), 0.0
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            peak = max(peak, tree_memory(process.pid))
            time.sleep(SAMPLE_S)
    return time.perf_counter() - began, peak


def tree_memory(root: int) -> float:
    """Resident memory [MB] of a process and all below it, from /proc."""
    parents: dict[int, int] = {}
    resident: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
            resident[int(entry.name)] = int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    family, grown = {root}, True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in family} - family
        family, grown = family | more, bool(more)
    return sum(resident.get(pid, 0.0) for pid in family)


if __name__ == "__main__":
    main()
