"""A battery's resistance beside that of its siblings: far from them, it has a fault of its own.

The comparison is robust, since there may be bad ones among the siblings too: the ratio to their median says whether the difference
matters, and the distance from it in median absolute deviations (times 1.4826, a standard deviation where the scatter is normal)
whether it stands out of their scatter. Both have to be large. It is two-sided: a resistance far too low is a mixed-up sample or a
wrong reading. It can hold, not reject: it says that one is unlike the others, not what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

import numpy as np
from numpy.typing import NDArray

from cellwright.core.assessment import Check, Finding
from cellwright.core.battery import Battery
from cellwright.core.messages import Message, message
from cellwright.core.quantity import Quantity, exact
from cellwright.core.rules import Rules
from cellwright.safety.exceeding import confidence_beyond, rounded

TOO_FEW = "safety.too_few_siblings"
_CODE = "safety.check.dc_resistance"
_LIMIT = "resistance_ratio_hold"
_MAD_TO_SIGMA = 1.4826

Pulse = tuple[str, float, str | None]  # direction, nominal time [s], what the state of charge is a share of
Points = NDArray[np.float64]  # one row a resistance: which sibling, state of charge [1], temperature [degC], resistance [ohm]


@dataclass(frozen=True)
class Siblings:
    """The resistances of batteries of one kind, by kind of pulse; built once for a truckload, since every battery is held against it.

    Parameters
    ----------
    ids
        Of those that were pulsed at all.
    points
        By kind of pulse, shape ``(n, 4)``: index into `ids`, state of charge [1], temperature [degC], resistance [ohm].
    """

    ids: tuple[str, ...] = ()
    points: Mapping[Pulse, Points] = field(default_factory=dict[Pulse, Points])

    def besides(self, battery: str) -> int:
        """Return how many there are besides this one."""
        return len(self.ids) - (battery in self.ids)

    def alike(self, battery: str, own: Quantity, pulse: Pulse, rules: Rules) -> list[float]:
        """Return the resistance [ohm] of each other one that was pulsed so, at a similar temperature and the nearest state of charge."""
        if pulse not in self.points:
            return []
        points = self.points[pulse]
        soc_off = np.abs(points[:, 1] - own.conditions["soc"])
        near = soc_off <= rules.limits["resistance_soc_difference"].value
        near &= np.abs(points[:, 2] - own.conditions["temperature_celsius"]) <= rules.limits["resistance_temperature_difference"].value
        if battery in self.ids:
            near &= points[:, 0] != self.ids.index(battery)
        chosen, off = points[near], soc_off[near]
        order = np.lexsort((off, chosen[:, 0]))
        _, first = np.unique(chosen[order, 0], return_index=True)
        return chosen[order][first, 3].tolist()


def sibling(battery: str, resistances: Sequence[Quantity]) -> Siblings:
    """Return a group of one: of its ``dc_resistance`` [ohm] only numbers are kept, since a truckload's quantities are many."""
    rows: dict[Pulse, list[tuple[float, float, float, float]]] = {}
    for pulse, q in _pulses(resistances):
        rows.setdefault(pulse, []).append((0.0, q.conditions["soc"], q.conditions["temperature_celsius"], q.value or 0.0))
    return Siblings((battery,) if rows else (), {pulse: np.array(points) for pulse, points in rows.items()})


def siblings(groups: Iterable[Siblings]) -> Siblings:
    """Join groups to one."""
    ids: list[str] = []
    joined: dict[Pulse, list[Points]] = {}
    for group in groups:
        for pulse, points in group.points.items():
            joined.setdefault(pulse, []).append(points + np.array([len(ids), 0.0, 0.0, 0.0]))
        ids += group.ids
    return Siblings(tuple(ids), {pulse: np.concatenate(points) for pulse, points in joined.items()})


def compare_with_siblings(
    battery: Battery, quantities: Mapping[str, tuple[Quantity, ...]], others: Siblings, rules: Rules
) -> tuple[Check, tuple[Finding, ...]]:
    """Compare the resistances nearest to half charge, one for each kind of pulse, with those of the siblings.

    Half charge, because there resistance depends least on the state of charge, and the siblings' is only similar.
    """
    measured = quantities.get("dc_resistance", ())
    needed = int(rules.limits["resistance_siblings_minimum"].value)
    if others.besides(battery.id) < needed:
        return _not_performed(message(TOO_FEW, found=others.besides(battery.id), needed=needed), rules)
    at_half = _nearest_to_half(measured)
    if not at_half:
        reasons = (q.reason for q in measured if q.reason)
        return _not_performed(next(reasons, message("safety.missing.dc_resistance")), rules)
    compared = [(q, others.alike(battery.id, q, pulse, rules)) for pulse, q in at_half.items()]
    enough = [(q, alike) for q, alike in compared if len(alike) >= needed]
    if not enough:
        return _not_performed(message("safety.siblings_pulsed_otherwise", needed=needed), rules)
    off = [far for q, alike in enough if (far := _far_off(battery, q, alike, rules))]
    furthest = max(off, key=lambda far: far[0])[1:] if off else ()
    return Check(_CODE, "finding" if off else "clear", None, rules.cite(_LIMIT)), furthest


def _not_performed(reason: Message, rules: Rules) -> tuple[Check, tuple[Finding, ...]]:
    return Check(_CODE, "not_performed", reason, rules.cite(_LIMIT)), ()


def _pulses(resistances: Sequence[Quantity]) -> Iterator[tuple[Pulse, Quantity]]:
    """Positive resistances with their kind of pulse, but for those whose state of charge or temperature is unknown: nothing compares."""
    for q in resistances:
        at = q.conditions
        if (q.value or 0.0) > 0.0 and None not in (at.get("soc"), at.get("temperature_celsius"), at.get("nominal_time_s")):
            yield (str(at.get("direction")), at["nominal_time_s"], at.get("soc_basis")), q


def _nearest_to_half(resistances: Sequence[Quantity]) -> dict[Pulse, Quantity]:
    found: dict[Pulse, Quantity] = {}
    for pulse, q in _pulses(resistances):
        if pulse not in found or abs(q.conditions["soc"] - 0.5) < abs(found[pulse].conditions["soc"] - 0.5):
            found[pulse] = q
    return found


def _far_off(battery: Battery, own: Quantity, alike: Sequence[float], rules: Rules) -> tuple[float, Finding] | None:
    """How many times the median it is (or the median is of it), and the finding, where it is far off."""
    value, typical = own.value or 0.0, median(alike)
    middle = exact("median of siblings", typical, own.unit)
    ratio = own / middle if value >= typical else middle / own
    confidence = confidence_beyond(ratio, rules.limits[_LIMIT].value)
    scatter = _MAD_TO_SIGMA * median(abs(r - typical) for r in alike)
    if confidence is None or abs(value - typical) <= rules.limits["resistance_scatter_hold"].value * scatter:
        return None
    return ratio.value or 0.0, Finding(
        "safety.finding.dc_resistance",
        {
            "value": rounded(value),
            "typical": rounded(typical),
            "siblings": len(alike),
            "time": own.conditions["nominal_time_s"],
            "soc": rounded(100 * own.conditions["soc"]),
        },
        where=battery.id,
        effect="hold",
        confidence=confidence,
        evidence=own.evidence,
        rule=rules.cite(_LIMIT),
    )
