"""Second pass: what a battery is, seen beside its siblings: findings, verdict, decision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cellwright import grading, safety
from cellwright.assess.single import Measured
from cellwright.core.assessment import Assessment, Claim, Stamp
from cellwright.core.battery import Battery
from cellwright.core.quantity import Quantity
from cellwright.core.rules import RuleSet

Kin = tuple[object, ...]
Part = tuple[Battery, Mapping[str, tuple[Quantity, ...]]]


@dataclass(frozen=True)
class Survey:
    """What of all batteries each one is seen beside.

    Parameters
    ----------
    siblings
        Resistances by kin.
    parts
        The smallest batteries listed that each battery is made of, by its id, with their states of health: of a pack the cells of its
        modules, where these are listed.
    """

    siblings: Mapping[Kin, safety.Siblings]
    parts: Mapping[str, tuple[Part, ...]]


def survey(batteries: Iterable[Measured]) -> Survey:
    """Go over all batteries once and keep only what a comparison needs; a truckload's quantities would not fit in memory."""
    groups: dict[Kin, list[safety.Siblings]] = defaultdict(list)
    parts: dict[str, list[Part]] = defaultdict(list)
    for measured in batteries:
        battery = measured.battery
        if (group := kin(battery)) is not None:
            groups[group].append(safety.sibling(battery.id, measured.quantities.get("dc_resistance", ())))
        if battery.parent:
            parts[battery.parent].append((battery, {"capacity_soh": measured.quantities.get("capacity_soh", ())}))
    return Survey({k: safety.siblings(v) for k, v in groups.items()}, {whole: tuple(_smallest(whole, parts)) for whole in parts})


def _smallest(whole: str, parts: Mapping[str, Sequence[Part]]) -> Iterator[Part]:
    for part in parts[whole]:
        if part[0].id in parts:
            yield from _smallest(part[0].id, parts)
        else:
            yield part


def kin(battery: Battery) -> Kin | None:
    """What makes batteries siblings: one parent, else one design; None where nothing says so."""
    if battery.parent:
        return "parent", battery.parent, battery.level
    if battery.rated_capacity_ah is None:
        return None
    return "design", battery.level, battery.chemistry, battery.format, battery.rated_capacity_ah


def conclude(measured: Measured, seen: Survey, rules: RuleSet, procedure: Stamp) -> Assessment:
    """Screen and grade one battery; a finished module or pack whose parts are here is also asked whether it is remanufactured."""
    battery, quantities = measured.battery, measured.quantities
    group = kin(battery)
    findings, verdict = safety.screen(battery, quantities, seen.siblings[group] if group else safety.Siblings(), rules.safety)
    decision = grading.grade(battery, quantities, verdict, rules)
    return Assessment(
        battery=battery,
        sources=measured.sources,
        quantities=quantities,
        findings=findings,
        verdict=verdict,
        decision=replace(decision, claims=_claims(measured, seen, rules)),
        deviations=measured.deviations,
        notes=measured.notes,
        tester=measured.tester,
        procedure=procedure,
    )


def _claims(measured: Measured, seen: Survey, rules: RuleSet) -> tuple[Claim, ...]:
    parts = seen.parts.get(measured.battery.id)
    return (grading.remanufactured(measured.battery, parts, rules, measured.quantities),) if parts else ()
