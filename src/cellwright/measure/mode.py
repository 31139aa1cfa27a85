"""How a step was controlled: constant current, constant voltage, or one after the other."""

from __future__ import annotations

from typing import Literal

import polars as pl

from cellwright.core.columns import VOLTAGE

LEVEL = 0.95
STEADY_VOLTAGE = 2e-3
MOSTLY = 0.9
SHORTEST_TAIL = 3
CONTRADICTED = 1e-2
"""Share of the largest current from which a step is none of rest, whatever its label says."""

_RESTS = r"^r$|rest|静置|搁置|休止|휴지"
_MOVES = r"^[cd]$|d?chg|d?chrg|charge|充电|放电|충전|방전"


def mode_columns() -> list[pl.Expr]:
    """What each sample says of the mode; needs ``size`` and ``peak`` [A] of the current and ``inside``, false at a step's first sample."""
    level = pl.col("size") >= LEVEL * pl.col("peak")
    return [(level | ~pl.col("inside")).alias("level")]


def mode_facts() -> list[pl.Expr]:
    """What the samples of a step say of its mode, for an aggregation by step. A step's first sample may lie on the ramp and is left out."""
    voltage, level = pl.col(VOLTAGE), pl.col("level")
    tail, body = voltage.filter(~level), voltage.filter(pl.col("inside"))
    return [
        level.mean().alias("level_share"),
        level.last().alias("ends_level"),
        tail.len().alias("tail_samples"),
        (tail.max() - tail.min()).alias("tail_spread"),
        (body.max() - body.min()).alias("body_spread"),
    ]


def mode(sampling: Literal["series", "step"], *, labelled: bool) -> pl.Expr:
    """Name the mode of each step, ``CC``, ``CV``, ``CCCV`` or null, from `mode_facts`.

    The current is constant where it stays within 5 % of its greatest size; what comes after it left that level is at constant
    voltage where the voltage stays within 0.2 %. A step sheet has only two samples a step: there the tester's own label is read,
    and without one a current that fell between the ends is taken for a taper.
    """
    if sampling == "step":
        fell = pl.col("last_current_ampere").abs() < LEVEL * pl.col("first_current_ampere").abs()
        by_ends = pl.when(fell).then(pl.lit("CCCV")).otherwise(pl.lit("CC"))
        return pl.coalesce(_label(), by_ends) if labelled else by_ends
    width = STEADY_VOLTAGE * pl.col("last_voltage_volt").abs()
    steady = (pl.col("level_share") >= MOSTLY) & (pl.col("ends_level") | (pl.col("tail_samples") < SHORTEST_TAIL))
    return (
        pl.when(steady)
        .then(pl.lit("CC"))
        .when(pl.col("body_spread") <= width)
        .then(pl.lit("CV"))
        .when(pl.col("tail_spread") <= width)
        .then(pl.lit("CCCV"))
    )


def labelled_moving(size: pl.Expr, band: float) -> pl.Expr:
    """Whether a step is under current: by the tester's word where it says so, else where ``size`` [A] is beyond a band.

    A small current is one if the program asked for it. A word that the current contradicts is not believed.
    """
    label = pl.col("step_type").cast(pl.String).str.to_lowercase().fill_null("")
    rests, moves = label.str.contains(_RESTS), label.str.contains(_MOVES)
    return (
        pl.when(rests)
        .then(size > pl.max_horizontal(pl.lit(band), CONTRADICTED * size.max()))
        .when(moves)
        .then(size > 0)
        .otherwise(size > band)
    )


def _label() -> pl.Expr:
    """Read ``CC``, ``CV`` or both out of the tester's words; ``DC`` is the usual word for a constant-current discharge."""
    text = pl.col("step_type").str.to_uppercase()
    current, voltage = text.str.contains(r"\b(CC|DC)|(CC|DC)\b"), text.str.contains(r"CV")
    return pl.when(voltage & current).then(pl.lit("CCCV")).when(voltage).then(pl.lit("CV")).when(current).then(pl.lit("CC"))
