"""Resistances that a spectrum tells: the ohmic one from where it crosses the real axis, that of charge transfer from its arcs."""

from __future__ import annotations

from math import exp, pi
from typing import TYPE_CHECKING, Any

import numpy as np

from cellwright.core.messages import message
from cellwright.core.quantity import Method, Quantity, absent, from_components, propagate
from cellwright.core.recording import Recording
from cellwright.measure.impedance.fit import fit_circuits
from cellwright.measure.impedance.fitted import CircuitFit
from cellwright.measure.impedance.kramers_kronig import kramers_kronig
from cellwright.measure.impedance.spectrum import Spectrum, spectra

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cellwright.measure.impedance.elements import Complex, Real

INTERCEPT = Method("ohmic-resistance/high-frequency-intercept", "1", "doi:10.1016/j.electacta.2014.01.034")
ARCS = Method("charge-transfer-resistance/sum-of-arcs", "1", "doi:10.1214/aos/1176344136")
AROUND, BENDS = 3, 3
"""Readings on either side of the crossing that the curves through it are fitted to, and the degree of these."""

UNRELIABLE = 0.5
"""Relative uncertainty above which the arcs are not determined."""


def ohmic_resistance(spectrum: Spectrum) -> Quantity:
    """Real part where a spectrum crosses the real axis at its high-frequency end.

    Parameters
    ----------
    spectrum
        One that reaches from where leads and windings make it inductive to where it is capacitive.

    Returns
    -------
    ``ohmic_resistance`` [ohm] with condition ``frequency_hertz`` of the crossing; absent where the spectrum stops short of it. Its
    uncertainty is that of the noise only: what the inductance of the leads adds to an arc that is not over at the crossing is not in it.

    Notes
    -----
    Cubics of real and imaginary part over the logarithm of frequency through the three readings on either side of the crossing; noise
    from `kramers_kronig`.
    """
    name = "ohmic_resistance"
    if reason := spectrum.unsuited:
        return absent(name, "ohm", reason)
    crossing = _crossing(spectrum.impedance_ohm.imag)
    if crossing is None:
        hertz = float(spectrum.frequency_hertz[0])
        return absent(name, "ohm", message("measure.intercept_not_reached", hertz=hertz))
    near = slice(max(crossing - AROUND, 0), crossing + AROUND)
    value, place, weights = _at_zero(np.log(spectrum.frequency_hertz[near]), spectrum.impedance_ohm[near])
    noise = kramers_kronig(spectrum).noise * np.abs(spectrum.impedance_ohm[near])
    conditions = {**spectrum.conditions, "frequency_hertz": exp(place)}
    rest: dict[str, Any] = {"method": INTERCEPT, "conditions": conditions, "evidence": spectrum.evidence}
    uncertainty = float(np.sqrt(np.sum((weights * noise) ** 2)))
    return from_components(name, value, "ohm", {f"{spectrum.stem}:intercept": uncertainty}, **rest)


def charge_transfer_resistance(spectrum: Spectrum) -> Quantity:
    """Resistance of all arcs of a spectrum: charge transfer, with the surface films that one spectrum does not tell from it.

    Parameters
    ----------
    spectrum
        One that goes down in frequency until its arcs are over.

    Returns
    -------
    ``charge_transfer_resistance`` [ohm], with conditions ``circuit``, ``arcs``, and ``kramers_kronig`` (whether the spectrum is
    consistent); absent where no circuit fits, an arc does not close within the frequencies, or the arcs are not determined.

    Notes
    -----
    Sum of the arcs' resistances in the circuit that `fit_circuit` chooses, with their correlation: where two arcs overlap, the sum is
    far better known than either. What does not close but begins beyond a valley of -Im Z is diffusion, and not counted.
    """
    return charge_transfer_resistances([spectrum])[0]


def charge_transfer_resistances(found: list[Spectrum]) -> list[Quantity]:
    """Return that of each spectrum; all are fitted at once."""
    suited = [spectrum for spectrum in found if not spectrum.unsuited]
    fits = dict(zip(map(id, suited), fit_circuits(suited), strict=True))
    return [_of_arcs(fits[id(s)]) if id(s) in fits else absent("charge_transfer_resistance", "ohm", _reason(s)) for s in found]


def resistances_of_spectra(recording: Recording) -> dict[str, tuple[Quantity, ...]]:
    """Return the resistances of every spectrum of a recording; empty where it has none."""
    found = list(spectra(recording))
    if not found:
        return {}
    return {
        "ohmic_resistance": tuple(map(ohmic_resistance, found)),
        "charge_transfer_resistance": tuple(charge_transfer_resistances(found)),
    }


def _crossing(imaginary: NDArray[np.float64]) -> int | None:
    """Return the first reading from which, as frequency falls, the spectrum stays capacitive for at least one more."""
    capacitive = imaginary < 0
    turns = np.flatnonzero(~capacitive[:-2] & capacitive[1:-1] & capacitive[2:]) + 1
    return int(turns[0]) if len(turns) else None


def _at_zero(height: Real, z: Complex) -> tuple[float, float, Real]:
    """Return the real part where the imaginary one is 0, where that is, and the weights of real and imaginary errors in it.

    With the curves X(h) and Y(h), δR = δX − (X′/Y′)·δY at the crossing.
    """
    degree = min(BENDS, len(height) - 2)
    middle = float(height.mean())
    powers = np.vander(height - middle, degree + 1, increasing=True)
    solver = np.linalg.pinv(powers)
    real, imaginary = solver @ z.real, solver @ z.imag
    roots = np.roots(imaginary[::-1])
    place = float(min(roots, key=lambda r: abs(r.imag) * len(height) + abs(r.real - _between(height - middle, z.imag))).real)
    at, slope = place ** np.arange(degree + 1), np.arange(degree + 1) * place ** np.maximum(np.arange(degree + 1) - 1, 0)
    turn = float(slope @ real) / float(slope @ imaginary)
    return float(at @ real), place + middle, (at @ solver) * np.array([[1.0], [-turn]])


def _between(height: Real, imaginary: Real) -> float:
    """Return where a straight line between the readings about it crosses 0."""
    n = int(np.flatnonzero((imaginary[:-1] >= 0) & (imaginary[1:] < 0))[0])
    return float(height[n] + (height[n + 1] - height[n]) * imaginary[n] / (imaginary[n] - imaginary[n + 1]))


def _reason(spectrum: Spectrum) -> Any:
    return spectrum.unsuited


def _of_arcs(fit: CircuitFit) -> Quantity:
    name, parameters = "charge_transfer_resistance", fit.parameters
    arcs = {n: 1 / (2 * pi * _slowness(parameters, n)) for n in ("1", "2", "3") if f"R{n}" in parameters}
    lowest, valley = float(fit.spectrum.frequency_hertz[-1]), _valley(fit)
    conditions = {**parameters["R0"].conditions, "arcs": len(arcs), "kramers_kronig": kramers_kronig(fit.spectrum).consistent}
    if any(lowest > hertz >= valley for hertz in arcs.values()) or not any(hertz >= lowest for hertz in arcs.values()):
        return absent(name, "ohm", message("measure.arc_not_closed", hertz=lowest), conditions=conditions)
    counted = [parameters[f"R{n}"] for n, hertz in arcs.items() if hertz >= lowest]
    value = sum(q.value or 0.0 for q in counted)
    rest: dict[str, Any] = {"method": ARCS, "conditions": {**conditions, "arcs": len(counted)}, "evidence": fit.spectrum.evidence}
    found = propagate(name, "ohm", value, [(q, 1.0) for q in counted], **rest)
    if found.standard_uncertainty is None or found.standard_uncertainty > UNRELIABLE * value:
        return absent(name, "ohm", message("measure.arcs_undetermined", circuit=fit.circuit), conditions=conditions)
    return found


def _valley(fit: CircuitFit) -> float:
    """Frequency [Hz] of the last valley of -Im Z of the fit, beyond which what does not close is diffusion; 0 where there is none."""
    frequency = fit.spectrum.frequency_hertz
    reactance = -fit.impedance(frequency).imag
    lows = np.flatnonzero((reactance[1:-1] < reactance[:-2]) & (reactance[1:-1] < reactance[2:]) & (reactance[1:-1] > 0)) + 1
    return float(frequency[lows[-1]]) if len(lows) else 0.0


def _slowness(parameters: dict[str, Quantity], number: str) -> float:
    """Time constant of an arc, (R·Q)^(1/α) [s]."""
    resistance, store, exponent = (parameters[name].value or 0.0 for name in (f"R{number}", f"CPE{number}_Q", f"CPE{number}_alpha"))
    return float((resistance * store) ** (1 / exponent))
