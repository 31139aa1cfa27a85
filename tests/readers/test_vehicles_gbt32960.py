"""GB/T 32960: a platform's tables under Chinese headers, raw numbers and real ones, and messages in hexadecimal; from the standard."""

from functools import reduce
from operator import xor
from pathlib import Path

import polars as pl
import pytest

from cellwright import readers
from cellwright.core.errors import DamagedFile
from cellwright.core.recording import Recording

HEADER = "数据采集时间,车辆状态,充电状态,车速,累计里程,总电压,总电流,SOC,绝缘电阻,单体电池电压,探针温度,备注"
# Raw: 0.1 V, 0.1 A from -1000 A, kΩ, mV, °C from -40; 65535, 65534 and 255 stand for no measurement.
RAW = (
    "2024-03-01 08:00:00,1,3,0,188377,3512,10000,92,2000,1:3967_3966_3968,65_66,a",
    "2024-03-01 08:00:30,1,3,363,188378,3502,10443,92,2000,1:3957_3956_65535,65_255,a",
    "2024-03-01 08:01:00,1,1,65535,188378,3522,9900,255,65534,1:3977_3976_3978,66_66,a",
)
REAL = (
    "2024-03-01 08:00:00,1,3,0.0,18837.7,351.2,0.0,92,2000,3.967:3.966:3.968,25:26,a",
    "2024-03-01 08:00:30,1,3,36.3,18837.8,350.2,44.3,92,2000,3.957:3.956:65.535,25:215,a",
    "2024-03-01 08:01:00,1,1,6553.5,18837.8,352.2,-10.0,255,65534,3.977:3.976:3.978,26:26,a",
)


def cells(recording: Recording, column: str) -> list[list[float | None]]:
    return [[None if v is None else round(v, 3) for v in row] for row in recording.table[column].to_list()]


def codes(recording: Recording) -> dict[tuple[str, object], object]:
    return {(n.code, n.params.get("column")): n.params.get("count") for n in recording.notes}


@pytest.mark.parametrize(("rows", "encoding"), [(RAW, "utf-8"), (RAW, "gb18030"), (REAL, "utf-8"), (REAL, "gb18030"), (RAW, "utf-16")])
def test_a_table_gives_the_same_values_raw_or_real_and_in_any_encoding(tmp_path: Path, rows: tuple[str, ...], encoding: str):
    (tmp_path / "car.csv").write_bytes("\n".join([HEADER, *rows, ""]).encode(encoding))
    recording = readers.read(tmp_path / "car.csv")
    table = recording.table
    assert recording.source.make == "gbt32960"
    assert table["test_time_second"].to_list() == [0.0, 30.0, 60.0]
    assert table["voltage_volt"].to_list() == [351.2, 350.2, 352.2]
    assert table["current_ampere"].round(6).to_list() == [0.0, -44.3, 10.0]  # the standard's discharge is positive
    assert table["state_of_charge_percent"].to_list() == [92.0, 92.0, None]
    assert table["isolation_resistance_ohm"].to_list() == [2e6, 2e6, None]
    assert table["speed_km_per_h"].to_list() == [0.0, 36.3, None]
    assert table["odometer_km"].to_list() == [18837.7, 18837.8, 18837.8]
    assert cells(recording, "cell_voltages_volt") == [[3.967, 3.966, 3.968], [3.957, 3.956, None], [3.977, 3.976, 3.978]]
    assert cells(recording, "cell_temperatures_celsius") == [[25, 26], [25, None], [26, 26]]
    assert codes(recording)["readers.sentinel_emptied", "cell_voltages_volt"] == 1
    assert table["备注"].to_list() == ["a", "a", "a"]


def test_beijing_time_is_the_standards(tmp_path: Path):
    (tmp_path / "car.csv").write_text("\n".join([HEADER, *RAW, ""]), "utf-8")
    # 2024-03-01 08:00:00 in Beijing is midnight UTC: 19783 days after 1970-01-01.
    assert readers.read(tmp_path / "car.csv").table["unix_time_second"][0] == 19783 * 86400


def test_rows_sent_late_go_to_where_the_car_took_them(tmp_path: Path):
    (tmp_path / "car.csv").write_text("\n".join([HEADER, RAW[0], RAW[2], RAW[1], ""]), "utf-8")
    recording = readers.read(tmp_path / "car.csv")
    assert recording.table["record_index"].to_list() == [1, 3, 2]
    assert "readers.rows_out_of_turn" in [n.code for n in recording.notes]


def test_a_list_of_another_length_is_emptied_and_counted(tmp_path: Path):
    (tmp_path / "car.csv").write_text("\n".join([HEADER, *RAW, RAW[2].replace("_3978", "").replace("08:01", "08:02"), ""]), "utf-8")
    recording = readers.read(tmp_path / "car.csv")
    assert recording.table["cell_voltages_volt"].to_list()[3] == [None, None, None]
    assert codes(recording)["readers.lists_uneven", "cell_voltages_volt"] == 1


def test_headers_in_english_and_pinyin_mean_the_same(tmp_path: Path):
    for header in (
        "data_time,sum_voltage,sum_current,SOC,speed,mileage,max_cell_voltage",
        "shujucaijishijian,zongdianya,zongdianliu,soc,chesu,leijilicheng,x",
    ):
        (tmp_path / "car.csv").write_text(f"{header}\n2024-03-01 08:00:00,351.2,0,92,0,1,3.9\n2024-03-01 08:00:10,350.2,44.3,92,0,1,3.9\n")
        assert readers.read(tmp_path / "car.csv").table["current_ampere"].to_list() == [0.0, -44.3]


def test_a_workbook_reads_as_the_text_does(tmp_path: Path):
    rows = [dict(zip(HEADER.split(","), row.split(","), strict=True)) for row in RAW]
    pl.DataFrame(rows).write_excel(tmp_path / "car.xlsx")
    table = readers.read(tmp_path / "car.xlsx").table
    assert table["voltage_volt"].to_list() == [351.2, 350.2, 352.2]
    assert table["cell_voltages_volt"].to_list()[1][2] is None


def number(value: int, size: int) -> bytes:
    return value.to_bytes(size, "big")


def framed(unit: bytes, command: int = 2) -> str:
    body = bytes([command, 0xFE]) + b"LTEST000000000001" + b"\x01" + number(len(unit), 2) + unit
    return (b"##" + body + bytes([reduce(xor, body)])).hex()


def real_time(second: int, current: int, millivolts: list[int], probes: list[int], *, ahead: bytes = b"") -> bytes:
    clock = bytes([24, 3, 1, 8, 0, second])
    vehicle = b"\x01" + bytes([1, 3, 1]) + number(363, 2) + number(188377, 4) + number(3512, 2) + number(current, 2) + bytes([92, 1, 0])
    vehicle += number(2000, 2) + bytes([0, 0])
    voltages = b"\x08\x01\x01" + number(3512, 2) + number(current, 2) + number(len(millivolts), 2) + number(1, 2) + bytes([len(millivolts)])
    voltages += b"".join(number(v, 2) for v in millivolts)
    temperatures = b"\x09\x01\x01" + number(len(probes), 2) + bytes(probes)
    return clock + vehicle + ahead + voltages + temperatures


def test_messages_in_hexadecimal_give_vehicle_cells_and_probes(tmp_path: Path):
    motor = b"\x02\x01" + bytes(12)
    alarm = b"\x07\x02" + bytes(4) + b"\x00\x01\x00\x00\x00\x05\x00\x00"
    lines = [
        framed(real_time(0, 10000, [3967, 3966], [65, 66], ahead=motor + alarm)),
        framed(real_time(10, 10443, [3957, 0xFFFF], [65, 255], ahead=motor + alarm)).upper(),
        framed(b"\x18\x03\x01\x08\x00\x0b", command=1),
        framed(real_time(20, 9900, [3977, 3976], [66, 66])),
    ]
    broken = lines[3][:-2] + ("00" if lines[3][-2:] != "00" else "01")
    (tmp_path / "car.txt").write_text("\n".join([*lines, broken, ""]))
    recording = readers.read(tmp_path / "car.txt")
    table = recording.table
    assert table["record_index"].to_list() == [1, 2, 4]
    assert table["test_time_second"].to_list() == [0.0, 10.0, 20.0]
    assert table["current_ampere"].round(6).to_list() == [0.0, -44.3, 10.0]
    assert table["voltage_volt"].to_list() == [351.2] * 3
    assert table["isolation_resistance_ohm"].to_list() == [2e6] * 3
    assert table["warning_level"].to_list() == [2, 2, None]
    assert table["odometer_km"].to_list() == [18837.7] * 3
    assert cells(recording, "cell_voltages_volt") == [[3.967, 3.966], [3.957, None], [3.977, 3.976]]
    assert cells(recording, "cell_temperatures_celsius") == [[25, 26], [25, None], [26, 26]]
    counts = codes(recording)
    assert counts["readers.gbt_messages_damaged", None] == 1
    assert counts["readers.gbt_messages_other", None] == 1


def test_a_file_without_a_sound_message_is_damaged(tmp_path: Path):
    line = framed(real_time(0, 10000, [3967], [65]))
    (tmp_path / "car.txt").write_text(f"{line[:-2]}{int(line[-2:], 16) ^ 1:02x}\n")
    with pytest.raises(DamagedFile):
        readers.read(tmp_path / "car.txt")
