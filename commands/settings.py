"""Where typed options, environment, configuration and defaults become one ``Settings``."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

import click

from commands.config_file import ConfigFile, read_config_file
from commands.option_layers import (
    Given,
    Layer,
    Layers,
    accumulated,
    checked,
    checked_one,
    chosen,
    drop,
    drop_below,
    found,
    is_never_empty,
    refuse_both,
    said,
)
from commands.options import (
    GLOBAL_OPTIONS,
    GUARD_NAMES,
    IDENTITY_NAMES,
    OPTION_BY_NAME,
    GlobalOption,
    Settings,
    Takes,
    list_of,
    typed_values,
)
from commands.target_layers import keep_either_profiles_or_roles, refuse_useless_targets, replace_targets

_YES_WORDS = ("1", "true", "yes", "on")
_NO_WORDS = ("0", "false", "no", "off")
_LEVEL_BY_COUNT = ("warning", "info")
_WITH_ORIGIN = (*GUARD_NAMES, "endpoint-url")
_REPLACED_BY_SANDBOX = ("profile", "profiles", "endpoint-url", "aws-compute")
_LAST_ROLE_ONLY = ("external-id", "role-session-name", "duration", "mfa-serial")


def resolve_settings(
    ctx: click.Context,
    *,
    takes_identity: bool = True,
    goes_on: str = "",
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Return the settings of the command that ``ctx`` belongs to; touches no network.

    Raises ``click.UsageError`` (exit 2) for a bad value that was typed or in the environment and for
    options that exclude each other, ``ConfigurationProblem`` (exit 3) for the configuration file. ``goes_on``
    says what the command goes on from, with the identity, targets and pace of that.
    """
    try:
        typed = typed_values(ctx)
        if goes_on:
            _refuse_what_is_kept(typed, ctx.command_path.partition(" ")[2], goes_on)
        return merge_settings(
            typed,
            os.environ if environ is None else environ,
            takes_identity=takes_identity,
            goes_on=bool(goes_on),
        )
    except click.UsageError as error:
        # With the context, the message shows the usage of this very command.
        raise click.UsageError(error.format_message(), ctx) from error


def merge_settings(
    typed: Mapping[str, Any],
    environ: Mapping[str, str],
    *,
    takes_identity: bool = True,
    goes_on: bool = False,
) -> Settings:
    """Return the settings that the layers come to; ``typed`` is in normal form by option name.

    ``goes_on``: without an identity of its own, the command goes on from what was kept.
    """
    options = [
        option
        for option in GLOBAL_OPTIONS
        if takes_identity or not option.acts_on_aws or (goes_on and option.is_of_the_moment)
    ]
    _refuse_foreign(typed, options)
    layers: Layers = [
        {name: Given(value, Layer.TYPED, OPTION_BY_NAME[name].flag) for name, value in typed.items()},
        dict(_from_environment(environ, options)),
        {},
    ]
    config = read_config_file(checked_one(layers, "config"), environ)
    layers[Layer.CONFIGURATION] = dict(_from_config(config, options))
    excluded: dict[str, Any] = {}
    if takes_identity:
        _replace_identity(layers, config)
        excluded = replace_targets(layers, config)
        _apply_sandbox(layers)
        _keep_one_base(layers)
        keep_either_profiles_or_roles(layers)
    given = {option.name: found(layers, option.name) for option in options}
    values: dict[str, Any] = {
        OPTION_BY_NAME[name].setting: accumulated(OPTION_BY_NAME[name], layers)
        if OPTION_BY_NAME[name].accumulates
        else checked(OPTION_BY_NAME[name], one)
        for name, one in given.items()
        if one is not None
    }
    values["origins"] = tuple(
        f"{name}={one.label}" for name in _WITH_ORIGIN for one in said(layers, name) if not one.says_no
    )
    values["config_path"] = config.path
    _apply_verbosity(values, layers)
    _apply_failure_limit(values, layers)
    _refuse_useless(values, layers)
    return Settings(**values, **excluded)


def _refuse_what_is_kept(typed: Mapping[str, Any], words: str, goes_on: str) -> None:
    for name in typed:
        option = OPTION_BY_NAME[name]
        if option.acts_on_aws and not option.is_of_the_moment:
            raise click.UsageError(
                f"{option.flag}: {words} acts as, where and how {goes_on} says; leave it out."
            )


def _refuse_foreign(typed: Mapping[str, Any], options: list[GlobalOption]) -> None:
    known = {option.name for option in options}
    for name in typed:
        if name not in known:
            raise click.UsageError(f"{OPTION_BY_NAME[name].flag} means nothing to this command.")


def _from_environment(environ: Mapping[str, str], options: list[GlobalOption]) -> Iterator[tuple[str, Given]]:
    for option in options:
        for variable in option.variables:
            raw = environ.get(variable)
            if raw or (raw is not None and _is_said_empty(option)):
                yield (
                    option.name,
                    Given(_environment_value(option, variable, raw), Layer.ENVIRONMENT, variable),
                )
                break


def _is_said_empty(option: GlobalOption) -> bool:
    """Whether an empty variable says something: that nothing was selected, or that a guard has no limit."""
    return option.takes is Takes.COMMA_LIST or is_never_empty(option)


def _environment_value(option: GlobalOption, variable: str, raw: str) -> Any:
    match option.takes:
        case Takes.FLAG:
            return _truth(variable, raw)
        case Takes.COMMA_LIST:
            return list_of(option, [raw])
        case Takes.CHAIN:
            # A role name may hold a comma, so a chain is separated by blanks.
            return tuple(raw.split())
        case _:
            return raw


def _truth(variable: str, raw: str) -> bool:
    if raw.lower() not in (*_YES_WORDS, *_NO_WORDS):
        raise click.BadParameter(
            f"{raw!r} is not one of {', '.join((*_YES_WORDS, *_NO_WORDS))}", param_hint=variable
        )
    return raw.lower() in _YES_WORDS


def _from_config(config: ConfigFile, options: list[GlobalOption]) -> Iterator[tuple[str, Given]]:
    for option in options:
        if option.name in config.defaults:
            label = f"{config.path}: defaults.{option.name}"
            value = config.defaults[option.name]
            yield option.name, Given(value, Layer.CONFIGURATION, label, is_from_file=True)


def _replace_identity(layers: Layers, config: ConfigFile) -> None:
    """Put the entry that ``--env`` names into its layer, in place of the identity of the layers below."""
    env = found(layers, "env")
    if env is None:
        return
    name = checked(OPTION_BY_NAME["env"], env)
    drop_below(layers, env.layer, IDENTITY_NAMES)
    layer = layers[env.layer]
    for option_name, value in config.entry(name).items():
        said = layer.get(option_name)
        label = f"{config.path}: env.{name} ({option_name})"
        if said is None:
            layer[option_name] = Given(value, env.layer, label, is_from_file=True)
        elif OPTION_BY_NAME[option_name].takes is Takes.CHAIN:
            layer[option_name] = Given((*value, *said.value), env.layer, f"{label} and {said.label}")


def _apply_sandbox(layers: Layers) -> None:
    sandbox = chosen(layers, "sandbox")
    if sandbox is None:
        return
    for name in _REPLACED_BY_SANDBOX:
        typed = layers[Layer.TYPED].get(name)
        if typed is not None and not typed.says_no:
            # Who typed it meant AWS; that the sandbox is on was said elsewhere.
            is_inherited = sandbox.layer is not Layer.TYPED
            refuse_both(sandbox, typed, "Give --no-sandbox to leave the sandbox." if is_inherited else "")
    region = found(layers, "region")
    drop_below(layers, sandbox.layer, IDENTITY_NAMES)
    drop(layers, _REPLACED_BY_SANDBOX)
    if region is not None:
        layers[region.layer]["region"] = region


def _keep_one_base(layers: Layers) -> None:
    """Keep the stronger layer's of profile and compute role: two answers to one question."""
    profile, compute = found(layers, "profile"), chosen(layers, "aws-compute")
    if profile is None or compute is None:
        return
    if profile.layer == compute.layer:
        refuse_both(compute, profile)
    drop(layers, ["profile" if compute.layer < profile.layer else "aws-compute"])


def _apply_verbosity(values: dict[str, Any], layers: Layers) -> None:
    count = values.pop("verbose", 0)
    if count and "log-level" not in layers[Layer.TYPED]:
        values["log_level"] = _LEVEL_BY_COUNT[count] if count < len(_LEVEL_BY_COUNT) else "debug"


def _apply_failure_limit(values: dict[str, Any], layers: Layers) -> None:
    """Let the stronger layer's of the two limits hold; ``fail_fast`` is the limit 1."""
    fail_fast, limit = chosen(layers, "fail-fast"), found(layers, "max-failures")
    if fail_fast is None:
        return
    if limit is not None and limit.layer == fail_fast.layer:
        refuse_both(fail_fast, limit)
    if limit is not None and limit.layer < fail_fast.layer:
        values["fail_fast"] = False
        return
    values["max_failures"] = 1


def _refuse_useless(values: Mapping[str, Any], layers: Layers) -> None:
    """Refuse what was typed and would be passed over in silence."""
    enters_accounts = refuse_useless_targets(values, layers)
    if values.get("engine") == "dask" and "scheduler" not in values:
        raise click.UsageError("--engine dask needs --scheduler: the address of the cluster.")
    if "plan-expires" in layers[Layer.TYPED] and "plan_out" not in values:
        raise click.UsageError("--plan-expires belongs to --plan-out.")
    if "scheduler" in layers[Layer.TYPED] and values.get("engine") != "dask":
        raise click.UsageError("--scheduler belongs to --engine dask.")
    if enters_accounts or values.get("assume_role_arns"):
        return
    for name in _LAST_ROLE_ONLY:
        if name in layers[Layer.TYPED]:
            raise click.UsageError(
                f"--{name} belongs to a role; name one with --assume-role-arn, or --accounts and --role-name."
            )
