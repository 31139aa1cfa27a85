"""Runs in the environment of impedance.py: fit the spectra on standard input, and print how long each took and what it left over.

A line of JSON ``{"frequency": […], "real": […], "imaginary": […], "circuit": "…"}`` a spectrum. Guesses are those that a user would make
from the spectrum: its least real part, an even share of its span for each arc, and the time constants between which such arcs lie.
Without standard input being a spectrum, ``example`` prints the spectrum that impedance.py's own examples fit.
"""

from __future__ import annotations

import json
import re
import sys
import warnings
from time import perf_counter

import numpy as np
from impedance.models.circuits import CustomCircuit

ELEMENT = re.compile(r"(CPE|[RCLW])(\d)")
TIMES = {1: [3e-2], 2: [5e-3, 0.2]}
"""Time constants [s] that are guessed of one arc and of two."""


def guessed(circuit: str, least: float, span: float) -> list[float]:
    """Guess the parameters in the order in which impedance.py wants them."""
    arcs = circuit.count("p(")
    share = span / (arcs + 1)
    found: list[float] = []
    for kind, number in ELEMENT.findall(circuit):
        inside = 1 <= int(number) <= arcs
        store = TIMES[arcs][int(number) - 1] / share if inside else 10 / span
        found += {
            "L": [1e-7],
            "R": [share if inside else least],
            "C": [store],
            "CPE": [store, 0.9 if inside else 0.5],
            "W": [span / 10],
        }[kind]
    return found


def fitted(line: str) -> dict[str, float | None]:
    given = json.loads(line)
    f, z = np.array(given["frequency"]), np.array(given["real"]) + 1j * np.array(given["imaginary"])
    guess = guessed(given["circuit"], float(z.real.min()), float(np.ptp(z.real)))
    began = perf_counter()
    try:
        circuit = CustomCircuit(given["circuit"], initial_guess=guess)
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
