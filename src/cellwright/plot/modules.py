"""The cells of a module or pack beside one another: capacity, resistance, voltage at rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from cellwright.plot.pulses import headed
from cellwright.plot.style import BLUE, GREEN, GREY, OCHRE, TEMPLATE, axis, words

if TYPE_CHECKING:
    import plotly.graph_objects as go  # pyright: ignore[reportMissingTypeStubs]

_PANELS = (
    ("capacity_ah", "capacity_standard_uncertainty_ah", "axis.cell_capacity", 1.0),
    ("resistance_ohm", "resistance_standard_uncertainty_ohm", "axis.cell_resistance", 1e3),
    ("rest_voltage_volt", "rest_voltage_standard_uncertainty_volt", "axis.cell_rest_voltage", 1.0),
)
_LOOKS = {"bench": (BLUE, "circle"), "estimated": (OCHRE, "circle-open"), "at_least": (GREY, "triangle-up-open")}
_PANEL_HEIGHT = 190
COVERAGE = 2.0


def cells(table: pl.DataFrame, lang: str = "en") -> go.Figure:
    """Return the cells of a module or pack as a Plotly figure; parameters as in `cells_spec`."""
    import plotly.graph_objects as go  # pyright: ignore[reportMissingTypeStubs]

    spec = cells_spec(table, lang)
    return go.Figure(spec["data"], spec["layout"] | {"template": TEMPLATE})


def cells_spec(table: pl.DataFrame, lang: str = "en") -> dict[str, Any]:
    """Return the cells of a module or pack as Plotly JSON ``{data, layout}``: a panel each for what is known of them.

    Parameters
    ----------
    table
        ``Cells.table`` of `measure.cells`: capacity [Ah], by how it was had, with lower bounds as triangles; resistance, drawn in mΩ;
        voltage at rest [V]. Bars are the expanded uncertainty (k = 2).
    lang
        Of titles: ``en`` or ``ko``.
    """
    shown = [panel for panel in _PANELS if _known(table, panel[0])]
    data: list[dict[str, Any]] = []
    layout: dict[str, Any] = {
        **headed(words("title.cells", lang), 110 + _PANEL_HEIGHT * max(len(shown), 1)),
        "xaxis": axis(words("axis.cell", lang), anchor=f"y{len(shown)}" if len(shown) > 1 else "y"),
    }
    for number, (column, unsure, title, scale) in enumerate(shown, start=1):
        place = f"y{number}" if number > 1 else "y"
        top = 1 - (number - 1) / len(shown)
        layout[place.replace("y", "yaxis")] = axis(words(title, lang), domain=[top - 0.85 / len(shown), top], nticks=5)
        if column == "capacity_ah":
            data += _capacities(table, lang)
        else:
            data.append(_dots(table, (column, unsure), scale, (GREEN, "circle"), "") | {"yaxis": place, "showlegend": False})
    return {"data": data, "layout": layout}


def _known(table: pl.DataFrame, column: str) -> bool:
    bounds = ["capacity_at_least_ah"] if column == "capacity_ah" else []
    return any(table[name].null_count() < table.height for name in (column, *bounds))


def _capacities(table: pl.DataFrame, lang: str) -> list[dict[str, Any]]:
    """Return a trace for each way a capacity was had."""
    found: list[dict[str, Any]] = []
    for origin in ("bench", "estimated"):
        part = table.filter(capacity_origin=origin)
        if part.height:
            columns = ("capacity_ah", "capacity_standard_uncertainty_ah")
            found.append(_dots(part, columns, 1.0, _LOOKS[origin], words(f"series.{origin}", lang)))
    bounds = table.filter(pl.col("capacity_origin").is_null(), pl.col("capacity_at_least_ah").is_not_null())
    if bounds.height:
        found.append(_dots(bounds, ("capacity_at_least_ah", None), 1.0, _LOOKS["at_least"], words("series.at_least", lang)))
    return found


def _dots(table: pl.DataFrame, columns: tuple[str, str | None], scale: float, look: tuple[str, str], name: str) -> dict[str, Any]:
    column, unsure = columns
    colour, symbol = look
    drawn: dict[str, Any] = {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": table["cell"].to_list(),
        "y": _scaled(table[column].to_list(), scale),
        "marker": {"color": colour, "symbol": symbol, "size": 7},
        "hovertemplate": "%{x}: %{y:.5~g}" + (f"<extra>{name}</extra>" if name else "<extra></extra>"),
    }
    if unsure is not None and table[unsure].null_count() < table.height:
        bars = _scaled(table[unsure].to_list(), COVERAGE * scale)
        drawn["error_y"] = {"type": "data", "array": bars, "color": colour, "thickness": 1, "width": 2}
    return drawn


def _scaled(values: Sequence[float | None], scale: float) -> list[float | None]:
    return [None if value is None else float(f"{scale * value:.6g}") for value in values]
