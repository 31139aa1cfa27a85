"""Where a value with its uncertainty stands to a limit, under a guard band that protects the buyer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from cellwright.core.assessment import Reason
from cellwright.core.messages import Message, message
from cellwright.core.quantity import Quantity
from cellwright.core.rules import Rules

Placement = Literal["accepted", "straddles", "refused", "unknown"]

_PRACTICABLE = 0.1  # a test ten times as sure is not to be had for a used battery
_LAST_BIT = 1e-9  # limits are decimal fractions: 1.00 - 0.97 is 0.03, whatever its binary digits


@dataclass(frozen=True)
class Criterion:
    """A quantity and the limit it is held against.

    Parameters
    ----------
    words
        Stem of its messages: ``grading.WORDS.accepted``, ``.straddles``, ``.refused``, ``.unknown``; ``.more_precise`` and
        ``.stated_uncertainty`` for what would settle it.
    quantity
        Name of the quantity, as a reason keeps it.
    limit
        Name of the limit in the rule file.
    direction
        +1 where the value has to reach the limit, -1 where it must not pass it.
    shown
        What a value is multiplied with to be said: 100 for a percentage.
    """

    words: str
    quantity: str
    limit: str
    direction: int = 1
    shown: float = 100.0


@dataclass(frozen=True)
class Placed:
    """Where a value stands to a limit, the reason that says so, and what would settle it."""

    placement: Placement
    reason: Reason
    needs: tuple[Message, ...] = ()


def hold_against(criterion: Criterion, measured: Quantity, rules: Rules, coverage_factor: float, **said: Any) -> Placed:
    """Hold a value against a limit.

    Parameters
    ----------
    measured
        Has a value, in the unit of the limit.
    rules
        With the limit and the guard band.
    coverage_factor
        k of the expanded uncertainty U = k·u.
    said
        Further parameters of the messages, e.g. the route that the limit opens.

    Returns
    -------
    With w = guard band · U and m the distance to the limit on the good side: accepted where m ≥ w, refused where m ≤ -w, straddling
    in between; unknown where the uncertainty is.
    """
    limit = rules.limits[criterion.limit].value
    margin = criterion.direction * ((measured.value or 0.0) - limit)
    band = _guard_band(measured, rules, coverage_factor)
    placement = _placement(margin, band)
    params = {
        **said,
        "value": _said(measured.value, criterion),
        "band": _said(band, criterion, 2),
        "limit": _said(limit, criterion),
    }
    reason = Reason(f"grading.{criterion.words}.{placement}", params, criterion.quantity, rules.cite(criterion.limit))
    return Placed(placement, reason, _needs(criterion, placement, margin, band or 0.0, rules))


def _guard_band(measured: Quantity, rules: Rules, coverage_factor: float) -> float | None:
    if rules.guard_band == 0.0:
        return 0.0
    u = measured.standard_uncertainty
    return None if u is None else rules.guard_band * coverage_factor * u


def _placement(margin: float, band: float | None) -> Placement:
    if band is None:
        return "unknown"
    if margin >= band - _LAST_BIT:
        return "accepted"
    return "refused" if margin <= -band + _LAST_BIT else "straddles"


def _needs(criterion: Criterion, placement: Placement, margin: float, band: float, rules: Rules) -> tuple[Message, ...]:
    if placement == "straddles" and abs(margin) < _PRACTICABLE * band:
        return (message("grading.need.at_the_limit", quantity=f"health.quantity.{criterion.quantity}"),)
    if placement == "straddles":
        return (message(f"grading.{criterion.words}.more_precise", uncertainty=_said(abs(margin) / rules.guard_band, criterion, 2)),)
    if placement == "unknown":
        return (message(f"grading.{criterion.words}.stated_uncertainty"),)
    return ()


def _said(value: float | None, criterion: Criterion, digits: int = 4) -> float | None:
    return None if value is None else float(f"{value * criterion.shown:.{digits}g}")
