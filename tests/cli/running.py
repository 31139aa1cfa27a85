"""Running the command as a user does, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

CELLWRIGHT = [sys.executable, "-W", "error::DeprecationWarning:cellwright", "-m", "cellwright"]
AS_ANYONE = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.geteuid() == 0 else []  # root may read everything


def run(*arguments: str | Path, cwd: Path, prefix: list[str] | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "CELLWRIGHT_LANG": "en"}
    command = [*(prefix or []), *CELLWRIGHT, *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=environment, check=False, timeout=120)
    assert "Traceback" not in done.stderr, done.stderr
    assert not list(cwd.rglob("*.part")), "something half-written is left"
    return done


def lines_of(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in done.stderr.splitlines() if line.startswith("cellwright: ")]
