"""The furthest that sampled readings went: the sustained extreme first, and a lone reading beyond it as what it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cellwright.core.quantity import Method
from cellwright.measure.course import Course

METHOD = Method("extreme-reading", "2")


@dataclass(frozen=True)
class Extreme:
    """A reading that nothing lies beyond: its value, its index, and ``isolated`` among its conditions where it stands alone."""

    value: float
    at: tuple[int, ...]
    conditions: Mapping[str, Any] = field(default_factory=dict[str, Any])
    method: Method = METHOD


def found_extremes(values: NDArray[np.float64], alone: NDArray[np.bool_], way: int) -> tuple[Extreme, ...]:
    """Return the extreme of the readings that do not stand alone, and after it the lone reading beyond it, if there is one.

    Parameters
    ----------
    values
        Readings, NaN where there is none; any shape.
    alone
        Which of them are isolated, of the same shape.
    way
        +1 for the highest, -1 for the lowest.
    """
    sustained = np.where(alone, np.nan, values)
    if not np.isfinite(sustained).any():
        sustained = values
    found, furthest = _extreme(sustained, way), _extreme(values, way)
    if way * furthest.value <= way * found.value:
        return (found,)
    return found, Extreme(furthest.value, furthest.at, {"isolated": True})


def _extreme(values: NDArray[np.float64], way: int) -> Extreme:
    at = np.unravel_index(int(np.nanargmax(way * values)), values.shape)
    return Extreme(float(values[at]), tuple(int(n) for n in at))


def readings(table: pl.DataFrame, name: str) -> NDArray[np.float64] | None:
    """Return a column's readings, NaN where there is no finite one; None where there is no such column or nothing in it."""
    if name not in table.columns:
        return None
    values = table[name].cast(pl.Float64).to_numpy()
    found = np.isfinite(values)
    return np.where(found, values, np.nan) if found.any() else None


def record_of(course: Course, row: int) -> int:
    """Return the file's row that a row of the table came from."""
    table = course.recording.table
    return int(table["record_index"][row]) if "record_index" in table.columns else row + 1
