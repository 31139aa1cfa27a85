"""Whether a finished battery may be called remanufactured."""

from dataclasses import replace
from typing import Any

import pytest

from cellwright.core import rules
from cellwright.core.assessment import Claim
from cellwright.core.battery import Battery
from cellwright.core.quantity import Origin, Quantity
from cellwright.grading import remanufactured

RULES = rules.load()
PACK = Battery("pack-1", level="pack", series=4, parallel=1, rated_capacity_ah=20.0, purpose="ev")

Cells = list[tuple[Battery, dict[str, tuple[Quantity, ...]]]]


def soh(value: float, u: float | None = 0.0, origin: Origin = "bench") -> tuple[Quantity, ...]:
    return (Quantity("capacity_soh", value, "1", standard_uncertainty=u, origin=origin),)


def cell(name: int, value: float, u: float | None = 0.0, origin: Origin = "bench", purpose: str | None = "ev") -> Any:
    return Battery(f"cell-{name}", parent="pack-1", purpose=purpose), {"capacity_soh": soh(value, u, origin)}


def cells(*values: float, u: float = 0.0) -> Cells:
    return [cell(n, value, u) for n, value in enumerate(values)]


def claim(restored: float = 0.95, made_of: Cells | None = None, battery: Battery = PACK, u: float = 0.0) -> Claim:
    made_of = cells(1.0, 0.99, 0.98, 0.98) if made_of is None else made_of
    return remanufactured(battery, made_of, RULES, {"capacity_soh": soh(restored, u)})


def needs(found: Claim) -> list[str]:
    return [need.code.removeprefix("grading.") for need in found.needs]


def test_a_battery_that_shows_everything_is_granted_the_name():
    found = claim()
    assert (found.name, found.granted, found.needs) == ("remanufactured", True, ())
    assert {r.rule.clause for r in found.reasons if r.rule} == {"Art. 3(32)"}


@pytest.mark.parametrize(("restored", "granted"), [(0.899, False), (0.900, True)])
def test_restored_capacity_is_at_least_90_percent_of_the_original(restored: float, granted: bool):
    assert claim(restored).granted is granted


@pytest.mark.parametrize(
    ("best", "worst", "granted"),
    [
        (1.000, 0.973, True),  # 2.7 points
        (1.000, 0.970, True),  # 3.0 points, 3.0 % of the best
        (1.000, 0.969, False),
        (0.950, 0.922, True),  # 2.8 points, 2.95 % of the best
        (0.950, 0.921, False),  # 2.9 points, but 3.05 % of the best: the stricter reading decides
        (1.020, 0.9895, False),  # 3.05 points, but 2.99 % of the best: here the other is the stricter
    ],
)
def test_cells_are_within_3_percent_by_both_readings(best: float, worst: float, granted: bool):
    found = claim(made_of=cells(best, best - 0.001, best - 0.002, worst))
    assert found.granted is granted
    readings = [r for r in found.reasons if r.code.startswith("grading.difference")]
    assert [r.rule and r.rule.limit for r in readings] == ["maximum_cell_difference_points", "maximum_cell_difference_share"]
    assert all(r.rule and r.rule.status == "assumed" for r in readings)


def test_the_guard_band_protects_the_buyer():
    """u = 0.005: w = 1 % on 90 %; for two cells u = 0.005 · √2, w = 1.41 points on 3."""
    assert claim(0.909, u=0.005).granted is None
    assert claim(0.911, u=0.005).granted is True
    assert claim(0.889, u=0.005).granted is False
    assert claim(made_of=cells(1.0, 1.0, 1.0, 0.985, u=0.005)).granted is True
    straddling = claim(made_of=cells(1.0, 1.0, 1.0, 0.975, u=0.005))
    assert (straddling.granted, needs(straddling)) == (None, ["difference.more_precise"] * 2)


def test_a_cell_of_its_own_wide_uncertainty_counts_though_it_is_not_the_worst():
    made_of = [*cells(1.0, 0.99, 0.98), cell(9, 0.985, u=0.01)]
    assert claim(made_of=made_of).granted is None


def test_one_cell_missing_leaves_it_unshown():
    found = claim(made_of=cells(1.0, 0.99, 0.98))
    assert (found.granted, needs(found)) == (None, ["need.every_cell"])
    assert found.needs[0].params == {"found": 3, "expected": 4}


def test_the_same_cell_twice_is_one_cell():
    made_of = cells(1.0, 0.99, 0.98)
    assert claim(made_of=[*made_of, made_of[0]]).granted is None


@pytest.mark.parametrize("origin", ["estimated", "bms", "declared"])
def test_one_cell_that_was_not_on_the_bench_leaves_it_unshown(origin: Origin):
    found = claim(made_of=[*cells(1.0, 0.99, 0.98), cell(7, 0.98, origin=origin)])
    assert (found.granted, needs(found)) == (None, ["need.bench_capacity_of_cells"])
    assert found.needs[0].params == {"cells": ("cell-7",)}


def test_a_bms_value_of_the_finished_battery_shows_nothing():
    found = remanufactured(PACK, cells(1.0, 0.99, 0.98, 0.98), RULES, {"capacity_soh": soh(0.95, origin="bms")})
    assert (found.granted, needs(found)) == (None, ["need.bench_capacity_of_battery"])
    assert remanufactured(PACK, cells(1.0, 0.99, 0.98, 0.98), RULES).granted is None


def test_an_unknown_uncertainty_shows_nothing():
    made_of = [*cells(1.0, 0.99, 0.98), cell(7, 0.98, u=None)]
    assert needs(claim(made_of=made_of)) == ["difference.stated_uncertainty"] * 2


def test_another_purpose_refuses_it():
    assert claim(battery=replace(PACK, purpose="stationary")).granted is False
    assert claim(made_of=[*cells(1.0, 0.99, 0.98), cell(7, 0.98, purpose="forklift")]).granted is False


def test_a_purpose_that_is_not_stated_leaves_it_unshown():
    assert needs(claim(battery=replace(PACK, purpose=None))) == ["need.purpose"]
    assert needs(claim(made_of=[*cells(1.0, 0.99, 0.98), cell(7, 0.98, purpose=None)])) == ["need.purpose"]


def test_without_the_number_of_cells_their_completeness_is_not_shown():
    assert needs(claim(battery=replace(PACK, series=None))) == ["need.number_of_cells"]


def test_what_is_shown_to_fail_refuses_whatever_else_is_missing():
    assert claim(restored=0.5, made_of=[], battery=replace(PACK, series=None, purpose=None)).granted is False


def test_no_cells_show_nothing():
    assert claim(made_of=[]).granted is None


def test_a_battery_of_one_cell_does_not_differ_from_itself():
    assert claim(made_of=cells(0.95), battery=replace(PACK, series=1)).granted is True


def test_every_text_of_a_claim_can_be_said():
    for found in (claim(), claim(0.5), claim(made_of=cells(1.0, u=0.1)), claim(made_of=cells(1.0, 0.96, 0.9, 0.97, u=0.01))):
        for lang in ("en", "ko"):
            texts = [r.text(lang) for r in found.reasons] + [n.text(lang) for n in found.needs]
            assert not any("{" in text or text.startswith("grading.") for text in texts)
