"""LabVIEW measurement files with their header, as National Instruments specifies them (ni.com, tutorial 4139).

After the file's header come segments, one for each time that something was written: each says when it began, how far its samples are
apart, and what its channels are called.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import polars as pl

from cellwright.core.columns import TIME
from cellwright.core.errors import DamagedFile
from cellwright.core.messages import Message
from cellwright.readers.engine import text
from cellwright.readers.engine.clock import UNIX
from cellwright.readers.engine.sensors import placed
from cellwright.readers.engine.timing import begun
from cellwright.readers.makes.labview.bare import rate
from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Ask, Draft

HEADED = b"LabVIEW Measurement"
END = b"***End_of_Header***"
X_VALUE = "X_Value"
COMMENT = "Comment"
CELSIUS = {"c", "°c", "deg c", "degc", "deg_c", "celsius", "degrees celsius"}
DATES = ("%Y/%m/%d %H:%M:%S%.f", "%m/%d/%Y %H:%M:%S%.f", "%d.%m.%Y %H:%M:%S%.f")
# LabVIEW counts seconds from 1904-01-01 00:00 UTC.
EPOCH_1904_S = -2_082_844_800.0

DIALECT = text.Dialect(tells=frozenset(), columns={})
_SEPARATED = re.compile(rb"(?m)^Separator([\t,;])")
_ENDS = re.compile(rb"[\t,;]?\r?$", re.MULTILINE)
_SEGMENT = re.compile(rb"(?m)^(?=Channels[\t,;])")
_STAMP = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2}) (\d{1,2}):(\d{1,2}):(\d{1,2}(?:[.,]\d+)?)")


@dataclass(frozen=True)
class Segment:
    """What was written at once.

    Parameters
    ----------
    head
        Values of each tag, one a channel.
    names
        Names of the columns.
    rows
        The samples, as text.
    """

    head: Mapping[str, tuple[str, ...]]
    names: tuple[str, ...]
    rows: bytes

    def number(self, tag: str, default: float) -> float:
        """Return a tag's first value."""
        try:
            return float(self.head.get(tag, ("",))[0].replace(",", "."))
        except ValueError:
            return default

    @property
    def began(self) -> str:
        """Date and time of the first channel, as written."""
        return " ".join(self.head.get(tag, ("",))[0] for tag in ("Date", "Time")).strip()


def is_headed(file: RawFile) -> bool:
    """Tell a file with a header by its first words."""
    return file.head.startswith(HEADED)


def read_headed(file: RawFile, ask: Ask) -> list[Draft]:
    """Read the segments; those with the same channels make one recording. Raises `DamagedFile`, `MissingRate`."""
    start, found, rest = file.text.partition(END)
    told = _SEPARATED.search(start)
    separator = told.group(1).decode() if told else "\t"
    head = {name: values[0] for name, values in _tags(start, separator).items() if values and values[0]}
    segments = [s for piece in _SEGMENT.split(rest.partition(b"\n")[2]) if (s := _segment(piece, separator))]
    if not found or not segments:
        raise DamagedFile("readers.no_rows", file=file.file)
    groups: dict[tuple[str, ...], list[Segment]] = {}
    for segment in segments:
        groups.setdefault(segment.names, []).append(segment)
    alone = len(groups) == 1
    return [
        _draft(_joined(file, group, separator), head, group, ask, None if alone else str(n)) for n, group in enumerate(groups.values(), 1)
    ]


def _tags(block: bytes, separator: str) -> dict[str, tuple[str, ...]]:
    lines = (line.rstrip("\r").split(separator) for line in block.decode("utf-8", errors="replace").split("\n"))
    return {cells[0].strip(): tuple(cell.strip() for cell in cells[1:]) for cells in lines if cells[0].strip()}


def _segment(piece: bytes, separator: str) -> Segment | None:
    head, found, rest = piece.partition(END)
    body = rest.partition(b"\n")[2] if found else head
    line, _, rows = body.lstrip(b"\r\n").partition(b"\n")
    # A row that has no comment may end with a separator or without.
    rows = _ENDS.sub(b"", rows.strip(b"\r\n"))
    names = tuple(cell.strip() for cell in line.decode("utf-8", errors="replace").rstrip("\r").split(separator))
    return Segment(_tags(head, separator) if found else {}, names, rows) if rows else None


def _joined(file: RawFile, segments: Sequence[Segment], separator: str) -> tuple[RawFile, text.Layout]:
    body = replace(file, data=b"\n".join(segment.rows for segment in segments), path=None)
    return body, text.layout_at(body, segments[0].names, 0, separator)


def _draft(body: tuple[RawFile, text.Layout], head: Mapping[str, str], segments: Sequence[Segment], ask: Ask, channel: str | None) -> Draft:
    file, layout = body
    frame, notes = text.parse(file, layout, DIALECT)
    frame = frame.drop(name for name in frame.columns if frame[name].null_count() == frame.height)
    timed = _timed(frame, head, segments, file, ask)
    table, more = _channels(timed, segments[0])
    draft = Draft(table, "lvm", channel=channel, notes=(*notes, *more), metadata=dict(head), required=(TIME,))
    began = segments[0].began or " ".join(head.get(tag, "") for tag in ("Date", "Time"))
    return begun(draft, began.replace(",", "."), DATES, ask)


def _timed(frame: pl.DataFrame, head: Mapping[str, str], segments: Sequence[Segment], file: RawFile, ask: Ask) -> pl.DataFrame:
    """Add the time [s] since the first segment began, from the X column or from the samples' distance."""
    counts = [segment.rows.count(b"\n") + 1 for segment in segments]
    if X_VALUE in frame.columns and head.get("X_Columns", "No") != "No":
        x = frame[X_VALUE].cast(pl.Float64, strict=False)
        if head.get("Time_Pref") == "Absolute":
            return frame.drop(X_VALUE).with_columns((x - x[0]).alias(TIME), (x + EPOCH_1904_S).alias(UNIX))
        return frame.drop(X_VALUE).with_columns((x + _spread([_began(s, segments[0]) for s in segments], counts).head(len(x))).alias(TIME))
    steps = [segment.number("Delta_X", 0.0) for segment in segments]
    if not all(step > 0 or count == 1 for step, count in zip(steps, counts, strict=True)):
        steps = [1 / rate(file, ask)] * len(segments)
    begins = [_began(segment, segments[0]) + segment.number("X0", 0.0) for segment in segments]
    within = pl.select(pl.int_ranges(0, pl.Series(counts)).explode()).to_series()
    time = _spread(begins, counts) + within * _spread(steps, counts)
    return frame.with_columns(time.head(frame.height).alias(TIME))


def _spread(values: Sequence[float], counts: Sequence[int]) -> pl.Series:
    spread = pl.Series(values, dtype=pl.Float64).repeat_by(pl.Series(counts))
    return spread.explode()


def _began(segment: Segment, first: Segment) -> float:
    """Seconds from the beginning of the first segment to that of this one; 0 where they do not say."""
    moments = [_moment(one.began) for one in (first, segment)]
    return (moments[1] - moments[0]).total_seconds() if moments[0] and moments[1] else 0.0


def _moment(stamp: str) -> datetime | None:
    found = _STAMP.match(stamp)
    if not found:
        return None
    year, month, day, hour, minute, second = found.groups()
    whole, _, fraction = second.replace(",", ".").partition(".")
    try:
        moment = datetime(int(year), int(month), int(day), int(hour), int(minute), int(whole))
    except ValueError:
        return None
    return moment + timedelta(seconds=float(f"0.{fraction or 0}"))


def _channels(table: pl.DataFrame, segment: Segment) -> tuple[pl.DataFrame, list[Message]]:
    """Make temperatures of the channels whose unit says so; the others keep their name, with their unit."""
    units = segment.head.get("Y_Unit_Label", ())
    channels = [name for name in segment.names if name not in {X_VALUE, COMMENT, ""}]
    units_of = {name: unit for name, unit in zip(channels, units, strict=False) if name in table.columns and unit}
    warm = {name: n for n, name in enumerate((c for c, u in units_of.items() if u.lower() in CELSIUS), 1)}
    table = table.with_columns(pl.col(name).cast(pl.Float64, strict=False) for name in warm)
    table, notes = placed(table, warm)
    return table.rename({name: f"{name} ({unit})" for name, unit in units_of.items() if name in table.columns}), notes
