"""What an auditor asks for: methods and their versions, where the uncertainty comes from, and every other value."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from math import hypot

from cellwright.core.assessment import Assessment
from cellwright.core.quantity import Evidence, Method, Quantity
from cellwright.report import conditions
from cellwright.report.numbers import SPACE, Shown, decimals, fixed, scale, shown
from cellwright.report.words import Words

MAIN = (
    "capacity",
    "capacity_soh",
    "energy_soh",
    "bms_soh",
    "dc_resistance",
    "ohmic_resistance",
    "charge_transfer_resistance",
    "discharge_power",
    "charge_power",
)
_DESCRIBED = ("capacity", "dc_resistance")
_BUDGETED = ("capacity", "dc_resistance")
_INPUTS_SHOWN = 5
_VALUES_SHOWN = 24


@dataclass(frozen=True)
class Share:
    """One input's part of an uncertainty: its standard uncertainty in the unit of the result, and its share of the variance."""

    input: str
    contribution: str
    share: float


@dataclass(frozen=True)
class Budget:
    """Where the uncertainty of a quantity comes from, largest first."""

    name: str
    shown: Shown
    unit: str
    degrees_of_freedom: float | None
    shares: tuple[Share, ...]


@dataclass(frozen=True)
class Further:
    """A value beyond those of the first page."""

    name: str
    shown: Shown
    conditions: tuple[str, ...]
    origin: str


@dataclass(frozen=True)
class Missing:
    """Values that could not be had, and why."""

    name: str
    reason: str
    count: int


def methods(assessment: Assessment) -> tuple[tuple[Method, tuple[str, ...]], ...]:
    """Return each method with the names of the quantities it gave."""
    used: dict[Method, dict[str, None]] = {}
    for name, found in assessment.quantities.items():
        for quantity in found:
            if quantity.method:
                used.setdefault(quantity.method, {})[name] = None
    return tuple((method, tuple(names)) for method, names in used.items())


def traces(assessment: Assessment) -> tuple[tuple[str, tuple[Evidence, ...]], ...]:
    """Return the rows that each quantity of the first page stands on."""
    first = ((name, assessment.first(name)) for name in MAIN)
    return tuple((name, q.evidence) for name, q in first if q and q.evidence)


def circumstances(assessment: Assessment, words: Words) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return all conditions of the values of the first page."""
    first = ((name, assessment.first(name)) for name in _DESCRIBED)
    return tuple((name, tuple(stated)) for name, q in first if q and (stated := conditions.described(q, words)))


def budgets(assessment: Assessment, words: Words) -> tuple[Budget, ...]:
    """Return the uncertainty budgets of the measured quantities of the first page."""
    first = (assessment.first(name) for name in _BUDGETED)
    return tuple(_budget(q, ready, words) for q in first if q and q.components and (ready := shown(q)) and ready.expanded)


def further(assessment: Assessment, words: Words) -> tuple[tuple[Further, ...], int]:
    """Return the values beyond the first page and the resistances, at most some of each name, and how many were left out."""
    kept: list[Further] = []
    left_out = 0
    for name, found in assessment.quantities.items():
        if name == "dc_resistance":
            continue
        beyond = found[1:] if name in MAIN else found
        known = [(q, ready) for q in beyond if (ready := shown(q))]
        kept += [Further(name, ready, tuple(conditions.described(q, words)), q.origin) for q, ready in known[:_VALUES_SHOWN]]
        left_out += max(len(known) - _VALUES_SHOWN, 0)
    return tuple(kept), left_out


def missing(assessment: Assessment, words: Words) -> tuple[Missing, ...]:
    """Return what could not be had, each reason once with its count."""
    counts = Counter((q.name, words.say(q.reason)) for found in assessment.quantities.values() for q in found if q.reason)
    return tuple(Missing(name, reason, count) for (name, reason), count in counts.items())


def _budget(quantity: Quantity, ready: Shown, words: Words) -> Budget:
    factor, unit = scale(quantity)
    total = quantity.standard_uncertainty or 0.0
    parts = sorted(_by_kind(quantity, words).items(), key=lambda part: -part[1])
    digits = decimals(factor * total) + 1
    shares = [Share(name, f"{_at_least(factor * part, digits)}{SPACE}{unit}", (part / total) ** 2) for name, part in parts[:_INPUTS_SHOWN]]
    return Budget(quantity.name, ready, unit, quantity.degrees_of_freedom, tuple(shares))


def _at_least(value: float, digits: int) -> str:
    smallest = 10.0**-digits
    return f"<{SPACE}{fixed(smallest, digits)}" if value < smallest / 2 else fixed(value, digits)


def _by_kind(quantity: Quantity, words: Words) -> dict[str, float]:
    """Contributions by what they come from, e.g. the readings' resolution; independent inputs of a kind add in quadrature."""
    kinds: dict[str, float] = {}
    for key, contribution in quantity.components.items():
        kind = input_kind(key, words)
        kinds[kind] = hypot(kinds.get(kind, 0.0), contribution)
    return kinds


_NUMBER = re.compile(r"[\d.]+")


def input_kind(key: str, words: Words) -> str:
    """Return what an input is: ``make/model:current:gain``, ``3f2a…:812:voltage:resolution`` a gain, a resolution, of whichever reading.

    What a fit leaves unknown has directions with a number each, ``…:fit#2``, which are one kind.
    """
    parts = key.split(":")[1:] or [key]
    named = [
        "fit" if "#" in p else "temperature" if "_celsius" in p else p for p in parts if not (_NUMBER.fullmatch(p) or p.startswith("cell "))
    ]
    return words.label("input", "_".join(named).replace(" ", "_"))
