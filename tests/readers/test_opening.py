"""Files as they are found: packed, empty, out of reach, or something else altogether."""

import gzip
import hashlib
import io
import os
import zipfile
from pathlib import Path

import pytest

from cellwright import readers
from cellwright.core.errors import DamagedFile, MissingColumn, ReadError, SeveralRecordings, UnknownFormat, UsageError

BDF = "test_time_second,voltage_volt,current_ampere\n0,3.70,0\n1,3.69,-1.5\n"


def zipped(members: dict[str, str | bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, data in members.items():
            pack.writestr(name, data)
    return content.getvalue()


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_source_names_the_file_as_found_its_digest_and_its_reader(tmp_path: Path):
    path = written(tmp_path / "a.bdf.csv.gz", gzip.compress(BDF.encode()))
    source = readers.read(path).source
    assert (source.file, source.make, source.format, source.reader) == ("a.bdf.csv.gz", "bdf", "csv", "cellwright.readers.bdf")
    assert source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["a.bdf.csv", "renamed.dat"])
def test_content_tells_the_format_whatever_the_name(tmp_path: Path, name: str):
    assert readers.read(written(tmp_path / name, BDF)).source.make == "bdf"


def test_a_package_with_one_recording_is_read_as_that_recording(tmp_path: Path):
    path = written(tmp_path / "pack.zip", zipped({"inner/": "", "inner/a.csv": BDF, "__MACOSX/a.csv": "x", ".DS_Store": "x"}))
    recording = readers.read(path)
    assert recording.source.file == "pack.zip"
    assert recording.table["voltage_volt"].to_list() == [3.70, 3.69]


def test_a_package_with_several_recordings_needs_a_choice(tmp_path: Path):
    path = written(tmp_path / "pack.zip", zipped({"a.csv": BDF, "b.csv": BDF.replace("3.70", "3.60"), "readme.md": "hello"}))
    with pytest.raises(SeveralRecordings) as several:
        readers.read(path)
    assert several.value.params["channels"] == ("pack.zip/a.csv", "pack.zip/b.csv")
    assert readers.read(path, channel="pack.zip/b.csv").table["voltage_volt"][0] == 3.60
    assert [r.source.file for r in readers.read_all(path)] == ["pack.zip/a.csv", "pack.zip/b.csv"]
    assert readers.read_all(path)[0].notes[-1].params["members"] == ("readme.md",)
    with pytest.raises(UsageError, match="no channel 7"):
        readers.read(path, channel="7")


def test_chosen_columns_come_in_the_order_they_were_asked_for(tmp_path: Path):
    path = written(tmp_path / "a.csv", BDF)
    assert readers.read(path, columns=["voltage_volt", "test_time_second"]).table.columns == ["voltage_volt", "test_time_second"]
    with pytest.raises(MissingColumn, match="power_watt"):
        readers.read(path, columns=["power_watt"])


@pytest.mark.parametrize("name", ["empty.csv", "empty.ndax", "empty.xlsx"])
def test_an_empty_file_is_said_to_be_empty(tmp_path: Path, name: str):
    with pytest.raises(DamagedFile) as error:
        readers.read(written(tmp_path / name, b""))
    assert error.value.code == "readers.empty"


def test_an_empty_package_is_said_to_be_empty(tmp_path: Path):
    with pytest.raises(DamagedFile) as error:
        readers.read(written(tmp_path / "empty.zip", zipped({"folder/": ""})))
    assert error.value.code == "readers.empty"


def test_a_pdf_named_like_a_testers_file_is_called_a_pdf(tmp_path: Path):
    with pytest.raises(UnknownFormat, match=r"cell\.ndax is recognised as PDF"):
        readers.read(written(tmp_path / "cell.ndax", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj"))


@pytest.mark.parametrize(("name", "content"), [("cell.ndax", b"\x00\x01\x02 not a zip"), ("cell.nda", b"\x00\x01 nothing of Neware's")])
def test_another_content_under_a_testers_name_is_refused(tmp_path: Path, name: str, content: bytes):
    with pytest.raises(ReadError) as error:
        readers.read(written(tmp_path / name, content))
    assert error.value.params["file"] == name


def test_content_that_nobody_knows_is_refused(tmp_path: Path):
    with pytest.raises(UnknownFormat) as error:
        readers.read(written(tmp_path / "notes.txt", "a cell, a day\n1, 2\n"))
    assert error.value.code == "readers.unknown_format"


@pytest.mark.parametrize("name", ["a.csv.gz", "a.zip"])
def test_a_truncated_package_is_said_to_be_damaged(tmp_path: Path, name: str):
    table = "test_time_second,voltage_volt,current_ampere\n" + "".join(f"{n},{3 + n / 997:.4f},{n % 7}\n" for n in range(2000))
    packed = gzip.compress(table.encode()) if name.endswith("gz") else zipped({"a.csv": table})
    with pytest.raises(DamagedFile) as error:
        readers.read(written(tmp_path / name, packed[: len(packed) // 2]))
    assert error.value.code == "readers.cannot_unpack"


@pytest.mark.parametrize("name", ["a.csv.gz", "a.zip", "a.xlsx"])
def test_a_bomb_is_not_unpacked(tmp_path: Path, name: str):
    zeros = bytes(101 << 20)
    members: dict[str, str | bytes] = {"[Content_Types].xml": "", "xl/workbook.xml": zeros} if name.endswith("xlsx") else {"a.csv": zeros}
    packed = gzip.compress(zeros) if name.endswith("gz") else zipped(members)
    with pytest.raises(DamagedFile) as error:
        readers.read(written(tmp_path / name, packed))
    assert error.value.code == "readers.zip_bomb"


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path):
    with pytest.raises(ReadError) as missing:
        readers.read(tmp_path / "nowhere.csv")
    with pytest.raises(ReadError) as folder:
        readers.read(tmp_path)
    assert (missing.value.code, folder.value.code) == ("readers.not_found", "readers.folder")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_says_so(tmp_path: Path):
    path = written(tmp_path / "a.csv", BDF)
    path.chmod(0)
    with pytest.raises(ReadError) as error:
        readers.read(path)
    assert error.value.code == "readers.not_permitted"


def test_permission_denied_by_the_system_becomes_a_read_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(self: Path, *args: object) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ReadError) as error:
        readers.read(tmp_path / "a.csv")
    assert error.value.code == "readers.not_permitted"
