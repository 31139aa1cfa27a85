"""Half-cell curves: the potential of one electrode over how much lithium is in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from cellwright.core.errors import UsageError

FEWEST_POINTS = 20
FALL_VOLT = 1e-9
"""Least fall from point to point, so that each potential stands for one stoichiometry."""

Floats = NDArray[Any]


@dataclass(frozen=True, eq=False)
class HalfCell:
    """An active material's open-circuit potential.

    Parameters
    ----------
    name
        Of the material, e.g. ``graphite (Chen 2020)``.
    stoichiometry, potential_volt
        Lithium in it as a share of its sites [1], rising, and its potential against lithium [V], falling, shape ``(n,)``.
    source
        Where the curve comes from: a DOI, a file.
    """

    name: str
    stoichiometry: Floats
    potential_volt: Floats
    source: str | None = None

    def potential(self, stoichiometry: Floats) -> Floats:
        """Return the potential [V] at stoichiometries [1]; beyond the curve's ends that of its end."""
        return np.interp(stoichiometry, self.stoichiometry, self.potential_volt)


def half_cell(table: pl.DataFrame, name: str, source: str | None = None) -> HalfCell:
    """Make a half-cell curve of a table.

    Parameters
    ----------
    table
        ``potential_volt`` [V against lithium] and either ``stoichiometry`` [1] or ``capacity_ah`` [Ah, of a slow half-cell sweep in
        either direction, which is then taken for the whole range from 0 to 1].
    name
        Of the material: a fit without it could not be told from another.
    source
        DOI or file.

    Returns
    -------
    `HalfCell`, its stoichiometry rising and its potential falling.

    Raises
    ------
    UsageError
        Where a column is missing, the name is empty, there are fewer than 20 points, or the potential does not fall with lithium.
    """
    if not name.strip():
        raise UsageError("measure.half_cell_unnamed")
    columns = [c for c in ("stoichiometry", "capacity_ah") if c in table.columns]
    if not columns or "potential_volt" not in table.columns:
        raise UsageError("measure.half_cell_columns", name=name, columns=table.columns)
    known = table.select(columns[0], "potential_volt").drop_nulls().group_by(columns[0]).mean().sort(columns[0])
    if known.height < FEWEST_POINTS:
        raise UsageError("measure.half_cell_too_short", name=name, count=known.height, fewest=FEWEST_POINTS)
    lithium, volt = (known[c].to_numpy().astype(np.float64) for c in known.columns)
    if columns[0] == "capacity_ah":
        lithium = (lithium - lithium[0]) / (lithium[-1] - lithium[0])
        if volt[-1] > volt[0]:
            lithium, volt = 1 - lithium[::-1], volt[::-1]
    if volt[-1] >= volt[0]:
        raise UsageError("measure.half_cell_rises", name=name)
    return HalfCell(name, lithium, _falling(volt), source)


def blended(materials: tuple[HalfCell, ...], share: float) -> HalfCell:
    """Return two materials side by side as one.

    Notes
    -----
    Both are at one potential, so x(U) = (1 − f)·x₁(U) + f·x₂(U), with f the second one's share of the electrode's sites.
    """
    if len(materials) == 1:
        return materials[0]
    first, second = materials
    volt = np.union1d(first.potential_volt, second.potential_volt)[::-1]
    at = [np.interp(-volt, -m.potential_volt, m.stoichiometry) for m in materials]
    lithium = (1 - share) * at[0] + share * at[1]
    keep = np.concatenate([[True], np.diff(lithium) > 0])
    return HalfCell(f"{first.name} + {second.name}", lithium[keep], volt[keep])


def _falling(volt: Floats) -> Floats:
    """Return the potential without the little rises that noise makes in it."""
    return np.minimum.accumulate(volt) - FALL_VOLT * np.arange(len(volt))
