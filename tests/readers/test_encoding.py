"""Encodings: Unicode in every dress, and the old ones of Korea, China and the West, told apart by what they spell."""

from pathlib import Path

import pytest

from cellwright.core.recording import Recording
from cellwright.readers import encoding
from cellwright.readers.engine import text
from cellwright.readers.engine.text import Dialect
from cellwright.readers.opening import HEAD, open_files
from tests.readers.test_text import codes, read

KOREAN = "시간(s),전압(V),전류(A),온도(℃)\n0,3.7,0,25\n1,3.6,-2,26\n"
CHINESE = "测试时间(s),电压(V),电流(A),温度(℃)\n0,3.7,0,25\n1,3.6,-2,26\n"
WESTERN = "Zeit(s),Spannung(V),Strom(A),Temperatur(°C)\n0,3.7,0,25\n1,3.6,-2,26\n"

ASIAN = Dialect(
    tells=frozenset(),
    columns={
        **dict.fromkeys(("시간", "测试时间", "zeit"), "test_time_second"),
        **dict.fromkeys(("전압", "电压", "spannung"), "voltage_volt"),
        **dict.fromkeys(("전류", "电流", "strom"), "current_ampere"),
        **dict.fromkeys(("온도", "温度", "temperatur"), "temperature_t1_celsius"),
    },
)


def translated(path: Path) -> tuple[list[tuple[float, ...]], list[str], list[object]]:
    (file,) = open_files(path)
    first = file.text.split(b"\n", 1)[0]
    frame, notes = text.parse(file, text.layout_at(file, text.split_line(first)[0], len(first) + 1, ","), ASIAN)
    table, more = text.translate(frame, ASIAN, file.file)
    return table.rows(), table.columns, [n.params.get("encoding") for n in [*notes, *more]]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (KOREAN, "cp949"),
        (CHINESE, "gb18030"),
        (WESTERN, "cp1252"),
        (WESTERN, "utf-16-le"),
        (CHINESE, "utf-16-be"),
        (KOREAN, "utf-16-le"),
    ],
)
def test_an_encoding_that_nothing_declares_is_told_by_its_words_and_noted(tmp_path: Path, content: str, name: str):
    (tmp_path / "a.csv").write_bytes(content.encode(name))
    rows, columns, noted = translated(tmp_path / "a.csv")
    assert rows == [(0.0, 3.7, 0.0, 25.0), (1.0, 3.6, -2.0, 26.0)]
    assert columns == ["test_time_second", "voltage_volt", "current_ampere", "temperature_t1_celsius"]
    assert noted == [name]


@pytest.mark.parametrize("content", [KOREAN, CHINESE, WESTERN])
@pytest.mark.parametrize("name", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_that_says_so_needs_no_note(tmp_path: Path, content: str, name: str):
    (tmp_path / "a.csv").write_bytes(content.encode(name))
    rows, columns, noted = translated(tmp_path / "a.csv")
    assert rows[1] == (1.0, 3.6, -2.0, 26.0)
    assert columns[3] == "temperature_t1_celsius"
    assert noted == []


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("Größe,Prüfling,Kapazität,µAh,°C", "cp1252"),
        ("Tension (V),Intensité (A),Durée (s),Température (°C)", "cp1252"),
        ("스텝 번호,충전,방전,휴지,용량(Ah)", "cp949"),
        ("工步号,恒流充电,静置,容量(Ah)", "gb18030"),
        ("내부 저항(mΩ)", "cp949"),
    ],
)
def test_the_old_encodings_are_told_apart(words: str, name: str):
    assert encoding.told(words.encode(name)) == name


def test_a_degree_sign_far_down_an_ascii_file_is_read_and_noted(tmp_path: Path):
    rows = "".join(f"{n},3.7,0,ok\n" for n in range(HEAD // 8)) + "90000,3.6,1,60 °C\n"
    recording = read(tmp_path, f"Test Time / s,Voltage / V,Current / A,Remark\n{rows}".encode("cp1252"))
    assert recording.table["Remark"][-1] == "60 °C"
    assert next(n for n in recording.notes if n.code == "readers.encoding_assumed").params["encoding"] == "cp1252"


def test_a_broken_byte_makes_no_other_encoding_of_a_unicode_text(tmp_path: Path):
    lines = "".join(f"{n},3.7,0,충전\n" for n in range(40)).encode()
    broken = lines.replace("충전".encode(), "충".encode() + b"\xff", 1)
    recording = read(tmp_path, b"Test Time / s,Voltage / V,Current / A,Remark\n" + broken)
    assert recording.table["Remark"].to_list() == ["충\ufffd", *["충전"] * 39]
    assert next(n for n in recording.notes if n.code == "readers.characters_replaced").params["count"] == 1


def test_lines_that_end_as_on_old_computers_are_lines(tmp_path: Path):
    recording: Recording = read(tmp_path, "Test Time / s,Voltage / V,Current / A\r0,3.7,0\r1,3.6,-2\r")
    assert recording.table["current_ampere"].to_list() == [0.0, -2.0]
    assert codes(recording) == []


def test_a_binary_file_is_no_text():
    assert encoding.told(bytes(range(256)) * 4) is None
    assert encoding.told(b"NEWARE" + bytes(range(64)) * 8) is None
