"""What the verbs share: where they print, in which language, and how they end."""

import json
import os
import sys
from enum import StrEnum
from typing import Any, NoReturn

from cellwright.core.messages import LANGUAGES, Message, render

FAILED_INPUTS = 1
WRONG_USE = 2
INTERRUPTED = 130


class Language(StrEnum):
    """Languages of the program."""

    en = "en"
    ko = "ko"


def language() -> str:
    """Return the language of what is printed: ``CELLWRIGHT_LANG``, else the locale's, else English."""
    for name in ("CELLWRIGHT_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if (value := os.environ.get(name, "")[:2].lower()) in LANGUAGES:
            return value
    return "en"


def say(said: str | Message, /, **params: Any) -> None:
    """Print a line for eyes, on stderr."""
    print(_words(said, params), file=sys.stderr)


def complain(said: str | Message, /, **params: Any) -> None:
    """Print an error as one line on stderr."""
    print(f"cellwright: {_words(said, params)}", file=sys.stderr)


def emit(document: Any) -> None:
    """Print one JSON document on stdout."""
    print(json.dumps(document, ensure_ascii=False, indent=1))


def finish(failed: int) -> NoReturn:
    """End: 0 where everything was done, 1 where some inputs failed."""
    sys.exit(FAILED_INPUTS if failed else 0)


def label(code: str, /, **params: Any) -> str:
    """Return words for a code in the language of the console."""
    return render(code, params, language())


def _words(what: str | Message, params: dict[str, Any]) -> str:
    said = what if isinstance(what, Message) else Message(what, params)
    return " ".join(said.text(language()).split())
