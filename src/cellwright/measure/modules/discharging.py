"""How each cell of a string began and ended the discharge that tells most of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cellwright.core.columns import CURRENT, TIME
from cellwright.measure.course import NEGLIGIBLE
from cellwright.measure.modules.string import Flags, Floats, String

APPROACH_V = (0.05, 0.005)

UNSEEN = 0.05

SLOPE_ERROR = 0.3
"""Relative standard uncertainty of the open-circuit slope near full, which is taken from curves under current (assumed)."""


@dataclass(frozen=True, eq=False)
class Discharged:
    """A discharge of a string, cell by cell.

    Parameters
    ----------
    string
        Whose it is.
    first, last
        Its steps.
    charge
        The step in which the charge just before it ended; None where there was none, or other current lay between.
    """

    string: String
    first: int
    last: int
    charge: int | None

    @cached_property
    def taken_ah(self) -> float:
        """Charge that was taken out of every cell [Ah]."""
        return -(self.string.course.net(self.first, self.last) or 0.0)

    @cached_property
    def rows(self) -> slice:
        """Its samples."""
        return self.string.course.span(self.first, self.last)

    @cached_property
    def volts(self) -> Floats:
        """What was read in it, a row a sample and a column a cell [V]."""
        volts = self.string.volts[self.rows].astype(np.float64)
        volts[~np.isfinite(volts)] = np.nan
        return volts

    @cached_property
    def out_ah(self) -> Floats:
        """Charge taken out up to each sample [Ah], shape ``(n,)``; a pause counts for nothing."""
        course = self.string.course
        time, current = (course.samples[self.rows][name].to_numpy() for name in (TIME, CURRENT))
        longest = max(step["longest_interval_second"] or 0.0 for step in course.rows[self.first : self.last + 1])
        passed = np.minimum(np.diff(time), longest if longest > 0 else np.inf)
        flowed = np.append(0.0, np.cumsum(-passed * (current[1:] + current[:-1]) / 2 / 3600))
        return flowed + (self.taken_ah - flowed[-1])

    @cached_property
    def steady(self) -> bool:
        """Whether it ran at constant current, so that cells differ by their state alone and by a constant share of their resistance."""
        return all(step["mode"] == "CC" for step in self.string.course.under_current(self.first, self.last))

    @cached_property
    def started_volt(self) -> Floats:
        """Voltage of each cell at the end of the charge before [V]; NaN where there was none."""
        if self.charge is None:
            return np.full(self.string.cells, np.nan)
        return self.string.at(self.string.last_sample(self.charge))

    @cached_property
    def ended_volt(self) -> Floats:
        """Voltage of each cell at its last sample [V]."""
        return self.string.at(self.rows.stop - 1)

    @cached_property
    def full(self) -> Flags:
        """Which cells began from their upper limit, within the reading's expanded uncertainty (k = 2)."""
        limit = self.string.upper
        if limit is None:
            return np.zeros(self.string.cells, dtype=bool)
        return self.started_volt >= limit.volt - self.string.tolerance(limit.volt)

    @cached_property
    def rise_per_ah(self) -> Floats:
        """Slope of each cell's voltage as it came near to where the charge ended [V/Ah]; NaN where it cannot be told.

        From the first reading 50 mV below that voltage to the first 5 mV below it, which keeps what it does at constant voltage out.
        """
        if self.charge is None:
            return np.full(self.string.cells, np.nan)
        course, first = self.string.course, self.charge
        while first and course.rows[first - 1]["kind"] == "charge":  # the taper may be a step of its own
            first -= 1
        rows = course.span(first, self.charge)
        time, current = (course.samples[rows][name].to_numpy() for name in (TIME, CURRENT))
        put_in = np.append(0.0, np.cumsum(np.diff(time) * (current[1:] + current[:-1]) / 2 / 3600))
        volts = self.string.volts[rows]
        low, high = (np.argmax(volts >= (self.started_volt - below).astype(volts.dtype), axis=0) for below in APPROACH_V)
        passed = put_in[np.maximum(high, np.minimum(low + 1, len(put_in) - 1))] - put_in[low]
        rise = APPROACH_V[0] - APPROACH_V[1]
        return np.divide(rise, passed, out=np.full(self.string.cells, np.nan), where=(passed > 0) & (low > 0))

    @cached_property
    def lacking_ah(self) -> tuple[Floats, Floats]:
        """How much short of full each cell began, by its reading at the end of the charge, and the standard uncertainty of that [Ah]."""
        limit, rise = self.string.upper, self.rise_per_ah
        if limit is None:
            return np.full_like(rise, np.nan), np.full_like(rise, np.nan)
        lacking = (limit.volt - self.started_volt).clip(min=0.0) / rise
        return lacking, np.hypot(self.string.uncertainty(limit.volt) / rise, SLOPE_ERROR * lacking)

    @cached_property
    def emptied(self) -> Flags:
        """Which cells reached their lower limit."""
        return np.isfinite(self.empty_ah)

    @cached_property
    def empty_ah(self) -> Floats:
        """Charge that was out when each cell reached its lower limit [Ah]; NaN where it did not.

        At constant current where the voltage passes the limit, between two samples on a straight line; a single reading below it on the
        way is a fault of the transmission. Else, and where it ends within the reading's expanded uncertainty of it, at the end.
        """
        limit = self.string.lower
        out = np.full(self.string.cells, np.nan)
        if limit is None:
            return out
        short = np.maximum(self.string.tolerance(limit.volt), self._last_fall)
        out[self.ended_volt <= limit.volt + short] = self.taken_ah
        if self.steady:
            for cell, row in self._crossings(limit.volt):
                high, low = self.volts[row - 1 : row + 1, cell]
                share = (high - limit.volt) / (high - low)
                out[cell] = self.out_ah[row - 1] + share * (self.out_ah[row] - self.out_ah[row - 1])
        return out

    @property
    def _last_fall(self) -> Floats:
        """How much each voltage fell in the last sample: so near to its limit, the next would have passed it [V]."""
        return np.nan_to_num(self.volts[-2] - self.volts[-1]).clip(min=0.0) if len(self.volts) > 1 else np.zeros(self.string.cells)

    def _crossings(self, volt: float) -> list[tuple[int, int]]:
        """Return the cells that passed below a voltage for good, be it at the very end, and the first sample below it."""
        below = self.volts <= volt
        lasting = below & np.append(below[1:], below[-1:], axis=0)
        passed = np.flatnonzero(lasting.any(axis=0) & ~below[0])
        return [(int(cell), int(np.argmax(lasting[:, cell]))) for cell in passed]


def deepest(string: String) -> Discharged | None:
    """Return the discharge that tells most: from full until a cell was at its lower limit, the latest of them; else the largest.

    None where there is no discharge longer than a pulse that was sampled throughout.
    """
    course = string.course
    spans = [span for span in course.discharges if _sampled(string, *span)]
    if not spans:
        return None
    taken = np.array([-(course.net(first, last) or 0.0) for first, last in spans])
    whole = _reached(string, spans) & np.array([_charge_before(string, *span) is not None for span in spans])
    used = np.array([any((d.first, d.last) == span for d in course.ranked[:1]) for span in spans])
    order = np.lexsort(np.array([taken, whole * np.arange(len(spans)), whole & used, whole]))
    first, last = spans[int(order[-1])]
    return Discharged(string, first, last, _charge_before(string, first, last))


def _sampled(string: String, first: int, last: int) -> bool:
    """Whether no stretch between two samples is more than a small share of it: a log's gap may hide anything."""
    course = string.course
    time = course.samples[TIME].to_numpy()[course.span(first, last)]
    taken, lasted = abs(course.net(first, last) or 0.0), sum(step["duration_second"] for step in course.rows[first : last + 1])
    longest = max(float(np.diff(time).max(initial=0.0)), lasted - float(time[-1] - time[0]))
    return taken > 0 and longest <= UNSEEN * lasted


def _reached(string: String, spans: Sequence[tuple[int, int]]) -> NDArray[np.bool_]:
    """Whether in each discharge any cell ended at its lower limit."""
    if string.lower is None:
        return np.zeros(len(spans), dtype=bool)
    ends = np.array([string.at(string.last_sample(last)) for _, last in spans])
    return np.fmin.reduce(ends, axis=1) <= string.lower.volt + string.tolerance(string.lower.volt)


def _charge_before(string: String, first: int, last: int) -> int | None:
    """Return the step in which a charge ended just before a discharge, with next to nothing moved in between."""
    course = string.course
    charges = course.main.filter(kind="charge")["row"].to_numpy()
    place = int(np.searchsorted(charges, first)) - 1
    if place < 0:
        return None
    charge, taken = int(charges[place]), course.moved[last] - course.moved[first - 1]
    return charge if abs(course.moved[first - 1] - course.moved[charge]) <= NEGLIGIBLE * abs(taken) else None
