"""The course of a test: its steps, the voltage limits it ran between, its full discharges, and the state of charge along the way."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil, isfinite
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl

from cellwright.core.battery import Battery
from cellwright.core.messages import Message
from cellwright.core.recording import Recording
from cellwright.core.tester import Tester
from cellwright.measure.beginning import rested_full
from cellwright.measure.budget import Budget
from cellwright.measure.stepping import samples_of, steps, why_no_steps

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEGLIGIBLE = 5e-3
"""Share of a discharge's charge that may have moved between full and its start, by pulses for instance."""

SAME_CURRENT = 0.05
SAME_TEMPERATURE_KELVIN = 2.0
WITHOUT_TESTER = 1e-3
"""How far from its limit, as a share of it, a voltage may end where no tester tells how well it was read."""

Basis = Literal["battery", "recording"]


@dataclass(frozen=True)
class Limit:
    """A voltage limit [V], and whether the battery's data or what occurred in the recording tells it."""

    volt: float
    basis: Basis


@dataclass(frozen=True)
class FullDischarge:
    """A discharge from full to empty, as rows of the steps table.

    Parameters
    ----------
    first, last
        Its steps; more than one where the program went on without a rest at the same current.
    charge
        The step in which the charge before it ended at the upper limit.
    previous
        Last step of the full discharge before it; None for the first.
    """

    first: int
    last: int
    charge: int
    previous: int | None = None


@dataclass(frozen=True, eq=False)
class Course:
    """A recording with everything the measurements share, computed once.

    Parameters
    ----------
    recording
        The test.
    battery, tester
        What is known of the battery and of the instrument; None where nothing is.
    """

    recording: Recording
    battery: Battery | None = None
    tester: Tester | None = None

    @cached_property
    def unsuited(self) -> Message | None:
        """Why the recording has no steps: it is a spectrum, or lacks time, voltage or current; None where it has."""
        return why_no_steps(self.recording)

    @property
    def complete(self) -> bool:
        """Whether the recording has time, voltage and current of a test, so that there are steps."""
        return self.unsuited is None

    @cached_property
    def samples(self) -> pl.DataFrame:
        """The samples that the steps are made of."""
        return samples_of(self.recording)

    @cached_property
    def steps(self) -> pl.DataFrame:
        """One row a step, see `cellwright.measure.steps`."""
        return steps(self.recording, self.battery)

    @cached_property
    def budget(self) -> Budget:
        """Uncertainty of what is measured on this recording."""
        return Budget(self.tester, self.recording)

    def span(self, first: int, last: int) -> slice:
        """Return which samples belong to a stretch of steps, both ends included."""
        return slice(self._ends[first], self._ends[last + 1])

    @cached_property
    def _ends(self) -> list[int]:
        return [0, *self.steps["samples"].cum_sum().to_list()]

    @cached_property
    def moved(self) -> NDArray[np.float64]:
        """Charge put in less charge taken out, from the beginning to the end of each step [Ah]; what a rest shows is offset, not charge."""
        under_current = pl.when(pl.col("kind") != "rest").then(pl.col("step_net_capacity_ah")).fill_null(0.0)
        return self.steps.select(under_current).to_series().cum_sum().to_numpy()

    @cached_property
    def main(self) -> pl.DataFrame:
        """The charges and discharges that are no pulses, with their ``row`` in the steps."""
        return self.steps.with_row_index("row").filter((pl.col("kind") != "rest") & ~pl.col("pulse"))

    @cached_property
    def upper(self) -> Limit | None:
        """The battery's maximum voltage; else the highest at which a charge was held; else the highest at which one ended."""
        if self.battery and self.battery.maximum_voltage_volt:
            return Limit(self.battery.maximum_voltage_volt, "battery")
        charges = self.main.filter(pl.col("kind") == "charge")
        held = charges.filter(pl.col("mode").is_in(["CV", "CCCV"]))
        return _occurring((held if held.height else charges)["last_voltage_volt"].max())

    @cached_property
    def lower(self) -> Limit | None:
        """The battery's minimum voltage; else the lowest at which a discharge ended."""
        if self.battery and self.battery.minimum_voltage_volt:
            return Limit(self.battery.minimum_voltage_volt, "battery")
        return _occurring(self.main.filter(pl.col("kind") == "discharge")["last_voltage_volt"].min())

    @cached_property
    def filled(self) -> NDArray[np.bool_]:
        """Whether a step is a charge that ended full.

        That is at constant voltage at the upper limit, or above it. Only where no charge was held there, it is a charge that ended just
        at the limit: one that ended beyond it was cut off by time or by a protection, at whatever its resistance added.
        """
        if self.upper is None:
            return np.zeros(self.steps.height, dtype=bool)
        short, near = self.upper.volt - pl.col("last_voltage_volt"), self._within(self.upper, pl.col("last_voltage_change_volt"))
        held = self._ended("charge", pl.col("mode").is_in(["CV", "CCCV"]) & (short <= near))
        return held if held.any() else self._ended("charge", short.abs() <= near)

    @cached_property
    def emptied(self) -> NDArray[np.bool_]:
        """Whether a step is a discharge that ended at the lower limit, or below it."""
        if self.lower is None:
            return np.zeros(self.steps.height, dtype=bool)
        near = self._within(self.lower, -pl.col("last_voltage_change_volt"))
        return self._ended("discharge", pl.col("last_voltage_volt") - self.lower.volt <= near)

    def _within(self, limit: Limit, approach: pl.Expr) -> pl.Expr:
        """How far [V] from a limit a step may end: the reading's uncertainty, or so near that the next sample would have passed it."""
        return pl.max_horizontal(pl.lit(self.tolerance(limit.volt)), approach)

    def tolerance(self, volt: float) -> float:
        """Return the expanded uncertainty (k = 2) of a voltage reading [V]; 0.1 % of it where no tester tells."""
        known = self.budget.voltage_uncertainty(volt)
        return WITHOUT_TESTER * abs(volt) if known is None else 2 * known

    def _ended(self, kind: str, how: pl.Expr) -> NDArray[np.bool_]:
        return self.steps.select((pl.col("kind") == kind) & ~pl.col("pulse") & how.fill_null(value=False)).to_series().to_numpy()

    @cached_property
    def full_discharges(self) -> tuple[FullDischarge, ...]:
        """Every discharge from full to empty, in the order in which they ran."""
        found: list[FullDischarge] = []
        for first, last in self.discharges:
            charge = self.full_before(first, last)
            if self.emptied[last] and charge is not None:
                found.append(FullDischarge(first, last, charge, found[-1].last if found else None))
        return tuple(found)

    @cached_property
    def discharges(self) -> tuple[tuple[int, int], ...]:
        """First and last step of every discharge; steps that follow one another at the same current are one discharge."""
        rows = self.main.filter(pl.col("kind") == "discharge").select("row", "mean_current_ampere").rows()
        groups: list[tuple[int, int]] = []
        before = 0.0
        for row, current in rows:
            if groups and groups[-1][1] == row - 1 and same_current(current, before):
                groups[-1] = (groups[-1][0], row)
            else:
                groups.append((row, row))
            before = current
        return tuple(groups)

    def full_before(self, first: int, last: int) -> int | None:
        """Return the step at whose end the battery was full, where the discharge began from there."""
        full = np.flatnonzero(self.filled[:first])
        if not len(full):
            return None
        charge = int(full[-1])
        taken = self.moved[last] - self.moved[first - 1]
        return charge if abs(self.moved[first - 1] - self.moved[charge]) <= NEGLIGIBLE * abs(taken) else None

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """The steps, a mapping each."""
        return self.steps.rows(named=True)

    def under_current(self, first: int, last: int) -> list[dict[str, Any]]:
        """Return the charges and discharges of a stretch of steps, both ends included."""
        return [step for step in self.rows[first : last + 1] if step["kind"] != "rest"]

    def net(self, first: int, last: int, name: str = "step_net_capacity_ah") -> float | None:
        """Sum what the charges and discharges of a stretch of steps moved, both ends included; None where one is not known."""
        parts = [step[name] for step in self.under_current(first, last)]
        return None if None in parts else float(sum(parts))

    def mean_current(self, first: int, last: int) -> float:
        """Mean current over the charges and discharges of a stretch of steps [A], with its sign."""
        parts = self.under_current(first, last)
        lasted = sum(step["duration_second"] for step in parts)
        return float(sum(step["mean_current_ampere"] * step["duration_second"] for step in parts) / lasted)

    def rest_before(self, row: int) -> tuple[int, float] | None:
        """Return the last step of the rest just before a step and its recorded length [s]; None where there was no rest."""
        duration, step = 0.0, row - 1
        while step >= 0 and self.rows[step]["kind"] == "rest":
            duration += self.rows[step]["duration_second"]
            step -= 1
        return (row - 1, duration) if step < row - 1 else None

    def unsure_rest(self, row: int) -> float:
        """Return by how much the rest that a step belongs to may have been longer than recorded [s]: its edges lie between two samples."""
        first = last = row
        while first > 0 and self.rows[first - 1]["kind"] == "rest":
            first -= 1
        while last + 1 < len(self.rows) and self.rows[last + 1]["kind"] == "rest":
            last += 1
        return self.rows[first]["edge_uncertainty_second"] + self.rows[last]["end_edge_uncertainty_second"]

    @cached_property
    def ranked(self) -> tuple[FullDischarge, ...]:
        """The full discharges, the one to use first: at rated current, conditioned, at rated temperature, at the usual current, late."""
        known = self.battery
        rated = (known.rated_capacity_c_rate or 0.0) * (known.rated_capacity_ah or 0.0) if known else 0.0
        currents = {d: -self.mean_current(d.first, d.last) for d in self.full_discharges}
        conditioned = [current for d, current in currents.items() if d.previous is not None]
        usual = _usual(conditioned or list(currents.values()))

        def rank(discharge: FullDischarge) -> tuple[bool, bool, int, bool, int]:
            current = currents[discharge]
            at_rate, conditioned = same_current(current, rated), discharge.previous is not None
            return at_rate, conditioned, -self._bands_off(discharge), same_current(current, usual), discharge.first

        return tuple(sorted(self.full_discharges, key=rank, reverse=True))

    def _bands_off(self, discharge: FullDischarge) -> int:
        """How many bands of 2 K the discharge began off the rated temperature; one where it is not known at what it began."""
        rated = self.battery.rated_temperature_celsius if self.battery else None
        began = self.rows[discharge.first].get("first_temperature_celsius")
        if rated is None or not isfinite(rated):
            return 0
        return 1 if began is None else max(0, ceil(abs(began - rated) / SAME_TEMPERATURE_KELVIN) - 1)

    @cached_property
    def reference(self) -> tuple[float, Literal["measured", "rated"]] | None:
        """Capacity [Ah] that states of charge are shares of: that of the discharge to use, else the rated one."""
        if self.ranked and (taken := self.net(self.ranked[0].first, self.ranked[0].last)):
            return -taken, "measured"
        if self.battery and self.battery.rated_capacity_ah:
            return self.battery.rated_capacity_ah, "rated"
        return None

    @cached_property
    def charge_state(self) -> list[float | None]:
        """State of charge at the end of each step [1]: charge counted from the last time the battery was full or empty.

        Before the first such moment it is counted from the beginning, where the battery rested as full (`began_full`); else it is None, as
        it is where no capacity is known to measure it by.
        """
        if self.reference is None:
            return [None] * self.steps.height
        last, began = self._last_anchor, self.began_full is not None
        counted = self.filled[last] + (self.moved - self.moved[last]) / self.reference[0]
        state = np.where(last < 0, 1.0 + self.moved / self.reference[0], counted)
        return [float(s) if a >= 0 or began else None for s, a in zip(state, last, strict=True)]

    @cached_property
    def began_full(self) -> float | None:
        """Voltage at which a recording whose charge is not in it began at rest, where it is taken as full for that [V]; else None."""
        known = self.battery.maximum_voltage_volt if self.battery else None
        return rested_full(self.steps, self.battery, self.tolerance(known)) if known else None

    def counted_from(self, row: int) -> int | None:
        """Return the last step up to one at whose end the battery was full or empty; None where there is none."""
        last = int(self._last_anchor[row])
        return None if last < 0 else last

    @cached_property
    def _last_anchor(self) -> NDArray[np.intp]:
        """Return of each step the last one up to it that ended full or empty; -1 where there is none."""
        anchors = self.filled | self.emptied
        return np.maximum.accumulate(np.where(anchors, np.arange(len(anchors)), -1))

    def c_rate(self, current: float) -> dict[str, Any]:
        """Size of a current [A] as conditions: ``c_rate`` [1/h], by the rated capacity or else the measured one (``c_rate_basis``)."""
        if self.battery and self.battery.rated_capacity_ah:
            return {"c_rate": abs(current) / self.battery.rated_capacity_ah, "c_rate_basis": "rated"}
        if self.reference:
            return {"c_rate": abs(current) / self.reference[0], "c_rate_basis": self.reference[1]}
        return {}

    def state_of_charge(self, row: int) -> dict[str, Any]:
        """Return the conditions ``soc`` and ``soc_basis`` at the end of a step; empty where they are not known."""
        if row < 0 or self.reference is None or (state := self.charge_state[row]) is None:
            return {}
        assumed = self.began_full if self.counted_from(row) is None else None
        return {"soc": state, "soc_basis": self.reference[1]} | ({} if assumed is None else {"taken_as_full_volt": assumed})


def same_current(current: float, reference: float) -> bool:
    """Tell whether two currents are the same but for 5 %."""
    return abs(current - reference) <= SAME_CURRENT * abs(reference)


def _usual(currents: list[float]) -> float:
    """Return the current that comes most often, of several the lowest; 0 where there is none."""
    return max(sorted(currents), key=lambda current: sum(same_current(other, current) for other in currents), default=0.0)


def _occurring(volt: Any) -> Limit | None:
    return None if volt is None else Limit(float(volt), "recording")
