"""Recorded buses: what our decoding gives is what cantools gives frame by frame, and every file format gives the same frames."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cellwright import readers
from cellwright.core.errors import DamagedFile, MissingColumn, UsageError
from cellwright.core.recording import Recording
from cellwright.readers.opening import open_files
from cellwright.readers.vehicles.can import text_logs
from cellwright.readers.vehicles.can.decoding import decoded
from cellwright.readers.vehicles.dbc import DbcFile, parsed
from tests.readers.diagnosis import frames_of

can = pytest.importorskip("can")
pytest.importorskip("cantools")

PACK = """VERSION ""

NS_ :

BS_:

BU_: BMS

BO_ 1024 Pack: 8 BMS
 SG_ Current : 7|16@0- (0.1,-5) [0|0] "A" BMS
 SG_ Voltage : 16|16@1+ (0.1,0) [0|0] "V" BMS
 SG_ Odd : 35|11@1- (0.5,1) [0|0] "" BMS
 SG_ Flag : 63|1@0+ (1,0) [0|1] "" BMS

BO_ 2566844672 Cells: 8 BMS
 SG_ Which M : 0|8@1+ (1,0) [0|0] "" BMS
 SG_ V_1 m0 : 15|16@0+ (0.001,0) [0|0] "V" BMS
 SG_ V_2 m0 : 31|16@0+ (0.001,0) [0|0] "V" BMS
 SG_ V_3 m1 : 15|16@0+ (0.001,0) [0|0] "V" BMS
 SG_ V_4 m1 : 31|16@0+ (0.001,0) [0|0] "V" BMS

BO_ 1026 Exact: 8 BMS
 SG_ Real : 0|32@1- (1,0) [0|0] "" BMS
 SG_ Wide : 32|32@1- (1,0) [0|0] "" BMS

BO_ 1027 Whole: 8 BMS
 SG_ Long : 7|64@0- (1,0) [0|0] "" BMS

SIG_VALTYPE_ 1026 Real : 1;
"""
CELLS = 2566844672 & 0x1FFFFFFF
MAP: dict[str, Any] = {
    "name": "made up",
    "columns": {
        "Pack.Current": {"to": "current_ampere", "positive": "discharge"},
        "Pack.Voltage": {"to": "voltage_volt"},
        "Cells.V_{n}": {"to": "cell_voltages_volt", "sentinels": [65.535]},
    },
}


def dbc(folder: Path, text: str = PACK) -> Path:
    (folder / "pack.dbc").write_text(text)
    return folder / "pack.dbc"


def messages(count: int = 40) -> Iterator[Any]:
    random = np.random.default_rng(3)
    for n in range(count):
        payload = random.integers(0, 256, 8, dtype=np.uint8)
        identifier = (1024, CELLS, 1026, 1027)[n % 4]
        if identifier == CELLS:
            payload[0] = (n // 4) % 2
        if identifier == 1026:
            payload[:4] = np.frombuffer(np.float32(n / 8).tobytes(), np.uint8)
        yield can.Message(
            timestamp=1700000000 + n / 100, arbitration_id=identifier, is_extended_id=identifier == CELLS, data=bytes(payload), channel=0
        )


def logged(path: Path) -> Path:
    with can.Logger(str(path)) as log:
        for m in messages():
            log.on_message_received(m)
    return path


def gvret(path: Path) -> Path:
    lines = ["Time Stamp,ID,Extended,Bus,LEN,D1,D2,D3,D4,D5,D6,D7,D8"]
    for m in messages():
        stamp = round((m.timestamp - 1700000000) * 1e6)
        lines.append(f"{stamp},{m.arbitration_id:08X},{str(m.is_extended_id).lower()},0,8,{m.data.hex(',').upper()}")
    path.write_text("\n".join([*lines, ""]))
    return path


def test_every_signal_is_what_cantools_decodes_from_each_frame(tmp_path: Path):
    import cantools

    database = cantools.database.load_string(PACK, "dbc")
    (file,) = open_files(logged(tmp_path / "log.asc"))
    dictionary, repaired = parsed(DbcFile("pack.dbc", PACK))
    streams, _ = decoded(text_logs.read_text(file, "asc"), dictionary)
    assert not repaired
    told: dict[int, dict[str, float]] = {}
    for stream in streams:
        for name, values in stream.signals.items():
            for record, value in zip(stream.record.tolist(), values.tolist(), strict=True):
                told.setdefault(record, {})[name.split(".")[1]] = value
    expected = [database.decode_message(m.arbitration_id, m.data) for m in messages()]
    assert len(told) == len(expected) == 40
    for record, values in enumerate(expected, start=1):
        assert told[record] == pytest.approx(values, abs=1e-9)


@pytest.mark.parametrize("name", ["log.asc", "log.blf", "log.log", "log.csv", "log.mf4"])
def test_every_format_gives_the_same_table(tmp_path: Path, name: str):
    path = gvret(tmp_path / name) if name.endswith("csv") else mf4(tmp_path / name) if name.endswith("mf4") else logged(tmp_path / name)
    recording = readers.read(path, dbc=dbc(tmp_path), column_map=MAP)
    table = recording.table
    assert recording.source.make == "can"
    sent = [m for m in messages() if m.arbitration_id == 1024]
    current = [-(int.from_bytes(m.data[:2], "big", signed=True) * 0.1 - 5) for m in sent]
    assert table["current_ampere"].to_list() == pytest.approx(current)
    assert table["voltage_volt"].to_list() == pytest.approx([int.from_bytes(m.data[2:4], "little") * 0.1 for m in sent])
    assert table["test_time_second"].to_list() == pytest.approx([n * 0.04 for n in range(10)], abs=2e-3)
    assert table["record_index"].to_list() == list(range(1, 41, 4))
    assert table["Exact.Real"].to_list()[1] in (2 / 8, 6 / 8)  # of frames 3 and 7, as far from frame 5


def mf4(path: Path) -> Path:
    pytest.importorskip("asammdf")
    with can.Logger(str(path)) as log:
        for m in messages():
            log.on_message_received(m)
    return path


def test_cells_that_share_their_bits_stand_side_by_side(tmp_path: Path):
    recording = readers.read(logged(tmp_path / "log.asc"), dbc=dbc(tmp_path), column_map=MAP)
    sent = [m for m in messages() if m.arbitration_id == CELLS]
    # The halves come in turn, in frames 2, 10, … and 6, 14, …: nearest to frame 5 are 2 and 6.
    expected = [int.from_bytes(m.data[at : at + 2], "big") / 1000 for m in sent[:2] for at in (1, 3)]
    assert recording.table["cell_voltages_volt"].to_list()[1] == pytest.approx(expected, rel=1e-6)


ASC = """date Thu, 09 Nov 2023 20:36:33 GMT
base {base}  timestamps {stamps}
begin triggerblock
{rows}
end triggerblock
"""


def test_decimal_bytes_and_relative_stamps_are_read_as_the_head_says(tmp_path: Path):
    rows = "   0.5 1  1024  Rx   d 8 0 50 16 39 0 0 0 0\n   0.5 1  1024  Tx   d 8 255 206 16 39 0 0 0 0"
    (tmp_path / "a.asc").write_text(ASC.format(base="dec", stamps="relative", rows=rows))
    table = readers.read(tmp_path / "a.asc", dbc=dbc(tmp_path), column_map={**MAP, "columns": dict(list(MAP["columns"].items())[:2])}).table
    # 50 and -50 tenths of an ampere, less 5 A, discharge positive; 0x2710 = 10000 tenths of a volt.
    assert table["current_ampere"].to_list() == [0.0, 10.0]
    assert table["voltage_volt"].to_list() == [1000.0, 1000.0]
    assert table["test_time_second"].to_list() == [0.0, 0.5]


def test_the_date_of_an_asc_file_tells_the_unix_time_where_it_has_a_zone(tmp_path: Path):
    rows = "   0.500000 1  400  Rx   d 8 00 32 10 27 00 00 00 00\n   1.500000 1  400  Rx   d 8 00 32 10 27 00 00 00 00"
    (tmp_path / "a.asc").write_text(ASC.format(base="hex", stamps="absolute", rows=rows))
    columns = {**MAP, "columns": dict(list(MAP["columns"].items())[:2])}
    table = readers.read(tmp_path / "a.asc", dbc=dbc(tmp_path), column_map=columns).table
    # 2023-11-09 20:36:33 GMT is 19670 days and 74193 s after 1970-01-01.
    assert table["unix_time_second"].to_list() == [19670 * 86400 + 74193.5, 19670 * 86400 + 74194.5]


def test_a_bus_without_a_dictionary_is_refused_with_what_is_on_it(tmp_path: Path):
    with pytest.raises(MissingColumn) as refused:
        readers.read(logged(tmp_path / "log.asc"))
    assert refused.value.code == "readers.can_needs_dbc"
    assert refused.value.params["frames"] == 40
    assert refused.value.params["kinds"] == 4


def test_signals_that_no_map_knows_are_refused_with_their_names(tmp_path: Path):
    with pytest.raises(MissingColumn) as refused:
        readers.read(logged(tmp_path / "log.asc"), dbc=dbc(tmp_path))
    assert refused.value.code == "readers.can_needs_map"
    assert "Pack.Current" in refused.value.params["found"]


def test_sections_that_a_dictionary_lacks_are_put_back_and_noted(tmp_path: Path):
    lacking = PACK.replace("BS_:\n", "").replace("BU_: BMS\n", "")
    recording = readers.read(logged(tmp_path / "log.asc"), dbc=dbc(tmp_path, lacking), column_map=MAP)
    (note,) = [n for n in recording.notes if n.code == "readers.dbc_sections_added"]
    assert note.params["sections"] == ("BS_", "BU_")


def test_what_a_dictionary_says_again_is_left_out_and_counted():
    block = 'BO_ 291 Cell: 8 BMS\n SG_ Volt : 0|16@1+ (0.001,0) [0|65] "V" BMS\n'
    once = f'VERSION ""\n\nNS_ :\n\nBS_:\n\nBU_: BMS\n\n{block}\n'
    said_again = once + block * 3 + 'CM_ BO_ 291 "cells";\n'
    dictionary, notes = parsed(DbcFile("a.dbc", said_again))
    assert [m.name for m in dictionary.messages.values()] == ["Cell"]
    assert dictionary.messages[291, False].comment == "cells"
    assert [(n.code, n.params["count"]) for n in notes] == [("readers.dbc_lines_repeated", 6)]
    assert parsed(DbcFile("a.dbc", once))[1] == []


def test_a_file_that_is_no_dictionary_is_told(tmp_path: Path):
    with pytest.raises(UsageError) as error:
        readers.read(logged(tmp_path / "log.asc"), dbc=dbc(tmp_path, "BO_ nonsense"))
    assert error.value.code == "readers.dbc_not_understood"
    with pytest.raises(UsageError):
        readers.read(tmp_path / "log.asc", dbc=tmp_path / "none.dbc")


def test_a_missing_library_is_told_with_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError) as error:
        readers.read(logged(tmp_path / "log.asc"), dbc=dbc(tmp_path), column_map=MAP)
    assert "pip install 'cellwright[can]'" in error.value.text()


def test_a_dictionary_goes_to_the_bus_that_has_its_messages(tmp_path: Path):
    lines = ["Time Stamp,ID,Extended,Bus,LEN,D1,D2,D3,D4,D5,D6,D7,D8"]
    for m in messages():
        stamp = round((m.timestamp - 1700000000) * 1e6)
        lines.append(f"{stamp},{m.arbitration_id:08X},{str(m.is_extended_id).lower()},1,8,{m.data.hex(',')}")
        lines.append(f"{stamp},00000400,false,0,8,00,00,00,00,00,00,00,00")
    (tmp_path / "two.csv").write_text("\n".join(lines))
    recording = readers.read(tmp_path / "two.csv", dbc=dbc(tmp_path), column_map=MAP)
    (note,) = [n for n in recording.notes if n.code == "readers.dbc_on_bus"]
    assert (note.params["bus"], note.params["found"], recording.table.height) == (1, 4, 10)


def test_what_is_cut_off_is_damaged_or_short_and_never_another_error(tmp_path: Path):
    whole = logged(tmp_path / "log.blf").read_bytes()
    for size in (4, 100, len(whole) // 2):
        (tmp_path / "cut.blf").write_bytes(whole[:size])
        with pytest.raises((DamagedFile, MissingColumn)):
            readers.read(tmp_path / "cut.blf")


def test_recorded_signals_need_no_dictionary_but_a_map(tmp_path: Path):
    asammdf = pytest.importorskip("asammdf")
    time = np.arange(20) / 10
    ampere = np.where(np.arange(20) % 4 < 2, 0.0, 5.0)
    signals = [
        asammdf.Signal(ampere, time, name="I", unit="A"),
        asammdf.Signal(360 - ampere / 10, time, name="U", unit="V"),
        asammdf.Signal(np.array([21, 22], np.uint8), np.array([0.0, 1.0]), name="T"),
    ]
    with asammdf.MDF(version="4.10") as log:
        for signal in signals:
            log.append([signal])
        log.save(tmp_path / "log.mf4")
    told = {"I": {"to": "current_ampere", "positive": "discharge"}, "U": {"to": "voltage_volt"}}
    table = readers.read(tmp_path / "log.mf4", column_map={"name": "x", "columns": told}).table
    assert table["current_ampere"].to_list() == (0 - ampere).tolist()
    assert table["voltage_volt"].to_list() == (360 - ampere / 10).tolist()
    assert table["T"].to_list() == [21] * 6 + [22] * 14  # the nearest in time; the earlier one where both are as near


def test_a_damaged_mf4_takes_only_the_process_it_is_read_in_down(tmp_path: Path):
    data = bytearray(mf4(tmp_path / "log.mf4").read_bytes())
    data[64:200] = bytes(136)
    (tmp_path / "broken.mf4").write_bytes(data)
    with pytest.raises(DamagedFile):
        readers.read(tmp_path / "broken.mf4")


@pytest.fixture(scope="module")
def kona(data: Path) -> Path:
    folder = data / "safety" / "kona_ev_can"
    if not (folder / "pcan.dbc").exists():
        pytest.skip("the Kona's logs are not in the data folder")
    return folder


def logs(folder: Path) -> list[Path]:
    return [*folder.glob("*.csv"), *folder.glob("bms_diagnostics/*.asc")]


def test_the_konas_recordings_read_by_its_incomplete_dictionary(kona: Path):
    for path in logs(kona):
        recording = readers.read(path, dbc=kona / "pcan.dbc")
        assert recording.table["voltage_volt"].is_between(340, 400).all()
        assert [n.params["sections"] for n in recording.notes if n.code == "readers.dbc_sections_added"] == [("BS_", "BU_")]
        assert recording.table["test_time_second"].is_sorted()


def test_the_konas_asc_files_give_what_python_can_and_cantools_give(kona: Path):
    import cantools

    text = (kona / "pcan.dbc").read_text().replace("BO_ ", "BS_:\n\nBU_:\n\nBO_ ", 1)
    status = cantools.database.load_string(text, "dbc").get_message_by_frame_id(0x595)
    for path in kona.glob("bms_diagnostics/*.asc"):
        table = readers.read(path, dbc=kona / "pcan.dbc").table
        with can.ASCReader(path) as log:
            frames = list(log)
        expected = [status.decode(m.data) for m in frames if m.arbitration_id == 0x595]
        assert table.height == len(expected) > 0
        assert table["voltage_volt"].to_list() == [row["VBatt"] for row in expected]
        assert table["current_ampere"].to_list() == [-row["IBatt"] for row in expected]
        assert table["record_index"].to_list() == [n for n, m in enumerate(frames, start=1) if m.arbitration_id == 0x595]


def test_the_konas_recordings_hold_no_answers_of_the_battery_and_say_so(kona: Path):
    for path in logs(kona):
        with pytest.raises(MissingColumn) as refused:
            readers.read(path)
        assert refused.value.code == "readers.can_needs_dbc"


def codes(recording: Recording) -> list[str]:
    return [n.code for n in recording.notes]


def test_a_battery_that_answers_needs_no_dictionary(tmp_path: Path):
    (tmp_path / "answers.log").write_text(frames_of(seconds=3))
    recording = readers.read(tmp_path / "answers.log")
    assert "readers.uds_read" in codes(recording)
    assert recording.table["current_ampere"].to_list() == pytest.approx([-12.3, -12.3, -12.3])
