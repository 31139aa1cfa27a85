"""The house: data walks one way, pure rooms stay pure, nothing heavy loads at the door."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "cellwright"
ROOMS = (
    *("core", "readers", "measure", "health", "safety", "grading", "packs", "records", "outlook", "plot"),
    *("report", "store", "assess", "demo", "server", "cli"),
)
PURE = {"measure", "health", "safety", "grading", "packs", "outlook", "plot"}
IMPURE_MODULES = {"os", "pathlib", "time", "socket", "subprocess", "urllib", "shutil", "tempfile", "io"}
HEAVY = ("polars", "numpy", "scipy", "plotly", "pydantic", "typer", "rich", "yaml", "jinja2")


def modules() -> list[Path]:
    return sorted(p for p in SOURCE.rglob("*.py") if p.parent != SOURCE or p.stem in ROOMS)


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(SOURCE)))
def test_a_room_imports_only_from_its_left(path: Path):
    here = ROOMS.index(room_of(path))
    for name in imported(path):
        parts = name.split(".")
        if parts[0] == "cellwright" and len(parts) > 1 and parts[1] in ROOMS:
            assert ROOMS.index(parts[1]) <= here, f"{path} imports {name}, which is to its right"


@pytest.mark.parametrize("path", [p for p in modules() if room_of(p) in PURE], ids=lambda p: str(p.relative_to(SOURCE)))
def test_pure_rooms_touch_no_files_clock_or_network(path: Path):
    roots = {name.split(".")[0] for name in imported(path)}
    assert not roots & IMPURE_MODULES
    calls = {n.func.id for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    assert not calls & {"open", "print", "input"}
    methods = {
        n.func.attr for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)
    }
    assert not methods & {"now", "today", "utcnow", "read_text", "write_text", "read_bytes", "write_bytes"}


def test_importing_the_package_loads_no_heavy_library():
    code = f"import sys, cellwright; print([m for m in {HEAVY!r} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_a_worker_that_measures_loads_no_filters_or_statistics():
    """They take seconds to load, and an assessment has many workers."""
    slow = ("scipy.signal", "scipy.stats", "scipy.ndimage", "scipy.interpolate", "scipy.optimize")
    code = f"import sys, cellwright.measure.whole; print([m for m in {slow!r} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_every_public_name_resolves():
    import cellwright

    for name in cellwright.__all__:
        assert getattr(cellwright, name) is not None
