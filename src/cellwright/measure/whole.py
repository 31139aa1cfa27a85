"""Every quantity of a recording at once."""

from __future__ import annotations

from cellwright.core.battery import Battery
from cellwright.core.messages import message
from cellwright.core.quantity import Quantity, absent
from cellwright.core.recording import Recording
from cellwright.core.tester import Tester
from cellwright.measure.course import Course
from cellwright.measure.discharge import capacities, cycle_efficiencies, energies
from cellwright.measure.extreme import extremes_of
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
        A series, a step sheet, or a log that lacks voltage or current.
    battery, tester
        What is known of the battery and of the instrument.

    Returns
    -------
    ``capacity``, ``energy``, ``coulombic_efficiency``, ``energy_efficiency``, ``dc_resistance``, ``rest_voltage``, and what `extremes`
    gives: at least one quantity each,
    absent with its reason where there is nothing to measure. The first of each is the one to use.
    """
    course = Course(recording, battery, tester)
    if not course.complete:
        reason = message("measure.not_recorded", columns=course.missing)
        return {name: (absent(name, unit, reason),) for name, unit in _UNDER_CURRENT.items()} | extremes_of(course)
    return {
        "capacity": capacities(course),
        "energy": energies(course),
        **cycle_efficiencies(course),
        "dc_resistance": pulse_resistances(course),
        "rest_voltage": end_voltages(course),
        **extremes_of(course),
    }
