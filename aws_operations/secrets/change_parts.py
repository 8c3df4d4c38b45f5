"""What the kinds of changes to secrets share."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from aws_interactions import secrets_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_environment import AwsEnvironment
from aws_interactions.secrets_interactions import (
    SecretDoesntExist,
    SecretPendingDeletion,
    SecretVersionDoesntExist,
)
from aws_operations.changes import CannotUndo, Census, Change, ResultStatus, TagReading
from aws_operations.targets import Target


def has_version(secret_id: str, version_id: str, aws_provider: AwsClientProvider) -> bool:
    """Say whether a secret has the version, labelled or not."""
    versions = secrets_interactions.list_secret_versions(secret_id, aws_provider, include_unlabelled=True)
    return any(version.version_id == version_id for version in versions)


def target_of(environment: AwsEnvironment) -> Target:
    """Return the account and region that a provider acts in."""
    return Target(environment.aws_region, environment.aws_account)


def wanted(change: Change, what: str) -> Any:
    """Return one of the things that a change leads to, ``None`` if it says nothing of it."""
    return (change.after or {}).get(what)


def applied_if(is_done: bool) -> ResultStatus:
    """Return what reading back a change has told."""
    return ResultStatus.APPLIED if is_done else ResultStatus.FAILED


def version_drift(change: Change, as_planned: set[str | None], aws_provider: AwsClientProvider) -> str | None:
    """Say how a secret differs from its plan: it was deleted, or none of the versions is current."""
    found = secrets_interactions.describe_secret(change.resource, aws_provider)
    if found.is_to_be_deleted:
        return "it was deleted"
    return None if found.current_version in as_planned else f"version {found.current_version} became current"


@contextmanager
def undo_errors(change: Change) -> Iterator[None]:
    """Raise ``CannotUndo`` where the secret of a change, or the version to go back to, is gone."""
    try:
        yield
    except SecretDoesntExist as error:
        raise cannot_undo(change, "the secret has gone") from error
    except SecretPendingDeletion as error:
        raise cannot_undo(change, "the secret was deleted since") from error
    except SecretVersionDoesntExist as error:
        raise cannot_undo(change, "AWS keeps the version before no longer") from error


def cannot_undo(change: Change, reason: str) -> CannotUndo:
    """Return the error that a change cannot be taken back for a reason."""
    return CannotUndo(reason, resource=change.resource)


def _read_tags(owners: Sequence[str], aws_provider: AwsClientProvider) -> Mapping[str, Mapping[str, str]]:
    return {owner: _tags_of(owner, aws_provider) for owner in owners}


def _tags_of(secret_id: str, aws_provider: AwsClientProvider) -> Mapping[str, str]:
    try:
        return secrets_interactions.get_secret_tags(secret_id, aws_provider)
    except SecretDoesntExist:
        return {}


def _count(_change: Change, aws_provider: AwsClientProvider, at_most: int) -> int:
    found = secrets_interactions.list_secrets(aws_provider, include_planned_deletion=True)
    return sum(1 for _ in islice(found, at_most))


TAGS = TagReading(owner=lambda change: change.resource, read=_read_tags)
"""The tags of the secret (DescribeSecret, a call for each)."""

SECRETS = Census(place=lambda change: f"secrets of {change.target}", count=_count)
"""The secrets of the region, those to be deleted among them (ListSecrets)."""
