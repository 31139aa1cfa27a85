"""Runs in an environment that has one program: read files with it, as often as asked, and say how long each took.

``reads.py PROGRAM`` imports it once and reads whatever standard input names, a line of JSON ``{"path": …, "options": {…}}`` a time;
``reads.py PROGRAM --once PATH OPTIONS`` reads one file in this fresh process, and tells how memory rose over that after the import.
Nothing here needs more than the program itself.
"""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

Read = Callable[..., tuple[int, int]]


def cellwright() -> Read:
    from cellwright import readers

    readers.formats()  # imports every make

    def read(path: str) -> tuple[int, int]:
        tables = [recording.table for recording in readers.read_all(path, rate_hz=1.0)]
        return sum(t.height for t in tables), sum(t.estimated_size() for t in tables)

    return read


def polars() -> Read:
    import polars as pl

    def read(path: str, **options: Any) -> tuple[int, int]:
        table = pl.read_csv(path, **options)
        return table.height, table.estimated_size()

    return read


def fastexcel() -> Read:
    import fastexcel as library

    def read(path: str) -> tuple[int, int]:
        book = library.read_excel(path)
        tables = [book.load_sheet(name).to_polars() for name in book.sheet_names]
        return sum(t.height for t in tables), sum(t.estimated_size() for t in tables)

    return read


def fastnda() -> Read:
    import fastnda as library

    def read(path: str) -> tuple[int, int]:
        table = library.read(path)
        return table.height, table.estimated_size()

    return read


def mdbtools() -> Read:
    import polars as pl

    def read(path: str) -> tuple[int, int]:
        there = subprocess.run(["mdb-tables", "-1", path], capture_output=True, check=True, text=True).stdout.split()
        rows = size = 0
        for name in ("Channel_Normal_Table", "Auxiliary_Table"):
            if name in there:
                text = subprocess.run(["mdb-export", path, name], capture_output=True, check=True).stdout
                table = pl.read_csv(io.BytesIO(text), infer_schema_length=None)
                rows, size = rows + table.height, size + table.estimated_size()
        return rows, size

    return read


def batterydf() -> Read:
    import bdf

    def read(path: str) -> tuple[int, int]:
        table = bdf.read(path)
        return len(table), int(table.memory_usage().sum())

    return read


def galvani() -> Read:
    import pandas as pd
    from galvani import BioLogic

    def read(path: str) -> tuple[int, int]:
        table = pd.DataFrame(BioLogic.MPRfile(path).data)
        return len(table), int(table.memory_usage().sum())

    return read


def yadg() -> Read:
    from yadg import extractors

    def read(path: str) -> tuple[int, int]:
        tree = extractors.extract("eclab.mpr", path)
        return 0, sum(node.nbytes for node in tree.subtree)

    return read


def cellpy() -> Read:
    import cellpy as library

    def read(path: str) -> tuple[int, int]:
        cell = library.cellreader.CellpyCell()
        cell.set_instrument("arbin_res")
        cell.from_raw(path)
        return len(cell.data.raw), int(cell.data.raw.memory_usage().sum())

    return read


PROGRAMS: dict[str, Callable[[], Read]] = {
    program.__name__: program for program in (cellwright, polars, fastexcel, fastnda, mdbtools, batterydf, galvani, yadg, cellpy)
}


def highest_mb() -> float:
    """Greatest resident memory of this process so far [MB]; `resource` would tell its parent's, where that was greater."""
    return next(int(line.split()[1]) / 1024 for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))


def timed(read: Read, path: str, options: dict[str, Any]) -> dict[str, Any]:
    began = time.perf_counter()
    try:
        rows, size = read(path, **options)
    except BaseException as error:  # noqa: BLE001 - whatever a program raises is its answer
        return {"error": f"{type(error).__name__}: {error}"[:300]}
    return {"seconds": time.perf_counter() - began, "rows": rows, "table_mb": size / 2**20}


def main(program: str, *once: str) -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    read = PROGRAMS[program]()
    if once:
        before = highest_mb()
        answer = timed(read, once[1], json.loads(once[2]))
        print(json.dumps(answer | {"rise_mb": highest_mb() - before}), file=answers, flush=True)
        return
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(timed(read, asked["path"], asked["options"])), file=answers, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
