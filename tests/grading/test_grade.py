"""Where a battery goes, under a guard band that protects the buyer."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellwright.core import rules
from cellwright.core.assessment import Check, Decision, DecisionRule, Verdict
from cellwright.core.battery import Battery
from cellwright.core.messages import message
from cellwright.core.quantity import Origin, Quantity, absent
from cellwright.core.rules import Limit, RuleSet
from cellwright.grading import decisive_resistance, grade

RULES = rules.load()
CELL = Battery("cell-1", rated_resistance_ohm=0.002, rated_temperature_celsius=25.0, purpose="ev", waste="no")
PACK = replace(CELL, id="pack-1", level="pack")
STATIONARY = replace(CELL, purpose="stationary")
PASS = Verdict("pass", (Check("safety.check.rest_sag", "clear", None, RULES.safety.cite("rest_sag_per_cell_hold")),))
SAG = Check("safety.check.rest_sag", "finding", None, RULES.safety.cite("rest_sag_per_cell_hold"))
HEAT = Check("safety.check.temperature_rise", "not_performed", message("safety.missing.temperature_rise"))
ALONE = Check("safety.check.dc_resistance", "not_performed", message("safety.too_few_siblings", found=0, needed=5))


def capacity_soh(value: float, u: float | None = 0.005, origin: Origin = "bench", **conditions: Any) -> Quantity:
    return Quantity("capacity_soh", value, "1", standard_uncertainty=u, origin=origin, conditions=conditions)


def resistance(value: float, u: float = 0.00001, **conditions: Any) -> Quantity:
    at = {"soc": 0.5, "temperature_celsius": 25.0, "direction": "discharge", "nominal_time_s": 10.0, **conditions}
    return Quantity("dc_resistance", value, "ohm", standard_uncertainty=u, conditions=at)


def decided(
    soh: Quantity | None = None, *pulses: Quantity, battery: Battery = CELL, verdict: Verdict = PASS, ruled: RuleSet = RULES, k: float = 2.0
) -> Decision:
    quantities = {"capacity_soh": (soh,) if soh else (), "dc_resistance": pulses}
    return grade(battery, quantities, verdict, ruled, k)


def codes(decision: Decision) -> list[str]:
    return [reason.code for reason in decision.reasons]


@pytest.mark.parametrize(
    ("battery", "value", "outcome"),
    [
        (CELL, 0.95, "remanufacture"),
        (CELL, 0.85, "repurpose"),
        (CELL, 0.70, "repurpose"),
        (CELL, 0.50, "recycle"),
        (PACK, 0.95, "reuse"),
        (PACK, 0.85, "reuse"),
        (PACK, 0.70, "repurpose"),
        (PACK, 0.50, "recycle"),
        (replace(PACK, level="module"), 0.95, "remanufacture"),
    ],
)
def test_the_first_route_that_the_capacity_is_good_for_is_taken(battery: Battery, value: float, outcome: str):
    assert decided(capacity_soh(value), battery=battery).outcome == outcome


@pytest.mark.parametrize(
    ("value", "outcome"),
    [(0.610, "repurpose"), (0.6099, "undecided"), (0.600, "undecided"), (0.5901, "undecided"), (0.590, "recycle")],
)
def test_the_guard_band_is_u_on_either_side_of_the_limit(value: float, outcome: str):
    """u = 0.005, k = 2: w = 0.01 around 0.60."""
    assert decided(capacity_soh(value, 0.005)).outcome == outcome


def test_what_straddles_a_limit_needs_a_measurement_precise_enough():
    """0.604 is 0.004 from 0.60: U of 0.4 % would do."""
    decision = decided(capacity_soh(0.604, 0.005))
    assert decision.needs == (message("grading.capacity.more_precise", uncertainty=0.4),)
    assert codes(decision)[-2] == "grading.capacity.straddles"


def test_a_capacity_that_straddles_the_better_limit_is_not_quietly_sent_down():
    assert decided(capacity_soh(0.895, 0.005)).outcome == "undecided"


def test_a_wider_guard_band_or_coverage_decides_less():
    wide = replace(RULES, routing=replace(RULES.routing, guard_band=2.0))
    assert decided(capacity_soh(0.615)).outcome == "repurpose"
    assert decided(capacity_soh(0.615), ruled=wide).outcome == "undecided"
    assert decided(capacity_soh(0.611), k=3.0).outcome == "undecided"
    assert decided(capacity_soh(0.615), ruled=wide, k=3.0).rule == DecisionRule(guard_band=2.0, coverage_factor=3.0)


def test_without_guard_band_the_value_alone_decides():
    simple = replace(RULES, routing=replace(RULES.routing, guard_band=0.0))
    assert decided(capacity_soh(0.60, None), ruled=simple).outcome == "repurpose"
    assert decided(capacity_soh(0.5999, None), ruled=simple).outcome == "recycle"


def test_an_unknown_uncertainty_decides_nothing():
    decision = decided(capacity_soh(0.99, None))
    assert decision.outcome == "undecided"
    assert decision.needs == (message("grading.capacity.stated_uncertainty"),)


def test_every_reason_from_a_limit_names_rule_quantity_limit_source_and_status():
    decision = decided(capacity_soh(0.70), resistance(0.003))
    held = [r for r in decision.reasons if r.code.startswith(("grading.capacity", "grading.resistance"))]
    assert [(r.code, r.quantity, r.rule and r.rule.limit) for r in held] == [
        ("grading.capacity.refused", "capacity_soh", "remanufacture_minimum_capacity_soh"),
        ("grading.resistance.accepted", "dc_resistance", "remanufacture_maximum_resistance_ratio"),
        ("grading.capacity.accepted", "capacity_soh", "repurpose_minimum_capacity_soh"),
        ("grading.resistance.accepted", "dc_resistance", "repurpose_maximum_resistance_ratio"),
    ]
    assert all(r.rule and (r.rule.rule, r.rule.status) == ("routing-default", "assumed") and r.rule.source for r in held)
    assert held[2].params["value"] == 70.0
    assert "70 %" in held[2].text("en")


def test_a_resistance_beyond_the_limit_closes_a_route():
    """2.2 times the rated 2 mohm is more than 2, 3.2 times more than 3."""
    assert decided(capacity_soh(0.95), resistance(0.0044)).outcome == "repurpose"
    assert decided(capacity_soh(0.95), resistance(0.0064)).outcome == "recycle"


def test_a_resistance_that_straddles_its_limit_leaves_it_undecided():
    """4 mohm is 2 times the rated, u = 0.05: w = 0.1."""
    decision = decided(capacity_soh(0.95), resistance(0.0041, 0.0001))
    assert decision.outcome == "undecided"
    assert decision.needs == (message("grading.resistance.more_precise", uncertainty=0.05),)


@pytest.mark.parametrize("at", [{"soc": 0.05}, {"soc": None}, {"temperature_celsius": 5.0}, {"temperature_celsius": None}])
def test_a_resistance_near_empty_or_in_the_cold_is_not_held_against_the_rated_one(at: dict[str, Any]):
    decision = decided(capacity_soh(0.95), resistance(0.0064, **at))
    assert decision.outcome == "remanufacture"
    assert "grading.resistance.not_measured" in codes(decision)


def test_without_a_rated_resistance_none_is_held_and_that_is_said():
    decision = decided(capacity_soh(0.95), resistance(0.0064), battery=replace(CELL, rated_resistance_ohm=None))
    assert decision.outcome == "remanufacture"
    assert "grading.resistance.not_rated" in codes(decision)


def test_the_decisive_resistance_is_of_a_ten_second_discharge_near_half_charge():
    pulses = [
        resistance(0.002, **at) for at in ({"soc": 0.4}, {"nominal_time_s": 0.1}, {"direction": "charge"}, {"soc": 0.501}, {"soc": 0.9})
    ]
    assert decisive_resistance(CELL, pulses) == pulses[3]
    assert decisive_resistance(CELL, pulses[-1:]) is None


def test_a_safety_reject_leaves_only_recycling():
    decision = decided(capacity_soh(0.99), verdict=Verdict("reject", (SAG, ALONE)))
    assert decision.outcome == "recycle"
    reason = decision.reasons[0]
    assert (reason.code, reason.quantity, reason.rule) == ("grading.safety.finding", "rest_sag", SAG.rule)


def test_a_hold_is_undecided_until_its_finding_is_settled():
    decision = decided(capacity_soh(0.99), verdict=Verdict("hold", (SAG, HEAT, ALONE)))
    assert decision.outcome == "undecided"
    assert decision.needs == (
        message("grading.need.settle", check="safety.check.rest_sag"),
        message("grading.need.check", check="safety.check.temperature_rise"),
    )


def test_missing_evidence_is_undecided_and_lists_the_essential_checks():
    decision = decided(capacity_soh(0.99), verdict=Verdict("insufficient", (HEAT, ALONE)))
    assert decision.outcome == "undecided"
    assert decision.needs == (message("grading.need.check", check="safety.check.temperature_rise"),)
    assert "grading.safety.insufficient" in codes(decision)


@pytest.mark.parametrize("verdict", [Verdict("hold", (SAG,)), Verdict("insufficient", (HEAT,))])
def test_a_capacity_that_says_recycle_needs_no_safety_check(verdict: Verdict):
    assert decided(capacity_soh(0.40), verdict=verdict).outcome == "recycle"


def test_an_unconditioned_capacity_may_route_upwards_and_says_what_it_is():
    decision = decided(capacity_soh(0.95, unconditioned=True))
    assert decision.outcome == "remanufacture"
    assert "grading.unconditioned" in codes(decision)


def test_an_unconditioned_capacity_does_not_send_a_battery_to_recycling():
    decision = decided(capacity_soh(0.50, unconditioned=True))
    assert decision.outcome == "undecided"
    assert decision.needs == (message("grading.need.conditioned_capacity"),)


def test_resistance_recycles_also_where_the_capacity_was_not_conditioned():
    assert decided(capacity_soh(0.50, unconditioned=True), resistance(0.0064)).outcome == "recycle"


@pytest.mark.parametrize(
    ("reason", "need"),
    [
        (message("health.not_comparable", what=["health.condition.c_rate"], tested=[0.5], rated=[1.0]), "capacity_at_rated_conditions"),
        (message("health.not_comparable_rating_incomplete", columns=["rated_capacity_c_rate"]), "rated_values"),
        (message("health.not_comparable_test_incomplete", what=["health.condition.temperature"]), "test_conditions"),
        (message("health.no_rated_value", columns=["rated_capacity_ah"]), "rated_values"),
        (message("measure.no_discharge"), "reference_capacity"),
    ],
)
def test_without_a_state_of_health_it_is_undecided_and_says_what_would_give_one(reason: Any, need: str):
    decision = decided(absent("capacity_soh", "1", reason))
    assert decision.outcome == "undecided"
    assert (decision.reasons[1].code, decision.reasons[1].params) == (reason.code, reason.params)
    (found,) = decision.needs
    assert found.code == f"grading.need.{need}"
    assert "{" not in found.text("en") + found.text("ko")


def test_where_no_capacity_was_looked_for_it_is_undecided():
    assert decided(None).outcome == "undecided"


def test_the_bms_never_decides():
    battery = replace(CELL, bms_soh=0.99)
    quantities = {"bms_soh": (Quantity("bms_soh", 0.99, "1", standard_uncertainty=0.001, origin="bms"),)}
    assert grade(battery, quantities, PASS, RULES).outcome == "undecided"
    assert decided(capacity_soh(0.99, origin="bms")).outcome == "undecided"
    assert grade(battery, quantities | {"capacity_soh": (capacity_soh(0.5),)}, PASS, RULES).outcome == "recycle"


def test_the_first_capacity_decides():
    quantities = {"capacity_soh": (capacity_soh(0.7), capacity_soh(0.95))}
    assert grade(CELL, quantities, PASS, RULES).outcome == "repurpose"


@pytest.mark.parametrize(
    ("value", "battery", "korean"),
    [
        (0.95, CELL, "재제조"),
        (0.70, CELL, "재사용"),
        (0.50, CELL, "재활용"),
        (0.95, PACK, None),
        (0.70, replace(CELL, purpose="ess"), None),
    ],
)
def test_korea_has_its_own_words_for_what_becomes_of_a_vehicles_battery(value: float, battery: Battery, korean: str | None):
    term = decided(capacity_soh(value), battery=battery).term
    assert (term and term.params["ko"]) == korean
    assert term is None or korean is None or korean in term.text("ko")


@pytest.mark.parametrize("verdict", [PASS, Verdict("reject", (SAG,)), Verdict("insufficient", (HEAT,))])
def test_every_decision_says_that_it_is_advisory(verdict: Verdict):
    decision = decided(capacity_soh(0.95), verdict=verdict)
    assert decision.advisory
    assert "advisory, not the statutory grade" in decision.reasons[-1].text("en")
    assert "법정 등급이 아닙니다" in decision.reasons[-1].text("ko")


@pytest.mark.parametrize(
    ("waste", "battery", "value", "word"),
    [
        ("yes", PACK, 0.95, "preparation for re-use"),
        ("yes", CELL, 0.70, "preparation for repurposing"),
        ("no", CELL, 0.70, "not waste: repurposing"),
        ("unknown", CELL, 0.70, "state `waste`"),
    ],
)
def test_waste_decides_the_word(waste: Any, battery: Battery, value: float, word: str):
    decision = decided(capacity_soh(value), battery=replace(battery, waste=waste))
    assert any(word in reason.text("en") for reason in decision.reasons)


def test_a_users_limits_replace_the_shipped_ones():
    strict = Limit(0.75, "1", "our own", "verified", "§ 4")
    routing = replace(RULES.routing, name="ours", limits={**RULES.routing.limits, "repurpose_minimum_capacity_soh": strict})
    decision = decided(capacity_soh(0.70), ruled=replace(RULES, routing=routing))
    assert decision.outcome == "recycle"
    last = [r for r in decision.reasons if r.rule][-1]
    assert last.rule
    assert (last.rule.rule, last.rule.value, last.rule.clause, last.rule.status) == ("ours", 0.75, "§ 4", "verified")


@settings(deadline=None)
@given(st.floats(0.0, 1.2), st.floats(0.0, 0.1), st.sampled_from(["cell", "module", "pack"]))
def test_a_route_is_only_ever_taken_with_the_whole_interval_beyond_its_limit(value: float, u: float, level: Any):
    decision = decided(capacity_soh(value, u), battery=replace(CELL, level=level))
    if decision.outcome in ("reuse", "remanufacture", "repurpose"):
        limit = RULES.routing.limits[f"{decision.outcome}_minimum_capacity_soh"].value
        assert value - 2 * u >= limit - 1e-9
    if decision.outcome == "recycle":
        assert value + 2 * u <= 0.60 + 1e-9


@settings(deadline=None)
@given(st.floats(0.0, 1.2), st.floats(0.0, 0.1), st.booleans(), st.floats(0.001, 0.01))
def test_every_text_of_a_decision_can_be_said(value: float, u: float, unconditioned: bool, ohm: float):
    decision = decided(capacity_soh(value, u, unconditioned=unconditioned), resistance(ohm, 0.0001))
    for lang in ("en", "ko"):
        texts = [r.text(lang) for r in decision.reasons] + [n.text(lang) for n in decision.needs]
        assert not any("{" in text or text.startswith("grading.") for text in texts)


def test_what_stands_at_a_limit_is_not_sent_to_a_test_that_nobody_can_make():
    """0.6005 is 0.0005 from 0.60: that would ask for U of 0.05 % where 1 % was reached."""
    decision = decided(capacity_soh(0.6005, 0.005))
    assert decision.needs == (message("grading.need.at_the_limit", quantity="health.quantity.capacity_soh"),)


def test_a_battery_of_which_nothing_was_measured_needs_a_recording_first():
    decision = grade(CELL, {}, Verdict("insufficient", (HEAT,)), RULES)
    assert (decision.outcome, decision.needs) == ("undecided", (message("grading.need.recording"),))


def test_the_capacity_that_is_missing_comes_before_the_checks_that_are():
    aborted = absent("capacity_soh", "1", message("measure.no_full_discharge"))
    decision = grade(CELL, {"capacity_soh": (aborted,), "dc_resistance": (resistance(0.002),)}, Verdict("insufficient", (HEAT,)), RULES)
    assert [need.code for need in decision.needs] == ["grading.need.reference_capacity", "grading.need.check"]


@pytest.mark.parametrize("at", [{"nominal_time_s": 0.2}, {"nominal_time_s": 60.0}, {"rest_before_s": 1.0}])
def test_a_pulse_too_short_too_long_or_hardly_rested_is_not_held_against_the_rated_one(at: dict[str, Any]):
    assert "grading.resistance.not_measured" in codes(decided(capacity_soh(0.95), resistance(0.002, **at)))


def test_milliohms_written_as_ohms_are_told():
    decision = decided(capacity_soh(0.95), resistance(0.002), battery=replace(CELL, rated_resistance_ohm=2.0))
    assert "grading.resistance.implausible" in codes(decision)
