"""Metrohm Autolab: ASCII exports of NOVA, which give imaginary part and phase with the sign turned."""

from cellwright.readers.engine import spectra, text
from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Ask, Draft, Format, Reader

TURNED = {"-z''": "imaginary_impedance_ohm", "-phase": "phase_degree"}

DIALECT = text.Dialect(
    tells=frozenset({"frequency", "z'", "-z''"}),
    columns={
        "frequency": "frequency_hertz",
        "z'": "real_impedance_ohm",
        "z": "absolute_impedance_ohm",
        "time": "test_time_second",
        "potential (dc)": "voltage_volt",
        "current (dc)": "current_ampere",
        **TURNED,
    },
)


def _read(file: RawFile, ask: Ask) -> list[Draft]:  # noqa: ARG001 - the export has no date
    layout = text.require(text.find(file, DIALECT), file)
    frame, notes = text.parse(file, layout, DIALECT)
    table, more = text.translate(frame, DIALECT, file.file, spectra.SPECTRUM)
    table, completed = spectra.completed(spectra.negated(table, TURNED.values()))
    return [Draft(table, "NOVA txt", notes=(*notes, *more, *completed), required=spectra.SPECTRUM)]


READER = Reader(
    "autolab", "Metrohm Autolab", (Format("NOVA txt", proof="published"),), (), lambda file: text.find(file, DIALECT) is not None, _read
)
