"""What of all batteries each one is seen beside."""

from cellwright.assess.conclude import kin, survey
from cellwright.assess.single import Measured
from cellwright.core.battery import Battery


def measured(name: str, **said: object) -> Measured:
    return Measured(Battery(name, **said), (), {}, (), (), None, ())  # pyright: ignore[reportArgumentType]


def test_a_pack_is_made_of_the_cells_of_its_modules():
    seen = survey(
        [
            measured("pack", level="pack"),
            measured("m1", parent="pack", level="module"),
            measured("m2", parent="pack", level="module"),
            *(measured(f"c{n}", parent="m1") for n in range(3)),
        ]
    )
    assert [b.id for b, _ in seen.parts["m1"]] == ["c0", "c1", "c2"]
    assert [b.id for b, _ in seen.parts["pack"]] == ["c0", "c1", "c2", "m2"]


def test_siblings_have_a_parent_or_a_design_in_common():
    assert kin(Battery("a", parent="m")) == kin(Battery("b", parent="m"))
    assert kin(Battery("a", chemistry="NMC", rated_capacity_ah=50)) == kin(Battery("b", chemistry="NMC", rated_capacity_ah=50))
    assert kin(Battery("a", chemistry="NMC", rated_capacity_ah=50)) != kin(Battery("b", chemistry="LFP", rated_capacity_ah=50))
    assert kin(Battery("a")) is None
