"""Reading less: chosen columns are the same as in the whole, and a scan gives what reading gives."""

from pathlib import Path

import polars as pl
import pytest

from cellwright import readers
from cellwright.core.errors import MissingColumn, UsageError
from cellwright.readers.engine import text
from cellwright.readers.opening import open_files

NEWARE = (
    "DataPoint,Cycle Index,Step Index,Step Type,Time,Total Time,Current(mA),Voltage(V),Capacity(mAh),Date,Pump,Valve\n"
    "1,1,1,Rest,00:00:00,00:00:00,0,3.7000,0,2024-05-31 10:00:00,1,a\n"
    "2,1,2,CC DChg,00:00:01.5,00:01:01.5,-2000,3.6500,0.8333,2024-05-31 10:01:01,2,b\n"
    "3,1,2,CC DChg,00:00:02.5,00:01:02.5,-2000,3.6400,1.3889,2024-05-31 10:01:02,3,c\n"
)
SAMPLES = ("maccor/maccor_001.txt", "maccor/xTESLADIAG_000019_CH70.070", "neware/neware_uio.csv", "arbin/arbin_example.csv")


def written(folder: Path, content: str = NEWARE, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def test_chosen_columns_are_those_of_the_whole(tmp_path: Path):
    path = written(tmp_path)
    whole = readers.read(path, timezone="Asia/Seoul").table
    for names in (["voltage_volt"], ["Pump", "current_ampere"], ["unix_time_second", "step_count"], ["record_index", "test_time_second"]):
        assert readers.read(path, columns=names, timezone="Asia/Seoul").table.equals(whole.select(names))


@pytest.mark.parametrize("name", SAMPLES)
def test_chosen_columns_of_real_exports_are_those_of_the_whole(data: Path, name: str):
    path = data / "testers" / name
    if not path.exists():
        pytest.skip(f"{name} is not in the data folder")
    whole = readers.read(path).table
    for names in (["test_time_second", "voltage_volt", "current_ampere"], whole.columns[::3]):
        assert readers.read(path, columns=names).table.equals(whole.select(names))


def test_columns_that_nobody_needs_are_not_parsed(tmp_path: Path):
    (file,) = open_files(written(tmp_path))
    neware = next(r for r in readers.formats() if r.name == "neware")
    assert neware.recognises(file)
    notes = readers.read(written(tmp_path), columns=["voltage_volt"]).notes
    assert not any(n.code == "readers.unknown_columns" and "Pump" in n.params["columns"] for n in notes)


def test_a_column_that_is_not_there_is_told_with_all_that_are(tmp_path: Path):
    with pytest.raises(MissingColumn) as error:
        readers.read(written(tmp_path), columns=["voltage_volt", "Gauge"])
    assert error.value.params["column"] == "Gauge"
    assert {"Pump", "Valve"} <= set(error.value.params["found"])


def test_a_scan_gives_bdfs_names_and_units(tmp_path: Path):
    frame = readers.scan(written(tmp_path))
    assert isinstance(frame, pl.LazyFrame)
    table = frame.filter(pl.col("current_ampere") < 0).select("test_time_second", "current_ampere", "step_time_second", "Pump").collect()
    assert table.rows() == [(61.5, -2.0, 1.5, 2), (62.5, -2.0, 2.5, 3)]


@pytest.mark.parametrize("name", ["neware/neware_uio.csv", "arbin/arbin_example.csv", "arbin/sample_data_arbin.csv"])
def test_a_scan_of_a_real_export_gives_what_reading_gives(data: Path, name: str):
    path = data / "testers" / name
    if not path.exists():
        pytest.skip(f"{name} is not in the data folder")
    scanned, whole = readers.scan(path).collect(), readers.read(path).table
    for column in ("test_time_second", "voltage_volt", "current_ampere", "cycle_count", "step_id"):
        assert scanned[column].equals(whole[column])


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_scan_reads_decimal_commas(tmp_path: Path, delimiter: str):
    lines = "Test Time / s;Voltage / V;Current / A\n0;3,7;0\n1,5;3,6;-2,25\n".replace(";", delimiter)
    assert readers.scan(written(tmp_path, lines)).collect().rows() == [(0.0, 3.7, 0.0), (1.5, 3.6, -2.25)]


@pytest.mark.parametrize("name", ["a.csv.gz", "a.zip", "a.txt"])
def test_what_has_to_be_read_whole_points_to_reading(tmp_path: Path, name: str):
    content = {"a.csv.gz": b"\x1f\x8b", "a.zip": b"PK\x03\x04", "a.txt": b"Rec#\tCyc#\tStep\tTestTime\tAmps\tVolts\tState\tDPt Time\n"}[
        name
    ]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=r"cw\.read"):
        readers.scan(tmp_path / name)


def test_a_dialect_that_does_not_say_what_it_needs_keeps_everything():
    dialect = text.Dialect(frozenset(), {"time": "test_time_second"})
    assert dialect.keeps("Pump", frozenset({"voltage_volt"}))
    assert not text.Dialect(frozenset(), {}, needs=("date",)).keeps("Pump", frozenset())
    assert text.Dialect(frozenset(), {}, needs=("date",)).keeps("Date Time", frozenset())
