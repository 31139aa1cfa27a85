"""Opening a tester's file: packed or not, its digest, and its text."""

import gzip
import hashlib
import io
import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from cellwright.core.errors import DamagedFile, ReadError
from cellwright.readers.guard import guarded

LARGEST_UNPACKED = 8 << 30
ALWAYS_UNPACKED = 100 << 20
LARGEST_RATIO = 200
HEAD = 1 << 16

ZIP = b"PK\x03\x04"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_UTF8_MARK = b"\xef\xbb\xbf"


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
    sha256
        Digest of the file as it was found.
    path
        Where it lies, None where it was packed.
    """

    file: str
    name: str
    data: bytes
    sha256: str
    path: Path | None

    @cached_property
    def encoding(self) -> str | None:
        """Encoding of a text file; None for a binary one."""
        if self.data[:2] in _UTF16:
            return "utf-16"
        if b"\0" in self.data[:HEAD]:
            return None
        return "utf-8" if _is_utf8(self.data) else "cp1252"

    @cached_property
    def text(self) -> bytes:
        """The text as UTF-8 without byte-order mark; empty for a binary file."""
        if self.encoding is None:
            return b""
        if self.encoding == "utf-8":
            return self.data.removeprefix(_UTF8_MARK)
        return self.data.decode(self.encoding, errors="replace").encode()

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
    whole = RawFile(path.name, path.name, data, hashlib.sha256(data).hexdigest(), path)
    if data[:2] == b"\x1f\x8b":
        return [_ungzipped(whole)]
    if data[:4] == ZIP:
        return _unzipped(whole)
    return [whole]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ReadError("readers.not_found", file=str(path)) from None
    except IsADirectoryError:
        raise ReadError("readers.folder", file=str(path)) from None
    except PermissionError:
        raise ReadError("readers.not_permitted", file=str(path)) from None
    except OSError as error:
        raise ReadError("readers.cannot_open", file=str(path), cause=error.strerror or type(error).__name__) from None


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


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
    return replace(whole, file=whole.file if alone else f"{whole.file}/{name}", name=Path(name).name, data=data, path=None)


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
