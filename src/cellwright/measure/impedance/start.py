"""Where a fit begins: values read off the spectrum's shape, several of each, as the eye would place the arcs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

import numpy as np

from cellwright.measure.impedance.circuit import Circuit, Leaf, Parallel, Part, Series

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cellwright.measure.impedance.elements import Complex, Real

EXPONENT = 0.85
SHARES = (1.0, 2.0, 0.5)
"""Arcs k of K begin with the resistance (k/K)^g − ((k−1)/K)^g of all: alike, the slow ones greater, the fast ones greater."""

_DIFFUSION = ("W", "Wo", "Ws")
NOTHING = 1e-6


@dataclass(frozen=True, eq=False)
class Shape:
    """What a spectrum looks like, from its highest frequency to its lowest, in any units.

    Parameters
    ----------
    omega
        Angular frequencies.
    ohmic, inductance, tail
        Intercept at high frequency, inductance beyond it, and Warburg coefficient that its low-frequency end would have.
    rise
        Real part above the intercept, never falling, less what the tail makes of it where there is one.
    """

    omega: Real
    ohmic: float
    inductance: float
    tail: float
    rise: Real

    def slowness_at(self, share: float) -> float:
        """Return 1/ω where the arcs have reached a share of their resistance."""
        at = int(self.rise.searchsorted(share * float(self.rise[-1])))
        return float(1 / self.omega[min(at, len(self.omega) - 1)])

    def reached_at(self, slowness: float) -> float:
        """Return the arcs' resistance at frequencies down to 1/slowness."""
        return float(np.interp(log(slowness), -np.log(self.omega), self.rise))


def shape(omega: Real, impedance: Complex, *, tailed: bool) -> Shape:
    """Read a spectrum's shape; ``tailed`` where its circuit has diffusion in it."""
    real, reactance = impedance.real, -impedance.imag
    capacitive = np.flatnonzero(reactance > 0)
    ohmic = float(real[capacitive[0]] if len(capacitive) and capacitive[0] else real.min())
    ohmic = max(ohmic, NOTHING * float(np.abs(impedance).max()))
    inductance = max(-reactance[0], 1e-3 * abs(impedance[0])) / omega[0]
    tail = max(reactance[-1], 1e-3 * abs(impedance[-1])) * np.sqrt(omega[-1])
    above = real - ohmic - (tail / np.sqrt(omega) if tailed else 0.0)
    rise = np.maximum.accumulate(np.maximum(above, 0.0))
    if rise[-1] < 0.05 * np.ptp(real) or rise[-1] <= 0:
        rise = np.maximum.accumulate(np.maximum(real - ohmic, NOTHING * ohmic))
    return Shape(omega, ohmic, float(inductance), float(tail), rise)


def starts(circuit: Circuit, omega: Real, impedance: Complex) -> Real:
    """Return several vectors of values to begin with, shape ``(starts, parameters)``: logarithms, but for the exponents."""
    seen = shape(omega, impedance, tailed=any(leaf.kind in _DIFFUSION for leaf in circuit.leaves))
    arcs = sum(isinstance(part, Parallel) for part in circuit.series)
    found = [_values(circuit, seen, placed) for placed in _placements(seen, arcs)]
    return np.array(found)


def _placements(seen: Shape, arcs: int) -> Iterator[list[tuple[float, float]]]:
    """Place the arcs: 1/ω and resistance of each."""
    whole, steps = float(seen.rise[-1]), np.arange(arcs + 1) / max(arcs, 1)
    for power in SHARES[: 1 if arcs == 0 else None]:
        edges, middles = steps**power, (steps[1:] - 0.5 / max(arcs, 1)) ** power
        yield [(seen.slowness_at(m), max(r, NOTHING) * whole) for m, r in zip(middles, np.diff(edges), strict=True)]
    if arcs > 0:
        yield _evenly(seen, np.linspace(0, 1, arcs + 1))
    if arcs > 1:
        yield _evenly(seen, 0.7 * np.linspace(0, 1, arcs + 1))


def _evenly(seen: Shape, shares: NDArray[np.float64]) -> list[tuple[float, float]]:
    """Place the arcs evenly over the logarithm of frequency, each with what the real part rises there."""
    fast, slow = -np.log(seen.omega[0]), -np.log(seen.omega[-1])
    edges = np.exp(fast + shares * (slow - fast))
    reached = [seen.reached_at(edge) for edge in edges]
    least = 0.02 * float(seen.rise[-1])
    return [(float(np.sqrt(a * b)), max(y - x, least)) for a, b, x, y in zip(edges, edges[1:], reached, reached[1:], strict=False)]


def _values(circuit: Circuit, seen: Shape, placed: list[tuple[float, float]]) -> list[float]:
    values = [0.0] * len(circuit.parameters)
    arcs = iter(placed)
    for part in circuit.series:
        outer = isinstance(part, Leaf)
        slowness, resistance = (float(1 / seen.omega[-1]), seen.ohmic) if outer else next(arcs, (1.0, seen.ohmic))
        _fill(part, values, seen, (slowness, resistance))
    return values


def _fill(part: Part, values: list[float], seen: Shape, arc: tuple[float, float]) -> None:
    if isinstance(part, Series | Parallel):
        for inner in part.parts:
            _fill(inner, values, seen, arc)
        return
    begun = _begun(part.kind, seen, *arc)
    values[part.first : part.first + len(begun)] = begun


def _begun(kind: str, seen: Shape, slowness: float, resistance: float) -> list[float]:
    """Begin an element: an arc's capacity makes its time constant, what follows in series makes the tail."""
    slowest = 1 / seen.omega[-1]
    match kind:
        case "R":
            return [np.log(resistance)]
        case "C":
            return [np.log(slowness / resistance)]
        case "CPE":
            return [EXPONENT * np.log(slowness) - np.log(resistance), EXPONENT]
        case "L":
            return [np.log(seen.inductance)]
        case "W":
            return [np.log(seen.tail)]
        case _:  # a finite diffusion looks like a Warburg of Z0/√(2τ) before it ends
            return [0.5 * np.log(2 * slowest) + np.log(seen.tail), np.log(slowest)]
