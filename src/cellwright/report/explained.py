"""The uncertainty budget of one value, whole: every input, what they add up to, and what the value stands on (JCGM 100:2008, clause 7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cellwright.core.assessment import Assessment
from cellwright.core.coverage import Shape, coverage_interval, shape
from cellwright.core.messages import Message
from cellwright.core.quantity import Evidence, Interval, Method, Origin, Quantity
from cellwright.report import conditions
from cellwright.report.evidence import input_kind
from cellwright.report.numbers import SPACE, decimals, fixed, general, roughly, scale, shown
from cellwright.report.words import Words


@dataclass(frozen=True)
class Contribution:
    """What one input adds to an uncertainty.

    Parameters
    ----------
    input
        Its id; quantities that share an input are correlated by it.
    distribution
        Of its error.
    contribution
        Sensitivity times standard uncertainty, signed [unit of the value].
    share
        Of the variance [1].
    degrees_of_freedom
        None where they are infinite.
    """

    input: str
    distribution: Shape
    contribution: float
    share: float
    degrees_of_freedom: float | None


@dataclass(frozen=True)
class Explained:
    """A value with its budget; fields as in `Quantity`, `contributions` largest first, `interval` that of 95 %."""

    name: str
    value: float | None
    unit: str
    standard_uncertainty: float | None
    degrees_of_freedom: float | None
    coverage_factor: float
    expanded_uncertainty: float | None
    interval: Interval | None
    contributions: tuple[Contribution, ...]
    method: Method | None
    conditions: Mapping[str, Any]
    evidence: tuple[Evidence, ...]
    origin: Origin
    reason: Message | None


def explained(quantity: Quantity, assessment: Assessment) -> Explained:
    """Return a value of an assessment with its budget; the assessment's tester tells how its errors are distributed."""
    return Explained(
        name=quantity.name,
        value=quantity.value,
        unit=quantity.unit,
        standard_uncertainty=quantity.standard_uncertainty,
        degrees_of_freedom=quantity.degrees_of_freedom,
        coverage_factor=quantity.coverage_factor,
        expanded_uncertainty=quantity.expanded_uncertainty,
        interval=coverage_interval(quantity, assessment.tester),
        contributions=_contributions(quantity, assessment),
        method=quantity.method,
        conditions=quantity.conditions,
        evidence=quantity.evidence,
        origin=quantity.origin,
        reason=quantity.reason,
    )


def _contributions(quantity: Quantity, assessment: Assessment) -> tuple[Contribution, ...]:
    variance = (quantity.standard_uncertainty or 0.0) ** 2
    found = [
        Contribution(name, shape(name, assessment.tester), part, part**2 / variance, quantity.component_degrees_of_freedom.get(name))
        for name, part in quantity.components.items()
        if part
    ]
    return tuple(sorted(found, key=lambda c: -c.share))


def in_words(quantity: Quantity, told: Explained, assessment: Assessment, words: Words) -> list[tuple[str, str]]:
    """Return what is said beside the table: labels and texts, in the order of a certificate."""
    ready = shown(quantity)
    said = [("value", ready.text if ready else words("report.results.not_measured"))]
    if told.reason:
        said.append(("reason", words.say(told.reason)))
    elif told.expanded_uncertainty is None:
        said.append(("uncertainty", words("report.results.no_uncertainty")))
    elif told.standard_uncertainty:
        said += _spread(quantity, told, words)
    said += [("conditions", "; ".join(conditions.described(quantity, words))), ("method", _method(told.method))]
    if told.origin != "bench":
        said.append(("origin", words.label("origin", told.origin)))
    said.append(("evidence", "; ".join(_rows(e, assessment, words) for e in told.evidence)))
    return [(words(f"report.explained.{name}"), text) for name, text in said if text]


def _spread(quantity: Quantity, told: Explained, words: Words) -> list[tuple[str, str]]:
    """Combined and expanded uncertainty, degrees of freedom and interval, in the unit in which the value is printed."""
    factor, unit = scale(quantity)
    combined, freedom = told.standard_uncertainty or 0.0, told.degrees_of_freedom
    digits = decimals(factor * combined)
    expanded = f"U = {fixed(factor * (told.expanded_uncertainty or 0.0), digits)}{SPACE}{unit}"
    said = [
        ("combined", f"u = {fixed(factor * combined, digits)}{SPACE}{unit}".rstrip()),
        ("expanded", f"{expanded.rstrip()} (k = {general(told.coverage_factor, 3)})"),
        ("degrees_of_freedom", "∞" if freedom is None else general(freedom, 3)),
    ]
    if (found := told.interval) is not None:
        ends = f"{fixed(factor * found.low, digits)} … {fixed(factor * found.high, digits)}{SPACE}{unit}".rstrip()
        said.append(("interval", f"{ends} ({words(f'report.interval.{found.method}')})"))
    return said


def _method(method: Method | None) -> str:
    if method is None:
        return ""
    return f"{method.name}, {method.version}" + (f" ({method.source})" if method.source else "")


def _rows(evidence: Evidence, assessment: Assessment, words: Words) -> str:
    file = next((s.file for s in assessment.sources if s.sha256 == evidence.sha256), evidence.sha256[:12])
    stretches = [
        words("report.evidence.row", row=first) if first == last else words("report.evidence.rows", first=first, last=last)
        for first, last in evidence.rows
    ]
    return f"{file}: {', '.join(stretches)}" if stretches else file


def lines(quantity: Quantity, told: Explained, words: Words) -> list[tuple[str, str, str, str, str, str]]:
    """Return the table of the budget: what the input is, its id, its distribution, contribution, share of u² and degrees of freedom."""
    factor, unit = scale(quantity)
    return [
        (
            input_kind(c.input, words),
            c.input,
            words(f"report.shape.{c.distribution}"),
            f"{general(factor * abs(c.contribution), 3)}{SPACE}{unit}".rstrip(),
            roughly(c.share),
            "∞" if c.degrees_of_freedom is None else general(c.degrees_of_freedom, 3),
        )
        for c in told.contributions
    ]
