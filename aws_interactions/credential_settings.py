"""What a root provider is told about credentials; light, so that making a provider loads no botocore."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from aws_interactions.access_keys import AccessKeys
from aws_interactions.client_settings import ClientSettings

MfaPrompter = Callable[[str], str]
"""Is given the text to show, and returns the code that was typed."""


@dataclass(frozen=True, slots=True)
class BaseIdentity:
    """Which credentials to start from: explicit keys, else compute, else a profile, else the chain.

    ``aws_region`` and ``endpoint_url`` are for the calls that finding credentials may take, such as
    those of a profile that assumes a role.
    """

    aws_profile: str | None = None
    aws_compute: bool = False
    access_keys: AccessKeys | None = None
    aws_region: str | None = None
    endpoint_url: str | None = None
    client_settings: ClientSettings = ClientSettings()  # noqa: RUF009 - frozen

    @property
    def label(self) -> str:
        """A short name for messages."""
        if self.access_keys is not None:
            return "access keys"
        if self.aws_compute:
            return "compute role"
        return f"profile {self.aws_profile}" if self.aws_profile else "standard credential chain"


@dataclass(frozen=True, slots=True)
class CredentialSettings:
    """The base identity, who to ask for MFA codes, and the folder for credentials on disk, if any."""

    base: BaseIdentity
    mfa_prompter: MfaPrompter | None = None
    disk_cache_dir: Path | None = None


def region_from_environment(environment: Mapping[str, str] | None = None) -> tuple[str, str] | None:
    """Return the region in the environment and the variable it is in; AWS_REGION comes first."""
    variables = os.environ if environment is None else environment
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if variables.get(name):
            return variables[name], name
    return None
