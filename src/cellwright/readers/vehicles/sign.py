"""Which way a logged current flows: as the map says, held against how the voltage answers its steps.

A current that charges lifts the voltage across the battery's resistance, so from one sample to the next both go the same way. Driving and
charging give hundreds of such steps, each of them evidence; a quiet log gives none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import polars as pl

from cellwright.core.columns import CURRENT, TIME, VOLTAGE
from cellwright.core.errors import MissingColumn
from cellwright.core.messages import Message, message

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STEP = 0.1
"""Share of the greatest current from which a change of it moves the voltage further than noise and charge do."""

LONGEST_S = 120.0
FEWEST_STEPS = 5
APART = (1, 10, 100)
SURE = 0.8

Positive = Literal["charge", "discharge"]


@dataclass(frozen=True)
class Evidence:
    """How many steps of the current there were, and after how many the voltage went the other way."""

    steps: int
    against: int

    @property
    def positive(self) -> Positive | None:
        """What a positive current does, where the steps agree on it."""
        if self.steps < FEWEST_STEPS:
            return None
        share = self.against / self.steps
        return "discharge" if share >= SURE else "charge" if share <= 1 - SURE else None


def turned(table: pl.DataFrame, declared: Positive | None, file: str) -> tuple[pl.DataFrame, list[Message]]:
    """Make positive charge; raises `MissingColumn` where neither the map nor the voltage tells which way the current flows."""
    if CURRENT not in table.columns:
        return table, []
    seen = evidence(table)
    positive = declared or seen.positive
    if positive is None:
        raise MissingColumn("readers.sign_unknown", file=file)
    agree = seen.against if positive == "discharge" else seen.steps - seen.against
    notes = [message(f"readers.sign_{'declared' if declared else 'worked_out'}_{positive}", agree=agree, steps=seen.steps)]
    if not seen.steps:
        notes = [message(f"readers.sign_unproven_{positive}")]
    if declared and seen.positive and seen.positive != declared:
        notes = [message("readers.sign_contradicted", agree=agree, steps=seen.steps)]
    reversed_ = pl.when(pl.col(CURRENT) != 0).then(-pl.col(CURRENT)).otherwise(pl.col(CURRENT).abs())
    return (table.with_columns(reversed_.alias(CURRENT)) if positive == "discharge" else table), notes


def evidence(table: pl.DataFrame) -> Evidence:
    """Count steps of the current, at most two minutes long, and those that the voltage answered the other way.

    A log that is sampled so quickly that no two neighbours are a step apart is looked at ten or a hundred samples apart.
    """
    if not {TIME, VOLTAGE, CURRENT} <= set(table.columns):
        return Evidence(0, 0)
    import numpy as np

    log = np.stack([table[name].cast(pl.Float64, strict=False).to_numpy() for name in (TIME, VOLTAGE, CURRENT)])
    found = Evidence(0, 0)
    for apart in APART:
        found = _steps(log, apart)
        if found.steps >= FEWEST_STEPS:
            break
    return found


def _steps(log: NDArray[np.float64], apart: int) -> Evidence:
    import numpy as np

    passed, answer, moved = log[:, apart:] - log[:, :-apart]
    with np.errstate(invalid="ignore"):
        large = np.abs(moved) > STEP * np.nanmax(np.abs(log[2]), initial=0.0)
        steps = large & (passed >= 0) & (passed <= LONGEST_S) & (np.abs(answer) > 0)
    return Evidence(int(steps.sum()), int((steps & (np.sign(moved) != np.sign(answer))).sum()))
