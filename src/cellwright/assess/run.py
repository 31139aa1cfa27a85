"""The main job: read, measure, health, safety, grading, for one battery or a truckload."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

from cellwright import __version__, measure, report
from cellwright.assess.concluded import Concluded, CurvesOf
from cellwright.assess.plan import Job, plan
from cellwright.assess.pool import map_jobs
from cellwright.assess.single import How, Outcome, run_job
from cellwright.core import resources
from cellwright.core import rules as rule_files
from cellwright.core.assessment import SCHEMA_VERSION, Assessment, Assessments, Failure, Stamp
from cellwright.core.boundary import from_json, to_json
from cellwright.core.errors import UsageError
from cellwright.core.files import whole_file
from cellwright.core.tester import Tester, parse_tester
from cellwright.readers import column_maps, dbc_files
from cellwright.readers.engine.clock import check_zone

WORK = ".work"

Progress = Callable[[int, int, Outcome], None]
"""Told after each job how many are done, how many there are, and what the job gave."""


def assess(
    paths: Sequence[str | Path],
    *,
    out: str | Path,
    batteries: str | Path | None = None,
    tester: str | Path | None = None,
    procedure: str = "capacity-reference",
    rules: Sequence[str] = (),
    lang: str = "en",
    jobs: int = 1,
    rate_hz: float | None = None,
    timezone: str | None = None,
    column_map: str | Path | None = None,
    dbc: Sequence[str | Path] = (),
    progress: Progress | None = None,
    executor: Executor | None = None,
) -> Assessments:
    """Assess batteries from their testers' files, and write ``assessment.json`` and ``report.html``.

    Parameters
    ----------
    paths
        Files and folders; a folder's own ``batteries.csv`` is its list.
    out
        Folder for what is written. What an interrupted run has done lies there, and the next run goes on from it.
    batteries
        ``batteries.csv`` or ``battery.toml``; without a list, each recording is a battery named as its file.
    tester
        ``tester.toml``; by default the shipped, cautious one of the recording's make.
    procedure
        Name of a shipped procedure, or a YAML file, that the recordings are held against.
    rules
        Names of shipped rules, or YAML files, each in place of the shipped one of its kind.
    lang
        Language of the report: ``en`` or ``ko``.
    jobs
        Worker processes; 1 works in this process.
    rate_hz, timezone
        For files that have no time [Hz], and for the zone that local times are in.
    column_map, dbc
        What the columns of vehicles' logs are, and what the messages of their buses hold.
    progress
        Called after each job with how many are done, how many there are, and what it gave.
    executor
        Any `concurrent.futures.Executor`, a cluster's too, in place of worker processes of our own.

    Returns
    -------
    The content of ``assessment.json``; `Assessments.assessments` reads each battery when it is asked for.

    Raises
    ------
    UsageError, ListError
        Where nothing can be assessed: a missing path, a wrong list, tester, procedure or rule file. What is wrong with a single
        recording stands in `Assessments.failed`.
    """
    folder = Path(out)
    planned = plan([Path(p) for p in paths], Path(batteries) if batteries else None)
    if timezone:
        check_zone(timezone)
    checked, stamp = load_procedure(procedure)
    ruled = rule_files.load(*rules)
    columns = None if column_map is None else column_maps.load(column_map)
    how = How(folder / WORK, checked, stamp, _tester(tester), rate_hz, timezone, columns, dbc_files.load(dbc))
    outcomes = _first_pass(planned.jobs, how, jobs, progress, executor)
    concluded = Concluded(how, outcomes, ruled)
    result = Assessments(
        schema_version=SCHEMA_VERSION,
        program_version=__version__,
        created=dt.datetime.now(dt.UTC),
        rules=tuple(Stamp(r.name, r.date, ruled.sha256[r.name]) for r in ruled.all()),
        assessments=concluded,
        failed=(*planned.failed, *(f for o in outcomes for f in o.failed)),
    )
    write_assessments(folder / "assessment.json", result)
    report.write(result, CurvesOf(concluded), folder, lang)
    return result


def load_procedure(name: str) -> tuple[measure.Procedure, Stamp]:
    """Load a shipped procedure by name or a user's file. Raises `UsageError` and `ListError`."""
    named = resources.named_or_file("procedures", name)
    if named is None:
        raise UsageError("assess.no_such_procedure", name=name, known=resources.names("procedures", ".yaml"))
    where, source = named
    procedure = measure.parse_procedure(source, where)
    return procedure, Stamp(procedure.name, procedure.date, hashlib.sha256(source.encode()).hexdigest())


def write_assessments(path: Path, result: Assessments) -> None:
    """Write ``assessment.json`` battery by battery, each checked against the schema's model, so that memory stays bounded."""
    head = {name: getattr(result, name) for name in ("schema_version", "program_version", "created", "rules", "failed")}
    frame = to_json(Assessments(**head, assessments=()))
    before, _, after = frame.partition(b'"assessments":[')
    with whole_file(path) as file:
        file.write(before + b'"assessments":[')
        for number, assessment in enumerate(result.assessments):
            content = to_json(assessment)
            from_json(Assessment, content, assessment.battery.id)
            file.write((b",\n" if number else b"\n") + content)
        file.write(after)


def _first_pass(jobs: Sequence[Job], how: How, workers: int, progress: Progress | None, executor: Executor | None) -> list[Outcome]:
    outcomes: dict[Job, Outcome] = {}
    run = map_jobs(partial(run_job, how=how), jobs, min(workers, len(jobs)), failed=_unexpected, executor=executor)
    for job, outcome in run:
        outcomes[job] = outcome
        if progress:
            progress(len(outcomes), len(jobs), outcome)
    return [outcomes[job] for job in jobs]


def _unexpected(job: Job, error: BaseException) -> Outcome:
    """Tell of an error that nobody foresaw, or of a worker that died, as the failure of this battery's files alone."""
    detail = f"{type(error).__name__}: {error}".splitlines()[0]
    names = ", ".join(p.name for p in job.files)
    return Outcome("", (), (Failure(names, "assess.unexpected", {"file": names, "detail": detail}),))


def _tester(path: str | Path | None) -> Tester | None:
    if path is None:
        return None
    try:
        return parse_tester(Path(path).read_text("utf-8-sig"), Path(path).name)
    except FileNotFoundError:
        raise UsageError("assess.no_such_path", path=str(path)) from None
    except OSError as error:
        raise UsageError("assess.cannot_open", path=str(path), detail=error.strerror or str(error)) from None
