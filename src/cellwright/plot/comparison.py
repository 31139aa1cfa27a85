"""Batteries beside one another: ranked by state of health, and state of health against resistance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cellwright.core.assessment import Assessment
from cellwright.core.messages import render
from cellwright.core.quantity import Quantity
from cellwright.plot.style import GREY, OUTCOME_STYLES, axis, plain, words

Condition = tuple[str, float, float]

_NAMED_AT_MOST = 40
_NAME_LENGTH = 18
_PIXELS_A_BATTERY = 22
_COMPARED_AT_LEAST = 3
_SOH_SHOWN_AT_LEAST = (58.0, 102.0)


@dataclass(frozen=True)
class Standing:
    """What of one battery is drawn beside others; small, so that a truckload of them fits in memory.

    Parameters
    ----------
    id, outcome
        Which battery, and the decision.
    soh_percent, soh_expanded
        Capacity SOH and its expanded uncertainty [%]; None where there is none.
    limits_percent
        Limits that it was held against [%].
    milliohm, condition
        The DC resistance the decision used [mΩ], and its direction, time after the edge [s] and SOC [1].
    design
        Level, chemistry, format and rated capacity [Ah]: resistances of different designs are not compared.
    """

    id: str
    outcome: str
    soh_percent: float | None
    soh_expanded: float | None
    limits_percent: tuple[float, ...]
    milliohm: float | None
    condition: Condition | None
    design: tuple[object, ...]


def standing(assessment: Assessment) -> Standing:
    """Take from an assessment what is drawn of it beside others."""
    battery = assessment.battery
    soh, resistance = assessment.first("capacity_soh"), assessment.first("dc_resistance")
    rules = [r.rule for r in assessment.decision.reasons if r.quantity == "capacity_soh" and r.rule]
    return Standing(
        id=battery.id,
        outcome=assessment.decision.outcome,
        soh_percent=_scaled(soh.value if soh else None, 100),
        soh_expanded=_scaled(soh.expanded_uncertainty if soh else None, 100),
        limits_percent=tuple(sorted({round(r.value if r.unit == "%" else 100 * r.value, 2) for r in rules if r.unit in ("1", "%")})),
        milliohm=_scaled(resistance.value if resistance else None, 1e3),
        condition=_condition(resistance) if resistance else None,
        design=(battery.level, battery.chemistry, battery.format, battery.rated_capacity_ah),
    )


def ranking_spec(batteries: Sequence[Standing], lang: str = "en") -> dict[str, Any] | None:
    """Return batteries ranked by capacity SOH, with expanded uncertainties and the limits of the decisions, as Plotly JSON.

    Parameters
    ----------
    batteries
        Those without a capacity SOH are left out. A point's ``customdata`` is its battery's place in this sequence.
    lang
        ``en`` or ``ko``.

    Returns
    -------
    None where fewer than two have a capacity SOH. Up to forty lie one below the other by name; more, side by side by rank.
    """
    places = [n for n, b in enumerate(batteries) if b.soh_percent is not None]
    if len(places) < 2:
        return None
    places.sort(key=lambda n: -(batteries[n].soh_percent or 0.0))
    ranked = [batteries[n] for n in places]
    named = len(ranked) <= _NAMED_AT_MOST
    limits = sorted({limit for b in ranked for limit in b.limits_percent})
    soh = axis(words("axis.capacity_soh", lang), range=_soh_range(ranked), nticks=7)
    layout = _named_layout(ranked, soh) if named else _numbered_layout(soh, lang)
    layout["showlegend"] = True
    layout["shapes"] = [_limit_line(value, named=named) for value in limits]
    layout["annotations"] = [_limit_label(value, named=named) for value in limits]
    data = [_ranking_trace(ranked, places, outcome, lang, named=named) for outcome in OUTCOME_STYLES]
    return {"data": [trace for trace in data if trace["x"]], "layout": layout}


def compared_spec(batteries: Sequence[Standing], lang: str = "en") -> dict[str, Any] | None:
    """Return capacity SOH against DC resistance as Plotly JSON, of the commonest design and condition.

    Resistances of other designs, directions, times or SOC are left out: they are another quantity. None where fewer than three
    batteries remain. A point's ``customdata`` is its battery's place in the sequence.
    """
    drawable = {n: (b.design, b.condition) for n, b in enumerate(batteries) if b.condition and b.soh_percent is not None}
    (commonest, count), *_ = Counter(drawable.values()).most_common(1) or [((), 0)]
    if count < _COMPARED_AT_LEAST:
        return None
    places = [n for n, kind in drawable.items() if kind == commonest]
    direction, time, soc = batteries[places[0]].condition or ("", 0.0, 0.0)
    data = [_compared_trace(batteries, places, outcome, lang) for outcome in OUTCOME_STYLES]
    title = words(f"axis.resistance_at.{direction}", lang, time=f"{time:g}", soc=f"{100 * soc:.0f}")
    layout = {
        "height": 360,
        "showlegend": True,
        "xaxis": axis(title, nticks=8),
        "yaxis": axis(words("axis.capacity_soh", lang), nticks=6),
        "margin": {"t": 46},
    }
    return {"data": [trace for trace in data if trace["x"]], "layout": layout}


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else float(f"{factor * value:.5g}")


def _condition(resistance: Quantity) -> Condition | None:
    """Direction, time [s] to two digits and SOC [1] to 0.05, so that what is nominally the same counts as the same."""
    given = resistance.conditions
    direction, soc, time = given.get("direction"), given.get("soc"), given.get("nominal_time_s", given.get("time_s"))
    if resistance.value is None or direction not in ("charge", "discharge") or soc is None or time is None:
        return None
    return direction, float(f"{time:.2g}"), round(20 * soc) / 20


def _ranking_trace(ranked: Sequence[Standing], places: Sequence[int], outcome: str, lang: str, *, named: bool) -> dict[str, Any]:
    group = [(rank, place, b) for rank, (place, b) in enumerate(zip(places, ranked, strict=True), start=1) if b.outcome == outcome]
    values, ranks = [b.soh_percent for _, _, b in group], [rank for rank, _, _ in group]
    bars = {"array": [b.soh_expanded or 0.0 for _, _, b in group], "thickness": 1.2, "width": 3, "color": OUTCOME_STYLES[outcome][0]}
    return {
        **_points(outcome, lang),
        "x": values if named else ranks,
        "y": ranks if named else values,
        "error_x" if named else "error_y": bars,
        "text": [f"<b>{plain(b.id)}</b><br>{b.soh_percent:.1f} % ± {b.soh_expanded or 0.0:.1f} %" for _, _, b in group],
        "customdata": [place for _, place, _ in group],
    }


def _compared_trace(batteries: Sequence[Standing], places: Sequence[int], outcome: str, lang: str) -> dict[str, Any]:
    group = [(n, batteries[n]) for n in places if batteries[n].outcome == outcome]
    return {
        **_points(outcome, lang),
        "x": [b.milliohm for _, b in group],
        "y": [b.soh_percent for _, b in group],
        "text": [f"<b>{plain(b.id)}</b><br>{b.soh_percent:.1f} % · {b.milliohm:.4g} mΩ" for _, b in group],
        "customdata": [n for n, _ in group],
    }


def _points(outcome: str, lang: str) -> dict[str, Any]:
    colour, symbol = OUTCOME_STYLES[outcome]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": render(f"grading.outcome.{outcome}", {}, lang),
        "marker": {"color": colour, "symbol": symbol, "size": 9, "line": {"width": 1.6, "color": colour}},
        "hovertemplate": "%{text}<extra></extra>",
    }


def _named_layout(ranked: Sequence[Standing], soh: dict[str, Any]) -> dict[str, Any]:
    names = [plain(_shortened(b.id)) for b in ranked]
    ids = axis(
        "", tickvals=list(range(1, len(ranked) + 1)), ticktext=names, range=[len(ranked) + 0.6, 0.4], showgrid=False, fixedrange=True
    )
    return {"height": 110 + _PIXELS_A_BATTERY * len(ranked), "xaxis": soh, "yaxis": ids, "margin": {"t": 62}}


def _numbered_layout(soh: dict[str, Any], lang: str) -> dict[str, Any]:
    return {"height": 380, "xaxis": axis(words("axis.rank", lang), showgrid=False), "yaxis": soh, "margin": {"t": 46, "r": 40}}


def _shortened(name: str) -> str:
    return name if len(name) <= _NAME_LENGTH else f"{name[: _NAME_LENGTH - 1]}…"


def _soh_range(ranked: Sequence[Standing]) -> list[float]:
    low = min((b.soh_percent or 0.0) - (b.soh_expanded or 0.0) for b in ranked)
    high = max((b.soh_percent or 0.0) + (b.soh_expanded or 0.0) for b in ranked)
    return [max(0.0, min(low - 3, _SOH_SHOWN_AT_LEAST[0])), max(high + 3, _SOH_SHOWN_AT_LEAST[1])]


def _limit_line(value: float, *, named: bool) -> dict[str, Any]:
    upright = {"x0": value, "x1": value, "y0": 0, "y1": 1, "xref": "x", "yref": "paper"}
    lying = {"y0": value, "y1": value, "x0": 0, "x1": 1, "yref": "y", "xref": "paper"}
    return {"type": "line", "layer": "below", "line": {"color": GREY, "width": 1.2, "dash": "dash"}, **(upright if named else lying)}


def _limit_label(value: float, *, named: bool) -> dict[str, Any]:
    above = {"x": value, "y": 1, "xref": "x", "yref": "paper", "yanchor": "bottom"}
    beside = {"x": 1, "y": value, "xref": "paper", "yref": "y", "xanchor": "left"}
    return {"text": f"{value:g} %", "showarrow": False, "font": {"size": 11}, **(above if named else beside)}
