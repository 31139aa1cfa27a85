"""Electrode state: the whole cell's voltage, its fit, and the two half-cell curves under it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cellwright.core.errors import UsageError
from cellwright.plot.pulses import headed
from cellwright.plot.style import BLUE, GREEN, GREY, TEMPLATE, VERMILION, axis, words

if TYPE_CHECKING:
    import plotly.graph_objects as go  # pyright: ignore[reportMissingTypeStubs]
    from numpy.typing import NDArray

    from cellwright.measure.electrode.state import Electrodes


def electrodes(state: Electrodes, lang: str = "en") -> go.Figure:
    """Return the fit of half-cell curves: voltages above, what is left of the cell's voltage below, over the charge in the cell.

    Parameters
    ----------
    state
        From `measure.electrodes`.
    lang
        Of the titles: ``en`` or ``ko``.

    Raises
    ------
    UsageError
        Where there is no fit; the quantities say why.
    """
    import plotly.graph_objects as go  # pyright: ignore[reportMissingTypeStubs]

    spec = electrodes_spec(state, lang)
    return go.Figure(spec["data"], spec["layout"] | {"template": TEMPLATE})


def electrodes_spec(state: Electrodes, lang: str = "en") -> dict[str, Any]:
    """Return the figure of `electrodes` as Plotly JSON ``{data, layout}``, without the template that all figures share."""
    if state.fit is None:
        raise UsageError("plot.electrodes_not_fitted")
    fit = state.fit
    filled = 100 * fit.problem.filled
    low, high = fit.problem.potentials(fit.values)
    data = [
        _line(filled, fit.problem.voltage_volt, words("series.cell", lang), GREY, 3.5),
        _line(filled, high - low + fit.values[4], words("series.cell_fit", lang), VERMILION, 1.4),
        _line(filled, high, " + ".join(state.positive), BLUE, 1.6),
        _line(filled, low, " + ".join(state.negative), GREEN, 1.6),
        _line(filled, 1e3 * fit.residual_volt, words("series.residual", lang), GREY, 1.2) | {"yaxis": "y2", "showlegend": False},
    ]
    layout = {
        **headed(words("title.electrodes", lang), 480),
        "xaxis": axis(words("axis.filled", lang), anchor="y2"),
        "yaxis": axis(words("axis.voltage", lang), domain=[0.34, 1.0]),
        "yaxis2": axis(words("axis.residual_voltage", lang), domain=[0.0, 0.26], zeroline=True, nticks=4),
    }
    return {"data": data, "layout": layout}


def _line(along: NDArray[np.float64], values: NDArray[np.float64], name: str, colour: str, width: float) -> dict[str, Any]:
    rounded = [float(f"{v:.6g}") for v in values]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [round(float(a), 3) for a in along],
        "y": rounded,
        "line": {"color": colour, "width": width},
    }
