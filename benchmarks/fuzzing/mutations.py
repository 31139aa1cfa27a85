"""Damage to a tester's file, drawn from a seeded source: the same seed gives the same bytes.

Damage to a packed file goes two ways: into its bytes as they are, where checksums tell it, and into a member that is packed again,
where nothing tells it.
"""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Callable, Sequence
from random import Random

from fuzzing import sheets, text

ZIP = b"PK\x03\x04"
GZIP = b"\x1f\x8b"
HEAD = 4096
LARGEST_BLOCK = 1 << 16
LONGEST_TEXT = 1 << 17
EXTREMES = (0, 1, -1, 0x7F, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x10000000, 1 << 40, (1 << 63) - 1, 1 << 63)
MARKS = (b"MODULE", b"\x1b\x00", b"TREE", b"SNOD", b"HEAP", b"OHDR", b"FRHP", b"BTHD", b"PK\x01\x02", b"PK\x05\x06", b"LOBJ", b"##")

Mutation = Callable[[bytes, Random], bytes]


def mutated(content: bytes, chance: Random) -> tuple[str, bytes]:
    """Damage a file's content in one way that fits it, or in several; returns what was done and the bytes."""
    if content[:4] == ZIP and chance.random() < 0.8:
        return _one_of(_PACKS, content, chance)
    if content[:2] == GZIP and chance.random() < 0.8:
        return "member, packed again", gzip.compress(mutated(gzip.decompress(content), chance)[1], 1, mtime=0)
    if text.is_text(content) and chance.random() < 0.7:
        return _text(content, chance)
    return _bytes(content, chance)


def _text(content: bytes, chance: Random) -> tuple[str, bytes]:
    """Mostly the first part of a long text, which is what a file still being written looks like."""
    if len(content) > LONGEST_TEXT and chance.random() < 0.9:
        content = content[: chance.randrange(LONGEST_TEXT // 8, LONGEST_TEXT)]
    if chance.random() < 0.03:
        return "gz bomb of text", gz_bomb(content, chance)
    return _one_of(text.MUTATIONS, content, chance)


def _bytes(content: bytes, chance: Random) -> tuple[str, bytes]:
    if chance.random() < 0.7:
        return _one_of(_ANY, content, chance)
    done: list[str] = []
    for _ in range(chance.randint(2, 6)):
        name, content = _one_of(_ANY, content, chance)
        done.append(name)
    return ", ".join(done), content


def _one_of(ways: Sequence[Mutation], content: bytes, chance: Random) -> tuple[str, bytes]:
    way = chance.choice(ways)
    return way.__name__.strip("_").replace("_", " "), way(content, chance) if content else content


def _bits(content: bytes, chance: Random) -> bytes:
    data = bytearray(content)
    span = min(len(data), HEAD) if chance.random() < 0.5 else len(data)
    for _ in range(chance.choice((1, 1, 4, 16, 64))):
        data[chance.randrange(span)] ^= 1 << chance.randrange(8)
    return bytes(data)


def _block(content: bytes, chance: Random) -> slice:
    begin = chance.randrange(len(content))
    if chance.random() < 0.3:
        begin -= begin % 512
    return slice(begin, begin + chance.choice((1, 4, 16, 64, 512, 4096, LARGEST_BLOCK)))


def _run(content: bytes, chance: Random) -> bytes:
    where = _block(content, chance)
    length = len(content[where])
    fill = chance.choice((bytes(length), b"\xff" * length, b"\n" * length, chance.randbytes(length)))
    return content[: where.start] + fill + content[where.start + length :]


def _truncated(content: bytes, chance: Random) -> bytes:
    span = min(len(content), HEAD) if chance.random() < 0.3 else len(content)
    return content[: chance.randrange(span)]


def _swapped(content: bytes, chance: Random) -> bytes:
    first, second = sorted((_block(content, chance), _block(content, chance)), key=lambda block: block.start)
    begin, end = content[first], content[second]
    return content[: first.start] + end + content[first.start + len(begin) : second.start] + begin + content[second.start + len(end) :]


def _inserted(content: bytes, chance: Random) -> bytes:
    where = _block(content, chance)
    length = len(content[where])
    block = chance.choice((content[where], bytes(length), chance.randbytes(length)))
    at = chance.randrange(len(content) + 1)
    return content[:at] + block + content[at:]


def _deleted(content: bytes, chance: Random) -> bytes:
    where = _block(content, chance)
    return content[: where.start] + content[where.stop :]


def _huge(content: bytes, chance: Random) -> bytes:
    """Overwrite whole numbers near the head, or behind one of the marks that modules and pages begin with."""
    data = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 8))):
        size = chance.choice((1, 2, 4, 8))
        at = _near_a_mark(content, chance) if chance.random() < 0.5 else chance.randrange(min(len(data), HEAD))
        value = chance.choice(EXTREMES) % (1 << 8 * size)
        data[at : at + size] = value.to_bytes(size, chance.choice(("little", "little", "big")))
    return bytes(data)


def _near_a_mark(content: bytes, chance: Random) -> int:
    begin = content.find(chance.choice(MARKS), chance.randrange(len(content)))
    page = chance.randrange(len(content)) // HEAD * HEAD
    return min((begin if begin >= 0 else page) + chance.randrange(64), len(content) - 1)


def _member(content: bytes, chance: Random) -> bytes:
    """Damage a member and pack it again, so that its checksum is right."""
    members = _unpacked(content)
    name = chance.choice(list(members))
    change = sheets.mutated if name.endswith(".xml") and chance.random() < 0.6 else lambda data, chance: mutated(data, chance)[1]
    return _packed({**members, name: change(members[name], chance)})


def _members_swapped(content: bytes, chance: Random) -> bytes:
    members = _unpacked(content)
    first, second = chance.choice(list(members)), chance.choice(list(members))
    return _packed({**members, first: members[second], second: members[first]})


def _member_dropped(content: bytes, chance: Random) -> bytes:
    members = _unpacked(content)
    gone = chance.choice(list(members))
    return _packed({name: data for name, data in members.items() if name != gone})


def _directory(content: bytes, chance: Random) -> bytes:
    """Damage the directory at the end of a zip."""
    begin = max(content.rfind(b"PK\x01\x02"), content.find(b"PK\x01\x02", chance.randrange(len(content))), 0)
    return content[:begin] + _bytes(content[begin:], chance)[1]


def _bomb(content: bytes, chance: Random) -> bytes:
    """Let a member unpack to far more than it should, by its own size or by its size in the directory."""
    members = _unpacked(content)
    name = chance.choice(list(members))
    if chance.random() < 0.5:
        return _packed(members, bomb=(name, chance.choice((20, 80, 300)) << 20))
    packed = bytearray(_packed(members))
    entry = packed.find(b"PK\x01\x02")
    packed[entry + 24 : entry + 28] = chance.choice(EXTREMES[:11]).to_bytes(8, "little", signed=True)[:4]
    return bytes(packed)


def _unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as pack:
        return {name: pack.read(name) for name in pack.namelist() if not name.endswith("/")}


def _packed(members: dict[str, bytes], bomb: tuple[str, int] | None = None) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as pack:
        for name, data in members.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            with pack.open(entry, "w") as stream:
                stream.write(data)
                for _ in range(bomb[1] >> 20 if bomb and bomb[0] == name else 0):
                    stream.write(b" " * (1 << 20))
    return target.getvalue()


def gz_bomb(content: bytes, chance: Random) -> bytes:
    """Pack a text that repeats itself far beyond what any recording is, or just as far as is let through."""
    content = content[: chance.choice((1 << 10, 1 << 13))].rpartition(b"\n")[0] + b"\n"
    squeeze = zlib.compressobj(9, wbits=31)
    times = (chance.choice((20, 90, 400)) << 20) // len(content)
    return b"".join([*(squeeze.compress(content) for _ in range(times)), squeeze.flush()])


_ANY: tuple[Mutation, ...] = (_bits, _run, _truncated, _swapped, _inserted, _deleted, _huge, _huge)
_PACKS: tuple[Mutation, ...] = (_member, _member, _member, _member, _member, _member_dropped, _members_swapped, _directory, _bomb)
