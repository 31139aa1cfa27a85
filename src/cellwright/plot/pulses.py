"""Pulses: resistance over state of charge, and an HPPC's open-circuit voltage, resistance and power."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from cellwright.plot.style import GREY, TEMPLATE, TIME_COLOURS, axis, words

if TYPE_CHECKING:
    import plotly.graph_objects as go  # pyright: ignore[reportMissingTypeStubs]

DRAWN_AT_MOST = 100_000
SEVERAL = 300
TIMES_DRAWN = 3
_TIMES = {"100ms": "0.1", "1s": "1", "2s": "2", "5s": "5", "10s": "10", "18s": "18", "30s": "30"}
_SIGNS = {"discharge": ("circle", "solid"), "charge": ("circle-open", "dot")}
_DOMAINS = ([0.72, 1.0], [0.36, 0.64], [0.0, 0.28])


def pulses(table: pl.DataFrame, lang: str = "en") -> go.Figure:
    """Return the resistances of pulses as a Plotly figure; parameters as in `pulses_spec`."""
    return _figure(pulses_spec(table, lang))


def pulses_spec(table: pl.DataFrame, lang: str = "en") -> dict[str, Any]:
    """Return the resistances of pulses over state of charge as Plotly JSON ``{data, layout}``; over time where no state is known.

    Parameters
    ----------
    table
        From `measure.pulses`: resistances [ohm], states of charge [1], times [s].
    lang
        Of titles: ``en`` or ``ko``.

    Notes
    -----
    Of the times after the edge that any pulse has, at most three are drawn: the first, the middle one and the last. Of more than 100,000
    points those are drawn that hold the least and the greatest in equal shares of them.
    """
    known = table["soc"].is_not_null().any()
    over = (100 * pl.col("soc")) if known else pl.col("start_time_second") / 3600
    drawn = table.with_columns(over.alias("over"))
    times = _spread([t for t in _TIMES if table[f"resistance_{t}_ohm"].is_not_null().any()])
    data = [
        _trace(part, f"resistance_{time}_ohm", (way, colour), words(f"direction.{way}", lang, time=_TIMES[time]))
        for time, colour in zip(times, TIME_COLOURS, strict=False)
        for way in _SIGNS
        if (part := drawn.filter(pl.col("direction") == way).drop_nulls(["over", f"resistance_{time}_ohm"])).height
    ]
    layout = {
        **headed(words("title.pulses", lang), 380),
        "xaxis": axis(words("axis.soc" if known else "axis.time", lang), nticks=8),
        "yaxis": axis(words("axis.resistance", lang), rangemode="tozero"),
    }
    return {"data": data, "layout": layout}


def hppc(table: pl.DataFrame, lang: str = "en") -> go.Figure:
    """Return an HPPC as a Plotly figure; parameters as in `hppc_spec`."""
    return _figure(hppc_spec(table, lang))


def hppc_spec(table: pl.DataFrame, lang: str = "en") -> dict[str, Any]:
    """Return open-circuit voltage, resistance and power over state of charge, one above the other, as Plotly JSON ``{data, layout}``.

    Parameters
    ----------
    table
        From `measure.hppc`: voltage [V], resistances [ohm] at the time that its power [W] is for, states of charge [1].
    lang
        Of titles: ``en`` or ``ko``.
    """
    time = next(t for t in _TIMES if f"discharge_power_{t}_watt" in table.columns)
    drawn = table.with_columns((100 * pl.col("soc")).alias("over"))
    data = [_trace(drawn, "open_circuit_voltage_volt", ("discharge", GREY), words("series.open_circuit", lang)) | {"showlegend": False}]
    for way, colour in zip(_SIGNS, TIME_COLOURS, strict=False):
        name = words(f"direction.{way}", lang, time=_TIMES[time])
        data.append(_trace(drawn, f"{way}_resistance_{time}_ohm", (way, colour), name) | {"yaxis": "y2"})
        data.append(_trace(drawn, f"{way}_power_{time}_watt", (way, colour), name) | {"yaxis": "y3", "showlegend": False})
    titles = ("axis.open_circuit", "axis.resistance", "axis.pulse_power")
    axes = {
        "yaxis" if n == 0 else f"yaxis{n + 1}": axis(words(title, lang), domain=domain, nticks=5, rangemode="tozero" if n else "normal")
        for n, (title, domain) in enumerate(zip(titles, _DOMAINS, strict=True))
    }
    layout = {
        **headed(words("title.hppc", lang), 620),
        "xaxis": axis(words("axis.soc", lang), anchor="y3", nticks=8),
        **axes,
    }
    return {"data": data, "layout": layout}


def _figure(spec: dict[str, Any]) -> go.Figure:
    import plotly.graph_objects as go  # pyright: ignore[reportMissingTypeStubs]

    return go.Figure(spec["data"], spec["layout"] | {"template": TEMPLATE})


def headed(title: str, height: int) -> dict[str, Any]:
    """Return a layout with its title above the legend."""
    return {
        "height": height,
        "title": {
            "text": title,
            "font": {"size": 15},
            "x": 0,
            "xanchor": "left",
            "xref": "container",
            "y": 1,
            "yanchor": "top",
            "pad": {"t": 6, "l": 4},
        },
        "legend": {"y": 1 - 30 / height},
        "margin": {"t": 70},
    }


def _spread(times: Sequence[str]) -> Sequence[str]:
    return times if len(times) <= TIMES_DRAWN else (times[0], times[len(times) // 2], times[-1])


def _trace(part: pl.DataFrame, column: str, look: tuple[str, str], name: str) -> dict[str, Any]:
    part, (way, colour) = _thinned(part, column).sort("over"), look
    symbol, dash = _SIGNS[way]
    scale, unit = (1e3, "mΩ") if column.endswith("_ohm") else (1.0, "W" if column.endswith("_watt") else "V")
    return {
        "type": "scattergl" if part.height > SEVERAL else "scatter",
        "mode": "lines+markers" if part["over"].n_unique() == part.height <= SEVERAL else "markers",
        "name": name,
        "x": part["over"].round(4).to_list(),
        "y": part.select((scale * pl.col(column)).round_sig_figs(6)).to_series().to_list(),
        "marker": {"color": colour, "symbol": symbol, "size": 6, "line": {"width": 1.5, "color": colour}},
        "line": {"color": colour, "width": 1.4, "dash": dash},
        "hovertemplate": f"%{{x:.4~g}}<br>%{{y:.4~g}} {unit}",
    }


def _thinned(part: pl.DataFrame, column: str) -> pl.DataFrame:
    """Keep the least and the greatest of a column in equal shares of the rows, where they are too many to draw."""
    if part.height <= DRAWN_AT_MOST:
        return part
    share = pl.int_range(pl.len()) * (DRAWN_AT_MOST // 2) // pl.len()
    extreme = (pl.col(column) == pl.col(column).min().over(share)) | (pl.col(column) == pl.col(column).max().over(share))
    return part.filter(extreme)
