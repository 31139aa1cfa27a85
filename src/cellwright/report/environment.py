"""Jinja with everything escaped and a missing name an error, and the few filters the templates use."""

from __future__ import annotations

import datetime as dt
from typing import Any

import jinja2

from cellwright.report.numbers import confidence, general, roughly
from cellwright.report.words import Words


def environment(words: Words) -> jinja2.Environment:
    """Return the environment of a report in one language."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("cellwright.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    names: dict[str, Any] = {"t": words, "lang": words.lang, "label": words.label, "shared": words.shared}
    filters: dict[str, Any] = {
        "say": words.say,
        "css_string": css_string,
        "minute": minute,
        "roughly": roughly,
        "confidence": confidence,
        "general": general,
    }
    made.globals.update(names)  # pyright: ignore[reportUnknownMemberType]
    made.filters.update(filters)  # pyright: ignore[reportUnknownMemberType]
    return made


def css_string(text: str) -> str:
    """Return text as the inside of a CSS string, all but letters and digits escaped (CSS Syntax 3, §4.3.7)."""
    return "".join(c if c.isascii() and c.isalnum() else f"\\{ord(c):x} " for c in text)


def minute(moment: dt.datetime) -> str:
    """Return a moment to the minute, with its zone."""
    return moment.strftime("%Y-%m-%d %H:%M %Z").rstrip()
