"""Every quantity and condition that a measurement can give has a name in the report, in both languages."""

from pathlib import Path
from string import Formatter

import pytest
import yaml

from cellwright import default_tester, read
from cellwright.core import resources
from cellwright.core.quantity import Quantity
from cellwright.measure import everything
from cellwright.report import conditions
from cellwright.report.evidence import input_kind
from cellwright.report.words import Words

REFERENCE = yaml.safe_load((Path(__file__).parents[2] / "docs" / "measure" / "reference.yaml").read_text(encoding="utf-8"))
MEASURED = [q for group in REFERENCE["groups"] for q in group.get("quantities", ())]
SYMBOLS = {"R", "C", "L", "W", "CPE_Q", "CPE_alpha", "Wo_R", "Wo_tau", "Ws_R", "Ws_tau"}
"""Parameters of a circuit are symbols in any language."""


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_every_quantity_that_can_be_measured_has_a_label(lang: str):
    names = {name for measured in MEASURED for name in measured["names"]} - SYMBOLS
    assert len(names) > 50
    unlabelled = {name for name in names if f"report.quantity.{name}" not in resources.messages()}
    assert unlabelled == set()
    labels = [Words(lang).label("quantity", name) for name in sorted(names)]
    assert len(set(labels)) == len(labels)


def test_every_condition_that_a_quantity_can_have_is_written_in_words():
    told = {name for measured in MEASURED for name in measured.get("conditions", ())}
    for name in sorted(told):
        written = conditions.described(Quantity("x", 1.0, "1", conditions={name: _value(name)}), Words("ko"))
        assert not any(name.replace("_", " ") in text for text in written), name


def _value(name: str) -> object:
    if name in ("levels_soc", "soc_window", "voltage_window_volt", "between_volt", "between_ah"):
        return (0.2, 0.8)
    if name in (
        "direction",
        "source",
        "charge_mode",
        "probe",
        "circuit",
        "soc_basis",
        "c_rate_basis",
        "window_basis",
        "positive",
        "negative",
    ):
        return "charge" if name == "direction" else "rest"
    return ("balancing",) if name == "excluded" else 1.0


def test_every_input_of_a_real_budget_is_written_in_words(data: Path):
    files = [*(data / "safety" / "nissan_leaf_cell").glob("*HPPC-25C*.csv"), *(data / "testers" / "maccor").glob("*CH70.070")]
    files += sorted((data / "testers" / "eis").glob("*.DTA"))
    assert len(files) >= 3
    measured = [everything(read(file), None, default_tester()) for file in files]
    inputs = {key for found in measured for quantities in found.values() for q in quantities for key in q.components}
    labels = {f"report.input.{name}" for name in (input_kind(key, _Bare("en")) for key in inputs)}
    assert labels - resources.messages().keys() == set()


class _Bare(Words):
    """Words that give the name they are asked for."""

    def label(self, group: str, name: str) -> str:
        return name


def test_no_label_of_a_condition_asks_for_what_it_is_not_given():
    for code, text in resources.messages().items():
        if code.startswith("report.condition."):
            fields = [{field for _, field, _, _ in Formatter().parse(words) if field} for words in text.values()]
            assert fields[0] == fields[1], code
