from dataclasses import replace

import pytest

from cellwright.core.messages import message
from cellwright.core.quantity import Quantity, absent
from cellwright.plot import Curve, Mark, Series, Standing, compared_spec, figure, ranking_spec, recording_spec, resistance_spec


def drawn(*series: Series) -> Curve:
    lines = series or (Series("voltage", "V", (3.0, 3.5)), Series("current", "A", (1.0, 1.0)), Series("temperature", "degC", (25.0, 26.0)))
    return Curve("a.csv", "ab" * 32, "series", 2, (0.0, 1.0), (1, 2), lines)


def resistance(milliohm: float, soc: float, time: float, sign: int = -1, rate: float = 1.0) -> Quantity:
    conditions = {"soc": soc, "nominal_time_s": time, "direction": "discharge" if sign < 0 else "charge", "c_rate": sign * rate}
    return Quantity("dc_resistance", milliohm / 1e3, "ohm", standard_uncertainty=1e-5, conditions=conditions)


def standing(name: str, soh: float | None, outcome: str = "repurpose", milliohm: float | None = 2.0, **more: object) -> Standing:
    condition = None if milliohm is None else ("discharge", 10.0, 0.5)
    base = Standing(name, outcome, soh, 0.4, (60.0, 80.0), milliohm, condition, ("cell", "NMC", None, 25.0))
    return replace(base, **more)


@pytest.mark.parametrize(("lang", "voltage"), [("en", "Voltage (V)"), ("ko", "전압 (V)")])
def test_a_recording_s_axes_have_their_units_in_both_languages(lang: str, voltage: str):
    layout = figure(drawn(), lang).to_dict()["layout"]
    titles = [layout[name]["title"]["text"] for name in ("yaxis", "yaxis2", "yaxis3", "xaxis")]
    assert titles[0] == voltage
    assert [t[-4:].strip(" .") for t in titles] == ["(V)", "(A)", "(°C)", "(h)"]


def test_a_recording_without_temperature_has_two_panels_that_fill_the_height():
    layout = recording_spec(drawn(Series("voltage", "V", (3.0, 3.5)), Series("current", "A", (1.0, 1.0))))["layout"]
    assert "yaxis3" not in layout
    assert layout["yaxis"]["domain"][1] == 1.0
    assert layout["yaxis2"]["domain"][0] == 0.0
    assert layout["yaxis2"]["domain"][1] < layout["yaxis"]["domain"][0]


def test_a_mark_shades_its_stretch():
    shape = recording_spec(drawn(), "en", [Mark(0.25, 0.75, "capacity")])["layout"]["shapes"][0]
    assert (shape["x0"], shape["x1"]) == (0.25, 0.75)


def test_resistances_are_drawn_by_direction_and_time_over_state_of_charge_in_milliohm():
    found = [resistance(2.0 + time / 10 + soc, soc, time, sign) for sign in (-1, 1) for time in (0.1, 10.0) for soc in (0.8, 0.2, 0.5)]
    data = resistance_spec(found, "en")["data"]
    assert [t["name"] for t in data] == ["discharge, 0.1 s", "charge, 0.1 s", "discharge, 10 s", "charge, 10 s"]
    assert data[0]["x"] == [20.0, 50.0, 80.0]
    assert data[2]["y"] == [3.2, 3.5, 3.8]
    assert data[0]["error_y"]["array"] == [0.02, 0.02, 0.02]  # U = 2 · 0.01 mΩ


def test_of_many_times_and_rates_few_are_drawn():
    found = [
        resistance(2.0, soc, time, rate=rate) for rate in (0.5, 1.0, 2.0) for time in (0.1, 0.3, 1.0, 3.0, 10.0) for soc in (0.2, 0.5, 0.8)
    ]
    data = resistance_spec(found, "en")["data"]
    assert [t["name"] for t in data] == ["discharge, 0.1 s", "discharge, 1 s", "discharge, 10 s"]
    assert all(len(t["x"]) == 3 for t in data)


def test_absent_resistances_and_those_of_unknown_state_of_charge_are_left_out():
    unknown = replace(resistance(2.0, 0.5, 1.0), conditions={"direction": "discharge", "time_s": 1.0})
    assert resistance_spec([absent("dc_resistance", "ohm", message("core.no")), unknown]) is None


def test_batteries_are_ranked_best_first_with_their_uncertainty_and_limits():
    spec = ranking_spec([standing("a", 70.0), standing("b", 90.0), standing("c", None), standing("d", 80.0, "undecided")], "en")
    by_name = {name: rank for rank, name in enumerate(spec["layout"]["yaxis"]["ticktext"], start=1)}
    assert by_name == {"b": 1, "d": 2, "a": 3}
    assert [t["name"] for t in spec["data"]] == ["repurpose", "undecided"]
    assert spec["data"][0]["x"] == [90.0, 70.0]
    assert spec["data"][0]["customdata"] == [1, 0]
    assert spec["data"][0]["error_x"]["array"] == [0.4, 0.4]
    assert [shape["x0"] for shape in spec["layout"]["shapes"]] == [60.0, 80.0]


def test_more_than_forty_batteries_stand_side_by_side_by_rank():
    spec = ranking_spec([standing(f"cell {n}", 60 + n / 2) for n in range(41)], "en")
    assert spec["layout"]["xaxis"]["title"]["text"] == "Rank"
    assert spec["data"][0]["x"] == list(range(1, 42))
    assert spec["data"][0]["y"][0] == 80.0


def test_a_name_with_markup_is_shown_as_it_stands():
    spec = ranking_spec([standing("<b>x</b>", 70.0), standing("y", 80.0)], "en")
    assert spec["layout"]["yaxis"]["ticktext"] == ["y", "&lt;b&gt;x&lt;/b&gt;"]
    assert "&lt;b&gt;x&lt;/b&gt;" in spec["data"][0]["text"][1]


def test_only_resistances_of_one_design_and_condition_are_compared():
    alike = [standing(name, 70.0 + n, milliohm=2.0 + n) for n, name in enumerate("abc")]
    others = [
        standing("cold", 80.0, condition=("discharge", 0.1, 0.5)),
        standing("big", 80.0, design=("module", "NMC", None, 50.0)),
        standing("none", 80.0, milliohm=None),
    ]
    spec = compared_spec([others[0], *alike, *others[1:]], "en")
    assert spec["data"][0]["x"] == [2.0, 3.0, 4.0]
    assert spec["data"][0]["customdata"] == [1, 2, 3]
    assert spec["layout"]["xaxis"]["title"]["text"] == "DC resistance (mΩ), discharge, 10 s, SOC 50 %"
    assert compared_spec(alike[:2]) is None
