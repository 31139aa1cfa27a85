"""What each element of an equivalent circuit is: its parameters, its impedance, and how that changes with each of them.

Impedances are of many spectra at once: ω has shape ``(spectra, frequencies)``, a parameter ``(spectra, 1)``. A positive parameter is
given by its logarithm, an exponent by itself; derivatives are by what is given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Real = NDArray[np.floating[Any]]
    Complex = NDArray[np.complexfloating[Any, Any]]


def spaced(first: float, last: float, count: int) -> Real:
    """Return numbers whose logarithms are evenly spaced."""
    return np.exp(np.linspace(log(first), log(last), count))


@dataclass(frozen=True)
class Parameter:
    """A parameter of an element.

    Parameters
    ----------
    suffix
        After the element's name where it has several.
    unit
        As a quantity writes it.
    scale
        How the parameter grows with the scales of impedance and of angular frequency: p = p' · z^a · ω^b; the exponent of a constant
        phase element is the b of its admittance, with a minus sign: None.
    is_exponent
        Between 0 and 1, and not a logarithm.
    """

    suffix: str
    unit: str
    scale: tuple[float, float | None]
    is_exponent: bool = False


@dataclass(frozen=True)
class Element:
    """A kind of element: its parameters and its impedance with the derivatives."""

    parameters: tuple[Parameter, ...]
    impedance: Callable[[Real, Sequence[Real]], tuple[Complex, list[Complex]]]


def _resistor(omega: Real, values: Sequence[Real]) -> tuple[Complex, list[Complex]]:
    z = np.broadcast_to(np.exp(values[0]).astype(np.complex128), omega.shape)
    return z, [z]


def _capacitor(omega: Real, values: Sequence[Real]) -> tuple[Complex, list[Complex]]:
    z = -1j * (np.exp(-values[0]) / omega)
    return z, [-z]


def _inductor(omega: Real, values: Sequence[Real]) -> tuple[Complex, list[Complex]]:
    z = 1j * (np.exp(values[0]) * omega)
    return z, [z]


def _constant_phase(omega: Real, values: Sequence[Real]) -> tuple[Complex, list[Complex]]:
    """Z = 1 / Q(jω)^α = e^(−ln Q − α ln ω) · e^(−jαπ/2)."""
    height = np.log(omega)
    z = np.exp(-values[0] - values[1] * height) * np.exp(-0.5j * np.pi * values[1])
    return z, [-z, -z * (height + 0.5j * np.pi)]


def _warburg(omega: Real, values: Sequence[Real]) -> tuple[Complex, list[Complex]]:
    """Z = A(1 − j)/√ω."""
    z = (1 - 1j) * (np.exp(values[0]) / np.sqrt(omega))
    return z, [z]


def _diffusion_root(omega: Real, values: Sequence[Real]) -> tuple[Real, Complex, Complex]:
    root = np.sqrt(0.5 * omega * np.exp(values[1])) * (1 + 1j)
    return np.exp(values[0]), root, np.tanh(np.minimum(root.real, 20.0) + 1j * np.where(root.real < 20.0, root.imag, 0.0))


def _open_warburg(omega: Real, values: Sequence[Real]) -> tuple[Complex, list[Complex]]:
    """Z = Z0·coth(s)/s, s = √(jωτ); ∂Z/∂ln τ = −(Z + Z0/sinh²s)/2."""
    scale, root, tanh = _diffusion_root(omega, values)
    z = scale / (root * tanh)
    return z, [z, -0.5 * (z + scale * (1 / tanh**2 - 1))]


def _short_warburg(omega: Real, values: Sequence[Real]) -> tuple[Complex, list[Complex]]:
    """Z = Z0·tanh(s)/s, s = √(jωτ); ∂Z/∂ln τ = (Z0/cosh²s − Z)/2."""
    scale, root, tanh = _diffusion_root(omega, values)
    z = scale * tanh / root
    return z, [z, 0.5 * (scale * (1 - tanh**2) - z)]


_OHM, _SECOND = Parameter("R", "ohm", (1, 0)), Parameter("tau", "s", (0, -1))
ELEMENTS = {
    "R": Element((Parameter("", "ohm", (1, 0)),), _resistor),
    "C": Element((Parameter("", "s/ohm", (-1, -1)),), _capacitor),
    "L": Element((Parameter("", "ohm.s", (1, -1)),), _inductor),
    "CPE": Element((Parameter("Q", "s^alpha/ohm", (-1, None)), Parameter("alpha", "1", (0, 0), is_exponent=True)), _constant_phase),
    "W": Element((Parameter("", "ohm/s^0.5", (1, 0.5)),), _warburg),
    "Wo": Element((_OHM, _SECOND), _open_warburg),
    "Ws": Element((_OHM, _SECOND), _short_warburg),
}
