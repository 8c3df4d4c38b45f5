"""Reading the value of a secret."""

import logging
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aws_interactions.aws_errors import InvalidInput
from aws_interactions.secrets_interactions.errors import secret_errors
from aws_interactions.secrets_interactions.values import SecretValue

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)

CURRENT = "AWSCURRENT"
_LONGEST_NAME = 512
_LONGEST_ARN = 2048
_VERSION_ID_LENGTHS = range(32, 65)


@dataclass(frozen=True, slots=True)
class Secret:
    """One version of a secret with its value."""

    name: str
    arn: str
    version_id: str
    stages: tuple[str, ...]
    created_at: datetime | None
    value: SecretValue = field(hash=False)


def get_secret(
    secret_id: str,
    aws_provider: "AwsClientProvider",
    *,
    version_id: str | None = None,
    stage: str | None = None,
) -> Secret:
    """Return a secret with its value (GetSecretValue): the current one, or that version or staging label.

    ``secret_id`` is a name or an ARN. Raises ``SecretDoesntExist``, ``SecretVersionDoesntExist`` (also for a
    secret that has no value yet), ``SecretPendingDeletion``, ``SecretAccessDenied``, ``SecretKeyNotUsable``;
    ``InvalidInput``, unsent, for a name of other than 1 to 512 characters (an ARN: 2048) or a version id of
    other than 32 to 64.
    """
    _check_lengths(secret_id, version_id)
    asked = {"VersionId": version_id, "VersionStage": stage if version_id or stage else CURRENT}
    parameters = {name: value for name, value in asked.items() if value is not None}
    logger.debug("get_secret secret=%s %s", secret_id, parameters)
    client: Any = aws_provider.get_secretsmanager()
    version = " ".join(f"{_WORDS[name]} {value}" for name, value in parameters.items())
    with secret_errors(secret_id, version=version):
        found = client.get_secret_value(SecretId=secret_id, **parameters)
    logger.info("read version %s of secret %s", found.get("VersionId"), secret_id)
    data = found["SecretString"] if "SecretString" in found else found["SecretBinary"]
    # AWS tells all of these; who fakes a client need not.
    name = found.get("Name", secret_id)
    return Secret(
        name=name,
        arn=found.get("ARN", secret_id),
        version_id=found.get("VersionId", version_id or ""),
        stages=tuple(found.get("VersionStages", ())),
        created_at=found.get("CreatedDate"),
        value=SecretValue(data, secret_name=name),
    )


def _check_lengths(secret_id: str, version_id: str | None) -> None:
    longest = _LONGEST_ARN if secret_id.startswith("arn:") else _LONGEST_NAME
    if not 1 <= len(secret_id) <= longest:
        message = f"the name of a secret has 1 to {longest} characters, not {len(secret_id)}"
        raise InvalidInput(message)
    if version_id is not None and len(version_id) not in _VERSION_ID_LENGTHS:
        message = f"a version id has 32 to 64 characters, {version_id!r} has {len(version_id)}"
        raise InvalidInput(message)


_WORDS = {"VersionId": "version", "VersionStage": "version labelled"}
