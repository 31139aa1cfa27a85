"""The tester's ranges that were used, and what is amiss with their calibrations."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from cellwright.core.assessment import Assessment
from cellwright.core.tester import Calibration, Range, Tester
from cellwright.report.numbers import SPACE, general
from cellwright.report.words import Words

Flaw = Literal["missing", "expired_when_tested", "expired_since", "expired"]
_UNITS = {"voltage": "V", "current": "A", "temperature": "°C"}


@dataclass(frozen=True)
class Instrument:
    """A measuring range of the tester: its error limits, its calibration, and what is amiss with that; None where nothing is."""

    quantity: str
    unit: str
    range: Range
    flaw: Flaw | None

    @property
    def calibration(self) -> Calibration | None:
        """Calibration of the range."""
        return self.range.calibration


def instruments(assessment: Assessment, issued: dt.date) -> tuple[Instrument, ...]:
    """Return the ranges of voltage, current and temperature that were used; all of a kind where the inputs do not tell which."""
    tester = assessment.tester
    if tester is None:
        return ()
    named, tested = _segments_named(assessment), _last_test(assessment)
    return tuple(
        Instrument(kind, unit, span, _flaw(span.calibration, tested, issued))
        for kind, unit in _UNITS.items()
        for span in _used(_ranges(tester, kind), named.get(kind, set()), unit)
    )


def concerns(assessment: Assessment, used: tuple[Instrument, ...], words: Words) -> tuple[str, ...]:
    """Return what is amiss with the calibrations, one line a certificate; nothing of a default tester, which has none."""
    if assessment.tester is None or assessment.tester.default:
        return ()
    alike: dict[tuple[Flaw, Calibration | None], list[str]] = {}
    for item in used:
        if item.flaw:
            alike.setdefault((item.flaw, item.calibration), []).append(_named(item, words))
    return tuple(_line(flaw, found, ranges, assessment, words) for (flaw, found), ranges in alike.items())


def _line(flaw: Flaw, calibration: Calibration | None, ranges: list[str], assessment: Assessment, words: Words) -> str:
    given = {"ranges": ", ".join(ranges), "tested": _last_test(assessment)}
    if calibration:
        given |= {"reference": calibration.reference, "expiry": calibration.expiry.isoformat()}
    return words(f"report.calibration.{flaw}", **given)


def _named(item: Instrument, words: Words) -> str:
    return f"{words(f'report.range.{item.quantity}')}{SPACE}≤{SPACE}{general(item.range.maximum)}{SPACE}{item.unit}"


def _last_test(assessment: Assessment) -> str:
    return max((s.start[:10] for s in assessment.sources if s.start), default="")


def _flaw(calibration: Calibration | None, tested: str, issued: dt.date) -> Flaw | None:
    if calibration is None:
        return "missing"
    if tested and calibration.expiry.isoformat() < tested:
        return "expired_when_tested"
    if calibration.expiry < issued:
        return "expired_since" if tested else "expired"
    return None


def _ranges(tester: Tester, kind: str) -> tuple[Range, ...]:
    return {"voltage": tester.voltage, "current": tester.current, "temperature": tester.temperature}[kind]


def _used(ranges: tuple[Range, ...], named: set[str], unit: str) -> tuple[Range, ...]:
    """The ranges that are named; where there is one, or none is named, all: none that was used may be missing."""
    found = tuple(span for span in ranges if f"{span.maximum:g}{unit}" in named)
    return found if found and len(ranges) > 1 else ranges


def _segments_named(assessment: Assessment) -> dict[str, set[str]]:
    """By kind, the segments of the stems of the inputs, among them the range where a tester has several: ``make/6V:voltage:gain``."""
    inputs = {key.rpartition(":")[0] for found in assessment.quantities.values() for q in found for key in q.components}
    segments: dict[str, set[str]] = {}
    if any(":cell " in text for text in inputs):  # channels of their own, whose range no input names
        inputs = {text for text in inputs if not text.endswith(":voltage")}
    for stem, _, what in (text.rpartition(":") for text in inputs):
        kind = "temperature" if what.endswith("_celsius") else what
        segments.setdefault(kind, set()).update(stem.split("/"))
    return segments
