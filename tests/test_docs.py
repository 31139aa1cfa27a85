"""Every Python and shell block of README and docs runs, but for those marked `text` and for make and serve."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEADS = (ROOT / "README.md", ROOT / "README.ko.md", ROOT / "CONTRIBUTING.md")
PAGES = sorted([*HEADS, *(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "measure").glob("*.md")])
BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```", re.M | re.S)


def blocks(page: Path, language: str) -> list[str]:
    return [body for kind, body in BLOCK.findall(page.read_text("utf-8")) if kind == language]


def real_data(page: Path, request: pytest.FixtureRequest) -> str:
    """The folder of real files where the page speaks of them; such a page is skipped where they are absent."""
    return str(request.getfixturevalue("data")) if "shared/data" in page.read_text("utf-8") else "no-data"


@pytest.mark.parametrize("page", [p for p in PAGES if p.exists() and blocks(p, "python")], ids=lambda p: p.name)
def test_python_in_the_page_runs(page: Path, request: pytest.FixtureRequest, tmp_path: Path):
    data = real_data(page, request)
    script = tmp_path / "page.py"
    script.write_text("\n\n".join(blocks(page, "python")), "utf-8")
    run = subprocess.run(
        [sys.executable, "-W", "error", script],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
        env={"CELLWRIGHT_DATA": data, "PATH": "/usr/bin:/bin", "PYTHONUTF8": "1"},
    )
    assert run.returncode == 0, run.stderr[-2000:]


@pytest.mark.parametrize("page", [p for p in PAGES if p.exists() and blocks(p, "sh")], ids=lambda p: p.name)
def test_shell_in_the_page_runs(page: Path, request: pytest.FixtureRequest, tmp_path: Path):
    data = real_data(page, request)
    lines = [line for body in blocks(page, "sh") for line in body.splitlines() if not re.match(r"(make|git|cellwright serve)\b", line)]
    script = "set -e\n" + "\n".join(lines).replace("../shared/data", data)
    run = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "CELLWRIGHT_DATA": data, "PYTHONUTF8": "1"},
    )
    assert run.returncode in (0, 1), run.stderr[-2000:]
