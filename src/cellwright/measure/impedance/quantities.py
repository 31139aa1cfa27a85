"""Resistances that a spectrum tells: the ohmic one from where it crosses the real axis, that of charge transfer from its arcs."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, inf, log
from typing import TYPE_CHECKING, Any

import numpy as np

from cellwright.core.messages import message
from cellwright.core.quantity import Method, Quantity, absent, from_components, propagate
from cellwright.core.recording import Recording
from cellwright.measure.impedance.circuit import parse
from cellwright.measure.impedance.fit import tried_circuits
from cellwright.measure.impedance.fitted import CircuitFit
from cellwright.measure.impedance.kramers_kronig import kramers_kronig, linear_test
from cellwright.measure.impedance.spectrum import Spectrum, spectra

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cellwright.measure.impedance.elements import Complex, Real

INTERCEPT = Method("ohmic-resistance/high-frequency-intercept", "1", "doi:10.1016/j.electacta.2014.01.034")
ARCS = Method("charge-transfer-resistance/sum-of-arcs", "1", "doi:10.1214/aos/1176344136")
AROUND, BENDS = 3, 3
"""Readings on either side of the crossing that the curves through it are fitted to, and the degree of these."""

NUMBERS = ("1", "2", "3")
OCCAMS_WINDOW = 0.05
"""Likelihood of a circuit over that of the likeliest: a lesser one has no say (Madigan and Raftery, J. Am. Stat. Assoc. 89 (1994) 1535)."""

UNRELIABLE = 0.5
"""Relative uncertainty above which a resistance is not determined."""


def ohmic_resistance(spectrum: Spectrum) -> Quantity:
    """Real part where a spectrum crosses the real axis at its high-frequency end.

    Parameters
    ----------
    spectrum
        One that reaches from where leads and windings make it inductive to where it is capacitive.

    Returns
    -------
    ``ohmic_resistance`` [ohm] with condition ``frequency_hertz`` of the crossing; absent where the spectrum stops short of it, or noise
    hides it. Its uncertainty is that of the noise only: what the inductance of the leads adds to an arc that is not over at the
    crossing is not in it.

    Notes
    -----
    Cubics of real and imaginary part over the logarithm of frequency through the three readings on either side of the crossing; noise
    from the linear test of `kramers_kronig`.
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
    noise = linear_test(spectrum).noise * np.abs(spectrum.impedance_ohm[near])
    conditions = {**spectrum.conditions, "frequency_hertz": exp(place)}
    rest: dict[str, Any] = {"method": INTERCEPT, "conditions": conditions, "evidence": spectrum.evidence}
    uncertainty = float(np.sqrt(np.sum((weights * noise) ** 2)))
    if uncertainty > UNRELIABLE * value:
        return absent(name, "ohm", message("measure.intercept_undetermined", hertz=exp(place)), conditions=conditions)
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
    far better known than either. What does not close but begins beyond a valley of -Im Z is diffusion, and not counted. What other
    circuits say is in the uncertainty, as much as each is likely (Buckland, Burnham and Augustin, Biometrics 53 (1997) 603).
    """
    return charge_transfer_resistances([spectrum])[0]


def charge_transfer_resistances(found: list[Spectrum]) -> list[Quantity]:
    """Return that of each spectrum; all are fitted at once."""
    suited = [spectrum for spectrum in found if not spectrum.unsuited]
    fits = dict(zip(map(id, suited), tried_circuits(suited), strict=True))
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


def _of_arcs(fits: Sequence[CircuitFit]) -> Quantity:
    name, fit = "charge_transfer_resistance", min(fits, key=lambda f: f.information)
    parameters, counted, lowest = fit.parameters, _closed(fit), float(fit.spectrum.frequency_hertz[-1])
    arcs = len(counted) or sum(f"R{n}" in parameters for n in NUMBERS)
    conditions = {**parameters["R0"].conditions, "arcs": arcs, "kramers_kronig": kramers_kronig(fit.spectrum).consistent}
    if not counted:
        return absent(name, "ohm", message("measure.arc_not_closed", hertz=lowest), conditions=conditions)
    value = sum(counted.values())
    rest: dict[str, Any] = {"method": ARCS, "conditions": conditions, "evidence": fit.spectrum.evidence}
    choice = from_components(name, value, "ohm", {f"{fit.spectrum.stem}:choice of the circuit": _disagreement(fit, fits)})
    found = propagate(name, "ohm", value, [*((parameters[arc], 1.0) for arc in counted), (choice, 1.0)], **rest)
    if found.standard_uncertainty is None or found.standard_uncertainty > UNRELIABLE * value:
        return absent(name, "ohm", message("measure.arcs_undetermined", circuit=fit.circuit), conditions=conditions)
    return found


def _disagreement(chosen: CircuitFit, fits: Sequence[CircuitFit]) -> float:
    """√Σw(R − R_chosen)² over the circuits, each as likely as its information criterion makes it, w ∝ exp(−BIC/2) [ohm]."""
    total, squares, own = 0.0, 0.0, sum(_closed(chosen).values())
    for fit in fits:
        weight = exp((chosen.information - fit.information) / 2)
        if weight > OCCAMS_WINDOW and (counted := _closed(fit)):
            total, squares = total + weight, squares + weight * (sum(counted.values()) - own) ** 2
    return float(np.sqrt(squares / total))


def _closed(fit: CircuitFit) -> dict[str, float]:
    """Return the resistances [ohm] of the arcs that are over within the frequencies, by name; none where one is not."""
    value = dict(zip(parse(fit.circuit).names, fit.values.tolist(), strict=True))
    lowest, valley = -log(fit.spectrum.angular_frequency[-1]), _valley(fit)
    slowness = {f"R{n}": (value[f"R{n}"] + value[f"CPE{n}_Q"]) / value[f"CPE{n}_alpha"] for n in NUMBERS if f"R{n}" in value}
    if any(lowest < slow <= valley for slow in slowness.values()):
        return {}
    return {name: exp(value[name]) for name, slow in slowness.items() if slow <= lowest}


def _valley(fit: CircuitFit) -> float:
    """Return −ln ω of the last valley of -Im Z of the fit, beyond which what does not close is diffusion; infinite where there is none."""
    omega = fit.spectrum.angular_frequency
    reactance = -fit.impedance(fit.spectrum.frequency_hertz).imag
    lows = np.flatnonzero((reactance[1:-1] < reactance[:-2]) & (reactance[1:-1] < reactance[2:]) & (reactance[1:-1] > 0)) + 1
    return -log(omega[lows[-1]]) if len(lows) else inf
