"""Shared fixtures: where the real data is."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no failure, so no example has a deadline; what lands is tried on the same examples each time.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real tester files: ``../shared/data`` or the one that ``CELLWRIGHT_DATA`` names; skips where it is absent."""
    folder = Path(os.environ.get("CELLWRIGHT_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"real data not found at {folder}; set CELLWRIGHT_DATA to its folder")
    return folder
