"""What the first page says: the next action, the results with their bounds, and the limits they were held against."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cellwright.core.assessment import Assessment, Decision, Reason
from cellwright.core.quantity import Quantity
from cellwright.core.rules import RuleReference, Status
from cellwright.report import conditions, evidence
from cellwright.report.numbers import Shown, limit_text, shown
from cellwright.report.words import Words

_ALWAYS = ("capacity", "capacity_soh", "dc_resistance")
_ORDER = evidence.MAIN
_WHERE_KNOWN = set(_ORDER) - set(_ALWAYS)
_BY_WEAKNESS: tuple[Status, ...] = ("assumed", "reported")
_ADVISORY = "grading.advisory"
_DEFINITIONS = {"capacity_soh", "energy_soh"}


@dataclass(frozen=True)
class Result:
    """A line of the results: a quantity, ready to print, or why there is none."""

    name: str
    quantity: Quantity | None
    shown: Shown | None
    definition: str | None
    conditions: tuple[str, ...]
    others: int


@dataclass(frozen=True)
class Strip:
    """A value, its interval and a limit on a line from 0 to 100, for the eye."""

    low: float
    value: float
    high: float
    limit: float


@dataclass(frozen=True)
class Weighed:
    """A reason of the decision: what was held against which limit."""

    text: str
    name: str | None
    shown: Shown | None
    rule: RuleReference | None
    limit: str | None
    strip: Strip | None


def actions(assessment: Assessment, words: Words) -> list[str]:
    """Return what is to be done next, most urgent first: safety, then what the decision needs, else the route itself."""
    verdict, decision = assessment.verdict.outcome, assessment.decision
    first = [words(f"report.next.{verdict}")] if verdict in ("hold", "reject") else []
    needs = list(dict.fromkeys(words.say(need) for need in decision.needs))
    return first + needs or _route(decision, words)


def term(decision: Decision, words: Words) -> str:
    """Return what the jurisdiction calls the outcome, less what the outcome's own name says already."""
    if decision.term is None:
        return ""
    names, own = list(decision.term.params.values()), words(f"grading.outcome.{decision.outcome}")
    return ", ".join(str(name) for name in names if name != own) if own in names else words.say(decision.term)


def results(assessment: Assessment, words: Words) -> tuple[Result, ...]:
    """Return capacity, state of health and resistance; state of health by energy and by the BMS where they are known."""
    shown_names = [n for n in _ORDER if n in _ALWAYS or (n in _WHERE_KNOWN and (q := assessment.first(n)) and q.value is not None)]
    return tuple(_result(assessment, name, words) for name in shown_names)


def weighed(assessment: Assessment, words: Words) -> tuple[Weighed, ...]:
    """Return the reasons of the decision with value, limit and where the limit comes from."""
    return tuple(_weighed(assessment, reason, words) for reason in assessment.decision.reasons if reason.code != _ADVISORY)


def advisory(assessment: Assessment, words: Words) -> str:
    """Return the sentence that the decision is advisory, as the decision puts it where it names a jurisdiction."""
    own = (words.say(reason) for reason in assessment.decision.reasons if reason.code == _ADVISORY)
    return next(own, words("report.decision.advisory"))


def weakest(rules: Iterable[RuleReference | None]) -> Status | None:
    """Return how the least well known of the limits is known; None where all were verified."""
    statuses = {rule.status for rule in rules if rule}
    return next((status for status in _BY_WEAKNESS if status in statuses), None)


def decision_stands_on(assessment: Assessment) -> Status | None:
    """Return the weakest limit under a decision that was taken; None where all were verified or nothing was decided."""
    if assessment.decision.outcome == "undecided":
        return None
    return weakest(reason.rule for reason in assessment.decision.reasons)


def verdict_stands_on(assessment: Assessment) -> Status | None:
    """Return the weakest limit under a verdict of ``pass``."""
    if assessment.verdict.outcome != "pass":
        return None
    return weakest(check.rule for check in assessment.verdict.performed)


def rule_files(assessment: Assessment) -> tuple[tuple[str, str], ...]:
    """Return the rule files, with date, that the decision names, in the order they were weighed."""
    rules = [r.rule for r in assessment.decision.reasons if r.rule]
    return tuple(dict.fromkeys((rule.rule, rule.date.isoformat()) for rule in rules))


def _route(decision: Decision, words: Words) -> list[str]:
    kept = decision.outcome in ("reuse", "remanufacture", "repurpose")
    return [words(f"report.next.{decision.outcome}"), *([words("report.next.keep_report")] if kept else [])]


def _result(assessment: Assessment, name: str, words: Words) -> Result:
    quantity = assessment.first(name)
    if quantity is None:
        return Result(name, None, None, None, (), 0)
    found = [q for q in assessment.quantities[name] if q.value is not None]
    definition = conditions.definition(quantity, words) if name in _DEFINITIONS else None
    return Result(name, quantity, shown(quantity), definition, tuple(conditions.main(quantity, words)), max(len(found) - 1, 0))


def _weighed(assessment: Assessment, reason: Reason, words: Words) -> Weighed:
    quantity = assessment.first(reason.quantity) if reason.quantity else None
    rule = reason.rule
    limit = limit_text(rule.value, rule.unit, reason.quantity) if rule else None
    return Weighed(
        text=words.say(reason),
        name=reason.quantity,
        shown=shown(quantity) if quantity else None,
        rule=rule,
        limit=limit,
        strip=_strip(quantity, rule),
    )


def _strip(quantity: Quantity | None, rule: RuleReference | None) -> Strip | None:
    if quantity is None or quantity.value is None or rule is None or rule.unit != quantity.unit:
        return None
    expanded = quantity.expanded_uncertainty or 0.0
    low, high = quantity.value - expanded, quantity.value + expanded
    left, right = min(low, rule.value), max(high, rule.value)
    margin = 0.12 * (right - left) or 1.0
    span = right - left + 2 * margin

    def place(x: float) -> float:
        return round(100 * (x - left + margin) / span, 1)

    return Strip(place(low), place(quantity.value), place(high), place(rule.value))
