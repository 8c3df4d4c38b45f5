"""Backups of tables, as rows, and found by name."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from aws_interactions import dynamodb_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import InvalidInput
from aws_interactions.dynamodb_interactions import Backup, BackupDoesNotExist
from aws_operations.targets import fill_template

_DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class BackupRow:
    """A backup; ``type`` is ``USER``, ``SYSTEM`` or ``AWS_BACKUP``."""

    name: str
    table: str
    status: str
    type: str
    size_bytes: int | None
    created_at: datetime | None
    expires_at: datetime | None
    arn: str


def backups(table_name: str | None, aws_provider: AwsClientProvider) -> Iterator[BackupRow]:
    """Yield the backups of a table, also of one that is gone, or all of them (ListBackups)."""
    table = None if table_name is None else fill_template(table_name, aws_provider)
    for each in dynamodb_interactions.list_backups(aws_provider, table_name=table):
        yield BackupRow(
            each.name,
            each.table_name,
            each.status,
            each.type,
            each.size_bytes,
            each.created_at,
            each.expires_at,
            each.arn,
        )


def find_backup(name_or_arn: str, aws_provider: AwsClientProvider) -> Backup:
    """Return the one backup of a name, or that of an ARN; raises ``BackupDoesNotExist``.

    Names may be taken more than once: that is ``InvalidInput``, which names the ARNs.
    """
    if name_or_arn.startswith("arn:"):
        described: Backup = dynamodb_interactions.describe_backup(name_or_arn, aws_provider)
        return described
    name = fill_template(name_or_arn, aws_provider)
    found = backups_named(name, aws_provider)
    if not found:
        raise BackupDoesNotExist(name)
    if len(found) > 1:
        arns = ", ".join(each.arn for each in found[:3])
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        raise InvalidInput(f"{len(found)} backups are called {name}; give the ARN of one: {arns}{more}")
    return found[0]


def backups_named(
    name: str, aws_provider: AwsClientProvider, *, table_name: str | None = None
) -> list[Backup]:
    """Return the backups of a name, of a table or of any; what is deleted is not among them."""
    listed = dynamodb_interactions.list_backups(aws_provider, table_name=table_name)
    return [each for each in listed if each.name == name and each.status != _DELETED]
