"""The Battery Data Format, in and out: the round trip is the identity."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cellwright import readers
from cellwright.core.columns import columns
from cellwright.core.errors import DamagedFile, MissingColumn, UsageError
from cellwright.core.recording import Recording, Source

SOURCE = Source("a", "0" * 64, "made", "up", "by", "hand")
UNITS = {"volt", "ampere", "ah", "wh", "celsius", "watt", "ohm", "pa", "hertz", "degree"}
NUMBERS = [c for c in columns() if c.rsplit("_", 1)[-1] in UNITS]
OPTIONAL = sorted({*NUMBERS} - {"voltage_volt", "current_ampere"})

finite = st.floats(allow_nan=False, allow_infinity=False, width=64)
printable = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"])
words = st.text(printable, min_size=1, max_size=8).map(lambda s: f"s{s}")


@st.composite
def tables(draw: st.DrawFn) -> pl.DataFrame:
    rows = draw(st.integers(1, 12))

    def column(values: st.SearchStrategy[Any], dtype: Any) -> pl.Series:
        return pl.Series(draw(st.lists(values, min_size=rows, max_size=rows)), dtype=dtype)

    times = sorted(draw(st.lists(st.floats(0, 4e8), min_size=rows, max_size=rows)))
    table = {
        "test_time_second": pl.Series(times, dtype=pl.Float64),
        "voltage_volt": column(finite, pl.Float64),
        "current_ampere": column(finite, pl.Float64),
        "record_index": pl.Series(range(1, rows + 1), dtype=pl.Int64),
    }
    for name in draw(st.lists(st.sampled_from(OPTIONAL), unique=True, max_size=4)):
        # A column that holds nothing at all is left out in reading: the last cell is never empty.
        values = [*draw(st.lists(st.none() | finite, min_size=rows - 1, max_size=rows - 1)), draw(finite)]
        if name not in ("cell_voltages_volt", "cell_temperatures_celsius"):
            table[name] = pl.Series(values, dtype=pl.Float64)
    if draw(st.booleans()):
        table["step_type"] = column(words, pl.String)
    for name in draw(st.lists(st.sampled_from(["cell_voltages_volt", "cell_temperatures_celsius"]), unique=True)):
        cells = draw(st.integers(1, 5))
        entries = st.lists(st.floats(-100, 100, width=32), min_size=cells, max_size=cells)
        table[name] = column(entries, pl.Array(pl.Float32, cells))
    return pl.DataFrame(table)


def ordered(table: pl.DataFrame) -> pl.DataFrame:
    return table.select([name for name in columns() if name in table.columns])


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet"])
@given(table=tables())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read_back_the_same(tmp_path: Path, suffix: str, table: pl.DataFrame):
    path = tmp_path / f"cell.bdf{suffix}"
    readers.write(Recording(table, SOURCE), path)
    again = readers.read(path)
    assert again.table.equals(ordered(table))
    assert again.table.schema == ordered(table).schema
    assert again.notes == ()


def test_in_csv_the_cells_of_a_module_have_a_column_each(tmp_path: Path):
    cells = pl.Series([[3.7, 3.8], [3.6, 3.5]], dtype=pl.Array(pl.Float32, 2))
    table = pl.DataFrame(
        {"test_time_second": [0.0, 1], "voltage_volt": [7.5, 7.1], "current_ampere": [0.0, 1], "cell_voltages_volt": cells}
    )
    readers.write(Recording(table, SOURCE), tmp_path / "m.csv")
    lines = (tmp_path / "m.csv").read_text().splitlines()
    assert lines[0] == "test_time_second,voltage_volt,current_ampere,cell_voltage_001_volt,cell_voltage_002_volt"
    assert lines[1] == "0.0,7.5,0.0,3.7,3.8"


def test_cell_columns_with_a_gap_are_kept_and_noted(tmp_path: Path):
    (tmp_path / "m.csv").write_text(
        "test_time_second,voltage_volt,current_ampere,cell_voltage_001_volt,cell_voltage_003_volt\n0,7,0,3.5,3.4\n"
    )
    recording = readers.read(tmp_path / "m.csv")
    assert recording.table["cell_voltage_003_volt"].to_list() == [3.4]
    assert recording.notes[0].code == "readers.cells_not_folded"


def test_preferred_labels_and_machine_names_mean_the_same(tmp_path: Path):
    labels, names = zip(*[(c.label, c.name) for c in columns().values() if c.obligation != "extension"], strict=True)
    values = ",".join(str(n) for n in range(1, len(names) + 1))
    (tmp_path / "labels.csv").write_text(",".join(labels) + "\n" + values + "\n")
    (tmp_path / "names.csv").write_text(",".join(names) + "\n" + values + "\n")
    by_label = readers.read(tmp_path / "labels.csv").table
    assert set(by_label.columns) == set(names)
    assert by_label.equals(readers.read(tmp_path / "names.csv").table)


def test_the_steps_of_an_early_file_are_counted(data: Path):
    name = "SINTEF__SLPBA842124HV__2024-10-23__Rate_25degC__Neware__Time_Bug.bdf.csv"
    table = readers.read(data / "testers" / "bdf" / name).table
    # The program's step 1 and the 19 rows whose time is set to zero, each the start of a step.
    assert (table["step_id"][-1], table["step_count"][0], table["step_count"][-1]) == (21, 1, 1 + 19)


def test_scanning_reads_nothing_before_it_is_asked(tmp_path: Path):
    (tmp_path / "a.csv").write_text("Test Time / s,Voltage / V,Current / A\n0,3.7,0\n1,3.6,-2\n")
    frame = readers.scan(tmp_path / "a.csv")
    assert isinstance(frame, pl.LazyFrame)
    assert frame.filter(pl.col("current_ampere") < 0).select("voltage_volt").collect().item() == 3.6
    readers.write(readers.read(tmp_path / "a.csv"), tmp_path / "a.parquet")
    assert readers.scan(tmp_path / "a.parquet").select(pl.len()).collect().item() == 2


@pytest.mark.parametrize("name", ["a.ndax", "a.csv", "a.parquet", "missing.csv"])
def test_what_cannot_be_scanned_is_said(tmp_path: Path, name: str):
    if name != "missing.csv":
        (tmp_path / name).write_text("a,b\n1,2\n")
    with pytest.raises((UsageError, DamagedFile)):
        readers.scan(tmp_path / name)


def test_an_unknown_ending_and_a_place_that_is_not_there_are_wrong_use(tmp_path: Path):
    recording = Recording(pl.DataFrame({"test_time_second": [0.0]}), SOURCE)
    with pytest.raises(UsageError) as ending:
        readers.write(recording, tmp_path / "a.xls")
    (tmp_path / "file").touch()
    with pytest.raises(UsageError) as place:
        readers.write(recording, tmp_path / "file" / "a.csv")
    assert (ending.value.code, place.value.code) == ("readers.cannot_write_format", "core.cannot_write")


def test_an_interrupted_write_leaves_the_old_file_and_nothing_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "a.csv"
    path.write_text("old")

    def interrupted(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        readers.write(Recording(pl.DataFrame({"test_time_second": [0.0]}), SOURCE), path)
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]
    assert path.read_text() == "old"


def test_the_shipped_table_of_columns_is_bdfs_and_ours():
    kinds = [c.obligation for c in columns().values()]
    assert [kinds.count(k) for k in ("required", "recommended", "optional", "extension")] == [3, 4, 51, 4]
    assert all(c.meaning and not c.meaning.endswith(".") for c in columns().values())


def test_a_parquet_whose_voltage_is_no_number_is_an_error(tmp_path: Path):
    table = {"test_time_second": [0.0], "voltage_volt": [[3.7]], "current_ampere": [0.0]}
    pl.DataFrame(table).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(MissingColumn) as error:
        readers.read(tmp_path / "a.parquet")
    assert error.value.code == "readers.column_without_numbers"
