"""Details of the uncertainty budget that the quantities do not show."""

from dataclasses import replace

import numpy as np
import pytest

from cellwright.core import resources
from cellwright.core.quantity import correlation
from cellwright.core.tester import Range, parse_tester
from cellwright.measure import capacity
from cellwright.measure.budget import printed_step
from tests.measure.recordings import CYCLE, TESTER, series


@pytest.mark.parametrize("digits", [0, 1, 2, 3, 4])
def test_printed_digits_are_found_in_the_numbers(digits: int):
    values = np.random.default_rng(digits).uniform(2.0, 60.0, 500).round(digits)
    assert printed_step(values) == 10.0**-digits


def test_numbers_that_show_no_digits_have_none():
    assert printed_step(np.random.default_rng(0).uniform(2.0, 4.0, 500)) == 0.0


def test_single_precision_does_not_hide_the_digits():
    values = np.random.default_rng(0).uniform(2.0, 4.0, 500).round(4).astype(np.float32)
    assert printed_step(values) == 1e-4


def test_a_few_round_values_say_nothing_of_the_digits():
    assert printed_step(np.tile([0.0, 10.0, -20.0], 100)) == 0.0


def test_rows_in_pairs_do_not_hide_every_other_value():
    counter = np.random.default_rng(0).uniform(0.0, 9.0, 5000).round(4)
    assert printed_step(np.stack([np.zeros(5000), counter], axis=1).ravel()) == 1e-4


def test_the_range_is_the_smallest_that_holds_the_largest_reading_of_the_recording():
    ranges = tuple(Range(maximum=m, gain=0.001, offset=m / 1000, resolution=0.0) for m in (5.0, 20.0, 100.0))
    found = capacity(series(CYCLE), tester=replace(TESTER, current=ranges))
    assert {k for k in found.components if ":current:" in k} == {"t/m/20A:current:gain", "t/m/20A:current:offset"}


def test_capacities_from_one_channel_share_its_gain():
    first, second = (capacity(series(CYCLE, interval=i), tester=TESTER) for i in (1.0, 2.0))
    assert correlation(first, second) > 0.9


def test_two_makes_that_nobody_described_share_no_error():
    made, default = series(CYCLE), replace(TESTER, default=True)
    other = replace(made, source=replace(made.source, make="other", sha256="cd" * 32))
    first, second, again = (capacity(r, tester=default) for r in (made, other, series(CYCLE, interval=2.0)))
    assert correlation(first, second) == 0.0
    assert correlation(first, again) > 0.9  # the same make and file
    assert "t/m/made-up/abababab:current:gain" in first.components
    on_channel = replace(made, source=replace(made.source, channel="7"))
    assert "t/m/made-up/7:current:gain" in capacity(on_channel, tester=default).components


def test_the_default_tester_says_that_it_is_one_and_errs_towards_too_much():
    default = parse_tester(resources.text("testers", "default.toml"), "default.toml")
    assert default.default
    for spans in (default.voltage, default.current):
        assert [s.maximum for s in spans] == sorted(s.maximum for s in spans)
        # a reading at full scale may be off by at least 0.1 % of it, more than makers of testers state
        assert all(s.gain * s.maximum + s.offset >= 0.001 * s.maximum and s.distribution == "rectangular" for s in spans)
        assert all(s.calibration is None for s in spans)
