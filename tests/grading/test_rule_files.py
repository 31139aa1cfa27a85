"""The shipped rule files, and what a user's own may look like."""

from pathlib import Path

import pytest

from cellwright.core import resources, rules
from cellwright.core.errors import ListError, UsageError
from cellwright.core.rules import SHIPPED

DOC = Path(__file__).parents[2] / "docs" / "rules.md"


def routing(tmp_path: Path, old: str, new: str) -> str:
    path = tmp_path / "ours.yaml"
    source = resources.text("rules", "routing-default.yaml")
    assert old in source
    path.write_text(source.replace(old, new), "utf-8")
    return str(path)


@pytest.mark.parametrize(("kind", "name"), SHIPPED.items())
def test_a_shipped_file_is_of_its_kind_and_dated(kind: str, name: str):
    ruled = rules.parse_rules(resources.text("rules", f"{name}.yaml"), name)
    assert (ruled.kind, ruled.name) == (kind, name)
    assert set(ruled.title) == {"en", "ko"}


def test_no_limit_that_was_not_read_in_its_source_is_called_verified():
    assert {limit.status for ruled in rules.load().all() for limit in ruled.limits.values()} <= {"assumed", "reported"}


def test_every_routing_limit_is_assumed():
    assert {limit.status for limit in rules.load().routing.limits.values()} == {"assumed"}


def test_a_users_file_replaces_the_shipped_one_of_its_kind_even_under_its_name(tmp_path: Path):
    ruled = rules.load(routing(tmp_path, "{ value: 0.60", "{ value: 0.65"))
    assert ruled.routing.limits["repurpose_minimum_capacity_soh"].value == 0.65
    assert ruled.safety == rules.load().safety
    assert ruled.sha256["routing-default"] != rules.load().sha256["routing-default"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("repurpose_minimum_capacity_soh", "repurpose_minimum_capacity_so", "did you mean `limits.repurpose_minimum_capacity_soh`?"),
        ("guard_band:", "gard_band:", "did you mean `guard_band`?"),
        (
            'status: assumed, source: "cellwright: the usual',
            'state: assumed, source: "cellwright: the usual',
            "`limits.reuse_minimum_capacity_soh.status`?",
        ),
        ('{ value: 0.60, unit: "1"', '{ value: 60, unit: "%"', "limit repurpose_minimum_capacity_soh is in %; give it in 1"),
        ("kind: routing", "kind: route", "`kind` cannot be `route`"),
        ("value: 0.60", "value: sixty", "`limits.repurpose_minimum_capacity_soh.value` cannot be `sixty`"),
    ],
)
def test_a_wrong_key_or_value_gives_one_line_with_the_right_one(tmp_path: Path, old: str, new: str, said: str):
    with pytest.raises(ListError) as caught:
        rules.load(routing(tmp_path, old, new))
    for lang in ("en", "ko"):
        assert "\n" not in caught.value.text(lang)
        assert "ours.yaml" in caught.value.text(lang)
    assert said in caught.value.text("en")


def test_a_limit_left_out_is_asked_for(tmp_path: Path):
    source = resources.text("rules", "routing-default.yaml")
    cut = source.index("  repurpose_maximum_resistance_ratio")
    (tmp_path / "ours.yaml").write_text(source[:cut], "utf-8")
    with pytest.raises(ListError, match="limits missing: repurpose_maximum_resistance_ratio"):
        rules.load(str(tmp_path / "ours.yaml"))


def test_a_name_that_is_neither_shipped_nor_a_file_is_told():
    with pytest.raises(UsageError, match="no rules named kr-2062"):
        rules.load("kr-2062")


def test_the_page_lists_every_limit_as_it_ships():
    rows = {row.split("|")[1].strip(" `"): row for row in DOC.read_text("utf-8").splitlines() if row.startswith("| `")}
    for ruled in rules.load().all():
        for name, limit in ruled.limits.items():
            cells = [cell.strip() for cell in rows[name].split("|")]
            assert cells[2] == f"{limit.value:g} {limit.unit}", name
            assert cells[3] == limit.status, name
