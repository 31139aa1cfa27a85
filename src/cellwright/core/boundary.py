"""Where the outside comes in: files and JSON become values, or an error that names the file, the field and the nearest right name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from functools import cache
from math import inf
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar, get_args, get_type_hints

from annotated_types import Interval

from cellwright.core import resources
from cellwright.core.errors import ListError

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")

Positive = Annotated[float, Interval(gt=0, lt=inf)]
NotNegative = Annotated[float, Interval(ge=0, lt=inf)]
Finite = Annotated[float, Interval(gt=-inf, lt=inf)]
Count = Annotated[int, Interval(gt=0)]


class Strict:
    """Base of dataclasses that are read from outside: an unknown key is an error, not silence."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}


@cache
def adapter(kind: type[T]) -> TypeAdapter[T]:
    """Return the pydantic adapter of a dataclass; building one is slow, so each is built once."""
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def parse(kind: type[T], data: Any, where: str) -> T:
    """Check outside data against a dataclass and return the value.

    Parameters
    ----------
    kind
        A dataclass.
    data
        What YAML, TOML, CSV or JSON gave.
    where
        File name, and row where there is one, for the error.

    Raises
    ------
    ListError
        Naming the first wrong key or value, and for a key the nearest right one.
    """
    from pydantic import ValidationError

    try:
        return adapter(kind).validate_python(data)
    except ValidationError as error:
        raise _told(kind, error, where) from None


def parse_yaml_text(kind: type[T], source: str, where: str) -> T:
    """Parse a YAML document into a dataclass. Raises `ListError`."""
    import yaml

    try:
        data = resources.parse_yaml(source)
    except yaml.YAMLError as error:
        raise ListError("core.not_yaml", file=where, detail=" ".join(str(error).split())) from None
    if not isinstance(data, Mapping):
        raise ListError("core.not_a_mapping", file=where)
    return parse(kind, data, where)


def parse_toml_text(kind: type[T], source: str, where: str) -> T:
    """Parse a TOML document into a dataclass. Raises `ListError`."""
    import tomllib

    try:
        data = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise ListError("core.not_toml", file=where, detail=str(error)) from None
    return parse(kind, data, where)


def to_json(value: Any, *, indent: int | None = None) -> bytes:
    """Write a value dataclass as JSON; reading it back with `from_json` gives an equal value."""
    return adapter(value.__class__).dump_json(value, indent=indent)


def from_json(kind: type[T], source: str | bytes, where: str) -> T:
    """Read a value dataclass from JSON. Raises `ListError`."""
    from pydantic import ValidationError

    try:
        return adapter(kind).validate_json(source)
    except ValidationError as error:
        raise _told(kind, error, where) from None


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like the given one, if any is like it at all."""
    return next(iter(get_close_matches(name, list(known), n=1, cutoff=0.6)), None)


def unknown_key(where: str, key: str, known: Iterable[str]) -> ListError:
    """Build the error for a key nobody knows, with the nearest right one."""
    near = nearest(key, known)
    if near:
        return ListError("core.unknown_key_near", file=where, key=key, nearest=near)
    return ListError("core.unknown_key", file=where, key=key, known=sorted(known))


def _told(kind: type[Any], error: ValidationError, where: str) -> ListError:
    first = next((e for e in error.errors() if e["type"] == "unexpected_keyword_argument"), error.errors()[0])
    path = [str(p) for p in first["loc"]]
    key = ".".join(path)
    if first["type"] == "unexpected_keyword_argument":
        return unknown_key(where, key, [".".join([*path[:-1], n]) for n in _names_at(kind, path[:-1])])
    if first["type"] in ("missing", "missing_argument"):
        return ListError("core.missing_key", file=where, key=key)
    return ListError("core.wrong_value", file=where, key=key, value=str(first["input"])[:80], detail=first["msg"])


def _names_at(kind: Any, path: list[str]) -> list[str]:
    """Field names of the dataclass that a path of keys leads to."""
    for part in path:
        if is_dataclass(kind) and part in (hints := get_type_hints(kind)):
            kind = hints[part]
        kind = _dataclass_within(kind) or kind
    return [f.name for f in fields(kind)] if is_dataclass(kind) else []


def _dataclass_within(hint: Any) -> Any:
    if is_dataclass(hint):
        return hint
    return next((found for arg in get_args(hint) if (found := _dataclass_within(arg))), None)
