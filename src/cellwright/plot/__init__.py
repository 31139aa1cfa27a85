"""A measured thing as a figure: what the report, the server and a notebook draw.

Figures are built as plain Plotly JSON (`spec` functions), which is what the report stores; `figure` makes a `plotly` figure of one.
"""

from cellwright.plot.comparison import Standing, compared_spec, ranking_spec, standing
from cellwright.plot.recording import Mark, figure, recording_spec
from cellwright.plot.resistance import resistance_spec
from cellwright.plot.style import TEMPLATE
from cellwright.plot.thinning import Curve, Series, curve, stretches

__all__ = [
    "TEMPLATE",
    "Curve",
    "Mark",
    "Series",
    "Standing",
    "compared_spec",
    "curve",
    "figure",
    "ranking_spec",
    "recording_spec",
    "resistance_spec",
    "standing",
    "stretches",
]
