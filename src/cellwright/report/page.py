"""Everything the page of one battery shows, in the order of the page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from cellwright.core.assessment import Assessment
from cellwright.core.rules import Status
from cellwright.plot import Curve
from cellwright.report import calibration, conditions, evidence, figures, resistances, standing
from cellwright.report import findings as safety
from cellwright.report.numbers import SPACE, general, percent
from cellwright.report.words import Words


@dataclass(frozen=True)
class Fact:
    """A line of the identity; `declared` where it came with the battery and was not measured."""

    name: str
    text: str
    declared: bool = False


@dataclass(frozen=True)
class Page:
    """One battery's page.

    Parameters
    ----------
    number, total
        Its place among the batteries of the report.
    assessment
        What is said of it.
    facts, condition
        Identity, and condition on receipt.
    actions, term, advisory, rule_files, results, weighed
        Next actions, what the jurisdiction calls the outcome, the sentence that the decision is advisory, rule files with dates,
        results, and the decision's reasons with their limits.
    findings, concerns
        Safety findings in words, and what is amiss with the tester's calibrations.
    decision_status, verdict_status
        How the weakest limit under a decision, or under a pass, is known; None where all are verified.
    figures, resistances, conditions, further, left_out, missing, budgets, instruments, methods, traces
        Curves and evidence.
    """

    number: int
    total: int
    assessment: Assessment
    facts: tuple[Fact, ...]
    condition: tuple[Fact, ...]
    actions: tuple[str, ...]
    term: str
    advisory: str
    rule_files: tuple[tuple[str, str], ...]
    results: tuple[standing.Result, ...]
    weighed: tuple[standing.Weighed, ...]
    findings: tuple[safety.Seen, ...]
    concerns: tuple[str, ...]
    decision_status: Status | None
    verdict_status: Status | None
    figures: tuple[figures.Figure, ...]
    resistances: resistances.Resistances | None
    conditions: tuple[tuple[str, tuple[str, ...]], ...]
    further: tuple[evidence.Further, ...]
    left_out: int
    missing: tuple[evidence.Missing, ...]
    budgets: tuple[evidence.Budget, ...]
    instruments: tuple[calibration.Instrument, ...]
    methods: tuple[tuple[evidence.Method, tuple[str, ...]], ...]
    traces: tuple[tuple[str, tuple[evidence.Evidence, ...]], ...]

    @property
    def anchor(self) -> str:
        """Name of the page's place in the document."""
        return f"battery-{self.number}"

    @property
    def tested(self) -> str:
        """First and last day of the tests, as far as the files state them."""
        days = sorted(s.start[:10] for s in self.assessment.sources if s.start)
        return "" if not days else days[0] if days[0] == days[-1] else f"{days[0]} – {days[-1]}"


def page(assessment: Assessment, curves: Sequence[Curve], number: int, total: int, words: Words, *, issued: dt.date) -> Page:
    """Gather what the page of one battery shows; a calibration that expired before the report was issued is told."""
    instruments = calibration.instruments(assessment, issued)
    further, left_out = evidence.further(assessment, words)
    return Page(
        number=number,
        total=total,
        assessment=assessment,
        facts=_identity(assessment, words),
        condition=_condition(assessment, words),
        actions=tuple(standing.actions(assessment, words)),
        term=standing.term(assessment.decision, words),
        advisory=standing.advisory(assessment, words),
        rule_files=standing.rule_files(assessment),
        results=standing.results(assessment, words),
        weighed=standing.weighed(assessment, words),
        findings=safety.findings(assessment, words),
        concerns=calibration.concerns(assessment, instruments, words),
        decision_status=standing.decision_stands_on(assessment),
        verdict_status=standing.verdict_stands_on(assessment),
        figures=figures.of_battery(assessment, curves, words),
        resistances=resistances.tables(assessment.quantities.get("dc_resistance", ()), words),
        conditions=evidence.circumstances(assessment, words),
        further=further,
        left_out=left_out,
        missing=evidence.missing(assessment, words),
        budgets=evidence.budgets(assessment, words),
        instruments=instruments,
        methods=evidence.methods(assessment),
        traces=evidence.traces(assessment),
    )


def _identity(assessment: Assessment, words: Words) -> tuple[Fact, ...]:
    battery = assessment.battery
    made_of = f"{battery.series}s{battery.parallel or 1}p" if battery.series else ""
    kind = [words.label("level", battery.level), battery.chemistry, battery.format, made_of]
    facts = [
        Fact("kind", " · ".join(filter(None, kind)), declared=True),
        Fact("parent", battery.parent or "", declared=True),
        Fact("rated_capacity", _rated_capacity(assessment, words), declared=True),
        Fact("rated_energy", _with_unit(battery.rated_energy_wh, "Wh"), declared=True),
        Fact("rated_resistance", _with_unit(_milli(battery.rated_resistance_ohm), "mΩ"), declared=True),
        Fact("voltage_limits", _limits(battery.minimum_voltage_volt, battery.maximum_voltage_volt), declared=True),
        Fact("purpose", words.label("purpose", battery.purpose) if battery.purpose else "", declared=True),
    ]
    facts += [Fact(i.scheme, i.value, declared=True) for i in battery.identifiers]
    return tuple(f for f in facts if f.text)


def _condition(assessment: Assessment, words: Words) -> tuple[Fact, ...]:
    battery = assessment.battery
    facts = [
        Fact("waste", words.label("waste", battery.waste), declared=battery.waste != "unknown"),
        Fact("bms_soh", percent(battery.bms_soh, 1) if battery.bms_soh is not None else "", declared=True),
        Fact("inspection", words("report.identity.not_recorded")),
    ]
    return tuple(f for f in facts if f.text)


def _rated_capacity(assessment: Assessment, words: Words) -> str:
    battery = assessment.battery
    if battery.rated_capacity_ah is None:
        return words("report.identity.not_stated")
    rate, warmth = battery.rated_capacity_c_rate, battery.rated_temperature_celsius
    under = [conditions.rate(rate) if rate else "", f"{warmth:g}{SPACE}°C" if warmth is not None else ""]
    stated = ", ".join(filter(None, under)) or words("report.identity.conditions_not_stated")
    return f"{battery.rated_capacity_ah:g}{SPACE}Ah ({stated})"


def _with_unit(value: float | None, unit: str) -> str:
    return "" if value is None else f"{value:g}{SPACE}{unit}"


def _milli(value: float | None) -> float | None:
    return None if value is None else 1e3 * value


def _limits(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return ""
    return f"{general(low) if low is not None else '?'}–{general(high) if high is not None else '?'}{SPACE}V"
