"""How each cell of a string began and ended the discharge that tells most of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import hypot

import numpy as np
from numpy.typing import NDArray

from cellwright.core.columns import CURRENT, TIME
from cellwright.measure.course import NEGLIGIBLE
from cellwright.measure.modules.charging import Charged
from cellwright.measure.modules.rising import SHAPE_ERROR, Rise, rise
from cellwright.measure.modules.string import Flags, Floats, String
from cellwright.measure.rest import SHORTEST_REST_S

UNSEEN = 0.05
REACH = 3.0
"""How many of its standard uncertainties a voltage may be off, for what that makes of the charge: the curve bends."""

END_PART = 10
"""A voltage at rest is the mean over the last tenth of the rest's readings."""


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
    def charged(self) -> Charged | None:
        """The charge before; None where there was none."""
        return None if self.charge is None else Charged(self.string, self.charge)

    @cached_property
    def filled_volt(self) -> Floats:
        """To which voltage the charge before had brought each cell, by more than its one last reading [V]; NaN where there was none."""
        return np.full(self.string.cells, np.nan) if self.charged is None else self.charged.ended_volt

    @cached_property
    def full(self) -> Flags:
        """Which cells began from their upper limit, within the reading's expanded uncertainty (k = 2)."""
        limit = self.string.upper
        if limit is None:
            return np.zeros(self.string.cells, dtype=bool)
        return self.filled_volt >= limit.volt - self.string.tolerance(limit.volt)

    @property
    def furthest(self) -> int:
        """The cell that the charge before had brought to the highest voltage."""
        return int(np.nanargmax(self.filled_volt))

    @cached_property
    def rise(self) -> Rise | None:
        """How the open-circuit voltage of the cell that came furthest rose; None where it cannot be told."""
        if self.charged is None or not self.steady or not np.isfinite(self.filled_volt).any():
            return None
        ampere = -self.string.course.mean_current(self.first, self.last)
        cell = self.furthest
        end = float(self.filled_volt[cell]), self.charged.ended_ampere
        if self.rested and not self.charged.settled:
            end = float(self.rested_volt[cell]), 0.0
        return rise(self.charged, cell, end, (self.out_ah, self.volts[:, cell], ampere))

    @property
    def rested(self) -> bool:
        """Whether there was a rest between that tells where each cell stood."""
        rest = self.string.course.rest_before(self.first)
        return rest is not None and rest[1] >= SHORTEST_REST_S

    @cached_property
    def rested_volt(self) -> Floats:
        """Voltage of each cell after the charge [V]: at rest before the discharge, or as that had brought it where it did not rest."""
        if not self.rested:
            return self.filled_volt
        span = self.string.course.span(self.first - 1, self.first - 1)
        last = max(span.stop - max((span.stop - span.start) // END_PART, 1), span.start)
        return self.string.volts[last : span.stop].astype(np.float64).mean(axis=0)

    @cached_property
    def fell_volt(self) -> Floats:
        """How much more than others each voltage fell from the end of the charge to the rest after, for its resistance is higher [V]."""
        return self.filled_volt - self.rested_volt - self._fell

    @property
    def _fell(self) -> float:
        return float(np.nanmean(self.filled_volt - self.rested_volt))

    @property
    def short_volt(self) -> float:
        """By how much the charge ended short of the upper limit, as one reading of many that passes it ends it [V]."""
        limit = self.string.upper
        return max(limit.volt - float(self.filled_volt[self.furthest]), 0.0) if limit else np.nan

    @property
    def short_ah(self) -> float:
        """What of a full charge is unsure by that, on either side [Ah]."""
        return self.short_volt / 2 * self.full_ah_per_volt

    @cached_property
    def _above_volt(self) -> Floats:
        """How far each cell at rest, and last what counts as full, lies above the cell that came furthest [V].

        Where the cells that are full stand beyond the limit on the whole, as the last of the current makes them, that is full; where
        none came up to it, half way from there to the limit is.
        """
        limit = self.string.upper
        volt = limit.volt if limit else np.nan
        beyond = max(float(np.median(self.filled_volt[self.full])) - volt, 0.0) if self.full.any() else np.nan
        level = volt + beyond - self.short_volt / 2
        return np.append(self.rested_volt, level - self._fell) - self.rested_volt[self.furthest]

    @cached_property
    def lacking_ah(self) -> Floats:
        """How much short of full each cell began, by its voltage at the end of the charge [Ah]; less than nothing beyond the others."""
        if self.rise is None:
            return np.full(self.string.cells, np.nan)
        left = self.rise.left_at(self._above_volt)
        return left[:-1] - left[-1]

    @cached_property
    def ah_per_volt(self) -> Floats:
        """What an error of each cell's reading at the end of the charge makes of `lacking_ah` [Ah/V]; as far as it may reach."""
        return self._per_volt[:-1]

    @property
    def full_ah_per_volt(self) -> float:
        """The same where cells are full [Ah/V]."""
        return float(self._per_volt[-1])

    @cached_property
    def _per_volt(self) -> Floats:
        limit = self.string.upper
        if self.rise is None or limit is None:
            return np.full(self.string.cells + 1, np.nan)
        above, unsure = self._above_volt, hypot(self.string.uncertainty(limit.volt), self.string.rounding_volt)
        reach = REACH * np.hypot(unsure, self.rise.resistance_volt(self.rise.left_at(above)))
        return (self.rise.left_at(above - reach) - self.rise.left_at(above + reach)) / (2 * reach)

    @cached_property
    def read_ah(self) -> Floats:
        """Standard uncertainty of `lacking_ah` by rounding and scatter of the reading it stands on, and by its own shape of curve [Ah]."""
        return np.hypot(hypot(self.string.rounding_volt, self.string.noise_volt) * self.ah_per_volt, SHAPE_ERROR * self.lacking_ah)

    @cached_property
    def along_ah(self) -> Floats:
        """Standard uncertainty of `lacking_ah` by the curve along which it is told [Ah], with its sign: all are off alike."""
        if self.rise is None:
            return np.full(self.string.cells, np.nan)
        volt = self.rise.resistance_volt(self.rise.left_at(self._above_volt))
        return (volt[:-1] - volt[-1]) * self.ah_per_volt

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

    def above_ah(self, volt: float, cell: int) -> float:
        """Charge that was out when a cell was last read above a voltage [Ah]; 0 where it never was."""
        above = np.flatnonzero(self.volts[:, cell] > volt)
        return float(self.out_ah[above[-1]]) if len(above) else 0.0

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
    if abs(course.moved[first - 1] - course.moved[charge]) > NEGLIGIBLE * abs(taken):
        return None
    for row in range(charge + 1, first):
        if course.rows[row]["kind"] == "discharge":
            break
        charge = row if course.rows[row]["kind"] == "charge" else charge  # the last stage of a taper may be as short as a pulse
    return charge
