"""The page of agreement is shaped as its command writes it, and every disagreement with a tester or with PulseBat is explained."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "measure" / "agreement.md"
HEADERS = {
    "explained": "| of | file | against | who is right | why |",
    "compared": "| of | file | against | values | greatest difference | beyond the target |",
}
MODULES = ("_agreements", "_explained", "_sides")


@pytest.fixture
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    yield {name: import_module(name) for name in MODULES}
    for name in MODULES:
        sys.modules.pop(name, None)


@pytest.mark.parametrize("part", HEADERS)
def test_the_page_has_the_tables_that_the_command_writes(part: str):
    table = PAGE.read_text("utf-8").split(f"<!-- {part} -->")[1].split(f"<!-- end of {part} -->")[0].strip().splitlines()
    assert table[0] == HEADERS[part]
    assert len(table) > 3
    assert "not explained" not in "\n".join(table)


def test_a_difference_is_a_share_of_the_greater_value_and_voltages_are_in_millivolts(benchmarks: dict[str, Any]):
    pairs = benchmarks["_sides"].Pairs
    assert pairs("a", "b", "capacity", (0.0, 9.9, 10.0), (5.0, 10.0, -10.0)).apart == pytest.approx((100.0, 1.0, 200.0))
    assert pairs("a", "b", "capacity", (0.0,), (0.0,)).apart == (0.0,)
    assert pairs("a", "b", "rest voltage", (3.7005,), (3.7,)).apart == pytest.approx((0.5,))


def test_what_nothing_explains_is_not_met(benchmarks: dict[str, Any]):
    made, agreement = benchmarks["_sides"].Pairs, benchmarks["_agreements"].Agreement
    beyond = made("no such file", "its own counter", "capacity", (1.0,), (1.1,))
    assert benchmarks["_explained"].explanation(beyond) is None
    assert not agreement(beyond, None).met
    assert agreement(made("no such file", "its own counter", "capacity", (1.0,), (1.004,)), None).met


def test_every_disagreement_with_a_counter_or_with_pulsebat_is_explained(benchmarks: dict[str, Any], data: Path):
    found = list(benchmarks["_agreements"].agreements(data, peers=False))
    assert [a.pairs.file for a in found if a.pairs.above and a.explained is None] == []
    published = [a.pairs for a in found if a.pairs.other == "PulseBat's table"]
    assert {pairs.what for pairs in published} == {"capacity", "resistance", "rest voltage"}
    assert all(pairs.above == 0 for pairs in published)
