"""How well a state of charge that was counted is known, and what that makes of a voltage that is read over it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cellwright.measure.course import Course
from cellwright.measure.limits import limit_slopes
from cellwright.measure.ocv.states import States

Floats = NDArray[np.float64]
Components = Mapping[str, Floats]

AROUND = 0.005
"""The slope of a sweep at a point is that between 0.5 % of the state of charge to either side."""


def with_reckoning(table: pl.DataFrame, course: Course, scale: States, row: NDArray[np.intp], moved_ah: Floats) -> pl.DataFrame:
    """Fill in the uncertainty of points' states of charge, and that of their voltage as a function of it.

    Parameters
    ----------
    table
        Of an `OpenCircuit`, with states of charge and voltages.
    course, scale
        Its recording, and how the states were counted.
    row, moved_ah
        In which step each point lies, and the charge put in since the recording's beginning there [Ah], shape ``(points,)``.

    Notes
    -----
    s = f + q/C with f = 1 from full and 0 from empty: ∂s/∂q = 1/C, ∂s/∂C = −q/C², so a gain that both were counted with cancels. A voltage
    that is read too high by o also ends a charge o/(dV/ds) below full, and a discharge as much below empty. V(s) errs by o − (dV/ds)·δs,
    of which that part cancels at the limit itself.
    """
    known = scale.capacity is not None and course.tester is not None and np.isfinite(scale.soc).any()
    if not known:
        return table
    slope = _slopes(table)
    limits = _at_limits(course, _end_slopes(course, scale, table, slope))
    soc = _soc_components(course, scale, row, moved_ah, limits)
    budget: Any = course.budget  # what it makes of a number it makes of each of an array
    voltage = budget.voltage(table["voltage_volt"].to_numpy(), 0)
    through = {name: -slope * part for name, part in soc.items()}
    return table.with_columns(
        pl.Series("soc_uncertainty", _together(soc, {}), nan_to_null=True),
        pl.Series("curve_uncertainty_volt", _together(voltage, through), nan_to_null=True),
    )


def _together(first: Mapping[str, Floats | float], second: Components) -> Floats:
    """Root sum of squares of components, those of one id added first."""
    return np.sqrt(sum(np.asarray(first.get(name, 0.0) + second.get(name, 0.0)) ** 2 for name in {**first, **second}))


def _soc_components(
    course: Course, scale: States, row: NDArray[np.intp], moved_ah: Floats, limits: tuple[Components, Components]
) -> dict[str, Floats]:
    """Components of states of charge [1]: of the charge since full or empty, of the capacity, and of where full or empty was."""
    capacity, anchor = scale.capacity, scale.anchor[row]
    held = (capacity.value if capacity else None) or np.nan
    charge = moved_ah - course.moved[anchor]
    found = {name: part / held for name, part in _charge_components(course, row, anchor, charge, moved_ah).items()}
    lower, upper = limits
    parts: list[Components] = [{name: -charge / held**2 * part for name, part in capacity.components.items()} if capacity else {}]
    parts += [{name: np.where(scale.full[anchor], part, lower[name]) for name, part in upper.items()}]
    if scale.basis == "sweep":  # what the limits make of a reference discharge is in its components
        parts += [{name: -charge / held * (lower[name] - part) for name, part in upper.items()}]
    for more in parts:
        found |= {name: found.get(name, 0.0) + part for name, part in more.items()}
    return found


def _charge_components(
    course: Course, row: NDArray[np.intp], anchor: NDArray[np.intp], charge: Floats, moved_ah: Floats
) -> dict[str, Floats]:
    """Components of the charge [Ah] since an anchor: what flowed in rests is none, and the edges of all steps in between add."""
    steps = course.steps.with_columns(
        pl.when(pl.col("kind") != "rest").then("duration_second").otherwise(0.0).alias("lasted"),
        pl.when(pl.col("kind") != "rest")
        .then(pl.col("mean_current_ampere").abs() * (pl.col("edge_uncertainty_second") + pl.col("end_edge_uncertainty_second")))
        .fill_null(0.0)
        .alias("edges"),
    )
    ends, edges = (steps[name].cum_sum().to_numpy() for name in ("lasted", "edges"))
    current = course.steps["mean_current_ampere"].fill_null(0.0).to_numpy()[row]
    left = np.divide(3600 * (course.moved[row] - moved_ah), current, out=np.zeros(len(row)), where=current != 0)
    lasted = ends[row] - left - ends[anchor]
    budget: Any = course.budget
    counted, parts = budget.charge(0.0, 1.0, 0.0, 0, edges_s=1.0), budget.charge(charge, 0.0, lasted, 0)
    return {**parts, **{name: part * (edges[row] - edges[anchor]) for name, part in counted.items() if name.endswith(":edge")}}


def _at_limits(course: Course, slopes: tuple[float, float]) -> tuple[Components, Components]:
    """What the voltage's errors make of empty and of full [1]; nothing where the slope at the limit is not known."""
    limits = (course.lower, course.upper)
    found = [
        course.budget.cut_off(1 / slope if slope > 0 else 0.0, limit.volt if limit else 0.0)
        for slope, limit in zip(slopes, limits, strict=True)
    ]
    low, high = ({name: np.asarray(part) for name, part in parts.items()} for parts in found)
    return low, high


def _end_slopes(course: Course, scale: States, table: pl.DataFrame, slope: Floats) -> tuple[float, float]:
    """dV/dSOC where the battery is empty and where it is full [V]: at the reference discharge's limits, else at the curve's own ends."""
    if scale.basis == "measured" and scale.capacity and scale.capacity.value:
        lower, upper = limit_slopes(course, course.ranked[0])
        return lower * scale.capacity.value, upper * scale.capacity.value
    soc = table["soc"].to_numpy()
    told = np.flatnonzero(np.isfinite(soc) & (slope > 0))
    if not len(told):
        return 0.0, 0.0
    return float(slope[told[np.argmin(soc[told])]]), float(slope[told[np.argmax(soc[told])]])


def _slopes(table: pl.DataFrame) -> Floats:
    """Return dV/dSOC at each point by its own branch [V]: of rests the steeper of those to its two neighbours; NaN where none."""
    found = np.full(table.height, np.nan)
    swept = (pl.col("source") == "sweep").alias("swept")
    numbered = table.with_row_index("at").filter(pl.col("soc").is_not_null()).with_columns(swept).sort("soc")
    for part in numbered.partition_by("direction", "swept"):
        soc, volt = part["soc"].to_numpy(), part["voltage_volt"].to_numpy()
        if np.ptp(soc) > 0:
            found[part["at"].to_numpy()] = (_across if part["swept"][0] else _steeper)(soc, volt)
    return found


def _across(soc: Floats, volt: Floats) -> Floats:
    low, high = np.maximum(soc - AROUND, soc[0]), np.minimum(soc + AROUND, soc[-1])
    return (np.interp(high, soc, volt) - np.interp(low, soc, volt)) / (high - low)


def _steeper(soc: Floats, volt: Floats) -> Floats:
    apart = np.diff(soc)
    steps = np.divide(np.diff(volt), apart, out=np.zeros(len(apart)), where=apart > AROUND)
    return np.maximum(np.concatenate([[0.0], steps]), np.concatenate([steps, [0.0]]))
