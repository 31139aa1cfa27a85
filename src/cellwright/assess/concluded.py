"""The batteries of a run, read from the work folder when they are asked for: a truckload's quantities would not fit in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import overload

from cellwright.assess.conclude import conclude, survey
from cellwright.assess.single import How, Measured, Outcome, load_done
from cellwright.core.assessment import Assessment, DecisionOutcome, VerdictOutcome
from cellwright.core.errors import UsageError
from cellwright.core.rules import RuleSet
from cellwright.plot import Curve

Head = tuple[DecisionOutcome, VerdictOutcome]


class Concluded(Sequence[Assessment]):
    """Every battery of a run, concluded anew each time it is asked for: that takes milliseconds.

    Parameters
    ----------
    how
        Where the work lies, and the procedure.
    outcomes
        The finished jobs.
    rules
        What the batteries are held against.
    """

    def __init__(self, how: How, outcomes: Sequence[Outcome], rules: RuleSet) -> None:
        self._how = how
        self._rules = rules
        self._places = [(o.key, n) for o in outcomes for n in range(len(o.batteries))]
        self._last: tuple[int, Measured] | None = None
        self._heads: dict[int, Head] = {}
        self._survey = survey(self.measured(i) for i in range(len(self._places)))
        self.ids = [battery for o in outcomes for battery in o.batteries]

    def heads(self) -> list[Head]:
        """Decision and safety verdict of each battery; those that were concluded before are not concluded again."""
        return [self._heads.get(i) or _head(self[i]) for i in range(len(self))]

    def measured(self, index: int) -> Measured:
        """Return a battery's first pass; the last one asked for is kept, since it is asked for again."""
        if self._last is None or self._last[0] != index:
            key, number = self._places[index]
            done = load_done(self._how.work, key)
            if done is None:
                raise UsageError("assess.work_lost", path=str(self._how.work))
            self._last = index, done.measured[number]
        return self._last[1]

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Assessment: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Assessment]: ...
    def __getitem__(self, index: int | slice) -> Assessment | Sequence[Assessment]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        concluded = conclude(self.measured(index), self._survey, self._rules, self._how.stamp)
        self._heads[index] = _head(concluded)
        return concluded


class CurvesOf(Mapping[str, Sequence[Curve]]):
    """The curves of each battery of a run, by its id."""

    def __init__(self, concluded: Concluded) -> None:
        self._concluded = concluded
        self._index = {battery: i for i, battery in enumerate(concluded.ids)}

    def __getitem__(self, battery: str) -> Sequence[Curve]:
        return self._concluded.measured(self._index[battery]).curves

    def __iter__(self) -> Iterator[str]:
        return iter(self._index)

    def __len__(self) -> int:
        return len(self._index)


def heads(assessments: Sequence[Assessment]) -> list[Head]:
    """Return the decision and the safety verdict of each battery."""
    return assessments.heads() if isinstance(assessments, Concluded) else [_head(a) for a in assessments]


def _head(assessment: Assessment) -> Head:
    return assessment.decision.outcome, assessment.verdict.outcome
