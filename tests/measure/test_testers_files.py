"""Files of other makes: what is integrated agrees with what the tester counted."""

from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
import pytest

from cellwright.core.battery import Battery
from cellwright.measure import cycles, everything, steps
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


MACCOR_ENDS = {129: "time", 132: "current", 133: "voltage"}
"""The tester's own code of what ended a step."""


@pytest.mark.parametrize(
    "name", ["maccor_001.txt", "maccor_one.txt", "xTESLADIAG_000019_CH70.070", "PredictionDiagnostics_000109_tztest.010"]
)
def test_what_ended_a_step_is_what_the_tester_says(data: Path, name: str):
    recording = read(data / "testers" / "maccor" / name)
    ends = dict(recording.table.select("record_index", "ES").rows())
    said = [(MACCOR_ENDS.get(ends[row]), ended) for row, ended in steps(recording).select("last_record_index", "ended_by").rows()]
    told = [(theirs, ours) for theirs, ours in said if theirs and ours != "unknown"]
    assert all(theirs == ours for theirs, ours in told)
    assert len(told) >= 0.75 * len(said)


def test_a_cycle_is_what_its_rows_add_up_to(data: Path):
    recording = read(data / "testers" / "maccor" / "maccor_001.txt")
    row = cycles(recording, Battery("a", rated_capacity_ah=4.8)).row(1, named=True)
    part = recording.table.filter(recording.table["record_index"].is_between(row["first_record_index"], row["last_record_index"]))
    # charge before each sample is its own current over the time since the one before: sampled each 30 s, to 0.2 %
    hours = np.diff(part["test_time_second"].to_numpy(), prepend=row["start_time_second"]) / 3600
    ampere, volt = part["current_ampere"].to_numpy(), part["voltage_volt"].to_numpy()
    into, out = (ampere.clip(min=0) * hours).sum(), -(ampere.clip(max=0) * hours).sum()
    gained, given = (ampere.clip(min=0) * volt * hours).sum(), -(ampere.clip(max=0) * volt * hours).sum()
    assert row["cycle_charging_capacity_ah"] == pytest.approx(into, rel=2e-3)
    assert row["cycle_discharging_capacity_ah"] == pytest.approx(out, rel=2e-3)
    assert row["coulombic_efficiency"] == pytest.approx(out / into, rel=3e-3)
    assert row["energy_efficiency"] == pytest.approx(given / gained, rel=3e-3)
    assert row["mean_discharging_voltage_volt"] == pytest.approx(given / out, rel=2e-3)
    assert row["discharging_c_rate"] == pytest.approx(0.5 / 4.8, rel=1e-3)
    assert (row["charge_ended_by"], row["discharge_ended_by"]) == ("current", "voltage")
    assert (row["charge_end_current_ampere"], row["discharge_end_voltage_volt"]) == (0.05, 2.50004)


@pytest.mark.parametrize("name", ["maccor/xTESLADIAG_000019_CH70.070", "neware/test_2.ndax"])
def test_every_edge_of_the_tester_is_found_in_the_current(data: Path, name: str):
    recording = read(data / "testers" / name)
    counts = ("step_count", "cycle_count", "step_id", "step_time_second", "step_type")
    bare = replace(recording, table=recording.table.drop(c for c in counts if c in recording.table.columns))
    assert steps(bare)["first_record_index"].to_list() == steps(recording)["first_record_index"].to_list()
