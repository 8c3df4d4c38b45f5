"""Makes the base provider of a run, and the role of each target, from the settings."""

import getpass
import os
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.client_settings import ClientSettings
from aws_operations.targets import RoleSettings
from aws_operations.user_directories import user_directory
from commands.endpoint_warnings import EndpointWarnings
from commands.option_values import is_region
from commands.options import Settings
from commands.status_line import PROCESS_STATUS_LINE

if TYPE_CHECKING:
    from aws_interactions.call_budget import CallBudget
    from aws_interactions.call_recorder import CallRecorder

_SANDBOX_DEFAULT_REGION = "us-east-1"
_ONE_QUESTION_AT_A_TIME = threading.Lock()


def make_provider(
    settings: Settings, *, client_settings: ClientSettings | None = None, aws_profile: str | None = None
) -> AwsClientProvider:
    """Return the provider of the caller's own identity: base credentials and the chain of roles.

    Where accounts are entered, the last hop is each account's role, so what belongs to a last hop
    (session name, duration, external id) is kept for it. ``aws_profile`` is in place of the settings' own,
    for one of several profiles. ``client_settings`` are ``make_client_settings``' unless given.
    """
    last_hop = Settings() if settings.enters_accounts else settings
    arguments: dict[str, Any] = {
        "aws_region": settings.region or next(filter(is_region, settings.regions), None),
        "assume_role_arn": settings.assume_role_arns or None,
        "external_id": last_hop.external_id,
        "role_session_name": last_hop.role_session_name,
        "duration_seconds": last_hop.duration,
        "mfa_serial": settings.mfa_serial,
        "mfa_prompter": _ask_for_code if _somebody_is_there() else None,
        "credential_cache_dir": _cache_dir("credentials"),
        "client_settings": client_settings or make_client_settings(settings),
    }
    if settings.sandbox:
        return _sandbox_provider(arguments)
    return AwsClientProvider(
        aws_profile or settings.profile,
        aws_compute=settings.aws_compute,
        endpoint_url=settings.endpoint_url,
        **arguments,
    )


def role_settings(settings: Settings) -> RoleSettings | None:
    """Return the role to assume in each account, or ``None`` where no accounts are entered."""
    if not settings.enters_accounts or settings.role_name is None:
        return None
    return RoleSettings(
        settings.role_name,
        external_id=settings.external_id,
        role_session_name=settings.role_session_name,
        duration_seconds=settings.duration,
    )


def _sandbox_provider(arguments: dict[str, Any]) -> AwsClientProvider:
    from aws_operations.sandbox.control import proxy_exceptions, sandbox_provider_settings

    # A proxy is for the way out; botocore would give it the calls to this machine as well.
    os.environ.update(proxy_exceptions(os.environ))
    endpoint_url, access_keys = sandbox_provider_settings()
    in_environment = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    region = arguments["aws_region"] or in_environment or _SANDBOX_DEFAULT_REGION
    # No disk cache: a sandbox that was reset knows none of the sessions in it.
    return AwsClientProvider(
        **{**arguments, "aws_region": region, "credential_cache_dir": None},
        access_keys=access_keys,
        endpoint_url=endpoint_url,
    )


def make_client_settings(settings: Settings, call_budget: "CallBudget | None" = None) -> ClientSettings:
    """Return how clients behave on the wire; the providers of one run share one, with its budget."""
    default = ClientSettings()
    return replace(
        default,
        connect_timeout=settings.connect_timeout or default.connect_timeout,
        read_timeout=settings.read_timeout or default.read_timeout,
        max_attempts=settings.max_attempts or default.max_attempts,
        model_cache_dir=_cache_dir("models"),
        call_budget=call_budget,
        recorder=_recorder(settings),
        # The sandbox is another endpoint by its nature, and was asked for by name.
        on_endpoint_override=None if settings.sandbox else EndpointWarnings(settings),
    )


def _recorder(settings: Settings) -> "CallRecorder | None":
    if settings.record is None:
        return None
    from commands.recording import recorder_for

    return recorder_for(settings)


def _ask_for_code(prompt: str) -> str:
    # Several profiles may each want a code of their own, on threads of their own.
    with _ONE_QUESTION_AT_A_TIME, PROCESS_STATUS_LINE.hidden(at_line_start=True):
        return getpass.getpass(prompt)


def _somebody_is_there() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _cache_dir(name: str) -> Path | None:
    base = user_directory(os.environ, "XDG_CACHE_HOME", ".cache")
    return base / "manage-resources" / name if base is not None else None
