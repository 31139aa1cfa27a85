"""A recording in, quantities out: what a battery did, each with its uncertainty, conditions and evidence."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cellwright.core.coverage import coverage_interval
    from cellwright.core.procedure import Procedure, parse_procedure
    from cellwright.measure.correcting import corrected
    from cellwright.measure.cycling import cycles
    from cellwright.measure.deviations import check
    from cellwright.measure.discharge import capacity, efficiencies, energy
    from cellwright.measure.electrode.half_cell import HalfCell, half_cell
    from cellwright.measure.electrode.state import Electrodes, degradation_modes, electrodes
    from cellwright.measure.extreme import extremes
    from cellwright.measure.impedance.fit import fit_circuit, fit_circuits
    from cellwright.measure.impedance.fitted import CircuitFit
    from cellwright.measure.impedance.kramers_kronig import KramersKronig, kramers_kronig
    from cellwright.measure.impedance.quantities import charge_transfer_resistance, ohmic_resistance
    from cellwright.measure.impedance.relaxation_times import RelaxationTimes, relaxation_times
    from cellwright.measure.impedance.spectrum import Spectrum, spectra
    from cellwright.measure.incremental.curve import SweepCurve, differential_voltage, incremental_capacities, incremental_capacity
    from cellwright.measure.incremental.peak import Peak, peaks
    from cellwright.measure.modules.cells import Cells, cells
    from cellwright.measure.ocv.curve import OpenCircuit, open_circuit
    from cellwright.measure.ocv.hysteresis import Hysteresis, hysteresis
    from cellwright.measure.ocv.relaxation import relaxation
    from cellwright.measure.ocv.self_discharge import Arrhenius, self_discharge
    from cellwright.measure.ocv.statistics import relaxation_statistics
    from cellwright.measure.pulse.fit import pulse_fit
    from cellwright.measure.pulse.hybrid import hppc
    from cellwright.measure.pulse.power import power_capability
    from cellwright.measure.pulse.table import pulses
    from cellwright.measure.resistance import resistances
    from cellwright.measure.rest import rest_voltages
    from cellwright.measure.stepping import steps
    from cellwright.measure.whole import everything
    from cellwright.measure.windows import capacity_between
    from cellwright.measure.worksheet import sheet

__all__ = [
    "Arrhenius",
    "Cells",
    "CircuitFit",
    "Electrodes",
    "HalfCell",
    "Hysteresis",
    "KramersKronig",
    "OpenCircuit",
    "Peak",
    "Procedure",
    "RelaxationTimes",
    "Spectrum",
    "SweepCurve",
    "capacity",
    "capacity_between",
    "cells",
    "charge_transfer_resistance",
    "check",
    "corrected",
    "coverage_interval",
    "cycles",
    "degradation_modes",
    "differential_voltage",
    "efficiencies",
    "electrodes",
    "energy",
    "everything",
    "extremes",
    "fit_circuit",
    "fit_circuits",
    "half_cell",
    "hppc",
    "hysteresis",
    "incremental_capacities",
    "incremental_capacity",
    "kramers_kronig",
    "ohmic_resistance",
    "open_circuit",
    "parse_procedure",
    "peaks",
    "power_capability",
    "pulse_fit",
    "pulses",
    "relaxation",
    "relaxation_statistics",
    "relaxation_times",
    "resistances",
    "rest_voltages",
    "self_discharge",
    "sheet",
    "spectra",
    "steps",
]

_HOMES = {
    "Arrhenius": "cellwright.measure.ocv.self_discharge",
    "Cells": "cellwright.measure.modules.cells",
    "CircuitFit": "cellwright.measure.impedance.fitted",
    "Electrodes": "cellwright.measure.electrode.state",
    "HalfCell": "cellwright.measure.electrode.half_cell",
    "Hysteresis": "cellwright.measure.ocv.hysteresis",
    "KramersKronig": "cellwright.measure.impedance.kramers_kronig",
    "OpenCircuit": "cellwright.measure.ocv.curve",
    "Peak": "cellwright.measure.incremental.peak",
    "Procedure": "cellwright.core.procedure",
    "RelaxationTimes": "cellwright.measure.impedance.relaxation_times",
    "Spectrum": "cellwright.measure.impedance.spectrum",
    "SweepCurve": "cellwright.measure.incremental.curve",
    "capacity": "cellwright.measure.discharge",
    "capacity_between": "cellwright.measure.windows",
    "cells": "cellwright.measure.modules.cells",
    "charge_transfer_resistance": "cellwright.measure.impedance.quantities",
    "check": "cellwright.measure.deviations",
    "corrected": "cellwright.measure.correcting",
    "coverage_interval": "cellwright.core.coverage",
    "cycles": "cellwright.measure.cycling",
    "degradation_modes": "cellwright.measure.electrode.state",
    "differential_voltage": "cellwright.measure.incremental.curve",
    "efficiencies": "cellwright.measure.discharge",
    "electrodes": "cellwright.measure.electrode.state",
    "energy": "cellwright.measure.discharge",
    "everything": "cellwright.measure.whole",
    "extremes": "cellwright.measure.extreme",
    "fit_circuit": "cellwright.measure.impedance.fit",
    "fit_circuits": "cellwright.measure.impedance.fit",
    "half_cell": "cellwright.measure.electrode.half_cell",
    "hppc": "cellwright.measure.pulse.hybrid",
    "hysteresis": "cellwright.measure.ocv.hysteresis",
    "incremental_capacities": "cellwright.measure.incremental.curve",
    "incremental_capacity": "cellwright.measure.incremental.curve",
    "kramers_kronig": "cellwright.measure.impedance.kramers_kronig",
    "ohmic_resistance": "cellwright.measure.impedance.quantities",
    "open_circuit": "cellwright.measure.ocv.curve",
    "parse_procedure": "cellwright.core.procedure",
    "peaks": "cellwright.measure.incremental.peak",
    "power_capability": "cellwright.measure.pulse.power",
    "pulse_fit": "cellwright.measure.pulse.fit",
    "pulses": "cellwright.measure.pulse.table",
    "relaxation": "cellwright.measure.ocv.relaxation",
    "relaxation_statistics": "cellwright.measure.ocv.statistics",
    "relaxation_times": "cellwright.measure.impedance.relaxation_times",
    "resistances": "cellwright.measure.resistance",
    "rest_voltages": "cellwright.measure.rest",
    "self_discharge": "cellwright.measure.ocv.self_discharge",
    "sheet": "cellwright.measure.worksheet",
    "spectra": "cellwright.measure.impedance.spectrum",
    "steps": "cellwright.measure.stepping",
}


def __getattr__(name: str) -> Any:
    """Import a measurement when it is first asked for: polars and numpy take longer than the command line may."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
