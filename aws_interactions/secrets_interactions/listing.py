"""Which secrets there are, what is known of one, and its versions."""

import logging
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from aws_interactions.aws_errors import REPEATED_PAGE, Unavailable, translate_aws_errors
from aws_interactions.calls import pages_of
from aws_interactions.secrets_interactions.errors import secret_errors
from aws_interactions.secrets_interactions.records import SecretDetails, SecretSummary, SecretVersion
from aws_interactions.tags import tags_from

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)

_FILTER_VALUE = re.compile(r"(?!!)[a-zA-Z0-9 :_@/+=.!-]{1,512}")


def list_secrets(
    aws_provider: "AwsClientProvider",
    *,
    name_prefix: str | None = None,
    tags: Mapping[str, str] | None = None,
    include_planned_deletion: bool = False,
) -> Iterator[SecretSummary]:
    """Yield the secrets of the account and region (ListSecrets), any number, without values.

    ``name_prefix`` is exact in upper and lower case; of ``tags`` a secret must have all, with exactly these
    values. Those to be deleted are left out unless ``include_planned_deletion``.
    """
    wanted = dict(tags or {})
    logger.debug("list_secrets prefix=%s tags=%s", name_prefix, sorted(wanted))
    client = aws_provider.get_secretsmanager()
    parameters: dict[str, Any] = {"IncludePlannedDeletion": True} if include_planned_deletion else {}
    if filters := _filters(name_prefix, wanted):
        parameters["Filters"] = filters
    with translate_aws_errors("secretsmanager", "*"):
        for page in pages_of(client, "list_secrets", **parameters):
            for entry in page.get("SecretList", []):
                secret = SecretSummary(**_summary_of(entry))
                if secret.name.startswith(name_prefix or "") and wanted.items() <= secret.tags.items():
                    yield secret


def _filters(name_prefix: str | None, tags: Mapping[str, str]) -> list[dict[str, Any]]:
    # AWS's filters match beginnings, a leading ! turns one round, and they take few characters, where a tag
    # may have any: they only make the list shorter.
    keys = (key for key in tags if _FILTER_VALUE.fullmatch(key))
    asked = {"name": name_prefix, "tag-key": next(keys, None)}
    return [
        {"Key": key, "Values": [value]}
        for key, value in asked.items()
        if value and _FILTER_VALUE.fullmatch(value)
    ]


def describe_secret(secret_id: str, aws_provider: "AwsClientProvider") -> SecretDetails:
    """Return what is known of a secret besides its value (DescribeSecret), also of one to be deleted.

    Raises ``SecretDoesntExist`` and ``SecretAccessDenied``.
    """
    logger.debug("describe_secret secret=%s", secret_id)
    client = aws_provider.get_secretsmanager()
    with secret_errors(secret_id):
        found: Any = client.describe_secret(SecretId=secret_id)
    versions = found.get("VersionIdsToStages") or {}
    return SecretDetails(
        **_summary_of(found),
        stages_by_version={version: tuple(stages) for version, stages in versions.items()},
    )


def list_secret_versions(
    secret_id: str, aws_provider: "AwsClientProvider", *, include_unlabelled: bool = False
) -> Iterator[SecretVersion]:
    """Yield the versions of a secret (ListSecretVersionIds), any number.

    Those without a staging label, which AWS keeps for a while, only if ``include_unlabelled``.
    """
    logger.debug("list_secret_versions secret=%s", secret_id)
    with secret_errors(secret_id):
        for page in _pages_of_versions(secret_id, include_unlabelled, aws_provider.get_secretsmanager()):
            for entry in page.get("Versions", []):
                stages = tuple(entry.get("VersionStages", ()))
                if stages or include_unlabelled:
                    yield SecretVersion(
                        entry["VersionId"], stages, entry.get("CreatedDate"), entry.get("LastAccessedDate")
                    )


def _pages_of_versions(secret_id: str, include_unlabelled: bool, client: Any) -> Iterator[Mapping[str, Any]]:
    # Botocore has no paginator for this operation.
    parameters = {"SecretId": secret_id, "IncludeDeprecated": include_unlabelled}
    tokens: set[str] = set()
    while True:
        page = client.list_secret_version_ids(**parameters)
        yield page
        token = page.get("NextToken")
        if not token:
            return
        if token in tokens:
            raise Unavailable(f"{secret_id}: {REPEATED_PAGE}", resource=secret_id)
        tokens.add(token)
        parameters["NextToken"] = token


def get_secret_tags(secret_id: str, aws_provider: "AwsClientProvider") -> dict[str, str]:
    """Return the tags of a secret, AWS's own (``aws:...``) among them (DescribeSecret)."""
    return dict(describe_secret(secret_id, aws_provider).tags)


def _summary_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": entry["Name"],
        "arn": entry["ARN"],
        "description": entry.get("Description", ""),
        "created_at": entry.get("CreatedDate"),
        "changed_at": entry.get("LastChangedDate"),
        "accessed_on": entry.get("LastAccessedDate"),
        "deletion_at": entry.get("DeletedDate"),
        "is_rotated": entry.get("RotationEnabled", False),
        "kms_key": entry.get("KmsKeyId"),
        "tags": tags_from(entry.get("Tags", ())),
    }
