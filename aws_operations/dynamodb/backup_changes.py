"""Backups made and deleted: planners, and the kinds of change that carry it out."""

from collections.abc import Iterator, Sequence
from itertools import islice

from aws_interactions import dynamodb_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import AlreadyExists
from aws_interactions.dynamodb_interactions import (
    Backup,
    BackupDoesNotExist,
    BackupInWrongState,
    TableDoesNotExist,
)
from aws_interactions.dynamodb_interactions.backups import MADE_HERE, check_backup_name
from aws_interactions.service_operations import iam_actions_of
from aws_operations.changes import (
    CannotUndo,
    Census,
    Change,
    ChangeKind,
    Effect,
    JsonObject,
    ResultStatus,
    Reversibility,
    TagReading,
    each_alone,
    register,
)
from aws_operations.dynamodb.backups import backups_named, find_backup
from aws_operations.dynamodb.change_parts import table_of, target_of
from aws_operations.dynamodb.guard_parts import TAGS
from aws_operations.targets import fill_template

_CREATE_ACTIONS = iam_actions_of("dynamodb", "DescribeTable", "ListBackups", "CreateBackup")
_DELETE_ACTIONS = iam_actions_of("dynamodb", "DescribeBackup", "DeleteBackup")
_NAME_TAKEN = "there is another backup of that name"


class BackupAlreadyExists(AlreadyExists):
    """The table has a backup of that name, which AWS would give to another one too."""

    def __init__(self, table_name: str, backup_name: str) -> None:
        super().__init__(f"table {table_name} has a backup {backup_name}", resource=f"table/{table_name}")
        self.table_name = table_name
        self.backup_name = backup_name


def plan_create_backup(
    table_names: Sequence[str], backup_name: str, aws_provider: AwsClientProvider
) -> Iterator[Change]:
    """Plan a backup of each table; a name that the table has for one is an error."""
    name = fill_template(backup_name, aws_provider)
    check_backup_name(name)
    environment = aws_provider.get_aws_env()
    for table in dict.fromkeys(fill_template(each, aws_provider) for each in table_names):
        found = dynamodb_interactions.describe_table(table, aws_provider)
        if backups_named(name, aws_provider, table_name=table):
            raise BackupAlreadyExists(table, name)
        yield Change(
            kind="dynamodb.create-backup",
            target=target_of(environment),
            resource=dynamodb_interactions.table_arn(table, environment),
            effect=Effect.CREATE,
            before=None,
            after={"backup": name, "estimated_items": found.item_count},
            iam_actions=_CREATE_ACTIONS,
            reversibility=Reversibility.COMPENSABLE,
        )


def plan_delete_backups(names_or_arns: Sequence[str], aws_provider: AwsClientProvider) -> Iterator[Change]:
    """Plan the end of backups, by name or ARN; raises ``BackupDoesNotExist``.

    ``BackupInWrongState`` for one of AWS Backup, which is deleted there, or one in the making.
    """
    for each in dict.fromkeys(names_or_arns):
        backup = find_backup(each, aws_provider)
        if backup.type == "AWS_BACKUP":
            reason = "is of AWS Backup: delete its recovery point there"
            raise BackupInWrongState(backup.name, reason)
        if backup.status == "CREATING":
            raise BackupInWrongState(backup.name, "is still being made (CREATING)")
        yield _deletion_of(backup, aws_provider)


def _deletion_of(backup: Backup, aws_provider: AwsClientProvider) -> Change:
    return Change(
        kind="dynamodb.delete-backup",
        target=target_of(aws_provider.get_aws_env()),
        resource=backup.arn,
        effect=Effect.DESTROY,
        before=_document(backup),
        after=None,
        iam_actions=_DELETE_ACTIONS,
        reversibility=Reversibility.IRREVERSIBLE,
    )


def _document(backup: Backup) -> JsonObject:
    created_at = None if backup.created_at is None else backup.created_at.isoformat()
    return {
        "backup": backup.name,
        "table": backup.table_name,
        "created_at": created_at,
        "size_bytes": backup.size_bytes,
    }


def _made(change: Change, aws_provider: AwsClientProvider) -> list[Backup]:
    return backups_named((change.after or {})["backup"], aws_provider, table_name=table_of(change))


def _apply_create(change: Change, aws_provider: AwsClientProvider) -> None:
    dynamodb_interactions.create_backup(table_of(change), (change.after or {})["backup"], aws_provider)


def _recheck_create(change: Change, aws_provider: AwsClientProvider) -> str | None:
    try:
        dynamodb_interactions.describe_table(table_of(change), aws_provider)
    except TableDoesNotExist:
        return "the table has gone"
    return "a backup of that name was made by someone else" if _made(change, aws_provider) else None


def _read_back_create(change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    found = [each for each in _made(change, aws_provider) if each.type == MADE_HERE]
    # A new one may not be listed for some seconds.
    return ResultStatus.APPLIED if len(found) == 1 else ResultStatus.UNKNOWN


def _invert_create(change: Change, aws_provider: AwsClientProvider) -> Iterator[Change]:
    found = _made(change, aws_provider)
    if not found:
        raise CannotUndo("the backup is not there any more", resource=change.resource)
    if len(found) > 1:
        raise CannotUndo(_NAME_TAKEN, resource=change.resource)
    if found[0].status == "CREATING":
        message = "it is still being made: undo the run once it is AVAILABLE"
        raise CannotUndo(message, resource=change.resource)
    yield _deletion_of(found[0], aws_provider)


def _now(change: Change, aws_provider: AwsClientProvider) -> Backup | None:
    try:
        found: Backup = dynamodb_interactions.describe_backup(change.resource, aws_provider)
    except BackupDoesNotExist:
        return None
    return None if found.status == "DELETED" else found


def _apply_delete(change: Change, aws_provider: AwsClientProvider) -> None:
    dynamodb_interactions.delete_backup(change.resource, aws_provider)


def _recheck_delete(change: Change, aws_provider: AwsClientProvider) -> str | None:
    # Its ARN is of this backup alone, and what it holds does not change.
    is_gone = _now(change, aws_provider) is None
    return "the backup was deleted by someone else" if is_gone else None


def _read_back_delete(change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    return ResultStatus.APPLIED if _now(change, aws_provider) is None else ResultStatus.FAILED


def _table_arn_of(change: Change) -> str:
    return change.resource.partition("/backup/")[0]


def _count(_change: Change, aws_provider: AwsClientProvider, at_most: int) -> int:
    return sum(1 for _ in islice(dynamodb_interactions.list_backups(aws_provider), at_most))


_BACKUPS = Census(place=lambda change: f"backups of {change.target}", count=_count)

register(
    ChangeKind(
        "dynamodb.create-backup",
        each_alone(_apply_create),
        _recheck_create,
        _read_back_create,
        is_idempotent=False,
        iam_actions=_CREATE_ACTIONS,
        reversibility=frozenset({Reversibility.COMPENSABLE}),
        invert=_invert_create,
        # A table is not changed by its backup, so that its tags protect nothing.
        tags=TagReading(owner=lambda _: None, read=TAGS.read),
        census=_BACKUPS,
    )
)
register(
    ChangeKind(
        "dynamodb.delete-backup",
        each_alone(_apply_delete),
        _recheck_delete,
        _read_back_delete,
        is_idempotent=True,
        iam_actions=_DELETE_ACTIONS,
        reversibility=frozenset({Reversibility.IRREVERSIBLE}),
        tags=TagReading(owner=_table_arn_of, read=TAGS.read),
        census=_BACKUPS,
    )
)
