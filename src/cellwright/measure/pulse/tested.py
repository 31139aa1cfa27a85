"""What an HPPC measured at its levels of charge, and what it tells of the states between two of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import hypot, sqrt
from typing import cast

import numpy as np
import polars as pl

from cellwright.core.quantity import Quantity, exact, measured
from cellwright.measure.course import Course
from cellwright.measure.discharge import capacities
from cellwright.measure.pulse.between import Gaps
from cellwright.measure.pulse.hybrid import WAYS, Levels
from cellwright.measure.pulse.moments import TIMES_S
from cellwright.measure.pulse.table import RESISTANCES
from cellwright.measure.resistance import Reading, of_pulse
from cellwright.measure.runs import Floats, Rows


@dataclass(frozen=True)
class Between:
    """A state of charge between two levels, and the voltage limit on the way [V]."""

    way: str
    soc: float
    limit: float
    levels: tuple[int, int]
    states: tuple[float, ...]

    @property
    def weights(self) -> tuple[float, float]:
        """Share of each level on a straight line between them."""
        low, high = self.states
        share = (self.soc - low) / (high - low) if high > low else 0.0
        return 1 - share, share

    @property
    def sign(self) -> float:
        """1 for a discharge, whose limit lies below; -1 for a charge."""
        return 1.0 if self.way == "discharge" else -1.0

    def power(self, volt: float, ohm: float) -> float:
        """Return the power at the limit [W]."""
        return self.limit * self.sign * (volt - self.limit) / ohm

    def mean(self, quantities: Sequence[Quantity]) -> float:
        """Return a quantity at the state of charge [its unit]."""
        return sum(w * (q.value or 0.0) for w, q in zip(self.weights, quantities, strict=True))


@dataclass(frozen=True, eq=False)
class Tested:
    """What an HPPC measured.

    Parameters
    ----------
    levels
        Of charge.
    readings
        Of each pulse.
    time_s
        After the edge, that is asked for [s].
    """

    levels: Levels
    readings: Sequence[Sequence[Reading]]
    time_s: float

    @cached_property
    def soc(self) -> Floats:
        """State of charge of each level [1]."""
        return self.levels.table["soc"].to_numpy()[self.levels.rested]

    @property
    def course(self) -> Course:
        """The test."""
        return self.levels.train.course

    def resistance(self, way: str, level: int) -> Quantity | None:
        """Resistance at a level [ohm]; None where none was read at that time."""
        pulse = int(self.levels.chosen[level, WAYS.index(way)])
        if pulse < 0:
            return None
        found = of_pulse(self.levels.train, pulse, self.readings[pulse])
        return next((q for q in found if q.conditions["nominal_time_s"] == self.time_s and (q.value or 0.0) > 0), None)

    def open_circuit(self, level: int) -> Quantity:
        """Voltage at the end of the rest of a level [V]."""
        rest = self.course.rows[self._rest(level)]
        volt, record, budget = rest["last_voltage_volt"], rest["last_record_index"], self.course.budget
        evidence = budget.evidence((record, record))
        return budget.quantity("open_circuit_voltage", volt, "V", budget.voltage(volt, record), evidence=evidence)

    def state(self, level: int) -> Quantity:
        """State of charge of a level [1], with the uncertainty of the charge that was counted since the battery was full or empty."""
        course, rest = self.course, self._rest(level)
        anchor = course.counted_from(rest)
        first = 0 if anchor is None else anchor + 1
        parts, moved = course.under_current(first, rest), course.net(first, rest) or 0.0
        began = exact("soc", float(self.soc[level]), "1") if anchor is not None else self._began_full
        if not parts:
            return began
        lasted, record = sum(step["duration_second"] for step in parts), parts[0]["first_record_index"]
        current = course.mean_current(first, rest)
        charge = course.budget.quantity("charge", moved, "Ah", course.budget.charge(moved, current, lasted, record))
        state = charge / self._capacity
        return state if anchor is not None else state + began

    @cached_property
    def _began_full(self) -> Quantity:
        """State of charge of a battery that was taken as full [1].

        By what it rested below its limit it may have lacked, at the slope of the open-circuit voltage between its first two levels.
        """
        course, table, rested = self.course, self.levels.table, self.levels.rested[:2]
        volt, soc = (table[name].to_numpy()[rested] for name in ("voltage_before_volt", "soc"))
        limit = course.upper.volt if course.upper else volt[0]
        slope = (volt[0] - volt[1]) / (soc[0] - soc[1]) if len(soc) > 1 and soc[0] != soc[1] else 0.0
        lacking = min(max(limit - float(volt[0]), 0.0) / slope, 1.0) if slope > 0 else 1.0
        return measured(f"{self.source}:taken_as_full", 1.0, "1", lacking / sqrt(3))

    @cached_property
    def _capacity(self) -> Quantity:
        capacity, basis = cast("tuple[float, str]", self.course.reference)
        return capacities(self.course)[0] if basis == "measured" else exact("rated_capacity", capacity, "Ah")

    @property
    def source(self) -> str:
        """Name of the recording in the ids of what is its own."""
        return self.course.recording.source.sha256[:12]

    @cached_property
    def gaps(self) -> Gaps:
        """What lies between the levels."""
        return Gaps(self.levels, self.soc)

    def rise(self, at: Between) -> tuple[float, float]:
        """Return what the resistance has above a straight line between the levels, and its standard uncertainty [ohm].

        In the pulse its own charge moves the open-circuit voltage, by a slope that the traces tell between the levels as well; what is
        left may bend. A charge pulse began a little below its level, so by that much the resistance may differ.
        """
        pulse = self.levels.chosen[:, WAYS.index(at.way)]
        per_slope = self.time_s / 3600 / self._reference_ah
        moved = self._column("current_ampere", pulse) * per_slope
        ohm, middle = self._column(RESISTANCES[TIMES_S.index(self.time_s)], pulse), self._column("soc", pulse) + moved / 2
        slopes = [self.gaps.slope(state) for state in middle.tolist()]
        here = self.gaps.slope(at.soc + float(np.mean(moved[list(at.levels)])) / 2)
        known = [bow for bow in (here, *(slopes[level] for level in at.levels)) if bow]
        if len(known) <= len(at.levels):
            return 0.0, hypot(self.gaps.unseen(ohm, at.levels, at.soc), self._below(at, pulse, ohm) / sqrt(3))
        moving = per_slope * np.array([np.nan if bow is None else bow.slope for bow in slopes])
        signed = (1.0, *(-w for w in at.weights))
        rise = sum(w * bow.slope for w, bow in zip(signed, known, strict=True)) * per_slope
        unsure = hypot(*(w * bow.slope_uncertainty for w, bow in zip(signed, known, strict=True))) * per_slope
        left = ohm - moving
        return rise, hypot(hypot(self.gaps.bend(left, at.levels, at.soc), self._below(at, pulse, left)) / sqrt(3), unsure)

    def _below(self, at: Between, pulse: Rows, ohm: Floats) -> float:
        """Return how much the resistance changes over what the pulses began off their levels [ohm]."""
        levels = list(at.levels)
        off = float(np.abs(self._column("soc", pulse) - self.soc)[levels].max())
        return abs(float(np.diff(ohm[levels])[0])) * off / (at.states[1] - at.states[0]) if at.states[1] > at.states[0] else 0.0

    def _column(self, name: str, pulse: Rows) -> Floats:
        """Return a column of the pulses at one of each level; NaN where the level has none."""
        return np.where(pulse >= 0, self.levels.table[name].cast(pl.Float64).to_numpy()[pulse], np.nan)

    @property
    def _reference_ah(self) -> float:
        return cast("tuple[float, str]", self.course.reference)[0]

    def _rest(self, level: int) -> int:
        return int(self.levels.train.rest[self.levels.rested[level]])
