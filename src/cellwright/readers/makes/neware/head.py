"""What a ``.ndax`` says about its test: the attributes of one element, which need no XML parser."""

import html
import io
import re
import zipfile

from cellwright.core.errors import DamagedFile
from cellwright.readers.guard import guarded
from cellwright.readers.opening import HEAD, RawFile

TEST_INFO = "TestInfo.xml"

_ENCODING = re.compile(rb'encoding="([A-Za-z0-9_-]+)"')
_ELEMENT = re.compile(r"<TestInfo\s([^>]*)>")
_ATTRIBUTE = re.compile(r'([\w:.-]+)\s*=\s*"([^"]*)"')


def test_info(file: RawFile) -> dict[str, str]:
    """Read the test's attributes, such as ``DevID`` and ``StartTime``; empty where that part is broken, which the table can do without."""
    if TEST_INFO not in file.members:
        return {}
    try:
        with guarded(file=file.file), zipfile.ZipFile(io.BytesIO(file.data)) as pack, pack.open(TEST_INFO) as part:
            content = part.read(HEAD)
    except DamagedFile:
        return {}
    # The attributes are the test's; an element of the same name around them has none.
    found = _ELEMENT.search(_decoded(content))
    return {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(found.group(1)) if value} if found else {}


def _decoded(content: bytes) -> str:
    declared = _ENCODING.search(content[:200])
    name = declared.group(1).decode() if declared else "utf-8"
    # What calls itself GB 2312 holds characters that only its successor has.
    name = "gb18030" if name.lower().startswith("gb") else name
    try:
        return content.decode(name, errors="replace")
    except LookupError:
        return content.decode("utf-8", errors="replace")
