"""Neware: binary files through fastnda, and the text export."""

import zipfile
from pathlib import Path

import fastnda
import polars as pl
import pytest

from cellwright import readers
from cellwright.core.errors import DamagedFile, ReadError
from cellwright.core.recording import Recording


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
