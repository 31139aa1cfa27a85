"""Spectra that are fitted together: their arrays, the descent from several starts, and what comes of each."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log
from typing import TYPE_CHECKING, Literal

import numpy as np

from cellwright.measure.impedance.circuit import Circuit, Parallel, Part
from cellwright.measure.impedance.fitted import CircuitFit
from cellwright.measure.impedance.marquardt import descend
from cellwright.measure.impedance.spectrum import Spectrum
from cellwright.measure.impedance.start import starts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cellwright.measure.impedance.elements import Real

LOOK, FINISH = 12, 60
"""Iterations of every start, and then of the best two."""

LIMITS, EXPONENT_LIMITS = (-35.0, 30.0), (0.05, 1.0)
UNDETERMINED = 1e-11

Weighting = Literal["modulus", "unit"]


class Batch:
    """Spectra of any lengths in arrays of one width, in units in which impedance and angular frequency are about 1."""

    def __init__(self, spectra: Sequence[Spectrum], circuit: Circuit, weighting: Weighting) -> None:
        self.spectra, self.circuit = spectra, circuit
        width = max(len(s.frequency_hertz) for s in spectra)
        self.omega, self.weight = np.ones((len(spectra), width)), np.zeros((len(spectra), width))
        self.target = np.ones((len(spectra), width), dtype=np.complex128)
        self.scales = np.array([_scales(s) for s in spectra])
        for n, (s, (ohm, speed)) in enumerate(zip(spectra, self.scales, strict=True)):
            points = len(s.frequency_hertz)
            self.omega[n, :points], self.target[n, :points] = s.angular_frequency / speed, s.impedance_ohm / ohm
            self.weight[n, :points] = 1 / np.abs(self.target[n, :points]) if weighting == "modulus" else 1.0

    def fits(self) -> list[CircuitFit]:
        low, high = np.array([EXPONENT_LIMITS if p.is_exponent else LIMITS for p in self.circuit.parameters]).T
        begun = [
            starts(self.circuit, omega[weight > 0], target[weight > 0])
            for omega, weight, target in zip(self.omega, self.weight, self.target, strict=True)
        ]
        each = len(begun[0])
        owner = np.repeat(np.arange(len(begun)), each)
        looked = descend(lambda n, v: self._evaluated(owner[n], v), np.concatenate(begun), (low, high), LOOK)
        ranked = np.argsort(looked.squares.reshape(-1, each), axis=1)[:, :2] + np.arange(len(begun))[:, None] * each
        owner, chosen = owner[ranked.T.ravel()], looked.values[ranked.T.ravel()]
        done = descend(lambda n, v: self._evaluated(owner[n], v), chosen, (low, high), FINISH)
        best = np.argmin(done.squares.reshape(-1, len(begun)), axis=0) * len(begun) + np.arange(len(begun))
        return [self._fit(n, done.values[b], done.normal[b], (low, high)) for n, b in enumerate(best)]

    def _evaluated(self, owner: NDArray[np.intp], values: Real) -> tuple[Real, Real]:
        """Weighted residuals, real parts first, and their derivatives."""
        weight = self.weight[owner]
        z, slopes = self.circuit.root.impedance(self.omega[owner], values)
        off = (z - self.target[owner]) * weight
        width = weight.shape[1]
        turned = np.empty((len(owner), 2 * width, values.shape[1]))
        for n, slope in slopes.items():
            weighted = slope * weight
            turned[:, :width, n], turned[:, width:, n] = weighted.real, weighted.imag
        return np.concatenate([off.real, off.imag], axis=1), turned

    def _fit(self, number: int, values: Real, normal: Real, bounds: tuple[Real, Real]) -> CircuitFit:
        spectrum = self.spectra[number]
        order = _by_slowness(self.circuit, values)
        values, normal = values[order], normal[np.ix_(order, order)]
        points = 2 * len(spectrum.frequency_hertz)
        z = self.circuit.root.impedance(self.omega[number : number + 1], values[None, :])[0][0]
        off = np.abs(z - self.target[number]) * (self.weight[number] > 0)
        squares = float(np.sum((off * self.weight[number]) ** 2))
        free = (values > bounds[0] + 1e-9) & (values < bounds[1] - 1e-9)
        spread = _covariance(normal, free) * squares / (points - len(values))
        turned, shift = _in_si(self.circuit, *self.scales[number])
        information = points * log(max(squares, 1e-300) / points) + len(values) * log(points)
        residual = float(np.sqrt(np.sum((off / np.abs(self.target[number])) ** 2) / points))
        unknown = ~np.isfinite(np.diag(spread))
        spread = turned @ np.where(unknown[:, None] | unknown, 0.0, spread) @ turned.T
        spread[unknown, :] = spread[:, unknown] = np.nan
        return CircuitFit(spectrum, self.circuit.text, turned @ values + shift, spread, residual, information)


def _scales(spectrum: Spectrum) -> tuple[float, float]:
    """Return the geometric means of |Z| and of the ends of ω."""
    omega = spectrum.angular_frequency
    return exp(float(np.mean(np.log(np.abs(spectrum.impedance_ohm))))), float(np.sqrt(omega[0] * omega[-1]))


def _in_si(circuit: Circuit, ohm: float, speed: float) -> tuple[Real, Real]:
    """Return the matrix and the shift that take values from the batch's units to SI: ln Q' − ln z − α·ln ω is affine in Q' and α."""
    matrix, shift = np.eye(len(circuit.parameters)), np.zeros(len(circuit.parameters))
    for n, parameter in enumerate(circuit.parameters):
        of_ohm, of_speed = parameter.scale
        shift[n] = of_ohm * log(ohm) + (of_speed or 0.0) * log(speed)
        if of_speed is None:
            matrix[n, n + 1] = -log(speed)
    return matrix, shift


def _covariance(normal: Real, free: NDArray[np.bool_]) -> Real:
    """Invert what is determined; NaN in the rows of what is not, nor what it trades places with."""
    result = np.full_like(normal, np.nan)
    size = np.sqrt(np.diag(normal))
    known = np.flatnonzero(free & (size > UNDETERMINED * size.max()))
    values, vectors = np.linalg.eigh(normal[np.ix_(known, known)] / np.outer(size[known], size[known]))
    lost = values < UNDETERMINED * values[-1]
    kept = np.all(np.abs(vectors[:, lost]) < 1e-2, axis=1)
    found = (vectors[:, ~lost] / values[~lost]) @ vectors[:, ~lost].T / np.outer(size[known], size[known])
    result[np.ix_(known[kept], known[kept])] = found[np.ix_(kept, kept)]
    return result


def _by_slowness(circuit: Circuit, values: Real) -> NDArray[np.intp]:
    """Order the arcs of one kind from fast to slow: which value takes whose place."""
    order = np.arange(len(values))
    kinds: dict[str, list[NDArray[np.intp]]] = {}
    for part in circuit.series:
        if isinstance(part, Parallel) and (kind := _kind(part)) in ("R,C", "R,CPE", "C,R", "CPE,R"):
            places = [np.arange(leaf.first, leaf.first + len(leaf.parameters)) for leaf in Circuit("", part).leaves]
            kinds.setdefault(kind, []).append(np.concatenate(places))
    for kind, arcs in kinds.items():
        slow = [_slowness(kind, values[arc]) for arc in arcs]
        for place, source in zip(arcs, np.argsort(slow, kind="stable"), strict=True):
            order[place] = arcs[source]
    return order


def _kind(part: Part) -> str:
    return ",".join(getattr(inner, "kind", "") for inner in getattr(part, "parts", ()))


def _slowness(kind: str, arc: Real) -> float:
    """Logarithm of the time constant: (R·Q)^(1/α)."""
    if "CPE" not in kind:
        return float(arc.sum())
    resistance, store, exponent = (arc[0], arc[1], arc[2]) if kind.startswith("R") else (arc[2], arc[0], arc[1])
    return float((resistance + store) / exponent)
