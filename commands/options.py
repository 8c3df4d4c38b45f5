"""The global options as Click collects them, and the settings that come of them.

They stand before or after the verb. Click only collects what was typed; ``commands.settings`` puts
the layers together. Variables are not read by Click: it would read them once for each place, and
one read after the verb would overwrite what was typed before it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from commands.global_options import (
    GLOBAL_OPTIONS,
    GUARD_NAMES,
    IDENTITY_NAMES,
    OPTION_BY_NAME,
    RESERVED_SPELLINGS,
    SELECTING_NAMES,
    SETTINGS_OF_THE_MOMENT,
    GlobalOption,
    OutputFormat,
    Takes,
)

__all__ = [
    "ALL_COLLECTED",
    "COLLECTED_TO_GO_ON",
    "COLLECTED_TO_REFUSE",
    "COLLECTED_WITHOUT_AWS",
    "COMPLETE_VARIABLE",
    "GLOBAL_OPTIONS",
    "GUARD_NAMES",
    "IDENTITY_NAMES",
    "OPTION_BY_NAME",
    "PROGRAM",
    "RESERVED_SPELLINGS",
    "SELECTING_NAMES",
    "SETTINGS_OF_THE_MOMENT",
    "CollectedOption",
    "GlobalOption",
    "OutputFormat",
    "Settings",
    "Takes",
    "list_of",
    "split_commas",
    "typed_values",
]

PROGRAM = "manage-resources"
COMPLETE_VARIABLE = "_MANAGE_RESOURCES_COMPLETE"
_TYPED_KEY = f"{PROGRAM}.typed"
_DESTINATION_PREFIX = "global_"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the global options come to: command line over environment over configuration over default.

    ``duration``, ``deadline`` and the time-outs are in seconds, ``rate`` in calls a second, ``budget_share``
    is a part of 1; ``fail_fast`` makes ``max_failures`` 1. What a fleet of the configuration file says is in
    the fields of the options; the ``exclude_`` ones are fleets' alone. ``output`` is ``None`` when nobody
    chose: a table on a terminal, text elsewhere. ``config_path`` is ``None`` without a configuration file.
    Each text in ``delete_only_in`` is a list with commas that must allow a deletion on its own;
    ``origins`` says where guards and the endpoint were set, each as ``NAME=where``.
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
    exclude_accounts: tuple[str, ...] = ()
    exclude_ous: tuple[str, ...] = ()
    exclude_profiles: tuple[str, ...] = ()
    exclude_regions: tuple[str, ...] = ()
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
    plan_out: Path | None = None
    plan_expires: int | None = None
    max_changes: str | None = None
    protect_accounts: tuple[str, ...] = ()
    protect_regions: tuple[str, ...] = ()
    protect_tags: tuple[str, ...] = ()
    protect_names: tuple[str, ...] = ()
    delete_only_in: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    record: Path | None = None
    record_answers: bool = False
    yes: bool = False
    config_path: Path | None = None
    env: str | None = None
    log_level: str = "warning"
    debug: bool = False

    @property
    def only_plans(self) -> bool:
        """Whether changes are shown, and saved if so wished, but not made."""
        return self.dry_run or self.plan_out is not None

    @property
    def enters_accounts(self) -> bool:
        """Whether accounts were chosen, in each of which ``role_name`` is assumed."""
        return bool(self.accounts or self.ous or self.all_accounts)

    @property
    def chooses_targets(self) -> bool:
        """Whether accounts, profiles or regions were given, be it one: rows then have columns for them."""
        return bool(self.enters_accounts or self.profiles or self.fleet or self.regions)


class CollectedOption(click.Option):
    """A global option as Click sees it: notes what was typed, and is never handed to the command."""

    def __init__(self, spec: GlobalOption, *, hidden: bool = False) -> None:
        self.spec = spec
        super().__init__(
            _declarations(spec),
            expose_value=False,
            callback=_note_typed,
            hidden=hidden,
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

    Before and after the verb: the later place wins, but roles go on as one chain, and guards add up.
    """
    places: dict[str, list[Any]] = ctx.meta.get(_TYPED_KEY, {})
    return {name: _merged_places(OPTION_BY_NAME[name], values) for name, values in places.items()}


def _merged_places(spec: GlobalOption, values: list[Any]) -> Any:
    match spec.takes:
        case Takes.CHAIN:
            return tuple(arn for place in values for arn in place)
        case Takes.COMMA_LIST if spec.accumulates:
            return tuple(item for place in values for item in list_of(spec, place))
        case Takes.COMMA_LIST:
            return split_commas(values[-1])
        case _:
            return values[-1]


def split_commas(values: Iterable[str]) -> tuple[str, ...]:
    """Return the items of comma lists, spaces round them cut off; an empty item stays, to be refused."""
    return tuple(item.strip() for value in values for item in value.split(","))


def list_of(spec: GlobalOption, values: Iterable[str]) -> tuple[str, ...]:
    """Return what one place says of a comma list: its items, or of one that narrows all of them as one."""
    items = split_commas(values)
    return (",".join(items),) if spec.narrows else items


ALL_COLLECTED = tuple(CollectedOption(spec) for spec in GLOBAL_OPTIONS)
COLLECTED_WITHOUT_AWS = tuple(option for option in ALL_COLLECTED if not option.spec.acts_on_aws)
COLLECTED_TO_GO_ON = tuple(
    option for option in ALL_COLLECTED if not option.spec.acts_on_aws or option.spec.is_of_the_moment
)
# They are known to be refused in better words than Click has for an option that there is not.
COLLECTED_TO_REFUSE = tuple(
    CollectedOption(option.spec, hidden=True) for option in ALL_COLLECTED if option not in COLLECTED_TO_GO_ON
)
