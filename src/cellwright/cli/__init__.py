"""The command line: one small module a group of verbs."""

import os
import sys


def main() -> None:
    """Run the command line; whatever goes wrong is one line, never a traceback."""
    from typer.exceptions import TyperException

    from cellwright.cli.console import INTERRUPTED, WRONG_USE, complain
    from cellwright.core.errors import CellwrightError

    code = WRONG_USE
    try:
        from cellwright.cli.app import app

        code = app(sys.argv[1:] or ["--help"], standalone_mode=False)
        if code == INTERRUPTED:
            complain("cli.interrupted")
    except CellwrightError as error:
        complain(error.message())
    except TyperException as error:
        complain("cli.wrong_use", detail=error.format_message().rstrip("."))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read the output has stopped
    except Exception as error:
        if os.environ.get("CELLWRIGHT_DEBUG"):
            raise
        complain("cli.unexpected", detail=f"{type(error).__name__}: {error}")
    sys.exit(code)
