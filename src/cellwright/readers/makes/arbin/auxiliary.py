"""Auxiliary channels: temperatures, voltages and more that were measured beside a test, joined to its records by their numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from cellwright.core.columns import CELL_TEMPERATURES, CELL_VOLTAGES
from cellwright.core.errors import DamagedFile
from cellwright.core.messages import Message, message
from cellwright.readers.engine.sensors import masked
from cellwright.readers.makes.arbin.channels import POINT, TEST
from cellwright.readers.makes.arbin.columns import SENSORS

NUMBER, KIND, VALUE, UNIT = "Auxiliary_Index", "Data_Type", "X", "Unit"
TERMINALS = "Voltage"
KINDS = ("voltage", "temperature", "pressure", "ph", "flow_rate", "concentration", "digital_input", "digital_output")
VOLTAGES, TEMPERATURES = 0, 1
USUAL_UNITS = {VOLTAGES: "V", TEMPERATURES: "C"}
UNITS = {"V": "volt", "C": "celsius", "°C": "celsius", "℃": "celsius", "F": "fahrenheit", "°F": "fahrenheit"}
SUM_WITHIN = 0.01
MOST_SENSORS = 512
NOWHERE = -(1 << 31)

Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Sensor:
    """One auxiliary channel: the number of its kind, its own number from 1 on, and its unit as the file has it."""

    kind: int
    number: int
    unit: str

    @property
    def name(self) -> str:
        """Its column, unless BDF has one for it."""
        kind = KINDS[self.kind] if 0 <= self.kind < len(KINDS) else f"type_{self.kind}"
        return "_".join(part for part in ("aux", kind, str(self.number), UNITS.get(self.unit, self.unit)) if part)


@dataclass(frozen=True, eq=False)
class _Placed:
    """Auxiliary values, with the row of the record and the place among the channels of each; and the channels' kinds and numbers."""

    values: pl.DataFrame
    row: Whole
    nth: Whole
    channels: tuple[tuple[int, int], ...]


def joined(records: pl.DataFrame, measured: pl.DataFrame, told: pl.DataFrame, file: str) -> tuple[pl.DataFrame, list[Message]]:
    """Give the records of one test, in order, a column for each auxiliary channel; raises `DamagedFile`."""
    if not {POINT, NUMBER, KIND, VALUE} <= set(measured.columns) or POINT not in records.columns:
        return records, []
    if TEST in measured.columns and TEST in records.columns:
        own = measured[TEST].eq_missing(pl.Series([records[TEST].first()], dtype=measured[TEST].dtype))
        measured = measured if own.all() else measured.filter(own)
    placed, lost = _placed(records[POINT], measured.drop_nulls([POINT, NUMBER, KIND, VALUE]), file)
    if not len(placed.row):
        return records, lost
    columns, notes = _columns(placed, records.height, _units(told))
    columns, silent = masked(columns, _named(columns, "temperature", "celsius"))
    columns, cells = _cells_gathered(columns, records)
    return records.hstack(_temperatures_named(columns)), [*lost, *notes, *silent, *cells]


def _placed(points: pl.Series, measured: pl.DataFrame, file: str) -> tuple[_Placed, list[Message]]:
    """Find each value's record and channel."""
    known = points.fill_null(NOWHERE).to_numpy()
    wanted = measured[POINT].to_numpy()
    row = np.searchsorted(known, wanted)
    found = known[np.minimum(row, len(known) - 1)] == wanted
    kind, number = (measured[name].to_numpy().astype(np.int64) for name in (KIND, NUMBER))
    if not found.all():
        measured, row, kind, number = measured.filter(pl.Series(found)), row[found], kind[found], number[found]
    width = int(number.max(initial=0)) + 1
    codes, nth = np.unique(_smallest(kind * width + number), return_inverse=True)
    if len(codes) > MOST_SENSORS or (len(codes) and min(int(kind.min()), int(number.min())) < 0):
        raise DamagedFile("readers.too_many_sensors", file=file, count=len(codes))
    channels = tuple((int(code) // width, int(code) % width) for code in codes)
    count = int((~found).sum())
    return _Placed(measured, row, nth, channels), [message("readers.auxiliary_unmatched", count=count)] if count else []


def _smallest(codes: Whole) -> Any:
    """Narrow whole numbers: few and small ones are sorted ten times as fast."""
    return codes.astype(np.min_scalar_type(int(codes.max(initial=0)))) if codes.min(initial=0) >= 0 else codes


def _units(told: pl.DataFrame) -> dict[tuple[int, int], str]:
    if not {NUMBER, KIND, UNIT} <= set(told.columns):
        return {}
    rows = told.select(KIND, NUMBER, pl.col(UNIT).cast(pl.String).str.strip_chars()).rows()
    return {(kind, number): unit for kind, number, unit in rows if unit}


def _columns(placed: _Placed, height: int, units: Mapping[tuple[int, int], str]) -> tuple[pl.DataFrame, list[Message]]:
    """Spread values, and what else was logged of them, over one column a channel."""
    names = [Sensor(k, n + 1, units.get((k, n)) or USUAL_UNITS.get(k, "")).name for k, n in placed.channels]
    assumed = [name for name, key in zip(names, placed.channels, strict=True) if key not in units]
    filled = np.zeros((len(names), height), np.bool_)
    filled[placed.nth, placed.row] = True
    logged = [c for c in placed.values.columns if c not in {TEST, POINT, NUMBER, KIND} and placed.values[c].dtype.is_numeric()]
    spread = [
        series.alias(name if column == VALUE else f"{name}_{column}")
        for column in logged
        for name, series in zip(names, _spread(placed.values[column].to_numpy(), placed, filled), strict=True)
    ]
    notes = [message("readers.auxiliary_units_assumed", columns=assumed)] if assumed else []
    if repeated := len(placed.row) - int(filled.sum()):
        notes.append(message("readers.auxiliary_repeated", count=repeated))
    return pl.DataFrame(spread), notes


def _spread(values: Any, placed: _Placed, filled: Any) -> list[pl.Series]:
    grid = np.zeros(filled.shape, values.dtype)
    grid[placed.nth, placed.row] = values
    spread = [pl.Series(grid[n]) for n in range(len(grid))]
    return [s if there.all() else s.zip_with(pl.Series(there), s.clear(len(s))) for s, there in zip(spread, filled, strict=True)]


def _cells_gathered(columns: pl.DataFrame, records: pl.DataFrame) -> tuple[pl.DataFrame, list[Message]]:
    """Take the auxiliary voltages as a module's cells where they add up to its terminal voltage; else leave them as they are."""
    names = _named(columns, "voltage", "volt")
    if len(names) < 2 or TERMINALS not in records.columns:
        return columns, []
    total = columns.select(pl.sum_horizontal(pl.col(names).cast(pl.Float64), ignore_nulls=False)).to_series()
    ratio = (total / records[TERMINALS]).median()
    if not isinstance(ratio, float) or not abs(ratio - 1) <= SUM_WITHIN:
        return columns, []
    cells = columns.select(pl.concat_arr(pl.col(names).cast(pl.Float32)).alias(CELL_VOLTAGES))
    return columns.drop(names).hstack(cells), [message("readers.cells_by_sum", count=len(names), ratio=round(ratio, 5))]


def _temperatures_named(columns: pl.DataFrame) -> pl.DataFrame:
    """Give temperatures their BDF columns; more than these are an array, one entry a probe."""
    names = _named(columns, "temperature", "celsius")
    if len(names) > SENSORS:
        probes = columns.select(pl.concat_arr(pl.col(names).cast(pl.Float32)).alias(CELL_TEMPERATURES))
        return columns.drop(names).hstack(probes)
    numbers = {name: int(name.split("_")[2]) for name in names}
    within = [pl.col(name).cast(pl.Float64).alias(f"temperature_t{n}_celsius") for name, n in numbers.items() if n <= SENSORS]
    return columns.drop(name for name, n in numbers.items() if n <= SENSORS).hstack(columns.select(within)) if within else columns


def _named(columns: pl.DataFrame, kind: str, unit: str) -> list[str]:
    return [name for name in columns.columns if name.startswith(f"aux_{kind}_") and name.endswith(f"_{unit}")]
