"""Neware: binary files through fastnda, and the text export."""

import zipfile
from pathlib import Path

import fastnda
import polars as pl
import pytest
import xlsxwriter

from cellwright import readers
from cellwright.core.errors import DamagedFile, ReadError
from cellwright.core.recording import Recording
from cellwright.readers.engine.sensors import placed
from cellwright.readers.makes.neware.head import test_info as head_of
from cellwright.readers.opening import open_files


def codes(recording: Recording) -> list[str]:
    return [note.code for note in recording.notes]


@pytest.fixture
def neware(data: Path) -> Path:
    return data / "testers" / "neware"


def test_milliamperes_become_amperes_and_nothing_is_lost(neware: Path):
    ours = readers.read(neware / "nw4-120-6-1-36.ndax").table
    theirs = fastnda.read(neware / "nw4-120-6-1-36.ndax", cycle_mode="raw")
    assert ours.height == theirs.height == 7257
    for name, column, scale in [
        ("current_ampere", "current_mA", 1e-3),
        ("voltage_volt", "voltage_V", 1),
        ("step_net_capacity_ah", "capacity_mAh", 1e-3),
        ("step_net_energy_wh", "energy_mWh", 1e-3),
        ("test_time_second", "total_time_s", 1),
        ("step_id", "step_index", 1),
    ]:
        assert (ours[name] - theirs[column].cast(pl.Float64) * scale).abs().max() == pytest.approx(0, abs=1e-12)
    assert ours["step_type"].unique().sort().to_list() == ["CC_Chg", "CC_DChg", "CV_Chg"]


def test_the_head_gives_channel_and_start(neware: Path):
    source = readers.read(neware / "nw4-120-6-1-36.ndax").source
    assert (source.make, source.format, source.channel, source.start) == ("neware", "ndax", "120-0-41", "2025-02-06T10:59:55")


def test_seconds_since_1970_are_kept_where_the_file_holds_them(neware: Path):
    # The run started at 2025-02-06 10:59:55 by a clock in Switzerland (UTC+1), its first record is at 10:00:17.85 UTC.
    table = readers.read(neware / "nw4-120-6-1-36.ndax").table
    assert table["unix_time_second"][0] == pytest.approx(1738836017.85, abs=1e-3)


@pytest.mark.parametrize("name", ["test.ndax", "new_nda_file.nda"])
def test_a_wall_clock_is_no_unix_time_until_the_zone_is_named(neware: Path, name: str):
    bare = readers.read(neware / name)
    assert "unix_time_second" not in bare.table.columns
    assert "readers.clock_without_zone" in codes(bare)
    in_seoul = readers.read(neware / name, timezone="Asia/Seoul").table["unix_time_second"][0]
    in_utc = readers.read(neware / name, timezone="UTC").table["unix_time_second"][0]
    assert in_utc - in_seoul == 9 * 3600


def test_the_first_record_of_a_wall_clock_is_read_in_its_zone(neware: Path):
    # test.ndax begins at 2024-02-01 20:24:23; in UTC that is 1706819063 s after 1970.
    assert readers.read(neware / "test.ndax", timezone="UTC").table["unix_time_second"][0] == 1706819063.0


def test_a_clock_that_no_file_proves_to_be_utc_is_noted(neware: Path):
    assert "readers.unix_time_unproven" in codes(readers.read(neware / "TestFile.nda"))


def test_auxiliary_channels_are_told_apart_and_kept(neware: Path):
    two_probes = readers.read(neware / "123456789012_Unit27_Example_Data_File.ndax").table
    assert {"temperature_t1_celsius", "temperature_t2_celsius"} <= set(two_probes.columns)
    setpoint = readers.read(neware / "scrubbed_ndc2.ndax").table
    assert {"temperature_t1_celsius", "aux1_voltage_V", "aux1_temperature_setpoint_degC"} <= set(setpoint.columns)


def test_what_fastnda_says_is_noted_and_not_shown(neware: Path, capfd: pytest.CaptureFixture[str]):
    recording = readers.read(neware / "Unit27_Example_Corrupt.ndax")
    said = [n.params["text"] for n in recording.notes if n.code == "readers.library_said"]
    assert any("aux channels" in text for text in said)
    assert capfd.readouterr().err == ""


def test_a_clock_that_was_set_back_is_noted(neware: Path):
    note = next(n for n in readers.read(neware / "BTS85-36-6-5-110-20240424.ndax").notes if n.code == "readers.unix_time_falls")
    assert note.params["count"] == 17


def test_a_packed_file_reads_as_the_bare_one(neware: Path):
    bare, packed = readers.read(neware / "TestFile.nda"), readers.read(neware / "TestFile.nda.zip")
    assert packed.table.equals(bare.table)
    assert packed.source.sha256 != bare.source.sha256


def test_a_renamed_file_reads_as_the_right_one(neware: Path, tmp_path: Path):
    (tmp_path / "cell.bin").write_bytes((neware / "test.ndax").read_bytes())
    assert readers.read(tmp_path / "cell.bin").table.height == 1464


def test_the_text_export_stands_as_printed(neware: Path):
    table = readers.read(neware / "neware_uio.csv").table
    last = table.tail(1).to_dicts()[0]
    # 9065,4,13,CC Chg,01:27:00,144:02:18,0.00099171,0.4251,0.00143796,…,0.00143796,…,0.00000000,…,2022-05-24 16:29:53,0.00042158,…
    assert (last["record_index"], last["cycle_count"], last["step_id"], last["step_type"]) == (9065, 4, 13, "CC Chg")
    assert (last["step_time_second"], last["test_time_second"]) == (87 * 60.0, 144 * 3600 + 2 * 60 + 18.0)
    assert (last["current_ampere"], last["voltage_volt"], last["power_watt"]) == (0.00099171, 0.4251, 0.00042158)
    assert (last["step_charging_capacity_ah"], last["step_discharging_capacity_ah"]) == (0.00143796, 0.0)


def test_a_truncated_binary_is_damaged_or_shorter_but_never_a_traceback(neware: Path, tmp_path: Path):
    for name in ("test.ndax", "new_nda_file.nda"):
        whole = (neware / name).read_bytes()
        for share in (0.02, 0.3, 0.6, 0.99):
            path = tmp_path / name
            path.write_bytes(whole[: int(len(whole) * share)])
            try:
                assert readers.read(path).table.height > 0
            except ReadError as error:
                assert name in error.text()


def test_a_container_without_records_is_damaged(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "a.ndax", "w") as pack:
        pack.writestr("data.ndc", b"\x01\x02\x03")
    with pytest.raises(DamagedFile, match=r"a\.ndax"):
        readers.read(tmp_path / "a.ndax")


# The header that BTSDA writes in Chinese, as published datasets of its exports have it.
CHINESE = [
    *("数据序号", "循环号", "工步号", "工步类型", "时间", "总时间", "电流(A)", "电压(V)", "容量(Ah)", "充电容量(Ah)", "放电容量(Ah)"),
    *("能量(Wh)", "充电能量(Wh)", "放电能量(Wh)", "绝对时间", "功率(W)"),
]


def half_an_hour_each() -> list[list[object]]:
    """A rest and a discharge at 2 A and 3.5 V, half an hour each, a record at both ends of each."""
    rows: list[list[object]] = []
    for step, (kind, ampere) in enumerate((("搁置", 0.0), ("恒流放电", -2.0)), start=1):
        for part in (0, 1):
            moved = abs(ampere) * part / 2
            own, whole = f"00:{30 * part:02d}:00.000", f"{(step - 1 + part) * 30 // 60:02d}:{(step - 1 + part) * 30 % 60:02d}:00.000"
            moment = f"2024-03-01 {9 + (step - 1 + part) // 2:02d}:{(step - 1 + part) % 2 * 30:02d}:00"
            counted = [moved, 0.0, moved, 3.5 * moved, 0.0, 3.5 * moved]
            rows.append([len(rows) + 1, 1, step, kind, own, whole, ampere, 3.5, *counted, moment, 3.5 * ampere])
    return rows


def workbook(path: Path, **pages: list[list[object]]) -> Path:
    with xlsxwriter.Workbook(path) as made:
        for name, rows in pages.items():
            page = made.add_worksheet(name)
            for r, cells in enumerate(rows):
                page.write_row(r, 0, cells)
    return path


def check_half_an_hour_each(recording: Recording) -> None:
    table = recording.table
    assert table["record_index"].to_list() == [1, 2, 3, 4]
    assert table["test_time_second"].to_list() == [0.0, 1800.0, 1800.0, 3600.0]
    assert table["step_time_second"].to_list() == [0.0, 1800.0, 0.0, 1800.0]
    assert table["step_count"].to_list() == [1, 1, 2, 2]
    assert table["current_ampere"].to_list() == [0.0, 0.0, -2.0, -2.0]
    assert table["step_discharging_capacity_ah"].to_list() == [0.0, 0.0, 0.0, 1.0]
    assert table["step_discharging_energy_wh"].to_list() == [0.0, 0.0, 0.0, 3.5]
    assert table["step_type"].to_list() == ["搁置", "搁置", "恒流放电", "恒流放电"]
    assert recording.source.start == "2024-03-01T09:00:00"
    assert recording.source.make == "neware"


def test_a_chinese_text_export_reads_in_its_own_encoding(tmp_path: Path):
    lines = [",".join(map(str, row)) for row in [CHINESE, *half_an_hour_each()]]
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n", "gb18030")
    check_half_an_hour_each(readers.read(tmp_path / "a.csv"))


def test_a_workbook_reads_its_sheet_of_records(tmp_path: Path):
    recording = readers.read(workbook(tmp_path / "a.xlsx", unit=[["设备号", "1"]], record=[CHINESE, *half_an_hour_each()]))
    check_half_an_hour_each(recording)
    note = next(n for n in recording.notes if n.code == "readers.sheets_left_out")
    assert note.params == {"sheets": ("unit",)}
    assert recording.source.format == "xlsx"


def test_records_that_go_on_in_the_next_sheet_are_one_recording(tmp_path: Path):
    rows = half_an_hour_each()
    check_half_an_hour_each(readers.read(workbook(tmp_path / "a.xlsx", record=[CHINESE, *rows[:2]], record2=[CHINESE, *rows[2:]])))


def test_sheets_that_each_count_from_one_are_channels(tmp_path: Path):
    path = workbook(tmp_path / "a.xlsx", **{f"Detail_1_1_{n}": [CHINESE, *half_an_hour_each()] for n in (1, 2)})
    assert [r.source.channel for r in readers.read_all(path)] == ["Detail_1_1_1", "Detail_1_1_2"]


LAYERED = """Cycle ID,Cap_Chg(mAh),Cap_DChg(mAh)
,Step ID,Step Name,Step Time(h:min:s.ms)
,,Record ID,Time(h:min:s.ms),Voltage(V),Current(mA),Temperature(C),Capacity(mAh),Energy(mWh),Realtime
1,0,1000
,1,Rest,0:30:00.0
,,1,0:00:00.0,3.5,0,25.0,0,0,2024-03-01 09:00:00
,,2,0:30:00.0,3.5,0,25.1,0,0,2024-03-01 09:30:00
,2,CC DChg,0:30:00.0
,,3,0:00:00.0,3.5,-2000,25.2,0,0,2024-03-01 09:30:00
,,4,0:30:00.0,3.4,-2000,25.3,1000,3500,2024-03-01 10:00:00
2,0,0
,1,Rest,0:10:00.0
,,5,0:00:00.0,3.5,0,25.0,0,0,2024-03-01 10:00:00
"""


def test_a_layered_export_gives_each_record_its_cycle_and_step(tmp_path: Path):
    (tmp_path / "a.csv").write_text(LAYERED)
    recording = readers.read(tmp_path / "a.csv")
    table = recording.table
    assert table["record_index"].to_list() == [1, 2, 3, 4, 5]
    assert table["cycle_count"].to_list() == [1, 1, 1, 1, 2]
    assert table["step_id"].to_list() == [1, 1, 2, 2, 1]
    assert table["step_type"].to_list() == ["Rest", "Rest", "CC DChg", "CC DChg", "Rest"]
    assert table["current_ampere"].to_list() == [0.0, 0.0, -2.0, -2.0, 0.0]
    assert table["step_cumulative_capacity_ah"].to_list() == [0.0, 0.0, 0.0, 1.0, 0.0]
    # The steps lasted 1800 s, 1800 s and 0 s.
    assert table["test_time_second"].to_list() == [0.0, 1800.0, 1800.0, 3600.0, 3600.0]
    assert table["temperature_t1_celsius"][3] == 25.3
    assert next(n for n in recording.notes if n.code == "readers.time_from_steps").params == {"count": 3}
    assert (recording.source.start, recording.source.format) == ("2024-03-01T09:00:00", "layered csv")


def test_a_layered_export_without_records_is_damaged(tmp_path: Path):
    (tmp_path / "a.csv").write_text("".join(LAYERED.splitlines(keepends=True)[:3]))
    with pytest.raises(DamagedFile):
        readers.read(tmp_path / "a.csv")


def test_sensors_keep_their_numbers_take_turns_or_share_an_array():
    table = pl.DataFrame({f"aux{n}_temperature_degC": [float(n)] for n in (2, 4, 7, 8, 9, 10)})
    numbers = {name: int(name[3:].split("_")[0]) for name in table.columns}
    few, notes = placed(table.select(table.columns[:2]), numbers)
    assert (few.columns, notes) == (["temperature_t2_celsius", "temperature_t4_celsius"], [])
    odd, notes = placed(table.select(table.columns[1:3]), numbers)
    assert odd.to_dicts() == [{"temperature_t1_celsius": 4.0, "temperature_t2_celsius": 7.0}]
    assert notes[0].code == "readers.sensors_renumbered"
    many, notes = placed(table, numbers)
    assert many["cell_temperatures_celsius"].to_list() == [[2, 4, 7, 8, 9, 10]]
    assert notes[0].code == "readers.sensors_in_array"


def test_the_head_of_a_container_needs_no_more_than_one_element(tmp_path: Path):
    xml = (
        '<?xml version="1.0" encoding="GB2312"?><root><config><TestInfo DevID="7" StartTime="2024-03-01 09:00:00" Remark="充电 &amp; 放"/>'
    )
    with zipfile.ZipFile(tmp_path / "a.ndax", "w") as pack:
        pack.writestr("data.ndc", b"")
        pack.writestr("TestInfo.xml", xml.encode("gb18030"))
    (file,) = open_files(tmp_path / "a.ndax")
    assert head_of(file) == {"DevID": "7", "StartTime": "2024-03-01 09:00:00", "Remark": "充电 & 放"}


def test_the_head_agrees_with_the_librarys(neware: Path):
    for path in neware.glob("*.ndax"):
        theirs = fastnda.read_metadata(path).get("TestInfo", {}).get("TestInfo", {})  # pyright: ignore[reportAttributeAccessIssue]
        (file,) = open_files(path)
        said = {k: v for k, v in theirs.items() if isinstance(v, str) and v.isascii()}
        assert {k: v for k, v in head_of(file).items() if k in said} == said
