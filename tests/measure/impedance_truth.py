"""Made-up spectra whose every parameter is known, written out from the equations of the elements."""

import numpy as np
import polars as pl

from cellwright.core.recording import Recording
from cellwright.measure import Spectrum
from tests.measure.recordings import SOURCE

FREQUENCY = np.logspace(4, -2, 61)
TRUTH = {
    "L0": 2e-8, "R0": 2e-3, "R1": 1e-3, "CPE1_Q": (1e-3) ** 0.9 / 1e-3, "CPE1_alpha": 0.9,
    "R2": 3e-3, "CPE2_Q": 0.1**0.85 / 3e-3, "CPE2_alpha": 0.85, "W3": 5e-4,
}  # fmt: skip
CIRCUIT = "L0-R0-p(R1,CPE1)-p(R2,CPE2)-W3"


def arc(jw: np.ndarray, ohm: float, second: float, exponent: float = 1.0) -> np.ndarray:
    """R / (1 + (jωτ)^α)."""
    return ohm / (1 + (jw * second) ** exponent)


def impedance(frequency: np.ndarray = FREQUENCY) -> np.ndarray:
    """2 mΩ, arcs of 1 mΩ at 1 ms and 3 mΩ at 0.1 s, a Warburg of 0.5 mΩ/√s, 20 nH."""
    jw = 2j * np.pi * frequency
    tail = 5e-4 * (1 - 1j) / np.sqrt(jw.imag)
    return 2e-3 + arc(jw, 1e-3, 1e-3, 0.9) + arc(jw, 3e-3, 0.1, 0.85) + tail + jw * 2e-8


def noisy(z: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Noise of each part, by a share of |Z|."""
    real, imaginary = np.random.default_rng(seed).normal(size=(2, len(z)))
    return z + share * np.abs(z) * (real + 1j * imaginary)


def spectrum(seed: int = 7, share: float = 1e-3) -> Spectrum:
    return Spectrum(FREQUENCY, noisy(impedance(), share, seed))


def drawn(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """One to three arcs of any width and speed, mostly with a tail and an inductance, over any usual sweep."""
    low, high, density = rng.uniform(-2.5, -1), rng.uniform(3.5, 5), rng.integers(6, 13)
    frequency = np.logspace(high, low, int((high - low) * density) + 1)
    jw, ohm = 2j * np.pi * frequency, 10 ** rng.uniform(-3, 1)
    z = ohm + sum(
        arc(jw, ohm * 10 ** rng.uniform(-0.5, 0.7), 10 ** rng.uniform(-4, 0.5), rng.uniform(0.65, 1)) for _ in range(rng.integers(1, 4))
    )
    if rng.random() < 0.7:
        z = z + ohm * 10 ** rng.uniform(-1, 0) * jw ** -rng.uniform(0.45, 0.6)
    if rng.random() < 0.7:
        z = z + jw * ohm * 10 ** rng.uniform(-6.5, -4.5)
    return frequency, z


def recording(frequency: np.ndarray, z: np.ndarray, **columns: object) -> Recording:
    table = pl.DataFrame({"frequency_hertz": frequency, "real_impedance_ohm": z.real, "imaginary_impedance_ohm": z.imag, **columns})
    return Recording(table.with_row_index("record_index", offset=1), SOURCE)
