"""Incremental capacity and differential voltage, with their peaks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cellwright.plot.pulses import headed
from cellwright.plot.style import TEMPLATE, TIME_COLOURS, axis, words

if TYPE_CHECKING:
    import plotly.graph_objects as go  # pyright: ignore[reportMissingTypeStubs]
    from numpy.typing import NDArray

    from cellwright.measure.incremental.curve import SweepCurve
    from cellwright.measure.incremental.peak import Peak

_ENDS = 2
"""Per cent of the points at either end that do not set the scale: there dV/dQ runs away."""

_POINTS = 100_000


def incremental(curves: Sequence[SweepCurve], peaks: Sequence[Peak] = (), lang: str = "en") -> go.Figure:
    """Return incremental capacity over voltage, or differential voltage over capacity, a line a sweep; a discharge points downwards.

    Parameters
    ----------
    curves
        All of one name, from `measure.incremental_capacity`, `measure.incremental_capacities` or `measure.differential_voltage`.
    peaks
        Of the first of them, marked with their uncertainty.
    lang
        Of the titles: ``en`` or ``ko``.
    """
    import plotly.graph_objects as go  # pyright: ignore[reportMissingTypeStubs]

    spec = incremental_spec(curves, peaks, lang)
    return go.Figure(spec["data"], spec["layout"] | {"template": TEMPLATE})


def incremental_spec(curves: Sequence[SweepCurve], peaks: Sequence[Peak] = (), lang: str = "en") -> dict[str, Any]:
    """Return the figure of `incremental` as Plotly JSON ``{data, layout}``, without the template that all figures share."""
    name = curves[0].name
    over = "voltage" if name == "incremental_capacity" else "moved_capacity"
    step = max(1, sum(len(c.slope) for c in curves) // _POINTS)
    data = [_line(curve, TIME_COLOURS[n % len(TIME_COLOURS)], step, lang) for n, curve in enumerate(curves)]
    if peaks:
        data.append(_marks(curves[0], peaks, lang))
    look = {"range": _range(curves), "zeroline": True} if name == "differential_voltage" else {"zeroline": True}
    layout = {
        **headed(words(f"title.{name}", lang), 400),
        "showlegend": len(data) > 1,
        "xaxis": axis(words(f"axis.{over}", lang)),
        "yaxis": axis(words(f"axis.{name}", lang), **look),
    }
    return {"data": data, "layout": layout}


def _way(curve: SweepCurve) -> float:
    return -1.0 if curve.conditions["direction"] == "discharge" else 1.0


def _values(curve: SweepCurve) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what is drawn along and upwards; where dQ/dV has no value the line breaks."""
    if curve.name == "differential_voltage":
        return curve.capacity_ah, _way(curve) * curve.slope
    return curve.voltage_volt, _way(curve) / np.where(curve.resolved, curve.slope, np.nan)


def _line(curve: SweepCurve, colour: str, step: int, lang: str) -> dict[str, Any]:
    along, upwards = _values(curve)
    kept = _kept(upwards, step)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": _name(curve, lang),
        "x": [float(f"{v:.6g}") for v in along[kept]],
        "y": [None if np.isnan(v) else float(f"{v:.5g}") for v in upwards[kept]],
        "line": {"color": colour, "width": 1.6},
    }


def _kept(values: NDArray[np.float64], step: int) -> NDArray[np.intp]:
    """Return every so manieth point, and every peak and valley."""
    turns = np.flatnonzero(np.diff(np.sign(np.diff(values)), prepend=0) != 0)
    return np.union1d(np.union1d(np.arange(0, len(values), step), turns), [len(values) - 1])


def _name(curve: SweepCurve, lang: str) -> str:
    direction = words(f"series.sweep_{curve.conditions['direction']}", lang, c_rate=f"{curve.conditions['c_rate']:.2g}")
    cycle = curve.conditions.get("cycle_count", curve.conditions.get("step_count"))
    return direction if cycle is None else f"{direction} · {cycle}"


def _marks(curve: SweepCurve, peaks: Sequence[Peak], lang: str) -> dict[str, Any]:
    shown = [p for p in peaks if p.height.value is not None]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": words("series.peaks", lang),
        "x": [p.position.value for p in shown],
        "y": [_way(curve) * (p.height.value or 0.0) for p in shown],
        "error_x": {"array": [p.position.expanded_uncertainty for p in shown], "thickness": 1, "width": 3},
        "error_y": {"array": [p.height.expanded_uncertainty for p in shown], "thickness": 1, "width": 3},
        "marker": {"color": TIME_COLOURS[1], "size": 7},
    }


def _range(curves: Sequence[SweepCurve]) -> list[float]:
    inner = np.concatenate([_values(c)[1] for c in curves])
    low, high = np.percentile(inner[np.isfinite(inner)], [_ENDS, 100 - _ENDS])
    return [float(min(low, 0.0)) * 1.1, float(max(high, 0.0)) * 1.1]
