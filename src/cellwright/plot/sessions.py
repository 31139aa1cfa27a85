"""A test that was interrupted for long is drawn session by session, so that the pauses do not take the room of the test."""

from __future__ import annotations

from dataclasses import dataclass

from cellwright.plot.thinning import Curve

_MOST = 4
_PAUSE = 0.15  # of the time that was recorded
_NARROWEST = 0.12  # of the width
_BETWEEN = 0.03


@dataclass(frozen=True)
class Session:
    """A stretch of a recording without a long pause.

    Parameters
    ----------
    points
        Which points of the curve.
    start_h, end_h
        When it began and ended [h].
    domain
        Which part of the figure's width it has, from and to [1].
    """

    points: slice
    start_h: float
    end_h: float
    domain: tuple[float, float]


def sessions(drawn: Curve) -> tuple[Session, ...]:
    """Cut a curve at its longest breaks, where these are long beside what was recorded; wide ones have width by their duration."""
    if not drawn.time_h:
        return ()
    cuts = _cuts(drawn)
    starts, stops = [0, *(i + 1 for i in cuts)], [*cuts, len(drawn.time_h)]
    spans = [(drawn.time_h[a], drawn.time_h[b - 1]) for a, b in zip(starts, stops, strict=True)]
    widths = _widths([end - start for start, end in spans])
    found: list[Session] = []
    left = 0.0
    for a, b, (start, end), width in zip(starts, stops, spans, widths, strict=True):
        found.append(Session(slice(a, b), start, end, (round(left, 4), round(min(left + width, 1.0), 4))))
        left += width + _BETWEEN
    return tuple(found)


def _cuts(drawn: Curve) -> list[int]:
    """Points of the longest breaks, in order."""
    time = drawn.time_h
    breaks = [i for i in range(1, len(time) - 1) if all(line.values[i] is None for line in drawn.series)]
    pauses = {i: time[i + 1] - time[i] for i in breaks}
    recorded = time[-1] - time[0] - sum(pauses.values())
    longest = sorted((i for i in breaks if pauses[i] > _PAUSE * recorded), key=lambda i: -pauses[i])
    return sorted(longest[: _MOST - 1])


def _widths(durations: list[float]) -> list[float]:
    total = sum(durations) or 1.0
    wanted = [max(duration / total, _NARROWEST) for duration in durations]
    free = 1 - _BETWEEN * (len(durations) - 1)
    return [free * width / sum(wanted) for width in wanted]
