"""One test of one battery, in the Battery Data Format's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from cellwright.core.columns import FREQUENCY
from cellwright.core.frozen import FrozenDict, freeze_fields
from cellwright.core.messages import Message

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Source:
    """Where a recording came from.

    Parameters
    ----------
    file
        The file's name, without its folder.
    sha256
        Digest of the file as it was found (packed, if it was packed).
    make, format
        The tester's maker and the file format, e.g. ``neware``, ``ndax``.
    reader, reader_version
        The reader that was used.
    channel
        The tester's channel, where the file names it.
    start
        The test's first moment as the file states it, ISO 8601; without offset where the zone is unknown.
    """

    file: str
    sha256: str
    make: str
    format: str
    reader: str
    reader_version: str
    channel: str | None = None
    start: str | None = None


@dataclass(frozen=True, eq=False)
class Recording:
    """One test of one battery.

    Parameters
    ----------
    table
        Columns are BDF machine names with their units (`cellwright.core.columns`); positive current charges. A column that
        BDF does not know keeps the vendor's name. Row ``n`` came from row ``record_index`` of the file.
    source
        Where it came from.
    sampling
        ``series``, or ``step`` where only the two ends of each step are known: two rows a step, and the tester's own
        step capacities stand in the second.
    notes
        What the reader repaired, masked or did not know.
    metadata
        What the file's head says, under the vendor's names.
    """

    table: pl.DataFrame
    source: Source
    sampling: Literal["series", "step"] = "series"
    notes: tuple[Message, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=FrozenDict)

    def __post_init__(self) -> None:
        freeze_fields(self, "notes", "metadata")

    @property
    def is_spectrum(self) -> bool:
        """Whether most rows are an impedance at a frequency, so that they are no course of a test over time."""
        if FREQUENCY not in self.table.columns:
            return False
        return 2 * (self.table[FREQUENCY] > 0).sum() > self.table.height

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Recording):
            return NotImplemented
        return (self.source, self.sampling, self.notes, self.metadata) == (
            other.source,
            other.sampling,
            other.notes,
            other.metadata,
        ) and self.table.equals(other.table)

    __hash__ = None  # pyright: ignore[reportAssignmentType]
