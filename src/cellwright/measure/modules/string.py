"""The cells in series of a module or pack: their readings, their limits, and how well they are read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import hypot, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellwright.core.columns import CELL_VOLTAGES
from cellwright.core.messages import Message, message
from cellwright.measure.budget import printed_step
from cellwright.measure.course import WITHOUT_TESTER, Course, Limit

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class String:
    """What was read of each cell, or group of parallel cells, of a course.

    Parameters
    ----------
    course
        With ``cell_voltages_volt`` in its samples.
    """

    course: Course

    @cached_property
    def volts(self) -> NDArray[np.floating[Any]]:
        """Every reading, a row a sample and a column a cell [V]; NaN where there is none."""
        return self.course.samples[CELL_VOLTAGES].to_numpy()

    @property
    def cells(self) -> int:
        """How many are read."""
        return self.volts.shape[1]

    def at(self, row: int) -> Floats:
        """Return what was read of each cell at one sample [V]; NaN where there is none."""
        volt = self.volts[row].astype(np.float64)
        return np.where(np.isfinite(volt), volt, np.nan)

    def record(self, row: int) -> int:
        """Return the file's row that a sample came from."""
        return int(self.course.samples["record_index"][row])

    def last_sample(self, step: int) -> int:
        """Return the last sample of a step."""
        return self.course.span(step, step).stop - 1

    @cached_property
    def upper(self) -> Limit | None:
        """A cell's upper limit: the battery's over its cells in series, else the highest voltage at which a cell ended a charge."""
        known = self.course.battery
        if known and known.maximum_voltage_volt:
            return Limit(known.maximum_voltage_volt / (known.series or self.cells), "battery")
        return self._occurring("charge", np.fmax)

    @cached_property
    def lower(self) -> Limit | None:
        """A cell's lower limit: the battery's over its cells in series, else the lowest voltage at which a cell ended a discharge."""
        known = self.course.battery
        if known and known.minimum_voltage_volt:
            return Limit(known.minimum_voltage_volt / (known.series or self.cells), "battery")
        return self._occurring("discharge", np.fmin)

    def _occurring(self, kind: str, extreme: np.ufunc) -> Limit | None:
        ends = [self.at(self.last_sample(row)) for row in self.course.main.filter(kind=kind)["row"]]
        volt = float(extreme.reduce(np.concatenate(ends))) if ends else np.nan
        return Limit(volt, "recording") if np.isfinite(volt) else None

    def uncertainty(self, volt: float) -> float:
        """Return the standard uncertainty of one cell's reading [V]; half of 0.1 % of it where no tester tells."""
        tester = self.course.tester
        if tester is None:
            return WITHOUT_TESTER * abs(volt) / 2
        return hypot(tester.voltage_range(volt).reading_uncertainty(volt), self.rounding_volt)

    def tolerance(self, volt: float) -> float:
        """Return how far from a limit a reading may lie that has reached it: its expanded uncertainty, k = 2 [V]."""
        return 2 * self.uncertainty(volt)

    @cached_property
    def rounding_volt(self) -> float:
        """Standard uncertainty of the rounding of one reading [V], by the tester's resolution or the printed digits."""
        tester = self.course.tester
        usual = float(np.nanmedian(self.volts[:: len(self.volts) // 100 + 1]))
        told = tester.voltage_range(usual).resolution if tester and np.isfinite(usual) else 0.0
        readings = self.volts[:, 0].astype(np.float64)
        return max(told, printed_step(readings[np.isfinite(readings)])) / sqrt(12)

    def conditions(self, cell: int) -> dict[str, Any]:
        """Return which cell it is, from 1, and of how many in parallel where that is known: a group has one voltage and one value."""
        battery = self.course.battery
        parallel = {"parallel": battery.parallel} if battery and battery.parallel else {}
        return {"cell": cell + 1} | parallel


def why_no_cells(course: Course) -> Message | None:
    """Say why nothing can be told of the cells: no steps, or no cell voltages; None where it can."""
    if course.unsuited:
        return course.unsuited
    table = course.samples
    if CELL_VOLTAGES not in table.columns or not np.isfinite(table[CELL_VOLTAGES].to_numpy()).any():
        return message("measure.no_cell_voltages", file=course.recording.source.file)
    return None
