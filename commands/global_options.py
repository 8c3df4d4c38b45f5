"""The table of the global options: what they are called, what they take, what their values become."""

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
    selects_accounts: bool = False
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


def _selection(name: str, setting: str, help_text: str, **rest: Any) -> GlobalOption:
    return _target(name, setting, help_text, selects_accounts=True, **rest)


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
    _selection(
        "accounts",
        "accounts",
        "Run once in each of these accounts, through --role-name.",
        metavar="A,B",
        takes=Takes.COMMA_LIST,
        check=option_values.each(option_values.account),
    ),
    _selection(
        "ou",
        "ous",
        "Run in every account in and below these organisational units, through --role-name.",
        metavar="PATH|ID,...",
        takes=Takes.COMMA_LIST,
        check=option_values.each(option_values.unit),
    ),
    _selection(
        "all-accounts",
        "all_accounts",
        "Run in every account of the organisation, through --role-name.",
        takes=Takes.FLAG,
        check=_is_true,
    ),
    _selection(
        "profiles",
        "profiles",
        "Run once as each of these profiles; 'prod-*' is a pattern over the configured ones.",
        metavar="P,Q",
        takes=Takes.COMMA_LIST,
        check=option_values.each(option_values.text),
    ),
    _selection(
        "fleet",
        "fleet",
        "Run in the accounts and regions that [fleet.NAME] of the configuration file describes.",
        metavar="NAME",
    ),
    _target(
        "regions",
        "regions",
        "Run once in each of these regions; 'eu-*' is a pattern over those that an account has enabled, "
        "all is all of those.",
        metavar="X,Y",
        takes=Takes.COMMA_LIST,
        check=option_values.each(option_values.region_or_pattern),
    ),
    _target(
        "role-name",
        "role_name",
        "The role to assume in each account.",
        metavar="ROLE",
        check=option_values.role_name,
    ),
    _target(
        "max-targets",
        "max_targets",
        "Refuse to run, with exit code 6, in more targets than this.",
        metavar="N",
        check=option_values.whole_number(1, 1_000_000),
        is_number=True,
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
    _target(
        "workers",
        "workers",
        "In how many targets to work at once, by default 16.",
        metavar="N",
        check=option_values.whole_number(1, 256),
        is_number=True,
    ),
    _target(
        "fail-fast",
        "fail_fast",
        "Begin no more targets after the first that failed.",
        takes=Takes.FLAG,
        check=_is_true,
    ),
    _target(
        "max-failures",
        "max_failures",
        "Begin no more targets when this many have failed.",
        metavar="N",
        check=option_values.whole_number(1, 1_000_000),
        is_number=True,
    ),
    _target(
        "rate",
        "rate",
        "At most so many calls, to each service in each account and region: 5/s, 0.5/s, 30/m.",
        metavar="N/s",
        check=option_values.rate,
    ),
    _target(
        "budget",
        "budget_share",
        "Use at most this share of what AWS allows, to leave the rest to others: 20%.",
        metavar="PERCENT",
        check=option_values.percentage,
    ),
    _target(
        "deadline",
        "deadline",
        "Stop the run after this time, and leave what is not done: seconds, or 15m, 2h.",
        metavar="SECONDS",
        check=option_values.deadline,
        is_number=True,
    ),
    _target(
        "engine",
        "engine",
        "Where the work is done: on this machine, or on a Dask cluster.",
        metavar="|".join(option_values.ENGINES),
        check=option_values.one_of(*option_values.ENGINES),
        choices=option_values.ENGINES,
    ),
    _target(
        "scheduler",
        "scheduler",
        "The cluster's scheduler, for --engine dask: tcp:// on this machine, tls:// elsewhere.",
        metavar="URL",
        check=option_values.scheduler_url,
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
SELECTING_NAMES = frozenset(option.name for option in GLOBAL_OPTIONS if option.selects_accounts)
RESERVED_SPELLINGS = frozenset(spelling for option in GLOBAL_OPTIONS for spelling in option.spellings) | {
    "--help",
    "-h",
    "--version",
}
