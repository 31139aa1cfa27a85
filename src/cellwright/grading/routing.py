"""Where a battery should go: routes from the best downwards, the first one that its capacity and resistance are good for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from cellwright.core.assessment import Check, Decision, DecisionOutcome, DecisionRule, Reason, Verdict
from cellwright.core.battery import Battery, Level
from cellwright.core.messages import Message, message
from cellwright.core.quantity import Quantity
from cellwright.core.rules import Rules, RuleSet
from cellwright.grading.placing import Criterion, Placed, hold_against
from cellwright.grading.resistance import resistance_ratio
from cellwright.grading.wording import term, words
from cellwright.safety import essential

# A pack goes back as it is; a cell or module can only go back into a battery that is rebuilt around it.
_ROUTES: dict[Level, tuple[DecisionOutcome, ...]] = {
    "cell": ("remanufacture", "repurpose"),
    "module": ("remanufacture", "repurpose"),
    "pack": ("reuse", "repurpose"),
}
_NEED_OF_REASON = {
    "health.not_comparable": "grading.need.capacity_at_rated_conditions",
    "health.not_comparable_rating_incomplete": "grading.need.rated_values",
    "health.not_comparable_test_incomplete": "grading.need.test_conditions",
    "health.no_rated_value": "grading.need.rated_values",
    "measure.spectrum": "grading.need.test_over_time",
}


@dataclass(frozen=True)
class Route:
    """An outcome, why, and what is needed where it is undecided."""

    outcome: DecisionOutcome
    reasons: tuple[Reason, ...]
    needs: tuple[Message, ...] = ()


def grade(
    battery: Battery,
    quantities: Mapping[str, tuple[Quantity, ...]],
    verdict: Verdict,
    rules: RuleSet,
    coverage_factor: float = 2.0,
) -> Decision:
    """Decide where a battery should go. Advisory: it is not a statutory grade.

    Parameters
    ----------
    battery
        Level, rated resistance [ohm] and temperature [°C], purpose and waste status.
    quantities
        The first ``capacity_soh`` [1] decides, and of ``dc_resistance`` [ohm] what `decisive_resistance` picks; ``bms_soh`` never.
    verdict
        From `cellwright.safety.screen`.
    rules
        The routing limits decide, the jurisdiction gives the term.
    coverage_factor
        k of the expanded uncertainty U = k·u.

    Returns
    -------
    With ``undecided``, what would settle it: a check, a finding, a condition, or a smaller uncertainty.

    Notes
    -----
    Guard band w = guard_band · U in favour of the buyer: a route is taken only where the value is better than its limit by w, and
    closed only where it is worse by w. A safety reject leaves recycling. A hold or missing evidence leaves the battery undecided,
    but where its capacity says recycle whatever the safety checks might still find.
    """
    route = _route(battery, quantities, verdict, rules.routing, coverage_factor)
    return Decision(
        route.outcome,
        (*route.reasons, *words(battery, route.outcome, rules.jurisdiction)),
        route.needs,
        term=term(battery, route.outcome, rules.jurisdiction),
        rule=DecisionRule(rules.routing.guard_band, coverage_factor),
    )


def _route(battery: Battery, quantities: Mapping[str, tuple[Quantity, ...]], verdict: Verdict, rules: Rules, k: float) -> Route:
    safety = _safety_reasons(verdict)
    if verdict.outcome == "reject":
        return Route("recycle", safety)
    measured = _by_measurement(battery, quantities, rules, k)
    measured = replace(measured, reasons=(*safety, *measured.reasons))
    if verdict.outcome == "pass" or measured.outcome == "recycle":
        return measured
    if not any(q.value is not None for found in quantities.values() for q in found):
        return Route("undecided", measured.reasons, _needs_of_nothing(measured))
    return Route("undecided", measured.reasons, (*_findings_to_settle(verdict), *measured.needs, *_checks_to_perform(verdict)))


def _needs_of_nothing(measured: Route) -> tuple[Message, ...]:
    """What is needed where nothing was measured: another test where there is a spectrum, else a recording at all."""
    return tuple(n for n in measured.needs if n.code == "grading.need.test_over_time") or (message("grading.need.recording"),)


def _safety_reasons(verdict: Verdict) -> tuple[Reason, ...]:
    found = tuple(
        Reason("grading.safety.finding", {"check": check.code}, _checked(check), check.rule)
        for check in verdict.checks
        if check.status == "finding"
    )
    return found or (Reason(f"grading.safety.{verdict.outcome}"),)


def _findings_to_settle(verdict: Verdict) -> tuple[Message, ...]:
    return tuple(message("grading.need.settle", check=c.code) for c in verdict.checks if c.status == "finding")


def _checks_to_perform(verdict: Verdict) -> tuple[Message, ...]:
    return tuple(message("grading.need.check", check=c.code) for c in verdict.not_performed if essential(c))


def _checked(check: Check) -> str:
    return check.code.removeprefix("safety.check.")


def _by_measurement(battery: Battery, quantities: Mapping[str, tuple[Quantity, ...]], rules: Rules, k: float) -> Route:
    soh = next(iter(quantities.get("capacity_soh", ())), None)
    if soh is None or soh.value is None or soh.origin in ("bms", "declared"):
        return _without_capacity(soh)
    held = resistance_ratio(battery, quantities.get("dc_resistance", ()))
    ratio = held if isinstance(held, Quantity) else None
    conditioning = (message("grading.need.conditioned_capacity"),) if soh.conditions.get("unconditioned") else ()
    reasons = _reservations(bool(conditioning), held)
    refused: list[Placed] = []
    for outcome in _ROUTES[battery.level]:
        placed = _hold(outcome, soh, ratio, rules, k)
        reasons = (*reasons, *(p.reason for p in placed))
        refused = [p for p in placed if p.placement == "refused"]
        if all(p.placement == "accepted" for p in placed):
            return Route(outcome, reasons)
        if not refused:
            return Route("undecided", reasons, (*conditioning, *(need for p in placed for need in p.needs)))
    if conditioning and all(p.reason.quantity == "capacity_soh" for p in refused):
        return Route("undecided", reasons, conditioning)
    return Route("recycle", reasons)


def _without_capacity(soh: Quantity | None) -> Route:
    if soh is None:
        why = message("health.not_measured", quantity="health.quantity.capacity_soh")
    else:
        why = soh.reason or message("grading.not_bench", origin=f"grading.origin.{soh.origin}")
    need = Message(_NEED_OF_REASON.get(why.code, "grading.need.reference_capacity"), why.params)
    return Route("undecided", (Reason(why.code, why.params, "capacity_soh"),), (need,))


def _reservations(unconditioned: bool, held: Quantity | Message) -> tuple[Reason, ...]:
    """What the decision could not take into account, said before the limits."""
    found: list[Reason] = []
    if unconditioned:
        found.append(Reason("grading.unconditioned", quantity="capacity_soh"))
    if isinstance(held, Message):
        found.append(Reason(held.code, held.params, "dc_resistance"))
    return tuple(found)


def _hold(outcome: DecisionOutcome, soh: Quantity, ratio: Quantity | None, rules: Rules, k: float) -> tuple[Placed, ...]:
    route = f"grading.outcome.{outcome}"
    capacity = Criterion("capacity", "capacity_soh", f"{outcome}_minimum_capacity_soh")
    resistance = Criterion("resistance", "dc_resistance", f"{outcome}_maximum_resistance_ratio", direction=-1, shown=1.0)
    held = [hold_against(capacity, soh, rules, k, route=route)]
    if ratio is not None:
        at = {"time": ratio.conditions.get("nominal_time_s"), "soc": round(100 * ratio.conditions["soc"])}
        held.append(hold_against(resistance, ratio, rules, k, route=route, **at))
    return tuple(held)
