"""The global options: what they are called, what they take, and the settings that come of them.

They stand before or after the verb. Click only collects what was typed; ``commands.settings`` puts
the layers together. Variables are not read by Click: it would read them once for each place, and
one read after the verb would overwrite what was typed before it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from commands import option_values

PROGRAM = "manage-resources"
COMPLETE_VARIABLE = "_MANAGE_RESOURCES_COMPLETE"
_TYPED_KEY = f"{PROGRAM}.typed"
_DESTINATION_PREFIX = "global_"


class OutputFormat(StrEnum):
    """How rows are written to standard output."""

    TABLE = "table"
    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    YAML = "yaml"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the global options come to: command line over environment over configuration over default.

    ``duration``, ``deadline`` and the time-outs are in seconds, ``rate`` in calls a second, ``budget_share``
    is a part of 1. ``output`` is ``None`` when nobody chose: a table on a
    terminal, text elsewhere. ``config_path`` is ``None`` when there is no configuration file.
    """

    profile: str | None = None
    region: str | None = None
    aws_compute: bool = False
    assume_role_arns: tuple[str, ...] = ()
    external_id: str | None = None
    role_session_name: str | None = None
    duration: int | None = None
    mfa_serial: str | None = None
    endpoint_url: str | None = None
    sandbox: bool = False
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    role_name: str | None = None
    ous: tuple[str, ...] = ()
    all_accounts: bool = False
    profiles: tuple[str, ...] = ()
    fleet: str | None = None
    max_targets: int | None = None
    expect_account: str | None = None
    workers: int | None = None
    fail_fast: bool = False
    max_failures: int | None = None
    deadline: int | None = None
    rate: float | None = None
    budget_share: float | None = None
    engine: str = "local"
    scheduler: str | None = None
    connect_timeout: float | None = None
    read_timeout: float | None = None
    max_attempts: int | None = None
    output: OutputFormat | None = None
    query: str | None = None
    dry_run: bool = False
    yes: bool = False
    config_path: Path | None = None
    env: str | None = None
    log_level: str = "warning"
    debug: bool = False

    @property
    def chooses_targets(self) -> bool:
        """Whether accounts or regions were given, be it one: rows then have columns for both."""
        return bool(
            self.accounts or self.regions or self.ous or self.all_accounts or self.profiles or self.fleet
        )


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
    ``acts_on_aws``: it means something only to commands that call AWS. ``is_number``: a configuration
    file may hold a number for it.
    """

    name: str
    setting: str
    help: str
    metavar: str = "TEXT"
    takes: Takes = Takes.TEXT
    check: Callable[[Any], Any] = option_values.text
    is_identity: bool = False
    acts_on_aws: bool = False
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


def _is_true(value: bool) -> bool:
    return value


def _identity(name: str, setting: str, help_text: str, **rest: Any) -> GlobalOption:
    return GlobalOption(name, setting, help_text, is_identity=True, acts_on_aws=True, **rest)


def _target(name: str, setting: str, help_text: str, **rest: Any) -> GlobalOption:
    return GlobalOption(name, setting, help_text, acts_on_aws=True, **rest)


def _flag(name: str, setting: str, help_text: str, **rest: Any) -> GlobalOption:
    return GlobalOption(name, setting, help_text, takes=Takes.FLAG, check=_is_true, **rest)


GLOBAL_OPTIONS: tuple[GlobalOption, ...] = (
    _identity("profile", "profile", "Act as this profile of the AWS configuration.", metavar="NAME"),
    _identity("region", "region", "Act in this region.", metavar="REGION", check=option_values.region),
    _identity(
        "aws-compute",
        "aws_compute",
        "Act as the role of this instance, container or function.",
        takes=Takes.FLAG,
        check=_is_true,
    ),
    _identity(
        "assume-role-arn",
        "assume_role_arns",
        "Assume this role; repeated: a chain, in the order given.",
        metavar="ARN",
        takes=Takes.CHAIN,
        check=option_values.each(option_values.role_arn),
    ),
    _identity(
        "external-id",
        "external_id",
        "External id for the last role.",
        metavar="ID",
        check=option_values.external_id,
    ),
    _identity(
        "role-session-name",
        "role_session_name",
        "Session name for the last role.",
        metavar="NAME",
        check=option_values.session_name,
    ),
    _identity(
        "duration",
        "duration",
        "How long the last role's credentials live: 900 to 43200 seconds, or 15m, 1h.",
        metavar="SECONDS",
        check=option_values.duration,
        is_number=True,
    ),
    _identity(
        "mfa-serial",
        "mfa_serial",
        "MFA device for the first role; its code is asked for.",
        metavar="SERIAL",
        check=option_values.mfa_serial,
    ),
    _target(
        "endpoint-url",
        "endpoint_url",
        "Send every call, STS included, to this URL instead of AWS.",
        metavar="URL",
        check=option_values.endpoint_url,
    ),
    _target("sandbox", "sandbox", "Use the local sandbox, never AWS.", takes=Takes.FLAG, check=_is_true),
    _target(
        "accounts",
        "accounts",
        "Run once in each of these accounts, through --role-name.",
        metavar="A,B",
        takes=Takes.COMMA_LIST,
        check=option_values.each(option_values.account),
    ),
    _target(
        "regions",
        "regions",
        "Run once in each of these regions.",
        metavar="X,Y",
        takes=Takes.COMMA_LIST,
        check=option_values.each(option_values.region),
    ),
    _target(
        "role-name",
        "role_name",
        "The role to assume in each of --accounts.",
        metavar="ROLE",
        check=option_values.role_name,
    ),
    _target(
        "expect-account",
        "expect_account",
        "Stop before the first call if the credentials act in another account.",
        metavar="ACCOUNT",
        check=option_values.account,
    ),
    _target(
        "connect-timeout",
        "connect_timeout",
        "How long to wait for a connection, by default 10.",
        metavar="SECONDS",
        check=option_values.timeout,
        is_number=True,
    ),
    _target(
        "read-timeout",
        "read_timeout",
        "How long to wait for an answer, by default 60.",
        metavar="SECONDS",
        check=option_values.timeout,
        is_number=True,
    ),
    _target(
        "max-attempts",
        "max_attempts",
        "How often to try a call, the first time included, by default 5.",
        metavar="N",
        check=option_values.attempts,
        is_number=True,
    ),
    GlobalOption(
        "output",
        "output",
        "How rows are written; a table on a terminal, else text.",
        metavar="|".join(OutputFormat),
        check=lambda value: OutputFormat(option_values.one_of(*OutputFormat)(value)),
        choices=tuple(OutputFormat),
    ),
    GlobalOption(
        "query",
        "query",
        "JMESPath over the whole result (over each row with jsonl).",
        metavar="JMESPATH",
        check=option_values.query,
    ),
    _flag("dry-run", "dry_run", "Show what would change, as rows; send nothing but reads.", acts_on_aws=True),
    _flag(
        "yes",
        "yes",
        "Do not ask before changing things.",
        has_variable=False,
        is_configurable=False,
        short=("-y",),
    ),
    GlobalOption(
        "config",
        "config_path",
        "Configuration file; $XDG_CONFIG_HOME/manage-resources/config.toml if there is one.",
        metavar="FILE",
        check=option_values.path,
        is_configurable=False,
    ),
    GlobalOption(
        "env",
        "env",
        "Take profile, region and role from this entry of the configuration file.",
        metavar="NAME",
        acts_on_aws=True,
    ),
    GlobalOption(
        "log-level",
        "log_level",
        "What is logged to standard error.",
        metavar="|".join(option_values.LOG_LEVELS),
        check=option_values.log_level,
        choices=option_values.LOG_LEVELS,
        other_variables=("LOG_LEVEL",),
    ),
    GlobalOption(
        "verbose",
        "verbose",
        "Log more: -v is --log-level info, -vv is debug.",
        takes=Takes.COUNT,
        has_variable=False,
        is_configurable=False,
        short=("-v",),
    ),
    _flag("debug", "debug", "Show the traceback of an error."),
)

OPTION_BY_NAME = {option.name: option for option in GLOBAL_OPTIONS}
IDENTITY_NAMES = frozenset(option.name for option in GLOBAL_OPTIONS if option.is_identity)
RESERVED_SPELLINGS = frozenset(spelling for option in GLOBAL_OPTIONS for spelling in option.spellings) | {
    "--help",
    "-h",
    "--version",
}


class CollectedOption(click.Option):
    """A global option as Click sees it: notes what was typed, and is never handed to the command."""

    def __init__(self, spec: GlobalOption) -> None:
        self.spec = spec
        super().__init__(
            _declarations(spec),
            expose_value=False,
            callback=_note_typed,
            help=spec.help,
            metavar=spec.metavar if spec.takes not in (Takes.FLAG, Takes.COUNT) else None,
            **_click_attributes(spec),
        )

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """Return the words that the option takes, where it takes certain words only."""
        from click.shell_completion import CompletionItem

        words = [CompletionItem(choice) for choice in self.spec.choices if choice.startswith(incomplete)]
        return words or super().shell_complete(ctx, incomplete)


def _declarations(spec: GlobalOption) -> list[str]:
    destination = _DESTINATION_PREFIX + spec.name.replace("-", "_")
    if spec.negative_flag:
        return [destination, *spec.short, f"{spec.flag}/{spec.negative_flag}"]
    return [destination, *spec.short, spec.flag]


def _click_attributes(spec: GlobalOption) -> dict[str, Any]:
    match spec.takes:
        case Takes.FLAG:
            return {"is_flag": True, "default": False}
        case Takes.COUNT:
            return {"count": True}
        case Takes.COMMA_LIST | Takes.CHAIN:
            return {"multiple": True, "type": str}
        case Takes.TEXT:
            return {"type": str}


def _note_typed(ctx: click.Context, parameter: click.Parameter, value: Any) -> Any:
    if (
        isinstance(parameter, CollectedOption)
        and ctx.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
    ):
        places: dict[str, list[Any]] = ctx.meta.setdefault(_TYPED_KEY, {})
        places.setdefault(parameter.spec.name, []).append(value)
    return value


def typed_values(ctx: click.Context) -> dict[str, Any]:
    """Return what was typed, by option name, in normal form (text, bool, count, tuple of text).

    Before and after the verb: the later place wins, but roles go on as one chain.
    """
    places: dict[str, list[Any]] = ctx.meta.get(_TYPED_KEY, {})
    return {name: _merged_places(OPTION_BY_NAME[name], values) for name, values in places.items()}


def _merged_places(spec: GlobalOption, values: list[Any]) -> Any:
    match spec.takes:
        case Takes.CHAIN:
            return tuple(arn for place in values for arn in place)
        case Takes.COMMA_LIST:
            return split_commas(values[-1])
        case _:
            return values[-1]


def split_commas(values: Iterable[str]) -> tuple[str, ...]:
    """Return the items of comma lists, spaces round them cut off; an empty item stays, to be refused."""
    return tuple(item.strip() for value in values for item in value.split(","))


ALL_COLLECTED = tuple(CollectedOption(spec) for spec in GLOBAL_OPTIONS)
COLLECTED_WITHOUT_AWS = tuple(option for option in ALL_COLLECTED if not option.spec.acts_on_aws)
