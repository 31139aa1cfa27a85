"""The metadata file beside a BDF table: where a recording came from, and what the table has no column for.

It is named as batterydf 0.1.0 names it, ``cell.bdf.csv.metadata.json`` beside ``cell.bdf.csv``; what the later name,
``cell.bdf.metadata.json``, has is read too. One that another program wrote becomes metadata as it is.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from cellwright import __version__
from cellwright.core.boundary import from_json, to_json
from cellwright.core.errors import ListError
from cellwright.core.frozen import FrozenDict, freeze, freeze_fields
from cellwright.core.messages import Message, message
from cellwright.core.recording import Recording, Source
from cellwright.readers.opening import RawFile
from cellwright.readers.seam import Draft

ENDING = ".metadata.json"
CONVERTED_FROM = "converted_from"
OURS = {"table_sha256", "source"}


@dataclass(frozen=True)
class Sidecar:
    """What stands beside a table.

    Parameters
    ----------
    table_sha256
        Digest of the table that it speaks of.
    source
        Where the recording came from before it was written as BDF.
    sampling, notes, metadata
        As in `Recording`.
    program
        What wrote it.
    """

    table_sha256: str
    source: Source
    sampling: Literal["series", "step"] = "series"
    notes: tuple[Message, ...] = ()
    metadata: Mapping[str, Any] = FrozenDict()
    program: str = f"cellwright {__version__}"

    def __post_init__(self) -> None:
        freeze_fields(self, "notes", "metadata")


def sidecar_path(table: Path) -> Path:
    """Return where the metadata of a table lie."""
    return table.with_name(table.name + ENDING)


def sidecar_of(recording: Recording, table_sha256: str) -> bytes:
    """Write down what a recording's table does not hold."""
    first: Any = recording.metadata.get(CONVERTED_FROM)
    if not isinstance(first, Mapping) or set(first) != {f.name for f in fields(Source)}:  # pyright: ignore[reportUnknownArgumentType]
        return _written(recording, recording.source, recording.metadata, table_sha256)
    metadata = {name: value for name, value in recording.metadata.items() if name != CONVERTED_FROM}
    return _written(recording, Source(**first), metadata, table_sha256)  # pyright: ignore[reportUnknownArgumentType]


def _written(recording: Recording, source: Source, metadata: Mapping[str, Any], table_sha256: str) -> bytes:
    return to_json(Sidecar(table_sha256, source, recording.sampling, recording.notes, metadata), indent=1)


def with_sidecar(draft: Draft, file: RawFile) -> Draft:
    """Give a draft what stands beside its file; a sidecar that cannot be read, or is another table's, is noted and left."""
    path = next((p for p in _candidates(file.beside) if p.is_file()), None)
    if path is None:
        return draft
    try:
        said = _said(path)
    except (OSError, ValueError, RecursionError, ListError):
        return replace(draft, notes=(*draft.notes, message("readers.sidecar_unreadable", file=path.name)))
    if not isinstance(said, Sidecar):
        return replace(draft, metadata=FrozenDict({**draft.metadata, **said}))
    if said.table_sha256 != file.sha256:
        return replace(draft, notes=(*draft.notes, message("readers.sidecar_of_another_table", file=path.name)))
    return _told(draft, said)


def _candidates(table: Path | None) -> Iterable[Path]:
    if table is None:
        return ()
    packed = table.suffix.lower() == ".gz"
    return sidecar_path(table), (table.with_suffix("") if packed else table).with_suffix(ENDING)


def _said(path: Path) -> Sidecar | dict[str, Any]:
    content = path.read_bytes()
    said = json.loads(content)
    if isinstance(said, dict) and not said.keys() >= OURS:  # pyright: ignore[reportUnknownMemberType]
        return freeze(said)
    return from_json(Sidecar, content, path.name)


def _told(draft: Draft, sidecar: Sidecar) -> Draft:
    return replace(
        draft,
        make=sidecar.source.make,
        channel=sidecar.source.channel,
        start=sidecar.source.start,
        sampling=sidecar.sampling,
        notes=(*sidecar.notes, *draft.notes),
        metadata=freeze({**sidecar.metadata, CONVERTED_FROM: asdict(sidecar.source)}),
    )
