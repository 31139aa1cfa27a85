"""How a test was meant to be run, as dated data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cellwright.core.boundary import Strict, parse_yaml_text
from cellwright.core.frozen import freeze_fields
from cellwright.core.rules import Status


@dataclass(frozen=True)
class Charge(Strict):
    """How the battery is charged.

    Parameters
    ----------
    c_rate, tolerance
        Constant current as a multiple of the rated capacity [1/h], and how far it may be off, as a share of it.
    taper_c_rate
        At the upper limit the voltage is held until the current has fallen to this [1/h]; None where the charge ends at the limit.
    rest_after_s
        Shortest rest after it [s].
    """

    c_rate: float
    tolerance: float
    taper_c_rate: float | None
    rest_after_s: float


@dataclass(frozen=True)
class Discharge(Strict):
    """How the battery is discharged to its lower limit; fields as in `Charge`."""

    c_rate: float
    tolerance: float
    rest_after_s: float


@dataclass(frozen=True)
class Preconditioning(Strict):
    """Full cycles run before the one that counts, until they agree.

    Parameters
    ----------
    maximum_cycles
        No more than this many.
    agreeing_cells, agreeing_packs
        How many capacities in a row have to agree, for a cell and for a module or pack.
    within
        How far they may lie apart, as a share of the rated capacity.
    source, clause, status
        Where this comes from and how well that is known.
    """

    maximum_cycles: int
    agreeing_cells: int
    agreeing_packs: int
    within: float
    source: str
    status: Status
    clause: str | None = None


@dataclass(frozen=True)
class Pulse(Strict):
    """One pulse: direction, current as a multiple of the rated capacity [1/h], its length and that of the rest before it [s]."""

    direction: Literal["charge", "discharge"]
    c_rate: float
    duration_s: float
    rest_before_s: float


@dataclass(frozen=True)
class Pulses(Strict):
    """The pulses of a test.

    Parameters
    ----------
    sequence
        The pulses, in their order.
    tolerance
        How far current and duration may be off, and the rest too short, as a share.
    states_of_charge
        Where the sequence is run [1]; empty where it is run once, wherever the battery stands.
    within
        How far the state of charge may be off [1].
    """

    sequence: tuple[Pulse, ...]
    tolerance: float
    states_of_charge: tuple[float, ...] = ()
    within: float = 0.03


@dataclass(frozen=True)
class Procedure(Strict):
    """A test procedure.

    Parameters
    ----------
    name, date
        Its name and the date of its content.
    title
        By language.
    source, status
        Where its figures come from and how well that is known; what has a source of its own says so there.
    temperature_celsius, temperature_tolerance_kelvin
        Of the battery at the start of what is measured.
    soak_s
        Shortest time at that temperature before the first current [s].
    sampling_interval_s
        Longest time between two samples under current [s].
    charge, discharge, preconditioning
        The reference cycle; None where the procedure has none.
    pulses
        None where the procedure has none.
    """

    name: str
    date: dt.date
    title: Mapping[str, str]
    source: str
    status: Status
    temperature_celsius: float
    temperature_tolerance_kelvin: float
    soak_s: float
    sampling_interval_s: float
    charge: Charge | None = None
    discharge: Discharge | None = None
    preconditioning: Preconditioning | None = None
    pulses: Pulses | None = None

    def __post_init__(self) -> None:
        freeze_fields(self, "title")


def parse_procedure(text: str, where: str) -> Procedure:
    """Parse a procedure file.

    Parameters
    ----------
    text
        YAML; keys and units are the fields of `Procedure`.
    where
        The file's name, for errors.

    Raises
    ------
    ListError
        For a key that nobody knows (with the nearest right one), a missing key or a wrong value.
    """
    return parse_yaml_text(Procedure, text, where)
