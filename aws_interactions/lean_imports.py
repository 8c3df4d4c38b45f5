"""Import cuts for a process that lives for one command: what botocore loads and this program never uses.

``install`` is for the program alone, before it loads botocore; importing the library changes nothing.
All of it may be deleted, with its call in ``commands.app``. As shares of the instructions of one
``s3 status`` (a billion without any start-up cut of this kind):

- ``botocore.docs`` makes docstrings of clients; its HTML parser and templates are left out: 0.026
- ``urllib3.http2`` reads the version of a package that is not used; that loads zip and CSV: 0.014

Each stands in ``sys.modules`` as a package whose submodules load as ever, and becomes the real thing
when anything else is asked of it: boto3's resources need both halves of ``botocore.docs``.
"""

import sys
import threading
from collections.abc import Mapping
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, Final

_DOCSTRING_NAMES: Final = ("ClientMethodDocstring", "PaginatorDocstring", "WaiterDocstring")


def install() -> None:
    """Put the stand-ins where the real modules are not loaded yet; a second call does nothing."""
    # The package itself is light; with it there, ``botocore.docs`` is found as its attribute too.
    import_module("botocore")
    docstrings = dict.fromkeys(_DOCSTRING_NAMES, NoDocstring)
    _defer("botocore.docs")
    _defer("botocore.docs.docstring", docstrings)
    _defer("urllib3.http2")


class NoDocstring(str):
    """Takes whatever a docstring is made of and stays empty."""

    __slots__ = ()

    def __new__(cls, *_: object, **__: object) -> "NoDocstring":
        """Return empty text."""
        return super().__new__(cls)


class DeferredModule(ModuleType):
    """A module that is executed when one of its own names is first asked for."""

    def __init__(self, spec: ModuleSpec, names: Mapping[str, object]) -> None:
        super().__init__(spec.name)
        self.__spec__ = spec
        self.__loader__ = spec.loader
        self.__file__ = spec.origin
        self.__package__ = spec.parent
        if spec.submodule_search_locations is not None:
            self.__path__ = spec.submodule_search_locations
        self._deferral_lock = threading.RLock()
        self._is_executing = False
        self._loader: Any = spec.loader
        self.__dict__.update(names)

    def __getattr__(self, name: str) -> Any:
        is_special = name.startswith("__") and name.endswith("__")
        # Submodules are the import system's to load; it asks here first whether they are there.
        if not is_special and not _has_submodule(self, name):
            _execute(self)
            if name in self.__dict__:
                return self.__dict__[name]
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")


# Functions, not methods: while one thread waits here, another makes the module an ordinary one.


def _has_submodule(module: ModuleType, name: str) -> bool:
    path = list(module.__dict__.get("__path__", ()))
    return PathFinder.find_spec(f"{module.__name__}.{name}", path) is not None


def _execute(module: DeferredModule) -> None:
    with module._deferral_lock:
        if module._is_executing or type(module) is not DeferredModule:
            return
        module._is_executing = True
        try:
            module._loader.exec_module(module)
        finally:
            module._is_executing = False
        module.__class__ = ModuleType  # type: ignore[assignment]  # it is one from here on


def _defer(name: str, names: Mapping[str, object] | None = None) -> None:
    if name in sys.modules:
        return
    spec = _find_spec(name)
    if spec is None or spec.loader is None:
        return
    module = DeferredModule(spec, names or {})
    sys.modules[name] = module
    parent_name, _, own_name = name.rpartition(".")
    parent = sys.modules.get(parent_name)
    if parent is not None:
        setattr(parent, own_name, module)


def _find_spec(name: str) -> ModuleSpec | None:
    """Find a module without importing its packages, one of which would import what is deferred."""
    path: list[str] | None = None
    spec: ModuleSpec | None = None
    parts = name.split(".")
    for count in range(1, len(parts) + 1):
        spec = PathFinder.find_spec(".".join(parts[:count]), path)
        if spec is None:
            return None
        path = list(spec.submodule_search_locations or ())
    return spec
