"""The verbs that look at recordings."""

import json
from pathlib import Path

import polars as pl
import pytest

from tests.cli.running import run


def test_read_writes_bdf_that_reads_back_the_same(good: Path):
    done = run("read", good, "--out", "bdf", "--format", "csv", cwd=good.parent)
    assert done.returncode == 0
    written, columns = pl.read_csv(good.parent / "bdf" / "good.bdf.csv"), ["test_time_second", "voltage_volt", "current_ampere"]
    assert written.select(columns).equals(pl.read_csv(good).select(pl.col(columns).cast(pl.Float64)))


def test_what_was_read_is_readable_by_others(good: Path):
    run("read", good, "--out", "bdf", cwd=good.parent)
    written = list((good.parent / "bdf").iterdir())
    assert any(path.suffix == ".parquet" for path in written)
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in written)


def test_files_of_one_name_are_written_beside_each_other(good: Path):
    other = good.parent / "other"
    other.mkdir()
    (other / good.name).write_text(good.read_text("utf-8").replace("3.", "2."), "utf-8")
    run("read", good, other / good.name, good, "--out", "bdf", cwd=good.parent)
    written = sorted(p.name for p in (good.parent / "bdf").glob("*.parquet"))
    assert len(written) == 3
    assert written[-1] == "good.bdf.parquet"


def test_info_in_json_names_rows_columns_and_the_reason_of_a_failure(good: Path):
    (good.parent / "empty.csv").touch()
    done = run("info", good, "empty.csv", "--json", cwd=good.parent)
    assert done.returncode == 1
    told, failed = json.loads(done.stdout)
    assert (told["rows"], told["duration_s"], told["make"]) == (120, 119.0, "bdf")
    assert failed["file"] == "empty.csv"
    assert failed["error"]["code"].startswith("readers.")


def test_check_lists_every_deviation(good: Path):
    done = run("check", good, "--json", cwd=good.parent)
    assert done.returncode == 0
    (checked,) = json.loads(done.stdout)
    assert checked["procedure"] == "capacity-reference"
    assert checked["deviations"]


def test_check_names_a_file_that_is_not_there(good: Path):
    (good.parent / "list.csv").write_text("id,files\nA,good.bdf.csv\nB,gone.csv\n")
    done = run("check", good, "--batteries", "list.csv", cwd=good.parent)
    assert done.returncode == 1
    assert "battery B names gone.csv" in done.stderr


@pytest.mark.parametrize("make", ["Neware", "Maccor", "Arbin", "NEBULA", "Bitrode", "LabVIEW", "Battery Data Format"])
def test_formats_lists_every_make(tmp_path: Path, make: str):
    assert make in run("formats", cwd=tmp_path).stdout


def test_a_time_zone_nobody_knows_is_wrong_use(good: Path):
    for verb in ("info", "assess"):
        done = run(verb, good, "--timezone", "Asia/Gwangju", cwd=good.parent)
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1


def test_check_prints_a_procedure_as_numbered_steps_without_any_file(tmp_path: Path):
    done = run("check", "--procedure", "self-discharge", "--print", cwd=tmp_path)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Self-discharge at rest (self-discharge, ")
    assert [line.split(".")[0].strip() for line in lines[1:] if line and not line.startswith("     ")] == [str(n) for n in range(1, 8)]


def test_check_prints_a_sheet_for_each_battery_of_a_list_in_json(tmp_path: Path):
    (tmp_path / "list.csv").write_text("id,level,rated_capacity_ah\nA,module,50\nB,module,60\n")
    done = run("check", "--procedure", "short-charge-module", "--print", "--batteries", "list.csv", "--json", cwd=tmp_path)
    sheets = json.loads(done.stdout)
    assert [s["battery"] for s in sheets] == ["A", "B"]
    assert "0.3333C (20 A)" in json.dumps(sheets[1])


def test_check_without_any_file_is_wrong_use(tmp_path: Path):
    done = run("check", cwd=tmp_path)
    assert done.returncode == 2
    assert "--print" in done.stderr
