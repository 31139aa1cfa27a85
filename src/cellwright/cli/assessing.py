"""The verb that does the main job."""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cellwright.cli import options
from cellwright.cli.console import complain, finish, label, language, say

if TYPE_CHECKING:
    from cellwright.core.assessment import Assessments


def assess(
    paths: options.Paths,
    batteries: options.Batteries = None,
    tester: options.Tester = None,
    procedure: options.Procedure = "capacity-reference",
    rules: options.Rules = None,
    lang: options.Lang = None,
    out: options.Out = Path("out"),
    jobs: Annotated[int, typer.Option(help="Worker processes.", min=1)] = os.cpu_count() or 1,
    rate_hz: options.RateHz = None,
    timezone: options.Timezone = None,
    column_map: options.ColumnMap = None,
    dbc: options.Dbc = None,
    as_json: options.Json = False,
) -> None:
    """Assess batteries: capacity, resistance, state of health, a safety verdict, a decision, and a report.

    A folder's own batteries.csv is its list. An interrupted run goes on where it stopped.
    """
    from cellwright.assess import assess as run
    from cellwright.cli.progress import counting

    with counting() as progress:
        result = run(
            paths,
            out=out,
            batteries=batteries,
            tester=tester,
            procedure=procedure,
            rules=rules or (),
            lang=lang or language(),
            jobs=jobs,
            rate_hz=rate_hz,
            timezone=timezone,
            column_map=column_map,
            dbc=dbc or (),
            progress=progress,
        )
    summarise(result, out)
    if as_json:
        with (out / "assessment.json").open(encoding="utf-8") as file:
            shutil.copyfileobj(file, sys.stdout)
    finish(len(result.failed))


def summarise(result: Assessments, out: Path) -> None:
    """Print, for eyes, how many batteries went where, what failed and why, and where the report is."""
    from cellwright.assess import heads

    ends = heads(result.assessments)
    say("cli.assessed", count=len(ends))
    for title, stem, place in (("cli.decisions", "grading.outcome", 0), ("cli.verdicts", "safety.verdict", 1)):
        counts = Counter(end[place] for end in ends)
        if counts:
            say(title, counts=[f"{label(f'{stem}.{name}')} {n}" for name, n in counts.most_common()])
    for failure in result.failed:
        complain(failure.code, **failure.params)
    say("cli.report_at", path=str(out / "report.html"))
