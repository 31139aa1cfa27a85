"""The charge before a discharge of a string: where it left each cell, and what was read on the way."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cellwright.core.columns import CURRENT, TIME
from cellwright.measure.modules.string import Flags, Floats, String

END_SHARE = 5e-3
END_SAMPLES = 5
"""Where a cell stands at the end of a charge is read off a parabola through its last 0.5 %: that it ended there, noise had a hand in."""

JUMP = 0.05
SETTLING_S = 240.0
"""For so long after the current jumped by 5 % of its largest, the polarisation is on its way, and readings do not count."""


@dataclass(frozen=True, eq=False)
class Charged:
    """The charge before a discharge, cell by cell.

    Parameters
    ----------
    string
        Whose it is.
    last
        The step in which it ended; it began after the discharge before, and rests between its stages do no harm.
    """

    string: String
    last: int

    @cached_property
    def first(self) -> int:
        """The step in which it began."""
        rows, first = self.string.course.rows, self.last
        while first and rows[first - 1]["kind"] != "discharge":
            first -= 1
        return first

    @cached_property
    def _rows(self) -> slice:
        return self.string.course.span(self.first, self.last)

    @cached_property
    def _step(self) -> Floats:
        """Number of the step of every sample."""
        course = self.string.course
        steps = range(self.first, self.last + 1)
        return np.repeat(np.array(steps, dtype=np.float64), [course.rows[step]["samples"] for step in steps])

    @cached_property
    def _flow(self) -> tuple[Floats, Floats]:
        """Time [s] and current [A] of every sample."""
        samples = self.string.course.samples[self._rows]
        time, current = (samples[name].to_numpy().astype(np.float64) for name in (TIME, CURRENT))
        return time, current

    @cached_property
    def left_ah(self) -> Floats:
        """Charge that was still put in after each sample [Ah]; what flows between two steps is of the later one."""
        time, current = self._flow
        mean = np.where(np.diff(self._step) > 0, current[1:], (current[1:] + current[:-1]) / 2)
        put_in = np.append(0.0, np.cumsum(np.diff(time) * mean / 3600))
        return put_in[-1] - put_in

    @cached_property
    def ended_volt(self) -> Floats:
        """Voltage of each cell at the end, off a parabola through its last readings [V]."""
        last = self._step == self.last
        last &= self.left_ah <= END_SHARE * float(self.left_ah[0])
        volts = self.string.volts[self._rows][last].astype(np.float64)
        if len(volts) < END_SAMPLES:
            return self.string.at(self._rows.stop - 1)
        left = self.left_ah[last]
        return _at_end(left / float(left.max()), volts) if left.max() > 0 else volts[-1]

    @cached_property
    def _still(self) -> Flags:
        """Which samples are under a charge current that has not jumped for a while."""
        time, current = self._flow
        jumps = np.abs(np.diff(current, prepend=0.0)) > JUMP * float(current.max(initial=0.0))
        since = time - np.maximum.accumulate(np.where(jumps, time, time[0]))
        return (current > 0) & (since >= SETTLING_S)

    @property
    def settled(self) -> bool:
        """Whether the polarisation had built up when it ended."""
        return bool(self._still[-1])

    @property
    def ended_ampere(self) -> float:
        """Current at the end [A]."""
        return float(self._flow[1][-1])

    def readings(self, cell: int) -> tuple[Floats, Floats, Floats]:
        """Charge still to come [Ah], current [A] and voltage of a cell [V] where its polarisation is not on its way."""
        counts = self._still
        return self.left_ah[counts], self._flow[1][counts], self.string.volts[self._rows][counts, cell].astype(np.float64)


def _at_end(left: Floats, volts: Floats) -> Floats:
    """Value at nought of a parabola through each column, by least squares."""
    return np.linalg.lstsq(np.vander(left, 3), volts, rcond=None)[0][-1]
