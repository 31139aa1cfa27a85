"""The seam: every reader loads, a made-up make joins by its entry point, and a reader that fails stops nobody."""

import os
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import polars as pl
import pytest

from cellwright import readers
from cellwright.core.columns import columns
from cellwright.core.errors import DamagedFile
from cellwright.readers import seam
from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Ask, Draft, Format, Reader


def shipped() -> list[str]:
    return sorted(p.name for p in entry_points(group=seam.GROUP) if p.value.startswith("cellwright."))


def test_every_reader_that_ships_loads_under_the_name_of_its_entry_point():
    assert [r.name for r in readers.formats()] == shipped()


@pytest.mark.parametrize("reader", readers.formats(), ids=lambda r: r.name)
def test_a_reader_says_what_its_counters_mean_in_columns_that_are_known(reader: Reader):
    assert reader.make
    assert reader.formats
    for form in reader.formats:
        assert set(form.counters.values()) <= set(columns())


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


HEAVY = ("numpy", "scipy", "pandas", "pyarrow", "h5py", "yaml", "pydantic", "fastexcel", "fastnda", "can", "cantools", "asammdf")
"""What only some formats need; numpy alone takes as long to load as all the readers together."""

SMALL_TEXTS = {
    "bdf": "Test Time / s,Voltage / V,Current / A\n0,3.7,0\n1,3.6,-1\n",
    "arbin": "Data_Point,Date_Time,Test_Time(s),Step_Index,Cycle_Index,Current(A),Voltage(V)\n"
    "1,01/02/2024 10:00:00,0,1,1,0,3.7\n2,01/02/2024 10:00:01,1,1,1,-1,3.6\n",
    "maccor": "Rec#\tCyc#\tStep\tTestTime\tStepTime\tAmps\tVolts\tState\tDPt Time\n"
    "1\t0\t1\t0:00:00.00\t0:00:00.00\t0\t3.7\tR\t01/02/2024 10:00:00\n"
    "2\t0\t2\t0:00:01.00\t0:00:00.00\t1\t3.6\tD\t01/02/2024 10:00:01\n",
}


@pytest.mark.parametrize("make", SMALL_TEXTS)
def test_reading_a_text_loads_nothing_that_a_text_does_not_need(make: str, tmp_path: Path):
    (tmp_path / "cell.txt").write_text(SMALL_TEXTS[make])
    code = f"import sys, cellwright as cw; r = cw.read('cell.txt'); print(r.source.make, [m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.strip().endswith(f"{make} []")


def test_a_reader_is_a_value():
    assert replace(MINE, version="2") != MINE


ACME = """
import polars as pl
from cellwright.readers.engine import text
from cellwright.readers.seam import Draft, Format, Reader

DIALECT = text.Dialect(
    tells=frozenset({"elapsed", "cell volts"}),
    columns={"elapsed": "test_time_second", "cell volts": "voltage_volt", "amps": "current_ampere"},
)

def _read(file, ask):
    frame, notes = text.parse(file, text.require(text.find(file, DIALECT), file), DIALECT)
    table, more = text.translate(frame, DIALECT, file.file)
    return [Draft(table, "txt", notes=(*notes, *more))]

READER = Reader("acme", "Acme", (Format("txt", proof="published"),), (), lambda file: text.find(file, DIALECT) is not None, _read)
"""


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    """A package as somebody else would install it: a module, and metadata that names its entry point."""
    site = tmp_path / "site"
    described = site / "acme_battery-1.0.dist-info"
    described.mkdir(parents=True)
    (site / "acme_battery.py").write_text(ACME)
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-battery\nVersion: 1.0\n")
    (described / "entry_points.txt").write_text(f"[{seam.GROUP}]\nacme = acme_battery:READER\n")
    return site


def cellwright(*arguments: str | Path, site: Path) -> subprocess.CompletedProcess[str]:
    found = {**os.environ, "PYTHONPATH": str(site), "PYTHONUTF8": "1"}
    return subprocess.run([sys.executable, "-m", "cellwright", *arguments], capture_output=True, text=True, check=True, env=found)


def test_a_make_of_an_installed_package_is_listed_and_read_by_the_command(acme: Path, tmp_path: Path):
    export = tmp_path / "cell.txt"
    export.write_text("Acme 3000\nElapsed (min)\tCell Volts (mV)\tAmps\n0\t3700\t0\n1\t3650\t-2.5\n")
    assert "Acme" in cellwright("formats", site=acme).stdout
    cellwright("read", export, "--out", tmp_path / "out", site=acme)
    table = pl.read_parquet(tmp_path / "out" / "cell.bdf.parquet")
    assert table["test_time_second"].to_list() == [0.0, 60.0]
    assert table["voltage_volt"].to_list() == [3.7, 3.65]
