"""The global options that keep changes safe: plans, guards, the recording of calls."""

from typing import Any

from commands import option_values
from commands.option_kinds import GlobalOption, Takes, target_option


def _safety(name: str, setting: str, help_text: str, **rest: Any) -> GlobalOption:
    return target_option(name, setting, help_text, is_of_the_moment=True, **rest)


def _protection(name: str, setting: str, help_text: str, **rest: Any) -> GlobalOption:
    return _safety(name, setting, help_text, takes=Takes.COMMA_LIST, accumulates=True, **rest)


SAFETY_OPTIONS: tuple[GlobalOption, ...] = (
    _safety(
        "dry-run",
        "dry_run",
        "Show what would change, as rows; send nothing but reads.",
        takes=Takes.FLAG,
        check=bool,
    ),
    _safety(
        "plan-out",
        "plan_out",
        "Save what would change in this file, for 'apply'; change nothing.",
        metavar="FILE",
        check=option_values.path,
        has_variable=False,
        is_configurable=False,
    ),
    _safety(
        "plan-expires",
        "plan_expires",
        "How long the plan that --plan-out saves may be applied: 15m to 7d, by default 24h.",
        metavar="SECONDS",
        check=option_values.plan_expiry,
        is_number=True,
    ),
    _safety(
        "max-changes",
        "max_changes",
        "Refuse, with exit code 6, to make more changes than this, or than this share of what is there.",
        metavar="N|PERCENT",
        check=option_values.count_or_percentage,
        is_number=True,
    ),
    _protection(
        "protect-accounts",
        "protect_accounts",
        "Refuse to change anything in these accounts.",
        metavar="A,B",
        check=option_values.each(option_values.account),
    ),
    _protection(
        "protect-regions",
        "protect_regions",
        "Refuse to change anything in these regions; 'eu-*' is a pattern.",
        metavar="X,Y",
        check=option_values.each(option_values.region_or_pattern),
    ),
    _protection(
        "protect-tags",
        "protect_tags",
        "Refuse to change what carries one of these tags; a value may be a pattern.",
        metavar="KEY[=VALUE],...",
        check=option_values.each(option_values.tag_pattern),
    ),
    _protection(
        "protect-names",
        "protect_names",
        "Refuse to change what has a name like this: '*-prod-*'.",
        metavar="PATTERN,...",
        check=option_values.each(option_values.text),
    ),
    _protection(
        "delete-only-in",
        "delete_only_in",
        "Refuse to delete anything but in these accounts and regions.",
        metavar="A|REGION,...",
        check=option_values.each(option_values.comma_list(option_values.account_or_region)),
        narrows=True,
    ),
    _safety(
        "record",
        "record",
        "Add each call of AWS to this file, a JSON line each.",
        metavar="FILE",
        check=option_values.path,
        is_configurable=False,
    ),
    _safety(
        "record-answers",
        "record_answers",
        "Record what AWS answered, too, for tests that replay it.",
        takes=Takes.FLAG,
        check=bool,
        is_configurable=False,
    ),
)
