"""A table of every tester file: what was read, how fast, how well the charge agrees, or why it was refused."""

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import polars as pl

from cellwright import readers
from cellwright.core.errors import CellwrightError
from tests.readers.charge import by_step

FOLDERS = ("testers/neware", "testers/maccor", "testers/arbin", "testers/bdf", "safety/nissan_leaf_cell", "soh/nebula_step_sheets")
RATE_HZ = 1.0


@dataclass(frozen=True)
class Row:
    file: str
    rows: int | None = None
    columns: int | None = None
    milliseconds: float | None = None
    deviation: float | None = None
    refusal: str = ""


def row_of(path: Path) -> Row:
    name = f"{path.parent.name}/{path.name}"
    began = perf_counter()
    try:
        recording = readers.read(path, rate_hz=RATE_HZ if path.suffix == ".lvm" else None)
    except CellwrightError as error:
        return Row(name, refusal=f"{type(error).__name__}: {error}")
    spent = (perf_counter() - began) * 1000
    return Row(
        name, recording.table.height, recording.table.width, spent, _deviation(recording.table) if recording.sampling == "series" else None
    )


def _deviation(table: pl.DataFrame) -> float | None:
    """Total difference from the tester's counter over total charge moved."""
    steps = by_step(table) if "current_ampere" in table.columns else None
    if steps is None or steps.is_empty():
        return None
    return float((steps["moved_ah"] - steps["counted_ah"]).abs().sum()) / float(steps["counted_ah"].abs().sum())


def markdown(data: Path) -> str:
    files = sorted(p for folder in FOLDERS for p in (data / folder).iterdir() if p.suffix != ".txt" or folder != "safety/nissan_leaf_cell")
    readers.read(data / "testers/bdf/DLR__LiGrHydra0b__20230131__POCV__25degC__Basytec.bdf.csv")
    lines = ["| file | rows | columns | ms | charge against counter | refused because |", "|---|---:|---:|---:|---:|---|"]
    for row in map(row_of, files):
        if row.rows is None:
            lines.append(f"| {row.file} | | | | | {row.refusal} |")
        else:
            deviation = "–" if row.deviation is None else f"{row.deviation:.4%}"
            lines.append(f"| {row.file} | {row.rows:,} | {row.columns} | {row.milliseconds:.0f} | {deviation} | |")
    return "\n".join(lines) + "\n"
