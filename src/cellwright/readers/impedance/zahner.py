"""Zahner: lists of a spectrum that Thales saves as ASCII, magnitude and phase by frequency."""

from cellwright.core.columns import FREQUENCY
from cellwright.readers.engine import spectra, text
from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Ask, Draft, Format, Reader

DIALECT = text.Dialect(
    tells=frozenset({"frequency", "impedance", "phase", "significance"}),
    columns={
        "frequency": FREQUENCY,
        "impedance": "absolute_impedance_ohm",
        "phase": "phase_degree",
        "time": "test_time_second",
    },
)


def _read(file: RawFile, ask: Ask) -> list[Draft]:  # noqa: ARG001 - the list's clock has no date
    layout = text.require(text.find(file, DIALECT), file)
    frame, notes = text.parse(file, layout, DIALECT)
    table, more = text.translate(frame, DIALECT, file.file, (FREQUENCY,))
    table, completed = spectra.completed(table)
    head = {name.strip(". "): value for name, value in text.pairs(layout).items()}
    return [Draft(table, "Thales txt", notes=(*notes, *more, *completed), metadata=head, required=spectra.SPECTRUM)]


READER = Reader(
    "zahner", "Zahner", (Format("Thales txt", proof="published"),), (), lambda file: text.find(file, DIALECT) is not None, _read
)
