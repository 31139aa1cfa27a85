"""CH Instruments' text exports of AC impedance."""

import re

from cellwright.readers.engine import spectra, text
from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Ask, Draft, Format, Reader

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_MOMENT = re.compile(r"([A-Za-z]{3})[a-z]*\.? +(\d{1,2}), +(\d{4}) +(\d{1,2}:\d{2}:\d{2})")
_PAIR = re.compile(r"([^=:]+?)(?: = |: )(.*)")

DIALECT = text.Dialect(
    tells=frozenset({"freq", "z'", 'z"'}),
    columns={
        "freq": "frequency_hertz",
        "z'": "real_impedance_ohm",
        'z"': "imaginary_impedance_ohm",
        "z": "absolute_impedance_ohm",
        "phase": "phase_degree",
    },
)


def _read(file: RawFile, ask: Ask) -> list[Draft]:  # noqa: ARG001 - a date is all that the file says of the clock
    layout = text.require(text.find(file, DIALECT), file)
    frame, notes = text.parse(file, layout, DIALECT)
    table, more = text.translate(frame, DIALECT, file.file, spectra.SPECTRUM)
    table, completed = spectra.completed(table)
    head = {found[1].strip(): found[2].strip() for line in layout.preamble[1:] if (found := _PAIR.fullmatch(line))}
    return [
        Draft(
            table,
            "txt",
            start=_start(layout.preamble),
            notes=(*notes, *more, *completed),
            metadata={name: value for name, value in head.items() if value},
            required=spectra.SPECTRUM,
        )
    ]


def _start(preamble: tuple[str, ...]) -> str | None:
    found = _MOMENT.match(preamble[0].strip()) if preamble else None
    if found is None or found[1].lower() not in MONTHS:
        return None
    return f"{found[3]}-{MONTHS.index(found[1].lower()) + 1:02d}-{int(found[2]):02d}T{found[4]:0>8}"


READER = Reader("chinstruments", "CH Instruments", (Format("txt"),), (), lambda file: text.find(file, DIALECT) is not None, _read)
