"""The layers that options come in, the strongest first, and what they have in common."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import click

from commands.exit_codes import ConfigurationProblem
from commands.option_values import is_empty_list
from commands.options import GUARD_NAMES, OPTION_BY_NAME, GlobalOption, Takes


class Layer(IntEnum):
    """Where a value came from; the lowest number wins."""

    TYPED = 0
    ENVIRONMENT = 1
    CONFIGURATION = 2


@dataclass(frozen=True, slots=True)
class Given:
    """A value in normal form, the layer it came from and what to call it in a message."""

    value: Any
    layer: Layer
    label: str
    is_from_file: bool = False

    @property
    def says_no(self) -> bool:
        """Whether it is a flag that was switched off."""
        return self.value is False


Layers = list[dict[str, Given]]


def found(layers: Layers, name: str) -> Given | None:
    """Return what the strongest layer says of an option, or ``None``."""
    return next((layer[name] for layer in layers if name in layer), None)


def said(layers: Layers, name: str) -> list[Given]:
    """Return what every layer says of an option that accumulates, of any other only what holds."""
    if OPTION_BY_NAME[name].accumulates:
        return [layer[name] for layer in layers if name in layer]
    given = found(layers, name)
    return [] if given is None else [given]


def accumulated(option: GlobalOption, layers: Layers) -> tuple[str, ...]:
    """Return what all layers say of an option together; raises as ``checked``, of each of them."""
    values = (value for given in said(layers, option.name) for value in checked(option, given))
    return tuple(dict.fromkeys(values))


def chosen(layers: Layers, name: str) -> Given | None:
    """Return what the strongest layer says of an option, or ``None`` where that is a no."""
    given = found(layers, name)
    return None if given is None or given.says_no else given


def drop_below(layers: Layers, layer: Layer, names: Iterable[str]) -> None:
    """Take what weaker layers than ``layer`` say of some options away."""
    for lower in layers[layer + 1 :]:
        for name in names:
            lower.pop(name, None)


def drop(layers: Layers, names: Iterable[str]) -> None:
    """Take what any layer says of some options away."""
    for layer in layers:
        for name in names:
            layer.pop(name, None)


def refuse_both(one: Given, other: Given, advice: str = "") -> None:
    """Raise ``click.UsageError`` for two that cannot both hold; ``advice`` is a sentence on a way out."""
    raise click.UsageError(f"{one.label} and {other.label} exclude each other.{advice and f' {advice}'}")


def checked(option: GlobalOption, given: Given) -> Any:
    """Return the value that a setting gets.

    Raises ``EmptySelection`` for a list or fleet to act in that is empty, ``EmptyGuard`` for a guard that is,
    ``ConfigurationProblem`` for any other bad value in a file, ``click.BadParameter`` elsewhere.
    """
    if option.takes is Takes.COUNT:
        return given.value
    if _says_nothing(option, given.value):
        from aws_operations.guards import EmptyGuard, EmptySelection

        if option.name in GUARD_NAMES:
            raise EmptyGuard(given.label)
        raise EmptySelection(f"{given.label} is empty")
    try:
        return option.check(given.value)
    except ValueError as error:
        if given.is_from_file:
            raise ConfigurationProblem(f"{given.label}: {error}") from error
        raise click.BadParameter(str(error), param_hint=given.label) from error


def _says_nothing(option: GlobalOption, value: Any) -> bool:
    if option.takes is Takes.COMMA_LIST:
        return is_empty_list(value)
    return is_never_empty(option) and not value.strip()


def is_never_empty(option: GlobalOption) -> bool:
    """Say whether an empty text is a mistake, and not as good as none: where accounts or guards are told."""
    return option.takes is Takes.TEXT and (option.selects_accounts or option.name in GUARD_NAMES)


def checked_one(layers: Layers, name: str) -> Any:
    """Return the checked value of an option, ``None`` where no layer has one."""
    given = found(layers, name)
    return None if given is None else checked(OPTION_BY_NAME[name], given)
