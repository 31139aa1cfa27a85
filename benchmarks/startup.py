"""How long a user waits before anything happens: ``import cellwright`` and ``cellwright --help``, each in fresh processes.

The import is the wall time over that of a bare ``python -c pass``, run in turn with it; the help is the whole command.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from functools import partial
from pathlib import Path
from time import perf_counter

from _bench import Row, arguments, at_most, in_turn, show

IMPORT_TARGET_S = 0.1
HELP_TARGET_S = 0.4

# As a user has it: modules are compiled once, not in every process.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def seconds(*command: str | Path) -> float:
    """Wall time of a command in a fresh process [s]; a command that fails ends the benchmark."""
    start = perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    elapsed = perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}: exit code {done.returncode}: {done.stderr.strip().splitlines()[-1:]}")
    return elapsed


def measure(seed: int) -> list[Row]:
    """Both cases; the first run of each fills the disk cache and writes the bytecode, and is not counted."""
    command = Path(sysconfig.get_path("scripts")) / "cellwright"
    if not command.exists():
        raise SystemExit(f"{command} is not there; install the project into this Python first (make)")
    runs = (
        partial(seconds, sys.executable, "-c", "pass"),
        partial(seconds, sys.executable, "-c", "import cellwright"),
        partial(seconds, command, "--help"),
    )
    for run in runs:
        run()
    bare, imported, helped = in_turn(*runs)
    over = [ours - base for ours, base in zip(imported, bare, strict=True)]
    return [
        at_most("import cellwright", "wall over bare python", over, unit="s", target=IMPORT_TARGET_S, seed=seed),
        at_most("cellwright --help", "wall", helped, unit="s", target=HELP_TARGET_S, seed=seed),
    ]


if __name__ == "__main__":
    asked = arguments(__doc__)
    show(measure(asked.seed), as_json=asked.json)
