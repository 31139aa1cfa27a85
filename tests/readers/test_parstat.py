"""Princeton Applied Research: ``.par`` files, tables copied out of VersaStudio, PowerSuite's tables."""

from pathlib import Path

import pytest

from cellwright.core.errors import DamagedFile
from tests.readers.spectra import POINTS, holds_the_spectrum, read

PAR = """<Application>
Name=VersaStudio
Version=2.52.3.0
</Application>

<Instrument>
Type=VersaSTAT4
SN=16334007
</Instrument>

<Experiment>
TimeAcquired=9:40:30 AM
DateAcquired=Thursday, July 19, 2018
</Experiment>

"""
SEGMENT = (
    "<Segment{number}>\nType=2\nVersion=3\n"
    "Definition=Segment #, Point #, E(V), I(A), Elapsed Time(s), Status, Frequency(Hz), Z Real, Z Imag, 0\n"
)
END = "</Segment{number}>\n\n<Graph1>\nAnalysis=0\n</Graph1>\n"
COPIED = "Potential (V)\tCurrent (A)\tElapsed Time (s)\tFrequency (Hz)\tZre (ohms)\tZim (ohms)\t|Vac| (V)\t|Iac| (A)\t\n"


def spectrum(number: int) -> str:
    rows = [f"{number},{n},3.7,-0.001,{10 + n},53,{f!r},{z.real!r},{z.imag!r}\n" for n, (f, z) in enumerate(POINTS)]
    return SEGMENT.format(number=number + 1) + "".join(rows) + END.format(number=number + 1)


def discharge(number: int) -> str:
    rows = [f"{number},{n},{3.7 - n / 10},-0.5,{1 + n},53,0,0,0\n" for n in range(3)]
    return SEGMENT.format(number=number + 1) + "".join(rows) + END.format(number=number + 1)


def test_a_par_file_reads_with_its_warning(tmp_path: Path):
    recording = read(tmp_path, "a.par", PAR + spectrum(0))
    assert (recording.source.make, recording.source.format) == ("parstat", "par")
    assert recording.source.start == "2018-07-19T09:40:30"
    assert holds_the_spectrum(recording)
    assert recording.table["voltage_volt"].to_list() == [3.7] * 5
    assert recording.table["test_time_second"].to_list() == [10, 11, 12, 13, 14]
    assert "readers.par_uncalibrated" in [n.code for n in recording.notes]


def test_a_par_file_without_impedance_is_a_test_over_time(tmp_path: Path):
    recording = read(tmp_path, "a.par", PAR + discharge(0))
    assert recording.table["current_ampere"].to_list() == [-0.5] * 3
    assert "frequency_hertz" not in recording.table.columns
    assert "readers.par_uncalibrated" not in [n.code for n in recording.notes]


def test_rows_without_impedance_are_empty_there(tmp_path: Path):
    recording = read(tmp_path, "a.par", PAR + discharge(0) + spectrum(1))
    assert recording.table["real_impedance_ohm"].to_list()[:4] == [None, None, None, POINTS[0][1].real]
    assert recording.table["voltage_volt"].to_list()[:4] == [3.7, 3.6, 3.5, 3.7]
    assert [n.params["count"] for n in recording.notes if n.code == "readers.rows_without_impedance"] == [3]


@pytest.mark.parametrize("content", [PAR, PAR + SEGMENT.format(number=1), PAR + SEGMENT.format(number=1) + END.format(number=1)])
def test_a_par_file_without_rows_is_damaged(tmp_path: Path, content: str):
    with pytest.raises(DamagedFile):
        read(tmp_path, "a.par", content)


def test_a_table_copied_out_of_versastudio_reads(tmp_path: Path):
    rows = [f"3.7\t-0.15\t{n}\t{f!r}\t{z.real!r}\t{z.imag!r}\t0.01\t0.5\t\n" for n, (f, z) in enumerate(POINTS)]
    recording = read(tmp_path, "a.txt", COPIED + "".join(rows))
    assert (recording.source.make, recording.source.format) == ("parstat", "VersaStudio txt")
    assert holds_the_spectrum(recording)
    assert recording.table["|Vac| (V)"].to_list() == [0.01] * 5


def test_a_discharge_with_a_spectrum_at_its_end_stays_a_test_over_time(tmp_path: Path):
    before = [f"{3.7 - n / 1000}\t-0.15\t{10 * n}\t0\t0\t0\t0\t0\t\n" for n in range(10)]
    rows = [f"3.6\t-0.15\t{100 + n}\t{f!r}\t{z.real!r}\t{z.imag!r}\t0.01\t0.5\t\n" for n, (f, z) in enumerate(POINTS)]
    recording = read(tmp_path, "a.txt", COPIED + "".join([*before, *rows]))
    assert recording.table.height == 15
    assert recording.table["frequency_hertz"].null_count() == 10
    assert not recording.is_spectrum


def test_powersuites_table_reads(tmp_path: Path):
    rows = [f"{f!r}\t {z.real!r}\t {z.imag!r}\n" for f, z in POINTS]
    recording = read(tmp_path, "a.txt", "Frequency\t Zre\t Zimg\n" + "".join(rows))
    assert (recording.source.make, recording.source.format) == ("parstat", "PowerSuite txt")
    assert holds_the_spectrum(recording)
