"""The reference of `measure` says what the program says, and leaves nothing out."""

import dataclasses
import importlib.util
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import polars as pl
import pytest

import cellwright as cw
from cellwright import measure
from cellwright.core import resources
from cellwright.core.battery import Battery
from cellwright.core.quantity import Quantity, measured
from cellwright.core.recording import Recording
from tests.measure import impedance_truth
from tests.measure.incremental_truth import graphite, lg_m50, nmc, sweep
from tests.measure.made_cell import Cell, swept
from tests.measure.made_hppc import Cell as HppcCell
from tests.measure.made_hppc import hppc, made
from tests.measure.made_string import Strung, charged_and_discharged, module
from tests.measure.recordings import CYCLE, DISCHARGE, HOLD, TESTER, constant, held, rest, series, sheet

DOCS = Path(__file__).parents[1] / "docs"
NUMBER = re.compile(r"(?<=[A-Za-z])\d+")
SOURCE = re.compile(r"definition|doi:10\.|JCGM 10|DOE/|\(\d{4}\)|^as `")


@cache
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference_page", DOCS / "measure" / "reference.py")
    assert spec
    assert spec.loader
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@cache
def page() -> str:
    return (DOCS / "measure" / "reference.md").read_text("utf-8")


@cache
def told() -> dict[str, Any]:
    return generator().contents()


def families() -> list[dict[str, Any]]:
    return [family for group in told()["groups"] for family in group.get("quantities", [])]


def functions() -> dict[str, dict[str, str]]:
    return {name: known for group in told()["groups"] for name, known in group["functions"].items()}


def test_the_page_is_what_the_code_says_today():
    assert generator().page() == page(), "run: python docs/measure/reference.py"


def test_every_public_name_has_one_place():
    named = [name for group in told()["groups"] for name in group["functions"]]
    assert sorted(named) == sorted(measure.__all__)


@pytest.mark.parametrize("name", measure.__all__)
def test_every_public_name_has_an_equation_and_a_source(name: str):
    gives = [family for family in families() if name in family["by"]]
    stated = [(each["equation"], each["source"]) for each in (functions()[name], *gives) if "equation" in each]
    assert stated, f"{name} has neither an equation nor a quantity with one"
    for equation, source in stated:
        assert len(equation) > 5
        assert SOURCE.search(source), source


@pytest.mark.parametrize("name", measure.__all__)
def test_every_docstring_begins_with_a_sentence_and_names_what_goes_in_and_out(name: str):
    value = getattr(measure, name)
    doc = inspect.getdoc(value) or ""
    assert doc.split("\n\n")[0].endswith((".", ":")), doc.split("\n\n")[0]
    elsewhere = [other for other in measure.__all__ if other != name and f"`{other}`" in doc]
    asked = ("Parameters",) if inspect.isclass(value) else ("Parameters", "Returns")
    assert all(f"\n{section}\n---" in doc for section in asked) or elsewhere


@pytest.mark.parametrize("name", [n for n in measure.__all__ if not inspect.isclass(getattr(measure, n))])
def test_every_function_is_called_on_a_page_that_runs(name: str):
    text = "\n".join(p.read_text("utf-8") for p in DOCS.rglob("*.md"))
    assert re.search(rf"measure\.{name}\(", "\n".join(re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)))


@pytest.mark.parametrize("name", sorted({known["plot"] for known in functions().values() if "plot" in known}))
def test_every_figure_is_there_and_drawn_on_a_page_that_runs(name: str):
    assert callable(getattr(cw.plot, name))
    text = "\n".join(p.read_text("utf-8") for p in DOCS.rglob("*.md"))
    assert re.search(rf"plot\.{name}\(", "\n".join(re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)))


def test_every_shipped_procedure_measures_something():
    shipped = {name.removesuffix(".yaml") for name in resources.names("procedures", ".yaml")}
    assert {name for group in told()["groups"] for name in group.get("procedures", [])} == shipped


def test_every_condition_is_explained_and_none_in_vain():
    assert {name for family in families() for name in family["conditions"]} == set(told()["conditions"])


def test_every_link_leads_somewhere():
    headings = {generator().anchor(line.lstrip("# ")) for line in page().splitlines() if line.startswith("#")}
    for target in re.findall(r"\]\((?!https:)([^)\s]+)\)", page()):
        assert target[1:] in headings if target[0] == "#" else (DOCS / "measure" / target).exists(), target


def found_in(value: Any) -> Iterator[Quantity]:
    """Every quantity in what a measurement returns."""
    if isinstance(value, Quantity):
        yield value
    elif isinstance(value, Mapping):
        yield from (q for each in value.values() for q in found_in(each))
    elif isinstance(value, (tuple, list)):
        yield from (q for each in value for q in found_in(each))
    elif dataclasses.is_dataclass(value):
        yield from (q for field in dataclasses.fields(value) for q in found_in(getattr(value, field.name)))


def hold(name: str, result: Any) -> list[str]:
    """Hold what a function returned against what the page says it gives; its quantities' names."""
    mine = [family for family in families() if name in family["by"]]
    for quantity in found_in(result):
        known = NUMBER.sub("", quantity.name)
        fitting = [family for family in mine if known in family["names"]]
        assert fitting, f"{name} gives {quantity.name}, and the page does not say so"
        units = {unit for family in fitting for unit in family["names"][known][0].split(" or ")}
        assert quantity.unit in units, quantity.name
        carried = set(quantity.conditions) - {condition for family in fitting for condition in family["conditions"]}
        assert not carried, f"{quantity.name} carries {carried}, and the page does not say so"
        if quantity.reason is not None:
            code = quantity.reason.code.removeprefix("measure.")
            assert code in {reason for family in fitting for reason in family["absent"]}, f"{quantity.name} may be absent for {code}"
        if quantity.method and quantity.method.source:
            stated = " ".join(family["source"] for family in fitting)
            assert all(part in stated for part in quantity.method.source.split("; ")), f"{quantity.name}: {quantity.method.source}"
    return [quantity.name for quantity in found_in(result)]


def cycled() -> Recording:
    again = (rest(600, 3.1), constant(1620, 10.0, 3.2, 4.2), HOLD, rest(600, 4.18), DISCHARGE)
    return series([*CYCLE, *again, rest(3600, 3.1, 3.2)], surface_temperature_celsius=25.0)


RECORDINGS: dict[str, Callable[[], Recording]] = {
    "two cycles": cycled,
    "a step sheet": lambda: sheet([*CYCLE, rest(600, 3.1)]),
    "a charge only": lambda: series([rest(400, 3.2), constant(1800, 10.0, 3.2, 4.2), held(60, 4.2, 10.0, 5.0)]),
    "pulses": lambda: made(hppc(levels=2), HppcCell()),
    "slow sweeps and a long rest": lambda: swept(Cell()).run(36000, 0.2, 60).run(172800, interval=60).recording(),
    "a string": lambda: charged_and_discharged(Strung(np.array([49.0, 46.0, 44.0]), np.ones(3), np.full(3, 1e-3))).recording(),
    "a spectrum": lambda: impedance_truth.recording(impedance_truth.FREQUENCY, impedance_truth.noisy(impedance_truth.impedance(), 1e-3, 7)),
}


@pytest.mark.parametrize("which", RECORDINGS)
def test_the_page_tells_what_a_recording_gives_with_unit_conditions_and_reasons(which: str):
    recording = RECORDINGS[which]()
    assert len(hold("everything", measure.everything(recording, tester=TESTER))) > 10
    hold("extremes", measure.extremes(recording, tester=TESTER))
    hold("cells", measure.cells(recording, module(3) if which == "a string" else None, TESTER))
    hold("self_discharge", measure.self_discharge(recording, tester=TESTER))
    hold("relaxation", measure.relaxation(recording, tester=TESTER))


def test_the_page_tells_what_is_asked_of_a_discharge():
    recording = cycled()
    capacity = measure.capacity(recording, tester=TESTER, cycle=2)
    assert hold("capacity", capacity) == ["capacity"]
    assert hold("energy", measure.energy(recording, tester=TESTER)) == ["energy"]
    assert hold("capacity_between", measure.capacity_between(recording, 4.0, 3.5, tester=TESTER)) == ["capacity_between"]
    assert set(hold("efficiencies", measure.efficiencies(recording, tester=TESTER))) == {"coulombic_efficiency", "energy_efficiency"}
    per_kelvin = measured("temperature coefficient", 0.004, "1/K", 0.001)
    assert hold("corrected", measure.corrected(capacity, to_celsius=20.0, per_kelvin=per_kelvin)) == ["capacity"]
    assert "rest_voltage" in hold("rest_voltages", measure.rest_voltages(recording, tester=TESTER))


def test_the_page_tells_what_pulses_give():
    recording, cell = (
        made(hppc(levels=2), HppcCell()),
        Battery("b", minimum_voltage_volt=3.0, maximum_voltage_volt=4.2, rated_capacity_ah=50),
    )
    assert hold("resistances", measure.resistances(recording, cell, TESTER))
    assert "branch_resistance" in hold("pulse_fit", measure.pulse_fit(recording, 0, cell, TESTER))
    assert "discharge_power" in hold("power_capability", measure.power_capability(recording, cell, TESTER, soc=[0.95, 0.2]))


def test_the_page_tells_what_a_slow_sweep_gives():
    curve = measure.incremental_capacity(sweep(lg_m50), tester=TESTER)
    assert hold("incremental_capacity", curve) == ["sweep_charge"]
    assert "peak_voltage" in hold("peaks", measure.peaks(curve))
    assert "peak_capacity" in hold("peaks", measure.peaks(measure.differential_voltage(sweep(lg_m50))))
    lithium = np.linspace(0.001, 0.999, 100)
    positive, negative = (
        measure.half_cell(pl.DataFrame({"stoichiometry": lithium, "potential_volt": volt(lithium)}), name)
        for volt, name in ((nmc, "NMC"), (graphite, "graphite"))
    )
    state = measure.electrodes(curve, positive, negative)
    assert "lithium_inventory" in hold("electrodes", state)
    assert len(hold("degradation_modes", measure.degradation_modes(state, state))) == 3
    hold("electrodes", measure.electrodes(curve, None, negative))


def test_the_page_tells_what_a_spectrum_gives():
    spectrum = impedance_truth.spectrum()
    assert "CPE2_alpha" in hold("fit_circuit", dict(measure.fit_circuit(spectrum, "L0-R0-p(R1,CPE1)-p(R2,CPE2)-W3").parameters))
    assert "Ws3_tau" in hold("fit_circuit", dict(measure.fit_circuit(spectrum, "L0-R0-p(R1,CPE1)-p(R2,C2)-Ws3").parameters))
    assert "Wo3_tau" in hold("fit_circuit", dict(measure.fit_circuit(spectrum, "R0-p(R1,CPE1)-Wo3").parameters))
    assert "polarisation_resistance" in hold("relaxation_times", measure.relaxation_times(spectrum))
    assert hold("ohmic_resistance", measure.ohmic_resistance(spectrum)) == ["ohmic_resistance"]
    assert hold("charge_transfer_resistance", measure.charge_transfer_resistance(spectrum)) == ["charge_transfer_resistance"]
