"""The configuration file: ``[defaults]``, ``[env.NAME]`` for identities, ``[fleet.NAME]`` for targets.

::

    [defaults]
    region = "eu-west-1"
    output = "json"
    protect-names = ["*-prod-*"]    # guards add up: no option or variable takes one away

    [env.prod]
    profile = "ops"
    region = "eu-central-1"
    role = "arn:aws:iam::123456789012:role/operator"    # or a list: a chain

    [fleet.workloads]
    ous = ["/workloads"]
    regions = ["eu-*"]
    role-name = "operator"
    exclude-accounts = ["444455556666"]
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from commands.exit_codes import ConfigurationProblem
from commands.options import GLOBAL_OPTIONS, OPTION_BY_NAME, PROGRAM, GlobalOption, Takes, list_of

_TYPE_NAMES = {str: "text", bool: "true or false", int: "a whole number", list: "a list", dict: "a table"}
_ENTRY_KEYS = {"profile": "profile", "region": "region", "role": "assume-role-arn"}
_FLEET_KEYS = {
    "accounts": "accounts",
    "ous": "ou",
    "all-accounts": "all-accounts",
    "profiles": "profiles",
    "regions": "regions",
    "role-name": "role-name",
}
_EXCLUDING_KEYS = {
    "exclude-accounts": "accounts",
    "exclude-ous": "ou",
    "exclude-profiles": "profiles",
    "exclude-regions": "regions",
}
_ACCOUNT_KEYS = ("accounts", "ous", "all-accounts")
_BY_ROLE = (*_ACCOUNT_KEYS, "role-name", "exclude-accounts", "exclude-ous")
_BY_PROFILE = ("profiles", "exclude-profiles")
_SOURCE_KEYS = (*_ACCOUNT_KEYS, "profiles")
_NEEDED_BY = {
    "role-name": (_ACCOUNT_KEYS, "be assumed in"),
    "exclude-accounts": (_ACCOUNT_KEYS, "exclude from"),
    "exclude-ous": (_ACCOUNT_KEYS, "exclude from"),
    "exclude-profiles": (("profiles",), "exclude from"),
}
_TABLES = ("defaults", "env", "fleet")


@dataclass(frozen=True, slots=True)
class FleetDescription:
    """What a ``[fleet.NAME]`` says, in normal form, by option name.

    ``is_emptied``: it speaks of accounts or profiles, but of none, which is not one's own account.
    """

    included: Mapping[str, Any]
    excluded: Mapping[str, tuple[str, ...]]
    is_emptied: bool = False


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """What a configuration file holds, in normal form, by option name; ``path`` is ``None`` without one."""

    path: Path | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)
    entries: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    fleets: Mapping[str, FleetDescription] = field(default_factory=dict)

    def entry(self, name: str) -> Mapping[str, Any]:
        """Return the identity options of ``[env.NAME]``; ``ConfigurationProblem`` if there is none."""
        found = self.entries.get(name)
        if found is None:
            raise ConfigurationProblem(self._no_such_entry("env", name, self.entries))
        return found

    def fleet(self, name: str) -> FleetDescription:
        """Return what ``[fleet.NAME]`` says; ``ConfigurationProblem`` if there is none."""
        found = self.fleets.get(name)
        if found is None:
            raise ConfigurationProblem(self._no_such_entry("fleet", name, self.fleets))
        return found

    def no_fleets(self) -> str:
        """Return what to say where there is no ``[fleet.NAME]``, and where one would be."""
        if self.path is None:
            return f"no configuration file, so no fleets; one would be at {_place_for_one()}"
        return f"{self.path}: has no [fleet.NAME] entries"

    def _no_such_entry(self, table: str, name: str, entries: Mapping[str, Any]) -> str:
        if self.path is None:
            return f"no configuration file, so no [{table}.{name}]; put one at {_place_for_one()}"
        if not entries:
            return f"{self.path}: has no [{table}.NAME] entries, so no {name!r}"
        return f"{self.path}: no [{table}.{name}]; there is: {', '.join(entries)}{_nearest(name, entries)}"


def default_path(environ: Mapping[str, str]) -> Path | None:
    """Return where the configuration file is when nobody says otherwise; ``None`` without a home."""
    # Here, not above: help reads no configuration, and imports nothing below the commands.
    from aws_operations.user_directories import user_directory

    base = user_directory(environ, "XDG_CONFIG_HOME", ".config")
    return base / PROGRAM / "config.toml" if base is not None else None


def _place_for_one() -> str:
    return str(default_path(os.environ) or "a place that --config names")


def read_config_file(named: Path | None, environ: Mapping[str, str]) -> ConfigFile:
    """Read the file that was named, or the one at the default place, where its absence is fine.

    Raises ``ConfigurationProblem`` naming file and line or key.
    """
    path = named or default_path(environ)
    if path is None:
        return ConfigFile()
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        if named is None:
            return ConfigFile()
        raise ConfigurationProblem(f"{path}: there is no such configuration file") from error
    except OSError as error:
        raise ConfigurationProblem(f"{path}: cannot be read: {error.strerror or error}") from error
    return _parsed(path, raw)


def _parsed(path: Path, raw: bytes) -> ConfigFile:
    import tomllib

    try:
        document = tomllib.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigurationProblem(f"{path}: line {line}: is not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationProblem(f"{path}: is not TOML: {error}") from error
    _refuse_unknown(path, "", document, _TABLES)
    return ConfigFile(
        path=path,
        defaults=_defaults(path, _table(path, "defaults", document.get("defaults", {}))),
        entries={
            name: _entry(path, f"env.{name}", _table(path, f"env.{name}", entry))
            for name, entry in _table(path, "env", document.get("env", {})).items()
        },
        fleets={
            name: _fleet(path, f"fleet.{name}", _table(path, f"fleet.{name}", entry))
            for name, entry in _table(path, "fleet", document.get("fleet", {})).items()
        },
    )


def _defaults(path: Path, table: Mapping[str, Any]) -> dict[str, Any]:
    known = [option.name for option in GLOBAL_OPTIONS if option.is_configurable]
    _refuse_unknown(path, "defaults.", table, known)
    return {key: _normal(path, f"defaults.{key}", OPTION_BY_NAME[key], value) for key, value in table.items()}


def _entry(path: Path, where: str, table: Mapping[str, Any]) -> dict[str, Any]:
    _refuse_unknown(path, f"{where}.", table, _ENTRY_KEYS)
    return {
        _ENTRY_KEYS[key]: _normal(path, f"{where}.{key}", OPTION_BY_NAME[_ENTRY_KEYS[key]], value)
        for key, value in table.items()
    }


def _fleet(path: Path, where: str, table: Mapping[str, Any]) -> FleetDescription:
    _refuse_unknown(path, f"{where}.", table, [*_FLEET_KEYS, *_EXCLUDING_KEYS])
    _refuse_mixture(path, where, table)
    included, excluded = (
        {
            keys[key]: _normal(path, f"{where}.{key}", OPTION_BY_NAME[keys[key]], value)
            for key, value in table.items()
            if key in keys
        }
        for keys in (_FLEET_KEYS, _EXCLUDING_KEYS)
    )
    # A list that is empty, or a no, adds nothing to what the others say.
    included = {name: value for name, value in included.items() if value not in (False, ())}
    sources = [key for key in _SOURCE_KEYS if key in table]
    return FleetDescription(
        included,
        {name: value for name, value in excluded.items() if value},
        is_emptied=bool(sources) and not any(_FLEET_KEYS[key] in included for key in sources),
    )


def _refuse_mixture(path: Path, where: str, table: Mapping[str, Any]) -> None:
    by_role, by_profile = (
        next((key for key in keys if key in table), None) for keys in (_BY_ROLE, _BY_PROFILE)
    )
    if by_role and by_profile:
        raise ConfigurationProblem(f"{path}: {where}: {by_profile} and {by_role} exclude each other")
    for key, (sources, why) in _NEEDED_BY.items():
        if key in table and not any(source in table for source in sources):
            raise ConfigurationProblem(f"{path}: {where}: {key} needs {' or '.join(sources)} to {why}")


def _normal(path: Path, where: str, option: GlobalOption, value: Any) -> Any:
    match option.takes:
        case Takes.FLAG:
            return _of_type(path, where, value, bool)
        case Takes.COMMA_LIST | Takes.CHAIN:
            values = [value] if isinstance(value, str) else _of_type(path, where, value, list)
            texts = tuple(_of_type(path, where, item, str) for item in values)
            return list_of(option, texts) if option.takes is Takes.COMMA_LIST else texts
        case _:
            if option.is_number and isinstance(value, int | float) and not isinstance(value, bool):
                return str(value)
            return _of_type(path, where, value, str)


def _of_type(path: Path, where: str, value: Any, wanted: type) -> Any:
    if not isinstance(value, wanted):
        got = _TYPE_NAMES.get(type(value), type(value).__name__)
        raise ConfigurationProblem(f"{path}: {where}: must be {_TYPE_NAMES[wanted]}, not {got}")
    return value


def _table(path: Path, where: str, value: Any) -> Mapping[str, Any]:
    table: Mapping[str, Any] = _of_type(path, where, value, dict)
    return table


def _refuse_unknown(
    path: Path, prefix: str, table: Mapping[str, Any], known: Mapping[str, Any] | list[str] | tuple[str, ...]
) -> None:
    for key in table:
        if key not in known:
            raise ConfigurationProblem(
                f"{path}: unknown key {prefix}{key}; known: {', '.join(known)}{_nearest(key, known)}"
            )


def _nearest(name: str, known: Mapping[str, Any] | list[str] | tuple[str, ...]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, list(known), n=1)
    return f" (did you mean {near[0]}?)" if near else ""
