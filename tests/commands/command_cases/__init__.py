"""A command line for each command that calls AWS, a module for each noun; a command without one fails.

``CASES`` has arguments with which the command would really change something of the sandbox's samples if
it may: ``{new}`` becomes a fresh name, ``{file}`` a text file with ``content`` in it, ``{folder}`` its
folder. ``TAKE_AWAY`` names the commands whose case needs ``--yes`` where there is no terminal,
``NOT_IN_THE_SANDBOX`` those that the sandbox cannot answer, each with the reason.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

_MODULES: list[Any] = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]

CASES: dict[str, list[str]] = {words: case for module in _MODULES for words, case in module.CASES.items()}
TAKE_AWAY: list[str] = [words for module in _MODULES for words in getattr(module, "TAKE_AWAY", [])]
NOT_IN_THE_SANDBOX: dict[str, str] = {
    words: reason
    for module in _MODULES
    for words, reason in getattr(module, "NOT_IN_THE_SANDBOX", {}).items()
}
