"""A resistance beside those of its siblings."""

from typing import Any

import pytest

from cellwright.core.assessment import Verdict
from cellwright.core.messages import message
from cellwright.core.quantity import Quantity
from cellwright.safety import essential, screen, sibling
from cellwright.safety import siblings as siblings_of
from tests.safety.batteries import ALIKE, CELL, RULES, SOUND, check_of, evidence, gathered, resistance, siblings


def beside(others: list[dict[str, tuple[Quantity, ...]]], *own: Quantity) -> tuple[Any, Verdict]:
    return screen(CELL, evidence(SOUND) | {"dc_resistance": own}, gathered(others), RULES)


def test_one_that_is_far_from_its_siblings_is_held():
    """Median of 1.9, 2.0, 2.0, 2.1, 2.1, 2.2 mohm is 2.05; 3 mohm is 1.46 times that, and 0.95 off where 3.5 · 1.4826 · 0.05 = 0.26."""
    (finding,), verdict = beside(ALIKE, resistance(0.003))
    assert (verdict.outcome, finding.effect) == ("hold", "hold")
    assert finding.params == {"value": 0.003, "typical": 0.00205, "siblings": 6, "time": 10.0, "soc": 50.0}


def test_one_that_is_far_too_low_is_held_too():
    """2.05 / 1.5 = 1.37 > 1.3."""
    assert beside(ALIKE, resistance(0.0015))[1].outcome == "hold"


def test_a_small_difference_is_none_however_narrow_the_scatter():
    """2.5 / 2.05 = 1.22 < 1.3, though nine scaled deviations off."""
    assert beside(ALIKE, resistance(0.0025))[1].outcome == "pass"


def test_a_large_difference_is_none_where_the_siblings_scatter_as_much():
    """1, 1.5, 2, 2.5, 3 mohm: median 2, deviations 0.5, scaled 0.74; 3.5 times that is 2.6, and 3 mohm is 1 off."""
    assert beside(siblings(0.001, 0.0015, 0.002, 0.0025, 0.003), resistance(0.003))[1].outcome == "pass"


def test_bad_ones_among_the_siblings_do_not_hide_a_bad_one():
    others = [*ALIKE, *siblings(0.009, 0.012)]
    assert beside(others, resistance(0.004))[1].outcome == "hold"


def test_fewer_than_five_siblings_are_no_comparison_and_no_fault_of_the_cell():
    _, verdict = beside(ALIKE[:4], resistance(0.002))
    check = check_of(verdict, "dc_resistance")
    assert (verdict.outcome, check.status) == ("pass", "not_performed")
    assert check.reason == message("safety.too_few_siblings", found=4, needed=5)
    assert not essential(check)


@pytest.mark.parametrize("at", [{"soc": 0.56}, {"soc": None}, {"celsius": 28.5}, {"celsius": None}, {"time": 5.0}, {"way": "charge"}])
def test_only_what_was_pulsed_alike_is_compared(at: dict[str, Any]):
    others = siblings(0.0019, 0.002, 0.002, 0.0021, 0.0021, 0.0022, **at)
    findings, verdict = beside(others, resistance(0.008))
    assert findings == ()
    check = check_of(verdict, "dc_resistance")
    assert check.status == "not_performed"
    assert essential(check) is (None not in at.values())  # siblings whose state or temperature is unknown were as good as not pulsed


def test_each_sibling_counts_once_with_its_nearest_state_of_charge():
    others = [{"dc_resistance": (resistance(0.009, soc=0.46), *q["dc_resistance"], resistance(0.009, soc=0.54))} for q in ALIKE]
    assert beside(others, resistance(0.002))[1].outcome == "pass"


def test_the_resistance_nearest_to_half_charge_is_compared():
    """At 10 % of charge a sound cell's resistance is far from its siblings' at 50 %."""
    assert beside(ALIKE, resistance(0.009, soc=0.1), resistance(0.002, soc=0.52))[1].outcome == "pass"


def test_of_several_pulses_that_are_off_the_one_furthest_off_is_told():
    others = [{"dc_resistance": (*q["dc_resistance"], resistance(0.001, time=0.1))} for q in ALIKE]
    (finding,), _ = beside(others, resistance(0.003), resistance(0.004, time=0.1))
    assert finding.params["time"] == 0.1


@pytest.mark.parametrize("own", [(), (resistance(0.002, soc=None),), (resistance(0.002, celsius=None),), (resistance(-0.002),)])
def test_where_siblings_are_there_to_compare_with_a_cell_without_resistance_does_not_pass(own: tuple[Quantity, ...]):
    _, verdict = beside(ALIKE, *own)
    check = check_of(verdict, "dc_resistance")
    assert (verdict.outcome, check.reason) == ("insufficient", message("safety.missing.dc_resistance"))
    assert essential(check)


def test_a_battery_among_its_siblings_is_not_its_own_sibling():
    own = resistance(0.002)
    group = siblings_of([gathered(ALIKE[:4]), sibling(CELL.id, [own])])
    _, verdict = screen(CELL, evidence(SOUND) | {"dc_resistance": (own,)}, group, RULES)
    assert check_of(verdict, "dc_resistance").reason == message("safety.too_few_siblings", found=4, needed=5)
