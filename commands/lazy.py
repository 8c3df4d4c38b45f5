"""A stand-in for a module that is imported when something of it is first asked for.

Command files name operations through it, so that help and completion never pay for boto.
"""

from importlib import import_module
from typing import Any


class LazyModule:
    """Resolves each attribute in the module that it stands for."""

    __slots__ = ("_module_name",)

    def __init__(self, module_name: str) -> None:
        self._module_name = module_name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self._module_name), attribute)

    def __repr__(self) -> str:
        return f"lazy({self._module_name!r})"


def lazy(module_name: str) -> Any:
    """Return a stand-in for the module, which may not exist until it is used.

    For type checkers, import the real one beside it::

        if TYPE_CHECKING:
            from aws_operations.s3 import reads
        else:
            reads = lazy("aws_operations.s3.reads")
    """
    return LazyModule(module_name)
