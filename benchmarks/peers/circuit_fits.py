"""Runs in the environment of impedance.py: fit the spectra on standard input, and print how long each took and what it left over.

A line of JSON ``{"frequency": […], "real": […], "imaginary": […]}`` a spectrum. Guesses are those that a user would make from the
spectrum: its least real part, a third of its span for each arc, and the time constants between which such arcs lie. Without
standard input being a spectrum, ``example`` prints the spectrum that impedance.py's own examples fit.
"""

from __future__ import annotations

import json
import sys
import warnings
from time import perf_counter

import numpy as np
from impedance.models.circuits import CustomCircuit

CIRCUIT = "L0-R0-p(R1,CPE1)-p(R2,CPE2)-W3"


def fitted(line: str) -> dict[str, float | None]:
    given = json.loads(line)
    f, z = np.array(given["frequency"]), np.array(given["real"]) + 1j * np.array(given["imaginary"])
    least, span = z.real.min(), np.ptp(z.real)
    guess = [1e-7, least, span / 3, 5e-3 / (span / 3), 0.9, span / 3, 0.2 / (span / 3), 0.9, span / 10]
    began = perf_counter()
    try:
        circuit = CustomCircuit(CIRCUIT, initial_guess=guess)
        circuit.fit(f, z, weight_by_modulus=True)
        left = np.sqrt(np.mean(np.abs(circuit.predict(f) / z - 1) ** 2) / 2)
    except (RuntimeError, ValueError):
        left = None
    return {"seconds": perf_counter() - began, "residual": None if left is None else float(left)}


def example() -> dict[str, list[float]]:
    from impedance.tests.test_preprocessing import Z_correct, frequencies

    return {"frequency": list(frequencies), "real": list(Z_correct.real), "imaginary": list(Z_correct.imag)}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if sys.argv[1:] == ["example"]:
        print(json.dumps(example()))
    else:
        for each in sys.stdin:
            print(json.dumps(fitted(each)), flush=True)
