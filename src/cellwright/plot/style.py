"""One look for every figure: typography, colours that colour-blind readers tell apart, units in axis titles."""

from __future__ import annotations

from typing import Any

from cellwright.core.messages import render

# Okabe and Ito's hues (Color Universal Design, 2008), darkened or lightened until each has 3:1 contrast on white and on near-black.
BLUE, VERMILION, GREEN, PURPLE, OCHRE, GREY = "#2878b5", "#cf5a2b", "#17907a", "#a9619c", "#a87a12", "#7b828a"
BAND = "rgba(40, 120, 181, 0.14)"

SERIES_COLOURS = {
    "voltage": BLUE,
    "current": VERMILION,
    "temperature": GREEN,
    "hottest_probe": GREEN,
    "ambient_temperature": GREY,
    "lowest_cell": PURPLE,
    "highest_cell": OCHRE,
}
OUTCOME_STYLES = {
    "reuse": (GREEN, "circle"),
    "remanufacture": (BLUE, "square"),
    "repurpose": (PURPLE, "diamond"),
    "recycle": (GREY, "x"),
    "undecided": (OCHRE, "circle-open"),
}
# Light to dark as time after the edge grows; never the only sign: the legend and the hover say the time.
TIME_COLOURS = (BLUE, VERMILION, GREEN, PURPLE, OCHRE, GREY)

FONT = (
    '"Inter", "Pretendard", system-ui, -apple-system, "Segoe UI", "Apple SD Gothic Neo", "Malgun Gothic", "Noto Sans KR", '
    '"Noto Sans CJK KR", "Noto Sans", sans-serif'
)
_INK, _SOFT, _GRID = "#1d2530", "#56606d", "#e3e7ec"
_AXIS: dict[str, Any] = {
    "showline": False,
    "zeroline": False,
    "zerolinecolor": "#a7b0b9",
    "zerolinewidth": 1,
    "gridcolor": _GRID,
    "gridwidth": 1,
    "ticks": "",
    "tickfont": {"size": 11, "color": _SOFT},
    "title": {"font": {"size": 12, "color": _SOFT}, "standoff": 8},
    "automargin": True,
}
TEMPLATE: dict[str, Any] = {
    "layout": {
        "font": {"family": FONT, "size": 12, "color": _INK},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "colorway": list(TIME_COLOURS),
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "margin": {"l": 52, "r": 14, "t": 10, "b": 40},
        "hovermode": "closest",
        "hoverlabel": {"font": {"family": FONT, "size": 12}, "bgcolor": "#ffffff", "bordercolor": _GRID},
        "legend": {
            "orientation": "h",
            "xref": "container",
            "x": 0,
            "xanchor": "left",
            "yref": "container",
            "y": 1,
            "yanchor": "top",
            "font": {"size": 11.5},
        },
        "dragmode": "zoom",
    }
}


def words(code: str, lang: str, **params: Any) -> str:
    """Return a text of this room, e.g. ``words("axis.voltage", "ko")``."""
    return render(f"plot.{code}", params, lang)


def plain(text: str) -> str:
    """Return text that Plotly, which reads a little HTML, shows as it stands."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def axis(title: str, **rest: Any) -> dict[str, Any]:
    """Return an axis with its title."""
    return {"title": {"text": title}, **rest}
