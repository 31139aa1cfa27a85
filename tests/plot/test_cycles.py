"""Capacity and efficiency over the cycles, drawn."""

import numpy as np
import polars as pl

from cellwright.plot import cycles, cycles_spec


def made(count: int) -> pl.DataFrame:
    capacity = 5 - 0.001 * np.arange(count)
    return pl.DataFrame(
        {
            "cycle_count": np.arange(1, count + 1),
            "cycle_charging_capacity_ah": capacity / 0.99,
            "cycle_discharging_capacity_ah": capacity,
            "coulombic_efficiency": np.full(count, 0.99),
            "closed": np.arange(count) > 0,
        }
    )


def test_both_capacities_and_the_efficiency_of_closed_cycles_are_drawn():
    discharge, charge, efficiency = cycles_spec(made(3))["data"]
    assert discharge["y"] == [5.0, 4.999, 4.998]
    assert charge["y"][0] == 5.05051
    assert efficiency["y"] == [None, 99.0, 99.0]


def test_axes_carry_their_units_in_both_languages():
    assert cycles_spec(made(3))["layout"]["yaxis"]["title"]["text"] == "Capacity (Ah)"
    assert cycles_spec(made(3), "ko")["layout"]["yaxis"]["title"]["text"] == "용량 (Ah)"


def test_a_test_without_a_closed_cycle_shows_no_efficiency():
    spec = cycles_spec(made(1))
    assert len(spec["data"]) == 2
    assert "yaxis2" not in spec["layout"]


def test_very_many_cycles_are_thinned_and_keep_their_extremes():
    name = "cycle_discharging_capacity_ah"
    outlier = pl.when(pl.col("cycle_count") == 123_456).then(9.0).otherwise(pl.col(name))
    table = made(300_000).with_columns(outlier.alias(name))
    drawn = cycles_spec(table)["data"][0]
    assert len(drawn["x"]) <= 100_000
    assert dict(zip(drawn["x"], drawn["y"], strict=True))[123_456] == 9.0


def test_a_notebook_gets_a_figure():
    assert len(cycles(made(3)).data) == 3


def test_a_half_that_did_not_run_is_not_drawn_as_none():
    uncharged = made(2).with_columns(pl.Series("cycle_charging_capacity_ah", [0.0, 5.0]))
    assert cycles_spec(uncharged)["data"][1]["y"] == [None, 5.0]
