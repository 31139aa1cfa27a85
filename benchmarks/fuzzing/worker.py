"""A process that reads files one after another and says how each ended; `pool` starts and watches it.

A line of standard input names a file; a line of JSON on standard output answers. What libraries print goes to standard error.
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

STATUS = Path("/proc/self/status")


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    faulthandler.enable()
    faulthandler.register(signal.SIGUSR1)
    from cellwright import readers
    from cellwright.core.errors import CellwrightError

    readers.formats()
    start = memory("VmRSS")
    print(json.dumps({"baseline": start}), file=answers, flush=True)
    for line in sys.stdin:
        Path("/proc/self/clear_refs").write_text("5")
        kind, detail = ended(readers.read_all, line.rstrip("\n"), CellwrightError)
        answer = {"kind": kind, "detail": detail, "rise": memory("VmHWM") - start, "left": memory("VmRSS") - start}
        print(json.dumps(answer), file=answers, flush=True)


def ended(read: Any, path: str, ours: type[Exception]) -> tuple[str, str]:
    """Tell how reading ended: ``recordings``, ``refused``, or what must not be."""
    try:
        found = read(path, rate_hz=1.0, dbc=sorted(Path(path).parent.glob("*.dbc")))
    except ours as error:
        # A reader that failed, or a name that is nowhere, is a mistake of ours, whatever became of it.
        if error.code == "readers.reader_failed" or isinstance(error.__cause__, NameError | ImportError):  # pyright: ignore[reportAttributeAccessIssue]
            return "unguarded", trace(error.__cause__ or error)
        return "refused", f"{error.code}: {error}"  # pyright: ignore[reportAttributeAccessIssue]
    except BaseException as error:  # noqa: BLE001 - a panic of a Rust library is no Exception
        return "exception", trace(error)
    wrong = [text for recording in found for text in unsound(recording)]
    return ("unsound", "; ".join(wrong)) if wrong or not found else ("recordings", str(len(found)))


def unsound(recording: Any) -> list[str]:
    """What every recording promises and this one does not keep."""
    table = recording.table
    wrong = [] if table.height else ["no rows"]
    if "test_time_second" in table.columns:
        time_s = table["test_time_second"]
        if time_s.null_count() or not time_s.is_finite().all():
            wrong.append("a time that is no number")
        elif (time_s.diff() < 0).any():
            wrong.append("time runs backwards")
    return wrong


def memory(name: str) -> float:
    """Resident memory now or at most [MB]."""
    return next(int(line.split()[1]) / 1024 for line in STATUS.read_text().splitlines() if line.startswith(name))


def trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))[-4000:]


if __name__ == "__main__":
    main()
