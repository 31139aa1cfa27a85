"""The open-circuit voltage over the state of charge, from whatever a recording has: slow sweeps, and rests between steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cellwright.core.battery import Battery
from cellwright.core.errors import UsageError
from cellwright.core.messages import Message, message
from cellwright.core.quantity import Evidence, Method, Quantity
from cellwright.core.recording import Recording
from cellwright.core.tester import Tester
from cellwright.measure.course import Course
from cellwright.measure.ocv.pairing import pairs, slope_at
from cellwright.measure.ocv.reckoning import with_reckoning
from cellwright.measure.ocv.resting import Resting, not_sampled, resolution, restings, unseen
from cellwright.measure.ocv.states import States, states
from cellwright.measure.ocv.sweeps import SlowSweep, sweeps
from cellwright.measure.rest import SHORTEST_REST_S

Floats = NDArray[np.float64]

METHOD = Method("open-circuit/sweeps-and-rests", "1")

FARTHEST_V = 5e-3
"""A relaxed voltage of which more than this is not known, a cell [V], is none at rest."""

SCHEMA = {
    "soc": pl.Float64,
    "capacity_ah": pl.Float64,
    "voltage_volt": pl.Float64,
    "direction": pl.String,
    "source": pl.String,
    "reading_uncertainty_volt": pl.Float64,
    "equilibrium_uncertainty_volt": pl.Float64,
    "soc_uncertainty": pl.Float64,
    "curve_uncertainty_volt": pl.Float64,
    "standard_uncertainty_volt": pl.Float64,
    "step_count": pl.Int64,
}


@dataclass(frozen=True, eq=False)
class OpenCircuit:
    """An open-circuit voltage curve, or the reason why there is none.

    Parameters
    ----------
    table
        One row a point, both branches: ``soc`` [1], ``capacity_ah`` that it holds above empty [Ah] (from an unknown start where
        ``soc`` is null), ``voltage_volt`` [V], ``direction`` of the charge before (``charge``, ``discharge``), ``source`` (``sweep``,
        ``gitt``, ``hppc``, ``rest``), ``step_count``, and standard uncertainties: ``reading_uncertainty_volt`` [V] (of the reading alone;
        null without a tester), ``soc_uncertainty`` [1], ``curve_uncertainty_volt`` [V] (of the voltage at that state of charge: reading
        and slope × ``soc_uncertainty``, what they share cancelling), ``equilibrium_uncertainty_volt`` [V] (how far it is from equilibrium;
        null where nothing tells) and ``standard_uncertainty_volt`` [V] (the latter two together, of the reading where no state is known).
    capacity, soc_basis
        What states of charge are shares of [Ah], and whether that is a slow discharge (``sweep``), the reference discharge
        (``measured``) or ``rated``; None where no state of charge is known.
    c_rate
        Rate of the sweep by direction [1/h].
    gain, resolution_volt
        What the tester's gain adds to the relative uncertainty, under its id [1], and the smallest step of its voltage [V]; None without
        a tester. With these a difference between points knows what cancels.
    method, evidence
        How it was had, and on which rows.
    reason
        Why there is no point.
    left_out
        Rests that were too short, with what was not known of them.
    """

    table: pl.DataFrame
    capacity: Quantity | None
    soc_basis: str | None
    c_rate: Mapping[str, float]
    method: Method
    evidence: tuple[Evidence, ...]
    gain: Mapping[str, float] | None = None
    resolution_volt: float | None = None
    reason: Message | None = None
    left_out: tuple[Message, ...] = ()

    def branch(self, direction: str, source: str | None = None) -> pl.DataFrame:
        """Return the points after charges or after discharges, by state of charge; of one source where it is named."""
        chosen = pl.col("direction") == direction
        return self.table.filter(chosen if source is None else chosen & (pl.col("source") == source)).sort("soc", "capacity_ah")

    @cached_property
    def mean(self) -> pl.DataFrame:
        """Mean of the branches at equal states of charge: ``soc`` [1], ``voltage_volt``, ``standard_uncertainty_volt`` [V], ``source``.

        Empty where there is but one. What the branches lie apart is polarisation and hysteresis; that the truth lies in the middle is
        the likeliest, so half the gap is the half-width of a triangle (GUM 4.3.9).
        """
        return pairs(self.table).select("soc", "voltage_volt", "standard_uncertainty_volt", "source")

    def slope(self, volt: float, direction: str) -> tuple[float, float] | None:
        """Return dV/dSOC where a branch has a voltage [V], and its standard uncertainty [V]; None where the curve does not tell."""
        return slope_at(self.table, volt, direction)


def open_circuit(recording: Recording, battery: Battery | None = None, tester: Tester | None = None) -> OpenCircuit:
    """Find the open-circuit voltage curve of a recording by itself.

    Parameters
    ----------
    recording
        A series with a charge or discharge at no more than C/10 through at least half of the capacity, or rests between steps.
    battery
        Its rated capacity tells the rates; without it they are of the largest charge that moved in one go.
    tester
        Its errors give the uncertainty of the readings.

    Returns
    -------
    `OpenCircuit`; without points, with the reason, where there is neither a slow sweep nor a rest long enough.

    Raises
    ------
    UsageError
        Where the recording is a spectrum, or lacks time, voltage or current.

    Notes
    -----
    Sweep: the voltage as it was, in 1000 bins of charge. It is off the equilibrium by its polarisation, at most half the gap to the other
    branch at the same state of charge (rectangular, not corrected: GUM F.2.4.5); where there is no other branch, by as much as its
    voltage stood off the rest before it. Rest: the asymptote of its relaxation (`cellwright.measure.relaxation`), the way not seen
    in the uncertainty; one of which more than 5 mV a cell is unknown is left out. ``gitt``: in a row of steps the same way, each with a
    rest after it; ``hppc``: before or after a pulse; ``rest``: any other. State of charge: counted from the last time the battery was full,
    or slowly emptied; its uncertainty is that of the charge since then, of the capacity and of the limits (`reckoning`).
    """
    return curve_of(Course(recording, battery, tester))


def curve_of(course: Course, *, rested: bool = True) -> OpenCircuit:
    """Return the open-circuit curve of a course; of its sweeps alone where its many rests are not to be fitted."""
    if missing := course.unsuited:
        raise UsageError(missing.code, **missing.params)
    if reason := not_sampled(course):
        return _without(reason)
    swept = sweeps(course)
    scale = states(course, swept)
    points, left_out = _rested(course, scale) if rested else ([], ())
    frames = [_sweep_points(course, scale, sweep) for sweep in swept] + points
    if not frames:
        return _without(left_out[0] if left_out else message("measure.no_open_circuit", shortest_s=SHORTEST_REST_S), left_out)
    joined = pl.concat(frames)
    reckoned = with_reckoning(joined.drop("row", "moved"), course, scale, joined["row"].to_numpy(), joined["moved"].to_numpy())
    table = _with_polarisation(reckoned, swept)
    evidence = course.budget.evidence(*_rows(course, table))
    known = course.tester is not None
    return OpenCircuit(
        table,
        scale.capacity,
        scale.basis,
        {s.direction: s.c_rate for s in swept},
        METHOD,
        evidence,
        gain={name: u for name, u in course.budget.voltage(1.0, 0).items() if name.endswith(":gain")} if known else None,
        resolution_volt=resolution(course) if known else None,
        left_out=left_out,
    )


def _without(reason: Message, left_out: tuple[Message, ...] = ()) -> OpenCircuit:
    return OpenCircuit(pl.DataFrame(schema=SCHEMA), None, None, {}, METHOD, (), reason=reason, left_out=left_out)


def _sweep_points(course: Course, scale: States, sweep: SlowSweep) -> pl.DataFrame:
    capacity = scale.capacity.value if scale.capacity else None
    began = scale.soc[sweep.last] - (course.net(sweep.first, sweep.last) or 0.0) / (capacity or np.nan)
    soc = began + sweep.moved_ah / (capacity or np.nan)
    held = sweep.moved_ah - min(sweep.moved_ah.min(), 0.0) if np.isnan(began) else soc * (capacity or np.nan)
    labels: dict[str, Any] = {"direction": sweep.direction, "source": "sweep", "row": sweep.last}
    moved = course.moved[sweep.last] - (course.net(sweep.first, sweep.last) or 0.0) + sweep.moved_ah
    return _frame(course, soc, held, sweep.volt, labels).with_columns(moved=moved)


def _rested(course: Course, scale: States) -> tuple[list[pl.DataFrame], tuple[Message, ...]]:
    """Points of the rests that came near enough to equilibrium, and the others by name."""
    points: list[pl.DataFrame] = []
    left_out: list[Message] = []
    cells = (course.battery.series or 1) if course.battery else 1
    for resting in restings(course, SHORTEST_REST_S):
        decay = resting.decay
        if decay is None:
            continue
        unknown = decay.equilibrium_uncertainty
        if not decay.seen:
            left_out.append(unseen(resting))
            continue
        if unknown > FARTHEST_V * cells:
            where = {"step": resting.conditions["step_count"], "duration_s": resting.rest.duration_s}
            left_out.append(message("measure.rest_unfinished", **where, unknown_mv=1e3 * unknown, allowed_mv=1e3 * FARTHEST_V * cells))
            continue
        points.append(_rest_point(course, scale, resting, decay.asymptote, unknown))
    return points, tuple(left_out)


def _rest_point(course: Course, scale: States, resting: Resting, volt: float, unknown: float) -> pl.DataFrame:
    last = resting.rest.last
    soc = float(scale.soc[last])
    full = scale.capacity.value if scale.capacity else None
    held = soc * full if full and np.isfinite(soc) else float(course.moved[last] - course.moved.min())
    labels: dict[str, Any] = {
        "direction": resting.conditions.get("direction"),
        "source": _source(course, resting),
        "row": last,
    }
    frame = _frame(course, np.array([soc]), np.array([held]), np.array([volt]), labels)
    return frame.with_columns(pl.lit(unknown).alias("equilibrium_uncertainty_volt"), pl.lit(course.moved[last]).alias("moved"))


def _source(course: Course, resting: Resting) -> str:
    """Name the kind of test that a rest belongs to, by the steps on its two sides."""
    before, after = resting.rest.first - 1, resting.rest.last + 1
    if any(_lone_pulse(course, row) for row in (before, after)):
        return "hppc"
    earlier = before - 2 if _kind(course, before - 1) == "rest" else -1
    return "gitt" if course.rows[before]["kind"] in {_kind(course, after), _kind(course, earlier)} else "rest"


def _kind(course: Course, row: int) -> str | None:
    return course.rows[row]["kind"] if 0 <= row < len(course.rows) else None


def _lone_pulse(course: Course, row: int) -> bool:
    """Whether a step is a pulse between two rests; as short is a hold at the end of a charge."""
    if not 0 <= row < len(course.rows) or not course.rows[row]["pulse"]:
        return False
    return all(_kind(course, beside) in {"rest", None} for beside in (row - 1, row + 1))


def _frame(course: Course, soc: Floats, held: Floats, volt: Floats, labels: dict[str, Any]) -> pl.DataFrame:
    """Return points as rows; how far they are from equilibrium is still to be filled in."""
    reading = pl.Series([course.budget.voltage_uncertainty(float(v)) for v in volt], dtype=pl.Float64)
    columns = {"soc": pl.Series(soc, nan_to_null=True), "capacity_ah": held, "voltage_volt": volt, "reading_uncertainty_volt": reading}
    known: dict[str, Any] = {**labels, "step_count": course.rows[labels["row"]]["step_count"]}
    frame = pl.DataFrame(columns).with_columns(pl.lit(value).alias(name) for name, value in known.items())
    missing = (pl.lit(None).alias(name) for name in SCHEMA if name not in frame.columns)
    return frame.with_columns(missing).select(*(pl.col(name).cast(kind) for name, kind in SCHEMA.items()), "row")


def _with_polarisation(table: pl.DataFrame, swept: Sequence[SlowSweep]) -> pl.DataFrame:
    """Fill in how far sweeps are from equilibrium, and the uncertainty of all."""
    of_sweeps = {s.direction: s.overvoltage for s in swept}
    table = table.with_columns(
        pl.when(pl.col("source") == "sweep")
        .then(_half_gaps(table, of_sweeps))
        .otherwise("equilibrium_uncertainty_volt")
        .alias("equilibrium_uncertainty_volt")
    )
    squares = pl.coalesce("curve_uncertainty_volt", "reading_uncertainty_volt") ** 2 + pl.col("equilibrium_uncertainty_volt") ** 2
    return table.with_columns(squares.sqrt().alias("standard_uncertainty_volt"))


def _half_gaps(table: pl.DataFrame, overvoltage: dict[str, float | None]) -> pl.Series:
    """Half the gap between the sweeps over √3; the overvoltage at its start where there is but one [V]."""
    unknown = np.full(table.height, np.nan)
    way, source = table["direction"].to_numpy(), table["source"].to_numpy()
    soc, volt = table["soc"].to_numpy(), table["voltage_volt"].to_numpy()
    for direction, onset in overvoltage.items():
        swept = source == "sweep"
        here, other = swept & (way == direction), swept & (way != direction)
        unknown[here] = np.nan if onset is None else onset
        if other.any() and np.isfinite(soc[other]).all():
            order = np.argsort(soc[other])
            across = np.interp(soc[here], soc[other][order], volt[other][order])
            unknown[here] = np.abs(volt[here] - across) / 2 / np.sqrt(3)
    return pl.Series(unknown, nan_to_null=True)


def _rows(course: Course, table: pl.DataFrame) -> list[tuple[int, int]]:
    """Rows of the file that the points stand on."""
    used = set(table["step_count"].unique().to_list())
    return [(s["first_record_index"], s["last_record_index"]) for s in course.rows if s["step_count"] in used]
