"""DC resistance over state of charge, one line a direction and time after the edge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cellwright.core.quantity import Quantity
from cellwright.plot.style import TIME_COLOURS, axis, words

_TIMES_DRAWN = 3
_SIGNS = {"discharge": ("circle", "solid"), "charge": ("circle-open", "dot")}


@dataclass(frozen=True)
class _Point:
    soc_percent: float
    milliohm: float
    expanded: float | None
    direction: str
    time_s: float
    rate: float | None


def resistance_spec(quantities: Sequence[Quantity], lang: str = "en") -> dict[str, Any] | None:
    """Return resistances over state of charge as Plotly JSON; None where fewer than two can be drawn.

    Parameters
    ----------
    quantities
        ``dc_resistance`` [ohm], with conditions ``soc`` [1], ``direction``, ``nominal_time_s`` or ``time_s`` [s], ``c_rate`` [1].
    lang
        ``en`` or ``ko``.

    Notes
    -----
    Of many, those of the commonest rate (of equals the one nearest 1C) and of at most three times are drawn: the shortest, the
    middle one and the longest. Bars are the expanded uncertainty.
    """
    points = _of_one_rate([p for q in quantities if (p := _point(q))])
    if len({p.soc_percent for p in points}) < 2:
        return None
    times = _spread(sorted({p.time_s for p in points}))
    data = [
        _trace(group, colour, lang)
        for time, colour in zip(times, TIME_COLOURS, strict=False)
        for direction in _SIGNS
        if (group := [p for p in points if p.time_s == time and p.direction == direction])
    ]
    layout = {
        "height": 300,
        "xaxis": axis(words("axis.soc", lang), ticksuffix="", nticks=8),
        "yaxis": axis(words("axis.resistance", lang), rangemode="tozero"),
        "margin": {"t": 46},
    }
    return {"data": data, "layout": layout}


def _point(quantity: Quantity) -> _Point | None:
    given = quantity.conditions
    soc, direction, time = given.get("soc"), given.get("direction"), given.get("nominal_time_s", given.get("time_s"))
    if quantity.value is None or soc is None or time is None or direction not in _SIGNS:
        return None
    expanded = quantity.expanded_uncertainty
    rate = given.get("c_rate")
    return _Point(
        soc_percent=round(100 * soc, 2),
        milliohm=_significant(1e3 * quantity.value),
        expanded=None if expanded is None else _significant(1e3 * expanded, 3),
        direction=direction,
        time_s=time,
        rate=None if rate is None else round(abs(rate), 1),
    )


def _of_one_rate(points: Sequence[_Point]) -> list[_Point]:
    counts = Counter(p.rate for p in points)
    if not counts:
        return []
    chosen = max(counts, key=lambda rate: (counts[rate], -abs((rate or 0.0) - 1)))
    return [p for p in points if p.rate == chosen]


def _spread(times: Sequence[float]) -> Sequence[float]:
    if len(times) <= _TIMES_DRAWN:
        return times
    return times[0], times[len(times) // 2], times[-1]


def _trace(points: Sequence[_Point], colour: str, lang: str) -> dict[str, Any]:
    ordered = sorted(points, key=lambda p: p.soc_percent)
    single = len({p.soc_percent for p in ordered}) == len(ordered)
    symbol, dash = _SIGNS[ordered[0].direction]
    trace: dict[str, Any] = {
        "type": "scatter",
        "mode": "lines+markers" if single else "markers",
        "name": words(f"direction.{ordered[0].direction}", lang, time=f"{ordered[0].time_s:g}"),
        "x": [p.soc_percent for p in ordered],
        "y": [p.milliohm for p in ordered],
        "marker": {"color": colour, "symbol": symbol, "size": 7, "line": {"width": 1.5, "color": colour}},
        "line": {"color": colour, "width": 1.4, "dash": dash},
        "hovertemplate": f"{words('hover.soc', lang)} %{{x:.1~f}} %<br>%{{y:.4~g}} mΩ",
    }
    if all(p.expanded is not None for p in ordered):
        trace["error_y"] = {"array": [p.expanded for p in ordered], "color": colour, "thickness": 1, "width": 2}
    return trace


def _significant(value: float, digits: int = 5) -> float:
    return float(f"{value:.{digits}g}")
