"""What the kinds of changes to secrets share."""

from typing import Any

from aws_interactions import secrets_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_environment import AwsEnvironment
from aws_operations.changes import Change, ResultStatus
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
