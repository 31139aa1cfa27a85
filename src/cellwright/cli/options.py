"""Arguments and options that several verbs take."""

from pathlib import Path
from typing import Annotated

import typer

from cellwright.cli.console import Language

Paths = Annotated[list[Path], typer.Argument(help="Testers' files, or folders that hold them.", show_default=False, readable=False)]
MaybePaths = Annotated[
    list[Path] | None, typer.Argument(help="Testers' files, or folders that hold them.", show_default=False, readable=False)
]
Out = Annotated[Path, typer.Option(help="Folder to write to.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
RateHz = Annotated[float | None, typer.Option(help="Sampling rate [Hz] of files that have no time.", min=1e-6)]
Timezone = Annotated[str | None, typer.Option(help="Zone that local times are in, e.g. Asia/Seoul.")]
ColumnMap = Annotated[Path | None, typer.Option(help="What the columns or bus signals of vehicles' logs are: a YAML or TOML file.")]
Dbc = Annotated[list[Path] | None, typer.Option(help="DBC file of a vehicle's bus; may be given several times.")]
Procedure = Annotated[str, typer.Option(help="Procedure to hold recordings against: a shipped name or a YAML file.")]
Batteries = Annotated[Path | None, typer.Option(help="batteries.csv or battery.toml: ratings, parents, files.")]
Tester = Annotated[Path | None, typer.Option(help="tester.toml: the instrument's errors and calibrations.")]
Rules = Annotated[list[str] | None, typer.Option(help="Rules in place of the shipped ones of their kind: a name or a YAML file.")]
Lang = Annotated[Language | None, typer.Option(help="Language of the report; that of the console by default.", show_default=False)]
