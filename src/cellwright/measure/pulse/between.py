"""Open-circuit voltage between two levels of charge, by the trace of the current that led from one to the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import hypot, inf, sqrt

import numpy as np

from cellwright.core.columns import CURRENT, TIME, VOLTAGE
from cellwright.measure.course import Course, same_current
from cellwright.measure.pulse.hybrid import Levels
from cellwright.measure.runs import Floats

NEIGHBOURS = 2
"""Levels on either side of a gap whose bend bounds that inside it."""

SHARPER = 2.0
"""How much sharper than the greatest second difference, which is a mean over two gaps, a bend inside one may be: where no trace shows it,
and in the outermost gaps, which have no level beyond to tell what grows towards full or empty."""

SETTLED = 0.1
"""Share of the overvoltage that may be missing where a trace begins to tell the open-circuit voltage."""

UNALIKE = 0.1
"""How well the coming of an overvoltage mirrors its going, as a share: the cell is not quite linear, nor alike at two levels."""

NEAR_SOC = 0.01
FARTHEST_SOC = 0.02
FEWEST = 3
"""A line goes through the readings within this state of charge, at least so many: the two nearest are joined
otherwise. A slope stands for states of charge as far from the trace as the second."""


@dataclass(frozen=True)
class Bow:
    """What lies between two levels.

    Parameters
    ----------
    volt
        Open-circuit voltage less that on a straight line between the levels [V].
    slope
        Of the open-circuit voltage over the state of charge [V].
    uncertainty
        Standard, of `volt` beyond what the levels' own voltages have [V].
    slope_uncertainty
        Standard, of `slope` by its readings' scatter [V].
    """

    volt: float
    slope: float
    uncertainty: float
    slope_uncertainty: float = 0.0


@dataclass(frozen=True)
class Move:
    """A current that set a level of charge: its first and last step, and the last step of the rest after it."""

    first: int
    last: int
    rest: int


@dataclass(frozen=True)
class Trace:
    """Open-circuit voltage along a move, by rising state of charge.

    Parameters
    ----------
    soc, volt
        [1], [V].
    missing
        By how much the overvoltage at its end had not come yet [V].
    rounding
        Standard uncertainty of one reading's [V]: on a plateau neighbours round alike, so it does not average out.
    """

    soc: Floats
    volt: Floats
    missing: Floats
    rounding: float

    def nearest(self, soc: float) -> float:
        """Return a state of charge, or the end of the trace that is nearest to it."""
        return float(np.clip(soc, self.soc[0], self.soc[-1]))

    def at(self, soc: float) -> Bow:
        """Return voltage and slope at a state of charge by a line through the readings around it, with what their scatter makes of them."""
        near = np.flatnonzero(np.abs(self.soc - soc) <= NEAR_SOC)
        if len(near) < FEWEST:
            place = int(np.clip(np.searchsorted(self.soc, soc), 1, len(self.soc) - 1))
            near = np.array([place - 1, place])
        state, volt = self.soc[near] - self.soc[near].mean(), self.volt[near]
        spread = float(state @ state)
        slope = float(state @ volt) / spread
        away = soc - float(self.soc[near].mean())
        freedom = len(near) - 2
        scatter = float(np.sum((volt - volt.mean() - slope * state) ** 2)) / freedom if freedom else 0.0
        unsure = sqrt(scatter * (1 / len(near) + away**2 / spread))
        return Bow(float(volt.mean()) + slope * away, slope, unsure, hypot(sqrt(scatter / spread), self.rounding / NEAR_SOC))


@dataclass(frozen=True, eq=False)
class Gaps:
    """The gaps between levels of charge.

    Parameters
    ----------
    levels
        Of charge, in the order in which they were set.
    soc
        Of each [1].
    """

    levels: Levels
    soc: Floats

    @property
    def course(self) -> Course:
        """The test."""
        return self.levels.train.course

    @cached_property
    def volt(self) -> Floats:
        """Voltage at the end of the rest of each level [V]."""
        return self.levels.table["voltage_before_volt"].to_numpy()[self.levels.rested]

    @cached_property
    def moves(self) -> list[Move | None]:
        """What set each level: a constant current right before its rest; None where it was something else."""
        return [self._move(rest) for rest in self.levels.train.rest[self.levels.rested].tolist()]

    @cached_property
    def overvoltage(self) -> Floats:
        """Voltage under the current that set each level, at its end, less that at the end of the rest [V]; NaN where none did."""
        rows = self.course.rows
        last = [np.nan if move is None else rows[move.last]["last_voltage_volt"] for move in self.moves]
        return np.asarray(last, dtype=np.float64) - self.volt

    def bow(self, levels: tuple[int, int], soc: float) -> Bow:
        """Return what lies between two levels at a state of charge: by the trace where there is one, else how far it may bend."""
        low, high = levels
        width = float(self.soc[high] - self.soc[low])
        if width <= 0:
            return Bow(0.0, 0.0, 0.0)
        chord = float(self.volt[high] - self.volt[low]) / width
        trace = self._traces[max(levels) - 1] if abs(high - low) == 1 else None
        if trace is None:
            return Bow(0.0, chord, self.unseen(self.volt, levels, soc))
        line = float(self.volt[low]) + chord * (soc - float(self.soc[low]))
        read = self._read(trace, levels, soc)
        return replace(read, volt=read.volt - line, uncertainty=hypot(read.uncertainty, self._unsure(trace, levels, soc)))

    def slope(self, soc: float) -> Bow | None:
        """Return voltage and slope at a state of charge by the nearest trace; None where none comes near, or it is no number."""
        near = [(abs(soc - inside), inside, trace) for trace in self._traces if trace for inside in [trace.nearest(soc)]]
        away, inside, trace = min(near, key=lambda each: each[0], default=(inf, 0.0, None))
        return trace.at(inside) if trace and away <= FARTHEST_SOC else None

    def bend(self, values: Floats, levels: tuple[int, int], soc: float) -> float:
        """Return how far something known at the levels may bend away from a straight line between two of them [its unit].

        By the greatest second difference among the levels around: a parabola through the next one says nothing at an inflection.
        """
        there = self.soc[np.isfinite(values)]
        outermost = len(there) > 0 and not (there.min() < self.soc[levels[0]] and self.soc[levels[1]] < there.max())
        return (SHARPER if outermost else 1.0) * self._curved(values, levels, soc)

    def _curved(self, values: Floats, levels: tuple[int, int], soc: float) -> float:
        order = np.argsort(self.soc, kind="stable")
        order = order[np.isfinite(values[order])]
        place = int(np.searchsorted(self.soc[order], soc))
        near = order[max(place - 1 - NEIGHBOURS, 0) : place + 1 + NEIGHBOURS]
        state, which = np.unique(self.soc[near], return_index=True)
        if len(state) < FEWEST:
            return 0.0
        slopes = np.diff(values[near][which]) / np.diff(state)
        bends = np.diff(slopes) / (state[2:] - state[:-2])
        low, high = (float(self.soc[level]) for level in levels)
        return float(np.abs(bends).max()) * (soc - low) * (high - soc)

    def unseen(self, values: Floats, levels: tuple[int, int], soc: float) -> float:
        """Return the standard uncertainty of a straight line between two levels where nothing shows what lies between [its unit]."""
        return SHARPER * self._curved(values, levels, soc) / sqrt(3)

    def _move(self, rest: int) -> Move | None:
        rows, last = self.course.rows, rest
        while last >= 0 and rows[last]["kind"] == "rest":
            last -= 1
        if last < 1 or rows[last]["mode"] != "CC" or rows[last]["pulse"] or self.course.recording.sampling == "step":
            return None
        first, current = last, rows[last]["mean_current_ampere"]
        while first > 1 and not rows[first - 1]["pulse"] and same_current(rows[first - 1]["mean_current_ampere"], current):
            first -= 1
        return Move(first, last, rest)

    @cached_property
    def _traces(self) -> list[Trace | None]:
        """Trace of the move to each level but the first from the one before it."""
        return [self._trace((after - 1, after)) for after in range(1, len(self.soc))]

    def _trace(self, levels: tuple[int, int]) -> Trace | None:
        """Return the open-circuit voltage along the move from one level to the next, from where most of its overvoltage had come."""
        before, after = levels
        move, reference = self.moves[after], self.course.reference
        if move is None or reference is None or not self.overvoltage[after] or self.soc[before] == self.soc[after]:
            return None
        samples = self.course.samples[self.course.span(move.first, move.last)]
        time, current, volt = (samples[name].to_numpy() for name in (TIME, CURRENT, VOLTAGE))
        passed = np.append(0.0, np.cumsum((current[1:] + current[:-1]) / 2 * np.diff(time)))
        left = passed[-1] - passed + current[-1] * (self.course.rows[move.last]["end_time_second"] - time[-1])
        soc = self.soc[after] - left / 3600 / reference[0]
        share = (soc - self.soc[after]) / (self.soc[before] - self.soc[after])
        missing = self._missing(move, time) * self.overvoltage[after]
        told = (np.abs(missing) <= SETTLED * abs(self.overvoltage[after])) & (share >= 0) & (share < 1)
        order = np.flatnonzero(told)[np.argsort(soc[told], kind="stable")]
        if len(order) < FEWEST:
            return None
        over = self.overvoltage[after] + share * (self._at_first(levels) - self.overvoltage[after])
        return Trace(soc[order], (volt + missing - over)[order], missing[order], self.course.budget.rounding_volt)

    def _missing(self, move: Move, time: Floats) -> Floats:
        """Return the share of a move's overvoltage that had not come at times [s]: what is left of it as long after the move's end.

        It comes as it goes, by superposition, where the move was long enough for all of it to come. Before the first reading of the rest
        it is not known, so all is missing.
        """
        rows = self.course.rows
        rest = self.course.samples[self.course.span(move.last + 1, move.rest)]
        end = float(rows[move.rest]["last_voltage_volt"])
        left = (rest[VOLTAGE].to_numpy() - end) / (float(rows[move.last]["last_voltage_volt"]) - end)
        since = rest[TIME].to_numpy() - float(rows[move.last]["end_time_second"])
        began = float(rows[move.first]["start_time_second"])
        return np.interp(time - began, since, left, left=1.0)

    def _at_first(self, levels: tuple[int, int]) -> float:
        """Overvoltage of a move's current at the level that it left [V]: of the move to there, else as at the level that it went to."""
        before, after = (self.moves[level] for level in sorted(levels))
        rows, at_after = self.course.rows, float(self.overvoltage[max(levels)])
        if before is None or after is None:
            return at_after
        alike = same_current(rows[before.last]["mean_current_ampere"], rows[after.last]["mean_current_ampere"])
        return float(self.overvoltage[min(levels)]) if alike else at_after

    def _read(self, trace: Trace, levels: tuple[int, int], soc: float) -> Bow:
        """Return open-circuit voltage and slope; between a level and the nearest of the trace by a parabola that goes over into it."""
        inside = trace.nearest(soc)
        read = trace.at(inside)
        if inside == soc:
            return read
        level = min(levels, key=lambda each: abs(self.soc[each] - soc))
        state, volt = float(self.soc[level]), float(self.volt[level])
        chord = (read.volt - volt) / (inside - state)
        bowed = (read.slope - chord) / (inside - state) * (soc - state) * (soc - inside)
        return Bow(volt + chord * (soc - state) + bowed, chord, hypot(read.uncertainty, bowed / sqrt(3)))

    def _unsure(self, trace: Trace, levels: tuple[int, int], soc: float) -> float:
        """Return what the overvoltage between the levels makes of the trace [V]: its course, what had not come of it, and its readings."""
        before, after = sorted(levels)
        share = float((soc - self.soc[after]) / (self.soc[before] - self.soc[after]))
        course = self.bend(self.overvoltage, levels, soc)
        if self._at_first(levels) != self.overvoltage[before]:
            known = self.overvoltage[np.isfinite(self.overvoltage)]
            course = share * float(np.abs(np.diff(known)).max(initial=UNALIKE * abs(self.overvoltage[after])))
        missing = UNALIKE * abs(float(np.interp(soc, trace.soc, trace.missing)))
        noise = max(self.course.budget.rounding_volt, *(float(self.levels.train.noise_volt[self.levels.rested[level]]) for level in levels))
        return hypot(course / sqrt(3), missing / sqrt(3), noise * sqrt(1 + share**2 + (1 - share) ** 2))
