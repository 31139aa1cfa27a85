"""Dated rule files: limits with their clause, source and how well that source is known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from cellwright.core import resources
from cellwright.core.boundary import Finite, NotNegative, Strict, parse_yaml_text, unknown_key
from cellwright.core.errors import ListError, UsageError
from cellwright.core.frozen import FrozenDict, freeze_fields

Status = Literal["verified", "reported", "assumed"]
Kind = Literal["safety", "routing", "remanufacture", "jurisdiction"]


@dataclass(frozen=True)
class Limit(Strict):
    """A number that a quantity is held against.

    Parameters
    ----------
    value, unit
        The limit.
    source
        Where it comes from.
    status
        ``verified``: read in the source; ``reported``: a secondary source; ``assumed``: ours. The last two can hold or reject,
        but a pass that stands on them alone is marked.
    clause
        The source's clause, where it was read or reported.
    """

    value: Finite
    unit: str
    source: str
    status: Status
    clause: str | None = None


@dataclass(frozen=True)
class Term(Strict):
    """What a jurisdiction calls an outcome."""

    en: str
    ko: str
    source: str
    status: Status
    clause: str | None = None


@dataclass(frozen=True)
class Rules(Strict):
    """One rule file.

    Parameters
    ----------
    name, date, kind
        Its name, the date of its content, and what it rules.
    title
        By language.
    limits
        By name; a user's file of a kind has the names of the shipped file of that kind.
    terms
        By outcome, for a jurisdiction.
    guard_band
        w in multiples of the expanded uncertainty U; acceptance is decided at limit ± w.
    """

    name: str
    date: dt.date
    kind: Kind
    title: Mapping[str, str]
    limits: Mapping[str, Limit] = field(default_factory=FrozenDict)
    terms: Mapping[str, Term] = field(default_factory=FrozenDict)
    guard_band: NotNegative = 1.0

    def __post_init__(self) -> None:
        freeze_fields(self, "title", "limits", "terms")

    def cite(self, limit: str) -> RuleReference:
        """Return the limit with its rule file, as a reason or a finding keeps it."""
        found = self.limits[limit]
        return RuleReference(self.name, self.date, limit, found.value, found.unit, found.source, found.status, found.clause)


@dataclass(frozen=True)
class RuleReference:
    """A limit as it was applied: its rule file and date, name, value, clause, source and status."""

    rule: str
    date: dt.date
    limit: str
    value: float
    unit: str
    source: str
    status: Status
    clause: str | None = None


@dataclass(frozen=True)
class RuleSet:
    """The rule files of one assessment, one a kind, with the digests of their texts."""

    safety: Rules
    routing: Rules
    remanufacture: Rules
    jurisdiction: Rules
    sha256: Mapping[str, str] = field(default_factory=FrozenDict)

    def __post_init__(self) -> None:
        freeze_fields(self, "sha256")

    def all(self) -> tuple[Rules, ...]:
        """Every rule file, in the order of the rooms that use them."""
        return self.safety, self.routing, self.remanufacture, self.jurisdiction


SHIPPED: dict[Kind, str] = {
    "safety": "safety-used-battery",
    "routing": "routing-default",
    "remanufacture": "eu-2023-1542",
    "jurisdiction": "kr-2026",
}


def parse_rules(source: str, where: str) -> Rules:
    """Parse a rule file.

    Raises
    ------
    ListError
        For a wrong key or value, for limits that the shipped file of its kind does not name or gives in another unit, and for
        limits left out.
    """
    rules = parse_yaml_text(Rules, source, where)
    shipped = SHIPPED[rules.kind]
    known = parse_yaml_text(Rules, resources.text("rules", f"{shipped}.yaml"), f"{shipped}.yaml").limits
    for name, limit in rules.limits.items():
        if name not in known:
            raise unknown_key(where, f"limits.{name}", [f"limits.{k}" for k in known])
        if limit.unit != known[name].unit:
            raise ListError("core.limit_unit", file=where, limit=name, unit=limit.unit, expected=known[name].unit)
    missing = [name for name in known if name not in rules.limits]
    if missing:
        raise ListError("core.missing_limits", file=where, missing=missing, shipped=shipped)
    return rules


def load(*chosen: str) -> RuleSet:
    """Load the shipped rules, with the named ones or the user's files in place of those of their kind.

    Raises
    ------
    UsageError
        Where a name is neither shipped nor a file, or two of one kind are chosen.
    ListError
        Where a file has a wrong key or value.
    """
    import hashlib

    found: dict[str, Rules] = {}
    digests: dict[str, str] = {}
    taken: dict[str, str] = {}
    for name in dict.fromkeys([*(n for n in SHIPPED.values() if n not in chosen), *chosen]):
        named = resources.named_or_file("rules", name)
        if named is None:
            raise UsageError("core.no_such_rules", name=name, known=resources.names("rules", ".yaml"))
        where, source = named
        rules = parse_rules(source, where)
        if rules.kind in taken:
            raise UsageError("core.two_rules_of_a_kind", first=taken[rules.kind], second=name, kind=rules.kind)
        if name in chosen:
            taken[rules.kind] = name
        found[rules.kind] = rules
        digests[rules.name] = hashlib.sha256(source.encode()).hexdigest()
    used = {r.name for r in found.values()}
    return RuleSet(**found, sha256={k: v for k, v in digests.items() if k in used})
