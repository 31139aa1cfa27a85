from cellwright.plot import Curve, Mark, Series, recording_spec
from cellwright.plot.sessions import sessions


def sheet(time: list[float], voltage: list[float | None]) -> Curve:
    return Curve("a.xlsx", "ab" * 32, "step", len(time), tuple(time), tuple(range(len(time))), (Series("voltage", "V", voltage),))


# Two hours of test, a night of fourteen, one hour more.
NIGHT = sheet([0, 1, 2, 2, 16, 17], [3.0, 3.5, 3.6, None, 3.6, 4.0])


def test_a_long_pause_cuts_the_time_axis_into_sessions_as_wide_as_they_are_long():
    first, second = sessions(NIGHT)
    assert (first.start_h, first.end_h, second.start_h, second.end_h) == (0, 2, 16, 17)
    assert first.domain[0] == 0.0
    assert second.domain[1] == 1.0
    widths = [s.domain[1] - s.domain[0] for s in (first, second)]
    assert abs(widths[0] / widths[1] - 2) < 0.01


def test_a_short_pause_only_breaks_the_line():
    assert len(sessions(sheet([0, 5, 5, 5.2, 10], [3.0, 3.5, None, 3.6, 4.0]))) == 1


def test_each_session_has_its_own_hours_and_all_share_the_voltage_axis():
    spec = recording_spec(NIGHT, "en", [Mark(16.0, 16.5, "late")])
    assert [(t["xaxis"], t["yaxis"]) for t in spec["data"]] == [("x", "y"), ("x2", "y")]
    assert spec["data"][1]["x"] == (16, 17)
    assert spec["layout"]["shapes"][0]["xref"] == "x2"
    assert [spec["layout"][a]["title"]["text"] for a in ("xaxis", "xaxis2")] == ["Time (h)", ""]
