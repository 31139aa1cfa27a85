"""Two modules of one retired pack: 24 cells that have aged apart, and what is true of each."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cellwright.demo.bench import faultless, run
from cellwright.demo.cell import Array, Cells, State, pulse_resistance, rested
from cellwright.demo.program import PULSE_S, RATED_AH, capacity_cycle

CELLS_PER_MODULE = 12
MODULES = {"M1": slice(0, CELLS_PER_MODULE), "M2": slice(CELLS_PER_MODULE, 2 * CELLS_PER_MODULE)}
IDS = tuple(f"{module}-C{number:02d}" for module in MODULES for number in range(1, CELLS_PER_MODULE + 1))

FAULTY = "M1-C05"
AT_A_LIMIT = "M1-C03"
LIMIT_SOH = 0.90

# The first module sat at the hot end of the pack, and heat ages unevenly: lower mean, wider spread.
_MEAN_SOH = {"M1": 0.868, "M2": 0.930}
_SPREAD_SOH = {"M1": 0.015, "M2": 0.005}
_FAULTY_SOH = 0.56
_FAULTY_LEAK_AMPERE = 0.25
_FAULTY_GROWTH = 4.0

# Resistance grows with capacity loss, but not in step: their correlation within a module is about -0.7.
_GROWTH_PER_LOSS = 1.8
_GROWTH_SPREAD = {"M1": 0.025, "M2": 0.010}
_NEW_SERIES_OHM, _NEW_FAST_OHM, _NEW_SLOW_OHM = 0.70e-3, 0.35e-3, 0.45e-3

_USABLE_SHARE = 0.97
_ON_ARRIVAL = 0.45


@dataclass(frozen=True, eq=False)
class Population:
    """The cells, in the order of `IDS`, and what is true of them; arrays of shape ``(24,)``.

    Parameters
    ----------
    cells
        Their parameters.
    arrival
        How they were when the pack came.
    capacity_ah
        What each gives at C/3 in a chamber of 25 °C, from full to the lower limit [Ah].
    resistance_ohm
        At half of that capacity, at the end of a pulse, at 25 °C [ohm].
    """

    cells: Cells
    arrival: State
    capacity_ah: Array
    resistance_ohm: Array

    @property
    def soh(self) -> Array:
        """Capacity over rated capacity [1]."""
        return self.capacity_ah / RATED_AH


def draw(chance: np.random.Generator) -> Population:
    """Draw the 24 cells, of which one is faulty and one has its state of health at a limit."""
    soh, growth = _aged(chance)
    cells = Cells(
        charge_ah=soh * RATED_AH / _USABLE_SHARE,
        series_ohm=_NEW_SERIES_OHM * growth,
        fast_ohm=_NEW_FAST_OHM * growth,
        slow_ohm=_NEW_SLOW_OHM * growth,
        leak_ampere=np.where(_is(FAULTY), _FAULTY_LEAK_AMPERE, 0.0),
    )
    for _ in range(2):
        capacity, _half = _true_capacity(cells)
        cells = replace(cells, charge_ah=cells.charge_ah * soh * RATED_AH / capacity)
    capacity, half = _true_capacity(cells)
    arrival = rested(_ON_ARRIVAL + chance.normal(0.0, 0.004, len(IDS)) - np.where(_is(FAULTY), 0.12, 0.0))
    return Population(cells, arrival, capacity, pulse_resistance(cells, half, PULSE_S))


def _aged(chance: np.random.Generator) -> tuple[Array, Array]:
    """State of health [1], and resistance over that of a new cell [1]."""
    soh, growth = np.empty((2, len(IDS)))
    for module, which in MODULES.items():
        soh[which] = chance.normal(_MEAN_SOH[module], _SPREAD_SOH[module], CELLS_PER_MODULE)
        soh[which] = np.where(_is(AT_A_LIMIT)[which], LIMIT_SOH, soh[which])
        growth[which] = 1 + _GROWTH_PER_LOSS * (1 - soh[which]) + chance.normal(0.0, _GROWTH_SPREAD[module], CELLS_PER_MODULE)
    return np.where(_is(FAULTY), _FAULTY_SOH, soh), np.where(_is(FAULTY), _FAULTY_GROWTH, growth)


def _is(battery: str) -> Array:
    return np.array([battery == i for i in IDS])


def _true_capacity(cells: Cells) -> tuple[Array, Array]:
    """Capacity on a tester without errors [Ah], and the state of charge when half of it is left [1]."""
    charge, rest, discharge, _ = capacity_cycle(1, 1)
    full = run((charge, rest), cells, rested(np.full(len(cells), _ON_ARRIVAL)), faultless(len(cells))).state
    capacity = run((discharge,), cells, full, faultless(len(cells))).capacity_ah
    return capacity, full.charged - capacity / 2 / cells.charge_ah
