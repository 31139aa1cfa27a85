"""Which cell of a string has the least capacity, and which others may as well have it."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot

import numpy as np

from cellwright.core.quantity import Quantity, propagate
from cellwright.measure.modules.capacity import at_least_apart
from cellwright.measure.modules.discharging import Discharged
from cellwright.measure.modules.spreading import METHOD

SURE = 2.0
"""How many standard uncertainties a cell lies above the weakest that surely is not: in 98 of 100 cases, if normal."""

AHEAD = 0.5
"""Share that is counted of what a cell would still have given on the curve of another, which has another shape."""


def weakest(capacities: Sequence[Quantity], discharged: Discharged | None) -> int | None:
    """Return the cell with the least capacity that is known; where fewer than two are, the lowest at the end of the discharge."""
    known = [q for q in capacities if q.value is not None]
    if len(known) > 1:
        return _cell(min(known, key=lambda q: q.value or 0.0))
    if discharged is None or not np.isfinite(discharged.ended_volt).any():
        return None
    return int(np.nanargmin(discharged.ended_volt)) + 1


def candidates(capacities: Sequence[Quantity], discharged: Discharged | None) -> tuple[int, ...]:
    """Return the cells, from 1, of which none is surely stronger than the weakest; every one that was read where no capacity is known."""
    if discharged is None:
        return ()
    known = [q for q in capacities if q.value is not None]
    if not known:
        return tuple(int(cell) + 1 for cell in np.flatnonzero(np.isfinite(discharged.ended_volt)))
    least = min(known, key=lambda q: q.value or 0.0)
    others = (q for q in capacities if q is least or _may_be(q, least, discharged))
    return tuple(_cell(q) for q in others)


def _may_be(other: Quantity, least: Quantity, discharged: Discharged) -> bool:
    """Whether a cell may be weaker than the one with the least known value; what both share, as the error of the current, cancels."""
    cell = _cell(other) - 1
    if other.value is not None:
        gap = other.value - (least.value or 0.0)
        apart = propagate("gap", "Ah", gap, [(other, 1.0), (least, -1.0)], method=METHOD)
        return gap < SURE * (apart.standard_uncertainty or 0.0)
    if not np.isfinite(discharged.ended_volt[cell]):
        return False
    taken, unsure = at_least_apart(discharged, cell)
    ahead = discharged.taken_ah - discharged.above_ah(float(discharged.ended_volt[cell]), _cell(least) - 1)
    own = hypot(*(u for name, u in least.components.items() if ":current:" not in name)) if least.components else 0.0
    return taken + AHEAD * ahead - (least.value or 0.0) < SURE * hypot(unsure, own)


def _cell(quantity: Quantity) -> int:
    return int(quantity.conditions["cell"])
