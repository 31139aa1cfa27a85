"""Headers that come again, letter for letter, each time a tester goes on with a file: found at once, and cut out of it."""

from collections.abc import Iterator

from cellwright.core.messages import Message, message
from cellwright.readers.engine.text.layout import Layout


def without_repeats(content: bytes, layout: Layout) -> tuple[bytes, list[Message]]:
    """Return the text without the headers, and what stood above them, that are there again below; what was cut is noted."""
    lines = content[: layout.offset].splitlines(keepends=True)
    above, header = b"".join(lines[: len(layout.preamble)]), b"".join(lines[len(layout.preamble) :])
    found = list(_places(content, layout.offset, above, header)) if header.strip() and header.endswith(b"\n") else []
    if not found:
        return content, []
    begins = [0, *(end for _, end in found)]
    ends = [*(begin for begin, _ in found), len(content)]
    notes = [message("readers.headers_repeated", count=len(found))]
    more = sum(content.count(b"\n", begin, end) - header.count(b"\n") for begin, end in found)
    if more:
        notes.append(message("readers.lines_left_out", count=more))
    return b"".join(content[begin:end] for begin, end in zip(begins, ends, strict=True)), notes


def _places(content: bytes, offset: int, above: bytes, header: bytes) -> Iterator[tuple[int, int]]:
    """Return where each header begins, with the lines above it where those are the same too, and where it ends."""
    end = offset
    while (found := content.find(b"\n" + header, end - 1)) >= 0:
        begin, before = found + 1, end
        end = begin + len(header)
        start = begin - len(above)
        is_whole = start >= before and content.startswith(above, start) and content[start - 1] == ord("\n")
        yield (start if is_whole else begin), end
