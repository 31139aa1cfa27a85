"""Impedance: Nyquist and Bode figures with their fits, distributions of relaxation times, residuals of the Kramers–Kronig test."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import log
from typing import TYPE_CHECKING, Any

import numpy as np

from cellwright.plot.style import TEMPLATE, TIME_COLOURS, axis, words

if TYPE_CHECKING:
    import plotly.graph_objects as go  # pyright: ignore[reportMissingTypeStubs]
    from numpy.typing import NDArray

    from cellwright.measure.impedance.fitted import CircuitFit
    from cellwright.measure.impedance.kramers_kronig import KramersKronig
    from cellwright.measure.impedance.relaxation_times import RelaxationTimes
    from cellwright.measure.impedance.spectrum import Spectrum

CURVE_POINTS = 200
DECADE = 20.0
"""An axis of less than so much from end to end is numbered at every digit: it may hold one power of ten, or none."""


def nyquist(spectra: Sequence[Spectrum], fits: Sequence[CircuitFit] = (), lang: str = "en") -> go.Figure:
    """Return spectra as −Im Z over Re Z, points, with their fits as lines; both axes have one scale.

    Parameters
    ----------
    spectra
        One or more; impedances [ohm] are shown in Ω or mΩ.
    fits
        Of these spectra.
    lang
        Of the titles: ``en`` or ``ko``.
    """
    return _figure(nyquist_spec(spectra, fits, lang))


def nyquist_spec(spectra: Sequence[Spectrum], fits: Sequence[CircuitFit] = (), lang: str = "en") -> dict[str, Any]:
    """Return the figure of `nyquist` as Plotly JSON ``{data, layout}``, without the template that all figures share."""
    unit, factor = _unit([s.impedance_ohm for s in spectra])
    colours, names = _colours(spectra), [words("series.spectrum", lang, number=n) for n in range(1, len(spectra) + 1)]
    data = [
        _points(
            s,
            _rounded(factor * s.impedance_ohm.real),
            _rounded(-factor * s.impedance_ohm.imag),
            colours[id(s)],
            names[n],
        )
        for n, s in enumerate(spectra)
    ]
    for fit in fits:
        z = factor * fit.impedance(_frequencies(fit.spectrum))
        data.append(_line(_rounded(z.real), _rounded(-z.imag), colours.get(id(fit.spectrum), TIME_COLOURS[0]), fit.circuit))
    layout = {
        "height": 380,
        "xaxis": axis(words("axis.real_impedance", lang, unit=unit)),
        "yaxis": axis(words("axis.negative_reactance", lang, unit=unit), scaleanchor="x", scaleratio=1, zeroline=True),
        "margin": {"t": 46},
    }
    return {"data": data, "layout": layout}


def bode(spectra: Sequence[Spectrum], fits: Sequence[CircuitFit] = (), lang: str = "en") -> go.Figure:
    """Return spectra as |Z| and phase over frequency, with their fits; parameters as in `nyquist`."""
    return _figure(bode_spec(spectra, fits, lang))


def bode_spec(spectra: Sequence[Spectrum], fits: Sequence[CircuitFit] = (), lang: str = "en") -> dict[str, Any]:
    """Return the figure of `bode` as Plotly JSON ``{data, layout}``."""
    unit, factor = _unit([s.impedance_ohm for s in spectra])
    colours, names = _colours(spectra), [words("series.spectrum", lang, number=n) for n in range(1, len(spectra) + 1)]
    data: list[dict[str, Any]] = []
    for panel in ("y", "y2"):
        for n, s in enumerate(spectra):
            drawn = _points(
                s,
                _rounded(s.frequency_hertz),
                _seen(factor * s.impedance_ohm, panel),
                colours[id(s)],
                names[n],
            )
            data.append(drawn | {"yaxis": panel, "showlegend": panel == "y"})
        for fit in fits:
            f = _frequencies(fit.spectrum)
            colour = colours.get(id(fit.spectrum), TIME_COLOURS[0])
            line = _line(_rounded(f), _seen(factor * fit.impedance(f), panel), colour, fit.circuit)
            data.append(line | {"yaxis": panel, "showlegend": panel == "y"})
    sizes = np.concatenate([np.abs(s.impedance_ohm) for s in spectra]) if spectra else np.ones(1)
    within_a_decade = {"dtick": "D1", "exponentformat": "none"} if sizes.max() < DECADE * sizes.min() else {}
    layout = {
        "height": 420,
        "xaxis": _logarithmic(words("axis.frequency", lang), anchor="y2"),
        "yaxis": _logarithmic(words("axis.magnitude", lang, unit=unit), domain=[0.54, 1.0], **within_a_decade),
        "yaxis2": axis(words("axis.phase", lang), domain=[0.0, 0.46], zeroline=True),
        "margin": {"t": 46},
    }
    return {"data": data, "layout": layout}


def relaxation_times(distributions: Sequence[RelaxationTimes], lang: str = "en") -> go.Figure:
    """Return distributions of relaxation times, γ over τ, with the resistance of each peak at its top.

    Parameters
    ----------
    distributions
        One or more; γ [ohm] is shown in Ω or mΩ.
    lang
        Of the titles: ``en`` or ``ko``.
    """
    return _figure(relaxation_times_spec(distributions, lang))


def relaxation_times_spec(distributions: Sequence[RelaxationTimes], lang: str = "en") -> dict[str, Any]:
    """Return the figure of `relaxation_times` as Plotly JSON ``{data, layout}``."""
    unit, factor = _unit([d.distribution_ohm for d in distributions])
    data: list[dict[str, Any]] = []
    for n, d in enumerate(distributions):
        colour, height = TIME_COLOURS[n % len(TIME_COLOURS)], factor * d.distribution_ohm
        name = words("series.spectrum", lang, number=n + 1)
        data.append(_line(_rounded(d.time_constant_second), _rounded(height), colour, name))
        taus = [p.time_constant.value or 0.0 for p in d.peaks]
        tops = np.interp(np.log(taus), np.log(d.time_constant_second), height) if taus else np.empty(0)
        texts = [f"{factor * (p.resistance.value or 0.0):.3g} {unit}" for p in d.peaks]
        look = {"mode": "markers+text", "marker": {"color": colour, "size": 6}, "textposition": "top center", "showlegend": False}
        data.append({"type": "scatter", "x": _rounded(np.array(taus)), "y": _rounded(tops), "text": texts, "hoverinfo": "text"} | look)
    layout = {
        "height": 320,
        "showlegend": len(distributions) > 1,
        "xaxis": _logarithmic(words("axis.relaxation_time", lang)),
        "yaxis": axis(words("axis.relaxation_distribution", lang, unit=unit), rangemode="tozero"),
        "margin": {"t": 46},
    }
    return {"data": data, "layout": layout}


def kramers_kronig(test: KramersKronig, lang: str = "en") -> go.Figure:
    """Return the residuals of a Kramers–Kronig test over frequency, in % of |Z|, on a band of twice the noise."""
    return _figure(kramers_kronig_spec(test, lang))


def kramers_kronig_spec(test: KramersKronig, lang: str = "en") -> dict[str, Any]:
    """Return the figure of `kramers_kronig` as Plotly JSON ``{data, layout}``."""
    parts = (("real", test.residuals.real, "circle"), ("imaginary", test.residuals.imag, "square-open"))
    data = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": words(f"series.{name}_residual", lang),
            "x": _rounded(test.spectrum.frequency_hertz),
            "y": _rounded(100 * values),
            "line": {"color": colour, "width": 1},
            "marker": {"color": colour, "size": 6, "symbol": symbol},
        }
        for (name, values, symbol), colour in zip(parts, TIME_COLOURS, strict=False)
    ]
    band = {"type": "rect", "xref": "paper", "x0": 0, "x1": 1, "y0": -200 * test.noise, "y1": 200 * test.noise, "layer": "below"}
    layout = {
        "height": 280,
        "xaxis": _logarithmic(words("axis.frequency", lang)),
        "yaxis": axis(words("axis.residual", lang), zeroline=True),
        "shapes": [band | {"fillcolor": "rgba(40, 120, 181, 0.14)", "line": {"width": 0}}],
        "margin": {"t": 46},
    }
    return {"data": data, "layout": layout}


def _figure(spec: dict[str, Any]) -> go.Figure:
    import plotly.graph_objects as go  # pyright: ignore[reportMissingTypeStubs]

    return go.Figure(spec["data"], spec["layout"] | {"template": TEMPLATE})


def _unit(impedances: Iterable[NDArray[Any]]) -> tuple[str, float]:
    """Return the unit that suits the largest of them, and what an ohm is in it."""
    largest = max((float(np.abs(z).max()) for z in impedances), default=1.0)
    return ("mΩ", 1e3) if largest < 1 else ("Ω", 1.0)


def _colours(spectra: Sequence[Spectrum]) -> dict[int, str]:
    return {id(s): TIME_COLOURS[n % len(TIME_COLOURS)] for n, s in enumerate(spectra)}


def _frequencies(spectrum: Spectrum) -> NDArray[Any]:
    highest, lowest = (log(float(spectrum.frequency_hertz[n])) for n in (0, -1))
    return np.exp(np.linspace(highest, lowest, CURVE_POINTS))


def _seen(z: NDArray[Any], panel: str) -> list[float]:
    """Magnitude in the upper panel, phase [°] in the lower one."""
    return _rounded(np.abs(z) if panel == "y" else np.degrees(np.angle(z)))


def _points(spectrum: Spectrum, x: list[float], y: list[float], colour: str, name: str) -> dict[str, Any]:
    hover = [f"{hertz:.4g} Hz" for hertz in spectrum.frequency_hertz]
    marker = {"color": colour, "size": 6, "symbol": "circle-open"}
    look = {"marker": marker, "text": hover, "hovertemplate": "%{text}<br>%{x:.4~g}, %{y:.4~g}"}
    return {"type": "scatter", "mode": "markers", "name": name, "x": x, "y": y} | look


def _line(x: list[float], y: list[float], colour: str, name: str) -> dict[str, Any]:
    return {"type": "scatter", "mode": "lines", "name": name, "x": x, "y": y, "line": {"color": colour, "width": 1.4}}


def _logarithmic(title: str, **rest: Any) -> dict[str, Any]:
    return axis(title, **{"type": "log", "exponentformat": "power", "dtick": 1} | rest)


def _rounded(values: NDArray[Any]) -> list[float]:
    return [float(f"{v:.6g}") for v in values.tolist()]
