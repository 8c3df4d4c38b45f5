"""Taking and deleting RDS snapshots: planners, and the kinds that carry it out."""

from collections.abc import Iterator, Sequence

from aws_interactions import rds_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.rds_interactions import (
    DatabaseKind,
    Snapshot,
    SnapshotAlreadyExists,
    SnapshotDoesntExist,
    SnapshotInWrongState,
)
from aws_interactions.rds_interactions.snapshot_records import MANUAL
from aws_interactions.rds_interactions.snapshots import check_snapshot_name
from aws_interactions.service_operations import iam_actions_of
from aws_operations.changes import (
    CannotUndo,
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
from aws_operations.rds.change_parts import SNAPSHOTS, TAGS, databases_named, target_of
from aws_operations.rds.details import kind_named
from aws_operations.rds.states import check_allows
from aws_operations.targets import Target, fill_template

_NOUN_BY_KIND = {DatabaseKind.INSTANCE: "snapshot", DatabaseKind.CLUSTER: "cluster-snapshot"}
_OPERATION_BY_KIND = {
    DatabaseKind.INSTANCE: "DBSnapshot",
    DatabaseKind.CLUSTER: "DBClusterSnapshot",
}
_UNDELETABLE_BY_TYPE = {
    "automated": "is automated: AWS deletes it by itself when its retention ends",
    "awsbackup": "is of AWS Backup: delete its recovery point there",
}


def plan_create_snapshot(
    identifier: str, name: str, aws_provider: AwsClientProvider, *, kind: str | None = None
) -> Iterator[Change]:
    """Plan a manual snapshot of an instance or a cluster; a name that is taken is an error.

    ``DatabaseInWrongState`` for one that has to be available first; ``ClusterMemberNotAlone`` for a member
    of a cluster, which has none of its own.
    """
    [database] = databases_named([identifier], aws_provider, kind)
    # AWS keeps names in small letters, whatever it is given.
    snapshot_name = fill_template(name, aws_provider).lower()
    check_snapshot_name(snapshot_name, database.kind)
    check_allows("snapshot", database)
    if rds_interactions.get_snapshot(snapshot_name, aws_provider, kind=database.kind) is not None:
        raise SnapshotAlreadyExists(snapshot_name)
    yield Change(
        kind="rds.create-snapshot",
        target=target_of(aws_provider),
        resource=_arn_of(snapshot_name, database.kind, aws_provider),
        effect=Effect.CREATE,
        before=None,
        after={"database": database.identifier},
        iam_actions=_iam_actions("Create", database.kind),
        reversibility=Reversibility.COMPENSABLE,
    )


def plan_delete_snapshots(
    names: Sequence[str], aws_provider: AwsClientProvider, *, kind: str | None = None
) -> Iterator[Change]:
    """Plan the end of manual snapshots; an absent one raises ``SnapshotDoesntExist``.

    ``SnapshotInWrongState`` for an automated one, which AWS deletes by itself, or one in the making.
    """
    for name in dict.fromkeys(fill_template(given, aws_provider) for given in names):
        snapshot = rds_interactions.get_snapshot(name, aws_provider, kind=kind_named(kind))
        target = target_of(aws_provider)
        # Another account may share one of its own, by ARN: it is not here, but a namesake may be.
        if snapshot is None or snapshot.arn.split(":")[3:5] != [target.aws_region, target.aws_account]:
            raise SnapshotDoesntExist(name)
        _check_can_be_deleted(snapshot)
        yield _deletion_of(snapshot, target)


def _deletion_of(snapshot: Snapshot, target: Target) -> Change:
    return Change(
        kind="rds.delete-snapshot",
        target=target,
        resource=snapshot.arn,
        effect=Effect.DESTROY,
        before=_described(snapshot),
        after=None,
        iam_actions=_iam_actions("Delete", snapshot.database_kind),
        reversibility=Reversibility.IRREVERSIBLE,
    )


def _iam_actions(verb: str, *kinds: DatabaseKind) -> tuple[str, ...]:
    nouns = [_OPERATION_BY_KIND[kind] for kind in kinds]
    return iam_actions_of(
        "rds", *(f"Describe{noun}s" for noun in nouns), *(f"{verb}{noun}" for noun in nouns)
    )


def _check_can_be_deleted(snapshot: Snapshot) -> None:
    if snapshot.snapshot_type != MANUAL:
        other = f"is {snapshot.snapshot_type}, and only manual ones can be deleted"
        reason = _UNDELETABLE_BY_TYPE.get(snapshot.snapshot_type, other)
        raise SnapshotInWrongState(snapshot.identifier, reason)
    if snapshot.status == "creating":
        raise SnapshotInWrongState(snapshot.identifier, "is still being made (creating)")


def _arn_of(name: str, kind: DatabaseKind, aws_provider: AwsClientProvider) -> str:
    where = aws_provider.get_aws_env()
    return f"arn:{where.partition}:rds:{where.aws_region}:{where.aws_account}:{_NOUN_BY_KIND[kind]}:{name}"


def _described(snapshot: Snapshot) -> JsonObject:
    # An end of the making tells a snapshot from another that has got its name since.
    created_at = None if snapshot.created_at is None else snapshot.created_at.isoformat()
    return {"database": snapshot.database, "created_at": created_at, "size_gib": snapshot.size_gib}


def _name_and_kind(change: Change) -> tuple[str, DatabaseKind]:
    noun, _, name = change.resource.split(":", 5)[5].partition(":")
    return name, DatabaseKind.INSTANCE if noun == "snapshot" else DatabaseKind.CLUSTER


def _now(change: Change, aws_provider: AwsClientProvider) -> Snapshot | None:
    name, kind = _name_and_kind(change)
    return rds_interactions.get_snapshot(name, aws_provider, kind=kind)


def _apply_create(change: Change, aws_provider: AwsClientProvider) -> None:
    name, kind = _name_and_kind(change)
    rds_interactions.create_snapshot(name, (change.after or {})["database"], kind, aws_provider)


def _recheck_create(change: Change, aws_provider: AwsClientProvider) -> str | None:
    return None if _now(change, aws_provider) is None else "somebody else has taken a snapshot of that name"


def _read_back_create(change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    now = _now(change, aws_provider)
    if now is None:
        return ResultStatus.FAILED
    is_ours = now.database == (change.after or {})["database"] and now.snapshot_type == MANUAL
    return ResultStatus.APPLIED if is_ours else ResultStatus.UNKNOWN


def _apply_delete(change: Change, aws_provider: AwsClientProvider) -> None:
    name, kind = _name_and_kind(change)
    rds_interactions.delete_snapshot(name, kind, aws_provider)


def _recheck_delete(change: Change, aws_provider: AwsClientProvider) -> str | None:
    now = _now(change, aws_provider)
    if now is None:
        return "the snapshot was deleted by someone else"
    return None if _described(now) == change.before else "another snapshot has taken its name"


def _read_back_delete(change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    now = _now(change, aws_provider)
    if now is None or now.status == "deleting":
        return ResultStatus.APPLIED
    return ResultStatus.FAILED


def _invert_create(change: Change, aws_provider: AwsClientProvider) -> Iterator[Change]:
    now = _now(change, aws_provider)
    if now is None:
        raise CannotUndo("the snapshot is not there any more", resource=change.resource)
    if now.database != (change.after or {})["database"] or now.snapshot_type != MANUAL:
        raise CannotUndo("another snapshot has taken its name", resource=change.resource)
    if now.status == "creating":
        message = "it is still being made: undo the run once it is available"
        raise CannotUndo(message, resource=change.resource)
    yield _deletion_of(now, target_of(aws_provider))


register(
    ChangeKind(
        "rds.create-snapshot",
        each_alone(_apply_create),
        _recheck_create,
        _read_back_create,
        is_idempotent=True,
        iam_actions=_iam_actions("Create", *DatabaseKind),
        reversibility=frozenset({Reversibility.COMPENSABLE}),
        invert=_invert_create,
        # What a snapshot is taken of is not changed by it, so that its tags protect nothing.
        tags=TagReading(owner=lambda _: None, read=TAGS.read),
        census=SNAPSHOTS,
    )
)
register(
    ChangeKind(
        "rds.delete-snapshot",
        each_alone(_apply_delete),
        _recheck_delete,
        _read_back_delete,
        is_idempotent=True,
        iam_actions=_iam_actions("Delete", *DatabaseKind),
        reversibility=frozenset({Reversibility.IRREVERSIBLE}),
        tags=TAGS,
        census=SNAPSHOTS,
    )
)
