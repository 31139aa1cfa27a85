"""A recording that reads, for every test of the command line."""

from pathlib import Path

import pytest


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A minute of rest and a minute of discharge."""
    rows = [f"{t},{3.7 if t < 60 else 3.6},{0 if t < 60 else -1}" for t in range(120)]
    path = tmp_path / "good.bdf.csv"
    path.write_text("\n".join(["test_time_second,voltage_volt,current_ampere", *rows]) + "\n")
    return path
