"""Time as testers write it, and time that runs backwards."""

from pathlib import Path

import polars as pl
import pytest

from cellwright import readers
from cellwright.core.errors import DamagedFile, UsageError
from cellwright.readers.engine.clock import forward, moments, unix
from cellwright.readers.engine.durations import seconds


def table(times: list[float]) -> pl.DataFrame:
    return pl.DataFrame({"test_time_second": times})


def test_durations_of_every_form_are_seconds():
    texts = pl.Series(["144:01:18", "2:03.5", "  1d 10:10:5.47", "0d 00:00:0", None, "soon", "00:00:01,25"])
    assert seconds(texts).to_list() == [144 * 3600 + 78, 123.5, 86400 + 10 * 3600 + 605.47, 0.0, None, None, 1.25]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["1:02:03.5", "0:00:00", "144:01:18"], [3723.5, 0.0, 518478.0]),
        (["00:01", "02:03.25"], [1.0, 123.25]),
        (["0d 00:00:01", "1d 10:10:5.47", "10d 0:0:0"], [1.0, 123005.47, 864000.0]),
        (["1:02:03", "2:03", "1d 00:00:01", "x", "1:2:3:4", ""], [3723.0, 123.0, 86401.0, None, None, None]),
        (["2:03", "1:02:03", None], [123.0, 3723.0, None]),
        # What follows days is hours, whether seconds are written or not.
        (["0d 1:02", "1d 2:03"], [3720.0, 93780.0]),
        (["0d 1:02:03.5", "0d 1:02", "2:03.5"], [3723.5, 3720.0, 123.5]),
        ([None, None], [None, None]),
        (["12.5", "7"], [None, None]),
    ],
)
def test_columns_of_durations_of_one_form_and_of_several_are_seconds(texts: list[str | None], expected: list[float | None]):
    assert seconds(pl.Series(texts, dtype=pl.String)).to_list() == pytest.approx(expected)


def test_moments_with_am_and_pm_and_the_day_first_are_told(tmp_path: Path):
    found, _ = moments(pl.Series(["23-Nov-23 3:56:08 PM", "23-Nov-23 3:56:09 PM"]), ("%m/%d/%Y %H:%M:%S", "%d-%b-%y %I:%M:%S %p"), 1.0)
    assert found is not None
    assert found.start() == "2023-11-23T15:56:08"
    day_first, notes = moments(pl.Series(["31.05.2024 10:00:00"]), ("%m.%d.%Y %H:%M:%S", "%d.%m.%Y %H:%M:%S"))
    assert day_first is not None
    assert (day_first.start(), notes) == ("2024-05-31T10:00:00", [])


def test_what_stands_before_a_new_start_keeps_its_times_to_the_last_digit():
    times = [0.1 * n for n in range(50)] + [0.0, 0.1]
    mended, _ = forward(table(times), None, "a")
    assert mended["test_time_second"].to_list()[:50] == times[:50]


def test_time_that_runs_forward_is_left_alone():
    times = table([0.0, 0.0, 1.5])
    assert forward(times, None, "a") == (times, [])


def test_stray_times_take_the_greatest_before_them():
    mended, notes = forward(table([0.0, 10, 20, 0, 30, 40, 0, 1, 50]), None, "a")
    assert mended["test_time_second"].to_list() == [0, 10, 20, 20, 30, 40, 40, 40, 50]
    assert [(n.code, n.params["count"]) for n in notes] == [("readers.stray_times_held", 3)]


def test_a_time_that_starts_anew_goes_on_from_where_it_was():
    mended, notes = forward(table([0.0, 10, 20, 0, 10, 20, 30]), None, "a")
    assert mended["test_time_second"].to_list() == [0, 10, 20, 20, 30, 40, 50]
    assert [(n.code, n.params["count"]) for n in notes] == [("readers.time_restarts", 1)]


def test_a_second_clock_tells_the_gap_before_a_new_start():
    clock = pl.Series([1000.0, 1010, 1020, 1100, 1110, 1120, 1130])
    mended, notes = forward(table([0.0, 10, 20, 0, 10, 20, 30]), clock.gather, "a")
    assert mended["test_time_second"].to_list() == [0, 10, 20, 100, 110, 120, 130]
    assert notes[0].code == "readers.time_restarts_by_clock"


def test_a_time_without_order_is_an_error():
    with pytest.raises(DamagedFile) as error:
        forward(table([9.0, 7, 5, 3, 1, 9, 7, 5, 3, 1] * 3), None, "a.csv")
    assert error.value.code == "readers.time_not_sensible"


def test_the_tests_own_length_tells_day_first_from_month_first():
    both = ("%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S")
    texts = pl.Series(["01/02/2024 00:00:00", "02/02/2024 00:00:00"])
    a_month, notes_month = moments(texts, both, 31 * 86400.0)
    a_day, notes_day = moments(texts, both, 86400.0)
    assert (a_month and a_month.start(), a_day and a_day.start()) == ("2024-01-02T00:00:00", "2024-02-01T00:00:00")
    assert notes_month == notes_day == []


def test_a_date_that_nothing_tells_is_noted():
    found, notes = moments(pl.Series(["01/02/2024 00:00:00"]), ("%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S"), 0.0)
    assert found is not None
    assert found.start() == "2024-01-02T00:00:00"
    assert notes[0].code == "readers.ambiguous_date"


def test_local_time_and_zone_give_unix_time():
    # 09:00 in Seoul (UTC+9, no summer time) is 00:00 UTC.
    local = pl.Series(["2024-01-01 09:00:00.250"]).str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="ms")
    assert unix(local, "Asia/Seoul")[0].to_list() == [1704067200.25]


def test_an_hour_that_happens_twice_is_noted():
    local = pl.Series(["2024-10-27 02:30:00"]).str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="ms")
    seconds_, notes = unix(local, "Europe/Berlin")
    assert seconds_.to_list() == [1729989000.0]  # 00:30 UTC, the first of the two
    assert notes[0].params["count"] == 1


@pytest.mark.parametrize("zone", ["Mars/Base", "", "../etc/passwd"])
def test_an_unknown_zone_is_wrong_use_even_where_it_is_not_needed(tmp_path: Path, zone: str):
    (tmp_path / "a.csv").write_text("test_time_second,voltage_volt,current_ampere\n0,3.7,0\n")
    with pytest.raises(UsageError) as error:
        readers.read(tmp_path / "a.csv", timezone=zone)
    assert error.value.code == "readers.unknown_timezone"


def test_the_step_starts_that_one_testers_export_sets_to_zero_are_held(data: Path):
    name = "SINTEF__SLPBA842124HV__2024-10-23__Rate_25degC__Neware__Time_Bug.bdf.csv"
    recording = readers.read(data / "testers" / "bdf" / name)
    # Row 723 of the file says 0.000 between 7200.000 and 7200.010; 19 of its steps begin so.
    assert recording.table["test_time_second"].slice(721, 3).to_list() == [7200.0, 7200.0, 7200.01]
    assert next(n for n in recording.notes if n.code == "readers.stray_times_held").params["count"] == 19
