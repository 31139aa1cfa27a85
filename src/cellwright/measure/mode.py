"""How a step was controlled: constant current, constant voltage, or one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cellwright.core.columns import CURRENT, VOLTAGE
from cellwright.measure.runs import Block, Part

if TYPE_CHECKING:
    from cellwright.measure.facts import Cut

LEVEL = 0.95
STEADY_VOLTAGE = 2e-3
MOSTLY = 0.9
SHORTEST_TAIL = 3
CONTRADICTED = 1e-2
"""Share of the largest current from which a step is none of rest, whatever its label says."""

_RESTS = r"^r$|rest|静置|搁置|休止|휴지"
_MOVES = r"^[cd]$|d?chg|d?chrg|charge|充电|放电|충전|방전"


def held(cut: Cut, found: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Tell how the current was held in each step, for `mode`.

    That is how much of it was at its level, and what the voltage did inside the step and after the current had left its level.

    Parameters
    ----------
    cut
        The steps.
    found
        Of each step ``moving``, ``least_size`` and ``greatest_size`` [A], ``lowest`` and ``highest`` [V], ``first_current_ampere``,
        ``last_current_ampere`` [A].
    """
    peak = np.maximum(found["greatest_size"], np.abs(found["first_current_ampere"]))
    tapering = found["moving"] & (found["least_size"] < LEVEL * peak)
    current, voltage, level = cut.column(CURRENT), cut.column(VOLTAGE), LEVEL * peak[tapering & (cut.samples > 1)]

    def kernel(block: Block) -> dict[str, Part]:
        below, volt = np.abs(block.of(current)) < block.at_each(level), block.of(voltage)
        tail = np.where(below, volt, np.nan)
        return {"below": block.total(below), "lowest": block.least(tail), "highest": block.greatest(tail)}

    tapering, tail = cut.inside(kernel, tapering)
    facts = {"tail_samples": np.zeros(len(peak), dtype=np.int64), "tail_spread": np.full(len(peak), np.nan)}
    if tail:
        facts["tail_samples"][tapering] = tail["below"]
        facts["tail_spread"][tapering] = tail["highest"] - tail["lowest"]
    several = cut.samples > 1
    return facts | {
        "level_share": 1 - facts["tail_samples"] / cut.samples,
        "ends_level": ~several | (np.abs(found["last_current_ampere"]) >= LEVEL * peak),
        "body_spread": np.where(several, found["highest"] - found["lowest"], np.nan),
    }


def mode(sampling: Literal["series", "step"], *, labelled: bool) -> pl.Expr:
    """Name the mode of each step, ``CC``, ``CV``, ``CCCV`` or null, from what `held` found.

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


def threshold(labels: pl.DataFrame, size: NDArray[np.float64], band: float) -> NDArray[np.float64]:
    """Return the largest current [A] that is none, step by step: what the tester calls a step decides where the current is small.

    A small current is one if the program asked for it. A word that the current contradicts is not believed.

    Parameters
    ----------
    labels
        A row a step, with ``step_type`` where the tester has a word for it.
    size
        Greatest size of the current inside each step [A].
    band
        Largest current [A] that is taken for none where there is no word.
    """
    if "step_type" not in labels.columns:
        return np.full(len(size), band)
    label = pl.col("step_type").cast(pl.String).str.to_lowercase().fill_null("")
    contradicted = max(band, CONTRADICTED * float(size.max()))
    words = pl.when(label.str.contains(_RESTS)).then(contradicted).when(label.str.contains(_MOVES)).then(0.0).otherwise(band)
    return labels.select(words.cast(pl.Float64)).to_series().to_numpy()


def _label() -> pl.Expr:
    """Read ``CC``, ``CV`` or both out of the tester's words; ``DC`` is the usual word for a constant-current discharge."""
    text = pl.col("step_type").str.to_uppercase()
    current, voltage = text.str.contains(r"\b(CC|DC)|(CC|DC)\b"), text.str.contains(r"CV")
    return pl.when(voltage & current).then(pl.lit("CCCV")).when(voltage).then(pl.lit("CV")).when(current).then(pl.lit("CC"))
