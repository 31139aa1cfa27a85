"""BioLogic: .mpr against what EC-Lab exported of the same run, digit by digit, and both in BDF's words."""

import os
import re
import struct
from collections.abc import Sequence
from decimal import Decimal
from importlib import import_module
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cellwright import readers
from cellwright.core.errors import CellwrightError, DamagedFile, MissingColumn, UnknownFormat
from cellwright.core.recording import Recording
from cellwright.readers.makes.biologic import READER
from cellwright.readers.opening import open_files
from tests.readers.charge import by_step

modules = import_module("cellwright.readers.makes.biologic.modules")
packed = import_module("cellwright.readers.makes.biologic.packed")

FOLDER = Path(os.environ.get("CELLWRIGHT_DATA", Path(__file__).parents[3] / "shared" / "data")) / "testers" / "biologic"
EXPORTS = (".mpt", ".de.mpt", ".old.mpt")
TWINS = [(mpr, mpt) for mpr in sorted(FOLDER.glob("*.mpr")) for end in EXPORTS if (mpt := mpr.with_name(mpr.stem + end)).exists()]
ALONE = [mpr for mpr in sorted(FOLDER.glob("*.mpr")) if mpr not in [twin for twin, _ in TWINS]]
NO_ROWS = {"wait"}

# Names that EC-Lab writes in more than one way.
SPELLINGS = {"<Ewe/V>": "<Ewe>/V", "Pwe/W": "P/W"}
HARMONICS = {"THD Ewe/%", "NSD Ewe/%", "NSR Ewe/%", "THD I/%", "NSD I/%", "NSR I/%"}

pairs = pytest.mark.parametrize(
    ("mpr", "mpt"),
    [pytest.param(*twin, id=twin[1].name) for twin in TWINS]
    or [pytest.param(None, None, marks=pytest.mark.skip(reason="no pairs of .mpr and .mpt in the data folder"))],
)


def raw(path: Path) -> pl.DataFrame:
    (file,) = open_files(path)
    return packed.read_records(modules.find_modules(file)[modules.DATA], file)[0]


def exported(path: Path) -> tuple[list[str], list[list[str]]]:
    """The header and the rows of an export as they are printed, decimal commas aside."""
    lines = path.read_text("latin-1").split("\n")
    head = int(re.findall(r"\d+", lines[1])[0])
    header = [SPELLINGS.get(name, name) for name in lines[head - 1].strip("\r\t").split("\t")]
    return header, [line.replace(",", ".").split("\t")[: len(header)] for line in lines[head:] if line.strip()]


def differing(values: pl.Series, cells: Sequence[str]) -> list[int]:
    """Rows whose value does not round to what is printed.

    EC-Lab rounds from about 18 digits, so what lies within a hundredth of a digit from the middle between two may go either way.
    """
    return [
        n for n, (value, cell) in enumerate(zip(values.to_list(), cells, strict=True)) if value != float(cell) and not rounds(value, cell)
    ]


def rounds(value: float, cell: str) -> bool:
    shown = Decimal(cell.strip())
    digit = Decimal(1).scaleb(int(shown.as_tuple().exponent))
    return abs(Decimal(value) - shown) <= Decimal("0.51") * digit


@pairs
def test_every_column_of_an_mpr_is_equal_to_its_export_to_the_printed_digits(mpr: Path, mpt: Path):
    header, rows = exported(mpt)
    if mpr.stem in NO_ROWS:
        assert not rows
        return
    table = raw(mpr)
    assert table.columns == header[: table.width]  # in the same order; what follows there, EC-Lab computes
    assert table.height == len(rows)
    for name, cells in zip(table.columns, zip(*rows, strict=True), strict=False):
        off = differing(table[name], cells)
        assert not off or explained(mpr.stem, name, table, cells, off), f"{name}: rows {off[:10]}"


def explained(stem: str, name: str, table: pl.DataFrame, cells: Sequence[str], off: list[int]) -> bool:
    """Whether it is the export that differs, and how."""
    if name in HARMONICS:
        # EC-Lab prints -1 for them, and 0 for the harmonics, at frequencies where it does not trust them: the highest two.
        untrusted = set(table["freq/Hz"].unique().sort()[-2:])
        return all(cells[n] == "-1" and table["freq/Hz"][n] in untrusted for n in off)
    if stem == "cp" and name == "Q charge/discharge/mA.h":
        # EC-Lab computed this column anew from dQ/C, which has single precision: 1 mAh is 3.6 C.
        return np.allclose(table["dQ/C"].to_numpy().astype(float) / 3.6, np.array(cells, float), rtol=1e-14, atol=0)
    return False


@pairs
def test_an_mpr_and_its_export_are_the_same_recording(mpr: Path, mpt: Path):
    if mpr.stem in NO_ROWS:
        for path in (mpr, mpt):
            with pytest.raises(DamagedFile) as refused:
                readers.read(path)
            assert refused.value.code == "readers.no_rows"
        return
    ours, theirs = readers.read(mpr), readers.read(mpt)
    assert ours.source.start is not None
    assert theirs.source.start is not None
    assert ours.source.start[:19] == theirs.source.start[:19]
    assert ours.source.channel == theirs.source.channel
    shared = [c for c in ours.table.columns if c in theirs.table.columns and ours.table[c].dtype.is_numeric()]
    assert {"test_time_second", "voltage_volt", "current_ampere", "record_index"} <= set(shared)
    for name in (n for n in shared if n not in HARMONICS and not re.search(r" h[2-7]", n)):
        a, b = ours.table[name].cast(pl.Float64), theirs.table[name].cast(pl.Float64)
        assert a.is_null().equals(b.is_null()), name
        # Eight digits are printed of single precision; a difference of two potentials has their digits.
        allowed = np.maximum(2e-7 * np.abs(b.fill_null(0).to_numpy()), 2e-6 if name == "voltage_volt" else 1e-15)
        assert (np.abs((a - b).fill_null(0).to_numpy()) <= allowed).all(), name


@pytest.mark.parametrize(
    "path", ALONE or [pytest.param(None, marks=pytest.mark.skip(reason="no data"))], ids=lambda p: getattr(p, "name", "")
)
def test_an_mpr_without_an_export_reads_and_knows_its_columns(path: Path):
    recording = readers.read(path)
    assert {"test_time_second", "voltage_volt", "current_ampere"} <= set(recording.table.columns)
    assert recording.table["test_time_second"].is_sorted()
    assert "readers.biologic_unknown_columns" not in codes(recording)
    (file,) = open_files(path)
    rows = struct.unpack_from("<I", modules.find_modules(file)[modules.DATA].content)[0]
    assert recording.table.height == rows


def test_only_biologics_files_are_recognised(data: Path):
    for path in sorted((data / "testers").rglob("*")):
        if path.is_file() and path.stat().st_size < 2_000_000:
            claimed = {READER.recognises(file) for file in open_files(path)}
            assert claimed == {path.parent.name == "biologic"}, path


def test_the_current_of_a_galvanostatic_test_agrees_with_its_charge(data: Path):
    path = data / "testers" / "biologic" / "gcpl.mpr"
    if not path.exists():
        pytest.skip("gcpl.mpr is not in the data folder")
    steps = by_step(readers.read(path).table)
    assert steps is not None
    assert len(steps) > 10
    assert (steps["deviation"] < 0.005).all()


def test_a_german_export_is_the_same_as_an_english_one(data: Path):
    german, english = (data / "testers" / "biologic" / f"mb.issue_95{end}.mpt" for end in (".de", ""))
    if not german.exists() or not english.exists():
        pytest.skip("mb.issue_95 is not in the data folder")
    assert readers.read(german).table.equals(readers.read(english).table)


# What follows needs no data.

KINDS = {"u1": "<B", "u2": "<H", "u4": "<I", "f4": "<f", "f8": "<d"}
FLAGS = (1, 2, 3, 21, 31, 65)


def module(short: str, content: bytes, version: int = 3, *, modern: bool = False) -> bytes:
    head = b"MODULE" + short.encode().ljust(10) + short.encode().ljust(25)
    if modern:
        return head + struct.pack("<IQI", 0xFFFFFFFF, len(content), version) + b"01/10/24" + content
    return head + struct.pack("<II", len(content), version) + b"01/10/24" + content


def data_module(numbers: Sequence[int], rows: list[bytes], *, modern: bool = False) -> bytes:
    """The older form has a byte for the count of columns and room for 200 of them, the newer two bytes and 500; a byte follows."""
    count, room = ("<IH", 500) if modern else ("<IB", 200)
    table = struct.pack(f"<{len(numbers)}H", *numbers).ljust(2 * room, b"\0")
    content = struct.pack(count, len(rows), len(numbers)) + table + b"\1" + b"".join(rows)
    return module("VMP data", content, 11 if modern else 3, modern=modern)


def log_module(days: float, channel: int) -> bytes:
    content = bytearray(1000)
    content[9] = channel - 1
    struct.pack_into("<d", content, 585, days)
    return module("VMP LOG", bytes(content))


def write_mpr(path: Path, *parts: bytes) -> Path:
    path.write_bytes(b"BIO-LOGIC MODULAR FILE\x1a".ljust(48) + b"\0" * 4 + b"".join(parts))
    return path


def row(*cells: tuple[str, float]) -> bytes:
    return b"".join(struct.pack(KINDS[kind], value) for kind, value in cells)


def codes(recording: Recording) -> list[str]:
    return [note.code for note in recording.notes]


def galvanostatic(*, modern: bool = False) -> bytes:
    """Rest, charge at 36 mA for 10 s, discharge at 72 mA for 10 s: 0.1 and 0.2 mAh."""
    numbers = (*FLAGS, 131, 4, 7, 6, 467, 468)
    told = [
        (0x03, 0, 100.0, 0.0, 3.5, 0.0, 0),
        (0x03, 0, 110.0, 0.0, 3.5, 0.0, 0),
        (0x35, 1, 120.0, 0.1, 3.75, 0.1, 0),
        (0xA1, 2, 130.0, -0.2, 3.25, -0.2, 1),
        (0x01, 2, 130.0, 0.0, 3.25, -0.2, 2),
    ]
    kinds = ("u1", "u2", "f8", "f8", "f4", "f8", "u4")
    return data_module(numbers, [row(*zip(kinds, cells, strict=True)) for cells in told], modern=modern)


@pytest.mark.parametrize("modern", [False, True])
def test_records_give_flags_current_and_counters(tmp_path: Path, modern: bool):
    recording = readers.read(write_mpr(tmp_path / "a.mpr", galvanostatic(modern=modern)))
    table = recording.table
    assert (recording.source.make, recording.source.format) == ("biologic", "mpr")
    assert table["test_time_second"].to_list() == [100, 110, 120, 130, 130]
    assert table["voltage_volt"].to_list() == [3.5, 3.5, 3.75, 3.25, 3.25]
    # 0.1 mAh in 10 s are 0.1e-3 · 3600 / 10 A; a row without an interval and without charge has no current.
    assert table["current_ampere"].to_list() == pytest.approx([0, 0, 0.036, -0.072, 0])
    assert table["schedule_charging_capacity_ah"].to_list() == pytest.approx([0, 0, 1e-4, 0, 0])
    assert table["schedule_discharging_capacity_ah"].to_list() == pytest.approx([0, 0, 0, 2e-4, 2e-4])
    assert table["cycle_count"].to_list() == [0, 0, 0, 0, 1]
    assert table["step_id"].to_list() == [0, 0, 1, 2, 2]
    assert table["step_count"].to_list() == [1, 1, 2, 3, 3]
    # 0x35 = 0011 0101: mode 1, oxidation, controls and sequence changed; 0xA1 = 1010 0001: mode 1, sequence changed, counter up.
    flags = table.select("mode", "ox/red", "error", "control changes", "Ns changes", "counter inc.").rows()
    assert flags[2:4] == [(1, 1, 0, 1, 1, 0), (1, 0, 0, 0, 1, 1)]
    assert {"readers.current_from_charge", "readers.biologic_cycles_of_half_cycles"} <= set(codes(recording))


def test_start_and_channel_come_from_the_log_and_a_zone_gives_unix_time(tmp_path: Path):
    # 45301.5 days after 1899-12-30 is noon of 2024-01-10; Seoul is 9 h ahead: 1704855600 is 03:00 UTC.
    path = write_mpr(tmp_path / "a.mpr", galvanostatic(), log_module(45301.5, 7))
    recording = readers.read(path, timezone="Asia/Seoul")
    assert recording.source.start == "2024-01-10T12:00:00"
    assert recording.source.channel == "7"
    assert recording.table["unix_time_second"][0] == 1704855600 + 100
    assert "unix_time_second" not in readers.read(path).table.columns


def test_loops_are_numbered_and_counters_of_a_loop_keep_their_names(tmp_path: Path):
    rows = [row(("f8", t), ("f4", 3.5), ("f4", 1.0), ("f8", 0.5)) for t in range(4)]
    loops = module("VMP loop", struct.pack("<4I", 3, 0, 2, 4))
    several = readers.read(write_mpr(tmp_path / "a.mpr", data_module((4, 6, 8, 13), rows), loops))
    assert several.table["loop"].to_list() == [0, 0, 1, 1]
    assert several.table["step_count"].to_list() == [1, 1, 2, 2]
    assert several.table["(Q-Qo)/mA.h"].to_list() == [0.5] * 4
    single = readers.read(write_mpr(tmp_path / "b.mpr", data_module((4, 6, 8, 13), rows)))
    assert single.table["net_capacity_ah"].to_list() == [0.0005] * 4


@pytest.mark.parametrize(
    ("kind", "value", "column"),
    [("f4", 1.5, "column_900"), ("f8", 2.5, "column_900"), ("u2", 7, "column_900"), ("u1", 9, "column_900")],
)
def test_an_unknown_column_is_kept_and_those_after_it_read(tmp_path: Path, kind: str, value: float, column: str):
    rows = [row(("f8", t), (kind, value), ("f4", 3.5), ("f4", 1000.0)) for t in range(3)]
    recording = readers.read(write_mpr(tmp_path / "a.mpr", data_module((4, 900, 6, 8), rows)))
    assert recording.table["voltage_volt"].to_list() == [3.5] * 3
    assert recording.table["current_ampere"].to_list() == [1.0] * 3
    assert recording.table[column].to_list() == [value] * 3
    note = next(n for n in recording.notes if n.code == "readers.biologic_unknown_columns")
    assert note.params["numbers"] == (900,)


def test_unknown_columns_of_one_width_are_numbers_each(tmp_path: Path):
    rows = [row(("f4", 1.0), ("f8", t), ("f4", 2.0), ("f4", 3.5), ("f4", 1000.0)) for t in range(3)]
    table = readers.read(write_mpr(tmp_path / "a.mpr", data_module((900, 4, 901, 6, 8), rows))).table
    assert table.select("column_900", "test_time_second", "column_901", "voltage_volt").row(2) == (1.0, 2.0, 2.0, 3.5)


def test_unknown_columns_of_different_widths_are_parted_by_the_known_column_between_them(tmp_path: Path):
    # 12 free bytes: 4 before the time and 8 after it, or the other way; only one of them gives times.
    rows = [row(("f4", 1.5), ("f8", 1000.0 + t), ("f8", 2.5), ("f4", 3.5), ("f4", 1000.0)) for t in range(9)]
    recording = readers.read(write_mpr(tmp_path / "a.mpr", data_module((900, 4, 901, 6, 8), rows)))
    assert recording.table.select("column_900", "test_time_second", "column_901").row(8) == (1.5, 1008.0, 2.5)


def test_unknown_columns_that_cannot_be_told_apart_are_kept_as_bytes(tmp_path: Path):
    rows = [row(("f8", t), ("f4", 1.0), ("f8", 2.0), ("f4", 3.5), ("f4", 1000.0)) for t in range(3)]
    recording = readers.read(write_mpr(tmp_path / "a.mpr", data_module((4, 900, 901, 6, 8), rows)))
    assert recording.table["voltage_volt"].to_list() == [3.5] * 3
    # Bytes 9 to 20 of a record: 1.0 and 2.0 as little-endian single and double.
    assert recording.table["bytes_9_20"].to_list() == ["0000803f" + "0000000000000040"] * 3
    assert "readers.biologic_raw_columns" in codes(recording)


def test_an_unknown_column_without_bytes_is_a_flag(tmp_path: Path):
    rows = [row(("u1", 3), ("f8", t), ("f4", 3.5)) for t in range(3)]
    recording = readers.read(write_mpr(tmp_path / "a.mpr", data_module((1, 60, 3, 4, 6), rows)))
    assert recording.table["current_ampere"].to_list() == [0.0] * 3  # at rest throughout
    assert {"readers.biologic_unknown_flags", "readers.current_zero_at_open_circuit"} <= set(codes(recording))


def test_the_voltage_is_that_between_the_electrodes_where_both_were_measured(tmp_path: Path):
    rows = [row(("f8", t), ("f4", 3.5), ("f4", 0.25), ("f4", 1.0)) for t in range(3)]
    recording = readers.read(write_mpr(tmp_path / "a.mpr", data_module((4, 6, 9, 8), rows)))
    assert recording.table["voltage_volt"].to_list() == [3.25] * 3
    assert recording.table["Ewe/V"].to_list() == [3.5] * 3
    assert "readers.biologic_cell_voltage" in codes(recording)


def test_a_spectrum_has_the_true_sign_of_its_imaginary_part(tmp_path: Path):
    rows = [row(("f4", f), ("f4", 2.0), ("f4", 0.5), ("f8", t), ("f4", 3.5), ("f4", 1.0)) for t, f in enumerate((0.0, 1000.0, 10.0))]
    recording = readers.read(write_mpr(tmp_path / "a.mpr", data_module((32, 37, 38, 4, 77, 76), rows)))
    assert recording.table["frequency_hertz"].to_list() == [None, 1000, 10]
    assert recording.table["imaginary_impedance_ohm"].to_list() == [None, -0.5, -0.5]
    assert recording.table["real_impedance_ohm"].to_list() == [None, 2, 2]


def test_a_file_without_current_that_did_not_rest_lacks_it(tmp_path: Path):
    rows = [row(("u1", 1), ("f8", t), ("f4", 3.5)) for t in range(3)]
    with pytest.raises(MissingColumn) as refused:
        readers.read(write_mpr(tmp_path / "a.mpr", data_module((1, 4, 6), rows)))
    assert refused.value.params["column"] == "current_ampere"


def test_a_file_that_was_cut_off_gives_the_rows_that_are_there(tmp_path: Path):
    path = write_mpr(tmp_path / "a.mpr", galvanostatic())
    path.write_bytes(path.read_bytes()[:-40])  # a record has 37 bytes
    recording = readers.read(path)
    assert recording.table.height == 3
    note = next(n for n in recording.notes if n.code == "readers.fewer_rows_than_declared")
    assert dict(note.params) == {"declared": 5, "found": 3}


def test_what_does_not_fit_together_is_refused(tmp_path: Path):
    rows = [row(("f8", t), ("f4", 3.5), ("f4", 1.0), ("u2", 1)) for t in range(3)]
    whole = data_module((4, 6, 8), rows)
    for content, kind, code in (
        (whole, DamagedFile, "readers.biologic_records"),
        (data_module((4, 6, 8), []), DamagedFile, "readers.no_rows"),
        (module("VMP data", bytes(500), 9), UnknownFormat, "readers.biologic_version"),
        (module("VMP Set", bytes(500)), DamagedFile, "readers.biologic_without_data"),
        (b"", DamagedFile, "readers.biologic_without_data"),
    ):
        with pytest.raises(kind) as refused:
            readers.read(write_mpr(tmp_path / "a.mpr", content))
        assert refused.value.code == code


def test_damage_anywhere_ends_in_a_recording_or_an_error_of_ours(tmp_path: Path):
    whole = write_mpr(tmp_path / "a.mpr", galvanostatic(modern=True), log_module(45301.5, 1), module("VMP loop", bytes(40))).read_bytes()
    rng = np.random.default_rng(7)
    path = tmp_path / "b.mpr"
    for _ in range(300):
        content = bytearray(whole[: rng.integers(60, len(whole)) if rng.random() < 0.3 else len(whole)])
        for at in rng.integers(52, min(len(content), 1300) if len(content) > 60 else 60, 6):
            content[at] = rng.choice([0, 0xFF, int(rng.integers(256))])
        path.write_bytes(content)
        try:
            assert readers.read(path).table.height > 0
        except CellwrightError as error:
            assert error.text() != error.code


HEAD = "EC-Lab ASCII FILE\nNb header lines : 7                          \n\nModulo Bat\n\nRun on channel : 3 (SN 1)\n{started}\n"
COLUMNS = "mode\tNs\ttime/s\t<Ewe/V>\tI/mA\tQ charge/mA.h\tQ discharge/mA.h\tcycle number\tTemperature/°C\tstrange thing\t\n"


def write_text(path: Path, rows: str, head: str = HEAD, columns: str = COLUMNS) -> Path:
    path.write_text(head.format(started="Acquisition started on : 01/02/2024 10:00:00.500") + columns + rows, encoding="cp1252")
    return path


ROWS = (
    "3\t0\t0,000E+000\t3,5000000E+000\t0,0000000E+000\t0,0E+000\t0,0E+000\t0,0E+000\t2,5E+001\t1\t\n"
    "1\t1\t1,000E+001\t3,7500000E+000\t-3,6000000E+001\t0,0E+000\t1,0E-001\t0,0E+000\t2,6E+001\t2\t\n"
)


@pytest.mark.parametrize("comma", [",", "."])
def test_an_export_reads_with_decimal_commas_and_with_points(tmp_path: Path, comma: str):
    recording = readers.read(write_text(tmp_path / "a.mpt", ROWS.replace(",", comma)))
    table = recording.table
    assert (recording.source.make, recording.source.format, recording.source.channel) == ("biologic", "mpt", "3")
    assert recording.source.start == "2024-01-02T10:00:00.500"
    assert table["test_time_second"].to_list() == [0, 10]
    assert table["voltage_volt"].to_list() == [3.5, 3.75]
    assert table["current_ampere"].to_list() == pytest.approx([0, -0.036])
    assert table["schedule_discharging_capacity_ah"].to_list() == [0, 1e-4]
    assert table["temperature_t1_celsius"].to_list() == [25, 26]
    assert table["strange thing"].to_list() == [1, 2]
    assert table["step_count"].to_list() == [1, 2]
    assert recording.metadata["Run on channel"] == "3 (SN 1)"


def test_an_export_without_a_head_is_known_by_its_header(tmp_path: Path):
    recording = readers.read(write_text(tmp_path / "a.txt", ROWS, head=""))
    assert recording.source.make == "biologic"
    assert recording.source.start is None
    assert recording.table["voltage_volt"].to_list() == [3.5, 3.75]


def test_moments_instead_of_times_are_counted_from_the_start(tmp_path: Path):
    rows = ROWS.replace("0,000E+000\t3,5", "01/02/2024 10:00:01.500\t3,5").replace("1,000E+001", "01/02/2024 10:01:01.750")
    recording = readers.read(write_text(tmp_path / "a.mpt", rows), timezone="UTC")
    assert recording.table["test_time_second"].to_list() == [1.0, 61.25]
    assert recording.table["date"][0] == "01/02/2024 10:00:01.500"
    assert recording.table["unix_time_second"][0] == 1704189601.5  # 2024-01-02 10:00:01.5 UTC
    assert "readers.time_from_clock" in codes(recording)


def test_an_export_of_a_spectrum_alone_needs_no_time(tmp_path: Path):
    columns = "freq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm\t\n"
    rows = "1,0E+003\t2,0E+000\t-5,0E-001\n1,0E+002\t2,5E+000\t7,5E-001\n"
    table = readers.read(write_text(tmp_path / "a.mpt", rows, columns=columns)).table
    assert table["imaginary_impedance_ohm"].to_list() == [0.5, -0.75]


def test_an_export_without_rows_or_without_a_table_is_refused(tmp_path: Path):
    with pytest.raises(DamagedFile) as empty:
        readers.read(write_text(tmp_path / "a.mpt", ""))
    assert empty.value.code == "readers.no_rows"
    with pytest.raises(UnknownFormat):
        readers.read(write_text(tmp_path / "b.mpt", "", columns="nothing here\n"))
