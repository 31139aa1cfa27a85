"""Which rule files an assessment uses."""

from pathlib import Path

import pytest

from cellwright.core import resources, rules
from cellwright.core.errors import UsageError


def test_a_chosen_rule_file_stands_in_place_of_the_shipped_one_of_its_kind(tmp_path: Path):
    mine = tmp_path / "mine.yaml"
    shipped = resources.text("rules", "routing-default.yaml")
    mine.write_text(shipped.replace("name: routing-default", "name: mine").replace("value: 0.60", "value: 0.65"))
    chosen = rules.load("kr-2026", str(mine))
    assert chosen.routing.limits["repurpose_minimum_capacity_soh"].value == 0.65
    assert set(chosen.sha256) == {"mine", "safety-used-battery", "eu-2023-1542", "kr-2026"}


def test_two_of_one_kind_are_not_chosen_between(tmp_path: Path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(
            resources.text("rules", "routing-default.yaml").replace("name: routing-default", f"name: {name}")
        )
    with pytest.raises(UsageError, match="both rules of the kind routing"):
        rules.load(str(tmp_path / "one.yaml"), str(tmp_path / "two.yaml"))


def test_rules_that_are_nowhere_are_told_with_those_that_ship():
    with pytest.raises(UsageError, match=r"no rules named eu-2024.*eu-2023-1542"):
        rules.load("eu-2024")
