"""Arbin's workbooks, ``.xlsx`` and ``.xls``: one sheet or several a channel, and one that says what was tested."""

import re

import polars as pl

from cellwright.core.messages import Message, message
from cellwright.readers.engine.sheets import sheet, sheet_names, text_sheet
from cellwright.readers.makes.arbin.columns import drafted
from cellwright.readers.opening import ZIP, RawFile
from cellwright.readers.seam import Ask, Draft

INFO = "Global_Info"

# Channel_11_2 is the second sheet of channel 11; older programs write Channel_1-008, test and channel, and then Channel_1-008_2.
_SHEET = re.compile(r"Channel[_-]?(\d+(?:-\d+)?)(?:_(\d+))?")


def channel_sheets(file: RawFile) -> dict[str, list[str]]:
    """Sheets of each channel, in the order of their parts; empty where the file is no such workbook."""
    found = [(m.group(1), int(m.group(2) or 0), name) for name in sheet_names(file) if (m := _SHEET.fullmatch(name))]
    channels: dict[str, list[str]] = {}
    for channel, _, name in sorted(found, key=lambda f: f[:2]):
        channels.setdefault(channel, []).append(name)
    return channels


def read_workbook(file: RawFile, channels: dict[str, list[str]], ask: Ask) -> list[Draft]:
    """Read every channel of a workbook; raises `DamagedFile`, `MissingColumn`."""
    head = _global_info(file)
    used = {INFO, *(name for names in channels.values() for name in names)}
    left = [name for name in sheet_names(file) if name not in used]
    notes: tuple[Message, ...] = (message("readers.sheets_left_out", sheets=left),) if left else ()
    form = "xlsx" if file.data.startswith(ZIP) else "xls"
    drafts: list[Draft] = []
    for channel, names in channels.items():
        frame = pl.concat([sheet(file, name) for name in names], how="diagonal_relaxed")
        facts = head.get(channel, {})
        drafts.append(drafted(frame, file, Draft(frame, form, channel=channel, notes=notes, metadata=facts), ask))
    return drafts


def _global_info(file: RawFile) -> dict[str, dict[str, str]]:
    """Read what the first sheet says of each channel: a header row that begins with ``Channel``, then a row a channel."""
    if INFO not in sheet_names(file):
        return {}
    rows = text_sheet(file, INFO, header_row=None).rows()
    start = next((n for n, row in enumerate(rows) if row and row[0] == "Channel"), len(rows))
    header = rows[start] if start < len(rows) else ()
    return {str(row[0]): {str(k): str(v) for k, v in zip(header, row, strict=True) if k and v} for row in rows[start + 1 :] if row[0]}
