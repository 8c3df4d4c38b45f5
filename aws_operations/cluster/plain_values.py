"""Which values may travel: plain data, whose meaning does not depend on a machine or a process."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

_NUMBERS = (bool, int, float, Decimal)
_TIMES = (datetime, date, time, timedelta, timezone)
_PLAIN = (str, bytes, *_NUMBERS, *_TIMES, UUID, type(None))
_PLAIN_COLLECTIONS = (tuple, list, set, frozenset)


def what_is_not_plain(value: object) -> str | None:
    """Return the type of the first part of a value that is not plain data, or ``None`` if all of it is.

    Plain are numbers, text, bytes, times, enumerations, collections of such, and frozen dataclasses of
    such that a module has under their name.
    """
    if isinstance(value, Enum) or is_frozen_record(value):
        # What has its own way of pickling may have none: keys do.
        if not is_importable(type(value)) or "__reduce__" in vars(type(value)):
            return type(value).__qualname__
        return None if isinstance(value, Enum) else _first(getattr(value, name) for name in _names(value))
    if type(value) in _PLAIN:
        return None
    if type(value) in _PLAIN_COLLECTIONS:
        return _first(iter(value))  # type: ignore[call-overload]
    if isinstance(value, Mapping) and type(value) is dict:
        return _first(part for pair in value.items() for part in pair)
    return type(value).__qualname__


def is_importable(thing: Any) -> bool:
    """Say whether a module other than the main one has this class or function under its name."""
    module = sys.modules.get(getattr(thing, "__module__", None) or "")
    name = getattr(thing, "__qualname__", "")
    return module is not None and module.__name__ != "__main__" and getattr(module, name, None) is thing


def is_frozen_record(value: object) -> bool:
    """Say whether a value is an instance of a frozen dataclass."""
    if isinstance(value, type) or not is_dataclass(value):
        return False
    parameters: Any = getattr(type(value), "__dataclass_params__", None)
    return bool(parameters is not None and parameters.frozen)


def _names(record: object) -> Iterator[str]:
    return (field.name for field in fields(record))  # type: ignore[arg-type] # a dataclass by then


def _first(parts: Iterator[object]) -> str | None:
    return next((found for found in map(what_is_not_plain, parts) if found is not None), None)
