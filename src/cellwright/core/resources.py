"""What ships with the program: messages, columns, procedures, rules, testers, schemas.

The one place in the pure rooms' reach that opens files; those rooms get what is loaded here handed in.
"""

import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any


def text(folder: str, name: str) -> str:
    """Return a shipped file's text, e.g. ``text("rules", "kr-2026.yaml")``."""
    return (files("cellwright") / "data" / folder / name).read_text("utf-8")


def names(folder: str, suffix: str) -> list[str]:
    """Names, without suffix, of what a shipped folder holds, e.g. ``names("rules", ".yaml")``."""
    entries = (files("cellwright") / "data" / folder).iterdir()
    return sorted(e.name.removesuffix(suffix) for e in entries if e.name.endswith(suffix))


def parse_yaml(source: str) -> Any:
    """Parse YAML with the C loader where it is there; raises `yaml.YAMLError`."""
    import yaml

    return yaml.load(source, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - safe loader, in C


@cache
def fingerprint() -> str:
    """Digest of the program's own files as they lie there: what one state of the program measured, another measures anew."""
    root = Path(str(files("cellwright")))
    own = sorted(p for p in root.rglob("*") if p.suffix in (".py", ".yaml", ".toml", ".csv"))
    stats = "\n".join(f"{p.relative_to(root)} {p.stat().st_size} {p.stat().st_mtime_ns}" for p in own)
    return hashlib.sha256(stats.encode()).hexdigest()


@cache
def messages() -> dict[str, dict[str, str]]:
    """Every message: ``{code: {"en": ..., "ko": ...}}``, one shipped file a room."""
    table: dict[str, dict[str, str]] = {}
    for name in names("messages", ".yaml"):
        table |= parse_yaml(text("messages", f"{name}.yaml"))
    return table


def named_or_file(folder: str, name_or_path: str) -> tuple[str, str] | None:
    """Text of a shipped YAML by name, or of the user's file by path: ``(where, text)``; None where neither exists."""
    if name_or_path in names(folder, ".yaml"):
        return f"{name_or_path}.yaml", text(folder, f"{name_or_path}.yaml")
    path = Path(name_or_path)
    return (str(path), path.read_text("utf-8-sig")) if path.is_file() else None
