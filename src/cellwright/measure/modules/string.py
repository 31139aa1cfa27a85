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
from cellwright.measure.course import WITHOUT_TESTER, Course, Limit

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MOVED_V = 0.05
STILL = 0.02
"""Share of the others' swing of at least 50 mV below which a cell's reading stands still."""

LOOSE_V = 0.05
LOOSE = 20.0
"""Scatter at rest of a wire that is off: 50 mV, and so many times what is usual."""

FEWEST_BENDS = 30
OUTLYING = (0.005, 0.995)
"""Of second differences; what lies beyond is a fault of the transmission, or the edge."""


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
        """Every reading, a row a sample and a column a cell [V]; NaN where there is none, and of cells that are not really read."""
        read = self.course.samples[CELL_VOLTAGES].to_numpy()
        unread = self._unread(read)
        return np.where(unread, np.nan, read).astype(read.dtype) if unread.any() else read

    def _unread(self, read: NDArray[np.floating[Any]]) -> Flags:
        """Which cells' sense wires are off, or whose channels hang.

        They stand still while the second half of the largest charge or discharge moves the others, or scatter at rest as no other does.
        """
        unread = np.asarray(self._scatter > max(LOOSE_V, LOOSE * float(np.median(self._scatter))), dtype=np.bool_)
        for kind in ("charge", "discharge"):
            steps = self.course.main.filter(kind=kind)
            if steps.height:
                step = int(steps["row"][int(steps["step_net_capacity_ah"].abs().arg_max() or 0)])
                span = self.course.span(step, step)
                rows = read[(span.start + span.stop) // 2 : span.stop]
                moved = np.fmax.reduce(rows, axis=0) - np.fmin.reduce(rows, axis=0)
                usual = float(np.nanmedian(moved)) if np.isfinite(moved).any() else 0.0
                if usual >= MOVED_V:
                    unread |= moved <= STILL * usual
        return unread

    @cached_property
    def _scatter(self) -> Floats:
        """Scatter of each cell's readings in the longest rest [V]; 0 where it is too short.

        A voltage on its way to rest is a straight line over three samples, and its second differences scatter √6-fold.
        """
        rests = self.course.steps.with_row_index("row").filter(kind="rest")
        row = int(rests["row"][int(rests["samples"].arg_max() or 0)]) if rests.height else 0
        read = self.course.samples[CELL_VOLTAGES][self.course.span(row, row)].to_numpy().astype(np.float64)
        bends = np.diff(np.where(np.isfinite(read), read, np.nan), 2, axis=0)
        told = np.isfinite(bends).sum(axis=0) >= FEWEST_BENDS
        if rests.is_empty() or not told.any():
            return np.zeros(self.cells)
        low, high = np.nanquantile(bends[:, told], OUTLYING, axis=0)
        scatter = np.zeros(self.cells)
        scatter[told] = np.sqrt(np.nanmean(np.square(bends[:, told].clip(low, high)), axis=0) / 6)
        return scatter

    @cached_property
    def cells(self) -> int:
        """How many have a column."""
        return int(self.course.samples.schema[CELL_VOLTAGES].shape[0])  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]

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
        span = tester.voltage_range(volt)
        return hypot(span.gain_uncertainty(volt), span.offset_uncertainty, self.rounding_volt, self.noise_volt)

    @cached_property
    def noise_volt(self) -> float:
        """Repeatability of one cell's reading beyond its rounding [V]: what the cells usually scatter at rest."""
        return sqrt(max(float(np.median(self._scatter)) ** 2 - self.rounding_volt**2, 0.0))

    def tolerance(self, volt: float) -> float:
        """Return how far from a limit a reading may lie that has reached it: its expanded uncertainty, k = 2 [V]."""
        return 2 * self.uncertainty(volt)

    @cached_property
    def rounding_volt(self) -> float:
        """Standard uncertainty of the rounding of one reading [V], by the tester's resolution or the steps it is read in."""
        return self.course.budget.cell_rounding_volt(self.usual_volt)

    @cached_property
    def usual_volt(self) -> float:
        """Voltage that a cell usually has [V], which says in which range its channel reads."""
        some = self.volts[:: len(self.volts) // 100 + 1]
        return float(np.nanmedian(some)) if np.isfinite(some).any() else 0.0

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
