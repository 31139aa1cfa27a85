"""How a test was meant to be run, as dated data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cellwright.core.battery import Level
from cellwright.core.boundary import Strict, parse_yaml_text
from cellwright.core.frozen import freeze_fields
from cellwright.core.rules import Status


@dataclass(frozen=True, kw_only=True)
class Cited(Strict):
    """Part of a procedure that may have a source of its own.

    Parameters
    ----------
    source, clause, status
        Where its figures come from and how well that is known; None where that is as for the whole procedure.
    """

    source: str | None = None
    clause: str | None = None
    status: Status | None = None


@dataclass(frozen=True)
class Charge(Cited):
    """How the battery is charged to its upper limit.

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
class Discharge(Cited):
    """How the battery is discharged to its lower limit; fields as in `Charge`."""

    c_rate: float
    tolerance: float
    rest_after_s: float


@dataclass(frozen=True)
class Preconditioning(Cited):
    """Full cycles run before the one that counts, until they agree.

    Parameters
    ----------
    maximum_cycles
        No more than this many.
    agreeing_cells, agreeing_packs
        How many capacities in a row have to agree, for a cell and for a module or pack.
    within
        How far they may lie apart, as a share of the rated capacity.
    """

    maximum_cycles: int
    agreeing_cells: int
    agreeing_packs: int
    within: float


@dataclass(frozen=True)
class Pulse(Cited):
    """One pulse: direction, current as a multiple of the rated capacity [1/h], its length and that of the rest before it [s]."""

    direction: Literal["charge", "discharge"]
    c_rate: float
    duration_s: float
    rest_before_s: float


@dataclass(frozen=True)
class Pulses(Cited):
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
    between_c_rate
        Rate of the discharge from one state of charge to the next [1/h]; None where there is no such discharge, or any will do.
    """

    sequence: tuple[Pulse, ...]
    tolerance: float
    states_of_charge: tuple[float, ...] = ()
    within: float = 0.03
    between_c_rate: float | None = None


@dataclass(frozen=True)
class LongRest(Cited):
    """A rest that is itself what is measured.

    Parameters
    ----------
    duration_s
        Its shortest length [s].
    after
        What comes before it.
    state_of_charge, within
        At which state of charge it begins, and how far that may be off [1]; None where it is not asked for.
    """

    duration_s: float
    after: Literal["charge", "discharge"]
    state_of_charge: float | None = None
    within: float = 0.03


@dataclass(frozen=True)
class Titration(Cited):
    """Steps of current with a rest after each.

    Parameters
    ----------
    direction, c_rate, tolerance
        Of the steps: current as a multiple of the rated capacity [1/h]; how far that and the charge may be off, as a share.
    step
        Charge of one step, as a share of the capacity [1].
    count
        How many steps there are at least.
    rest_after_s
        Shortest rest after each [s].
    """

    direction: Literal["charge", "discharge"]
    c_rate: float
    tolerance: float
    step: float
    count: int
    rest_after_s: float


@dataclass(frozen=True)
class Partial(Cited):
    """A charge or discharge from wherever the battery stands, ended by time: rates as in `Titration`, times [s]."""

    direction: Literal["charge", "discharge"]
    c_rate: float
    tolerance: float
    duration_s: float
    rest_before_s: float
    rest_after_s: float


@dataclass(frozen=True)
class Spectra(Cited):
    """An impedance spectrum: between which frequencies [Hz], and how many of them a decade."""

    highest_hertz: float
    lowest_hertz: float
    points_per_decade: float


@dataclass(frozen=True)
class Cells(Cited):
    """What is asked of the single cells of a module or pack; every cell's voltage is recorded.

    Parameters
    ----------
    beyond_volt
        How far any cell may go beyond its limit, which is the battery's over its cells in series [V].
    rest_spread_volt
        How far the cells may lie apart at the end of the rest before what is measured [V].
    probes, probe_spread_kelvin
        How many temperature probes there are at least, and how far they may lie apart at the start of what is measured [K].
    """

    beyond_volt: float
    rest_spread_volt: float
    probes: int
    probe_spread_kelvin: float


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
        Longest time between two samples of what is measured [s]; None where it has no samples over time.
    level
        What it is for; None where it is for any.
    charge, discharge, preconditioning
        The reference cycle, or the charge before what is measured; None where the procedure has none.
    pulses, long_rest, titration, partial, spectra, cells
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
    sampling_interval_s: float | None = None
    level: Level | None = None
    charge: Charge | None = None
    discharge: Discharge | None = None
    preconditioning: Preconditioning | None = None
    pulses: Pulses | None = None
    long_rest: LongRest | None = None
    titration: Titration | None = None
    partial: Partial | None = None
    spectra: Spectra | None = None
    cells: Cells | None = None

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

    Returns
    -------
    `Procedure`.

    Raises
    ------
    ListError
        For a key that nobody knows (with the nearest right one), a missing key or a wrong value.
    """
    return parse_yaml_text(Procedure, text, where)
