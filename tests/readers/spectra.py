"""Made-up exports of one spectrum: a resistor of 10 mΩ before 20 mΩ beside 1 F, so that everything can be worked out by hand."""

import math
from pathlib import Path

from cellwright import readers
from cellwright.core.recording import Recording

FREQUENCIES = (1000.0, 100.0, 10.0, 1.0, 0.1)


def impedance(hertz: float) -> complex:
    """Z = R0 + R1 / (1 + jωR1C): its imaginary part is below 0, as a capacitor's is."""
    return 0.010 + 0.020 / (1 + 2j * math.pi * hertz * 0.020 * 1.0)


POINTS = [(f, impedance(f)) for f in FREQUENCIES]


def magnitude(z: complex) -> float:
    return abs(z)


def degrees(z: complex) -> float:
    return math.degrees(math.atan2(z.imag, z.real))


def read(tmp_path: Path, name: str, content: str | bytes) -> Recording:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return readers.read(path)


def holds_the_spectrum(recording: Recording, digits: float = 1e-9) -> bool:
    """Whether a recording has the made-up spectrum, to a relative error."""
    rows = recording.table.select("frequency_hertz", "real_impedance_ohm", "imaginary_impedance_ohm").rows()
    return len(rows) == len(POINTS) and all(
        math.isclose(f, hertz) and abs(complex(re, im) - z) <= digits * abs(z) for (f, re, im), (hertz, z) in zip(rows, POINTS, strict=True)
    )
