"""From paths and a battery list to jobs: which files belong to which battery. Nothing is merged by guess."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from glob import glob
from pathlib import Path

from cellwright import readers
from cellwright.core.assessment import Failure
from cellwright.core.battery import Battery, parse_battery, parse_battery_list
from cellwright.core.errors import UsageError

LIST_NAME = "batteries.csv"
NEVER_RECORDINGS = {".md", ".toml", ".yaml", ".yml", ".json", ".html", ".pdf", ".png", ".jpg", ".svg", ".py", ".log", ".sha256", ".part"}


@dataclass(frozen=True)
class Job:
    """One battery and its files.

    Parameters
    ----------
    battery
        Its row of the list, or just an id where there is no list.
    files
        Its recordings.
    own
        True where the battery is known only by its file: several recordings in it are then several batteries.
    """

    battery: Battery
    files: tuple[Path, ...]
    own: bool = False


@dataclass(frozen=True)
class Plan:
    """What is to be done, and what cannot be."""

    jobs: tuple[Job, ...]
    failed: tuple[Failure, ...] = ()


def plan(paths: Sequence[Path], batteries: Path | None = None) -> Plan:
    """Make jobs of paths.

    Parameters
    ----------
    paths
        Files, and folders that are walked. Without `batteries`, a folder's own ``batteries.csv`` is its list.
    batteries
        ``batteries.csv``, or a ``battery.toml`` of one battery.

    Returns
    -------
    A plan in which a row of the list has the files that its globs match, beside the list or else among those given; without globs, the
    given file whose stem is its id. A file named by itself that no row claims is a battery of its own.

    Raises
    ------
    UsageError, ListError
        A path that does not exist, nothing to assess, or a list that is wrong.
    """
    for path in [*paths, *([batteries] if batteries else [])]:
        if not path.exists():
            raise UsageError("assess.no_such_path", path=str(path))
    named = list(dict.fromkeys(p for p in paths if not p.is_dir()))
    within, failed = _walk([p for p in paths if p.is_dir()])
    lists = [batteries] if batteries else [p / LIST_NAME for p in paths if p.is_dir() and os.path.isfile(p / LIST_NAME)]  # noqa: PTH113 - a folder that may not be opened has none
    listed, missing = _listed(lists, [*named, *within])
    _check_ids(listed)
    claimed = {file.resolve() for job in listed for file in job.files}
    loose = [p for p in (named if lists else [*named, *within]) if p.resolve() not in claimed]
    if lists:
        failed += [Failure(p.name, "assess.unclaimed", {"file": p.name}) for p in within if p.resolve() not in claimed and readers.knows(p)]
    jobs = (*listed, *_own(loose, {job.battery.id for job in listed}))
    if not jobs and not failed and not missing:
        raise UsageError("assess.nothing_to_assess", paths=[str(p) for p in paths])
    return Plan(jobs, (*failed, *missing))


def files_of(paths: Sequence[Path]) -> list[Path]:
    """Every file of the given files and folders that might be a recording. Raises `UsageError` for a path that does not exist."""
    for path in paths:
        if not path.exists():
            raise UsageError("assess.no_such_path", path=str(path))
    return [file for path in paths for file in (_walk([path])[0] if path.is_dir() else [path])]


def read_list(path: Path) -> tuple[Battery, ...]:
    """Read a ``batteries.csv``, ``battery.toml`` or ``pack.toml``. Raises `ListError` and `UsageError`."""
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        text = path.read_text("cp949", errors="replace")
    except OSError as error:
        raise UsageError("assess.cannot_open", path=str(path), detail=error.strerror or str(error)) from None
    return (parse_battery(text, path.name),) if path.suffix == ".toml" else parse_battery_list(text, path.name)


def _walk(folders: Sequence[Path]) -> tuple[list[Path], list[Failure]]:
    """Every file that might be a recording, and every folder that could not be opened."""
    found: list[Path] = []
    failed: list[Failure] = []

    def refused(error: OSError) -> None:
        failed.append(Failure(str(error.filename), "assess.cannot_open", {"path": str(error.filename), "detail": error.strerror}))

    for folder in folders:
        for root, subfolders, names in os.walk(folder, onerror=refused):
            subfolders[:] = sorted(n for n in subfolders if not n.startswith("."))
            found += [Path(root, n) for n in sorted(names) if _may_be_recording(n)]
    return found, failed


def _may_be_recording(name: str) -> bool:
    return not name.startswith(".") and name not in (LIST_NAME, "README.txt") and Path(name).suffix.lower() not in NEVER_RECORDINGS


def _listed(lists: Sequence[Path], given: Sequence[Path]) -> tuple[list[Job], list[Failure]]:
    jobs: list[Job] = []
    missing: list[Failure] = []
    by_stem = {p.stem: p for p in given}
    for path in lists:
        for battery in read_list(path):
            files: list[Path] = []
            for pattern in battery.files:
                matched = _matching(pattern, path.parent, given)
                files += matched
                if not matched:
                    params = {"file": path.name, "id": battery.id, "pattern": pattern}
                    missing.append(Failure(pattern, "assess.no_file_matches", params))
            if not battery.files and battery.id in by_stem:
                files.append(by_stem[battery.id])
            jobs.append(Job(battery, tuple(dict.fromkeys(files))))
    return jobs, missing


def _check_ids(jobs: Sequence[Job]) -> None:
    """Several lists may not name one battery: its parts would be taken for one another's."""
    twice = [name for name, count in Counter(job.battery.id for job in jobs).items() if count > 1]
    if twice:
        raise UsageError("assess.one_id_in_two_lists", ids=twice)


def _matching(pattern: str, folder: Path, given: Sequence[Path]) -> list[Path]:
    """Files that a glob of the list means: beside the list or, where none is there, among those given, by name.

    A name with brackets in it means itself before it means a glob.
    """
    if (folder / pattern).is_file():
        return [folder / pattern]
    beside = [Path(p) for p in sorted(glob(os.path.join(folder, pattern), recursive=True))]  # noqa: PTH118, PTH207 - a glob may be absolute
    return [p for p in beside if p.is_file()] or [p for p in given if Path(pattern).name == p.name or fnmatch(p.name, Path(pattern).name)]


def _own(files: Sequence[Path], taken: set[str]) -> list[Job]:
    """One battery a file, id = stem; a short hash of the path is added where two are equal."""
    count = Counter(p.stem for p in files)
    count.update(taken)
    jobs: list[Job] = []
    for path in files:
        battery = Battery(id=path.stem)
        if count[path.stem] > 1:
            battery = replace(battery, id=f"{path.stem}-{hashlib.sha256(str(path).encode()).hexdigest()[:6]}")
        jobs.append(Job(battery, (path,), own=True))
    return jobs
