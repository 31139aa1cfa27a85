"""The words of one report, in one language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from cellwright.core import resources
from cellwright.core.messages import render


class Sayable(Protocol):
    """A message, finding, reason or failure: anything that is stored as a code and has words."""

    def text(self, lang: str = "en") -> str:
        """Return it in words."""
        ...


@dataclass(frozen=True)
class Words:
    """Puts codes into words of one language."""

    lang: str

    def __call__(self, code: str, **params: Any) -> str:
        """Return a text of any room."""
        return render(code, params, self.lang)

    def say(self, what: Sayable) -> str:
        """Return a message, finding, reason or failure in words."""
        return what.text(self.lang)

    def label(self, group: str, name: str) -> str:
        """Return what a name is called, e.g. ``label("quantity", "capacity")``; a name nobody labelled is spelt out."""
        code = f"report.{group}.{name}"
        return self(code) if code in resources.messages() else name.replace("_", " ")

    def shared(self, stem: str, name: str) -> str:
        """Return a label that another room wrote, e.g. ``shared("safety.check", "voltage_limits")``; a full code is taken as it is."""
        code = name if name in resources.messages() else f"{stem}.{name}"
        return self(code) if code in resources.messages() else name.rsplit(".", 1)[-1].replace("_", " ")
