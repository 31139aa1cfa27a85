"""Gamry ``.DTA``: several tables, typed heads, spectra and tests over time."""

from pathlib import Path

import pytest

from cellwright import readers
from cellwright.core.errors import DamagedFile, MissingColumn
from tests.readers.spectra import POINTS, degrees, holds_the_spectrum, magnitude, read

HEAD = (
    "EXPLAIN\r\nTAG\t{tag}\r\nTITLE\tLABEL\tA test\tTest &Identifier\r\nDATE\tLABEL\t4/23/2018\tDate\r\nTIME\tLABEL\t16:43:15\tTime\r\n"
    "NOTES\tNOTES\t1\t&Notes...\r\n\tcell 7\r\nCAPACITY\tQUANT\t1.00000E+001\tCapacity (A-hr)\r\n"
    "CONVENTION\tIQUANT\t{convention}\tCurrent Convention\r\n"
)
OCV = (
    "OCVCURVE\tTABLE\t2\r\n\tPt\tT\tVf\tVm\r\n\t#\ts\tV vs. Ref.\tV\r\n"
    "\t0\t0.5\t3.7\t3.7\r\n\t1\t1.0\t3.7\t3.7\r\nEOC\tQUANT\t3.7\tOpen Circuit (V)\r\n"
)
ZCURVE = (
    "ZCURVE\tTABLE\r\n\tPt\tTime\tFreq\tZreal\tZimag\tZsig\tZmod\tZphz\tIdc\tVdc\tIERange\r\n\t#\ts\tHz\tohm\tohm\tV\tohm\t°\tA\tV\t#\r\n"
)
CURVE = "CURVE{number}\tTABLE\t{rows}\r\n\tPt\tT\tVf\tIm\tVu\tPwr\tTemp\tOver\r\n\t#\ts\tV vs. Ref.\tA\tV\tW\tdeg C\tbits\r\n"


def head(tag: str = "GALVEIS", convention: int = 1) -> str:
    return HEAD.format(tag=tag, convention=convention)


def spectrum_rows() -> str:
    rows = [(n, 10 * n, f, z.real, z.imag, 1, magnitude(z), degrees(z), -0.002, 3.65, 9) for n, (f, z) in enumerate(POINTS)]
    return "".join("\t" + "\t".join(map(repr, row)) + "\r\n" for row in rows)


def curve(samples: list[tuple[float, float, float]], number: int | str = "", temperature: float = -327.67) -> str:
    rows = [(n, t, v, i, 0.0, v * i, temperature) for n, (t, v, i) in enumerate(samples)]
    lines = "".join("\t" + "\t".join(map(repr, row)) + "\t..........a\r\n" for row in rows)
    return CURVE.format(number=number, rows=len(samples)) + lines


def test_a_spectrum_reads_without_the_wait_before_it(tmp_path: Path):
    recording = read(tmp_path, "a.DTA", (head() + OCV + ZCURVE + spectrum_rows()).encode("latin-1"))
    assert (recording.source.make, recording.source.start) == ("gamry", "2018-04-23T16:43:15")
    assert holds_the_spectrum(recording)
    assert recording.table["voltage_volt"].to_list() == [3.65] * 5
    assert recording.table["current_ampere"].to_list() == [-0.002] * 5
    assert recording.table["test_time_second"].to_list() == [0, 10, 20, 30, 40]
    assert [n.params["tables"] for n in recording.notes if n.code == "readers.tables_left_out"] == [("OCVCURVE",)]
    assert recording.metadata["TAG"] == "GALVEIS"
    assert recording.metadata["EOC"] == "3.7"


def test_decimal_commas_are_read(tmp_path: Path):
    content = head() + ZCURVE + spectrum_rows().replace(".", ",")
    assert holds_the_spectrum(read(tmp_path, "a.DTA", content.encode("latin-1")))


def test_exponents_with_decimal_commas_are_read(tmp_path: Path):
    rows = "\t0\t1,00000E+000\t3,70000E+000\t1,50000E-001\t0\t0\t0\t.\r\n\t1\t2,00000E+000\t3,71000E+000\t1,50000E-001\t0\t0\t0\t.\r\n"
    recording = read(tmp_path, "a.DTA", head("CHRONOP") + CURVE.format(number="", rows=2) + rows)
    assert recording.table.select("test_time_second", "voltage_volt", "current_ampere").rows() == [(1.0, 3.7, 0.15), (2.0, 3.71, 0.15)]


def test_several_spectra_are_several_recordings(tmp_path: Path):
    second = ZCURVE.replace("ZCURVE", "ZCURVE2") + spectrum_rows()
    (tmp_path / "a.DTA").write_bytes((head() + ZCURVE + spectrum_rows() + second).encode("latin-1"))
    found = readers.read_all(tmp_path / "a.DTA")
    assert [r.source.channel for r in found] == ["ZCURVE", "ZCURVE2"]
    assert all(holds_the_spectrum(r) for r in found)


def test_a_charge_is_a_test_over_time(tmp_path: Path):
    recording = read(tmp_path, "a.DTA", head("PWR800_CHARGE") + curve([(1, 3.6, 0.5), (2, 3.7, 0.5)]))
    assert recording.table.select("test_time_second", "voltage_volt", "current_ampere").rows() == [(1, 3.6, 0.5), (2, 3.7, 0.5)]
    assert recording.table["power_watt"].to_list() == [1.8, 1.85]
    assert not recording.is_spectrum
    assert "temperature_t1_celsius" not in recording.table.columns  # -327.67 °C is a thermocouple that is not plugged in
    assert "readers.sensors_not_connected" in [n.code for n in recording.notes]


def test_a_discharge_that_is_written_positive_is_turned(tmp_path: Path):
    recording = read(tmp_path, "a.DTA", head("PWR800_DISCHARGE") + curve([(1, 3.6, 0.5), (2, 3.5, 0.5)]))
    assert recording.table["current_ampere"].to_list() == [-0.5, -0.5]
    assert [n.params["why"] for n in recording.notes if n.code == "readers.current_turned"] == ["PWR800_DISCHARGE"]


def test_cathodic_currents_that_count_positive_are_turned(tmp_path: Path):
    recording = read(tmp_path, "a.DTA", head("CHRONOP", convention=0) + curve([(1, 3.6, 0.5), (2, 3.5, 0.5)]))
    assert recording.table["current_ampere"].to_list() == [-0.5, -0.5]


def test_curves_that_follow_one_another_are_one_recording(tmp_path: Path):
    recording = read(tmp_path, "a.DTA", head("CV") + curve([(1, 3.6, 0.5), (2, 3.7, 0.5)], 1) + curve([(3, 3.6, -0.5), (4, 3.5, -0.5)], 2))
    assert recording.table["test_time_second"].to_list() == [1, 2, 3, 4]
    assert recording.table["current_ampere"].to_list() == [0.5, 0.5, -0.5, -0.5]


def test_a_wait_at_open_circuit_has_no_current(tmp_path: Path):
    recording = read(tmp_path, "a.DTA", head("CORPOT") + OCV)
    assert recording.table["voltage_volt"].to_list() == [3.7, 3.7]
    assert "current_ampere" not in recording.table.columns


def test_a_table_that_was_cut_short_says_so(tmp_path: Path):
    whole = head("PWR800_CHARGE") + curve([(1, 3.6, 0.5), (2, 3.7, 0.5), (3, 3.8, 0.5), (4, 3.9, 0.5)])
    recording = read(tmp_path, "a.DTA", whole[: whole.index("3.9")])
    assert recording.table["test_time_second"].to_list() == [1, 2, 3]
    said = {n.code: n.params for n in recording.notes}
    assert said["readers.fewer_rows_than_declared"] == {"declared": 4, "found": 3}
    assert "readers.cut_last_row" in said


def test_a_file_without_a_table_is_damaged(tmp_path: Path):
    with pytest.raises(DamagedFile):
        read(tmp_path, "a.DTA", head())


def test_a_summary_of_cycles_is_refused_for_what_it_lacks(tmp_path: Path):
    summary = "CURVE\tTABLE\t1\r\n\tPt\tTime\tCycle\tCharge\tVstart\tVend\r\n\t#\ts\t#\tC\tV\tV\r\n\t0\t10\t1\t36\t3\t4\r\n"
    with pytest.raises(MissingColumn) as error:
        read(tmp_path, "a.DTA", head("PWR800_CYCLICCHARGEDISCHARGE") + summary)
    assert error.value.params["column"] == "voltage_volt"
