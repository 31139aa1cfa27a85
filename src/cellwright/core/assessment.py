"""What an assessment says of a battery: findings and a verdict, a decision and its reasons, and all that they stand on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from cellwright.core.battery import Battery
from cellwright.core.frozen import FrozenDict, freeze_fields
from cellwright.core.messages import Message, Worded
from cellwright.core.quantity import Evidence, Quantity
from cellwright.core.recording import Source
from cellwright.core.rules import RuleReference
from cellwright.core.tester import Tester

SCHEMA_VERSION = "1"

VerdictOutcome = Literal["pass", "hold", "reject", "insufficient"]
DecisionOutcome = Literal["reuse", "remanufacture", "repurpose", "recycle", "undecided"]


@dataclass(frozen=True)
class Finding(Worded):
    """Something seen that bears on safety.

    Parameters
    ----------
    code, params
        What was seen, as a message.
    where
        The battery's id, or a part of it, e.g. ``cell 82``.
    effect
        What it does to the verdict.
    confidence
        How sure it is that the limit is passed, given the uncertainty [1].
    evidence
        Rows of files.
    rule
        The limit it was held against.
    """

    code: str
    params: Mapping[str, Any]
    where: str
    effect: Literal["hold", "reject"]
    confidence: float
    evidence: tuple[Evidence, ...] = ()
    rule: RuleReference | None = None

    def __post_init__(self) -> None:
        freeze_fields(self, "params", "evidence")


@dataclass(frozen=True)
class Check:
    """A safety check: performed, or not and why. ``assumed`` where its limit is not verified: the report marks such a pass."""

    code: str
    status: Literal["clear", "finding", "not_performed"]
    reason: Message | None = None
    rule: RuleReference | None = None


@dataclass(frozen=True)
class Verdict:
    """The safety verdict: ``pass`` means "no finding in the checks performed", never "safe"."""

    outcome: VerdictOutcome
    checks: tuple[Check, ...] = ()

    def __post_init__(self) -> None:
        freeze_fields(self, "checks")

    @property
    def performed(self) -> tuple[Check, ...]:
        """Checks that were performed."""
        return tuple(c for c in self.checks if c.status != "not_performed")

    @property
    def not_performed(self) -> tuple[Check, ...]:
        """Checks that could not be performed."""
        return tuple(c for c in self.checks if c.status == "not_performed")


@dataclass(frozen=True)
class Reason(Worded):
    """Why a decision fell as it did: the rule, the quantity, and the limit it was held against."""

    code: str
    params: Mapping[str, Any] = field(default_factory=FrozenDict)
    quantity: str | None = None
    rule: RuleReference | None = None

    def __post_init__(self) -> None:
        freeze_fields(self, "params")


@dataclass(frozen=True)
class Claim:
    """A name that law reserves, e.g. "remanufactured", and whether a finished battery may bear it (None: not shown)."""

    name: str
    granted: bool | None
    reasons: tuple[Reason, ...] = ()
    needs: tuple[Message, ...] = ()

    def __post_init__(self) -> None:
        freeze_fields(self, "reasons", "needs")


@dataclass(frozen=True)
class DecisionRule:
    """How uncertainty entered the decision: guard band w in multiples of U = k·u, in favour of the buyer."""

    guard_band: float
    coverage_factor: float


@dataclass(frozen=True)
class Decision:
    """Where a battery should go. Advisory: it is not a statutory grade.

    Parameters
    ----------
    outcome
        ``undecided`` where the interval straddles a limit or evidence is missing; `needs` then says what would settle it.
    reasons, needs
        In the order they were weighed.
    advisory
        Always true of what cellwright decides.
    term
        What the jurisdiction calls the outcome.
    rule
        The decision rule.
    claims
        Names that law reserves, for a finished battery.
    """

    outcome: DecisionOutcome
    reasons: tuple[Reason, ...] = ()
    needs: tuple[Message, ...] = ()
    advisory: bool = True
    term: Message | None = None
    rule: DecisionRule | None = None
    claims: tuple[Claim, ...] = ()

    def __post_init__(self) -> None:
        freeze_fields(self, "reasons", "needs", "claims")


@dataclass(frozen=True)
class Stamp:
    """Which rule or procedure file was used: its name, date and the digest of its text."""

    name: str
    date: dt.date
    sha256: str


@dataclass(frozen=True)
class Assessment:
    """Everything said of one battery.

    Parameters
    ----------
    battery
        What it is.
    sources
        The files it was read from.
    quantities
        By name, a list each: the first is the one the decision used.
    findings, verdict, decision
        What bears on safety, the safety verdict, and where the battery should go.
    deviations
        How its tests departed from the procedure.
    notes
        What the readers repaired, masked or did not know.
    tester, procedure
        The instrument whose errors the uncertainties come from, and the procedure the recordings were held against.
    """

    battery: Battery
    sources: tuple[Source, ...]
    quantities: Mapping[str, tuple[Quantity, ...]]
    findings: tuple[Finding, ...]
    verdict: Verdict
    decision: Decision
    deviations: tuple[Message, ...] = ()
    notes: tuple[Message, ...] = ()
    tester: Tester | None = None
    procedure: Stamp | None = None

    def __post_init__(self) -> None:
        freeze_fields(self, "sources", "quantities", "findings", "deviations", "notes")

    def first(self, name: str) -> Quantity | None:
        """Return the quantity of that name that the decision used; None where there is no such name."""
        return next(iter(self.quantities.get(name, ())), None)


@dataclass(frozen=True)
class Failure(Worded):
    """A file that gave nothing, and why."""

    file: str
    code: str
    params: Mapping[str, Any] = field(default_factory=FrozenDict)

    def __post_init__(self) -> None:
        freeze_fields(self, "params")


@dataclass(frozen=True)
class Assessments:
    """The content of ``assessment.json``."""

    schema_version: str
    program_version: str
    created: dt.datetime
    rules: tuple[Stamp, ...]
    assessments: Sequence[Assessment]
    failed: tuple[Failure, ...] = ()

    def __post_init__(self) -> None:
        freeze_fields(self, "rules", "assessments", "failed")
