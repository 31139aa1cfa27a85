"""Opening a tester's file: packed or not, its digest, and its text."""

import gzip
import hashlib
import io
import zipfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

from cellwright.core.errors import DamagedFile, ReadError
from cellwright.readers import encoding
from cellwright.readers.guard import guarded

LARGEST_UNPACKED = 8 << 30
ALWAYS_UNPACKED = 32 << 20
LARGEST_RATIO = 50
HEAD = 1 << 16

SMALL = 1 << 18

ZIP = b"PK\x03\x04"
GZIP = b"\x1f\x8b"


@dataclass(frozen=True, eq=False)
class RawFile:
    """A tester's file, unpacked.

    Parameters
    ----------
    file
        What recordings call it: the file's name, with ``/member`` where several lay in one ``.zip``.
    name
        Its own name, that of the member where it was packed.
    data
        Its content.
    digest
        Gives the SHA-256 of the file as it was found.
    path
        Where it lies, None where it was packed.
    beside
        The file itself or the ``.gz`` it was packed in, where files that belong to it may lie beside; None in a ``.zip``.
    wanted
        The columns that the user asked for, None for all: what is not among them need not be read.
    """

    file: str
    name: str
    data: bytes
    digest: Callable[[], str]
    path: Path | None
    beside: Path | None = None
    wanted: frozenset[str] | None = None

    @property
    def sha256(self) -> str:
        """Digest of the file as it was found."""
        return self.digest()

    @cached_property
    def encoding(self) -> str | None:
        """Encoding of a text file, by its beginning; None for a binary one."""
        return encoding.told(self.data[:HEAD])

    @cached_property
    def text(self) -> bytes:
        """The text as UTF-8 without byte-order mark; empty for a binary file."""
        if self.encoding is None:
            return b""
        text = self.data.removeprefix(encoding.UTF8_MARK) if self.encoding == "utf-8" else self.decoded(self.encoding)
        return _with_line_ends(text)

    @cached_property
    def head(self) -> bytes:
        """The text's beginning, as UTF-8; what recognises a file needs no more than this."""
        if self.encoding is None:
            return b""
        begin = self.data[:HEAD]
        begin = (
            begin.removeprefix(encoding.UTF8_MARK) if self.encoding == "utf-8" else begin.decode(self.encoding, errors="replace").encode()
        )
        return _with_line_ends(begin)

    def decoded(self, name: str) -> bytes:
        """Return the text as UTF-8, decoded from an encoding; what it cannot say becomes the replacement character."""
        line = self.data.find(b"\n", HEAD) + 1
        if not line or name.startswith("utf-16") or not (rest := self.data[line:]).isascii():
            return self.data.decode(name, errors="replace").encode()
        return self.data[:line].decode(name, errors="replace").encode() + rest  # often only the head has letters beyond ASCII

    @cached_property
    def members(self) -> tuple[str, ...]:
        """Names inside a ZIP container such as ``.xlsx`` or ``.ndax``; empty for any other file."""
        return tuple(_members(self.data)) if self.data[:4] == ZIP else ()

    @contextmanager
    def on_disk(self, suffix: str) -> Generator[Path]:
        """Give a path with this suffix to libraries that want one; what has none lies in a temporary folder meanwhile."""
        if self.path is not None and self.path.suffix == suffix:
            yield self.path
            return
        with TemporaryDirectory(prefix="cellwright-") as folder:
            path = Path(folder) / f"file{suffix}"
            path.write_bytes(self.data)
            yield path


def open_files(path: Path) -> list[RawFile]:
    """Open a file, or everything that a ``.zip`` or ``.gz`` holds; raises `ReadError`, `DamagedFile`."""
    data = _bytes(path)
    if not data:
        raise DamagedFile("readers.empty", file=path.name)
    whole = RawFile(path.name, path.name, data, _digest(data), path, path)
    if data[:2] == GZIP:
        return [_ungzipped(whole)]
    if data[:4] == ZIP:
        return _unzipped(whole)
    return [whole]


def open_head(path: Path) -> RawFile:
    """Open only the beginning of a file, to tell what it is; raises `ReadError`, `DamagedFile`."""
    data = _bytes(path, HEAD)
    if not data:
        raise DamagedFile("readers.empty", file=path.name)
    return RawFile(path.name, path.name, data, _digest(data), path, path)


def _with_line_ends(text: bytes) -> bytes:
    """Old computers end lines with a carriage return alone."""
    return text if b"\n" in text[:HEAD] else text.replace(b"\r", b"\n")


def _digest(data: bytes) -> Callable[[], str]:
    """Begin to work out a digest beside what else is done; for a large file it takes a good part of the time of reading it."""
    if len(data) < SMALL:
        return hashlib.sha256(data).hexdigest
    found: list[str] = []
    work = Thread(target=lambda: found.append(hashlib.sha256(data).hexdigest()), daemon=True)
    work.start()

    def finished() -> str:
        work.join()
        return found[0]

    return finished


def _bytes(path: Path, most: int = -1) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(most)
    except FileNotFoundError:
        raise ReadError("readers.not_found", file=str(path)) from None
    except IsADirectoryError:
        raise ReadError("readers.folder", file=str(path)) from None
    except PermissionError:
        raise ReadError("readers.not_permitted", file=str(path)) from None
    except OSError as error:
        raise ReadError("readers.cannot_open", file=str(path), cause=error.strerror or type(error).__name__) from None


def _ungzipped(whole: RawFile) -> RawFile:
    with guarded("readers.cannot_unpack", file=whole.file), gzip.open(io.BytesIO(whole.data)) as stream:
        data = _limited(stream.read(_limit(len(whole.data)) + 1), whole)
    return replace(whole, name=whole.name.removesuffix(".gz"), data=data, path=None)


def _unzipped(whole: RawFile) -> list[RawFile]:
    names = _guarded_members(whole)
    if "[Content_Types].xml" in names or any(n.endswith(".ndc") for n in names):
        return [whole]
    kept = [n for n in names if not n.endswith("/") and not n.startswith("__MACOSX") and not Path(n).name.startswith(".")]
    if not kept:
        raise DamagedFile("readers.empty", file=whole.file)
    return [_member(whole, name, alone=len(kept) == 1) for name in kept]


def _member(whole: RawFile, name: str, *, alone: bool) -> RawFile:
    with guarded("readers.cannot_unpack", file=whole.file), zipfile.ZipFile(io.BytesIO(whole.data)) as pack, pack.open(name) as stream:
        data = _limited(stream.read(_limit(len(whole.data)) + 1), whole)
    if not data:
        raise DamagedFile("readers.empty", file=f"{whole.file}/{name}")
    file = whole.file if alone else f"{whole.file}/{name}"
    return replace(whole, file=file, name=Path(name).name, data=data, path=None, beside=None)


def _members(data: bytes) -> dict[str, int]:
    with zipfile.ZipFile(io.BytesIO(data)) as pack:
        return {i.filename: i.file_size for i in pack.infolist()}


def _guarded_members(whole: RawFile) -> list[str]:
    with guarded("readers.cannot_unpack", file=whole.file):
        sizes = _members(whole.data)
    if sum(sizes.values()) > _limit(len(whole.data)):
        raise DamagedFile("readers.zip_bomb", file=whole.file)
    return list(sizes)


def _limit(packed: int) -> int:
    return min(LARGEST_UNPACKED, max(ALWAYS_UNPACKED, LARGEST_RATIO * packed))


def _limited(data: bytes, whole: RawFile) -> bytes:
    if len(data) > _limit(len(whole.data)):
        raise DamagedFile("readers.zip_bomb", file=whole.file)
    return data
