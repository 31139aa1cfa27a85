"""The two branches of an open-circuit curve held against each other at equal states of charge."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEWEST = 3
NEAR = 0.02
"""The slope at a voltage is that of the points within 2 % of the state of charge there."""

COLUMNS = {
    "soc": pl.Float64,
    "charge_voltage_volt": pl.Float64,
    "discharge_voltage_volt": pl.Float64,
    "hysteresis_volt": pl.Float64,
    "voltage_volt": pl.Float64,
    "interpolation_uncertainty_volt": pl.Float64,
    "reading_uncertainty_volt": pl.Float64,
    "standard_uncertainty_volt": pl.Float64,
    "source": pl.String,
}


def pairs(table: pl.DataFrame) -> pl.DataFrame:
    """Pair the branches: at the states of charge of the discharge's points, the charge branch interpolated.

    Parameters
    ----------
    table
        That of an `OpenCircuit`.

    Returns
    -------
    ``soc`` [1], ``charge_voltage_volt``, ``discharge_voltage_volt``, their difference ``hysteresis_volt``, their mean ``voltage_volt``
    and its ``standard_uncertainty_volt``, ``reading_uncertainty_volt`` (with that of the state of charge) and
    ``interpolation_uncertainty_volt`` [V], ``source``: ``rest`` where each branch has at least three rests, else ``sweep``; no row where
    neither has both branches.
    """
    known = table.filter(pl.col("soc").is_not_null())
    for source, chosen in (("rest", pl.col("source") != "sweep"), ("sweep", pl.col("source") == "sweep")):
        charge, discharge = (known.filter(chosen & (pl.col("direction") == way)) for way in ("charge", "discharge"))
        if min(charge.height, discharge.height) >= FEWEST and (found := _paired(charge, discharge, source)).height >= FEWEST:
            return found
    return pl.DataFrame(schema=COLUMNS)


def _paired(charge: pl.DataFrame, discharge: pl.DataFrame, source: str) -> pl.DataFrame:
    soc, volt = _path(charge)
    both = discharge.filter(pl.col("soc").is_between(soc[0], soc[-1])).sort("soc")
    at, below = both["soc"].to_numpy(), both["voltage_volt"].to_numpy()
    straight = np.interp(at, soc, volt)
    from scipy.interpolate import PchipInterpolator  # half a second to load, which only curves of two branches need

    above = PchipInterpolator(soc, volt)(at) if len(at) else straight
    gap = above - below
    return pl.DataFrame(
        {
            "soc": at,
            "charge_voltage_volt": above,
            "discharge_voltage_volt": below,
            "hysteresis_volt": gap,
            "voltage_volt": (above + below) / 2,
            "interpolation_uncertainty_volt": np.abs(above - straight) / np.sqrt(3),
            "reading_uncertainty_volt": both.select(pl.coalesce("curve_uncertainty_volt", "reading_uncertainty_volt")).to_series(),
            "standard_uncertainty_volt": None,
            "source": source,
        },
        schema=COLUMNS,
    ).with_columns(_of_mean())


def _of_mean() -> pl.Expr:
    triangle = pl.col("hysteresis_volt") ** 2 / 4 / 6
    return (
        (pl.col("reading_uncertainty_volt") ** 2 + (pl.col("interpolation_uncertainty_volt") / 2) ** 2 + triangle)
        .sqrt()
        .alias("standard_uncertainty_volt")
    )


def _path(branch: pl.DataFrame) -> tuple[Floats, Floats]:
    """State of charge, strictly rising, and voltage of a branch; where two points have one state of charge their mean."""
    joined = branch.group_by(pl.col("soc").round(6)).agg(pl.col("voltage_volt").mean()).sort("soc")
    return joined["soc"].to_numpy(), joined["voltage_volt"].to_numpy()


def slope_at(table: pl.DataFrame, volt: float, direction: str) -> tuple[float, float] | None:
    """Return dV/dSOC [V] of a branch where it has a voltage [V], and its standard uncertainty; None outside, or where points are too few.

    Of the mean of the branches, else of the branch of the direction, else of the other. The slope is that of a line by least squares
    through the points within 2 % of the state of charge, at least three; its uncertainty is by their scatter and by what lines through
    either half differ.
    """
    known = table.filter(pl.col("soc").is_not_null())
    ways = (direction, "charge" if direction == "discharge" else "discharge")
    branches = [pairs(table), *(known.filter((pl.col("direction") == way) & kind) for way in ways for kind in _KINDS)]
    found = next((b for b in branches if b.height >= FEWEST), None)
    if found is None:
        return None
    soc, path = _path(found)
    order = np.argsort(path)
    if not path[order][0] <= volt <= path[order][-1]:
        return None
    at = float(np.interp(volt, path[order], soc[order]))
    near = np.argsort(np.abs(soc - at))[: max(FEWEST, int((np.abs(soc - at) <= NEAR).sum()))]
    line, covariance = np.polyfit(soc[near], path[near], 1, cov="unscaled")
    scatter = path[near] - np.polyval(line, soc[near])
    spread = np.sqrt(float(scatter @ scatter) / max(len(near) - 2, 1) * covariance[0, 0])
    halves = [np.polyfit(soc[h], path[h], 1)[0] for h in (near[soc[near] <= at], near[soc[near] >= at]) if len(h) > 1]
    bend = abs(halves[0] - halves[1]) / np.sqrt(12) if len(halves) == 2 else 0.0
    return float(line[0]), float(np.hypot(spread, bend))


_KINDS = (pl.col("source") == "sweep", pl.col("source") != "sweep")
