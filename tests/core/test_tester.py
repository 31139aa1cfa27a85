"""What a tester's readings can be trusted with."""

from dataclasses import replace
from math import sqrt

import pytest

from cellwright.core.errors import ListError, UsageError
from cellwright.core.tester import parse_tester

TOML = """
make = "maker"
model = "T1"
channel = "3"
time_resolution_s = 0.01
voltage = [{ maximum = 5.0, gain = 0.0003, offset = 0.0006, resolution = 0.0001 }]
current = [
  { maximum = 5.0, gain = 0.0002, offset = 0.001, resolution = 0.0001 },
  { maximum = 100.0, gain = 0.0002, offset = 0.02, resolution = 0.001, distribution = "normal" },
]
temperature = [{ maximum = 150.0, gain = 0.0, offset = 1.0, resolution = 0.1 }]
"""


def test_a_specification_limit_is_rectangular_and_a_calibration_normal():
    tester = parse_tester(TOML, "tester.toml")
    assert tester.current_range(-4.0).gain_uncertainty(-4.0) == pytest.approx(4.0 * 0.0002 / sqrt(3))
    assert tester.current_range(60.0).gain_uncertainty(60.0) == pytest.approx(60.0 * 0.0002)
    assert tester.voltage_range(4.0).resolution_uncertainty == pytest.approx(0.0001 / sqrt(12))


def test_a_reading_beyond_every_range_gets_the_largest():
    assert parse_tester(TOML, "tester.toml").current_range(500.0).maximum == 100.0


def test_the_channel_is_part_of_the_name_of_its_errors():
    assert parse_tester(TOML, "tester.toml").id == "maker/T1/3"


def test_a_misspelt_key_is_named():
    with pytest.raises(ListError, match=r"tester.toml: nobody knows `chanel`; did you mean `channel`\?"):
        parse_tester(TOML.replace("channel", "chanel"), "tester.toml")


def test_an_error_limit_cannot_be_negative():
    with pytest.raises(ListError, match="gain"):
        parse_tester(TOML.replace("gain = 0.0003", "gain = -0.0003"), "tester.toml")


@pytest.mark.parametrize("kind", ["voltage", "current", "temperature"])
def test_a_tester_without_a_range_is_refused(kind: str):
    tester = parse_tester(TOML, "tester.toml")
    with pytest.raises(UsageError, match=f"no measuring range of its {kind}"):
        replace(tester, **{kind: ()})
    with pytest.raises(ListError, match="temperature"):
        parse_tester(TOML[: TOML.index("temperature")] + "temperature = []", "tester.toml")
