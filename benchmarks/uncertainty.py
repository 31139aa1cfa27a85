"""Whether the uncertainties are true: a known cell, tested a thousand times on testers whose errors are drawn as they are stated.

First with noise and rounding only: how far each figure lies from the truth. Then with gain and offset drawn from the tester's stated
distributions, specification limits (rectangular) and a calibration's standard uncertainties (normal): how often the 95 % interval holds it.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean

import numpy as np
import polars as pl
from _bench import Row, arguments, show
from _truth import START_CELSIUS, Bench, Errors, Noise, Stretch, drawn, written
from peers.environments import python_of

from cellwright import measure
from cellwright.core.battery import Battery
from cellwright.core.coverage import coverage_interval
from cellwright.core.quantity import Quantity
from cellwright.core.recording import Recording
from cellwright.core.tester import Range, Tester

CASES, FEW = 1000, 100
LAST_REST = (10, 11)
"""Steps of the test: the charge to the middle, and the hour of rest after it."""

WORKERS = 2
LOW, HIGH = 0.93, 0.97
LIMITS = (3.0, 4.2)
RATE, PULSE = 5.0, 10.0
USUAL = Noise()
SPECIFIED = Tester(
    make="made-up",
    model="specified",
    voltage=(Range(maximum=5.0, gain=2e-4, offset=1e-3, resolution=1e-4),),
    current=(Range(maximum=12.0, gain=5e-4, offset=3e-3, resolution=1e-4),),
    temperature=(Range(maximum=100.0, gain=0.01, offset=1.0, resolution=0.1),),
    time_resolution_s=0.01,
)


def calibrated(span: Range) -> Range:
    """Return a range whose gain and offset are the standard uncertainties of a calibration: a third of the limits."""
    return replace(span, gain=span.gain / 3, offset=span.offset / 3, distribution="normal")


CALIBRATED = replace(
    SPECIFIED,
    model="calibrated",
    voltage=(calibrated(SPECIFIED.voltage[0]),),
    current=(calibrated(SPECIFIED.current[0]),),
    temperature=(calibrated(SPECIFIED.temperature[0]),),
)
BATTERY = Battery("made-up", rated_capacity_ah=5.0, minimum_voltage_volt=LIMITS[0], maximum_voltage_volt=LIMITS[1])


HELD_CAPACITY, HELD_ENERGY = "capacity after a hold", "energy after a hold"
METRICS = {
    "capacity": "Ah",
    "energy": "Wh",
    HELD_CAPACITY: "Ah",
    HELD_ENERGY: "Wh",
    "coulombic_efficiency": "1",
    "energy_efficiency": "1",
    "dc_resistance 1 s": "ohm",
    "dc_resistance 10 s": "ohm",
    "ohmic_resistance": "ohm",
    "rest_voltage": "V",
    "relaxed_voltage": "V",
    "maximum_voltage": "V",
    "minimum_voltage": "V",
    "maximum_current": "A",
    "maximum_temperature": "degC",
    "temperature_rise": "K",
}
EXACT = {
    "capacity": (2e-4, True),
    "energy": (2e-4, True),
    HELD_CAPACITY: (2e-4, True),
    HELD_ENERGY: (2e-4, True),
    "dc_resistance 1 s": (0.01, True),
    "dc_resistance 10 s": (0.01, True),
    "ohmic_resistance": (0.01, True),
    "rest_voltage": (1e-3, False),
    "relaxed_voltage": (1e-3, False),
}
"""Greatest error with noise and rounding only, and whether it is a share of the value."""


@dataclass(frozen=True)
class Found:
    """What one test gave of a metric: its error, its relative error, and whether its 95 % interval, or value ± 2u, holds the truth."""

    error: float
    relative: float
    held: bool
    held_by_two_u: bool


def main() -> None:
    asked = arguments(__doc__)
    os.environ |= dict.fromkeys(("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")  # of the workers
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        rows = [*exactness(pool, asked.seed), *curves(asked.seed), *(independent(asked.seed) if asked.peers else ())]
        for tester in (SPECIFIED, CALIBRATED):
            rows += coverage(pool, tester, asked.seed)
    show(rows, as_json=asked.json)


def exactness(pool: ProcessPoolExecutor, seed: int) -> Iterator[Row]:
    """Greatest error of each figure with noise and rounding only."""
    cases = list(pool.map(partial(one, SPECIFIED, seed, systematic=False), range(FEW), chunksize=10))
    for name, (target, share) in EXACT.items():
        apart = [abs(case[name].relative if share else case[name].error) for case in cases if name in case]
        yield Row("noise and rounding", name, max(apart), "1" if share else METRICS[name], target, max(apart) <= target, len(apart), seed)


def coverage(pool: ProcessPoolExecutor, tester: Tester, seed: int) -> Iterator[Row]:
    """Share of the tests whose 95 % interval holds the truth; and, for comparison, of those in which value ± 2u does."""
    cases = list(pool.map(partial(one, tester, seed, systematic=True), range(CASES), chunksize=25))
    case = f"{tester.model} tester"
    for name in METRICS:
        found = [c[name] for c in cases if name in c]
        held = fmean(f.held for f in found)
        yield Row(case, name, held, "1", 0.95, LOW <= held <= HIGH, len(found), seed)
        yield Row(case, f"{name}, k = 2", fmean(f.held_by_two_u for f in found), "1", None, None, len(found), seed)


def one(tester: Tester, seed: int, number: int, *, systematic: bool) -> dict[str, Found]:
    """Run one test and hold everything that was measured against what was true; what is absent, with its reason, claims nothing."""
    rng = np.random.default_rng([seed, number, int(systematic), int(tester is CALIBRATED)])
    errors = drawn(tester, rng) if systematic else Errors()
    recording, truth = test(tester, errors, rng)
    bench = Bench(tester, errors, USUAL)
    held(bench)
    quantities = measured(recording, tester) | after_hold(bench.recording(rng), tester)
    found = {name: _held(quantity, truth[name], tester) for name, quantity in quantities.items()}
    return {name: each for name, each in found.items() if each is not None}


def _held(quantity: Quantity, truth: float, tester: Tester) -> Found | None:
    interval = coverage_interval(quantity, tester)
    if quantity.value is None or interval is None:
        return None
    error = quantity.value - truth
    within = abs(error) <= 2 * (quantity.standard_uncertainty or 0.0)
    return Found(error, error / truth, interval.low <= truth <= interval.high, within)


def test(tester: Tester, errors: Errors, rng: np.random.Generator, noise: Noise = USUAL) -> tuple[Recording, dict[str, float]]:
    """Two cycles at C/1; a charge to the middle and an hour of rest; a pulse out, and one in. What the tester wrote, and what was true."""
    bench = Bench(tester, errors, noise, warms_kelvin=float(rng.uniform(7.0, 9.0)))
    charge, discharge = cycled(bench)
    bench.run(1800, RATE)
    soc, rest = bench.soc, bench.run(3600)
    pulse = bench.run(10, -PULSE, 0.1)
    bench.run(40, interval=1.0)
    bench.run(10, 0.75 * PULSE, 0.1)
    bench.run(600)
    truth = between_limits(tester, errors) | of_cycle(charge, discharge) | of_rest(rest, pulse)
    truth |= {"ohmic_resistance": bench.cell.r0, "relaxed_voltage": float(bench.cell.open_circuit(soc)), "maximum_current": -pulse.ampere}
    truth |= {"maximum_voltage": bench.true_voltages().max(), "minimum_voltage": bench.true_voltages().min()}
    truth |= {"maximum_temperature": START_CELSIUS + bench.warms_kelvin, "temperature_rise": bench.warms_kelvin}
    return bench.recording(rng), truth


def cycled(bench: Bench) -> tuple[Stretch, Stretch]:
    """Two cycles between the limits as the tester reads them; the last charge and discharge."""
    bench.run(60)
    for _ in range(2):
        charge = bench.until(RATE, LIMITS[1])
        bench.run(900)
        discharge = bench.until(-RATE, LIMITS[0])
        bench.run(900)
    return charge, discharge


def held(bench: Bench) -> Stretch:
    """Discharge at C/2 between the limits as the tester reads them, after a charge that was held at the upper one."""
    bench.run(60)
    bench.until(RATE / 2, LIMITS[1])
    bench.hold(LIMITS[1], RATE / 20)
    bench.run(900)
    discharge = bench.until(-RATE / 2, LIMITS[0])
    bench.run(900)
    return discharge


def between_limits(tester: Tester, errors: Errors) -> dict[str, float]:
    """Capacity and energy between the two true limits: those of the same currents on a tester that reads voltages without error."""
    exact = replace(errors, voltage=(0.0, 0.0))
    _, discharge = cycled(Bench(tester, exact, USUAL))
    slow = held(Bench(tester, exact, USUAL))
    return {
        "capacity": -discharge.charge_ah,
        "energy": -discharge.energy_wh(discharge.seconds),
        HELD_CAPACITY: -slow.charge_ah,
        HELD_ENERGY: -slow.energy_wh(slow.seconds),
    }


def of_cycle(charge: Stretch, discharge: Stretch) -> dict[str, float]:
    """Efficiencies of the cycle as it was run."""
    return {
        "coulombic_efficiency": -discharge.charge_ah / charge.charge_ah,
        "energy_efficiency": -discharge.energy_wh(discharge.seconds) / charge.energy_wh(charge.seconds),
    }


def of_rest(rest: Stretch, pulse: Stretch) -> dict[str, float]:
    """Voltage at the rest's end, and how it has changed over the current at times after the edge."""
    before = rest.volt_at(rest.seconds)
    resistances = {f"dc_resistance {t:g} s": (pulse.volt_at(t) - before) / pulse.ampere for t in (1.0, 10.0)}
    return {"rest_voltage": before, **resistances}


def measured(recording: Recording, tester: Tester) -> dict[str, Quantity]:
    """Return what cellwright measures of each metric."""
    return at_once(recording, tester) | fitted(recording, tester)


def at_once(recording: Recording, tester: Tester) -> dict[str, Quantity]:
    found = measure.everything(recording, BATTERY, tester)
    plain = {name: found[name][0] for name in METRICS if name in found}
    pulse = [q for q in found["dc_resistance"] if q.conditions.get("direction") == "discharge"]
    resistances = {f"dc_resistance {t:g} s": next(q for q in pulse if q.conditions["nominal_time_s"] == t) for t in (1.0, 10.0)}
    return plain | resistances | {"rest_voltage": longest(found["rest_voltage"])}


def after_hold(recording: Recording, tester: Tester) -> dict[str, Quantity]:
    return {
        HELD_CAPACITY: measure.capacity(recording, BATTERY, tester),
        HELD_ENERGY: measure.energy(recording, BATTERY, tester),
    }


def fitted(recording: Recording, tester: Tester) -> dict[str, Quantity]:
    """What comes of fits: of the last rest alone, as those of the others would take as long again."""
    rest = replace(recording, table=recording.table.filter(pl.col("step_count").is_in(LAST_REST)))
    relaxed = measure.relaxation(rest, BATTERY, tester)["relaxed_voltage"][0]
    return {"relaxed_voltage": relaxed, "ohmic_resistance": measure.pulse_fit(recording, 0, BATTERY, tester)["ohmic_resistance"][0]}


def longest(quantities: Sequence[Quantity]) -> Quantity:
    return max(quantities, key=lambda q: q.conditions["duration_s"])


def curves(seed: int) -> Iterator[Row]:
    """How far the open-circuit curve of slow sweeps, and that of rests between steps, lies from the cell's own."""
    rng = np.random.default_rng(seed)
    for source, bench in (("sweep", swept()), ("gitt", titrated())):
        curve = measure.open_circuit(bench.recording(rng), BATTERY, SPECIFIED)
        points = (curve.mean if source == "sweep" else curve.table.filter(source=source)).drop_nulls("soc")
        points = points.filter(points["soc"].is_between(0.05, 0.95))
        apart = np.abs(points["voltage_volt"].to_numpy() - bench.cell.open_circuit(points["soc"].to_numpy()))
        worst = float(apart.max()) if len(apart) else None
        yield Row("noise and rounding", f"OCV curve, {source}", worst, "V", 1e-3, worst is not None and worst <= 1e-3, len(apart), seed)


def independent(seed: int) -> Iterator[Row]:
    """How far figures lie from what PyBaMM's electrochemical model says of its own cell, read with noise and rounding."""
    python = python_of("pybamm")
    if python is None:
        return
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "cell.csv")
        run = subprocess.run([python, Path(__file__).parent / "peers" / "pybamm_cell.py", path], capture_output=True, text=True, check=True)
        course = dict(zip(("time", "within", "ampere", "volt", "count"), np.loadtxt(path, delimiter=",", skiprows=1).T, strict=True))
        course["celsius"] = np.full(len(course["time"]), START_CELSIUS)
    said = json.loads(run.stdout.splitlines()[-1])
    recording = written(course, SPECIFIED, Errors(), USUAL, np.random.default_rng(seed))
    found = measure.everything(recording, Battery("pybamm", minimum_voltage_volt=2.5, maximum_voltage_volt=4.2), SPECIFIED)
    values = {"capacity": found["capacity"][0], "energy": found["energy"][0], "rest_voltage": longest(found["rest_voltage"])}
    for name, quantity in values.items():
        target, share = EXACT[name]
        apart = None if quantity.value is None else abs(quantity.value - said[name]) / (said[name] if share else 1.0)
        yield Row("PyBaMM's cell", name, apart, "1" if share else METRICS[name], target, apart is not None and apart <= target, 1, seed)


def swept() -> Bench:
    """Charge from empty to full and discharge back at C/20."""
    bench = Bench(SPECIFIED, Errors(), USUAL, soc=0.0)
    for ampere in (0.25, -0.25):
        bench.run(3600, interval=60)
        bench.run(72_000, ampere, 20)
    bench.run(3600, interval=60)
    return bench


def titrated() -> Bench:
    """Charge at C/2, and discharge in steps of a tenth with an hour of rest after each."""
    bench = Bench(SPECIFIED, Errors(), USUAL, soc=0.0)
    bench.run(7200, 2.5)
    bench.run(3600)
    for _ in range(10):
        bench.run(1800, -1.0)
        bench.run(3600)
    return bench


if __name__ == "__main__":
    main()
