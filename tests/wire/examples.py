"""An example of every event, made from the types of its fields; the same each time."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Literal

from shared.events import Event
from shared.money import Money


def example(cls: type[Event]) -> Event:
    """An event of this class with every field filled in."""
    return typing.cast(Event, _value(cls, cls.__name__))


def _value(kind: Any, name: str) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is Money:
        return Money(19900, "EUR")
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = typing.get_type_hints(kind)
        return kind(**{field.name: _value(hints[field.name], field.name) for field in dataclasses.fields(kind)})
    if origin is Literal:
        return arguments[0]
    if origin in (typing.Union, types.UnionType):
        return _value(arguments[0], name)
    if origin is tuple:
        return (_value(arguments[0], name),)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return {"what": "an example"}
    simple: dict[Any, Any] = {
        str: f"{name}-1",
        int: 3,
        bool: True,
        date: date(2027, 6, 7),
        datetime: datetime(2027, 3, 1, 9, 30, tzinfo=UTC),
    }
    return simple[kind]
