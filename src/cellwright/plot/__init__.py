"""A measured thing as a figure: what the report, the server and a notebook draw.

Figures are built as plain Plotly JSON (`spec` functions), which is what the report stores; `figure` makes a `plotly` figure of one.
"""

from cellwright.plot.comparison import Standing, compared_spec, ranking_spec, standing
from cellwright.plot.cycles import cycles, cycles_spec
from cellwright.plot.electrodes import electrodes, electrodes_spec
from cellwright.plot.impedance import (
    bode,
    bode_spec,
    kramers_kronig,
    kramers_kronig_spec,
    nyquist,
    nyquist_spec,
    relaxation_times,
    relaxation_times_spec,
)
from cellwright.plot.incremental import incremental, incremental_spec
from cellwright.plot.modules import cells, cells_spec
from cellwright.plot.open_circuit import hysteresis, hysteresis_spec, open_circuit, open_circuit_spec, relaxation, relaxation_spec
from cellwright.plot.pulses import hppc, hppc_spec, pulses, pulses_spec
from cellwright.plot.recording import Mark, figure, recording_spec
from cellwright.plot.resistance import resistance_spec
from cellwright.plot.style import TEMPLATE
from cellwright.plot.thinning import Curve, Series, curve, spectra_of, stretches

__all__ = [
    "TEMPLATE",
    "Curve",
    "Mark",
    "Series",
    "Standing",
    "bode",
    "bode_spec",
    "cells",
    "cells_spec",
    "compared_spec",
    "curve",
    "cycles",
    "cycles_spec",
    "electrodes",
    "electrodes_spec",
    "figure",
    "hppc",
    "hppc_spec",
    "hysteresis",
    "hysteresis_spec",
    "incremental",
    "incremental_spec",
    "kramers_kronig",
    "kramers_kronig_spec",
    "nyquist",
    "nyquist_spec",
    "open_circuit",
    "open_circuit_spec",
    "pulses",
    "pulses_spec",
    "ranking_spec",
    "recording_spec",
    "relaxation",
    "relaxation_spec",
    "relaxation_times",
    "relaxation_times_spec",
    "resistance_spec",
    "spectra_of",
    "standing",
    "stretches",
]
