"""What a command line means to the program, without carrying it out."""

from typing import Any

from click.testing import CliRunner, Result

from commands.app import Invocation
from commands.console import Console
from commands.options import Settings
from commands.registry import NOUNS
from commands.root import Root
from commands.shapes import Shape


def understand(noun: str, *arguments: str) -> tuple[Result, Any]:
    """Return how the program ended on a command line, and the work that would have been done."""
    works: list[Any] = []

    def note(_shape: Shape, work: Any, _settings: Settings, _console: Console) -> int:
        works.append(work)
        return 0

    result = CliRunner().invoke(Root(NOUNS), [noun, *arguments], obj=Invocation(runner=note))
    return result, works[0] if works else None
