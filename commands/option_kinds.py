"""What a global option is: what it is called, what it takes, what its values become."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any

from commands import option_values


class OutputFormat(StrEnum):
    """How rows are written to standard output."""

    TABLE = "table"
    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    YAML = "yaml"


class Takes(Enum):
    """What an option is followed by."""

    TEXT = "text"
    FLAG = "flag"
    COMMA_LIST = "comma list"
    CHAIN = "chain"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class GlobalOption:
    """One global option.

    ``check`` turns a normal form (text, bool, tuple of text) into the value of ``setting`` or raises
    ``ValueError``. ``is_identity``: it says who acts, so ``--env`` and ``--sandbox`` replace it.
    ``selects_accounts``: it says where to act, so the strongest layer's replace those of the others.
    ``acts_on_aws``: it means something only to commands that call AWS. ``is_of_the_moment``: of those, to
    commands too that go on from what was kept (``apply``, ``undo``, ``runs resume``), where what is said now
    counts. ``is_number``: a configuration file may hold a number for it. ``accumulates``: what all layers say
    holds together, so that none takes away what another one protects. ``narrows``: of those, each layer's
    list must allow on its own, so the lists stay apart, each in one text with commas.
    """

    name: str
    setting: str
    help: str
    metavar: str = "TEXT"
    takes: Takes = Takes.TEXT
    check: Callable[[Any], Any] = option_values.text
    is_identity: bool = False
    selects_accounts: bool = False
    acts_on_aws: bool = False
    is_of_the_moment: bool = False
    accumulates: bool = False
    narrows: bool = False
    has_variable: bool = True
    is_configurable: bool = True
    is_number: bool = False
    short: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    other_variables: tuple[str, ...] = ()

    @property
    def flag(self) -> str:
        """The long spelling, such as ``--assume-role-arn``."""
        return f"--{self.name}"

    @property
    def negative_flag(self) -> str | None:
        """What says no to a variable or a configuration entry that said yes; flags only."""
        return f"--no-{self.name}" if self.takes is Takes.FLAG and self.has_variable else None

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that are read for it, the first found wins."""
        if not self.has_variable:
            return ()
        return (f"MANAGE_RESOURCES_{self.name.upper().replace('-', '_')}", *self.other_variables)

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every spelling on the command line."""
        negative = (self.negative_flag,) if self.negative_flag else ()
        return (*self.short, self.flag, *negative)


def is_true(value: bool) -> bool:
    """Return the value of a flag as it is."""
    return value


def identity_option(name: str, setting: str, help_text: str, **rest: Any) -> GlobalOption:
    """Return an option that says who acts."""
    return GlobalOption(name, setting, help_text, is_identity=True, acts_on_aws=True, **rest)


def target_option(name: str, setting: str, help_text: str, **rest: Any) -> GlobalOption:
    """Return an option of commands that call AWS."""
    return GlobalOption(name, setting, help_text, acts_on_aws=True, **rest)


def selection_option(name: str, setting: str, help_text: str, **rest: Any) -> GlobalOption:
    """Return an option that says in which accounts to act."""
    return target_option(name, setting, help_text, selects_accounts=True, **rest)


def flag_option(name: str, setting: str, help_text: str, **rest: Any) -> GlobalOption:
    """Return an option that is on or off."""
    return GlobalOption(name, setting, help_text, takes=Takes.FLAG, check=is_true, **rest)
