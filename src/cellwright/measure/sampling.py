"""How well the rows of a recording have the charge that flowed: a current that swings between them is known only where it was read."""

from __future__ import annotations

from math import sqrt

import numpy as np

from cellwright.core.columns import CURRENT, TIME
from cellwright.measure.course import Course

SECOND_DIFFERENCE = 1.5
"""Variance of a reading less the mean of its neighbours', where they are independent, over that of one reading: 1 + 1/4 + 1/4."""


def sampling_ah(course: Course, first: int, last: int) -> float:
    """Standard uncertainty of the charge of steps [Ah], both ends included, for what the current did between its readings.

    Each reading stands for the time halfway to its neighbours. By how much it may be off there is told by how far it lies from the line
    between them: nothing for a steady current or a slow taper, all of its swing for one that is read now high, now low.
    u² = Σ (Δtᵢ·dᵢ)²/1.5 with dᵢ = Iᵢ − (Iᵢ₋₁ + Iᵢ₊₁)/2, after Gasser, Sroka and Jennen-Steinmetz, Biometrika 73 (1986) 625,
    doi:10.1093/biomet/73.3.625.
    """
    if course.recording.sampling == "step":
        return 0.0
    squares = sum(_square(course, row) for row in range(first, last + 1) if course.rows[row]["kind"] != "rest")
    return sqrt(squares / SECOND_DIFFERENCE) / 3600


def _square(course: Course, row: int) -> float:
    """Return Σ (Δt·d)² over the samples inside a step [(A·s)²]."""
    samples = course.samples[course.span(row, row)]
    time, current = (samples[name].to_numpy().astype(np.float64) for name in (TIME, CURRENT))
    stood_for = (time[2:] - time[:-2]) / 2
    off = current[1:-1] - (current[2:] + current[:-2]) / 2
    swing = stood_for * off
    return float(swing @ swing)
