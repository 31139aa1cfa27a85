"""The seam: every reader loads, a made-up make joins by its entry point, and a reader that fails stops nobody."""

from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path

import polars as pl
import pytest

from cellwright import readers
from cellwright.core.errors import DamagedFile
from cellwright.readers import seam
from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Ask, Draft, Format, Reader

MAKES = ("arbin", "bdf", "bitrode", "labview", "maccor", "nebula", "neware")


def test_every_reader_that_ships_loads():
    assert tuple(r.name for r in readers.formats()) == MAKES
    assert all(r.make for r in readers.formats())


def _read(file: RawFile, ask: Ask) -> list[Draft]:
    volts = [float(line) for line in file.text.decode().splitlines()[1:]]
    table = pl.DataFrame(
        {"test_time_second": [float(n) for n in range(len(volts))], "voltage_volt": volts, "current_ampere": [0.0] * len(volts)}
    )
    return [Draft(table, "mine")]


MINE = Reader("mine", "A make of one's own", (Format("mine"),), (".mine",), lambda file: file.text.startswith(b"MINE"), _read)


@pytest.fixture
def with_mine(monkeypatch: pytest.MonkeyPatch):
    points = [EntryPoint("mine", f"{__name__}:MINE", seam.GROUP), EntryPoint("broken", "no.such.module:READER", seam.GROUP)]
    monkeypatch.setattr(seam, "entry_points", lambda group: points)
    seam.readers.cache_clear()
    yield
    monkeypatch.undo()
    seam.readers.cache_clear()


@pytest.mark.usefixtures("with_mine")
def test_a_made_up_make_joins_by_its_entry_point(tmp_path: Path):
    (tmp_path / "cell.txt").write_text("MINE\n3.7\n3.6\n")
    recording = readers.read(tmp_path / "cell.txt")
    assert (recording.source.make, recording.table["voltage_volt"].to_list()) == ("mine", [3.7, 3.6])


@pytest.mark.usefixtures("with_mine")
def test_a_reader_that_does_not_load_is_logged_and_left_out(caplog: pytest.LogCaptureFixture):
    assert [r.name for r in readers.formats()] == ["mine"]
    assert "broken does not load" in caplog.text


@pytest.mark.usefixtures("with_mine")
def test_a_reader_that_fails_is_one_error_of_ours(tmp_path: Path):
    (tmp_path / "cell.mine").write_text("MINE\nthree volts\n")
    with pytest.raises(DamagedFile) as error:
        readers.read(tmp_path / "cell.mine")
    assert error.value.code == "readers.reader_failed"
    assert error.value.params["reader"] == "mine"
    assert isinstance(error.value.__cause__, ValueError)


def test_a_reader_is_a_value():
    assert replace(MINE, version="2") != MINE
