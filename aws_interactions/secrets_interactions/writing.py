"""Storing values and moving staging labels, deleting and restoring secrets, tagging them."""

import logging
import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aws_interactions.aws_errors import InvalidInput
from aws_interactions.calls import only_given
from aws_interactions.secrets_interactions.errors import (
    SecretAlreadyExists,
    SecretVersionAlreadyExists,
    SecretVersionChanged,
    secret_errors,
)
from aws_interactions.secrets_interactions.listing import describe_secret
from aws_interactions.secrets_interactions.records import StoredVersion
from aws_interactions.secrets_interactions.values import SecretValue
from aws_interactions.tags import check_tags, tag_list

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)

RECOVERY_DAYS = range(7, 31)
_NAME = re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}")
_CLIENT_TOKEN = re.compile(r"[A-Za-z0-9-]{32,64}")


def check_secret_name(name: str) -> None:
    """Raise ``InvalidInput`` for what can't be the name of a new secret."""
    if not _NAME.fullmatch(name):
        message = f"{name!r} can't be the name of a secret: 1 to 512 letters, digits and any of /_+=.@-"
        raise InvalidInput(message)


def check_client_token(token: str) -> None:
    """Raise ``InvalidInput`` for what can't be a client token, which becomes the id of the version."""
    if not _CLIENT_TOKEN.fullmatch(token):
        message = f"{token!r} can't be a client token, which has 32 to 64 letters, digits and hyphens"
        raise InvalidInput(message)


def new_client_token() -> str:
    """Return a client token that was never used."""
    return str(uuid.uuid4())


def put_secret(
    secret_id: str,
    value: SecretValue,
    aws_provider: "AwsClientProvider",
    *,
    client_token: str | None = None,
    expected_version: str | None = None,
    stages: Sequence[str] | None = None,
) -> StoredVersion:
    """Give a secret a new version with that value (PutSecretValue) and return the version.

    ``client_token`` becomes its id; the same token with the same value again does nothing, with another
    one it raises ``SecretVersionAlreadyExists``. Without ``stages`` the new version is AWSCURRENT and the
    one before AWSPREVIOUS. ``expected_version``: unless that version is current (DescribeSecret), raise
    ``SecretVersionChanged`` and store nothing; AWS has no such condition of its own, so someone who stores
    between the two calls is not seen. 1 to 65,536 bytes: else ``SecretValueEmpty``, ``SecretTooLarge``.
    A bare text or bytes for the value is ``InvalidInput``.
    """
    _check_is_value(value)
    value.check_size(secret_name=secret_id)
    token = client_token or new_client_token()
    check_client_token(token)
    logger.debug("put_secret secret=%s version=%s stages=%s", secret_id, token, stages)
    if expected_version is not None:
        current = describe_secret(secret_id, aws_provider).current_version
        if current != expected_version:
            raise SecretVersionChanged(secret_id, expected_version, current)
    client: Any = aws_provider.get_secretsmanager()
    used = {"ResourceExistsException": lambda: SecretVersionAlreadyExists(secret_id, token)}
    with secret_errors(secret_id, by_code=used):
        stored = client.put_secret_value(
            SecretId=secret_id,
            ClientRequestToken=token,
            **_parameter_of(value),
            **({"VersionStages": list(stages)} if stages else {}),
        )
    logger.info("stored version %s of secret %s", token, secret_id)
    return _stored(stored, secret_id, token)


def create_secret(
    name: str,
    value: SecretValue,
    aws_provider: "AwsClientProvider",
    *,
    client_token: str | None = None,
    description: str | None = None,
    tags: Mapping[str, str] | None = None,
    kms_key: str | None = None,
) -> StoredVersion:
    """Make a secret with its first version (CreateSecret) and return that.

    The same token with the same value again does nothing; a name that is taken otherwise raises
    ``SecretAlreadyExists``, that of a secret still to be deleted ``SecretPendingDeletion``. A bare text or
    bytes for the value is ``InvalidInput``.
    """
    _check_is_value(value)
    check_secret_name(name)
    value.check_size(secret_name=name)
    check_tags(tags or {})
    token = client_token or new_client_token()
    check_client_token(token)
    logger.debug("create_secret secret=%s version=%s tags=%s", name, token, sorted(tags or {}))
    client: Any = aws_provider.get_secretsmanager()
    parameters = only_given(
        Description=description or None, KmsKeyId=kms_key, Tags=tag_list(tags) if tags else None
    )
    taken = {"ResourceExistsException": lambda: SecretAlreadyExists(name)}
    with secret_errors(name, by_code=taken):
        made = client.create_secret(Name=name, ClientRequestToken=token, **_parameter_of(value), **parameters)
    logger.info("created secret %s with version %s", name, token)
    return _stored(made, name, token)


def move_stage(
    secret_id: str,
    stage: str,
    version_id: str,
    aws_provider: "AwsClientProvider",
    *,
    from_version: str | None,
) -> None:
    """Move a staging label to a version (UpdateSecretVersionStage), from the one that has it, if any.

    When AWSCURRENT moves, AWS labels the version that had it AWSPREVIOUS. Raises ``InvalidInput`` if the
    label is elsewhere by now or there is no such version.
    """
    logger.debug("move_stage secret=%s stage=%s to=%s from=%s", secret_id, stage, version_id, from_version)
    client: Any = aws_provider.get_secretsmanager()
    with secret_errors(secret_id, version=f"version {version_id}"):
        client.update_secret_version_stage(
            SecretId=secret_id,
            VersionStage=stage,
            MoveToVersionId=version_id,
            **only_given(RemoveFromVersionId=from_version),
        )
    logger.info("secret %s: %s is version %s now", secret_id, stage, version_id)


def delete_secret(
    secret_id: str,
    aws_provider: "AwsClientProvider",
    *,
    recovery_days: int = 30,
    without_recovery: bool = False,
) -> datetime | None:
    """Have a secret deleted in 7 to 30 days (DeleteSecret), and return when; until then it can be restored.

    ``without_recovery`` deletes it at once and for ever, whatever ``recovery_days`` says. One that is to
    be deleted already raises ``SecretPendingDeletion``.
    """
    if recovery_days not in RECOVERY_DAYS:
        message = (
            f"{recovery_days} days, where AWS gives {RECOVERY_DAYS[0]} to {RECOVERY_DAYS[-1]} to restore"
        )
        raise InvalidInput(message)
    logger.debug("delete_secret secret=%s days=%d", secret_id, recovery_days)
    client: Any = aws_provider.get_secretsmanager()
    how: dict[str, Any] = (
        {"ForceDeleteWithoutRecovery": True} if without_recovery else {"RecoveryWindowInDays": recovery_days}
    )
    with secret_errors(secret_id):
        answer = client.delete_secret(SecretId=secret_id, **how)
    logger.info("deleted secret %s", secret_id)
    deletion_at: datetime | None = answer.get("DeletionDate")
    return deletion_at


def restore_secret(secret_id: str, aws_provider: "AwsClientProvider") -> None:
    """Take back the deletion of a secret (RestoreSecret); one that is not to be deleted stays as it is."""
    logger.debug("restore_secret secret=%s", secret_id)
    client = aws_provider.get_secretsmanager()
    with secret_errors(secret_id):
        client.restore_secret(SecretId=secret_id)
    logger.info("restored secret %s", secret_id)


def tag_secret(secret_id: str, tags: Mapping[str, str], aws_provider: "AwsClientProvider") -> None:
    """Add tags to a secret, or give those that it has these values (TagResource); at most 50 in all."""
    check_tags(tags)
    logger.debug("tag_secret secret=%s keys=%s", secret_id, sorted(tags))
    client: Any = aws_provider.get_secretsmanager()
    with secret_errors(secret_id):
        client.tag_resource(SecretId=secret_id, Tags=tag_list(tags))
    logger.info("tagged secret %s", secret_id)


def untag_secret(secret_id: str, keys: Sequence[str], aws_provider: "AwsClientProvider") -> None:
    """Take tags off a secret by their keys (UntagResource); one that it has not is fine."""
    logger.debug("untag_secret secret=%s keys=%s", secret_id, keys)
    client = aws_provider.get_secretsmanager()
    with secret_errors(secret_id):
        client.untag_resource(SecretId=secret_id, TagKeys=list(keys))
    logger.info("untagged secret %s", secret_id)


def _check_is_value(value: object) -> None:
    if not isinstance(value, SecretValue):
        message = (
            f"give the value as a SecretValue, which keeps it out of logs, not as {type(value).__name__}"
        )
        raise InvalidInput(message)


def _stored(answer: Mapping[str, Any], secret_id: str, token: str) -> StoredVersion:
    return StoredVersion(
        name=answer.get("Name", secret_id),
        arn=answer.get("ARN", secret_id),
        version_id=answer.get("VersionId", token),
        stages=tuple(answer.get("VersionStages", ())),
    )


def _parameter_of(value: SecretValue) -> dict[str, Any]:
    return {"SecretBinary" if value.is_binary else "SecretString": value.reveal()}
