"""A folder in which tests and spectra lie side by side: each is told for what it is, and none disturbs another."""

from pathlib import Path

import pytest

import cellwright as cw
from cellwright.core.assessment import Assessment
from tests.readers.spectra import POINTS

LIST = "id,rated_capacity_ah,minimum_voltage_volt,maximum_voltage_volt,files\n"


def write_spectrum(path: Path) -> None:
    lines = ["frequency_hertz,real_impedance_ohm,imaginary_impedance_ohm", *(f"{f!r},{z.real!r},{z.imag!r}" for f, z in POINTS)]
    path.write_text("\n".join(lines) + "\n")


def write_test(path: Path) -> None:
    """An hour of charge at 1 A to 4.2 V held there, an hour of discharge at 1 A to 3.0 V: 1 Ah."""
    charge = [(t, 3.4 + 0.8 * t / 3600, 1.0) for t in range(0, 3600, 10)]
    held = [(3600 + t, 4.2, 1.0 - 0.98 * t / 600) for t in range(0, 601, 10)]
    rest = [(4210 + t, 4.18, 0.0) for t in range(0, 600, 10)]
    discharge = [(4810 + t, 4.1 - 1.1 * t / 3600, -1.0) for t in range(0, 3601, 10)]
    after = [(8420 + t, 3.2, 0.0) for t in range(0, 600, 10)]
    rows = [",".join(map(str, row)) for row in (*charge, *held, *rest, *discharge, *after)]
    path.write_text("\n".join(["test_time_second,voltage_volt,current_ampere", *rows]) + "\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    write_test(tmp_path / "in" / "cell.bdf.csv")
    write_spectrum(tmp_path / "in" / "eis.bdf.csv")
    return tmp_path


def assessed(folder: Path) -> dict[str, Assessment]:
    result = cw.assess([folder / "in"], out=folder / "out")
    assert result.failed == ()
    assert (folder / "out" / "report.html").stat().st_size > 10_000
    return {a.battery.id: a for a in result.assessments}


def test_a_spectrum_alone_is_insufficient_and_says_what_is_needed(folder: Path):
    found = assessed(folder)["eis.bdf"]
    assert (found.verdict.outcome, found.decision.outcome) == ("insufficient", "undecided")
    assert [(n.code, n.params["file"]) for n in found.decision.needs] == [("grading.need.test_over_time", "eis.bdf.csv")]
    assert all(needed.text("ko") for needed in found.decision.needs)


def test_the_test_beside_it_is_assessed_as_ever(folder: Path):
    capacity = assessed(folder)["cell.bdf"].first("capacity")
    assert capacity is not None
    assert capacity.value == pytest.approx(1.0, rel=5e-3)


def test_a_battery_with_a_test_and_a_spectrum_has_its_capacity_and_the_spectrum_is_told(folder: Path):
    (folder / "in" / "batteries.csv").write_text(f"{LIST}A,1.0,3.0,4.2,*.bdf.csv\n")
    found = assessed(folder)["A"]
    assert [s.file for s in found.sources] == ["cell.bdf.csv", "eis.bdf.csv"]
    assert found.quantities["capacity"][0].value == pytest.approx(1.0, rel=5e-3)
    assert [q.reason.code for q in found.quantities["capacity"] if q.reason] == ["measure.spectrum"]
    assert "measure.spectrum" in [d.code for d in found.deviations]


def test_a_voltage_log_without_current_is_assessed_by_what_it_has(folder: Path):
    rows = [f"{t},{3.7 - t / 1e6}" for t in range(600)]
    (folder / "in" / "ocv.bdf.csv").write_text("\n".join(["test_time_second,voltage_volt", *rows]) + "\n")
    found = assessed(folder)["ocv.bdf"]
    assert found.verdict.outcome == "insufficient"
    assert found.quantities["maximum_voltage"][0].value == 3.7
    assert found.quantities["capacity"][0].reason.params["columns"] == ("current_ampere",)


def test_real_spectra_real_tests_and_a_temperature_log_go_together(data: Path, tmp_path: Path):
    leaf = data / "safety" / "nissan_leaf_cell"
    files = [*sorted((data / "testers" / "eis").iterdir()), *sorted(leaf.glob("1C-*.csv")), *sorted(leaf.glob("*3C*.lvm"))]
    if len({f.suffix for f in files}) < 4:
        pytest.skip("the data folder has no spectra, Bitrode file and LabVIEW log together")
    result = cw.assess(files, out=tmp_path / "out", rate_hz=10)
    assert result.failed == ()
    reasons = [a.quantities["capacity"][0].reason for a in result.assessments]
    spectra = [reason for reason in reasons if reason and reason.code == "measure.spectrum"]
    assert len(spectra) == len(list((data / "testers" / "eis").iterdir()))
    assert {a.verdict.outcome for a in result.assessments} == {"insufficient"}
