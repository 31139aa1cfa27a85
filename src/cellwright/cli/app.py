"""The verbs, gathered. Each verb's module imports its rooms when the verb runs, so that ``--help`` stays quick."""

from typing import Annotated

import typer

from cellwright import __version__
from cellwright.cli import assessing, demonstrating, explaining, reading

app = typer.Typer(name="cellwright", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(  # pyright: ignore[reportUnusedFunction]
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """From battery testers' raw files to state of health, a safety verdict and a decision with its reasons."""


app.command("demo")(demonstrating.demo)
app.command("read")(reading.read)
app.command("info")(reading.info)
app.command("formats")(reading.formats)
app.command("check")(reading.check)
app.command("assess")(assessing.assess)
app.command("explain")(explaining.explain)
