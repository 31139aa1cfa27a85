"""What ended a step: a voltage, a current, a time or a charge that its program had set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cellwright.measure.edges import LONGEST_PULSE_S
from cellwright.measure.runs import Floats

if TYPE_CHECKING:
    from cellwright.core.battery import Battery

EndedBy = Literal["voltage", "current", "time", "charge", "unknown"]

SAME_VOLTAGE = 1e-3
SAME_CURRENT = 0.03
SAME_CHARGE = 1e-3
"""Shares within which two steps ended at the same reading."""

CLOCK_S, CLOCK_SHARE = 0.02, 2e-5
"""How well [s] and to which share a tester keeps the time of a step."""

KNOWN = 0.1
"""Share of the grid of whole times up to which an uncertain edge leaves a time that can be told from any other."""

TAPERS = (10, 20, 25, 30, 40, 50, 100)
"""Rates at which programs end a held voltage: the capacity over so many hours."""

FEWEST_CHARGES = 3

ROUND_VOLT, WITHIN_VOLT, COARSE_VOLT, DIGIT_VOLT = 0.05, 5e-4, 0.01, 1e-6
"""A voltage limit is a multiple of the first [V]; a step that ended within the second of one ended there, unless all readings are
multiples of the third, to the fourth."""

Flags = NDArray[np.bool_]


def ended_by(steps: pl.DataFrame, battery: Battery | None = None) -> pl.Series:
    """Tell by what each step ended, as far as its figures and those of its like show it.

    Parameters
    ----------
    steps
        The columns of `cellwright.measure.steps`.
    battery
        Its voltage limits are ones; its rated capacity tells the usual cut-off currents.

    Returns
    -------
    ``voltage``, ``current``, ``time``, ``charge`` or ``unknown``, a row each.

    Notes
    -----
    A value that was set comes again, or is round. A rest ended by time where it lasted a whole one: seconds up to a minute, 5 s up to
    ten minutes, minutes beyond. A held voltage ended by current where another ended at the same one after another time, at C/10 to C/100,
    or after no whole time; else by time. A step under any other control ended by voltage at a limit of the battery, at one that was
    held, or at the outermost that occurs if another ended there as well; else by time, by a charge that came three times, or by voltage
    at a multiple of 50 mV.
    """
    return pl.Series("ended_by", _Ends(steps, battery).causes(), pl.String)


class _Ends:
    """Columns of the steps that several of the questions need."""

    def __init__(self, steps: pl.DataFrame, battery: Battery | None) -> None:
        self.battery = battery
        self.kind: NDArray[np.str_] = steps["kind"].to_numpy().astype(str)
        self.held: Flags = steps["mode"].is_in(["CV", "CCCV"]).fill_null(value=False).to_numpy()
        self.whole_step: Flags = (steps["mode"] == "CV").fill_null(value=False).to_numpy()  # of its program: nothing but the hold
        self.moving = self.kind != "rest"
        self.volt, self.ampere = (steps[f"last_{name}"].to_numpy().astype(float) for name in ("voltage_volt", "current_ampere"))
        self.approach = steps["last_voltage_change_volt"].to_numpy().astype(float) * np.where(self.kind == "charge", 1.0, -1.0)
        self.charge = steps["step_net_capacity_ah"].cast(pl.Float64).to_numpy()
        self.lasted = steps["duration_second"].to_numpy().astype(float)
        unsure = sum(steps[name].to_numpy() for name in ("edge_uncertainty_second", "end_edge_uncertainty_second"))
        self.unsure: Floats = np.asarray(unsure, dtype=float) + np.maximum(CLOCK_S, CLOCK_SHARE * self.lasted)

    def causes(self) -> list[str]:
        timed, timeable = self._whole()
        free = self.moving & ~self.held
        limit = free & self._at_limit()
        again = self.held & self._same(np.abs(self.ampere), SAME_CURRENT * np.abs(self.ampere), self.held, otherwise_long=True)
        cut = again | (self.held & ~timed & (self._usual_taper() | (self.whole_step & timeable & self._framed())))
        ways = [limit, cut, timed, free & self._charged(), free & self._round()]
        found = np.select(ways, ["voltage", "current", "time", "charge", "voltage"], "unknown")
        return found.tolist()

    def _whole(self) -> tuple[Flags, Flags]:
        """Whether each step lasted a whole time, and whether that can be told."""
        grid = np.where(self.lasted <= LONGEST_PULSE_S, 1.0, np.where(self.lasted <= 10 * LONGEST_PULSE_S, 5.0, 60.0))
        timeable = (self.unsure <= KNOWN * grid) & (self.lasted >= 1 - CLOCK_S)
        return np.asarray(timeable & (np.abs(self.lasted - np.rint(self.lasted / grid) * grid) <= self.unsure)), timeable

    def _framed(self) -> Flags:
        """Whether a step lies between two others: the first may have begun before the recording, the last may have been broken off."""
        rows = np.arange(len(self.kind))
        return (rows > 0) & (rows < len(rows) - 1)

    def _round(self) -> Flags:
        fine = np.abs(self.volt - np.rint(self.volt / COARSE_VOLT) * COARSE_VOLT).max(initial=0.0) > DIGIT_VOLT
        off = np.abs(self.volt - np.rint(self.volt / ROUND_VOLT) * ROUND_VOLT)
        return (off <= WITHIN_VOLT) & (self.lasted > LONGEST_PULSE_S) & fine

    def _at_limit(self) -> Flags:
        near = np.zeros(len(self.kind), dtype=bool)
        for kind, way, known in (("charge", 1, "maximum_voltage_volt"), ("discharge", -1, "minimum_voltage_volt")):
            here = self.moving & (self.kind == kind)
            for volt in self._limits(here, way, getattr(self.battery, known, None)):
                within = np.maximum(SAME_VOLTAGE * abs(volt), np.minimum(self.approach, 10 * SAME_VOLTAGE * abs(volt)))
                near |= here & (way * (volt - self.volt) <= within) & (way * (self.volt - volt) <= 10 * SAME_VOLTAGE * abs(volt))
        return near

    def _limits(self, here: Flags, way: int, known: float | None) -> list[float]:
        """Voltages [V] at which steps of one direction were set to end: the battery's; those held; the outermost if it came twice."""
        limits = [] if known is None else [known]
        limits += sorted(set(np.round(self.volt[here & self.held], 2).tolist()))
        free = here & ~self.held & (self.lasted > LONGEST_PULSE_S)
        if known is None and free.any():
            outermost = float((way * self.volt[free]).max()) * way
            close = free & (np.abs(self.volt - outermost) <= SAME_VOLTAGE * abs(outermost))
            if np.ptp(self.lasted[close]) > self.unsure[close].max():
                limits.append(outermost)
        return limits

    def _usual_taper(self) -> Flags:
        rated = self.battery.rated_capacity_ah if self.battery else None
        if not rated:
            return np.zeros(len(self.kind), dtype=bool)
        usual = rated / np.array(TAPERS)
        near = np.abs(np.abs(self.ampere)[:, None] - usual) <= SAME_CURRENT * usual
        return np.asarray(near.any(axis=1), dtype=bool)

    def _charged(self) -> Flags:
        size = np.abs(np.nan_to_num(self.charge))
        here = self.moving & ~self.held & (size > 0) & self._framed()
        return self._same(size, SAME_CHARGE * size, here, fewest=FEWEST_CHARGES)

    def _same(self, values: Floats, within: Floats, here: Flags, fewest: int = 2, *, otherwise_long: bool = False) -> Flags:
        """Tell which of the chosen steps share a value with enough others of their direction, where asked after another time."""
        found: Flags = np.zeros(len(values), dtype=bool)
        for kind in ("charge", "discharge"):
            rows = np.flatnonzero(here & (self.kind == kind))
            rows = rows[np.argsort(values[rows], kind="stable")]
            low = np.searchsorted(values[rows], values[rows] - within[rows], "left")
            high = np.searchsorted(values[rows], values[rows] + within[rows], "right")
            enough = high - low >= fewest
            if otherwise_long and len(rows):
                enough &= self._lasted_otherwise(rows, values, within)
            found[rows] = enough
        return found

    def _lasted_otherwise(self, rows: NDArray[np.intp], values: Floats, within: Floats) -> Flags:
        """Tell of steps in the order of a value whether one next to each shares it and lasted another time."""
        shares = np.diff(values[rows]) <= within[rows[1:]]
        differs = shares & (np.abs(np.diff(self.lasted[rows])) > self.unsure[rows[1:]] + self.unsure[rows[:-1]])
        return np.append(differs, False) | np.append(False, differs)
