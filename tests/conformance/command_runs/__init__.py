"""A run for each command that calls AWS, a module for each noun; a command without one fails the suite.

A run is a function of a ``Stage``, registered with ``@runs("noun verb")``: it prepares what it needs,
runs the command against ministack and asserts the effect. ``NOT_AGAINST_MINISTACK`` names the commands that
cannot run there, each with what was measured. Runs of ``dynamodb`` also play against dynalite, except
those that ``NOT_AGAINST_DYNALITE`` names.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

_MODULES: list[Any] = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]


def _merged(name: str) -> dict[str, str]:
    return {words: why for module in _MODULES for words, why in getattr(module, name, {}).items()}


NOT_AGAINST_MINISTACK = _merged("NOT_AGAINST_MINISTACK")
NOT_AGAINST_DYNALITE = _merged("NOT_AGAINST_DYNALITE")
