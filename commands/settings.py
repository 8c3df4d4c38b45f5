"""Where typed options, environment, configuration and defaults become one ``Settings``."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import click

from commands.config_file import ConfigFile, read_config_file
from commands.exit_codes import ConfigurationProblem
from commands.options import (
    GLOBAL_OPTIONS,
    IDENTITY_NAMES,
    OPTION_BY_NAME,
    GlobalOption,
    Settings,
    Takes,
    split_commas,
    typed_values,
)

_YES_WORDS = ("1", "true", "yes", "on")
_NO_WORDS = ("0", "false", "no", "off")
_LEVEL_BY_COUNT = ("warning", "info")
_REPLACED_BY_SANDBOX = ("profile", "endpoint-url", "aws-compute")
_LAST_ROLE_ONLY = ("external-id", "role-session-name", "duration", "mfa-serial")


class Layer(IntEnum):
    """Where a value came from; the lowest number wins."""

    TYPED = 0
    ENVIRONMENT = 1
    CONFIGURATION = 2


@dataclass(frozen=True, slots=True)
class Given:
    """A value in normal form, the layer it came from and what to call it in a message."""

    value: Any
    layer: Layer
    label: str
    is_from_file: bool = False


Layers = list[dict[str, Given]]


def resolve_settings(
    ctx: click.Context, *, takes_identity: bool = True, environ: Mapping[str, str] | None = None
) -> Settings:
    """Return the settings of the command that ``ctx`` belongs to; touches no network.

    Raises ``click.UsageError`` (exit 2) for a bad value that was typed or in the environment and for
    options that exclude each other, ``ConfigurationProblem`` (exit 3) for the configuration file.
    """
    try:
        return merge_settings(
            typed_values(ctx), os.environ if environ is None else environ, takes_identity=takes_identity
        )
    except click.UsageError as error:
        # With the context, the message shows the usage of this very command.
        raise click.UsageError(error.format_message(), ctx) from error


def merge_settings(
    typed: Mapping[str, Any], environ: Mapping[str, str], *, takes_identity: bool = True
) -> Settings:
    """Return the settings that the layers come to; ``typed`` is in normal form by option name."""
    options = [option for option in GLOBAL_OPTIONS if takes_identity or option.acts_on_aws is False]
    _refuse_foreign(typed, options)
    layers: Layers = [
        {name: Given(value, Layer.TYPED, OPTION_BY_NAME[name].flag) for name, value in typed.items()},
        dict(_from_environment(environ, options)),
        {},
    ]
    config = read_config_file(_checked_one(layers, OPTION_BY_NAME["config"]), environ)
    layers[Layer.CONFIGURATION] = dict(_from_config(config, options))
    if takes_identity:
        _replace_identity(layers, config)
        _apply_sandbox(layers)
        _keep_one_base(layers)
    values = {option.setting: _checked_one(layers, option) for option in options if _found(layers, option)}
    values["config_path"] = config.path
    _apply_verbosity(values, layers)
    _refuse_useless(values, layers)
    return Settings(**values)


def _refuse_foreign(typed: Mapping[str, Any], options: list[GlobalOption]) -> None:
    known = {option.name for option in options}
    for name in typed:
        if name not in known:
            raise click.UsageError(f"{OPTION_BY_NAME[name].flag} means nothing to this command.")


def _from_environment(environ: Mapping[str, str], options: list[GlobalOption]) -> Iterator[tuple[str, Given]]:
    for option in options:
        for variable in option.variables:
            raw = environ.get(variable)
            if raw or (raw is not None and option.takes is Takes.COMMA_LIST):
                yield (
                    option.name,
                    Given(_environment_value(option, variable, raw), Layer.ENVIRONMENT, variable),
                )
                break


def _environment_value(option: GlobalOption, variable: str, raw: str) -> Any:
    match option.takes:
        case Takes.FLAG:
            return _truth(variable, raw)
        case Takes.COMMA_LIST:
            return split_commas([raw])
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
    chosen = _found(layers, OPTION_BY_NAME["env"])
    if chosen is None:
        return
    name = _checked(OPTION_BY_NAME["env"], chosen)
    _drop_identity_below(layers, chosen.layer)
    layer = layers[chosen.layer]
    for option_name, value in config.entry(name).items():
        said = layer.get(option_name)
        label = f"{config.path}: env.{name} ({option_name})"
        if said is None:
            layer[option_name] = Given(value, chosen.layer, label, is_from_file=True)
        elif OPTION_BY_NAME[option_name].takes is Takes.CHAIN:
            layer[option_name] = Given((*value, *said.value), chosen.layer, f"{label} and {said.label}")


def _apply_sandbox(layers: Layers) -> None:
    sandbox = _found(layers, OPTION_BY_NAME["sandbox"])
    if sandbox is None or not sandbox.value:
        return
    for name in _REPLACED_BY_SANDBOX:
        typed = layers[Layer.TYPED].get(name)
        if typed is not None and typed.value is not False:
            raise click.UsageError(f"{sandbox.label} and {typed.label} exclude each other.")
    region = _found(layers, OPTION_BY_NAME["region"])
    _drop_identity_below(layers, sandbox.layer)
    for layer in layers:
        for name in _REPLACED_BY_SANDBOX:
            layer.pop(name, None)
    if region is not None:
        layers[region.layer]["region"] = region


def _drop_identity_below(layers: Layers, layer: Layer) -> None:
    for lower in layers[layer + 1 :]:
        for name in IDENTITY_NAMES:
            lower.pop(name, None)


def _keep_one_base(layers: Layers) -> None:
    """Keep the stronger layer's of profile and compute role: two answers to one question."""
    profile, compute = (_found(layers, OPTION_BY_NAME[name]) for name in ("profile", "aws-compute"))
    if profile is None or compute is None or not compute.value:
        return
    if profile.layer == compute.layer:
        raise click.UsageError(f"{compute.label} and {profile.label} exclude each other.")
    weaker = "profile" if compute.layer < profile.layer else "aws-compute"
    for layer in layers:
        layer.pop(weaker, None)


def _found(layers: Layers, option: GlobalOption) -> Given | None:
    return next((layer[option.name] for layer in layers if option.name in layer), None)


def _checked_one(layers: Layers, option: GlobalOption) -> Any:
    given = _found(layers, option)
    return None if given is None else _checked(option, given)


def _checked(option: GlobalOption, given: Given) -> Any:
    if option.takes is Takes.COUNT:
        return given.value
    try:
        return option.check(given.value)
    except ValueError as error:
        if given.is_from_file:
            raise ConfigurationProblem(f"{given.label}: {error}") from error
        raise click.BadParameter(str(error), param_hint=given.label) from error


def _apply_verbosity(values: dict[str, Any], layers: Layers) -> None:
    count = values.pop("verbose", 0)
    if count and "log-level" not in layers[Layer.TYPED]:
        values["log_level"] = _LEVEL_BY_COUNT[count] if count < len(_LEVEL_BY_COUNT) else "debug"


def _refuse_useless(values: Mapping[str, Any], layers: Layers) -> None:
    """Refuse what was typed and would be passed over in silence."""
    accounts, role_name = values.get("accounts"), values.get("role_name")
    if accounts and not role_name:
        raise click.UsageError("--accounts needs --role-name: the role to assume in each account.")
    if "role-name" in layers[Layer.TYPED] and not accounts:
        raise click.UsageError("--role-name belongs to --accounts; for one role, give --assume-role-arn.")
    if accounts or values.get("assume_role_arns"):
        return
    for name in _LAST_ROLE_ONLY:
        if name in layers[Layer.TYPED]:
            raise click.UsageError(
                f"--{name} belongs to a role; name one with --assume-role-arn, or --accounts and --role-name."
            )
