"""How a change of each kind comes about and what it changes, a module for each service.

A kind without a story fails the suite. ``STORIES`` is by the name of the kind.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from tests.kinds.stories.story import Story

_MODULES: list[Any] = [
    import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__) if module.name != "story"
]

STORIES: dict[str, Story] = {kind: story for module in _MODULES for kind, story in module.STORIES.items()}
