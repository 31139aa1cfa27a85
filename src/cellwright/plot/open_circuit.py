"""Open circuit: the curve with its branches and rests, how far the branches lie apart, and a voltage on its way to rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from cellwright.core.columns import TIME, VOLTAGE
from cellwright.core.errors import UsageError
from cellwright.plot.pulses import headed
from cellwright.plot.style import BAND, BLUE, GREY, TEMPLATE, VERMILION, axis, words

if TYPE_CHECKING:
    import plotly.graph_objects as go  # pyright: ignore[reportMissingTypeStubs]
    from numpy.typing import NDArray

    from cellwright.core.quantity import Quantity
    from cellwright.core.recording import Recording
    from cellwright.measure.ocv.curve import OpenCircuit
    from cellwright.measure.ocv.hysteresis import Hysteresis

POINTS = 2000
_BRANCHES = (("charge", VERMILION), ("discharge", BLUE))


def open_circuit(curve: OpenCircuit, lang: str = "en") -> go.Figure:
    """Return an open-circuit curve: sweeps as lines, their mean dashed, rests as points with their expanded uncertainty (k = 2).

    Parameters
    ----------
    curve
        From `cellwright.measure.open_circuit`; over the charge held [Ah] where its states of charge are not known.
    lang
        Of the titles: ``en`` or ``ko``.
    """
    return _figure(open_circuit_spec(curve, lang))


def open_circuit_spec(curve: OpenCircuit, lang: str = "en") -> dict[str, Any]:
    """Return the figure of `open_circuit` as Plotly JSON ``{data, layout}``, without the template that all figures share."""
    known = bool(curve.table["soc"].is_not_null().any())
    over = (100 * pl.col("soc") if known else pl.col("capacity_ah")).round(4).alias("x")
    data: list[dict[str, Any]] = []
    for way, colour in _BRANCHES:
        points = curve.branch(way).with_columns(over).filter(pl.col("x").is_not_null())
        name = words(f"branch.{way}", lang)
        swept, rested = points.filter(pl.col("source") == "sweep"), points.filter(pl.col("source") != "sweep")
        if swept.height:
            data.append(_line(swept, "voltage_volt", name, colour))
        if rested.height:
            data.append(_rests(rested, words("branch.rest", lang, branch=name), colour))
    if known and curve.mean.height:
        data.append(_line(curve.mean.with_columns(over), "voltage_volt", words("branch.mean", lang), GREY, dash="dash"))
    return {"data": data, "layout": _layout("open_circuit", "soc" if known else "charge_held", "open_circuit_voltage", lang)}


def hysteresis(found: Hysteresis, lang: str = "en") -> go.Figure:
    """Return how far the branches lie apart [mV] over the state of charge; parameters as in `open_circuit`."""
    return _figure(hysteresis_spec(found, lang))


def hysteresis_spec(found: Hysteresis, lang: str = "en") -> dict[str, Any]:
    """Return the figure of `hysteresis` as Plotly JSON ``{data, layout}``."""
    table = found.table.select((100 * pl.col("soc")).round(4).alias("x"), (1e3 * pl.col("hysteresis_volt")).round(4).alias("gap"))
    layout = _layout("hysteresis", "soc", "hysteresis", lang)
    layout["yaxis"] |= {"rangemode": "tozero"}
    return {"data": [_line(table, "gap", "", BLUE)], "layout": layout}


def relaxation(recording: Recording, relaxed: Quantity, lang: str = "en") -> go.Figure:
    """Return a voltage on its way to rest, and where it comes to with its expanded uncertainty.

    Parameters
    ----------
    recording
        The one that was measured.
    relaxed
        A ``relaxed_voltage`` [V] of it: its evidence says which rows.
    lang
        Of the titles: ``en`` or ``ko``.

    Raises
    ------
    UsageError
        Where the quantity has no value, or stands on another recording.
    """
    return _figure(relaxation_spec(recording, relaxed, lang))


def relaxation_spec(recording: Recording, relaxed: Quantity, lang: str = "en") -> dict[str, Any]:
    """Return the figure of `relaxation` as Plotly JSON ``{data, layout}``."""
    rows = [span for e in relaxed.evidence if e.sha256 == recording.source.sha256 for span in e.rows]
    if relaxed.value is None or not rows:
        raise UsageError("plot.not_of_this_recording", name=relaxed.name, file=recording.source.file)
    table = recording.table if "record_index" in recording.table.columns else recording.table.with_row_index("record_index", offset=1)
    samples = table.filter(pl.col("record_index").is_between(rows[0][0], rows[-1][1]))
    samples = samples[_drawn(samples[VOLTAGE].to_numpy())]
    hours = ((samples[TIME] - samples[TIME][0]) / 3600).round(6).to_list()
    volt, expanded = relaxed.value, relaxed.expanded_uncertainty or 0.0
    drawn = {"type": "scatter", "mode": "lines", "x": hours, "y": samples[VOLTAGE].to_list(), "line": {"color": BLUE, "width": 1.6}}
    ends = [hours[0], hours[-1]]
    goal = {"type": "scatter", "mode": "lines", "x": ends, "y": [volt, volt], "line": {"color": GREY, "width": 1.2, "dash": "dash"}}
    band = {
        "type": "rect",
        "x0": ends[0],
        "x1": ends[1],
        "y0": volt - expanded,
        "y1": volt + expanded,
        "fillcolor": BAND,
        "line": {"width": 0},
    }
    layout = _layout("relaxation", "time_at_rest", "voltage", lang) | {"shapes": [band]}
    name = words("relaxed_voltage", lang, volt=f"{volt:.4f}")
    return {"data": [drawn | {"name": words("series.voltage", lang)}, goal | {"name": name}], "layout": layout}


def _drawn(volt: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return rows to draw: dense at the beginning, where the voltage moves, and both extremes."""
    if len(volt) <= POINTS:
        return np.arange(len(volt))
    spread = (np.linspace(0.0, 1.0, POINTS) ** 2 * (len(volt) - 1)).round().astype(np.intp)
    return np.unique([*spread, volt.argmin(), volt.argmax()])


def _line(points: pl.DataFrame, column: str, name: str, colour: str, *, dash: str = "solid") -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": points["x"].to_list(),
        "y": points[column].round(6).to_list(),
        "line": {"color": colour, "width": 1.6, "dash": dash},
    }


def _rests(points: pl.DataFrame, name: str, colour: str) -> dict[str, Any]:
    trace: dict[str, Any] = {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": points["x"].to_list(),
        "y": points["voltage_volt"].round(6).to_list(),
        "marker": {"color": colour, "symbol": "circle-open", "size": 7, "line": {"width": 1.5, "color": colour}},
    }
    if points["standard_uncertainty_volt"].null_count() == 0:
        bars = (2 * points["standard_uncertainty_volt"]).round(6).to_list()
        trace["error_y"] = {"array": bars, "color": colour, "thickness": 1, "width": 2}
    return trace


def _layout(title: str, x: str, y: str, lang: str) -> dict[str, Any]:
    titles = (axis(words(f"axis.{name}", lang)) for name in (x, y))
    return {**headed(words(f"title.{title}", lang), 380), **dict(zip(("xaxis", "yaxis"), titles, strict=True))}


def _figure(spec: dict[str, Any]) -> go.Figure:
    import plotly.graph_objects as go  # pyright: ignore[reportMissingTypeStubs]

    return go.Figure(spec["data"], spec["layout"] | {"template": TEMPLATE})
