"""Every file that is written passes the validator of batterydf 0.1.0, which runs in an environment of its own.

It is heavy (pyarrow, matplotlib, rdflib), so it is no dependency of ours: ``benchmarks/readers.py --peers`` makes ``.bench/batterydf``.
"""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from cellwright import readers
from cellwright.core.columns import columns
from cellwright.core.recording import Recording, Source

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".bench" / "batterydf" / "bin" / "python"
SOURCE = Source("a.034", "0" * 64, "maccor", "txt", "cellwright.readers.maccor", "1")
SAMPLES = [
    "testers/maccor/maccor_two.txt",
    "testers/neware/test.ndax",
    "testers/arbin/2017-05-09_test-TC-contact_CH33.csv",
    "testers/eis/exampleDataGamry.DTA",
    "testers/eis/exampleDataAutolab.txt",
    "testers/biologic/peis.mpr",
    "safety/nissan_leaf_cell/Temperature-3C-discharge.lvm",
    "safety/abuse/LFP_15Ah_100SOC_MAX.xlsx",
    "soh/nebula_step_sheets/LMO_C_25_B_28_SOC_5-50_Part_1-1_ID_515092501338.xlsx",
]
MADE = {
    "every column": pl.DataFrame(
        {name: [None, 1.0] if name.startswith("cell_") else [0.0, 1.0] for name in columns() if name != "step_type"}
    ).with_columns(
        pl.Series("cell_voltages_volt", [[3.7, 3.8], [3.6, None]], pl.Array(pl.Float32, 2)),
        pl.Series("cell_temperatures_celsius", [[25.0], [26.0]], pl.Array(pl.Float32, 1)),
        pl.Series("step_type", ["rest", "cc, chg"]),
    ),
    "a spectrum alone": pl.DataFrame({"frequency_hertz": [1e3], "real_impedance_ohm": [0.1], "imaginary_impedance_ohm": [-0.01]}),
    "the makers' own columns": pl.DataFrame(
        {
            "test_time_second": [0.0],
            "voltage_volt": [3.7],
            "current_ampere": [0.1],
            "Voltage(V)": [3.7],
            "Temp [℃]": ["hot"],
            "": [1],
            "-": [2],
        }
    ),
}


@pytest.fixture
def validated(tmp_path: Path) -> Callable[[list[Recording]], list[str]]:
    """Write recordings in every form and tell what the validator has against them."""
    if not PYTHON.exists():
        pytest.skip(f"{PYTHON.relative_to(ROOT)} is not there; `python benchmarks/readers.py --peers` makes it")

    def against(recordings: list[Recording]) -> list[str]:
        paths = {
            tmp_path / f"{number}.bdf{ending}": recording
            for number, recording in enumerate(recordings)
            for ending in (".csv", ".csv.gz", ".parquet")
        }
        for path, recording in paths.items():
            readers.write(recording, path)
        command = [PYTHON, ROOT / "benchmarks" / "peers" / "bdf_validator.py"]
        told = subprocess.run(command, input="".join(f"{path}\n" for path in paths), capture_output=True, text=True, check=True)
        reports = [json.loads(line) for line in told.stdout.splitlines()]
        return [f"{path.name}: {report['said']}" for path, report in zip(paths, reports, strict=True) if not report["ok"]]

    return against


def test_made_up_tables_of_every_kind_are_valid(validated: Callable[[list[Recording]], list[str]]):
    assert validated([Recording(table, SOURCE) for table in MADE.values()]) == []


def test_what_real_files_become_is_valid(validated: Callable[[list[Recording]], list[str]], data: Path):
    there = [data / name for name in SAMPLES if (data / name).exists()]
    assert validated([recording for path in there for recording in readers.read_all(path, rate_hz=1.0)]) == []


@pytest.mark.parametrize("name", MADE)
def test_a_written_table_has_the_columns_that_bdf_requires_in_its_first_line(tmp_path: Path, name: str):
    readers.write(Recording(MADE[name], SOURCE), tmp_path / "a.bdf.csv")
    header = (tmp_path / "a.bdf.csv").read_text().splitlines()[0].split(",")
    assert {"test_time_second", "voltage_volt", "current_ampere"} <= set(header)
