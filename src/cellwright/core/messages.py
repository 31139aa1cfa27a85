"""Everything the program says, as a code and parameters; words are put to it only at the edge."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cellwright.core import resources
from cellwright.core.frozen import FrozenDict, freeze_fields

LANGUAGES = ("en", "ko")


class Worded:
    """What is kept as a code with parameters, and put into words only at the edge."""

    code: str
    params: Mapping[str, Any]

    def text(self, lang: str = "en") -> str:
        """Return it in words."""
        return render(self.code, self.params, lang)


@dataclass(frozen=True)
class Message(Worded):
    """A thing said: a note, a reason, a need, a deviation.

    Parameters
    ----------
    code
        Key into the table of messages, ``room.what``.
    params
        What the message speaks of: JSON scalars and lists of them.
    """

    code: str
    params: Mapping[str, Any] = field(default_factory=FrozenDict)

    def __post_init__(self) -> None:
        freeze_fields(self, "params")


def message(code: str, /, **params: Any) -> Message:
    """Say something: ``message("readers.sign_from_state", count=12)``."""
    return Message(code, params)


def render(code: str, params: Mapping[str, Any], lang: str = "en") -> str:
    """Put a code and its parameters into words; a code that no table knows is shown as it is, with its parameters."""
    forms = resources.messages().get(code)
    if forms is None:
        return f"{code} {dict(params)}" if params else code
    shown = {k: _shown(v, lang) for k, v in params.items()}
    return forms[lang].format_map(_Lenient(shown))


class _Lenient(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


def _shown(value: Any, lang: str) -> str:
    if isinstance(value, bool):
        return render("core.yes" if value else "core.no", {}, lang)
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return ", ".join(_shown(v, lang) for v in value)  # pyright: ignore[reportUnknownVariableType]
    if value is None:
        return "—"
    if isinstance(value, str) and value in resources.messages():
        return render(value, {}, lang)
    return str(value)
