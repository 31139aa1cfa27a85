"""DBC files: what the messages of a bus hold. Sections that strict parsers demand and people leave out are put back in memory."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellwright.core.errors import UsageError
from cellwright.core.messages import Message, message

if TYPE_CHECKING:
    from cantools.database.can import Message as BusMessage

_FIRST_MESSAGE = re.compile(r"^BO_ ", re.MULTILINE)
_MESSAGE = re.compile(r"^BO_ +(\d+)[^\n]*\n(?:[ \t]+SG_[^\n]*\n|[ \t]*\n)*", re.MULTILINE)
_DEMANDED = ("NS_", "BS_", "BU_")
EXTRA = "cellwright[can]"


@dataclass(frozen=True)
class DbcFile:
    """A DBC file as it was found.

    Parameters
    ----------
    name
        Without its folder.
    text
        Its content.
    """

    name: str
    text: str


@dataclass(frozen=True, eq=False)
class Dictionary:
    """What a DBC file says.

    Parameters
    ----------
    name
        The file's name.
    messages
        By identifier and whether it is an extended one.
    """

    name: str
    messages: dict[tuple[int, bool], BusMessage]


def load(sources: str | Path | DbcFile | Sequence[str | Path | DbcFile]) -> tuple[DbcFile, ...]:
    """Read DBC files; raises `UsageError` for one that cannot be opened."""
    listed = [sources] if isinstance(sources, str | Path | DbcFile) else sources
    return tuple(source if isinstance(source, DbcFile) else _opened(Path(source)) for source in listed)


def _opened(path: Path) -> DbcFile:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError("readers.cannot_open_companion", file=str(path), cause=error.strerror or type(error).__name__) from None
    try:
        return DbcFile(path.name, data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return DbcFile(path.name, data.decode("cp1252", errors="replace"))


def parsed(file: DbcFile) -> tuple[Dictionary, list[Message]]:
    """Parse a DBC file; sections that were put back are noted. Raises `UsageError`."""
    text, repeated = _once(file.text)
    text, put_back = _repaired(text)
    notes = [message("readers.dbc_sections_added", file=file.name, sections=put_back)] if put_back else []
    if repeated:
        notes.append(message("readers.dbc_lines_repeated", file=file.name, count=repeated))
    database = _database(text, file.name)
    messages = {(m.frame_id, m.is_extended_frame): m for m in database.messages}
    return Dictionary(file.name, messages), notes


def _once(text: str) -> tuple[str, int]:
    """Keep each message's first definition, and each line of it once: the parser holds every signal against every other."""
    met: set[str] = set()

    def first(found: re.Match[str]) -> str:
        if found.group(1) in met:
            return ""
        met.add(found.group(1))
        lines = found.group(0).splitlines(keepends=True)
        return "".join(line for line in dict.fromkeys(lines) if line.strip()) + "\n"

    kept = _MESSAGE.sub(first, text)
    return kept, sum(line.strip() != "" for line in text.splitlines()) - sum(line.strip() != "" for line in kept.splitlines())


def _repaired(text: str) -> tuple[str, list[str]]:
    lacking = [section for section in _DEMANDED if not re.search(rf"^{section}\s*:", text, re.MULTILINE)]
    first = _FIRST_MESSAGE.search(text)
    if not lacking or first is None:
        return text, []
    sections = "".join(f"{section} :\n\n" for section in lacking)
    return text[: first.start()] + sections + text[first.start() :], lacking


def _database(text: str, name: str) -> Any:
    can_library("cantools")
    from cantools.database import load_string

    try:
        return load_string(text, "dbc", strict=False)
    except Exception as error:  # noqa: BLE001 - a parser fails in its own ways
        cause = " ".join(str(error).split())[:200]
        raise UsageError("readers.dbc_not_understood", file=name, cause=cause) from None


def can_library(name: str) -> None:
    """Raise `UsageError` with what to install where a library of the extra is missing."""
    from importlib.util import find_spec

    if find_spec(name) is None:
        raise UsageError("readers.extra_missing", library=name, extra=EXTRA)
