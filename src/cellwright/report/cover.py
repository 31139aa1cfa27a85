"""The cover of a report on several batteries: counts, rankings and a table that leads to each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from cellwright.core.assessment import Assessments, DecisionOutcome, VerdictOutcome
from cellwright.plot import Standing, standing
from cellwright.report import figures
from cellwright.report.numbers import Shown
from cellwright.report.page import Page
from cellwright.report.words import Words


@dataclass(frozen=True)
class Entry:
    """One battery's line; small, so that a truckload of them fits in memory."""

    number: int
    standing: Standing
    verdict: VerdictOutcome
    marked: bool
    soh: Shown | None
    capacity: Shown | None
    resistance: Shown | None
    deviations: int
    action: str


@dataclass(frozen=True)
class Count:
    """How many batteries have an outcome, and their share [%]."""

    outcome: str
    count: int
    share: float


@dataclass(frozen=True)
class Cover:
    """What stands before the batteries' own pages."""

    entries: Sequence[Entry]
    decisions: tuple[Count, ...]
    verdicts: tuple[Count, ...]
    figures: tuple[figures.Figure, ...]
    assessments: Assessments


def entry(page: Page) -> Entry:
    """Take from a battery's page what the cover says of it."""
    first = {result.name: result.shown for result in page.results}
    return Entry(
        number=page.number,
        standing=standing(page.assessment),
        verdict=page.assessment.verdict.outcome,
        marked=bool(page.decision_status or page.verdict_status),
        soh=first["capacity_soh"],
        capacity=first["capacity"],
        resistance=first["dc_resistance"],
        deviations=len(page.assessment.deviations) + len(page.concerns),
        action=page.actions[0],
    )


def cover(assessments: Assessments, entries: Sequence[Entry], words: Words) -> Cover:
    """Sum up the batteries of a report."""
    return Cover(
        entries=entries,
        decisions=_counts([e.standing.outcome for e in entries], get_args(DecisionOutcome)),
        verdicts=_counts([e.verdict for e in entries], get_args(VerdictOutcome)),
        figures=figures.of_all([e.standing for e in entries], words),
        assessments=assessments,
    )


def _counts(found: Sequence[str], outcomes: Sequence[str]) -> tuple[Count, ...]:
    counts = Counter(found)
    return tuple(Count(o, counts[o], round(100 * counts[o] / len(found), 2)) for o in outcomes if counts[o])
