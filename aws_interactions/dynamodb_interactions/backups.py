"""Backups of tables, and new tables from them or from what a table was."""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aws_interactions.aws_errors import Conflict, InvalidInput, NotFound
from aws_interactions.calls import only_given, pages_of
from aws_interactions.dynamodb_interactions.errors import ErrorMaker, TableAlreadyExists, table_errors
from aws_interactions.dynamodb_interactions.table_settings import (
    TableChangedTooOften,
    setting_errors,
    words_of,
)

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)

MADE_HERE = "USER"
"""The type of backups that somebody made with DynamoDB itself; AWS Backup and AWS make others."""

_NOT_KEPT = "what it was is not kept: point-in-time recovery is off"
_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}")


class BackupDoesNotExist(NotFound):
    """There is no such backup in this account and region; ``backup`` is its name or ARN."""

    def __init__(self, backup: str) -> None:
        super().__init__(f"there is no backup {backup}", resource=backup)
        self.backup = backup


class BackupInWrongState(Conflict):
    """The backup does not allow it as it is; ``reason`` says how it is."""

    def __init__(self, backup: str, reason: str) -> None:
        super().__init__(f"backup {backup} {reason}", resource=backup)
        self.backup = backup
        self.reason = reason


class PointInTimeNotKept(Conflict):
    """What the table was then is not kept; ``reason`` says whether nothing is, or not of that time."""

    def __init__(self, table_name: str, reason: str) -> None:
        super().__init__(f"table {table_name}: {reason}", resource=f"table/{table_name}")
        self.table_name = table_name
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup of a table. ``status`` is ``CREATING``, ``AVAILABLE`` or ``DELETED``.

    ``type`` is ``USER``, ``SYSTEM`` for what AWS kept of a dropped table, or ``AWS_BACKUP``. Times are aware;
    ``expires_at`` is there for those that AWS deletes by itself.
    """

    name: str
    table_name: str
    arn: str
    status: str
    type: str
    size_bytes: int | None
    created_at: datetime | None
    expires_at: datetime | None = None


def check_backup_name(name: str) -> None:
    """Raise ``InvalidInput`` for a name that AWS takes for no backup."""
    if _NAME.fullmatch(name) is None:
        message = f"{name!r} is no name of a backup: 3 to 255 letters, digits, dots, hyphens, underscores"
        raise InvalidInput(message)


def list_backups(aws_provider: "AwsClientProvider", *, table_name: str | None = None) -> Iterator[Backup]:
    """Yield the backups of a table, also of one that is gone, or all of them (ListBackups)."""
    logger.debug("list_backups table=%s", table_name)
    client: Any = aws_provider.get_dynamodb()
    parameters = only_given(TableName=table_name, BackupType="ALL")
    with table_errors(table_name or "*"):
        for page in pages_of(client, "list_backups", **parameters):
            for each in page.get("BackupSummaries", ()):
                yield _backup(each, each.get("TableName", ""))


def create_backup(table_name: str, backup_name: str, aws_provider: "AwsClientProvider") -> Backup:
    """Back a whole table up as it is now, and return the backup, mostly still ``CREATING`` (CreateBackup).

    AWS takes a name more than once. ``TableBusy`` for a table that is being made or deleted,
    ``TableChangedTooOften`` where too many backups are being made.
    """
    check_backup_name(backup_name)
    logger.debug("create_backup table=%s backup=%s", table_name, backup_name)
    client: Any = aws_provider.get_dynamodb()
    with setting_errors(table_name):
        answer = client.create_backup(TableName=table_name, BackupName=backup_name)
    logger.info("backing table %s up as %s", table_name, backup_name)
    return _backup(answer["BackupDetails"], table_name)


def describe_backup(backup_arn: str, aws_provider: "AwsClientProvider") -> Backup:
    """Return what AWS tells of a backup (DescribeBackup); raises ``BackupDoesNotExist``."""
    logger.debug("describe_backup backup=%s", backup_arn)
    client: Any = aws_provider.get_dynamodb()
    with backup_errors(backup_arn):
        found = client.describe_backup(BackupArn=backup_arn)["BackupDescription"]
    return _backup(found["BackupDetails"], found.get("SourceTableDetails", {}).get("TableName", ""))


def delete_backup(backup_arn: str, aws_provider: "AwsClientProvider") -> None:
    """Delete a backup for good (DeleteBackup).

    Raises ``BackupDoesNotExist``, and ``BackupInWrongState`` for one that is being made or restored from.
    """
    logger.debug("delete_backup backup=%s", backup_arn)
    client: Any = aws_provider.get_dynamodb()
    with backup_errors(backup_arn):
        client.delete_backup(BackupArn=backup_arn)
    logger.info("deleted backup %s", backup_arn)


def restore_from_backup(
    table_name: str, backup_arn: str, aws_provider: "AwsClientProvider", *, on_demand: bool = False
) -> None:
    """Begin to make a new table from a backup (RestoreTableFromBackup); it takes minutes to hours.

    It is paid for as the table of the backup was, unless ``on_demand``. Raises ``TableAlreadyExists``,
    ``BackupDoesNotExist``, ``BackupInWrongState``.
    """
    logger.debug("restore_from_backup table=%s backup=%s", table_name, backup_arn)
    client: Any = aws_provider.get_dynamodb()
    parameters = only_given(BillingModeOverride="PAY_PER_REQUEST" if on_demand else None)
    with _restore_errors(table_name, backup_arn):
        client.restore_table_from_backup(TargetTableName=table_name, BackupArn=backup_arn, **parameters)
    logger.info("restoring table %s from %s", table_name, backup_arn)


def restore_to_point_in_time(
    table_name: str,
    source_name: str,
    at: datetime | None,
    aws_provider: "AwsClientProvider",
    *,
    on_demand: bool = False,
) -> None:
    """Begin to make a new table as another one was ``at`` that time (RestoreTableToPointInTime).

    ``at`` is aware; ``None`` is the latest that is kept, some minutes ago. Raises ``TableAlreadyExists``,
    ``TableDoesNotExist`` and ``PointInTimeNotKept``.
    """
    logger.debug("restore_to_point_in_time table=%s source=%s at=%s", table_name, source_name, at)
    client: Any = aws_provider.get_dynamodb()
    parameters = only_given(
        RestoreDateTime=at,
        UseLatestRestorableTime=True if at is None else None,
        BillingModeOverride="PAY_PER_REQUEST" if on_demand else None,
    )
    with _restore_errors(table_name, source_name):
        client.restore_table_to_point_in_time(
            TargetTableName=table_name, SourceTableName=source_name, **parameters
        )
    logger.info("restoring table %s from table %s", table_name, source_name)


def restored_from(table_name: str, aws_provider: "AwsClientProvider") -> tuple[str, ...]:
    """Return the ARNs of the backup and table that a table was restored from (DescribeTable)."""
    client: Any = aws_provider.get_dynamodb()
    with table_errors(table_name):
        summary = client.describe_table(TableName=table_name)["Table"].get("RestoreSummary", {})
    return tuple(summary[name] for name in ("SourceBackupArn", "SourceTableArn") if name in summary)


@contextmanager
def backup_errors(backup: str) -> Iterator[None]:
    """Raise what AWS says of a backup as this package's errors."""
    with setting_errors(backup, _makers(backup)):
        yield


def _makers(backup: str) -> dict[str, ErrorMaker]:
    return {
        "BackupNotFoundException": lambda _: BackupDoesNotExist(backup),
        "BackupInUseException": lambda _: BackupInWrongState(
            backup, "is being made, deleted or restored from"
        ),
    }


@contextmanager
def _restore_errors(table_name: str, source: str) -> Iterator[None]:
    by_code: dict[str, ErrorMaker] = {
        "TableAlreadyExistsException": lambda _: TableAlreadyExists(table_name),
        "TableInUseException": lambda _: TableAlreadyExists(table_name),
        "InvalidRestoreTimeException": lambda error: PointInTimeNotKept(source, words_of(error)),
        "PointInTimeRecoveryUnavailableException": lambda _: PointInTimeNotKept(source, _NOT_KEPT),
        "LimitExceededException": lambda error: TableChangedTooOften(table_name, words_of(error)),
    }
    with setting_errors(source, {**_makers(source), **by_code}):
        yield


def _backup(details: Mapping[str, Any], table_name: str) -> Backup:
    return Backup(
        name=details["BackupName"],
        table_name=table_name,
        arn=details["BackupArn"],
        status=details.get("BackupStatus", ""),
        type=details.get("BackupType", MADE_HERE),
        size_bytes=details.get("BackupSizeBytes"),
        created_at=details.get("BackupCreationDateTime"),
        expires_at=details.get("BackupExpiryDateTime"),
    )
