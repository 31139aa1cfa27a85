"""First pass: one battery alone, from its files to its measured quantities. Runs in a worker process."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cellwright import grading, health, measure, plot, readers
from cellwright.assess.plan import Job
from cellwright.core import resources
from cellwright.core.assessment import Failure, Stamp
from cellwright.core.battery import Battery
from cellwright.core.boundary import from_json, to_json
from cellwright.core.errors import CellwrightError, ListError
from cellwright.core.files import write_whole
from cellwright.core.frozen import freeze_fields
from cellwright.core.messages import Message, message
from cellwright.core.quantity import Quantity
from cellwright.core.recording import Recording, Source
from cellwright.core.tester import Tester, default_tester
from cellwright.measure import Procedure
from cellwright.plot import Curve
from cellwright.readers.vehicles.column_map import ColumnMap
from cellwright.readers.vehicles.dbc import DbcFile


@dataclass(frozen=True)
class How:
    """How every battery of a run is measured.

    Parameters
    ----------
    work
        Folder for what is done, so that an interrupted run goes on where it stopped.
    tester
        The instrument; None for the shipped default of the recording's make.
    procedure, stamp
        What the recordings are held against, and the digest of its text.
    rate_hz, timezone, column_map, dbc
        Passed to the readers.
    """

    work: Path
    procedure: Procedure
    stamp: Stamp
    tester: Tester | None = None
    rate_hz: float | None = None
    timezone: str | None = None
    column_map: ColumnMap | None = None
    dbc: tuple[DbcFile, ...] = ()


@dataclass(frozen=True)
class Measured:
    """One battery after the first pass: everything that can be said of it without its siblings."""

    battery: Battery
    sources: tuple[Source, ...]
    quantities: Mapping[str, tuple[Quantity, ...]]
    deviations: tuple[Message, ...]
    notes: tuple[Message, ...]
    tester: Tester | None
    curves: tuple[Curve, ...]

    def __post_init__(self) -> None:
        freeze_fields(self, "sources", "quantities", "deviations", "notes", "curves")


@dataclass(frozen=True)
class Done:
    """A finished job as it lies in the work folder."""

    measured: tuple[Measured, ...]
    failed: tuple[Failure, ...]


@dataclass(frozen=True)
class Outcome:
    """A finished job as it is told to the main process, which holds none of its content.

    Parameters
    ----------
    key
        Name of the job's files in the work folder.
    batteries
        Ids of the batteries that it gave.
    failed
        Its files that gave nothing.
    resumed
        True where an earlier run had done it.
    """

    key: str
    batteries: tuple[str, ...]
    failed: tuple[Failure, ...] = ()
    resumed: bool = False


def run_job(job: Job, how: How) -> Outcome:
    """Do one job, or find it done; an error in one file never reaches another."""
    failed: list[Failure] = []
    digests: dict[Path, str] = {}
    for path in job.files:
        try:
            with path.open("rb") as file:
                digests[path] = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            failed.append(Failure(path.name, "assess.cannot_open", {"path": path.name, "detail": error.strerror or str(error)}))
    key = _key(job, how, digests)
    done = load_done(how.work, key)
    resumed = done is not None
    if done is None:
        done = _measured(replace(job, files=tuple(digests)), how)
        write_whole(how.work / f"{key}.json", to_json(done))
    ids = tuple(m.battery.id for m in done.measured)
    return Outcome(key, ids, (*failed, *done.failed), resumed)


def load_done(work: Path, key: str) -> Done | None:
    """Return a job that an earlier run finished; None where it has not, or where its file cannot be read."""
    try:
        return from_json(Done, (work / f"{key}.json").read_bytes(), key)
    except (FileNotFoundError, ListError):
        return None


def _key(job: Job, how: How, digests: Mapping[Path, str]) -> str:
    parts = [
        resources.fingerprint(),
        str(job.own),
        how.stamp.sha256,
        str(how.rate_hz),
        str(how.timezone),
        repr(how.column_map),
        repr(how.dbc),
    ]
    parts += [to_json(job.battery).decode(), to_json(how.tester).decode() if how.tester else ""]
    parts += [f"{path.name} {digest}" for path, digest in digests.items()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def _measured(job: Job, how: How) -> Done:
    failed: list[Failure] = []
    recordings: list[Recording] = []
    for path in job.files:
        try:
            recordings += readers.read_all(path, rate_hz=how.rate_hz, timezone=how.timezone, column_map=how.column_map, dbc=how.dbc)
        except CellwrightError as error:
            failed.append(Failure(path.name, error.code, error.params))
    groups = [(_named(job.battery, r, len(recordings)), [r]) for r in recordings] if job.own else [(job.battery, recordings)]
    if job.own and not recordings:
        return Done((), tuple(failed))
    return Done(tuple(_one(battery, group, how) for battery, group in groups), tuple(failed))


def _named(battery: Battery, recording: Recording, count: int) -> Battery:
    if count == 1:
        return battery
    return replace(battery, id=f"{battery.id}-{recording.source.channel or recording.source.file}")


def _one(battery: Battery, recordings: list[Recording], how: How) -> Measured:
    quantities: dict[str, list[Quantity]] = {}
    deviations: list[Message] = []
    notes: list[Message] = []
    tester = how.tester
    for recording in sorted(recordings, key=lambda r: r.source.start or "", reverse=True):
        tester = how.tester or default_tester(recording.source.make)
        for name, found in measure.everything(recording, battery, tester).items():
            quantities.setdefault(name, []).extend(found)
        deviations += measure.check(recording, how.procedure, battery)
        deviations += _beyond_range(tester, quantities)
        notes += [Message(n.code, {"file": recording.source.file, **n.params}) for n in recording.notes]
    ordered = {name: tuple(sorted(found, key=_preference)) for name, found in quantities.items()}
    if "dc_resistance" in ordered:
        ordered["dc_resistance"] = _decisive_first(battery, ordered["dc_resistance"])
    return Measured(
        battery=battery,
        sources=tuple(r.source for r in recordings),
        quantities=ordered | health.state_of_health(battery, ordered),
        deviations=tuple(dict.fromkeys(deviations)),
        notes=tuple(notes),
        tester=tester,
        curves=tuple(plot.curve(r) for r in recordings),
    )


def _preference(quantity: Quantity) -> tuple[bool, bool]:
    """A value before its absence, a conditioned one before an unconditioned one; the latest recording stands first already."""
    return quantity.value is None, bool(quantity.conditions.get("unconditioned"))


def _beyond_range(tester: Tester, quantities: Mapping[str, Sequence[Quantity]]) -> list[Message]:
    """Readings that no range of the tester reaches: it is another instrument's file, and the uncertainties are not this one's."""
    found: list[Message] = []
    for name, ranges in (("maximum_voltage", tester.voltage), ("maximum_current", tester.current)):
        value = max((q.value or 0.0 for q in quantities.get(name, ())), default=0.0)
        if value > ranges[-1].maximum:
            found.append(message("assess.beyond_tester_range", tester=tester.id, value=value, maximum=ranges[-1].maximum))
    return list(dict.fromkeys(found))


def _decisive_first(battery: Battery, resistances: tuple[Quantity, ...]) -> tuple[Quantity, ...]:
    decisive = grading.decisive_resistance(battery, resistances)
    return resistances if decisive is None else (decisive, *(r for r in resistances if r is not decisive))
