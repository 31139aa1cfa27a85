"""The figures of a report, as JSON that can lie in a page whatever a user put into a name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from cellwright import plot
from cellwright.core.assessment import Assessment
from cellwright.core.quantity import Quantity
from cellwright.measure.modules.cells import cells_table
from cellwright.report.words import Words

# What could end the script element it lies in, or start another one; and line ends that only JavaScript knows.
_UNSAFE = "<>&'\u2028\u2029"
FEWEST_CELLS = 2


@dataclass(frozen=True)
class Figure:
    """A figure, what it shows, and how high it is drawn [px]."""

    title: str
    caption: str
    height: int
    json: Markup


def of_battery(assessment: Assessment, curves: Sequence[plot.Curve], words: Words) -> tuple[Figure, ...]:
    """Return the curves of a battery, its reference capacity shaded, its spectra, its resistances, and its cells beside one another."""
    drawn = [_recording(curve, assessment.first("capacity"), words) for curve in curves if curve.time_h]
    resistances = [q for q in assessment.quantities.get("dc_resistance", ()) if q.value is not None]
    spec = plot.resistance_spec(resistances, words.lang)
    return (
        *drawn,
        *(_spectrum(curve, words) for curve in curves if curve.series and not curve.time_h),
        *_figures(words("report.figure.resistance"), words("report.figure.resistance_caption"), spec),
        *_cells(assessment, words),
    )


def of_all(batteries: Sequence[plot.Standing], words: Words) -> tuple[Figure, ...]:
    """Return batteries ranked, and state of health against resistance, where there are enough of them."""
    return (
        *_figures(words("report.figure.ranking"), words("report.figure.ranking_caption"), plot.ranking_spec(batteries, words.lang)),
        *_figures(words("report.figure.compared"), words("report.figure.compared_caption"), plot.compared_spec(batteries, words.lang)),
    )


def as_json(value: Any) -> Markup:
    """Return a value as compact JSON that is safe inside a script element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in _UNSAFE:
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - just made safe


def _recording(curve: plot.Curve, capacity: Quantity | None, words: Words) -> Figure:
    stretches = plot.stretches(curve, capacity.evidence) if capacity and capacity.value is not None else ()
    marks = [plot.Mark(start, end, words("report.mark.capacity")) for start, end in stretches]
    kind = "report.figure.steps" if curve.sampling == "step" else "report.figure.samples"
    caption = words(kind, rows=f"{curve.rows:,}", points=f"{len(curve.time_h):,}")
    return _figure(curve.file, caption, plot.recording_spec(curve, words.lang, marks))


def _spectrum(curve: plot.Curve, words: Words) -> Figure:
    drawn = plot.spectra_of(curve)
    points = sum(len(spectrum.frequency_hertz) for spectrum in drawn)
    caption = words("report.figure.spectrum_caption", file=curve.file, points=points)
    return _figure(words("report.figure.spectrum"), caption, plot.nyquist_spec(drawn, lang=words.lang))


def _cells(assessment: Assessment, words: Words) -> list[Figure]:
    """Return the cells of a module or pack, where more than one was read in the recording to use."""
    table = cells_table(assessment.quantities)
    if table.height < FEWEST_CELLS:
        return []
    return _figures(words("report.figure.cells"), words("report.figure.cells_caption"), plot.cells_spec(table, words.lang))


def _figures(title: str, caption: str, spec: dict[str, Any] | None) -> list[Figure]:
    return [] if spec is None else [_figure(title, caption, spec)]


def _figure(title: str, caption: str, spec: dict[str, Any]) -> Figure:
    layout = {name: value for name, value in spec["layout"].items() if name != "title"}  # it stands above the figure already
    return Figure(title, caption, layout["height"], as_json({"data": _sharing_x(spec["data"]), "layout": layout}))


def _sharing_x(traces: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lines over one time axis name the first of them instead of repeating its points."""
    first = {id(trace["x"]): number for number, trace in reversed(list(enumerate(traces)))}
    return [t if first[id(t["x"])] == number else t | {"x": first[id(t["x"])]} for number, t in enumerate(traces)]
