"""Safety findings in the units of the trade, with the step that they were seen in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cellwright.core import resources
from cellwright.core.assessment import Assessment, Finding
from cellwright.core.messages import render
from cellwright.core.quantity import Quantity
from cellwright.report.conditions import seen_in
from cellwright.report.numbers import SPACE, general, unit_text
from cellwright.report.words import Words

_MILLI = {"V/h": "mV/h", "ohm": "mΩ"}
_MEASURED = ("value", "limit", "typical")
_UNIT_OF = {"dc_resistance": "ohm"}  # where the finding itself does not say it


@dataclass(frozen=True)
class Seen:
    """A finding ready to print: what was seen, in which step, and on which part of the battery if not on all of it."""

    finding: Finding
    text: str
    context: str
    part: str


def findings(assessment: Assessment, words: Words) -> tuple[Seen, ...]:
    """Return the findings of a battery in words, those that reject it first."""
    ordered = sorted(assessment.findings, key=lambda finding: finding.effect == "hold")
    return tuple(_seen(finding, assessment, words) for finding in ordered)


def _seen(finding: Finding, assessment: Assessment, words: Words) -> Seen:
    quantity = _quantity(finding, assessment)
    part = "" if finding.where == assessment.battery.id else finding.where
    return Seen(finding, _text(finding, words), seen_in(quantity, words) if quantity else "", part)


def _quantity(finding: Finding, assessment: Assessment) -> Quantity | None:
    """The quantity that stands on the same rows; a finding of any code may name the check it comes from."""
    name = str(finding.params.get("check", finding.code)).rpartition(".")[2]
    known = (q for q in assessment.quantities.get(name, ()) if q.value is not None)
    return next((q for q in known if finding.evidence and q.evidence == finding.evidence), None)


def _text(finding: Finding, words: Words) -> str:
    name = finding.code.rpartition(".")[2]
    params = _in_units_of_the_trade(finding.params, str(finding.params.get("unit", _UNIT_OF.get(name, ""))))
    for code in (f"report.finding.{name}", finding.code):
        if code in resources.messages():
            return render(code, params, words.lang)
    read = f"{params['value']}{SPACE}{params.get('unit', '')}".rstrip() if "value" in params else ""
    return ": ".join(filter(None, (name.replace("_", " "), read)))


def _in_units_of_the_trade(params: Mapping[str, Any], unit: str) -> dict[str, Any]:
    given = {k: params[k] for k in _MEASURED if isinstance(params.get(k), int | float)}
    readable: dict[str, Any] = {**params, "unit": unit_text(unit)}
    if given.get("typical"):
        readable["ratio"] = general(given.get("value", 0.0) / given["typical"], 2)
    if unit not in _MILLI or abs(given.get("value", 0.0)) >= 1:
        return readable
    readable |= {k: general(1e3 * v, 3) for k, v in given.items()}
    if isinstance(params.get("uncertainty"), int | float):
        readable["uncertainty"] = general(1e3 * params["uncertainty"], 2)
    return {**readable, "unit": _MILLI[unit]}
