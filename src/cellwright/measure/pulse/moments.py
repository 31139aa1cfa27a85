"""Which sample stands for which time after the edge of a pulse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cellwright.core.columns import CURRENT, TIME, VOLTAGE
from cellwright.measure.edges import MICROSECOND
from cellwright.measure.pulse.trains import Train
from cellwright.measure.runs import Floats, Rows

TIMES_S = (0.1, 1.0, 2.0, 5.0, 10.0, 18.0, 30.0)
"""Nominal times after the edge [s]; with the end of the pulse. 0.1, 2, 5, 10, 18 and 30 s are reported of ISO 12405-4."""

NEAR = 0.1
"""Share of a nominal time within which a sample stands for it."""

STEADY = 0.05
"""Share of its greatest size by which the current of a pulse may fall."""

ASIDE = 0.2
"""Share of a time to either side within which the resistance rises on a line."""

NONE = -1


@dataclass(frozen=True, eq=False)
class Moments:
    """Samples that stand for the times of pulses, by their row; -1 where none does.

    Parameters
    ----------
    at
        A row a pulse, a column each of `TIMES_S`.
    end
        The last sample of each pulse.
    first
        The first sample of each pulse with the whole current.
    """

    at: Rows
    end: Rows
    first: Rows


def moments(train: Train) -> Moments:
    """Find the samples of the pulses of a series.

    A sample stands for the time it is nearest to, within 10 % of it with the uncertainty of the edge, and only where the current has
    stayed within 5 % of its greatest since the first tenth of that time. Nothing is read between samples or beyond the last.
    """
    flat = _Flat.of(train)
    ends = flat.stop - 1
    at = np.column_stack([flat.standing(np.full(len(train), t)) for t in TIMES_S])
    end = flat.standing(flat.after[ends])
    whole = flat.steady & (flat.after > 0)
    rows = np.append(np.flatnonzero(whole), len(whole))
    first = rows[np.searchsorted(rows, flat.start)]
    return Moments(flat.row(at), flat.row(end), flat.row(np.where(first < flat.stop, first, NONE)))


def time_after(train: Train, rows: Rows) -> Floats:
    """Return how long after the edge each sample was read [s]; a row a pulse, no number where there is none."""
    began = train.of("start_time_second", train.first)
    time = train.course.samples[TIME].to_numpy()
    return _where_there(rows, time[rows] - (began if rows.ndim == 1 else began[:, None])).round(MICROSECOND)


def resistance_at(train: Train, rows: Rows) -> Floats:
    """Return R = (V − V₀)/(I − I₀) [ohm] of each sample; V₀, I₀ are the last readings of the rest before."""
    samples = train.course.samples
    before = train.begin - 1
    parts: list[Floats] = []
    for name in (VOLTAGE, CURRENT):
        reading = samples[name].to_numpy()
        rested = reading[before]
        parts.append(reading[rows] - (rested if rows.ndim == 1 else rested[:, None]))
    return _where_there(rows, np.divide(parts[0], parts[1], out=np.full(rows.shape, np.nan), where=parts[1] != 0))


def rise_of_resistance(train: Train, rows: Rows) -> Floats:
    """Return how fast R rises at each sample [ohm/s], between the samples nearest to four fifths and to six fifths of its time."""
    flat, after = _Flat.of(train), np.nan_to_num(time_after(train, rows))
    earlier, later = (np.column_stack([flat.row(flat.nearest(share * time)) for time in after.T]) for share in (1 - ASIDE, 1 + ASIDE))
    lasted = time_after(train, later) - time_after(train, earlier)
    rise = resistance_at(train, later) - resistance_at(train, earlier)
    return _where_there(rows, np.divide(rise, lasted, out=np.zeros(rows.shape), where=lasted > 0))


def _where_there(rows: Rows, values: Floats) -> Floats:
    return np.where(rows == NONE, np.nan, values)


@dataclass(frozen=True, eq=False)
class _Flat:
    """The samples of all pulses one after the other.

    Parameters
    ----------
    start, stop
        Where each pulse's begin and end among them.
    origin
        By how much a pulse's rows lie further on in the recording.
    after
        Time after the edge [s].
    steady
        Whether the current is within 5 % of the pulse's greatest.
    key
        Time after the edge, in the order of the pulses: grows through all of them.
    step
        By how much the key grows from pulse to pulse.
    unsure
        Half the stretch in which each pulse's edge lies [s].
    """

    start: Rows
    stop: Rows
    origin: Rows
    after: Floats
    steady: NDArray[np.bool_]
    key: Floats
    step: float
    unsure: Floats

    @classmethod
    def of(cls, train: Train) -> _Flat:
        lengths = train.end - train.begin
        stop = np.cumsum(lengths)
        start = stop - lengths
        pulse = np.repeat(np.arange(len(train)), lengths)
        rows = np.arange(len(pulse)) + (train.begin - start)[pulse]
        samples = train.course.samples
        after = (samples[TIME].to_numpy()[rows] - train.of("start_time_second", train.first)[pulse]).round(MICROSECOND)
        size = np.abs(samples[CURRENT].to_numpy()[rows])
        steady = size >= (1 - STEADY) * np.maximum.reduceat(size, start)[pulse]
        step = 2 * max(float(after.max()), TIMES_S[-1])
        unsure = train.of("edge_uncertainty_second", train.first)
        return cls(start, stop, train.begin - start, after, steady, after + step * pulse, step, unsure)

    def row(self, places: Rows) -> Rows:
        """Return the rows of the recording that places among these samples are."""
        origin = self.origin if places.ndim == 1 else self.origin[:, None]
        return np.where(places == NONE, NONE, places + origin)

    def standing(self, nominal: Floats) -> Rows:
        """Return where the sample is that stands for a time [s] of each pulse."""
        nearest = self.nearest(nominal)
        time = self.after[nearest]
        near = (time > 0) & (np.abs(time - nominal) + self.unsure <= NEAR * nominal)
        return np.where(near & self._held(nearest, nominal), nearest, NONE)

    def nearest(self, nominal: Floats) -> Rows:
        """Return where the sample is that is nearest to a time [s] of each pulse."""
        behind = np.clip(self._place(nominal, "left"), self.start, self.stop - 1)
        ahead = np.maximum(behind - 1, self.start)
        return np.where(np.abs(self.after[ahead] - nominal) <= np.abs(self.after[behind] - nominal), ahead, behind)

    def _held(self, place: Rows, nominal: Floats) -> NDArray[np.bool_]:
        """Whether the current was held from the first tenth of a time up to a sample."""
        fallen = np.append(0, np.cumsum(~self.steady))
        since = np.clip(self._place(NEAR * nominal, "right"), self.start, place + 1)
        return fallen[place + 1] == fallen[since]

    def _place(self, nominal: Floats, side: Literal["left", "right"]) -> Rows:
        return np.searchsorted(self.key, nominal + self.step * np.arange(len(nominal)), side)
