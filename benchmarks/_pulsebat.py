"""What PulseBat published of the cells whose step sheets are here: capacity, rest voltages and the voltages of pulses of 5 s.

Of each state of charge it has ``U1`` at the end of the rest and, for each of five pulses, the voltages at start and end of the pulse and of
the rest after it; current is the rate times the nominal capacity ``Qn`` (Tao et al., Nat. Commun. 2024).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
from _sides import Pairs

import cellwright as cw

RATES = (0.5, -0.5, 1.0, -1.0, 1.5)
LONGER_THAN_S = 3.5
"""The sheets have pulses of 0.03 to 5 s at every state; the next shorter ones last 3 s, and a protection ended one of 5 s after 3.84 s."""

NEXT_STATE = 0.03
"""Rise of the state of charge by which the next group of pulses begins: the states are 0.05 of the nominal capacity apart."""

NAME = "PulseBat's table"


def against_pulsebat(data: Path) -> Iterator[Pairs]:
    """Hold every step sheet that PulseBat's tables know against them."""
    tables = [pl.read_parquet(p) for p in sorted((data / "soh" / "pulsebat").glob("*.parquet"))]
    for sheet in sorted((data / "soh" / "nebula_step_sheets").glob("*_ID_*.xlsx")):
        battery = sheet.stem.split("_ID_")[1]
        for table in tables:
            rows = table.filter(pl.col("ID").cast(pl.String) == battery).sort("SOC").to_dicts()
            if rows:
                yield from _compared(sheet, rows)


def _compared(sheet: Path, rows: list[dict[str, Any]]) -> Iterator[Pairs]:
    recording = cw.read(sheet)
    measured = cw.measure.capacity(recording).value
    if measured is not None:
        yield Pairs(sheet.name, NAME, "capacity", (measured,), (float(rows[0]["Q"]),))
    long = cw.measure.pulses(recording).filter(pl.col("duration_second") > LONGER_THAN_S)
    state = (pl.col("soc").diff() > NEXT_STATE).fill_null(value=False).cum_sum()
    states = [(row, pulses.to_dicts()) for row, pulses in zip(rows, long.with_columns(state=state).partition_by("state"), strict=False)]
    yield _pairs(sheet, "rest voltage", [(pulses[0]["voltage_before_volt"], row["U1"]) for row, pulses in states])
    yield _pairs(sheet, "resistance", [pair for row, pulses in states for pair in _resistances(row, pulses)])


def _pairs(sheet: Path, what: Any, pairs: list[tuple[float, float]]) -> Pairs:
    return Pairs(sheet.name, NAME, what, tuple(a for a, _ in pairs), tuple(float(b) for _, b in pairs))


def _resistances(row: dict[str, Any], pulses: list[dict[str, Any]]) -> Iterator[tuple[float, float]]:
    for n, (rate, pulse) in enumerate(zip(RATES, pulses, strict=False)):
        if pulse["resistance_end_ohm"] is not None:
            yield pulse["resistance_end_ohm"], (row[f"U{4 * n + 3}"] - row[f"U{4 * n + 1}"]) / (rate * row["Qn"])
