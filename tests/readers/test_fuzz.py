"""Damaged samples end in a recording or in an error of ours: a short run of ``benchmarks/fuzz_readers.py``, the same each time."""

import gzip
import importlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from types import ModuleType

import polars as pl
import pytest

from cellwright import readers
from cellwright.core.recording import Recording, Source

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SECONDS = 10


@pytest.fixture(scope="module")
def mutations() -> Iterator[ModuleType]:
    sys.path.insert(0, str(BENCHMARKS))
    yield importlib.import_module("fuzzing.mutations")
    sys.path.remove(str(BENCHMARKS))


def fuzzed(data: Path, kept: Path) -> dict[tuple[str, str], float]:
    """Run the script on a folder; returns its rows' values by case and metric."""
    command = [sys.executable, BENCHMARKS / "fuzz_readers.py", "--data", data, "--seconds", str(SECONDS), "--seed", "1", "--keep", kept]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    failures = [row for row in json.loads(done.stdout) if row["metric"] == "failures" and row["value"]]
    assert failures == [], done.stderr
    return {(row["case"], row["metric"]): row["n"] for row in json.loads(done.stdout)}


def test_damaged_real_files_do_no_harm(data: Path, tmp_path: Path):
    assert fuzzed(data, tmp_path)["all", "failures"] > 0


def test_damaged_made_up_files_do_no_harm(tmp_path: Path):
    time_s = [float(second) for second in range(600)]
    trace = pl.DataFrame({"test_time_second": time_s, "voltage_volt": [3.7] * 600, "current_ampere": [1.0] * 600})
    folder = tmp_path / "testers" / "bdf"
    folder.mkdir(parents=True)
    for ending in (".csv", ".csv.gz", ".parquet"):
        readers.write(Recording(trace, Source("a", "0" * 64, "made", "up", "by", "hand")), folder / f"a.bdf{ending}")
    with zipfile.ZipFile(folder / "a.zip", "w") as pack:
        pack.write(folder / "a.bdf.csv", "a.bdf.csv")
    trace.write_excel(folder / "a.xlsx")
    assert fuzzed(tmp_path, tmp_path / "kept")["bdf", "failures"] > 0


def test_the_same_seed_does_the_same_damage(mutations: ModuleType):
    content = b"\x00binary" * 1000
    first, again = (mutations.mutated(content, Random("7:1")) for _ in range(2))
    assert first == again
    assert len({mutations.mutated(content, Random(f"7:{n}"))[1] for n in range(20)}) > 15


def test_damage_inside_a_package_gets_past_its_checksum(mutations: ModuleType):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as pack:
        pack.writestr("data.ndc", bytes(range(256)) * 40)
    changed = 0
    for number in range(60):
        name, content = mutations.mutated(packed.getvalue(), Random(number))
        if name == "member":
            with zipfile.ZipFile(io.BytesIO(content)) as pack:
                assert pack.testzip() is None
                changed += pack.read("data.ndc") != bytes(range(256)) * 40
    assert changed > 10


def test_a_gz_bomb_unpacks_to_many_times_its_size(mutations: ModuleType):
    bomb = mutations.gz_bomb(b"1,2,3\n" * 1000, Random(1))
    with gzip.open(io.BytesIO(bomb)) as stream:
        assert len(stream.read(20 << 20)) > 19_000_000
    assert len(bomb) < 4_000_000
