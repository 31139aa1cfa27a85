"""What an ``.mpr`` tells beside its data: when the acquisition began, on which channel, of what cell, and where loops begin."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cellwright.readers.engine.clock import iso
from cellwright.readers.makes.biologic.columns import TECHNIQUES
from cellwright.readers.makes.biologic.modules import LOG, LOOP, SETTINGS, Module

# Offsets were found by looking for what the heads of the .mpt files say.
_TECHNIQUE = 0
_CELL = {7: "Comments", 286: "Electrode material", 367: "Initial state", 448: "Electrolyte"}
_RUN = {593: "File", 849: "Host", 900: "Address", 951: "EC-Lab", 958: "Internet server", 965: "Command interpretor", 975: "Device SN"}
_CHANNEL = 9
_START = 585
_DAYS_FROM = datetime(1899, 12, 30)
_FIRST_DAY, _LAST_DAY = 32874, 73051  # the years 1990 to 2099


@dataclass(frozen=True)
class Head:
    """What is known of a run.

    Parameters
    ----------
    start
        Local time at which the test time is 0, ISO 8601.
    channel
        The tester's channel.
    loops
        First rows of the loops, where there are several.
    facts
        The rest, under EC-Lab's names.
    """

    start: str | None = None
    channel: str | None = None
    loops: tuple[int, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


def read_head(modules: dict[str, Module]) -> Head:
    """Read what the settings, the log and the loops say; what is not there is left out, as in a file that is still being written."""
    settings, log = modules.get(SETTINGS), modules.get(LOG)
    facts = [("Technique", _technique(settings))] if settings else []
    facts += [(name, settings.text(at)) for at, name in _CELL.items()] if settings else []
    facts += [(name, log.text(at)) for at, name in _RUN.items()] if log else []
    return Head(_start(log), _channel(log), _loops(modules.get(LOOP)), tuple((name, value) for name, value in facts if value))


def _technique(settings: Module) -> str:
    found = settings.unpack("<B", _TECHNIQUE)
    return TECHNIQUES.get(int(found[0]), "") if found else ""


def _start(log: Module | None) -> str | None:
    days = log.unpack("<d", _START) if log else None
    if days is None or not _FIRST_DAY < days[0] < _LAST_DAY:
        return None
    return iso(_DAYS_FROM + timedelta(milliseconds=round(days[0] * 86_400_000)))


def _channel(log: Module | None) -> str | None:
    found = log.unpack("<B", _CHANNEL) if log else None
    return None if found is None else str(int(found[0]) + 1)


def _loops(loop: Module | None) -> tuple[int, ...]:
    """Return the first rows of the loops: the module has their count and one, their first rows, and the number of rows."""
    count = loop.unpack("<I", 0) if loop else None
    if loop is None or count is None or count[0] <= 2 or (starts := loop.unpack(f"<{int(count[0]) - 1}I", 4)) is None:
        return ()
    return tuple(int(start) for start in starts)
