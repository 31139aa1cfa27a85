"""Buses recorded as text: Vector's ASC, candump of Linux, and SavvyCAN's GVRET."""

import io
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import polars as pl

from cellwright.core.errors import DamagedFile
from cellwright.readers.opening import RawFile
from cellwright.readers.vehicles.can.forms import ASC
from cellwright.readers.vehicles.can.frames import Frames, assembled, lines

_ASC_DATE = re.compile(rb"^\s*date\s+(.+?)\s*$", re.IGNORECASE | re.MULTILINE)
_VECTOR_DATES = ("%a %b %d %I:%M:%S.%f %p %Y", "%a %b %d %I:%M:%S %p %Y", "%a %b %d %H:%M:%S.%f %Y", "%a %b %d %H:%M:%S %Y")

_CLASSIC = r"^\s*(\d+\.\d+)\s+(\d+)\s+([0-9A-Fa-f]+)(x?)\s+(?:[RT]x)\s+d\s+[0-9A-Fa-f]+((?:\s+[0-9A-Fa-f]{1,3}\b)*)"
_FLEXIBLE = (
    r"^\s*(\d+\.\d+)\s+CANFD\s+(\d+)\s+(?:[RT]x)\s+([0-9A-Fa-f]+)(x?)\s+"
    r"(?:\S+\s+)?[01]\s+[01]\s+[0-9a-fA-F]\s+(\d+)((?:\s+[0-9A-Fa-f]{2})*)"
)
_ASC_FRAME = r"(?i)^\s*\d+\.\d+\s+(?:\d+\s+[0-9a-f]+x?\s+[rt]x\s+d\s|canfd\s)"
_LINUX = r"^\((\d+\.\d+)\)\s+(\S+)\s+([0-9A-Fa-f]+)##?([0-9A-Fa-f]*)"


def read_text(file: RawFile, form: str) -> Frames:
    """Read the frames of a text format; raises `DamagedFile`."""
    return {"asc": _asc, "candump": _candump, "gvret": _gvret}[form](file)


def _asc(file: RawFile) -> Frames:
    head = ASC.search(file.head)
    if head is None:
        raise DamagedFile("readers.no_frames", file=file.file)
    base, stamps = (part.decode().lower() for part in head.groups())
    rows = lines(file)
    classic = _groups(rows, _CLASSIC, ("time", "bus", "identifier", "mark", "payload"))
    if bool(rows.str.contains("CANFD", literal=True).any()):
        flexible = _groups(rows, _FLEXIBLE, ("time", "bus", "identifier", "mark", "count", "payload")).drop("count")
        classic = classic.select(pl.coalesce(pl.col(name), flexible[name]).alias(name) for name in classic.columns)
    meant = int(rows.str.contains(_ASC_FRAME).sum())
    table = classic.filter(pl.col("time").is_not_null())
    time = pl.col("time").cast(pl.Float64)
    table = table.select(
        (time.cum_sum() if stamps == "relative" else time).alias("time"),
        pl.col("bus").cast(pl.Int64),
        _number("identifier", base),
        (pl.col("mark") != "").alias("extended"),
        _word(table["payload"], base),
    )
    date = _ASC_DATE.search(file.head)
    moment, start_s = _date(date.group(1).decode("utf-8", errors="replace")) if date else (None, None)
    found = assembled(table, file.file, left_out=max(0, meant - table.height), start_s=start_s)
    return replace(found, start=moment)


def _groups(rows: pl.Series, pattern: str, names: tuple[str, ...]) -> pl.DataFrame:
    parts = rows.str.extract_groups(pattern.replace("[RT]x", "[RrTt][Xx]")).struct.unnest()
    parts.columns = list(names)
    return parts


def _number(name: str, base: str) -> pl.Expr:
    return pl.col(name).str.to_integer(base=16 if base == "hex" else 10, dtype=pl.UInt32, strict=False)


def _word(payload: pl.Series, base: str) -> pl.Series:
    """Join the bytes of a frame to one hexadecimal word; decimal ones are turned first."""
    if base == "hex":
        return payload.str.replace_all(" ", "", literal=True).str.replace_all("\t", "", literal=True).alias("payload")
    digits = pl.Series("digits", [f"{n:02X}" for n in range(256)])
    numbers = payload.str.extract_all(r"\d+").list.eval(pl.element().cast(pl.UInt32, strict=False))
    exploded = pl.DataFrame({"row": pl.Series(range(len(payload)), dtype=pl.UInt32), "number": numbers}).explode(
        "number", empty_as_null=True
    )
    exploded = exploded.with_columns(pl.when(pl.col("number") < 256).then(pl.col("number")))
    joined = (
        exploded.with_columns(byte=digits.gather(exploded["number"])).group_by("row", maintain_order=True).agg(pl.col("byte").str.join())
    )
    return joined["byte"].alias("payload")


def _date(text: str) -> tuple[str | None, float | None]:
    """Read a date as ASC files have it; only the form with a zone tells the Unix time."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        moment = None
    if moment is not None and moment.tzinfo is not None and "," in text:
        return moment.astimezone(UTC).isoformat(), moment.timestamp()
    for form in _VECTOR_DATES:
        try:
            return datetime.strptime(text, form).isoformat(), None
        except ValueError:
            continue
    return None, None


def _candump(file: RawFile) -> Frames:
    rows = lines(file)
    parts = _groups(rows, _LINUX, ("time", "bus", "identifier", "payload"))
    flexible = rows.str.contains("##", literal=True)
    buses = pl.Series("bus", parts["bus"].rank("dense").cast(pl.Int64) - 1)
    payload = pl.when(flexible).then(pl.col("payload").str.slice(1)).otherwise(pl.col("payload"))
    table = parts.with_columns(buses).select(
        pl.col("time").cast(pl.Float64),
        "bus",
        pl.col("identifier").str.to_integer(base=16, dtype=pl.UInt32, strict=False),
        (pl.col("identifier").str.len_bytes() > 3).alias("extended"),
        payload.alias("payload"),
    )
    frames = table.filter(pl.col("time").is_not_null())
    return assembled(frames, file.file, left_out=int((rows.str.strip_chars() != "").sum()) - frames.height)


def _gvret(file: RawFile) -> Frames:
    frame = pl.read_csv(io.BytesIO(file.text), infer_schema=False, truncate_ragged_lines=True, quote_char=None, encoding="utf8-lossy")
    frame.columns = [" ".join(name.split()) for name in frame.columns]
    held = [name for name in frame.columns if re.fullmatch(r"D\d+", name)]
    if not {"Time Stamp", "ID", "Extended", "Bus"} <= set(frame.columns) or not held:
        raise DamagedFile("readers.no_frames", file=file.file)
    table = frame.select(
        (pl.col("Time Stamp").cast(pl.Float64, strict=False) / 1e6).alias("time"),
        pl.col("Bus").cast(pl.Int64, strict=False).alias("bus"),
        pl.col("ID").str.to_integer(base=16, dtype=pl.UInt32, strict=False).alias("identifier"),
        (pl.col("Extended").str.to_lowercase() == "true").alias("extended"),
        pl.concat_str([pl.col(name).fill_null("") for name in held]).alias("payload"),
    )
    return assembled(table, file.file)
