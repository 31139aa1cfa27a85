"""An aged lithium-ion cell as an equivalent circuit with one thermal node; many cells at once, one entry an array.

With positive current charging, state of charge z, overvoltages v₁ (fast) and v₂ (slow), and temperature T:

    V = U(z) + I·R₀ + v₁ + v₂
    dz/dt = (I − I_leak) / (3600 Q)
    dvᵢ/dt = (I·Rᵢ − vᵢ) / τᵢ                                             i = 1, 2
    R = R₂₅ · (1 + a·exp(−z/b)) · exp[B (1/T − 1/298.15 K)]               each of R₀, R₁, R₂
    C dT/dt = I (V − U) + I_leak·U − h (T − T_chamber)

The circuit is the second-order RC model that Hu, Li and Peng (J. Power Sources 198 (2012) 359, 10.1016/j.jpowsour.2011.10.013)
compare; the heat is the irreversible part of Bernardi, Pawlikowski and Newman's balance (J. Electrochem. Soc. 132 (1985) 5,
10.1149/1.2113792). U is the difference of the electrode potentials that Chen et al. fitted for NMC 811 and graphite-SiOx
(J. Electrochem. Soc. 167 (2020) 080534, 10.1149/1945-7111/ab9050). The other numbers are chosen to be plausible, not fitted.

Within a step of constant current the overvoltages and the temperature are advanced by their exact exponentials.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

FAST_S = 5.0
SLOW_S = 400.0
LOW_CHARGE_RISE = 0.9
LOW_CHARGE_WIDTH = 0.08
ACTIVATION_K = 3500.0
REFERENCE_K = 298.15
HEAT_CAPACITY_J_K = 1100.0
COOLING_W_K = 2.0
CHAMBER_CELSIUS = 25.0

_NEGATIVE_EMPTY, _NEGATIVE_FULL = 0.0279, 0.9014
_POSITIVE_EMPTY, _POSITIVE_FULL = 0.9084, 0.2661


@dataclass(frozen=True, eq=False)
class Cells:
    """What makes each cell itself; every field has shape ``(n,)``.

    Parameters
    ----------
    charge_ah
        Charge Q between the electrodes' limits [Ah]; the capacity in a test's voltage window is less.
    series_ohm, fast_ohm, slow_ohm
        R₀, R₁ and R₂ at 25 °C and well charged [ohm].
    leak_ampere
        What an internal path discharges all the time [A].
    """

    charge_ah: Array
    series_ohm: Array
    fast_ohm: Array
    slow_ohm: Array
    leak_ampere: Array

    def __len__(self) -> int:
        return len(self.charge_ah)

    def part(self, which: slice) -> Cells:
        """Return some of the cells."""
        return Cells(**{f.name: getattr(self, f.name)[which] for f in fields(self)})


@dataclass(frozen=True, eq=False)
class State:
    """How each cell is at one moment: z [1], v₁ and v₂ [V], and T [°C]; every field has shape ``(n,)``."""

    charged: Array
    fast_volt: Array
    slow_volt: Array
    celsius: Array

    def part(self, which: slice) -> State:
        """Return the state of some of the cells."""
        return State(**{f.name: getattr(self, f.name)[which] for f in fields(self)})


def joined(states: Sequence[State]) -> State:
    """Return the states of several lots of cells as one."""
    return State(**{f.name: np.concatenate([getattr(s, f.name) for s in states]) for f in fields(State)})


def rested(charged: Array) -> State:
    """Return cells that have long been at rest in the chamber, at a state of charge of shape ``(n,)`` [1]."""
    zero = np.zeros_like(charged)
    return State(charged, zero, zero, np.full_like(charged, CHAMBER_CELSIUS))


def open_circuit_voltage(charged: Array) -> Array:
    """Return U(z) [V] for z of any shape [1]."""
    x = _NEGATIVE_EMPTY + (_NEGATIVE_FULL - _NEGATIVE_EMPTY) * charged
    y = _POSITIVE_EMPTY + (_POSITIVE_FULL - _POSITIVE_EMPTY) * charged
    negative = (
        1.9793 * np.exp(-39.3631 * x)
        + 0.2482
        - 0.0909 * np.tanh(29.8538 * (x - 0.1234))
        - 0.04478 * np.tanh(14.9159 * (x - 0.2769))
        - 0.0205 * np.tanh(30.4444 * (x - 0.6103))
    )
    positive = (
        -0.8090 * y
        + 4.4875
        - 0.0428 * np.tanh(18.5138 * (y - 0.5542))
        - 17.7326 * np.tanh(15.7890 * (y - 0.3117))
        + 17.5842 * np.tanh(15.9308 * (y - 0.3120))
    )
    return positive - negative


# The march looks U up tens of thousands of times; a table of 4,001 points is within 0.1 mV of the formula.
_TABLE_Z = np.linspace(-0.05, 1.05, 4001)
_TABLE_U = open_circuit_voltage(_TABLE_Z)
_TABLE_SLOPE = np.gradient(_TABLE_U, _TABLE_Z)


def resistance_factor(state: State) -> Array:
    """Return R / R₂₅ [1], shape ``(n,)``."""
    at_low_charge = 1 + LOW_CHARGE_RISE * np.exp(-state.charged / LOW_CHARGE_WIDTH)
    return at_low_charge * np.exp(ACTIVATION_K * (1 / (state.celsius + 273.15) - 1 / REFERENCE_K))


def voltage(cells: Cells, state: State, current: Array) -> Array:
    """Return V [V] while a current [A] flows, shape ``(n,)``."""
    overvoltage = current * cells.series_ohm * resistance_factor(state) + state.fast_volt + state.slow_volt
    return np.interp(state.charged, _TABLE_Z, _TABLE_U) + overvoltage


def advance(cells: Cells, state: State, current: Array, seconds: Array) -> State:
    """Let a constant current flow for a while.

    Parameters
    ----------
    cells, state
        The cells and how they are now.
    current
        I of each cell, shape ``(n,)`` [A].
    seconds
        For how long, shape ``(n,)`` [s]; 0 leaves a cell as it is.
    """
    factor = resistance_factor(state)
    fast_decay, slow_decay = np.exp(-seconds / FAST_S), np.exp(-seconds / SLOW_S)
    open_volt = np.interp(state.charged, _TABLE_Z, _TABLE_U)
    overvoltage = current * cells.series_ohm * factor + state.fast_volt + state.slow_volt
    settled = CHAMBER_CELSIUS + (current * overvoltage + cells.leak_ampere * open_volt) / COOLING_W_K
    return State(
        charged=state.charged + (current - cells.leak_ampere) * seconds / (3600 * cells.charge_ah),
        fast_volt=state.fast_volt * fast_decay + current * cells.fast_ohm * factor * (1 - fast_decay),
        slow_volt=state.slow_volt * slow_decay + current * cells.slow_ohm * factor * (1 - slow_decay),
        celsius=settled + (state.celsius - settled) * np.exp(-seconds * COOLING_W_K / HEAT_CAPACITY_J_K),
    )


def line_at_end(cells: Cells, state: State, seconds: Array) -> tuple[Array, Array]:
    """Return a and b, shape ``(n,)`` [V] and [ohm], such that V = a + b·I at the end of a while [s] of constant current I.

    The equations above with U taken as straight over that while: what a charger that holds a voltage solves for I.
    """
    factor = resistance_factor(state)
    fast_decay, slow_decay = np.exp(-seconds / FAST_S), np.exp(-seconds / SLOW_S)
    slope = np.interp(state.charged, _TABLE_Z, _TABLE_SLOPE)
    volt = np.interp(state.charged, _TABLE_Z, _TABLE_U) + state.fast_volt * fast_decay + state.slow_volt * slow_decay
    ohms = factor * (cells.series_ohm + cells.fast_ohm * (1 - fast_decay) + cells.slow_ohm * (1 - slow_decay))
    return volt, ohms + slope * seconds / (3600 * cells.charge_ah)


def pulse_resistance(cells: Cells, charged: Array, seconds: float) -> Array:
    """Return |ΔV| / |ΔI| at a time after a current edge from rest, at 25 °C, shape ``(n,)`` [ohm].

    R₀ + R₁(1 − e^(−t/τ₁)) + R₂(1 − e^(−t/τ₂)) + U′(z)·t / (3600 Q): the last term is the open-circuit voltage moving along.
    """
    state = rested(charged)
    decays = 1 - np.exp(-seconds / FAST_S), 1 - np.exp(-seconds / SLOW_S)
    ohms = cells.series_ohm + cells.fast_ohm * decays[0] + cells.slow_ohm * decays[1]
    slope = np.interp(state.charged, _TABLE_Z, _TABLE_SLOPE)
    return resistance_factor(state) * ohms + slope * seconds / (3600 * cells.charge_ah)
