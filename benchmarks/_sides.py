"""Two sides of a comparison, and how far apart they may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

What = Literal["capacity", "resistance", "rest voltage"]

TARGETS: dict[What, float] = {"capacity": 0.5, "resistance": 2.0, "rest voltage": 1.0}
UNITS: dict[What, str] = {"capacity": "%", "resistance": "%", "rest voltage": "mV"}


@dataclass(frozen=True)
class Pairs:
    """What we and another say of the same things.

    Parameters
    ----------
    file
        Of which file, and its channel where it has several.
    other
        Whom it is held against.
    what
        What was measured.
    ours, theirs
        In the same order and unit: Ah, ohm, V.
    """

    file: str
    other: str
    what: What
    ours: tuple[float, ...]
    theirs: tuple[float, ...]

    @property
    def apart(self) -> tuple[float, ...]:
        """How far apart each pair is: as a share of the greater one [%], voltages [mV]."""
        if self.what == "rest voltage":
            return tuple(abs(a - b) * 1e3 for a, b in zip(self.ours, self.theirs, strict=True))
        return tuple(100 * abs(a - b) / (max(abs(a), abs(b)) or 1.0) for a, b in zip(self.ours, self.theirs, strict=True))

    @property
    def greatest(self) -> float:
        """The greatest difference."""
        return max(self.apart)

    @property
    def above(self) -> int:
        """How many pairs are further apart than the target."""
        return sum(a > TARGETS[self.what] for a in self.apart)
