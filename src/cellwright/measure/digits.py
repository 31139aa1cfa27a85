"""In which steps a channel was read, where these are no power of ten: 5 mV of a battery management system, for instance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FEWEST = 8
FINEST = 1e-5
"""Below, single precision tells no steps of a cell's voltage [V]."""

OFF_A_STEP = 0.1
NEIGHBOURS = 1.5


def read_step(values: NDArray[np.float64], distinct: int = FEWEST) -> float:
    """Return the step that all readings are multiples of; 0 where there is none, or fewer than ``distinct`` values tell it."""
    found = np.unique(values)
    if len(found) < distinct:
        return 0.0
    apart = np.diff(found)
    apart = apart[apart > FINEST]  # one reading, written in single precision, is not two
    if not len(apart):
        return 0.0
    step = float(np.median(apart[apart < NEIGHBOURS * apart.min()]))
    span = float(found[-1] - found[0])
    step = span / round(span / step)
    off = np.abs(found / step - np.rint(found / step))
    return step if float(off.max()) <= OFF_A_STEP else 0.0
