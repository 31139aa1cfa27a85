"""Every code has words in every language, with the same placeholders, and every code that is used has an entry."""

import re
import string
from pathlib import Path

import pytest

from cellwright.core import resources
from cellwright.core.messages import LANGUAGES

SOURCE = Path(__file__).parents[1] / "src" / "cellwright"
ROOMS = "core|readers|measure|health|safety|grading|plot|report|assess|demo|cli"


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("code", sorted(resources.messages()))
def test_a_message_says_the_same_in_every_language(code: str):
    forms = resources.messages()[code]
    assert set(forms) == set(LANGUAGES)
    assert all(isinstance(text, str) and text.strip() for text in forms.values())
    first, *others = (placeholders(forms[lang]) for lang in LANGUAGES)
    assert all(found == first for found in others), forms


def test_korean_is_korean():
    without = [c for c, forms in resources.messages().items() if not re.search("[가-힣]", forms["ko"])]
    allowed = {c for c in without if resources.messages()[c]["en"] == resources.messages()[c]["ko"]}  # units, names of formats
    assert set(without) <= allowed


def test_every_code_in_the_source_has_words():
    used: set[str] = set()
    for path in [*SOURCE.rglob("*.py"), *SOURCE.rglob("*.j2")]:
        used |= set(re.findall(rf'["\']((?:{ROOMS})\.[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)["\']', path.read_text("utf-8")))
    known = set(resources.messages())
    files = {c for c in used if c.endswith((".yaml", ".toml", ".py", ".html", ".json", ".csv", ".css", ".js", ".j2"))}
    stems = {c for c in used if any(k.startswith(f"{c}.") for k in known)}  # the rest of such a code is a value, e.g. an outcome
    assert used - files - stems - known == set()


def test_each_code_stands_in_the_file_of_its_room_once():
    seen: set[str] = set()
    for name in resources.names("messages", ".yaml"):
        codes = re.findall(r"^([a-z][\w.]*):", resources.text("messages", f"{name}.yaml"), re.M)
        assert len(codes) == len(set(codes)), f"{name}.yaml has a code twice"
        assert not seen & set(codes)
        seen |= set(codes)
