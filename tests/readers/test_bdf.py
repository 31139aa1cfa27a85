"""The Battery Data Format, in and out: the round trip is the identity."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cellwright import readers
from cellwright.core.columns import REQUIRED, SPECTRUM, columns
from cellwright.core.errors import MissingColumn, ReadError, UsageError
from cellwright.core.messages import message
from cellwright.core.recording import Recording, Source

SOURCE = Source("a.034", "0" * 64, "maccor", "txt", "cellwright.readers.maccor", "1", channel="7", start="2024-05-31T13:45:00")
UNITS = {"volt", "ampere", "ah", "wh", "celsius", "watt", "ohm", "pa", "hertz", "degree"}
ARRAYS = ("cell_voltages_volt", "cell_temperatures_celsius")
NUMBERS = [c for c in columns() if c.rsplit("_", 1)[-1] in UNITS and c not in ARRAYS]
COUNTS = ["cycle_count", "step_count", "step_id", "step_record_index"]
OPTIONAL = sorted({*NUMBERS} - {*REQUIRED, *SPECTRUM})

finite = st.floats(allow_nan=False, allow_infinity=False, width=64)
whole = st.integers(-(2**53), 2**53)
printable = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"])
words = st.text(printable, min_size=1, max_size=8).map(lambda s: f"s{s}")
scalars = st.none() | st.booleans() | whole | finite | st.text(printable, max_size=8)
told = st.dictionaries(st.text(printable, min_size=1, max_size=8), scalars | st.lists(scalars, max_size=3), max_size=3)


def column(draw: st.DrawFn, rows: int, values: st.SearchStrategy[Any], dtype: Any) -> pl.Series:
    return pl.Series(draw(st.lists(values, min_size=rows, max_size=rows)), dtype=dtype)


def with_gaps(draw: st.DrawFn, rows: int, values: st.SearchStrategy[Any], dtype: Any) -> pl.Series:
    """A column that holds nothing at all is left out in reading: the last cell is never empty."""
    return pl.Series([*draw(st.lists(st.none() | values, min_size=rows - 1, max_size=rows - 1)), draw(values)], dtype=dtype)


@st.composite
def tables(draw: st.DrawFn) -> pl.DataFrame:
    """A test, a spectrum, or both: every column of BDF's may be there, of its own type, with gaps where a column may have some."""
    rows = draw(st.integers(1, 12))
    kinds = draw(st.sampled_from([REQUIRED, SPECTRUM, (*REQUIRED, *SPECTRUM)]))
    table = {"record_index": pl.Series(range(1, rows + 1), dtype=pl.Int64)}
    if REQUIRED[0] in kinds:
        table["test_time_second"] = pl.Series(sorted(draw(st.lists(st.floats(0, 4e8), min_size=rows, max_size=rows))), dtype=pl.Float64)
    for name in kinds:
        if name not in table:
            table[name] = with_gaps(draw, rows, finite, pl.Float64)
    for name in draw(st.lists(st.sampled_from(OPTIONAL), unique=True, max_size=4)):
        table[name] = with_gaps(draw, rows, finite, pl.Float64)
    for name in draw(st.lists(st.sampled_from(COUNTS), unique=True)):
        table[name] = with_gaps(draw, rows, whole, pl.Int64)
    if draw(st.booleans()):
        table["step_type"] = with_gaps(draw, rows, words, pl.String)
    for name in draw(st.lists(st.sampled_from(ARRAYS), unique=True)):
        cells = draw(st.integers(1, 5))
        entries = st.lists(st.none() | st.floats(-100, 100, width=32), min_size=cells, max_size=cells)
        table[name] = column(draw, rows, entries, pl.Array(pl.Float32, cells))
    return pl.DataFrame(table)


@st.composite
def recordings(draw: st.DrawFn) -> Recording:
    notes = tuple(message(f"made.{code}", **params) for code, params in draw(st.dictionaries(words, told, max_size=2)).items())
    return Recording(draw(tables()), SOURCE, draw(st.sampled_from(["series", "step"])), notes, draw(told))


def ordered(table: pl.DataFrame) -> pl.DataFrame:
    return table.select([name for name in columns() if name in table.columns])


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet"])
@given(recording=recordings())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_what_is_written_is_read_back_the_same(tmp_path: Path, suffix: str, recording: Recording):
    path = tmp_path / f"cell.bdf{suffix}"
    readers.write(recording, path)
    again = readers.read(path)
    assert again.table.equals(ordered(recording.table))
    assert again.table.schema == ordered(recording.table).schema
    assert (again.sampling, again.notes) == (recording.sampling, recording.notes)
    assert (again.source.make, again.source.channel, again.source.start) == ("maccor", "7", "2024-05-31T13:45:00")
    assert again.metadata == {**recording.metadata, "converted_from": asdict(SOURCE)}
    readers.write(again, tmp_path / f"again.bdf{suffix}")
    third = readers.read(tmp_path / f"again.bdf{suffix}")
    assert (third.table.equals(again.table), third.notes, third.metadata) == (True, again.notes, again.metadata)


@pytest.fixture
def simple(tmp_path: Path) -> Path:
    table = pl.DataFrame({"test_time_second": [0.0, 1], "voltage_volt": [3.7, 3.6], "current_ampere": [0.0, -1]})
    path = tmp_path / "cell.bdf.csv"
    readers.write(Recording(table, SOURCE, notes=(message("readers.sign_from_state", count=1),), metadata={"Barcode": "X1"}), path)
    return path


def test_the_sidecar_says_where_the_table_came_from(simple: Path):
    said = json.loads((simple.parent / "cell.bdf.csv.metadata.json").read_text())
    assert said["source"] == asdict(SOURCE)
    assert said["notes"] == [{"code": "readers.sign_from_state", "params": {"count": 1}}]
    assert said["metadata"] == {"Barcode": "X1"}
    assert said["table_sha256"] == hashlib.sha256(simple.read_bytes()).hexdigest()


def test_a_table_that_was_changed_after_it_was_written_leaves_its_sidecar_aside(simple: Path):
    simple.write_text(simple.read_text().replace("3.6", "3.5"))
    recording = readers.read(simple)
    assert recording.source.make == "bdf"
    assert [n.code for n in recording.notes] == ["readers.sidecar_of_another_table"]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b"3", b'{"table_sha256": 1, "source": {}}', b"[" * 100_000])
def test_a_sidecar_that_cannot_be_read_is_noted_and_the_table_read(simple: Path, content: bytes):
    (simple.parent / "cell.bdf.csv.metadata.json").write_bytes(content)
    recording = readers.read(simple)
    assert recording.table.height == 2
    assert [n.code for n in recording.notes] == ["readers.sidecar_unreadable"]


@pytest.mark.parametrize("name", ["cell.bdf.csv.metadata.json", "cell.bdf.metadata.json"])
def test_what_another_program_wrote_beside_a_table_becomes_metadata(simple: Path, name: str):
    (simple.parent / "cell.bdf.csv.metadata.json").unlink()
    (simple.parent / name).write_text('{"cell_id": "X1", "creators": ["Kim"]}')
    recording = readers.read(simple)
    assert recording.metadata == {"cell_id": "X1", "creators": ("Kim",)}
    assert (recording.source.make, recording.notes) == ("bdf", ())


def test_a_spectrum_alone_is_written_with_the_columns_that_bdf_requires_and_read_without(tmp_path: Path):
    table = pl.DataFrame({"frequency_hertz": [1e3, 1.0], "real_impedance_ohm": [0.1, 0.2], "imaginary_impedance_ohm": [-0.01, -0.02]})
    readers.write(Recording(table, SOURCE), tmp_path / "z.bdf.csv")
    lines = (tmp_path / "z.bdf.csv").read_text().splitlines()
    assert lines[1] == ",,,1000.0,0.1,-0.01"
    assert lines[0].startswith("test_time_second,voltage_volt,current_ampere,frequency_hertz")
    (tmp_path / "z.bdf.csv.metadata.json").unlink()
    assert readers.read(tmp_path / "z.bdf.csv").table.select(table.columns).equals(table)


def test_a_column_of_the_makers_that_is_named_like_a_label_stays_the_makers(tmp_path: Path):
    (tmp_path / "a.bdf.csv").write_text("test_time_second,voltage_volt,current_ampere,Step Time/s\n0,3.7,0,5\n")
    assert readers.read(tmp_path / "a.bdf.csv").table["Step Time/s"].to_list() == [5]


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
    with pytest.raises((UsageError, ReadError)):
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
    assert [kinds.count(k) for k in ("required", "recommended", "optional")] == [3, 4, 51]
    assert set(kinds) == {"required", "recommended", "optional", "extension"}
    assert all(c.meaning and not c.meaning.endswith(".") for c in columns().values())


def test_a_parquet_whose_voltage_is_no_number_is_an_error(tmp_path: Path):
    table = {"test_time_second": [0.0], "voltage_volt": [[3.7]], "current_ampere": [0.0]}
    pl.DataFrame(table).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(MissingColumn) as error:
        readers.read(tmp_path / "a.parquet")
    assert error.value.code == "readers.column_without_numbers"
