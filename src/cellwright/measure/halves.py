"""Where a battery turned from being charged to being discharged, and back: the halves that cycles are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Direction = Literal["charge", "discharge"]

TURN = 0.05
RUNS = 4.0
"""A turn is one where at least 5 % of the span of the charge flows back: pulses and recuperated energy stay within their half. The span
is at most four times the longest run in one direction, so that what an offset adds up over a thousand cycles is no part of it."""


@dataclass(frozen=True)
class Half:
    """A charge or a discharge with the rests and the counter-pulses in it: its first step and its last, rows of the steps table."""

    direction: Direction
    first: int
    last: int


def halves(moved: NDArray[np.float64]) -> tuple[Half, ...]:
    """Find the halves; parameters and method as `begun`."""
    firsts, charged = begun(moved)
    lasts = np.append(firsts[1:] - 1, len(moved) - 1)[: len(firsts)]
    found = zip(charged.tolist(), firsts.tolist(), lasts.tolist(), strict=True)
    return tuple(Half("charge" if into else "discharge", first, last) for into, first, last in found)


def begun(moved: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Find the first step of each half, and whether it is a charge.

    Parameters
    ----------
    moved
        Charge put in (positive) or taken out in each step [Ah]; 0 for a rest.

    Notes
    -----
    Turning points of the cumulative charge with a hysteresis, as in the counting of load cycles. A rest belongs to the half before it;
    those at the beginning to the first.
    """
    rows = np.flatnonzero(moved)
    if not len(rows):
        return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=bool)
    turns = np.array(_turns(np.cumsum(moved[rows]), _least_turn(moved[rows])), dtype=np.intp)
    firsts = np.append(0, rows[turns + 1])
    return firsts, np.add.reduceat(moved, firsts) > 0


def _least_turn(moved: NDArray[np.float64]) -> float:
    """Charge [Ah] that has to flow back."""
    state = np.cumsum(moved)
    runs = np.add.reduceat(moved, np.flatnonzero(np.diff(np.sign(moved), prepend=0.0)))
    span = float(max(state.max(), 0.0) - min(state.min(), 0.0))
    return TURN * min(span, RUNS * float(np.abs(runs).max()))


def _turns(state: NDArray[np.float64], least: float) -> list[int]:
    """Rows after which the charge turned."""
    turns: list[int] = []
    way, high, low, high_at, low_at = 0, 0.0, 0.0, -1, -1
    for row, charge in enumerate(state.tolist()):
        if charge > high:
            high, high_at = charge, row
        if charge < low:
            low, low_at = charge, row
        if way >= 0 and high - charge >= least:
            turns.append(high_at)
            way, low, low_at = -1, charge, row
        elif way <= 0 and charge - low >= least:
            turns.append(low_at)
            way, high, high_at = 1, charge, row
    return [turn for turn in turns if turn >= 0]
