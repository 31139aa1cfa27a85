"""Every quantity of a recording at once."""

from __future__ import annotations

from cellwright.core.battery import Battery
from cellwright.core.quantity import Quantity, absent
from cellwright.core.recording import Recording
from cellwright.core.tester import Tester
from cellwright.measure.course import Course
from cellwright.measure.discharge import capacities, cycle_efficiencies, energies
from cellwright.measure.extreme import extremes_of
from cellwright.measure.impedance.quantities import resistances_of_spectra
from cellwright.measure.modules.cells import quantities_of_cells
from cellwright.measure.ocv.hysteresis import swept_hysteresis
from cellwright.measure.ocv.self_discharge import long_rest_losses
from cellwright.measure.pulse.power import pulse_powers
from cellwright.measure.resistance import pulse_resistances
from cellwright.measure.rest import end_voltages

_UNDER_CURRENT = {
    "capacity": "Ah",
    "energy": "Wh",
    "coulombic_efficiency": "1",
    "energy_efficiency": "1",
    "dc_resistance": "ohm",
    "rest_voltage": "V",
}


def everything(recording: Recording, battery: Battery | None = None, tester: Tester | None = None) -> dict[str, tuple[Quantity, ...]]:
    """Measure all that a recording tells; its steps are found once.

    Parameters
    ----------
    recording
        A series, a step sheet, a log that lacks voltage or current, or a spectrum.
    battery, tester
        What is known of the battery and of the instrument.

    Returns
    -------
    ``capacity``, ``energy``, ``coulombic_efficiency``, ``energy_efficiency``, ``dc_resistance``, ``rest_voltage``, and what `extremes`
    gives: at least one quantity each,
    absent with its reason where there is nothing to measure. The first of each is the one to use. A recording with impedance spectra
    also gives ``ohmic_resistance`` and ``charge_transfer_resistance``, one a spectrum; one with pulses at several states of charge
    ``discharge_power`` and ``charge_power`` at 80 % and 20 %; one with a sampled rest of a day or more
    ``rest_voltage_slope``, ``self_discharge_current`` and ``self_discharge_rate``; one with slow sweeps both ways ``ocv_hysteresis``.
    """
    course = Course(recording, battery, tester)
    if reason := course.unsuited:
        return {name: (absent(name, unit, reason),) for name, unit in _UNDER_CURRENT.items()} | _beside_steps(course)
    return {
        "capacity": capacities(course),
        "energy": energies(course),
        **cycle_efficiencies(course),
        "dc_resistance": pulse_resistances(course),
        "rest_voltage": end_voltages(course),
        **pulse_powers(course),
        **long_rest_losses(course),
        **swept_hysteresis(course),
        **quantities_of_cells(course),
        **_beside_steps(course),
    }


def _beside_steps(course: Course) -> dict[str, tuple[Quantity, ...]]:
    """What needs no steps: the furthest readings, and the resistances of the spectra where there are any."""
    return extremes_of(course) | resistances_of_spectra(course.recording)
