"""Progress on stderr, for eyes only."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cellwright.cli.console import say

if TYPE_CHECKING:
    from cellwright.assess import Outcome, Progress


@contextmanager
def counting() -> Generator[Progress]:
    """Show how many batteries are done, nothing where stderr is no terminal; then say how many an earlier run had done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    resumed = 0
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task("", total=None)

        def show(done: int, total: int, outcome: Outcome) -> None:
            nonlocal resumed
            resumed += outcome.resumed
            bar.update(task, completed=done, total=total, description=", ".join(outcome.batteries)[:32])

        yield show
    if resumed:
        say("cli.resumed", count=resumed)
