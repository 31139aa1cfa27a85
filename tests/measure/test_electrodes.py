"""Electrode state, against cells put together from half-cells whose capacities and lithium are known."""

from functools import cache
from math import isclose

import numpy as np
import polars as pl
import pytest

from cellwright import measure, plot
from cellwright.core.errors import UsageError
from cellwright.core.quantity import correlation
from tests.measure.incremental_truth import (
    LITHIUM_AH,
    NEGATIVE_AH,
    POSITIVE_AH,
    Floats,
    cell,
    curve,
    graphite,
    nmc,
    sweep,
)
from tests.measure.recordings import TESTER


def silicon(x: Floats) -> Floats:
    """A slope like that of silicon; any falling curve that graphite is not will do."""
    return 0.6 - 0.55 * x + 0.25 * np.exp(-20 * x) - 0.05 * np.tanh(6 * (x - 0.5))


POSITIVE, NEGATIVE = curve(nmc, "NMC"), curve(graphite, "graphite")


@cache
def aged(losses: tuple[float, float, float], seed: int, direction: str = "charge") -> measure.SweepCurve:
    lithium, positive, negative = losses
    capacity, voltage = cell(POSITIVE_AH * (1 - positive), NEGATIVE_AH * (1 - negative), LITHIUM_AH * (1 - lithium))
    return measure.differential_voltage(sweep(voltage, capacity_ah=capacity, seed=seed, direction=direction), tester=TESTER)


AGEINGS = [(0.0, 0.0, 0.0), (0.10, 0.0, 0.0), (0.0, 0.10, 0.0), (0.05, 0.0, 0.10), (0.12, 0.08, 0.05), (0.20, 0.15, 0.10)]
LOSSES = ("lithium_inventory_loss", "positive_electrode_loss", "negative_electrode_loss")


@cache
def fitted(losses: tuple[float, float, float], seed: int, direction: str = "charge") -> measure.Electrodes:
    return measure.electrodes(aged(losses, seed, direction), POSITIVE, NEGATIVE)


@pytest.mark.parametrize("losses", AGEINGS)
def test_losses_are_within_one_point_where_the_half_cells_match(losses: tuple[float, float, float]):
    before, after = fitted((0.0, 0.0, 0.0), 1), fitted(losses, 2, "charge" if losses[1] else "discharge")
    found = measure.degradation_modes(before, after)
    for name, true in zip(LOSSES, losses, strict=True):
        value, unsure = found[name].value, found[name].standard_uncertainty
        assert value is not None
        assert unsure is not None
        assert abs(value - true) < 0.01
        assert abs(value - true) < 4 * unsure
        assert found[name].unit == "1"


@pytest.mark.parametrize(("losses", "phase"), list(zip(AGEINGS[1:], (0.1, 0.4, 0.8, 0.1, 0.4), strict=True)))
def test_losses_are_within_three_points_where_they_do_not_quite(losses: tuple[float, float, float], phase: float):
    half_cells = curve(nmc, "NMC", off_volt=0.005, phase=phase), curve(graphite, "graphite", off_volt=0.002, phase=2 * phase)
    before, after = (measure.electrodes(aged(given, 3), *half_cells) for given in ((0.0, 0.0, 0.0), losses))
    found = measure.degradation_modes(before, after)
    for name, true in zip(LOSSES, losses, strict=True):
        assert abs((found[name].value or 0) - true) < 0.03


def test_capacities_and_stoichiometries_are_those_the_cell_was_made_of():
    state = fitted((0.0, 0.0, 0.0), 1).quantities
    true = {
        "positive_capacity": POSITIVE_AH,
        "negative_capacity": NEGATIVE_AH,
        "lithium_inventory": LITHIUM_AH,
        "negative_stoichiometry_empty": 0.0279,
        "positive_stoichiometry_empty": 0.9084,
    }
    for name, value in true.items():
        assert abs((state[name].value or 0) - value) < 0.005 * max(value, 0.1), name
    assert {q.origin for q in state.values()} == {"estimated"}
    assert abs(correlation(state["positive_capacity"], state["lithium_inventory"])) > 0.5


def test_losses_of_one_channel_do_not_carry_its_gain():
    before, after = (fitted((0.0, 0.0, 0.0), 1), fitted(AGEINGS[1], 2))
    assert "t/m:current:gain" in before.quantities["lithium_inventory"].components
    loss = measure.degradation_modes(before, after)["lithium_inventory_loss"]
    assert abs(loss.components.get("t/m:current:gain", 0.0)) < 1e-9


@pytest.mark.parametrize("share", [0.03, 0.2])
def test_two_materials_at_one_potential_are_told_apart(share: float):
    volt = np.linspace(1.5, 0.0, 20_001)
    lithium = np.linspace(0, 1, 20_001)
    both = sum(
        part * np.interp(-volt, -potential(lithium), lithium) for part, potential in ((1 - share, graphite), (share, silicon))
    )  # x(U) = (1 - f) x1(U) + f x2(U)
    capacity, voltage = cell(POSITIVE_AH, NEGATIVE_AH, 7.2, lambda x: np.interp(x, both, volt))
    measured = measure.incremental_capacity(sweep(voltage, capacity_ah=capacity))
    state = measure.electrodes(measured, POSITIVE, (NEGATIVE, curve(silicon, "silicon"))).quantities
    assert abs((state["negative_share"].value or 0) - share) < 0.01
    assert isclose(state["negative_capacity"].value or 0, NEGATIVE_AH, rel_tol=0.01)


def test_a_sweep_faster_than_a_tenth_of_c_says_nothing_of_electrodes():
    capacity, voltage = cell(POSITIVE_AH, NEGATIVE_AH, LITHIUM_AH)
    state = measure.electrodes(measure.incremental_capacity(sweep(voltage, capacity_ah=capacity, c_rate=0.2)), POSITIVE, NEGATIVE)
    reason = state.quantities["lithium_inventory"].reason
    assert reason is not None
    assert reason.code == "measure.electrodes_too_fast"
    losses = measure.degradation_modes(state, state)
    assert all(q.value is None and q.reason == reason for q in losses.values())
    with pytest.raises(UsageError):
        plot.electrodes(state)


def test_without_a_half_cell_or_with_the_wrong_one_there_is_no_state():
    open_circuit = aged((0.0, 0.0, 0.0), 1)
    codes = {
        state.quantities["positive_capacity"].reason.code  # pyright: ignore[reportOptionalMemberAccess]
        for state in (measure.electrodes(open_circuit, POSITIVE, None), measure.electrodes(open_circuit, curve(silicon, "Si"), NEGATIVE))
    }
    assert codes == {"measure.electrodes_no_half_cells", "measure.electrodes_do_not_fit"}


def test_losses_need_the_same_half_cells():
    before = fitted((0.0, 0.0, 0.0), 1)
    after = measure.electrodes(aged((0.0, 0.0, 0.0), 1), POSITIVE, curve(graphite, "graphite of another maker"))
    with pytest.raises(UsageError, match="another maker"):
        measure.degradation_modes(before, after)


def test_a_half_cell_sweep_over_capacity_serves_in_either_direction():
    lithium = np.linspace(0, 1, 200)
    inwards = pl.DataFrame({"capacity_ah": lithium * 3, "potential_volt": graphite(lithium)})
    outwards = pl.DataFrame({"capacity_ah": lithium * 3, "potential_volt": graphite(1 - lithium)})
    first, second = (measure.half_cell(table, "graphite") for table in (inwards, outwards))
    assert np.allclose(first.potential(lithium), graphite(lithium), atol=1e-6)
    assert np.allclose(second.potential(lithium), graphite(lithium), atol=1e-6)


@pytest.mark.parametrize(
    ("table", "name", "code"),
    [
        (pl.DataFrame({"stoichiometry": [0.0, 1.0], "potential_volt": [1.0, 0.1]}), "graphite", "half_cell_too_short"),
        (pl.DataFrame({"x": [0.0, 1.0], "potential_volt": [1.0, 0.1]}), "graphite", "half_cell_columns"),
        (pl.DataFrame({"stoichiometry": np.linspace(0, 1, 50), "potential_volt": np.linspace(0, 1, 50)}), "graphite", "half_cell_rises"),
        (pl.DataFrame({"stoichiometry": [0.0], "potential_volt": [1.0]}), " ", "half_cell_unnamed"),
    ],
)
def test_a_table_that_is_no_half_cell_is_refused(table: pl.DataFrame, name: str, code: str):
    with pytest.raises(UsageError) as refused:
        measure.half_cell(table, name)
    assert refused.value.code == f"measure.{code}"


def test_the_figure_shows_cell_fit_and_both_electrodes():
    state = fitted((0.0, 0.0, 0.0), 1)
    for lang in ("en", "ko"):
        spec = plot.electrodes_spec(state, lang)
        assert [t["name"] for t in spec["data"]][2:4] == ["NMC", "graphite"]
        assert "mV" in spec["layout"]["yaxis2"]["title"]["text"]
    assert len(plot.electrodes(state).data) == 5
