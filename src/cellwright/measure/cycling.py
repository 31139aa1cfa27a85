"""Cycles: a charge and a discharge, one row a cycle."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from cellwright.core.battery import Battery
from cellwright.core.errors import UsageError
from cellwright.core.recording import Recording
from cellwright.measure.course import Course
from cellwright.measure.halves import Direction, begun

COLUMNS = (
    "cycle_count",
    "cycle_basis",
    "starts_with",
    "complete",
    "closed",
    "steps",
    "first_step_count",
    "last_step_count",
    "first_record_index",
    "last_record_index",
    "start_time_second",
    "end_time_second",
    "duration_second",
    "charging_duration_second",
    "discharging_duration_second",
    "rest_duration_second",
    "pause_second",
    "cycle_charging_capacity_ah",
    "cycle_discharging_capacity_ah",
    "cycle_charging_energy_wh",
    "cycle_discharging_energy_wh",
    "counted_charging_capacity_ah",
    "counted_discharging_capacity_ah",
    "coulombic_efficiency",
    "energy_efficiency",
    "mean_charging_voltage_volt",
    "mean_discharging_voltage_volt",
    "mean_charging_current_ampere",
    "mean_discharging_current_ampere",
    "charging_c_rate",
    "discharging_c_rate",
    "minimum_voltage_volt",
    "maximum_voltage_volt",
    "charge_mode",
    "charge_end",
    "charge_ended_by",
    "charge_end_voltage_volt",
    "charge_end_current_ampere",
    "discharge_mode",
    "discharge_end",
    "discharge_ended_by",
    "discharge_end_voltage_volt",
    "discharge_end_current_ampere",
    "mean_temperature_celsius",
    "minimum_temperature_celsius",
    "maximum_temperature_celsius",
    "charging_temperature_rise_kelvin",
    "discharging_temperature_rise_kelvin",
)
"""Documented, column by column, in ``docs/cycles.md``."""

SAME_END = 5e-3
"""Share within which two discharges end at the same voltage: then the charge between them began where the second one ended."""

_CYCLE = "cycle"
_WAYS: dict[str, Direction] = {"charging": "charge", "discharging": "discharge"}


def cycles(recording: Recording, battery: Battery | None = None, *, begin: Direction | None = None) -> pl.DataFrame:
    """One row a cycle of a recording: what went in and out, how well, for how long, and how each half ended.

    Parameters
    ----------
    recording
        A series with ``test_time_second`` [s], ``current_ampere`` [A] and ``voltage_volt`` [V], or a step sheet.
    battery
        Its rated capacity gives C-rates; its voltage limits say what ended a half. Without them the limits that occur in the recording do.
    begin
        Which half a cycle begins with. None: cycles are the tester's own where it counts more than one, else each begins with a charge.

    Returns
    -------
    The columns of ``docs/cycles.md``. ``cycle_basis`` says whose cycles they are: ``tester`` or ``found``, and ``starts_with`` which half
    came first in each. Of a half that a cycle lacks charge and energy are 0 and the rest is null. ``closed`` says where an efficiency is a
    loss: the charge began where a discharge to the same voltage had ended, and there was one charge and one discharge; elsewhere it is a
    ratio of two charges and no more.

    Raises
    ------
    UsageError
        As `steps`, and for a ``begin`` that is no direction.

    Notes
    -----
    Found cycles lie between the turning points of the charge (`halves`). Efficiencies are discharge over the charge before it, which is
    the cycle's own where it starts with a charge, and the one of the cycle before where it starts with a discharge: Smith et al.,
    J. Electrochem. Soc. 157 (2010) A196, doi:10.1149/1.3268129.
    """
    if begin not in (None, "charge", "discharge"):
        raise UsageError("measure.no_direction", given=begin)
    return cycle_table(Course(recording, battery), begin)


def cycle_table(course: Course, begin: Direction | None = None) -> pl.DataFrame:
    """Return `cycles` of a course whose steps are known."""
    counted = begin is None and _counts_cycles(course.steps)
    number = _counted(course.steps) if counted else _found(course.steps, begin or "charge")
    steps = course.steps.with_columns(pl.Series(_CYCLE, number), **_ended(course))
    table = steps.group_by(_CYCLE, maintain_order=True).agg(_facts(steps.columns, counted=counted))
    if not counted:
        table = table.with_columns(pl.int_range(1, pl.len() + 1).alias("cycle_count"))
    table = table.with_columns(pl.lit("tester" if counted else "found").alias("cycle_basis"), *_means(course.battery))
    end = pl.col("discharge_end_voltage_volt")
    whole = pl.col("one_of_each") & (pl.col("one_of_each").shift(1) | (pl.col("starts_with") == "charge"))
    table = table.with_columns((((end - end.shift(1)).abs() <= SAME_END * end.abs()) & whole).fill_null(value=False).alias("closed"))
    table = table.with_columns(_efficiency("capacity_ah", "coulombic_efficiency"), _efficiency("energy_wh", "energy_efficiency"))
    return table.select(c for c in COLUMNS if c in table.columns)


def _counts_cycles(steps: pl.DataFrame) -> bool:
    return "cycle_count" in steps.columns and steps["cycle_count"].drop_nulls().n_unique() > 1


def _counted(steps: pl.DataFrame) -> np.ndarray[Any, Any]:
    """Number the runs of equal counts of the tester."""
    return steps["cycle_count"].rle_id().to_numpy()


def _found(steps: pl.DataFrame, begin: Direction) -> np.ndarray[Any, Any]:
    """Number the steps by the cycles that begin with a charge or with a discharge; a first half of the other kind is one of its own."""
    moved = steps.select(pl.when(pl.col("kind") == "rest").then(0.0).otherwise(pl.col("step_net_capacity_ah")).fill_null(0.0))
    firsts, charged = begun(moved.to_series().to_numpy())
    begins = np.zeros(steps.height, dtype=np.int64)
    begins[firsts[1:]] = charged[1:] == (begin == "charge")
    return np.cumsum(begins)


def _ended(course: Course) -> dict[str, pl.Expr]:
    """How each step ended: ``constant_voltage``, at a ``voltage_limit``, or by something ``other``: time, charge, a protection."""
    volt, change = pl.col("last_voltage_volt"), pl.col("last_voltage_change_volt")
    near = pl.lit(value=False)
    for limit, sign, kind in ((course.upper, 1, "charge"), (course.lower, -1, "discharge")):
        if limit is not None:
            within = pl.max_horizontal(pl.lit(course.tolerance(limit.volt)), sign * change)
            near |= (pl.col("kind") == kind) & (sign * (limit.volt - volt) <= within)
    held = pl.col("mode").is_in(["CV", "CCCV"]).fill_null(value=False)
    ended = pl.when(held).then(pl.lit("constant_voltage")).when(near).then(pl.lit("voltage_limit")).otherwise(pl.lit("other"))
    return {"ended": ended, "main": (pl.col("kind") != "rest") & ~pl.col("pulse")}


def _facts(present: list[str], *, counted: bool) -> list[pl.Expr]:
    facts = [pl.col("cycle_count").first()] if counted else []
    facts += [
        pl.col("kind").filter("main").first().alias("starts_with"),
        (pl.col("kind").filter("main").n_unique() == 2).alias("complete"),
        (pl.col("kind").filter("main").rle_id().max() <= 1).alias("one_of_each"),
        pl.len().alias("steps"),
        pl.col("step_count").first().alias("first_step_count"),
        pl.col("step_count").last().alias("last_step_count"),
        pl.col("first_record_index").first(),
        pl.col("last_record_index").last(),
        pl.col("start_time_second").first(),
        pl.col("end_time_second").last(),
        pl.col("duration_second", "pause_second").sum(),
        pl.col("duration_second").filter(pl.col("kind") == "rest").sum().alias("rest_duration_second"),
        pl.col("minimum_voltage_volt").min(),
        pl.col("maximum_voltage_volt").max(),
    ]
    for way, kind in _WAYS.items():
        facts += _half(way, kind)
    if "mean_temperature_celsius" in present:
        heat, share = pl.col("mean_temperature_celsius"), pl.col("duration_second")
        known = heat.is_not_null()
        facts.append(((heat * share).sum() / share.filter(known).sum()).alias("mean_temperature_celsius").fill_nan(heat.mean()))
        facts += [pl.col("minimum_temperature_celsius").min(), pl.col("maximum_temperature_celsius").max()]
        facts += [_rise(way, kind) for way, kind in _WAYS.items()]
    return facts


def _half(way: str, kind: Direction) -> list[pl.Expr]:
    """What a cycle's steps say of its charge or of its discharge. What flowed at rest is offset, no charge."""
    sign = 1 if kind == "charge" else -1
    here, main = pl.col("kind") == kind, (pl.col("kind") == kind) & pl.col("main")
    counted = sign * pl.col("counted_net_capacity_ah").filter(here)
    under_current = pl.col("kind") != "rest"
    moved = [pl.col(f"step_{way}_{what}").filter(under_current) for what in ("capacity_ah", "energy_wh")]
    return [
        pl.col("duration_second").filter(here).sum().alias(f"{way}_duration_second"),
        *(_sum_known(each).name.replace("^step_", "cycle_") for each in moved),
        pl.when(here.any()).then(_sum_known(counted)).alias(f"counted_{way}_capacity_ah"),
        pl.col("step_net_capacity_ah").filter(here).sum().alias(f"{way}_net"),
        *(
            pl.col(name).filter(main).last().alias(f"{kind}_{said}")
            for name, said in (
                ("mode", "mode"),
                ("ended", "end"),
                ("ended_by", "ended_by"),
                ("last_voltage_volt", "end_voltage_volt"),
                ("last_current_ampere", "end_current_ampere"),
            )
        ),
    ]


def _rise(way: str, kind: Direction) -> pl.Expr:
    """From the temperature at the beginning of a half to its greatest [K]."""
    here = (pl.col("kind") == kind) & pl.col("main")
    began = pl.col("first_temperature_celsius").filter(here).first()
    return (pl.col("maximum_temperature_celsius").filter(here).max() - began).alias(f"{way}_temperature_rise_kelvin")


def _sum_known(values: pl.Expr) -> pl.Expr:
    """Sum; null where a value is not known."""
    return pl.when(values.null_count() == 0).then(values.sum())


def _means(battery: Battery | None) -> list[pl.Expr]:
    """Mean voltage, that is energy over charge, and mean current of each half; C-rate where the rated capacity is known."""
    means: list[pl.Expr] = []
    rated = battery.rated_capacity_ah if battery else None
    for way in _WAYS:
        energy, charge, lasted = pl.col(f"cycle_{way}_energy_wh"), pl.col(f"cycle_{way}_capacity_ah"), pl.col(f"{way}_duration_second")
        current = pl.when(lasted > 0).then(pl.col(f"{way}_net") * 3600 / lasted)
        means.append(pl.when(charge > 0).then(energy / charge).alias(f"mean_{way}_voltage_volt"))
        means.append(current.alias(f"mean_{way}_current_ampere"))
        if rated:
            means.append((current.abs() / rated).alias(f"{way}_c_rate"))
    return means


def _efficiency(what: str, name: str) -> pl.Expr:
    out, into = pl.col(f"cycle_discharging_{what}"), pl.col(f"cycle_charging_{what}")
    before = pl.when(pl.col("starts_with") == "charge").then(into).otherwise(into.shift(1))
    whole = pl.col("complete") | (pl.col("starts_with") == "discharge")
    return pl.when(whole & (before > 0) & (out > 0)).then(out / before).alias(name)
