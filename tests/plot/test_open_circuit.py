"""Figures of the open-circuit curve, its hysteresis and a relaxation."""

import pytest

from cellwright.core.errors import UsageError
from cellwright.measure import hysteresis, open_circuit, relaxation
from cellwright.plot import hysteresis_spec, open_circuit_spec, relaxation_spec
from cellwright.plot import open_circuit as open_circuit_figure
from tests.measure.made_cell import Cell, battery, swept, titrated
from tests.measure.recordings import CYCLE, TESTER, sheet


@pytest.fixture(scope="module")
def cell() -> Cell:
    return swept(Cell())


def test_a_curve_has_a_line_a_branch_their_mean_and_its_rests_as_points(cell: Cell):
    spec = open_circuit_spec(open_circuit(cell.recording(), tester=TESTER))
    assert [(trace["name"], trace["mode"]) for trace in spec["data"]] == [
        ("charging", "lines"),
        ("charging, at rest", "markers"),
        ("discharging", "lines"),
        ("discharging, at rest", "markers"),
        ("mean", "lines"),
    ]
    assert spec["layout"]["xaxis"]["title"]["text"] == "State of charge (%)"
    assert spec["layout"]["yaxis"]["title"]["text"] == "Open-circuit voltage (V)"


def test_where_no_state_of_charge_is_known_the_charge_is_drawn():
    cell = Cell(soc=0.8).run(3600).run(1800, -1.0).run(3600)
    spec = open_circuit_spec(open_circuit(cell.recording(), battery(cell)), "ko")
    assert spec["layout"]["xaxis"]["title"]["text"] == "보유 전하량 (Ah)"
    assert "error_y" not in spec["data"][0]  # without a tester no uncertainty is known


def test_hysteresis_is_drawn_in_millivolts(cell: Cell):
    gap = hysteresis(open_circuit(cell.recording()))
    spec = hysteresis_spec(gap)
    assert max(spec["data"][0]["y"]) == pytest.approx(1e3 * gap.table["hysteresis_volt"].max())
    assert spec["layout"]["yaxis"]["title"]["text"] == "Charge less discharge (mV)"


def test_a_relaxation_goes_to_its_asymptote_within_its_band():
    cell = titrated(Cell(soc=1.0), steps=10)
    made = cell.recording()
    relaxed = relaxation(made, battery(cell), TESTER)["relaxed_voltage"][0]
    spec = relaxation_spec(made, relaxed)
    assert spec["data"][1]["y"] == [relaxed.value, relaxed.value]
    (band,) = spec["layout"]["shapes"]
    assert band["y1"] - band["y0"] == pytest.approx(2 * (relaxed.expanded_uncertainty or 0.0))
    with pytest.raises(UsageError, match="relaxed_voltage"):
        relaxation_spec(made, relaxation(sheet(CYCLE))["relaxed_voltage"][0])


def test_a_long_relaxation_is_thinned_and_keeps_its_extremes():
    cell = Cell(soc=0.5).run(600, 1.0, interval=1).run(40000, interval=1)
    made = cell.recording()
    spec = relaxation_spec(made, relaxation(made, tester=TESTER)["relaxed_voltage"][0])
    drawn = spec["data"][0]["y"]
    rest = made.table["voltage_volt"][600:]
    assert len(drawn) <= 2002
    assert (max(drawn), min(drawn)) == (rest.max(), rest.min())


def test_a_figure_is_made_of_it(cell: Cell):
    figure = open_circuit_figure(open_circuit(cell.recording()))
    assert len(figure.data) == 5  # type: ignore[arg-type]
