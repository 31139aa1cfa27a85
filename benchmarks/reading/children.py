"""Processes that read: one that stays warm for times, fresh ones for memory and for the first read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

READS = Path(__file__).parents[1] / "peers" / "reads.py"


class Unreadable(Exception):
    """A program could not read a file; what it said."""


class Child:
    """A program, imported once, that reads file after file."""

    def __init__(self, program: str, python: Path | str = sys.executable) -> None:
        self.program = program
        command = [python, READS, program]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def read(self, path: Path, options: dict[str, object] | None = None) -> dict[str, Any]:
        """Read a file; returns seconds, rows and the table's size. Raises `Unreadable`."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"path": str(path), "options": options or {}}) + "\n")
        self.process.stdin.flush()
        return _checked(self.process.stdout.readline(), self.program)

    def seconds(self, path: Path, options: dict[str, object] | None = None) -> float:
        return self.read(path, options)["seconds"]

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()


def read_once(program: str, path: Path, options: dict[str, object] | None = None) -> dict[str, Any]:
    """Read a file in a fresh process; returns also the rise of memory over that after the import [MB]. Raises `Unreadable`."""
    command = [sys.executable, READS, program, "--once", path, json.dumps(options or {})]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=compiled())
    return _checked(done.stdout, program)


def compiled() -> dict[str, str]:
    """The environment as a user has it: modules are compiled once, not in every process."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _checked(line: str, program: str) -> dict[str, Any]:
    answer = json.loads(line) if line else {"error": "the process ended"}
    if "error" in answer:
        raise Unreadable(f"{program}: {answer['error']}")
    return answer
