"""Fits of equivalent circuits, many spectra at once, without starting values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf

from cellwright.core.errors import UsageError
from cellwright.measure.impedance.batch import Batch, Weighting
from cellwright.measure.impedance.circuit import Circuit, parse
from cellwright.measure.impedance.fitted import CircuitFit
from cellwright.measure.impedance.spectrum import Spectrum

TOGETHER = 96
"""Problems in one batch: their arrays stay in the processor's cache."""

ARCS = ("p(R1,CPE1)", "p(R2,CPE2)", "p(R3,CPE3)")
CANDIDATES = tuple(
    tuple(
        "-".join(filter(None, (inductor, "R0", *ARCS[:arcs], tail)))
        for inductor in ("", "L0")
        for tail in ("", f"W{arcs + 1}", f"CPE{arcs + 1}")
    )
    for arcs in (1, 2, 3)
)
"""What is tried where no circuit is named: with and without an inductance, a Warburg or a constant phase tail; an arc more as long as
that is better."""

LARGEST_CANDIDATES = tuple(max(len(parse(c).parameters) for c in circuits) for circuits in CANDIDATES)
"""Parameters of the largest of each: it takes as many frequencies to try them."""


def fit_circuit(spectrum: Spectrum, circuit: str | None = None, *, weighting: Weighting = "modulus") -> CircuitFit:
    """Fit an equivalent circuit to a spectrum, without starting values.

    Parameters
    ----------
    spectrum
        At least ten frequencies.
    circuit
        As in ``L0-R0-p(R1,CPE1)-W2``: ``-`` in series, ``p(…,…)`` in parallel; R [ohm], C [s/ohm], L [ohm.s]; CPE: Z = 1/Q(jω)^α; W:
        Z = A(1 − j)/√ω; Wo, Ws: Z = R·coth(s)/s and R·tanh(s)/s with s = √(jωτ). None: the one of `CANDIDATES` with the lowest
        Bayesian information criterion.
    weighting
        ``modulus``: residuals count by their share of |Z|, as an analyser's noise does; ``unit``: by their size in ohm.

    Returns
    -------
    Parameters, their covariance, the relative residual [1]. Of arcs of one kind, the faster comes first.

    Raises
    ------
    UsageError
        Where the spectrum will not do, or the circuit cannot be read or has more parameters than half the readings.

    Notes
    -----
    Begun from several placements of the arcs that the spectrum's shape suggests; bounded Levenberg–Marquardt in the logarithms of the
    parameters with analytic derivatives; covariance s²(JᵀJ)⁻¹ with s² = Σr²/(2n − p) (JCGM 100:2008, H.3 in many unknowns). Choice
    by Schwarz's criterion, 2n·ln(Σr²/2n) + p·ln 2n (doi:10.1214/aos/1176344136).
    """
    return fit_circuits([spectrum], circuit, weighting=weighting)[0]


def fit_circuits(spectra: Iterable[Spectrum], circuit: str | None = None, *, weighting: Weighting = "modulus") -> tuple[CircuitFit, ...]:
    """Fit one circuit to many spectra at once, or to each the one that suits it; parameters and notes as in `fit_circuit`."""
    given = [spectrum.checked() for spectrum in spectra]
    if circuit is not None:
        return tuple(_fitted(given, parse(circuit), weighting))
    return tuple(min(fits, key=lambda f: f.information) for fits in tried_circuits(given, weighting))


def tried_circuits(spectra: Sequence[Spectrum], weighting: Weighting = "modulus") -> list[list[CircuitFit]]:
    """Return the fits of all circuits that are tried where none is named, of each spectrum that will do."""
    tried: list[list[CircuitFit]] = [[] for _ in spectra]
    going = range(len(spectra))
    for circuits, largest in zip(CANDIDATES, LARGEST_CANDIDATES, strict=True):
        going = [n for n in going if len(spectra[n].frequency_hertz) >= largest]
        found = zip(*(_fitted([spectra[n] for n in going], parse(c), weighting) for c in circuits), strict=True)
        better = list[int]()
        for n, fits in zip(going, found, strict=True):
            before = min((f.information for f in tried[n]), default=inf)
            tried[n] += fits
            if min(f.information for f in fits) < before:
                better.append(n)
        going = better
    return tried


def _fitted(spectra: Sequence[Spectrum], circuit: Circuit, weighting: Weighting) -> list[CircuitFit]:
    for spectrum in spectra:
        if len(circuit.parameters) > len(spectrum.frequency_hertz):
            count = len(spectrum.frequency_hertz)
            raise UsageError("measure.circuit_too_large", circuit=circuit.text, parameters=len(circuit.parameters), frequencies=count)
    batches = [Batch(spectra[n : n + TOGETHER], circuit, weighting) for n in range(0, len(spectra), TOGETHER)]
    return [fit for batch in batches for fit in batch.fits()]
