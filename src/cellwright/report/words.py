"""The words of one report, in one language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cellwright.core import resources
from cellwright.core.messages import Worded, render


@dataclass(frozen=True)
class Words:
    """Puts codes into words of one language."""

    lang: str

    def __call__(self, code: str, **params: Any) -> str:
        """Return a text of any room."""
        return render(code, params, self.lang)

    def say(self, what: Worded) -> str:
        """Return a message, finding, reason or failure in words; columns of a recording and purposes are called what they are."""
        return render(what.code, {name: self._spelt(name, value) for name, value in what.params.items()}, self.lang)

    def label(self, group: str, name: str) -> str:
        """Return what a name is called, e.g. ``label("quantity", "capacity")``; a name nobody labelled is spelt out."""
        code = f"report.{group}.{name}"
        return self(code) if code in resources.messages() else name.replace("_", " ")

    def _spelt(self, name: str, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [self._spelt(name, item) for item in value]  # pyright: ignore[reportUnknownVariableType]
        code = f"report.{'purpose' if name.startswith('purpose') else 'column'}.{value}"
        return self(code) if isinstance(value, str) and code in resources.messages() else value

    def shared(self, stem: str, name: str) -> str:
        """Return a label that another room wrote, e.g. ``shared("safety.check", "voltage_limits")``; a full code is taken as it is."""
        code = name if name in resources.messages() else f"{stem}.{name}"
        return self(code) if code in resources.messages() else name.rsplit(".", 1)[-1].replace("_", " ")
