"""Impedance spectra: what every analyser's export has in common."""

from collections.abc import Iterable

import polars as pl

from cellwright.core.columns import FREQUENCY, IMAGINARY_IMPEDANCE, REAL_IMPEDANCE, SPECTRUM
from cellwright.core.messages import Message, message

__all__ = ["SPECTRUM", "completed", "negated"]

MAGNITUDE = "absolute_impedance_ohm"
PHASE = "phase_degree"


def negated(table: pl.DataFrame, columns: Iterable[str]) -> pl.DataFrame:
    """Give the true sign to what a make exports with the other one, such as ``-Z''``: an imaginary part below 0 is capacitive."""
    return table.with_columns(-pl.col(name) for name in columns if name in table.columns)


def completed(table: pl.DataFrame) -> tuple[pl.DataFrame, list[Message]]:
    """Compute real and imaginary part where only magnitude and phase are there; empty what is written where nothing was measured."""
    notes: list[Message] = []
    if not {REAL_IMPEDANCE, IMAGINARY_IMPEDANCE} <= set(table.columns) and {MAGNITUDE, PHASE} <= set(table.columns):
        angle = pl.col(PHASE).radians()
        table = table.with_columns(
            (pl.col(MAGNITUDE) * angle.cos()).alias(REAL_IMPEDANCE), (pl.col(MAGNITUDE) * angle.sin()).alias(IMAGINARY_IMPEDANCE)
        )
        notes.append(message("readers.impedance_from_polar"))
    if FREQUENCY not in table.columns:
        return table, notes
    excited = (pl.col(FREQUENCY) > 0).fill_null(value=False)
    if idle := table.height - int(table.select(excited.sum()).item()):
        present = [name for name in (*SPECTRUM, MAGNITUDE, PHASE) if name in table.columns]
        table = table.with_columns(pl.when(excited).then(pl.col(name)).alias(name) for name in present)
        notes.append(message("readers.rows_without_impedance", count=idle))
    return table, notes
