"""Whether a finished battery may be called remanufactured: Regulation (EU) 2023/1542, Art. 3(32)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot

from cellwright.core.assessment import Claim, Reason
from cellwright.core.battery import Battery
from cellwright.core.frozen import FrozenDict
from cellwright.core.messages import Message, message
from cellwright.core.quantity import Quantity
from cellwright.core.rules import Rules, RuleSet
from cellwright.grading.placing import Criterion, Placed, Placement, hold_against

Quantities = Mapping[str, tuple[Quantity, ...]]

_CAPACITY = Criterion("capacity", "capacity_soh", "minimum_capacity_soh")
_POINTS = Criterion("difference", "capacity_soh", "maximum_cell_difference_points", direction=-1)
_SHARE = Criterion("difference", "capacity_soh", "maximum_cell_difference_share", direction=-1)
_NOTHING_MEASURED: Quantities = FrozenDict()
_COVERAGE_FACTOR = 2.0
_FROM_WORST: tuple[Placement, ...] = ("refused", "unknown", "straddles", "accepted")


@dataclass(frozen=True)
class Shown:
    """One condition of the claim: met, failed, or (None) not shown, with what is needed."""

    met: bool | None
    reasons: tuple[Reason, ...] = ()
    needs: tuple[Message, ...] = ()


def remanufactured(
    battery: Battery,
    cells: Sequence[tuple[Battery, Quantities]],
    rules: RuleSet,
    quantities: Quantities = _NOTHING_MEASURED,
) -> Claim:
    """Say whether a finished battery meets what the Regulation calls remanufacturing. It never routes an incoming one.

    Parameters
    ----------
    battery
        The finished battery: its cells in series and in parallel, and its purpose.
    cells
        Each individual cell in it, with its ``capacity_soh`` [1] and the purpose it served before.
    rules
        Of which the kind ``remanufacture`` counts.
    quantities
        Of the finished battery itself: its ``capacity_soh`` [1], restored capacity over original rated capacity.

    Returns
    -------
    Granted where every condition is shown to be met, refused where one is shown to fail, else None with what is still to be
    shown. Only bench values count.

    Notes
    -----
    At least 90 % of the original rated capacity; the states of health of the cells within 3 % of one another, held against as
    percentage points and as a share of the best cell, of which the stricter decides; the same purpose. Each with the guard band
    w = guard_band · U, k = 2, in favour of the buyer.
    """
    shown = (
        _restored(quantities, rules.remanufacture),
        _complete(battery, [cell for cell, _ in cells]),
        _alike(cells, rules.remanufacture),
        _same_purpose(battery, [cell for cell, _ in cells]),
    )
    claim = _merged(shown)
    return Claim("remanufactured", claim.met, claim.reasons, claim.needs)


def _restored(quantities: Quantities, rules: Rules) -> Shown:
    soh = _bench(quantities)
    if soh is None:
        return Shown(None, needs=(message("grading.need.bench_capacity_of_battery"),))
    return _shown(hold_against(_CAPACITY, soh, rules, _COVERAGE_FACTOR, route="grading.claim.remanufactured"))


def _complete(battery: Battery, cells: Sequence[Battery]) -> Shown:
    if not (battery.series and battery.parallel):
        return Shown(None, needs=(message("grading.need.number_of_cells"),))
    found, expected = len({cell.id for cell in cells if cell.level == "cell"}), battery.series * battery.parallel
    if found != expected:
        return Shown(None, needs=(message("grading.need.every_cell", found=found, expected=expected),))
    return Shown(True, (Reason("grading.every_cell", {"expected": expected}),))


def _alike(cells: Sequence[tuple[Battery, Quantities]], rules: Rules) -> Shown:
    measured = [(cell.id, _bench(quantities)) for cell, quantities in cells]
    lacking = [name for name, soh in measured if soh is None]
    needs = (message("grading.need.bench_capacity_of_cells", cells=lacking),) if lacking else ()
    known = sorted((soh for _, soh in measured if soh), key=_value)
    if len(known) < 2:
        return Shown(True if known and not lacking else None, needs=needs)
    best = known.pop()
    points = _furthest(_POINTS, [_points_apart(best, soh) for soh in known], rules, "grading.reading.points")
    share = _furthest(_SHARE, [_share_apart(best, soh) for soh in known], rules, "grading.reading.share")
    return _merged((Shown(None if lacking else True, needs=needs), _shown(points), _shown(share)))


def _same_purpose(battery: Battery, cells: Sequence[Battery]) -> Shown:
    purposes = [(b.purpose or "").strip().lower() for b in (battery, *cells)]
    known = sorted({purpose for purpose in purposes if purpose})
    if len(known) > 1:
        return Shown(False, (Reason("grading.other_purpose", {"purposes": known}),))
    if not all(purposes):
        return Shown(None, needs=(message("grading.need.purpose"),))
    return Shown(True, (Reason("grading.same_purpose", {"purpose": known[0]}),))


def _merged(parts: Sequence[Shown]) -> Shown:
    met = {part.met for part in parts}
    return Shown(
        False if False in met else None if None in met else True,
        tuple(reason for part in parts for reason in part.reasons),
        tuple(need for part in parts for need in part.needs),
    )


def _shown(placed: Placed) -> Shown:
    return Shown({"accepted": True, "refused": False}.get(placed.placement), (placed.reason,), placed.needs)


def _bench(quantities: Quantities) -> Quantity | None:
    found = (q for q in quantities.get("capacity_soh", ()) if q.origin == "bench" and _value(q) > 0.0)
    return next(found, None)


def _value(measured: Quantity) -> float:
    return measured.value or 0.0


def _furthest(criterion: Criterion, differences: Sequence[Quantity], rules: Rules, reading: str) -> Placed:
    """Hold every difference against the limit and return the one that stands worst, the largest among equals."""
    placed = [(hold_against(criterion, d, rules, _COVERAGE_FACTOR, reading=reading), _value(d)) for d in differences]
    return min(placed, key=lambda each: (_FROM_WORST.index(each[0].placement), -each[1]))[0]


def _points_apart(best: Quantity, other: Quantity) -> Quantity:
    return _apart(_value(best) - _value(other), (best, 1.0), (other, 1.0))


def _share_apart(best: Quantity, other: Quantity) -> Quantity:
    share = _value(other) / _value(best)
    return _apart(1.0 - share, (best, share / _value(best)), (other, 1.0 / _value(best)))


def _apart(value: float, *sensitivities: tuple[Quantity, float]) -> Quantity:
    """Difference of two cells, as if they were measured independently.

    Channels of one tester often share one description, and so the ids of their errors: the correlation that this would give need not
    be there, and it would shrink the uncertainty that the guard band stands on.
    """
    shares = [None if q.standard_uncertainty is None else c * q.standard_uncertainty for q, c in sensitivities]
    u = None if None in shares else hypot(*(share for share in shares if share is not None))
    return Quantity("capacity_soh", value, "1", standard_uncertainty=u)
