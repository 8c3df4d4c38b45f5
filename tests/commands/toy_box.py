"""Runs command lines on a program that has the toy noun only, and notes what reached the runner."""

from dataclasses import dataclass, field
from typing import Any

from click.testing import CliRunner, Result

from commands.app import Invocation
from commands.console import Console
from commands.options import Settings
from commands.registry import NounEntry
from commands.root import Root
from commands.shapes import Shape

TOYS = (NounEntry("toy", "tests.commands.toy_noun", "Things to test with."),)


@dataclass
class ToyBox:
    exit_code: int = 0
    shape: Shape | None = None
    work: Any = None
    settings: Settings = field(default_factory=Settings)

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(Root(TOYS), list(arguments), obj=Invocation(runner=self._note))

    def settings_of(self, *arguments: str) -> Settings:
        result = self.run(*arguments)
        assert result.exit_code == 0, result.output
        return self.settings

    def _note(self, shape: Shape, work: Any, settings: Settings, _console: Console) -> int:
        self.shape, self.work, self.settings = shape, work, settings
        return self.exit_code
