"""Impedance analysers' exports: the columns every spectrum has, in every make's way of writing them."""

import math
import random
from pathlib import Path

import polars as pl
import pytest

from cellwright import readers
from cellwright.core.errors import CellwrightError, MissingColumn
from cellwright.readers.engine.spectra import SPECTRUM
from cellwright.readers.opening import open_files
from cellwright.readers.seam import reader_for
from tests.readers.spectra import POINTS, degrees, holds_the_spectrum, magnitude, read
from tests.readers.test_damage import mutated

REAL = {  # rows, first frequency [Hz], first real and imaginary part [ohm], as a text editor shows them
    "exampleDataAutolab.txt": ("zplot", 41, 10000.0, 0.013785863964281, 0.007191946305823),
    "exampleDataCHInstruments.txt": ("chinstruments", 73, 99610.0, 98.91, -2.748),
    "exampleDataGamry.DTA": ("gamry", 72, 200015.6, 825.8584, -1367.239),
}


@pytest.fixture(params=REAL)
def real(request: pytest.FixtureRequest, data: Path) -> Path:
    path = data / "testers" / "eis" / request.param
    if not path.is_file():
        pytest.skip(f"{path.name} is not in the data folder")
    return path


def test_a_real_export_reads_as_a_text_editor_shows_it(real: Path):
    make, rows, hertz, re, im = REAL[real.name]
    recording = readers.read(real)
    assert (recording.source.make, recording.table.height) == (make, rows)
    assert recording.table.row(0, named=True).items() >= dict(zip(SPECTRUM, (hertz, re, im), strict=True)).items()
    assert recording.is_spectrum


def test_the_parts_of_a_real_spectrum_agree_with_its_magnitude_and_phase(real: Path):
    table = readers.read(real).table
    if "absolute_impedance_ohm" not in table.columns:
        pytest.skip(f"{real.name} has no magnitude")
    re, im, size = (pl.col(name) for name in (*SPECTRUM[1:], "absolute_impedance_ohm"))
    length = ((re**2 + im**2).sqrt() - size).abs() / size
    angle = (pl.arctan2(im, re).degrees() - pl.col("phase_degree")).abs()
    worst_length, worst_angle = table.select(length.max(), angle.max()).row(0)
    # Four digits are printed at the least: half a unit of 1000 for each of two; and the phase to a tenth of a degree.
    assert worst_length < 1e-3
    assert worst_angle < 0.05 + 0.03


def test_a_real_spectrum_goes_out_and_comes_back_the_same(real: Path, tmp_path: Path):
    recording = readers.read(real)
    for name in ("a.parquet", "a.csv", "a.csv.gz"):
        readers.write(recording, tmp_path / name)
        assert readers.read(tmp_path / name).table.equals(recording.table)


def test_a_spectrum_in_bdf_needs_no_time(tmp_path: Path):
    lines = ["frequency_hertz,real_impedance_ohm,imaginary_impedance_ohm", *(f"{f!r},{z.real!r},{z.imag!r}" for f, z in POINTS)]
    recording = read(tmp_path, "eis.bdf.csv", "\n".join(lines) + "\n")
    assert recording.source.make == "bdf"
    assert holds_the_spectrum(recording)
    assert recording.notes == ()


def test_a_spectrum_in_bdf_without_its_imaginary_part_names_it(tmp_path: Path):
    with pytest.raises(MissingColumn) as error:
        read(tmp_path, "eis.bdf.csv", "frequency_hertz,real_impedance_ohm\n1,2\n")
    assert error.value.params["column"] == "imaginary_impedance_ohm"


def test_a_log_without_current_in_bdf_reads_and_says_so(tmp_path: Path):
    recording = read(tmp_path, "ocv.bdf.csv", "test_time_second,voltage_volt\n0,3.7\n1,3.6\n")
    assert recording.table["voltage_volt"].to_list() == [3.7, 3.6]
    assert [n.params["columns"] for n in recording.notes if n.code == "readers.bdf_lacks"] == [("current_ampere",)]


ZPLOT_QUOTED = """"ZPlotW Data File: Version 3.2c"
"Raw Data"
"Sweep Frequency: Control Voltage"
Date: 12-17-2019    Time: 16:24:35
a comment
0,3,0,1,300000,0.005
5
"  Freq(Hz)    Ampl     Bias   Time(Sec)   Z'(a)    Z''(b)    GD   Err   Range"
"""
ZPLOT_TABBED = """ZPLOT2 ASCII
  Measured Data, ZPlot:       3.2c
  Date:                       12-17-2019
  Time:                       16:24:35
  Begin User Comments:        0
  End User Comments:          0
  Data Points:                5
  Freq(Hz)\tAmpl\tBias\tTime(Sec)\tZ'(a)\tZ''(b)\tGD\tErr\tRange
End Comments
"""


@pytest.mark.parametrize(("head", "between"), [(ZPLOT_QUOTED, ", "), (ZPLOT_TABBED, "\t")])
def test_zplots_two_forms_read_alike(tmp_path: Path, head: str, between: str):
    rows = [between.join(map(repr, (f, 0.01, 0.0, 2.0 + n, z.real, z.imag, 0.0, 0, 5))) for n, (f, z) in enumerate(POINTS)]
    recording = read(tmp_path, "a.z", head + "\n".join(rows) + "\n")
    assert (recording.source.make, recording.source.start) == ("zplot", "2019-12-17T16:24:35")
    assert holds_the_spectrum(recording)
    assert recording.table["test_time_second"].to_list() == [2.0, 3.0, 4.0, 5.0, 6.0]


def test_a_time_that_is_0_throughout_is_none(tmp_path: Path):
    rows = [f"{f!r},0,0,0,{z.real!r},{z.imag!r},0,0,0" for f, z in POINTS]
    recording = read(tmp_path, "a.z", ZPLOT_QUOTED + "\n".join(rows) + "\n")
    assert "test_time_second" not in recording.table.columns
    assert "readers.time_not_filled" in [n.code for n in recording.notes]


CHI = """May 3, 2021   09:05:08
A.C. Impedance
Instrument Model:  CHI660E
Note:\x20

Init E (V) = 3.7

Freq/Hz, Z'/ohm, Z"/ohm, Z/ohm, Phase/deg

"""


def test_ch_instruments_text_reads_with_its_head(tmp_path: Path):
    rows = [f"{f:.6e}, {z.real:.9e}, {z.imag:.9e}, {magnitude(z):.9e}, {degrees(z):.1f}" for f, z in POINTS]
    recording = read(tmp_path, "a.txt", CHI + "\n".join(rows) + "\n")
    assert (recording.source.make, recording.source.start) == ("chinstruments", "2021-05-03T09:05:08")
    assert holds_the_spectrum(recording, 1e-8)
    assert dict(recording.metadata) == {"Instrument Model": "CHI660E", "Init E (V)": "3.7"}
    assert recording.table["phase_degree"].to_list() == [round(degrees(z), 1) for _, z in POINTS]


@pytest.mark.parametrize(("comma", "between"), [(False, "\t"), (True, ";")])
def test_nova_turns_the_sign_of_imaginary_part_and_phase_and_it_is_turned_back(tmp_path: Path, comma: bool, between: str):
    header = between.join(("Index", "Frequency (Hz)", "Z' (Ω)", "-Z'' (Ω)", "Z (Ω)", "-Phase (°)", "Time (s)"))
    rows = [
        between.join(map(repr, (n, f, z.real, -z.imag, magnitude(z), -degrees(z), 1.5 * n))) for n, (f, z) in enumerate(POINTS, start=1)
    ]
    content = "\n".join([header, *rows]) + "\n"
    recording = read(tmp_path, "nova.txt", content.replace(".", ",") if comma else content)
    assert (recording.source.make, recording.source.format) == ("autolab", "NOVA txt")
    assert holds_the_spectrum(recording)
    assert recording.table["phase_degree"].to_list() == pytest.approx([degrees(z) for _, z in POINTS])
    assert recording.table["test_time_second"].to_list() == [1.5, 3.0, 4.5, 6.0, 7.5]


ZAHNER = """File Name.........: a.ism
Potential.........: 3.7000V
Current...........: 0.0000A

Number,Frequency/Hz,Impedance/Ohm,Phase/deg,Significance,Time/s
"""


def test_real_and_imaginary_part_come_from_magnitude_and_phase_where_there_is_nothing_else(tmp_path: Path):
    rows = [f"{n},{f!r},{magnitude(z)!r},{degrees(z)!r},0.999,{n}.5" for n, (f, z) in enumerate(POINTS)]
    recording = read(tmp_path, "a.txt", ZAHNER + "\n".join(rows) + "\n")
    assert recording.source.make == "zahner"
    assert holds_the_spectrum(recording)
    assert [n.code for n in recording.notes if "impedance" in n.code] == ["readers.impedance_from_polar"]
    assert dict(recording.metadata) == {"File Name": "a.ism", "Potential": "3.7000V", "Current": "0.0000A"}


def test_every_impedance_file_has_one_reader_only(tmp_path: Path, real: Path):
    (file,) = open_files(real)
    found = reader_for(file)
    assert found is not None
    assert [r.name for r in readers.formats() if r.recognises(file)] == [found.name]


def test_no_reader_of_impedance_claims_another_makes_file(data: Path):
    ours = {"gamry", "autolab", "zplot", "parstat", "chinstruments", "zahner"}
    claimed: set[str] = set()
    for path in sorted((data / "testers").rglob("*.*")):
        if path.parent.name == "eis" or not path.is_file():
            continue
        for file in open_files(path):
            claimed |= {f"{path.name}: {r.name}" for r in readers.formats() if r.name in ours and r.recognises(file)}
    assert claimed == set()


def test_the_made_up_spectrum_is_capacitive():
    assert all(z.imag < 0 for _, z in POINTS)
    assert math.isclose(POINTS[-1][1].real, 0.03, rel_tol=1e-3)  # at 0.1 Hz both resistors, 10 and 20 mΩ, are seen


@pytest.mark.parametrize("name", REAL)
def test_damage_is_an_error_of_ours_or_a_recording(data: Path, tmp_path: Path, name: str):
    original = data / "testers" / "eis" / name
    if not original.is_file():
        pytest.skip(f"{name} is not in the data folder")
    content, chance, path = original.read_bytes(), random.Random(name), tmp_path / name
    for _ in range(25):
        path.write_bytes(mutated(content, chance))
        try:
            found = readers.read_all(path)
        except CellwrightError as error:
            assert error.code != "readers.reader_failed", error
        else:
            assert found
