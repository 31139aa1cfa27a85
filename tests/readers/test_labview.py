"""LabVIEW temperature logs, which know neither names nor time."""

from pathlib import Path

import pytest

from cellwright import readers
from cellwright.core.errors import DamagedFile, MissingRate, UnknownFormat, UsageError

LOG = "\t27.403\t27.935\t27.523\t25.598\r\n\t27.382\t27.930\t27.438\t25.577\r\n\t27.418\t27.935\t27.411\t25.518\r\n"


def log(tmp_path: Path, text: str = LOG) -> Path:
    path = tmp_path / "a.lvm"
    path.write_bytes(text.encode())
    return path


def test_a_log_without_time_asks_for_its_rate(tmp_path: Path):
    with pytest.raises(MissingRate, match="--rate-hz"):
        readers.read(log(tmp_path))


def test_with_a_rate_it_gives_time_and_temperatures_and_says_what_it_took(tmp_path: Path):
    recording = readers.read(log(tmp_path), rate_hz=4.0)
    assert recording.table["test_time_second"].to_list() == [0.0, 0.25, 0.5]
    assert recording.table.select("temperature_t1_celsius", "temperature_t4_celsius").row(0) == (27.403, 25.598)
    assert recording.notes[0].params == {"count": 4, "rate_hz": 4.0}


def test_more_probes_than_names_stand_in_one_array(tmp_path: Path):
    recording = readers.read(log(tmp_path, "\t1\t2\t3\t4\t5\t6\n\t1\t2\t3\t4\t5\t7\n"), rate_hz=1.0)
    assert recording.table["cell_temperatures_celsius"].to_list() == [[1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 7]]


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan")])
def test_a_rate_that_cannot_be_is_wrong_use(tmp_path: Path, rate: float):
    with pytest.raises(UsageError):
        readers.read(log(tmp_path), rate_hz=rate)


def test_a_log_with_words_or_a_header_is_refused(tmp_path: Path):
    with pytest.raises(DamagedFile):
        readers.read(log(tmp_path, "\t1\tdoor open\n\t2\t3\n"), rate_hz=1.0)
    with pytest.raises(UnknownFormat):
        readers.read(log(tmp_path, "LabVIEW Measurement\t\nWriter_Version\t2\n"), rate_hz=1.0)


def test_a_real_log_has_every_row(data: Path):
    path = data / "safety" / "nissan_leaf_cell" / "Temperature-1C-discharge.lvm"
    table = readers.read(path, rate_hz=1.0).table
    assert table.height == 22043
    assert table.row(-1, named=True)["temperature_t4_celsius"] == 25.055438
