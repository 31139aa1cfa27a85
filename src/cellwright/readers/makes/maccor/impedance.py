"""Maccor's AC impedance tests (``.EDA…``): a frequency sweep at open circuit, as text.

``Z'(a)`` and ``Z''(b)`` are in ohms: the column ``C(F)`` is their ``1 / (2 π f Z'')`` in farads.
"""

import re

from cellwright.core.columns import FREQUENCY, IMAGINARY_IMPEDANCE, REAL_IMPEDANCE, SPECTRUM, TIME, VOLTAGE
from cellwright.readers.engine import spectra, text
from cellwright.readers.engine.timing import begun
from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Ask, Draft

HEAD = b"MACCOR, INC.    AC Impedance Test"
# What stands in brackets here is no unit.
NAMES = {"Z'(a)": "Z'", "Z''(b)": "Z''"}
DATES = ("%A, %B %d, %Y %H:%M",)

_START = re.compile(r"Start Date:\s*(.+?)\s*Start Time:\s*(\d+:\d+)")

DIALECT = text.Dialect(
    tells=frozenset({"freq", "z'", "z''", "phase_angle"}),
    columns={
        "freq": FREQUENCY,
        "z'": REAL_IMPEDANCE,
        "z''": IMAGINARY_IMPEDANCE,
        "phase_angle": spectra.PHASE,
        "z-mag": spectra.MAGNITUDE,
        "time": TIME,
        "v-dc": VOLTAGE,
    },
)


def is_impedance(file: RawFile) -> bool:
    """Tell an AC impedance test by its first line."""
    return file.data.startswith(HEAD)


def read_impedance(file: RawFile, ask: Ask) -> Draft:
    """Read the sweep; raises `UnknownFormat`, `DamagedFile`."""
    layout = text.require(text.find(file, DIALECT), file)
    frame, notes = text.parse(file, layout, DIALECT)
    frame = frame.rename({old: new for old, new in NAMES.items() if old in frame.columns and new not in frame.columns})
    table, lost = text.translate(frame, DIALECT, file.file, SPECTRUM)
    table, idle = spectra.completed(table)
    table = table.drop(name for name in table.columns if table[name].null_count() == table.height)
    head = {name: value.strip() for name, value in text.pairs(layout).items()}
    draft = Draft(table, "impedance text", notes=(*notes, *lost, *idle), metadata=head, required=SPECTRUM)
    found = next((m for line in layout.preamble if (m := _START.search(line))), None)
    return begun(draft, " ".join(found.groups()), DATES, ask) if found else draft
