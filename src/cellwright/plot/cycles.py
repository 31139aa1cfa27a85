"""Capacity and efficiency over the cycles of a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from cellwright.plot.style import BLUE, GREEN, TEMPLATE, VERMILION, axis, words

if TYPE_CHECKING:
    import plotly.graph_objects as go  # pyright: ignore[reportMissingTypeStubs]

DRAWN_AT_MOST = 100_000
DENSE = 300
_CAPACITIES = (
    ("discharge_capacity", "cycle_discharging_capacity_ah", (BLUE, "circle")),
    ("charge_capacity", "cycle_charging_capacity_ah", (VERMILION, "circle-open")),
)


def cycles(table: pl.DataFrame, lang: str = "en") -> go.Figure:
    """Return the capacities and the coulombic efficiency over the cycles as a Plotly figure; parameters as in `cycles_spec`."""
    import plotly.graph_objects as go  # pyright: ignore[reportMissingTypeStubs]

    spec = cycles_spec(table, lang)
    return go.Figure(spec["data"], spec["layout"] | {"template": TEMPLATE})


def cycles_spec(table: pl.DataFrame, lang: str = "en") -> dict[str, Any]:
    """Return the capacities and the coulombic efficiency over the cycles as Plotly JSON ``{data, layout}``.

    Parameters
    ----------
    table
        From `measure.cycles`: capacities [Ah], efficiency [1], drawn in per cent and only where the cycle closes.
    lang
        Of titles: ``en`` or ``ko``.

    Notes
    -----
    Of more than 100,000 cycles those are drawn that hold the least and the greatest value of each line in equal shares of them.
    """
    efficiency = pl.when("closed").then(100 * pl.col("coulombic_efficiency")).alias("efficiency")
    lines = [name for _, name, _ in _CAPACITIES]
    present = (pl.when(pl.col(name) > 0).then(name).alias(name) for name in lines)  # a half that did not run is no capacity of none
    drawn = _thinned(table.select("cycle_count", *present, efficiency), [*lines, "efficiency"])
    data = [_line(drawn, name, words(f"series.{code}", lang), look, "Ah") for code, name, look in _CAPACITIES]
    shown = drawn["efficiency"].is_not_null().any()
    if shown:
        data.append(_line(drawn, "efficiency", words("series.coulombic_efficiency", lang), (GREEN, "diamond"), "%") | {"yaxis": "y2"})
    layout: dict[str, Any] = {
        "height": 380 if shown else 280,
        "title": {"text": words("title.cycles", lang)},
        "xaxis": axis(words("axis.cycle", lang), anchor="y2" if shown else "y", nticks=8),
        "yaxis": axis(words("axis.capacity", lang), domain=[0.4, 1.0] if shown else [0.0, 1.0], rangemode="tozero"),
        "margin": {"t": 66},
    }
    if shown:
        layout["yaxis2"] = axis(words("axis.coulombic_efficiency", lang), domain=[0.0, 0.32], nticks=4)
    return {"data": data, "layout": layout}


def _line(drawn: pl.DataFrame, column: str, name: str, look: tuple[str, str], unit: str) -> dict[str, Any]:
    dense, (colour, symbol) = drawn.height > DENSE, look
    return {
        "type": "scattergl" if dense else "scatter",
        "mode": "lines" if dense else "lines+markers",
        "name": name,
        "x": drawn["cycle_count"].to_list(),
        "y": [None if value is None else float(f"{value:.6g}") for value in drawn[column].to_list()],
        "marker": {"color": colour, "symbol": symbol, "size": 6},
        "line": {"color": colour, "width": 1.4},
        "hovertemplate": f"%{{y:.5~g}} {unit}",
    }


def _thinned(table: pl.DataFrame, lines: list[str]) -> pl.DataFrame:
    """Keep the first and the last cycle, and of each bucket of cycles those with the least and the greatest value of a line."""
    if table.height <= DRAWN_AT_MOST:
        return table
    starts = np.linspace(0, table.height, DRAWN_AT_MOST // (2 * len(lines)), endpoint=False).astype(int)
    kept = [np.array([0, table.height - 1])]
    for name in lines:
        values = table[name].fill_null(float("nan")).to_numpy()
        for extreme in (np.fmin, np.fmax):
            reached = np.repeat(extreme.reduceat(values, starts), np.diff(np.append(starts, table.height)))
            rows = np.flatnonzero(values == reached)
            kept.append(rows[np.diff(np.searchsorted(starts, rows, side="right"), prepend=0) > 0])
    return table[np.unique(np.concatenate(kept))]
