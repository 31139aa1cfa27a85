"""The Battery Data Format's columns, and our extension for modules, packs and step sheets."""

import csv
import re
from dataclasses import dataclass
from functools import cache

from cellwright.core import resources

TIME = "test_time_second"
VOLTAGE = "voltage_volt"
CURRENT = "current_ampere"
REQUIRED = (TIME, VOLTAGE, CURRENT)

FREQUENCY = "frequency_hertz"
REAL_IMPEDANCE = "real_impedance_ohm"
IMAGINARY_IMPEDANCE = "imaginary_impedance_ohm"
SPECTRUM = (FREQUENCY, REAL_IMPEDANCE, IMAGINARY_IMPEDANCE)

CELL_VOLTAGES = "cell_voltages_volt"
CELL_TEMPERATURES = "cell_temperatures_celsius"
STEP_MAXIMUM_VOLTAGE = "step_maximum_voltage_volt"
STEP_MAXIMUM_TEMPERATURE = "step_maximum_temperature_celsius"

_UNFOLDED = re.compile(r"(cell_voltage|cell_temperature)_(\d{3,})_(volt|celsius)")


@dataclass(frozen=True)
class Column:
    """A column that means one thing everywhere.

    Parameters
    ----------
    name
        Machine name, with the unit in it.
    label
        Preferred label, e.g. ``Voltage / V``.
    obligation
        ``required``, ``recommended``, ``optional`` (BDF ontology 1.3.0), or ``extension`` (ours).
    meaning
        What it says.
    """

    name: str
    label: str
    obligation: str
    meaning: str


@cache
def columns() -> dict[str, Column]:
    """Every column we know, by machine name: BDF's and our extension."""
    rows = csv.DictReader(resources.text("columns", "bdf.csv").splitlines())
    return {row["name"]: Column(**row) for row in rows}


def unfolded_cell(name: str) -> tuple[str, int] | None:
    """Tell which array column and entry an unfolded CSV column belongs to.

    ``cell_voltage_082_volt`` gives ``("cell_voltages_volt", 82)``; None where the name is no such column.
    """
    found = _UNFOLDED.fullmatch(name)
    if not found:
        return None
    stem, number, unit = found.groups()
    return f"{stem}s_{unit}", int(number)


def folded_cells(name: str, count: int) -> list[str]:
    """Name the CSV columns that an array column unfolds to: ``cell_voltages_volt`` and 2 give ``cell_voltage_001_volt`` and ``…_002_…``."""
    stem, unit = name.rsplit("_", 1)
    return [f"{stem.removesuffix('s')}_{n:03d}_{unit}" for n in range(1, count + 1)]
