"""LabVIEW logs: those with a header say what they are, the others know neither names nor time."""

from pathlib import Path

import pytest

from cellwright import readers
from cellwright.core.errors import DamagedFile, MissingRate, UsageError

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


def test_a_log_with_words_is_refused(tmp_path: Path):
    with pytest.raises(DamagedFile):
        readers.read(log(tmp_path, "\t1\tdoor open\n\t2\t3\n"), rate_hz=1.0)


# As National Instruments specifies it (tutorial 4139): the file's header, then segments, each with its own.
HEADED = """LabVIEW Measurement\t
Writer_Version\t2
Reader_Version\t2
Separator\tTab
Decimal_Separator\t.
Multi_Headings\tYes
X_Columns\tNo
Time_Pref\tRelative
Operator\tKim
Date\t2024/03/05
Time\t10:00:00.5
***End_of_Header***\t
\t
"""
SEGMENT = """Channels\t2\t\t
Samples\t{count}\t{count}\t
Date\t2024/03/05\t2024/03/05\t
Time\t{time}\t{time}\t
Y_Unit_Label\tVolts\tDeg C\t
X_Dimension\tTime\tTime\t
X0\t0.0000000000000000E+0\t0.0000000000000000E+0\t
Delta_X\t0.500000\t0.500000\t
***End_of_Header***\t\t\t
X_Value\tVoltage_0\tTemp_0\tComment
{rows}
"""


def segments() -> str:
    first = SEGMENT.format(count=3, time="10:00:00.5", rows="\t3.7\t25.1\tstart\n\t3.6\t25.2\n\t3.5\t25.3")
    return HEADED + first + "\n" + SEGMENT.format(count=2, time="10:00:10.5", rows="\t3.4\t26.1\t\n\t3.3\t26.2")


def test_a_header_gives_time_units_and_start(tmp_path: Path):
    recording = readers.read(log(tmp_path, segments()), timezone="Asia/Seoul")
    table = recording.table
    # Half a second from sample to sample; the second segment begins ten seconds after the first.
    assert table["test_time_second"].to_list() == [0.0, 0.5, 1.0, 10.0, 10.5]
    assert table["temperature_t1_celsius"].to_list() == [25.1, 25.2, 25.3, 26.1, 26.2]
    assert table["Voltage_0 (Volts)"].to_list() == [3.7, 3.6, 3.5, 3.4, 3.3]
    assert table["Comment"].to_list() == ["start", None, None, None, None]
    assert (recording.source.start, recording.metadata["Operator"]) == ("2024-03-05T10:00:00.500", "Kim")
    # 2024-03-05 10:00:00.5 at UTC+9 is 01:00:00.5 UTC.
    assert table["unix_time_second"][0] == pytest.approx(1709600400.5)


def test_a_header_with_decimal_commas_reads_the_same(tmp_path: Path):
    told = segments().replace(".", ",")
    table = readers.read(log(tmp_path, told)).table
    assert table["test_time_second"].to_list() == [0.0, 0.5, 1.0, 10.0, 10.5]
    assert table["Voltage_0 (Volts)"].to_list() == [3.7, 3.6, 3.5, 3.4, 3.3]


def test_an_x_column_is_the_time(tmp_path: Path):
    rows = "0.0\t3.7\t25.1\n0.25\t3.6\t25.2\n1.0\t3.5\t25.3"
    told = HEADED.replace("X_Columns\tNo", "X_Columns\tOne") + SEGMENT.format(count=3, time="10:00:00.5", rows=rows)
    assert readers.read(log(tmp_path, told)).table["test_time_second"].to_list() == [0.0, 0.25, 1.0]


def test_absolute_times_count_from_1904(tmp_path: Path):
    # 2024-03-05 01:00:00 UTC is 1709600400 s after 1970, which is 2082844800 s after 1904.
    rows = "3792445200.0\t3.7\t25.1\n3792445201.5\t3.6\t25.2"
    told = HEADED.replace("X_Columns\tNo", "X_Columns\tOne").replace("Relative", "Absolute")
    table = readers.read(log(tmp_path, told + SEGMENT.format(count=2, time="10:00:00", rows=rows))).table
    assert table["test_time_second"].to_list() == [0.0, 1.5]
    assert table["unix_time_second"].to_list() == [1709600400.0, 1709600401.5]


def test_segments_of_other_channels_are_recordings_of_their_own(tmp_path: Path):
    other = SEGMENT.replace("Temp_0", "Temp_9").format(count=2, time="10:00:10.5", rows="\t3.4\t26.1\n\t3.3\t26.2")
    first = SEGMENT.format(count=2, time="10:00:00.5", rows="\t3.7\t25.1\n\t3.6\t25.2")
    found = readers.read_all(log(tmp_path, HEADED + first + "\n" + other))
    assert [(r.source.channel, r.table.height) for r in found] == [("1", 2), ("2", 2)]


def test_samples_without_a_distance_ask_for_the_rate(tmp_path: Path):
    told = segments().replace("Delta_X\t0.500000", "Delta_X\t0.000000")
    with pytest.raises(MissingRate):
        readers.read(log(tmp_path, told))
    assert readers.read(log(tmp_path, told), rate_hz=4.0).table["test_time_second"].to_list() == [0.0, 0.25, 0.5, 10.0, 10.25]


def test_a_header_without_rows_is_damaged(tmp_path: Path):
    with pytest.raises(DamagedFile):
        readers.read(log(tmp_path, HEADED))


def test_a_real_log_has_every_row(data: Path):
    path = data / "safety" / "nissan_leaf_cell" / "Temperature-1C-discharge.lvm"
    table = readers.read(path, rate_hz=1.0).table
    assert table.height == 22043
    assert table.row(-1, named=True)["temperature_t4_celsius"] == 25.055438
