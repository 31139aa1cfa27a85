"""Shared fixtures: where the real data is."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real tester files: ``../shared/data`` or the one that ``CELLWRIGHT_DATA`` names; skips where it is absent."""
    folder = Path(os.environ.get("CELLWRIGHT_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"real data not found at {folder}; set CELLWRIGHT_DATA to its folder")
    return folder
