"""What law calls an outcome: whether the battery is waste, and which purpose it served, decide the word."""

from __future__ import annotations

from cellwright.core.assessment import DecisionOutcome, Reason
from cellwright.core.battery import Battery
from cellwright.core.messages import Message, message
from cellwright.core.rules import Rules

_TRACTION = (None, "ev")


def words(battery: Battery, outcome: DecisionOutcome, jurisdiction: Rules) -> tuple[Reason, ...]:
    """Return what European law calls the outcome, where waste status decides that, and, always, that the decision is advisory."""
    advisory = Reason("grading.advisory", {"rules": jurisdiction.name})
    if outcome not in ("reuse", "repurpose"):
        return (advisory,)
    return Reason(f"grading.word.{outcome}.{battery.waste}"), advisory


def term(battery: Battery, outcome: DecisionOutcome, jurisdiction: Rules) -> Message | None:
    """Return what the jurisdiction calls the outcome; None where it has no word, or the battery did not drive a vehicle."""
    found = jurisdiction.terms.get(outcome)
    purpose = battery.purpose and battery.purpose.strip().lower()
    if found is None or purpose not in _TRACTION:
        return None
    return message("grading.term", en=found.en, ko=found.ko)
