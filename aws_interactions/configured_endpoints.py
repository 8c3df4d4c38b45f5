"""Where the environment and the AWS configuration send calls instead of AWS, without any code saying so."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from botocore.exceptions import ProfileNotFound

from aws_interactions.aws_errors import CredentialsProblem
from aws_interactions.credential_errors import translate_credential_errors

_VARIABLE = "AWS_ENDPOINT_URL"
_ALL_SERVICES = ""


def configured_endpoints(aws_profile: str | None = None) -> dict[str, str]:
    """Return the endpoints by service in capitals, ``""`` for all that are not named; calls nothing.

    Variables win over the profile's configuration, as in botocore; a profile that is not there has none.
    Raises ``CredentialsProblem`` for files that cannot be read as such.
    """
    from aws_interactions.client_loading import LeanSession

    by_variable = {
        name.removeprefix(_VARIABLE).lstrip("_"): value
        for name, value in os.environ.items()
        if value and _is_endpoint(name)
    }
    with translate_credential_errors("the AWS configuration"):
        session = LeanSession(aws_profile)
        try:
            is_ignored = session.get_config_variable("ignore_configured_endpoint_urls")
        except ProfileNotFound:
            return by_variable
        if is_ignored:
            return {}
        return by_variable if _ALL_SERVICES in by_variable else {**_in_file(session), **by_variable}


def places_of_configured_endpoints() -> tuple[str, ...]:
    """Return what may say where calls go, if something does: variables that are set, the configuration.

    Reads no file. The configuration is left out where a variable is there for all services.
    """
    variables = tuple(sorted(name for name, value in os.environ.items() if value and _is_endpoint(name)))
    return variables if _VARIABLE in variables else (*variables, "endpoint_url in the AWS configuration")


@contextmanager
def translate_endpoint_errors() -> Iterator[None]:
    """Raise ``CredentialsProblem`` from the body where a client's endpoint is no URL."""
    try:
        yield
    except ValueError as error:
        # botocore has no error of its own for it; an endpoint given as an argument was looked at before.
        places = ", ".join(places_of_configured_endpoints())
        raise CredentialsProblem(f"{error} (from {places})") from error


def place_of_override(session: Any, service_id: str) -> tuple[str, bool] | None:
    """Return what says where calls of a service go, and whether it does so for all; ``None``: nothing does.

    ``session`` is botocore's, whose files are read already; ``service_id`` is as in a service's model. The
    order is botocore's: the service's variable, that for all, then the profile's word for it, that for all.
    """
    name = service_id.replace(" ", "_").replace("-", "_").upper()
    if session.get_config_variable("ignore_configured_endpoint_urls"):
        return None
    for variable, is_for_all in ((f"{_VARIABLE}_{name}", False), (_VARIABLE, True)):
        if os.environ.get(variable):
            return variable, is_for_all
    in_file = _in_file(session)
    place = f"profile {session.profile or 'default'} of the AWS configuration"
    if name in in_file:
        return place, False
    return (place, True) if _ALL_SERVICES in in_file else None


def fingerprint_of_endpoints(aws_profile: str | None = None) -> str | None:
    """Return what tells ``configured_endpoints`` from others without saying what they are; none: ``None``.

    The files are read once in a process for a profile and the same variables.
    """
    variables = frozenset(pair for pair in os.environ.items() if pair[0].startswith("AWS_"))
    return _fingerprint(aws_profile, variables)


@lru_cache(maxsize=256)
def _fingerprint(aws_profile: str | None, _variables: frozenset[tuple[str, str]]) -> str | None:
    found = configured_endpoints(aws_profile)
    if not found:
        return None
    return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:16]


def _is_endpoint(variable: str) -> bool:
    return variable == _VARIABLE or variable.startswith(f"{_VARIABLE}_")


def _in_file(session: Any) -> dict[str, str]:
    profile: dict[str, Any] = session.get_scoped_config()
    services: dict[str, Any] = session.full_config.get("services", {}).get(profile.get("services"), {})
    found = {
        name.upper(): settings["endpoint_url"]
        for name, settings in services.items()
        if isinstance(settings, dict) and settings.get("endpoint_url")
    }
    return {_ALL_SERVICES: profile["endpoint_url"], **found} if profile.get("endpoint_url") else found
