"""Mappings that cannot change, so that values which hold them stay values."""

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn


class FrozenDict(dict[str, Any]):
    """A dict that cannot be changed; equal to, and written to JSON as, the plain dict with the same items."""

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("this mapping belongs to a frozen value; build a new one instead")

    __setitem__ = __delitem__ = clear = pop = popitem = __ior__ = _refuse
    setdefault = update = _refuse  # pyright: ignore[reportAssignmentType]

    def __hash__(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[type, tuple[dict[str, Any]]]:
        return type(self), (dict(self),)


_SCALARS = {str, int, float, bool, type(None)}


def freeze(value: Any) -> Any:
    """Turn lists into tuples and mappings into `FrozenDict`, all the way down."""
    kind: type[Any] = value.__class__  # a truckload holds millions of these: a look at the type first, and isinstance only for the rest
    if kind in _SCALARS or kind is FrozenDict:
        return value
    if kind is dict and _flat(value.values()):
        return FrozenDict(value)
    if isinstance(value, Mapping):
        return FrozenDict({str(k): freeze(v) for k, v in value.items()})  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    if isinstance(value, list | tuple):
        return tuple(freeze(v) for v in value)  # pyright: ignore[reportUnknownVariableType]
    return value


def _flat(values: Iterable[Any]) -> bool:
    return all(type(v) in _SCALARS for v in values)


def freeze_fields(instance: object, *names: str) -> None:
    """Freeze fields of a frozen dataclass from its ``__post_init__``."""
    for name in names:
        value = getattr(instance, name)
        frozen = freeze(value)
        if frozen is not value:
            object.__setattr__(instance, name, frozen)
