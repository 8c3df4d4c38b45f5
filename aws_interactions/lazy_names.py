"""The public names of a package, each loaded from its module when it is first asked for.

A command that looks at one thing does not pay at its start for all that the package can do.
"""

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any


class LazyNames:
    """What a package's ``__getattr__`` and ``__dir__`` are made of.

    ``names_by_home`` has the names of each module, the module relative to the package: ``records``, or
    ``.local_files`` for a module beside the package. For type checkers the package imports them too.
    """

    def __init__(self, package: str, names_by_home: Mapping[str, Sequence[str]]) -> None:
        self._package = package
        self._home_by_name = {name: home for home, names in names_by_home.items() for name in names}

    def load(self, name: str) -> Any:
        """Return what the name stands for, and have the package keep it; unknown: ``AttributeError``."""
        home = self._home_by_name.get(name)
        if home is None:
            raise AttributeError(f"module {self._package!r} has no attribute {name!r}")
        value = getattr(import_module(f".{home}", self._package), name)
        vars(sys.modules[self._package])[name] = value
        return value

    def listed(self) -> list[str]:
        """Return the names in order."""
        return sorted(self._home_by_name)
