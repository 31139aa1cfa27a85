"""Warm processes that read what may be broken: each is watched, and ended when it takes too long or too much."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LONGEST_S = 10.0
LONGEST_WAIT_S = 60.0
MOST_MB = 1000.0
RETIRED_MB = 300.0
LOOK_S = 0.05
WORKER = Path(__file__).with_name("worker.py")


@dataclass(frozen=True)
class Outcome:
    """How reading a file ended.

    Parameters
    ----------
    kind
        ``recordings`` and ``refused`` are what is wanted; ``exception``, ``unguarded``, ``unsound``, ``died``, ``hang`` and ``memory``
        are failures.
    detail
        What was raised or said, or where the process was when it was ended.
    seconds
        Processor time [s], which is wall time where nothing else runs: a busy machine is no fault of the reader.
    rise_mb
        Greatest resident memory over that of the process before it read anything [MB].
    """

    kind: str
    detail: str
    seconds: float
    rise_mb: float

    @property
    def good(self) -> bool:
        return self.kind in {"recordings", "refused"}


class Worker:
    """One reading process, started anew whenever it has ended."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.said = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the worker
        self.baseline = 0.0

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.said.close()

    def read(self, path: Path) -> Outcome:
        """Let the process read a file; ends it past a gigabyte, ten seconds of work, or a minute of whatever."""
        process = self._started()
        self.said.seek(0)
        self.said.truncate()
        began, worked = time.perf_counter(), worked_s(process.pid)
        assert process.stdin is not None
        process.stdin.write(f"{path}\n".encode())
        process.stdin.flush()
        answer, highest = self._answer(process, began, worked)
        seconds = worked_s(process.pid) - worked
        if isinstance(answer, str):
            self.stop()
            return Outcome(answer, self._last_words(process), seconds, highest)
        kind = "memory" if answer["rise"] > MOST_MB else answer["kind"]
        if answer["left"] > RETIRED_MB:
            self.stop()
        return Outcome(kind, answer["detail"], seconds, answer["rise"])

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            for pipe in (self.process.stdin, self.process.stdout):
                if pipe is not None:
                    pipe.close()
        self.process = None

    def _started(self) -> subprocess.Popen[bytes]:
        if self.process is None or self.process.poll() is not None:
            self.stop()
            environment = {**os.environ, "POLARS_MAX_THREADS": "1", "RUST_BACKTRACE": "0"}
            self.process = subprocess.Popen(
                [sys.executable, str(WORKER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.said, env=environment
            )
            assert self.process.stdout is not None
            self.baseline = json.loads(self.process.stdout.readline())["baseline"]
        return self.process

    def _answer(self, process: subprocess.Popen[bytes], began: float, worked: float) -> tuple[dict[str, Any] | str, float]:
        """Wait for the answer; gives the reason instead where there will be none, and the memory [MB] seen meanwhile."""
        assert process.stdout is not None
        highest = 0.0
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while not selector.select(LOOK_S):
                highest = max(highest, resident_mb(process.pid) - self.baseline)
                late = worked_s(process.pid) - worked > LONGEST_S or time.perf_counter() - began > LONGEST_WAIT_S
                if highest > MOST_MB or late:
                    process.send_signal(signal.SIGUSR1)
                    time.sleep(2 * LOOK_S)
                    return ("hang" if late else "memory"), highest
        line = process.stdout.readline()
        return (json.loads(line) if line else "died"), highest

    def _last_words(self, process: subprocess.Popen[bytes]) -> str:
        self.said.seek(0)
        words = self.said.read().decode(errors="replace")
        return f"exit code {process.returncode}\n{words[-4000:]}"


def worked_s(pid: int) -> float:
    """Processor time that a process has taken so far [s]; 0 where it is no more."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """Resident memory of a process now [MB]; 0 where it is no more."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
