"""The page of formats says what the program says; the tables that need real files are written by the command."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[1] / "docs"


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("formats_page", DOCS / "formats.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("part", ["formats", "counters"])
def test_the_page_has_what_the_installed_readers_say(part: str):
    page = (DOCS / "formats.md").read_text("utf-8")
    made = generator()
    assert made.filled(page, part, getattr(made, part)()) == page, "run: python docs/formats.py --data ../shared/data"
