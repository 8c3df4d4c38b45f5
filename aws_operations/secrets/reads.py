"""Secrets for operators: what there is as rows, and a value as the bytes that it is.

Writes are planned and applied in ``changes``.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from aws_interactions import secrets_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_operations.targets import fill_template

if TYPE_CHECKING:
    from aws_operations.secrets.rows import SecretDetailsRow, SecretRow, SecretTagRow, SecretVersionRow

# The rows are loaded by those who yield them: reading a value does not pay for them.


def secrets(
    aws_provider: AwsClientProvider,
    *,
    name_prefix: str | None = None,
    tags: Mapping[str, str] | None = None,
    include_planned_deletion: bool = False,
) -> "Iterator[SecretRow]":
    """Yield the secrets of the account and region (ListSecrets), any number."""
    from aws_operations.secrets.rows import SecretRow

    prefix = None if name_prefix is None else fill_template(name_prefix, aws_provider)
    for secret in secrets_interactions.list_secrets(
        aws_provider, name_prefix=prefix, tags=tags, include_planned_deletion=include_planned_deletion
    ):
        yield SecretRow(secret.name, secret.changed_at, secret.deletion_at, secret.description)


def details(secret_name: str, aws_provider: AwsClientProvider) -> "Iterator[SecretDetailsRow]":
    """Yield what is known of one secret besides its value (DescribeSecret)."""
    from aws_operations.secrets.rows import SecretDetailsRow

    found = secrets_interactions.describe_secret(fill_template(secret_name, aws_provider), aws_provider)
    yield SecretDetailsRow(
        name=found.name,
        arn=found.arn,
        description=found.description,
        created_at=found.created_at,
        changed_at=found.changed_at,
        accessed_on=found.accessed_on,
        deletion_at=found.deletion_at,
        is_rotated=found.is_rotated,
        kms_key=found.kms_key,
        versions=found.stages_by_version,
        tags=found.tags,
    )


def value(
    secret_name: str,
    aws_provider: AwsClientProvider,
    *,
    field: str | None = None,
    version_id: str | None = None,
    stage: str | None = None,
    with_line_end: bool = False,
) -> Iterator[bytes]:
    """Yield the value of a secret, exactly its bytes, or one field of it (GetSecretValue).

    A field that is text comes without quotes, anything else as it stands in the value. ``with_line_end``
    adds a line end where there is none, for a terminal or where more follows.
    """
    name = fill_template(secret_name, aws_provider)
    found = secrets_interactions.get_secret(name, aws_provider, version_id=version_id, stage=stage)
    data = found.value.reveal_bytes() if field is None else _as_bytes(found.value.field_text(field))
    yield data + b"\n" if with_line_end and not data.endswith(b"\n") else data


def _as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def versions(
    secret_name: str, aws_provider: AwsClientProvider, *, include_unlabelled: bool
) -> "Iterator[SecretVersionRow]":
    """Yield the versions of a secret (ListSecretVersionIds), those without a staging label if asked for."""
    from aws_operations.secrets.rows import SecretVersionRow

    for version in secrets_interactions.list_secret_versions(
        fill_template(secret_name, aws_provider), aws_provider, include_unlabelled=include_unlabelled
    ):
        yield SecretVersionRow(version.version_id, version.stages, version.created_at, version.accessed_on)


def tags(secret_name: str, aws_provider: AwsClientProvider) -> "Iterator[SecretTagRow]":
    """Yield the tags of a secret, by name, AWS's own among them (DescribeSecret)."""
    from aws_operations.secrets.rows import SecretTagRow

    found = secrets_interactions.get_secret_tags(fill_template(secret_name, aws_provider), aws_provider)
    return (SecretTagRow(name, text) for name, text in sorted(found.items()))
