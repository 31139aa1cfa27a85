"""Values are frozen, comparable, and go to JSON, to another process and back without loss."""

import dataclasses
import datetime as dt
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellwright.core import resources
from cellwright.core.assessment import (
    SCHEMA_VERSION,
    Assessment,
    Assessments,
    Check,
    Claim,
    Decision,
    DecisionRule,
    Failure,
    Finding,
    Reason,
    Stamp,
    Verdict,
)
from cellwright.core.battery import Battery, Identifier
from cellwright.core.boundary import adapter, from_json, to_json
from cellwright.core.errors import DamagedFile, ListError
from cellwright.core.frozen import FrozenDict, freeze
from cellwright.core.messages import Message
from cellwright.core.quantity import Evidence, Interval, Method, Quantity
from cellwright.core.recording import Source
from cellwright.core.rules import RuleReference

finite = st.floats(allow_nan=False, allow_infinity=False)
names = st.text(min_size=1, max_size=12)
scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | finite | st.text(max_size=12)
mappings = st.dictionaries(names, scalars | st.lists(scalars, max_size=3), max_size=4)
evidence = st.builds(Evidence, sha256=names, rows=st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), max_size=3).map(tuple))
quantities = st.builds(
    Quantity,
    name=names,
    value=finite,
    unit=st.sampled_from(["Ah", "ohm", "degC", "1"]),
    standard_uncertainty=st.none() | finite,
    degrees_of_freedom=st.none() | finite,
    components=st.dictionaries(names, finite, max_size=4),
    method=st.none() | st.builds(Method, name=names, source=st.none() | names),
    conditions=mappings,
    evidence=st.lists(evidence, max_size=2).map(tuple),
    origin=st.sampled_from(["bench", "bms", "declared", "estimated"]),
    interval=st.none() | st.builds(Interval, level=finite, low=finite, high=finite, method=names),
)


@given(quantities)
def test_a_quantity_goes_to_json_and_back(quantity: Quantity):
    assert from_json(Quantity, to_json(quantity), "test") == quantity


@given(quantities)
def test_a_quantity_goes_to_another_process_and_back(quantity: Quantity):
    assert pickle.loads(pickle.dumps(quantity)) == quantity


def an_assessment() -> Assessment:
    rule = RuleReference("routing-default", dt.date(2026, 11, 1), "reuse_minimum_capacity_soh", 0.8, "1", "ours", "assumed")
    capacity = Quantity("capacity", 41.2, "Ah", 0.05, components={"t:current:gain": 0.05}, evidence=(Evidence("ab", ((2, 9),)),))
    return Assessment(
        battery=Battery("광주-1", rated_capacity_ah=50.0, identifiers=(Identifier("serial", "A1"),)),
        sources=(Source("a.ndax", "ab", "neware", "ndax", "neware", "1"),),
        quantities={"capacity": (capacity,)},
        findings=(Finding("safety.x", {"cells": ["cell 1", "cell 2"]}, "cell 82", "hold", 0.99, rule=rule),),
        verdict=Verdict("hold", (Check("safety.check.x", "finding", rule=rule),)),
        decision=Decision(
            "undecided",
            (Reason("grading.x", {"value": 0.81}, "capacity_soh", rule),),
            (Message("grading.needs"),),
            rule=DecisionRule(1.0, 2.0),
            claims=(Claim("remanufactured", None),),
        ),
    )


def test_an_assessment_goes_to_json_and_back():
    stamp = Stamp("kr-2026", dt.date(2026, 1, 29), "cd")
    failed = (Failure("bad.nda", "readers.empty", {"file": "bad.nda"}),)
    whole = Assessments(SCHEMA_VERSION, "0.1.0", dt.datetime(2026, 11, 22, tzinfo=dt.UTC), (stamp,), (an_assessment(),), failed)
    assert from_json(Assessments, to_json(whole), "test") == whole


def test_the_shipped_schema_is_that_of_the_program():
    shipped = json.loads(resources.text("schemas", "assessment.schema.json"))
    assert shipped == adapter(Assessments).json_schema(), (
        "python -m cellwright.core.schema > src/cellwright/data/schemas/assessment.schema.json"
    )


def test_values_cannot_be_changed():
    assessment = an_assessment()
    with pytest.raises(dataclasses.FrozenInstanceError):
        assessment.battery.id = "other"  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(TypeError):
        assessment.quantities["capacity"] = ()  # pyright: ignore[reportIndexIssue]
    assert hash(assessment.battery) == hash(an_assessment().battery)


def test_a_number_that_cannot_be_reported_is_refused():
    with pytest.raises(ValueError, match="not a number"):
        Quantity("capacity", float("nan"), "Ah")


@given(mappings)
def test_freezing_twice_changes_nothing(mapping: dict[str, object]):
    frozen = freeze(mapping)
    assert freeze(frozen) is frozen
    assert isinstance(frozen, FrozenDict)


def test_an_error_crosses_to_another_process_with_its_code_and_words():
    error = pickle.loads(pickle.dumps(DamagedFile("core.empty_list", file="b.csv")))
    assert (type(error), error.code, error.params) == (DamagedFile, "core.empty_list", {"file": "b.csv"})
    assert str(error) == "b.csv: no batteries in it; add one row a battery"
    assert error.text("ko").startswith("b.csv: 배터리가 없습니다")


def test_a_nested_wrong_key_is_named_with_its_path():
    with pytest.raises(ListError, match=r"`calibration.datum`; did you mean `calibration.date`"):
        from cellwright.core.boundary import parse
        from cellwright.core.tester import Range

        calibration = {"reference": "K-1", "datum": "2026-01-01", "expiry": "2027-01-01"}
        parse(Range, {"maximum": 5, "gain": 0, "offset": 0, "resolution": 0, "calibration": calibration}, "t.toml")
