"""An operation as a name that workers can import and arguments that mean the same there."""

import pickle
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from inspect import isfunction
from typing import TYPE_CHECKING, Any, Self

from aws_interactions.provider_specification import CantTravel
from aws_operations.cluster.plain_values import is_importable, what_is_not_plain

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

_SECRET_VALUES = frozenset({("aws_operations.secrets.reads", "value")})


@dataclass(frozen=True, slots=True)
class NamedOperation:
    """A function of a module with the arguments that come before the provider.

    ``arguments`` is a pickle of plain data, which its ``repr`` keeps out of logs.
    """

    module: str
    name: str
    arguments: bytes = field(repr=False)

    @classmethod
    def of(cls, operation: object) -> Self:
        """Return the name of a module's function, or of a ``partial`` of one, with its arguments.

        ``CantTravel`` says what of it is neither: lambdas, functions in functions, methods of objects,
        functions of a script, and arguments such as paths, open files and values held in memory.
        """
        function, arguments, keywords = _taken_apart(operation)
        if not isfunction(function) or not is_importable(function):
            raise CantTravel(
                f"{_called(function)} can't go to other machines: they need a function that a module has "
                "under its name, and plain arguments"
            )
        if (function.__module__, function.__qualname__) in _SECRET_VALUES:
            raise CantTravel("the values of secrets do not go over a cluster; stay with --engine local")
        for name, value in [*enumerate(arguments, start=1), *keywords.items()]:
            found = what_is_not_plain(value)
            if found is not None:
                raise CantTravel(
                    f"argument {name} of {_called(function)} can't go to other machines: a {found} means "
                    "nothing there; stay with --engine local"
                )
        return cls(function.__module__, function.__qualname__, pickle.dumps((arguments, keywords)))

    def load(self) -> Any:
        """Return the function, importing its module; raises ``ImportError`` or ``AttributeError``."""
        return getattr(import_module(self.module), self.name)

    def run(self, aws_provider: "AwsClientProvider") -> Iterable[object]:
        """Call the operation with a provider, as on the machine that it comes from."""
        arguments, keywords = pickle.loads(self.arguments)  # noqa: S301 - whoever sends tasks may run anything
        rows: Iterable[object] = self.load()(*arguments, aws_provider, **keywords)
        return rows


def _taken_apart(operation: object) -> tuple[object, tuple[object, ...], dict[str, object]]:
    if isinstance(operation, partial):
        return operation.func, operation.args, dict(operation.keywords)
    return operation, (), {}


def _called(function: object) -> str:
    module = getattr(function, "__module__", None)
    name = getattr(function, "__qualname__", type(function).__qualname__)
    return f"{module}.{name}" if module else name
