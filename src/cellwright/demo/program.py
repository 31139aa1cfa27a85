"""The test programs: what the tester is told to do, step by step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

RATED_AH = 60.0
RATED_C_RATE = 1 / 3
UPPER_VOLT = 4.2
LOWER_VOLT = 2.8
CUTOFF_C_RATE = 1 / 20

# A module's ratings, its window for each of its cells on average; the cells' own limits stop it where one of them is reached first.
MODULE_RATED_AH = 57.0
MODULE_UPPER_VOLT = 4.15
MODULE_LOWER_VOLT = 3.0

PULSE_S = 10.0
PULSED_AT = (0.9, 0.7, 0.5, 0.3, 0.1)

_HOUR = 3600.0


@dataclass(frozen=True)
class Step:
    """One step of a program.

    Parameters
    ----------
    number
        Its number in the program; a loop's steps come again under the same number.
    kind
        What it does.
    cycle
        The cycle it belongs to, from 1.
    c_rate
        Current in multiples of a cell's rated capacity, positive charges [1/h].
    every_s
        Time between records [s].
    duration_s
        It ends after this time at the latest [s].
    volt
        It ends at this cell voltage [V], or holds it where `cutoff_c_rate` is given.
    cutoff_c_rate
        The held voltage ends at this current [1/h].
    share
        It ends after this share of the charge that the last full discharge gave [1].
    guard_volt
        Of cells in series: it ends where any one of them reaches this voltage [V].
    """

    number: int
    kind: Literal["rest", "charge", "discharge"]
    cycle: int = 1
    c_rate: float = 0.0
    every_s: float = 30.0
    duration_s: float | None = None
    volt: float | None = None
    cutoff_c_rate: float | None = None
    share: float | None = None
    guard_volt: float | None = None

    @property
    def full_discharge(self) -> bool:
        """Whether its charge is a capacity."""
        return self.kind == "discharge" and self.duration_s is None and self.share is None


def capacity_cycle(first: int, cycle: int) -> tuple[Step, ...]:
    """Charge at C/3 and constant voltage, rest, discharge at C/3 to the lower limit, rest; steps are numbered from `first`."""
    return (
        Step(first, "charge", cycle, RATED_C_RATE, volt=UPPER_VOLT, cutoff_c_rate=CUTOFF_C_RATE),
        Step(first + 1, "rest", cycle, every_s=60, duration_s=_HOUR),
        Step(first + 2, "discharge", cycle, -RATED_C_RATE, volt=LOWER_VOLT),
        Step(first + 3, "rest", cycle, every_s=60, duration_s=_HOUR),
    )


def pulses(first: int, cycle: int) -> tuple[Step, ...]:
    """From full, go down through the states of charge and pulse at each: 1C out, 0.75C in, 10 s each."""
    loop: list[Step] = []
    before = 1.0
    for charged in PULSED_AT:
        loop += [
            Step(first, "discharge", cycle, -RATED_C_RATE, volt=LOWER_VOLT, share=before - charged),
            Step(first + 1, "rest", cycle, every_s=60, duration_s=_HOUR / 2),
            Step(first + 2, "discharge", cycle, -1.0, every_s=0.1, duration_s=PULSE_S, volt=LOWER_VOLT),
            Step(first + 3, "rest", cycle, every_s=1, duration_s=40),
            Step(first + 4, "charge", cycle, 0.75, every_s=0.1, duration_s=PULSE_S, volt=UPPER_VOLT),
            Step(first + 5, "rest", cycle, every_s=1, duration_s=40),
        ]
        before = charged
    return tuple(loop)


def cell_test() -> tuple[Step, ...]:
    """A cell's test: two capacity cycles, so that the second is conditioned, then pulses."""
    charge, rest, *_ = capacity_cycle(6, 3)
    return _soak(), *capacity_cycle(2, 1), *capacity_cycle(2, 2), charge, rest, *pulses(8, 3)


def module_test() -> tuple[Step, ...]:
    """A module's test as it arrived: one capacity cycle, then charged to about 30 % for taking it apart."""
    rate = RATED_C_RATE * MODULE_RATED_AH / RATED_AH
    cutoff = CUTOFF_C_RATE * MODULE_RATED_AH / RATED_AH
    charge, rest, discharge, _ = capacity_cycle(2, 1)
    return (
        _soak(),
        replace(charge, c_rate=rate, cutoff_c_rate=cutoff, volt=MODULE_UPPER_VOLT, guard_volt=UPPER_VOLT),
        rest,
        replace(discharge, c_rate=-rate, volt=MODULE_LOWER_VOLT, guard_volt=LOWER_VOLT),
        replace(rest, number=5),
        Step(6, "charge", 2, rate, share=0.3, guard_volt=UPPER_VOLT),
        replace(rest, number=7, cycle=2),
    )


def _soak() -> Step:
    return Step(1, "rest", every_s=60, duration_s=_HOUR)


def store(hours: float) -> Step:
    """Lie on the shelf."""
    return Step(1, "rest", every_s=600, duration_s=hours * _HOUR)
