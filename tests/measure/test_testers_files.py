"""Files of other makes: what is integrated agrees with what the tester counted."""

from pathlib import Path
from statistics import median

import pytest

from cellwright.measure import everything, steps
from cellwright.readers import read

# Each of these has its own counter and samples no more than a minute apart.
FILES = [
    "neware/neware_uio.csv",
    "neware/TestFile.nda",
    "neware/nw4-120-6-1-36.ndax",
    "maccor/maccor_one.txt",
    "maccor/xTESLADIAG_000019_CH70.070",
    "maccor/PreDiag_000229_000229_truncated.034",
    "arbin/arbin_example.csv",
]


@pytest.mark.parametrize("name", FILES)
def test_the_integral_of_every_long_step_is_what_the_tester_counted(data: Path, name: str):
    table = steps(read(data / "testers" / name))
    long = table.filter((table["kind"] != "rest") & ~table["pulse"] & table["counted_net_capacity_ah"].is_not_null())
    assert long.height > 0
    off = (long["step_net_capacity_ah"] - long["counted_net_capacity_ah"]).abs() / long["counted_net_capacity_ah"].abs()
    assert off.median() < 1e-3
    assert off.max() < 5e-3


@pytest.mark.parametrize("name", ["neware/nw4-120-6-1-36.ndax", "maccor/xTESLADIAG_000019_CH70.070", "arbin/arbin_example.csv"])
def test_cells_that_are_cycled_give_back_what_was_put_in(data: Path, name: str):
    found = [q.value for q in everything(read(data / "testers" / name))["coulombic_efficiency"]]
    assert None not in found
    assert 0.99 < median(q for q in found if q) < 1.002


def test_a_rate_test_uses_the_conditioned_discharge_at_the_lowest_rate_where_no_rating_is_known(data: Path):
    found = everything(read(data / "testers" / "maccor" / "maccor_001.txt"))["capacity"]
    rates = [q.conditions["c_rate"] for q in found]
    assert found[-1].conditions["unconditioned"] is True
    assert rates[0] == min(rates[:-1])
