"""Readings that stand alone: a transmission fault, a loose probe, and not what the battery did.

A sample is isolated where both its neighbours lie on one side of it, further than the battery could have gone there and back, and near
to each other. What a battery does is not taken for a fault:

- the voltage follows the current, so a step of the voltage in the direction of a step of the current is real, however short;
- at rest or at a steady current it moves by a few millivolts a sample: what is asked is 2 % of its usual value;
- a cell may heat fast, but it has to cool through its surface: 20 K, and 0.2 K more for each second until the next reading. A 45 g
  cell (45 J/K) 100 K above still air (20 W/m²K on 40 cm²) cools at 0.18 K/s.

The first reading is held against the two after it. The last one is never isolated: what follows it is not known, and a test often ends
because of what it shows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

VOLTAGE_SHARE = 0.02
SPIKE_KELVIN = 20.0
COOLING_KELVIN_PER_S = 0.2
NEIGHBOURS_APART = 0.5
"""The neighbours of a lone reading lie no further apart than this share of its distance from the nearer one."""

CURRENT_STEP = 0.02
"""Share of the largest current from which a step of it moves the voltage further than noise does."""

LARGEST_CAUSED = 0.5
"""No current moves the voltage by more than this share of its usual value: a record of zeros is a fault."""


def isolated_voltages(volt: Floats, current: Floats | None) -> Flags:
    """Tell which voltages stand alone, shape of ``volt``, ``(n,)`` [V]; none where no current [A] says that it did not cause them.

    NaN is no reading; the neighbours are the next ones that are.
    """
    if current is None:
        return np.zeros(len(volt), dtype=bool)
    read = np.isfinite(volt) & np.isfinite(current)
    flags = np.zeros(len(volt), dtype=bool)
    if read.any():
        values, ampere = volt[read], current[read]
        jump = np.full(len(values), VOLTAGE_SHARE * float(np.median(np.abs(values))))
        flags[read] = _spikes(values, jump, _caused(values, ampere))
    return flags


def isolated_temperatures(celsius: Floats, time: Floats | None) -> Flags:
    """Tell which temperatures stand alone, shape ``(n,)`` [°C], by their times [s]; without times they count as one second apart."""
    read = np.isfinite(celsius)
    flags = np.zeros(len(celsius), dtype=bool)
    values = celsius[read]
    passed = np.ones(len(values)) if time is None else np.append(np.diff(time[read]), 0.0).clip(min=0.0)
    flags[read] = _spikes(values, SPIKE_KELVIN + COOLING_KELVIN_PER_S * passed, np.zeros(max(len(values) - 1, 0), dtype=bool))
    return flags


def _caused(volt: Floats, ampere: Floats) -> Flags:
    """Whether the voltage went from each sample to the next the way the current did, shape ``(n - 1,)``."""
    moved, answer = np.diff(ampere), np.diff(volt)
    stepped = np.abs(moved) > CURRENT_STEP * float(np.abs(ampere).max())
    return stepped & (np.sign(moved) == np.sign(answer)) & (np.abs(answer) <= LARGEST_CAUSED * float(np.median(np.abs(volt))))


def _spikes(values: Floats, jump: Floats, caused: Flags) -> Flags:
    flags = np.zeros(len(values), dtype=bool)
    if len(values) < 3:
        return flags
    change = np.diff(values)
    into, out_of = change[:-1], change[1:]
    height = np.minimum(np.abs(into), np.abs(out_of))
    back = (np.sign(into) != np.sign(out_of)) & (np.abs(into + out_of) <= NEIGHBOURS_APART * height)
    flags[1:-1] = back & (height > jump[1:-1]) & ~caused[:-1] & ~caused[1:]
    first = abs(change[0])
    flags[0] = first > jump[0] and abs(change[1]) <= min(NEIGHBOURS_APART * first, jump[0]) and not caused[0]
    return flags
