"""Break every sample, again and again, and read it: each must end in a recording or in an error of ours, within 10 s
of work and 1 GB.

Samples are the files under ``testers``, ``safety`` and ``soh/nebula_step_sheets``. Two warm processes read what a seeded source has
damaged; one that dies, hangs or grows is replaced, and a hang or a growth counts only if a fresh process meets it too. What failed is
kept under ``.bench/fuzz`` and read again with ``--replay FILE``.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from random import Random

from _bench import REAL_DATA, Row, show
from fuzzing.mutations import mutated
from fuzzing.pool import LONGEST_S, MOST_MB, Outcome, Worker

WORKERS = 2
KEPT = Path(__file__).parents[1] / ".bench" / "fuzz"
FOLDERS = ("testers/*/**/*", "safety/*/**/*", "soh/nebula_step_sheets/*")
DBC = ".dbc"
LOGS = (".asc", ".blf", ".mf4", ".log", ".trc", ".csv")
NO_SAMPLES = ("license", "readme")
DOUBTFUL = {"hang", "memory"}
LIMITS = {"seconds": ("processor time", "s", LONGEST_S), "rise_mb": ("rise of memory", "MB", MOST_MB)}


@dataclass(frozen=True)
class Case:
    """One damaged file, and how reading it ended."""

    number: int
    sample: str
    mutation: str
    outcome: Outcome


def main() -> None:
    asked = arguments()
    if asked.replay:
        sys.exit(replay(asked.replay))
    groups = samples(asked.data)
    if not groups:
        sys.exit(f"no samples under {asked.data}")
    show(rows(run(groups, asked), asked.seed), as_json=asked.json)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=REAL_DATA, help="folder of real files, in the layout of ../shared/data")
    parser.add_argument("--seconds", type=float, default=60, help="how long to go on")
    parser.add_argument("--seed", type=int, default=7, help="seed of the damage")
    parser.add_argument("--keep", type=Path, default=KEPT, help="folder for the files that failed")
    parser.add_argument("--replay", type=Path, help="read this file under the same limits, and tell how it ends")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON on stdout")
    return parser.parse_args()


def samples(data: Path) -> list[list[Path]]:
    """Samples by folder and ending, so that a make with few files is met as often as one with many."""
    groups: defaultdict[tuple[Path, str], list[Path]] = defaultdict(list)
    for pattern in FOLDERS:
        for path in sorted(data.glob(pattern)):
            if path.is_file() and path.stat().st_size and not path.name.lower().startswith(NO_SAMPLES):
                groups[path.parent, path.suffix.lower()].append(path)
    return [groups[key] for key in sorted(groups)]


def run(groups: Sequence[Sequence[Path]], asked: argparse.Namespace) -> list[Case]:
    """Read damaged files until the time is over."""
    numbers, done = count(), list[Case]()
    until = time.monotonic() + asked.seconds
    lock = threading.Lock()

    def work() -> None:
        with Worker() as worker, tempfile.TemporaryDirectory() as folder:
            while time.monotonic() < until:
                with lock:
                    number = next(numbers)
                case = tried(number, groups, asked, worker, Path(folder))
                with lock:
                    done.append(case)

    threads = [threading.Thread(target=work) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(done, key=lambda case: case.number)


def tried(number: int, groups: Sequence[Sequence[Path]], asked: argparse.Namespace, worker: Worker, folder: Path) -> Case:
    """Damage one sample, as the seed and the case's number tell, and read it."""
    chance = Random(f"{asked.seed}:{number}")
    sample = chance.choice(chance.choice(groups))
    mutation, content = mutated(sample.read_bytes(), chance)
    with placed(sample, content, folder) as path:
        outcome = judged(worker, path)
        case = Case(number, str(sample.relative_to(asked.data)), mutation, outcome)
        if not outcome.good:
            keep(case, path, asked)
    return case


@contextmanager
def placed(sample: Path, content: bytes, folder: Path) -> Iterator[Path]:
    """Lay a damaged file into a folder of its own, with what it is read together with: a log with the DBC files beside it."""
    case = folder / "case"
    case.mkdir()
    path = case / sample.name
    path.write_bytes(content)
    try:
        if sample.suffix.lower() in LOGS:
            for dictionary in {*sample.parent.glob(f"*{DBC}"), *sample.parent.parent.glob(f"*{DBC}")}:
                shutil.copy(dictionary, case)
        if sample.suffix.lower() == DBC:
            log = min((p for p in sample.parent.rglob("*") if p.suffix.lower() in LOGS), key=lambda p: p.stat().st_size, default=sample)
            path = Path(shutil.copy(log, case)) if log != sample else path
        yield path
    finally:
        shutil.rmtree(case)


def judged(worker: Worker, path: Path) -> Outcome:
    """Read a file; what hung or grew gets a second try in a fresh process, since the machine may be busy and memory may be torn."""
    outcome = worker.read(path)
    if outcome.kind in DOUBTFUL:
        worker.stop()
        outcome = worker.read(path)
    return outcome


def keep(case: Case, path: Path, asked: argparse.Namespace) -> None:
    """Keep what failed, with how it came to be, and say so."""
    kept = asked.keep / f"{asked.seed}-{case.number:06}-{case.outcome.kind}"
    kept.mkdir(parents=True, exist_ok=True)
    for file in path.parent.iterdir():
        shutil.copy(file, kept)
    (kept / "case.json").write_text(json.dumps({"seed": asked.seed, **asdict(case)}, indent=1))
    last = case.outcome.detail.strip().splitlines()[-1:] or [""]
    print(f"{case.outcome.kind:<10} {case.sample} ({case.mutation}): {last[0][:200]}\n           {kept / path.name}", file=sys.stderr)


def replay(path: Path) -> int:
    """Read one file under the limits; returns the exit code."""
    with Worker() as worker:
        outcome = worker.read(path.resolve())
    print(f"{outcome.kind}  {outcome.seconds:.2f} s  {outcome.rise_mb:.0f} MB\n{outcome.detail}", file=sys.stderr)
    return 0 if outcome.good else 1


def rows(cases: Sequence[Case], seed: int) -> list[Row]:
    """A row a make, and the totals that are held against the limits."""
    by_make: defaultdict[str, list[Case]] = defaultdict(list)
    for case in cases:
        by_make[Path(case.sample).parent.name].append(case)
    found = [row for make, some in sorted(by_make.items()) for row in failures(make, some, seed)]
    return [*found, *failures("all", cases, seed), *(worst(cases, name, seed) for name in LIMITS)]


def worst(cases: Sequence[Case], name: str, seed: int) -> Row:
    metric, unit, limit = LIMITS[name]
    case = max(cases, key=lambda case: getattr(case.outcome, name))
    value = getattr(case.outcome, name)
    return Row(f"worst: {Path(case.sample).name}", f"{metric} ({case.mutation})", value, unit, limit, value < limit, len(cases), seed)


def failures(make: str, cases: Sequence[Case], seed: int) -> list[Row]:
    failed = sum(not case.outcome.good for case in cases)
    read = sum(case.outcome.kind == "recordings" for case in cases)
    return [
        Row(make, "failures", failed, "1", 0, failed == 0, len(cases), seed),
        Row(make, "read in spite of damage", read, "1", None, None, len(cases), seed),
    ]


if __name__ == "__main__":
    main()
