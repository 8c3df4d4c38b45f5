"""How the options that say where to act, and the fleets of the configuration file, go together.

They are a set, like an identity: the strongest layer that says where to act replaces what weaker ones say
of it. A typed ``--accounts`` so replaces a whole fleet, with the regions and the role that it brought.
"""

from collections.abc import Mapping
from typing import Any

import click

from commands.config_file import ConfigFile, FleetDescription
from commands.option_layers import Given, Layer, Layers, checked, chosen, drop, drop_below, found, refuse_both
from commands.options import IDENTITY_NAMES, OPTION_BY_NAME, SELECTING_NAMES

_ACCOUNTS = ("accounts", "ou", "all-accounts")
_ROLE_PER_ACCOUNT = (*_ACCOUNTS, "role-name")
_REGION = "region"
_EXCLUDED = ("accounts", "ou", "profiles", "regions")


def replace_targets(layers: Layers, config: ConfigFile) -> dict[str, tuple[str, ...]]:
    """Leave only what the strongest layer says of where to act, a fleet replaced by what it describes.

    Return what the fleet excludes, by field of the settings. Raises ``click.UsageError`` for a fleet beside
    other selections, ``EmptySelection`` for a fleet that selects nothing, ``ConfigurationProblem``.
    """
    strongest = next((layer for layer in Layer if _selections(layers[layer])), None)
    if strongest is None:
        return {}
    drop_below(layers, strongest, SELECTING_NAMES)
    selections = _selections(layers[strongest])
    fleet = selections.pop("fleet", None)
    if fleet is None:
        return {}
    for other in selections.values():
        refuse_both(fleet, other)
    return _put_fleet(layers, config, fleet)


def _selections(layer: Mapping[str, Given]) -> dict[str, Given]:
    return {name: layer[name] for name in SELECTING_NAMES if name in layer and not layer[name].says_no}


def _put_fleet(layers: Layers, config: ConfigFile, fleet: Given) -> dict[str, tuple[str, ...]]:
    name = checked(OPTION_BY_NAME["fleet"], fleet)
    description = config.fleet(name)
    layer = layers[fleet.layer]
    for option_name, value in description.included.items():
        if option_name not in layer:
            label = f"{config.path}: fleet.{name} ({option_name})"
            layer[option_name] = Given(value, fleet.layer, label, is_from_file=True)
    if description.is_emptied or not (description.included and _still_selects(layers, description)):
        from aws_operations.guards import EmptySelection

        raise EmptySelection(f"{config.path}: fleet.{name} selects nothing")
    return {
        f"exclude_{OPTION_BY_NAME[option_name].setting}": checked(
            OPTION_BY_NAME[option_name],
            Given(
                value, fleet.layer, f"{config.path}: fleet.{name} (exclude-{option_name})", is_from_file=True
            ),
        )
        for option_name, value in description.excluded.items()
    }


def _still_selects(layers: Layers, description: FleetDescription) -> bool:
    """Whether a ``--no-all-accounts`` left something of the fleet's accounts; without any it is one's own."""
    sources = SELECTING_NAMES & description.included.keys()
    return not sources or any(chosen(layers, source) for source in sources)


def keep_either_profiles_or_roles(layers: Layers) -> None:
    """Keep profiles, or one identity and its role in each account: two answers to who acts.

    What is weaker than the profiles is dropped. Raises ``click.UsageError`` for what is as strong; also for
    a stronger role, which would be assumed as whom?
    """
    profiles = found(layers, "profiles")
    if profiles is None:
        return
    base = found(layers, "profile") or chosen(layers, "aws-compute")
    if base is not None and base.layer < profiles.layer:
        drop(layers, ["profiles"])
        return
    replaced = (IDENTITY_NAMES | {*_ROLE_PER_ACCOUNT}) - {_REGION}
    for name in sorted(replaced):
        other = chosen(layers, name)
        if other is not None and other.layer <= profiles.layer:
            refuse_both(profiles, other)
    drop_below(layers, profiles.layer, replaced)


def refuse_useless_targets(values: Mapping[str, Any], layers: Layers) -> bool:
    """Refuse accounts without a role, and a typed role without accounts; say whether accounts were given."""
    selection = next((given for given in (chosen(layers, name) for name in _ACCOUNTS) if given), None)
    if selection is not None and "role_name" not in values:
        raise click.UsageError(f"{selection.label} needs --role-name: the role to assume in each account.")
    if "role-name" in layers[Layer.TYPED] and selection is None:
        raise click.UsageError("--role-name belongs to --accounts; for one role, give --assume-role-arn.")
    return selection is not None
