"""Tables restored from a backup, or as another one was: planner and kind of change."""

from collections.abc import Iterator
from datetime import UTC, datetime

from aws_interactions import dynamodb_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import InvalidInput
from aws_interactions.dynamodb_interactions import (
    BackupInWrongState,
    PointInTimeNotKept,
    TableAlreadyExists,
    TableDoesNotExist,
    TableStatus,
)
from aws_interactions.dynamodb_interactions.capacity import ON_DEMAND
from aws_interactions.service_operations import iam_actions_of
from aws_operations.changes import (
    Change,
    ChangeKind,
    Effect,
    JsonObject,
    ResultStatus,
    Reversibility,
    each_alone,
    register,
)
from aws_operations.dynamodb.backups import find_backup
from aws_operations.dynamodb.change_parts import table_of, target_of
from aws_operations.dynamodb.following import Following, follow, following_of, precondition_with
from aws_operations.dynamodb.guard_parts import TABLES
from aws_operations.dynamodb.table_changes import NEW_TABLE_TAGS, drop_of_made, recheck_absent
from aws_operations.targets import fill_template

_FROM_BACKUP = iam_actions_of("dynamodb", "DescribeTable", "RestoreTableFromBackup")
_FROM_TABLE = iam_actions_of("dynamodb", "DescribeTable", "RestoreTableToPointInTime")
_LATEST = "latest"


def plan_restore_backup(
    table_name: str,
    backup: str,
    aws_provider: AwsClientProvider,
    *,
    on_demand: bool = False,
    following: Following | None = None,
) -> Iterator[Change]:
    """Plan a new table from a backup, by its name or ARN; a name that is taken is an error.

    It gets items and indexes, and is paid for as the other was unless ``on_demand``; AWS restores no tags,
    expiry, recovery, protection or scaling. ``following`` has the change wait until it can be used.
    """
    found = find_backup(backup, aws_provider)
    if found.status != "AVAILABLE":
        raise BackupInWrongState(found.name, f"is {found.status}, not AVAILABLE")
    source: JsonObject = {"from": found.arn, "backup": found.name, "table": found.table_name}
    yield _change(table_name, source, _FROM_BACKUP, aws_provider, on_demand, following)


def plan_restore_table(
    table_name: str,
    source_name: str,
    aws_provider: AwsClientProvider,
    *,
    at: datetime | None = None,
    on_demand: bool = False,
    following: Following | None = None,
) -> Iterator[Change]:
    """Plan a new table as another one was ``at`` that time (aware), or at the latest that is kept.

    ``PointInTimeNotKept`` where that is not kept. For the rest see ``plan_restore_backup``.
    """
    if at is not None and at.tzinfo is None:
        raise InvalidInput("the time to restore has no zone")
    source = fill_template(source_name, aws_provider)
    check_is_kept(source, at, aws_provider)
    document: JsonObject = {
        "from": dynamodb_interactions.table_arn(source, aws_provider.get_aws_env()),
        "table": source,
        "at": _LATEST if at is None else moment_text(at),
    }
    yield _change(table_name, document, _FROM_TABLE, aws_provider, on_demand, following)


def moment_text(at: datetime) -> str:
    """Return an aware time as a plan holds it: AWS knows whole seconds."""
    return at.astimezone(UTC).replace(microsecond=0).isoformat()


def check_is_kept(source: str, at: datetime | None, aws_provider: AwsClientProvider) -> None:
    """Raise ``PointInTimeNotKept`` unless what a table was at a time, or at all for ``None``, is kept."""
    kept = dynamodb_interactions.get_point_in_time_recovery(source, aws_provider)
    if not kept.is_on:
        raise PointInTimeNotKept(source, "what it was is not kept: point-in-time recovery is off")
    if at is None or kept.earliest is None or kept.latest is None:
        return
    if not kept.earliest.replace(microsecond=0) <= at <= kept.latest:
        first, last = (
            each.astimezone(UTC).isoformat(timespec="seconds") for each in (kept.earliest, kept.latest)
        )
        raise PointInTimeNotKept(
            source, f"what it was at {at.isoformat()} is not kept, but from {first} to {last}"
        )


def _change(
    table_name: str,
    source: JsonObject,
    iam_actions: tuple[str, ...],
    aws_provider: AwsClientProvider,
    on_demand: bool,
    following: Following | None,
) -> Change:
    table = fill_template(table_name, aws_provider)
    if _status(table, aws_provider) is not None:
        raise TableAlreadyExists(table)
    environment = aws_provider.get_aws_env()
    return Change(
        kind="dynamodb.restore-table",
        target=target_of(environment),
        resource=dynamodb_interactions.table_arn(table, environment),
        effect=Effect.CREATE,
        before=None,
        after={**source, **({"billing_mode": ON_DEMAND} if on_demand else {})},
        iam_actions=iam_actions,
        reversibility=Reversibility.COMPENSABLE,
        precondition=precondition_with(following),
    )


def _status(table: str, aws_provider: AwsClientProvider) -> TableStatus | None:
    try:
        found: TableStatus = dynamodb_interactions.describe_table(table, aws_provider).status
    except TableDoesNotExist:
        return None
    return found


def _apply(change: Change, aws_provider: AwsClientProvider) -> None:
    after, table = change.after or {}, table_of(change)
    on_demand = after.get("billing_mode") == ON_DEMAND
    if "backup" in after:
        dynamodb_interactions.restore_from_backup(table, after["from"], aws_provider, on_demand=on_demand)
    else:
        at = None if after["at"] == _LATEST else datetime.fromisoformat(after["at"])
        dynamodb_interactions.restore_to_point_in_time(
            table, after["table"], at, aws_provider, on_demand=on_demand
        )
    follow(
        change,
        lambda following: dynamodb_interactions.wait_for_table(
            table, "active", aws_provider, timeout=following.timeout, interval=following.interval
        ),
    )


def _is_ours(change: Change, aws_provider: AwsClientProvider) -> bool:
    return (change.after or {})["from"] in dynamodb_interactions.restored_from(table_of(change), aws_provider)


def _read_back(change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    status = _status(table_of(change), aws_provider)
    # DescribeTable may not know a new table for some seconds.
    if status is None or not _is_ours(change, aws_provider):
        return ResultStatus.UNKNOWN
    is_done = status is TableStatus.ACTIVE or following_of(change) is None
    return ResultStatus.APPLIED if is_done else ResultStatus.UNKNOWN


def _invert(change: Change, aws_provider: AwsClientProvider) -> Iterator[Change]:
    yield drop_of_made(change, aws_provider, is_ours=lambda: _is_ours(change, aws_provider))


register(
    ChangeKind(
        "dynamodb.restore-table",
        each_alone(_apply),
        recheck_absent,
        _read_back,
        is_idempotent=True,
        iam_actions=tuple(dict.fromkeys((*_FROM_BACKUP, *_FROM_TABLE))),
        reversibility=frozenset({Reversibility.COMPENSABLE}),
        invert=_invert,
        tags=NEW_TABLE_TAGS,
        census=TABLES,
    )
)
