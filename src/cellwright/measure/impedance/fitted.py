"""A circuit fitted to a spectrum."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import pi
from typing import TYPE_CHECKING, Any

import numpy as np

from cellwright.core.frozen import FrozenDict
from cellwright.core.quantity import Method, Quantity, from_components
from cellwright.measure.impedance.circuit import Circuit, parse
from cellwright.measure.impedance.spectrum import Spectrum

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cellwright.measure.impedance.elements import Complex, Real

METHOD = Method("equivalent-circuit/least-squares", "1", "doi:10.1137/0111030")


@dataclass(frozen=True, eq=False)
class CircuitFit:
    """A circuit fitted to a spectrum.

    Parameters
    ----------
    spectrum
        What was fitted.
    circuit
        The circuit as text.
    values
        Its parameters: logarithms in SI units, exponents as they are; shape ``(parameters,)``.
    covariance
        Of these; NaN in the rows of what ended at a bound or is not determined.
    residual
        Root mean square of the real and imaginary residuals over |Z| [1].
    information
        Bayesian information criterion: the lower of two fits of one spectrum is the better.
    """

    spectrum: Spectrum
    circuit: str
    values: Real
    covariance: Real
    residual: float
    information: float

    @cached_property
    def parameters(self) -> dict[str, Quantity]:
        """Parameters by name (``R1``, ``CPE1_Q``, ``CPE1_alpha``, ``W2``), with the uncertainty that the scatter about the fit gives.

        Quantities of one fit carry their correlation. One that ended at a bound, an inductance of nothing for instance, has no
        uncertainty.
        """
        circuit = parse(self.circuit)
        positive = np.array([not p.is_exponent for p in circuit.parameters])
        values = np.where(positive, np.exp(self.values), self.values)
        spread = self.covariance * np.outer(np.where(positive, values, 1.0), np.where(positive, values, 1.0))
        return {q.name: q for q in self._quantities(circuit, values, spread)}

    def impedance(self, frequency_hertz: NDArray[np.float64]) -> Complex:
        """Return the circuit's impedance [ohm] at frequencies [Hz]."""
        omega = 2 * pi * np.asarray(frequency_hertz, dtype=np.float64)
        return parse(self.circuit).root.impedance(omega[None, :], self.values[None, :])[0][0]

    def _quantities(self, circuit: Circuit, values: Real, spread: Real) -> list[Quantity]:
        known = np.flatnonzero(np.isfinite(np.diag(spread)))
        root = _root(spread[np.ix_(known, known)])
        freedom = {
            f"{self.spectrum.stem}:{self.circuit}#{k}": float(2 * len(self.spectrum.frequency_hertz) - len(values))
            for k in range(len(known))
        }
        rest: dict[str, Any] = {"method": METHOD, "conditions": self._conditions, "evidence": self.spectrum.evidence}
        rows = dict(zip(known.tolist(), root, strict=True))
        return [
            from_components(name, float(value), p.unit, dict(zip(freedom, map(float, rows[n]), strict=True)), freedom, **rest)
            if n in rows
            else Quantity(name, float(value), p.unit, **rest)
            for n, (name, value, p) in enumerate(zip(circuit.names, values, circuit.parameters, strict=True))
        ]

    @property
    def _conditions(self) -> FrozenDict:
        frequency = self.spectrum.frequency_hertz
        found = {"circuit": self.circuit, "lowest_frequency_hertz": float(frequency[-1]), "highest_frequency_hertz": float(frequency[0])}
        return FrozenDict({**self.spectrum.conditions, **found})


def _root(spread: Real) -> Real:
    """Factor a covariance into L·Lᵀ; its rows are the components of each value on independent inputs."""
    size = np.sqrt(np.diag(spread))
    values, vectors = np.linalg.eigh(spread / np.outer(size, size))
    return size[:, None] * vectors * np.sqrt(np.clip(values, 0.0, None))
