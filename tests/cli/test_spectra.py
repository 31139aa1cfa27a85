"""What the command line says of a spectrum."""

import json
from pathlib import Path

import pytest

from tests.assess.test_spectra import write_spectrum
from tests.cli.running import run


@pytest.fixture
def spectrum(tmp_path: Path) -> Path:
    write_spectrum(tmp_path / "eis.bdf.csv")
    return tmp_path / "eis.bdf.csv"


def test_info_shows_frequencies_in_place_of_a_duration(spectrum: Path):
    done = run("info", spectrum, cwd=spectrum.parent)
    assert done.returncode == 0
    assert "5 rows without a time" in done.stdout
    assert "5 frequencies from 0.1 to 1000 Hz" in done.stdout


def test_info_as_json_has_both(spectrum: Path):
    (entry,) = json.loads(run("info", spectrum, "--json", cwd=spectrum.parent).stdout)
    assert entry["duration_s"] is None
    assert entry["spectrum"] == {"points": 5, "lowest_hz": 0.1, "highest_hz": 1000.0}


def test_check_says_that_it_is_a_spectrum(spectrum: Path):
    done = run("check", spectrum, cwd=spectrum.parent)
    assert done.returncode == 0
    assert "impedance spectrum" in done.stdout


def test_read_writes_a_spectrum_that_reads_again(spectrum: Path):
    assert run("read", spectrum, "--out", "bdf", cwd=spectrum.parent).returncode == 0
    done = run("info", spectrum.parent / "bdf" / "eis.bdf.parquet", cwd=spectrum.parent)
    assert "5 frequencies from 0.1 to 1000 Hz" in done.stdout
