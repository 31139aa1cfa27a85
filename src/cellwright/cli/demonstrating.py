"""The verb for a first look."""

from pathlib import Path
from typing import Annotated

import typer

from cellwright.cli import options
from cellwright.cli.console import language, say


def demo(
    out: options.Out = Path("demo"),
    lang: options.Lang = None,
    seed: Annotated[int, typer.Option(help="Another number makes another truckload.")] = 7,
) -> None:
    """Write a small truckload of made-up files in real testers' formats, assess it, and say where the report is."""
    import os

    from cellwright.assess import assess
    from cellwright.cli.assessing import summarise
    from cellwright.cli.progress import counting
    from cellwright.demo import write_truckload

    truckload = write_truckload(out / "truckload", seed)
    say("cli.demo_written", path=str(truckload))
    with counting() as progress:
        result = assess(
            [truckload],
            out=out,
            tester=truckload / "tester.toml",
            procedure=str(truckload / "procedure.yaml"),
            lang=lang or language(),
            jobs=os.cpu_count() or 1,
            progress=progress,
        )
    summarise(result, out)
