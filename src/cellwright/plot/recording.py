"""A recording over time: voltage above, current and temperature below, one time axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cellwright.plot.sessions import Session, sessions
from cellwright.plot.style import BAND, SERIES_COLOURS, TEMPLATE, axis, plain, words
from cellwright.plot.thinning import Curve, Series

if TYPE_CHECKING:
    import plotly.graph_objects as go  # pyright: ignore[reportMissingTypeStubs]

_PANELS = (
    (("voltage",), 5, "voltage"),
    (("current",), 3, "current"),
    (("lowest_cell", "highest_cell"), 3, "cells"),
    (("temperature", "hottest_probe", "ambient_temperature"), 2, "temperature"),
)
_GAP = 0.07
_PIXELS_A_SHARE = 42


@dataclass(frozen=True)
class Mark:
    """A stretch of time [h] that the figure shades, and what it is called."""

    start_h: float
    end_h: float
    text: str


def figure(drawn: Curve, lang: str = "en", marks: Sequence[Mark] = ()) -> go.Figure:
    """Return a recording as a Plotly figure, for a notebook or a server.

    Parameters
    ----------
    drawn
        From `curve`.
    lang
        Of axis titles and labels: ``en`` or ``ko``.
    marks
        Stretches to shade, e.g. the reference discharge.
    """
    import plotly.graph_objects as go  # pyright: ignore[reportMissingTypeStubs]

    spec = recording_spec(drawn, lang, marks)
    return go.Figure(spec["data"], spec["layout"] | {"template": TEMPLATE})


def recording_spec(drawn: Curve, lang: str = "en", marks: Sequence[Mark] = ()) -> dict[str, Any]:
    """Return the figure of a recording as Plotly JSON ``{data, layout}``, without the template that all figures share.

    Long pauses of a step sheet cut the time axis; every part of it shows its own hours.
    """
    panels = [(lines, share, code) for names, share, code in _PANELS if (lines := [s for n in names if (s := drawn.named(n))])]
    parts = sessions(drawn)
    layout: dict[str, Any] = {
        "height": 74 + _PIXELS_A_SHARE * sum(share for _, share, _ in panels),
        "hovermode": "x unified",
        "hoversubplots": "axis",
        "showlegend": False,
        "margin": {"t": 24},
        **_time_axes(parts, max(len(panels), 1), lang),
        "shapes": [_band(mark, parts) for mark in marks],
        "annotations": [_label(mark, parts) for mark in marks if mark.text],
    }
    for number, ((_, _, code), domain) in enumerate(zip(panels, _domains([share for _, share, _ in panels]), strict=True), start=1):
        look = {"domain": domain, "nticks": 6 if number == 1 else 4, "zeroline": code == "current"}
        layout[_nth("yaxis", number)] = axis(words(f"axis.{code}", lang), **look)
    data = [
        trace
        for number, session in enumerate(parts, start=1)
        for trace in _session_traces(drawn, session, number, [lines for lines, _, _ in panels], lang)
    ]
    return {"data": data, "layout": layout}


def _nth(name: str, number: int) -> str:
    return name if number == 1 else f"{name}{number}"


def _time_axes(parts: Sequence[Session], panels: int, lang: str) -> dict[str, Any]:
    """One axis a session, with hours of its own; the widest has the title."""
    widths = [part.domain[1] - part.domain[0] for part in parts]
    axes: dict[str, Any] = {}
    for number, (part, width) in enumerate(zip(parts, widths, strict=True), start=1):
        title = words("axis.time", lang) if width == max(widths) else ""
        look = {"domain": part.domain, "anchor": _nth("y", panels), "nticks": max(round(12 * width), 2), "hoverformat": ".4~f"}
        axes[_nth("xaxis", number)] = axis(title, **look, unifiedhovertitle={"text": f"%{{x:.4~f}} {words('unit.h', lang)}"})
    return axes


def _domains(shares: Sequence[int]) -> list[list[float]]:
    """Divide the height among the panels, first on top."""
    free = 1 - _GAP * (len(shares) - 1)
    domains: list[list[float]] = []
    top = 1.0
    for share in shares:
        bottom = top - free * share / sum(shares)
        domains.append([round(max(bottom, 0.0), 4), round(top, 4)])
        top = bottom - _GAP
    return domains


def _session_traces(drawn: Curve, session: Session, number: int, panels: Sequence[Sequence[Series]], lang: str) -> list[dict[str, Any]]:
    hours = drawn.time_h[session.points]
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": words(f"series.{line.name}", lang),
            "x": hours,
            "y": line.values[session.points],
            "xaxis": _nth("x", number),
            "yaxis": _nth("y", panel),
            "line": {"color": SERIES_COLOURS[line.name], "width": 1.4},
            "hovertemplate": f"%{{y:.5~g}} {words(f'unit.{line.unit}', lang)}",
        }
        for panel, lines in enumerate(panels, start=1)
        for line in lines
    ]


def _x_of(mark: Mark, parts: Sequence[Session]) -> str:
    """Time axis on which a mark begins."""
    return _nth("x", next((n for n, part in enumerate(parts, start=1) if mark.start_h <= part.end_h), len(parts)))


def _band(mark: Mark, parts: Sequence[Session]) -> dict[str, Any]:
    span = {"x0": round(mark.start_h, 5), "x1": round(mark.end_h, 5), "y0": 0, "y1": 1, "xref": _x_of(mark, parts), "yref": "paper"}
    return {"type": "rect", "layer": "below", "line": {"width": 0}, "fillcolor": BAND, **span}


def _label(mark: Mark, parts: Sequence[Session]) -> dict[str, Any]:
    at = {"x": round(mark.start_h, 5), "y": 1, "xref": _x_of(mark, parts), "yref": "paper", "xanchor": "left", "yanchor": "bottom"}
    return {"text": plain(mark.text), "showarrow": False, "font": {"size": 11}, **at}
