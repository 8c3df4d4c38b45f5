"""RDS writes: starting, stopping and rebooting databases; snapshots and tags are in modules beside it.

Planners say what would change, and the kinds carry it out. Importing this makes all kinds known.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from aws_interactions import rds_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.rds_interactions import (
    Database,
    DatabaseDoesntExist,
    DatabaseInWrongState,
    DatabaseKind,
    DatabaseStatus,
)
from aws_interactions.service_operations import iam_actions_of
from aws_operations.changes import (
    DONE_ALREADY,
    ApplyBatch,
    CannotUndo,
    Change,
    ChangeKind,
    ChangeResult,
    Effect,
    JsonObject,
    ResultStatus,
    Reversibility,
    each_alone,
    register,
)
from aws_operations.rds.change_parts import DATABASES, TAGS, database_of, databases_named, target_of
from aws_operations.rds.snapshot_changes import plan_create_snapshot, plan_delete_snapshots
from aws_operations.rds.states import check_allows, is_already
from aws_operations.rds.tag_changes import plan_set_tags

__all__ = [
    "plan_create_snapshot",
    "plan_delete_snapshots",
    "plan_reboot",
    "plan_set_tags",
    "plan_start",
    "plan_stop",
]

_OPERATION_BY_VERB = {"start": "Start", "stop": "Stop", "reboot": "Reboot"}
_AFTER_BY_VERB: dict[str, JsonObject] = {
    "start": {"status": "available"},
    "stop": {"status": "stopped", "until": "AWS starts it after 7 days"},
    "reboot": {"status": "available after a reboot, connections ended"},
}
_REVERSIBILITY_BY_VERB = {
    "start": Reversibility.REVERSIBLE,
    "stop": Reversibility.REVERSIBLE,
    "reboot": Reversibility.IRREVERSIBLE,
}
_NOUN_BY_KIND = {DatabaseKind.INSTANCE: "DBInstance", DatabaseKind.CLUSTER: "DBCluster"}
_INVERSE_BY_VERB = {"start": "stop", "stop": "start"}
_CALL_BY_VERB: dict[str, Callable[[str, DatabaseKind, AwsClientProvider], Database]] = {
    "start": rds_interactions.start_database,
    "stop": rds_interactions.stop_database,
    "reboot": rds_interactions.reboot_database,
}


def plan_start(
    identifiers: Sequence[str], aws_provider: AwsClientProvider, *, kind: str | None = None
) -> Iterator[Change]:
    """Plan to start databases; one that is available or starting is nothing to do.

    Another state than stopped raises ``DatabaseInWrongState``, a member of a cluster
    ``ClusterMemberNotAlone``.
    """
    for database in databases_named(identifiers, aws_provider, kind):
        yield _change_to("start", database, aws_provider)


def plan_stop(
    identifiers: Sequence[str], aws_provider: AwsClientProvider, *, kind: str | None = None
) -> Iterator[Change]:
    """Plan to stop databases, which AWS starts again after seven days; a stopped one is nothing to do.

    Another state than available raises ``DatabaseInWrongState``, a member of a cluster
    ``ClusterMemberNotAlone``.
    """
    for database in databases_named(identifiers, aws_provider, kind):
        yield _change_to("stop", database, aws_provider)


def plan_reboot(
    identifiers: Sequence[str], aws_provider: AwsClientProvider, *, kind: str | None = None
) -> Iterator[Change]:
    """Plan to reboot databases, which ends all connections to them.

    Another state than available raises ``DatabaseInWrongState``, an Aurora cluster
    ``ClusterRebootsByInstance``.
    """
    for database in databases_named(identifiers, aws_provider, kind):
        yield _change_to("reboot", database, aws_provider)


def _change_to(verb: str, database: Database, aws_provider: AwsClientProvider) -> Change:
    before: JsonObject = {"status": database.status_text}
    is_noop = verb != "reboot" and is_already(verb, database.status)
    if not is_noop or database.cluster_id is not None:
        check_allows(verb, database)
    return Change(
        kind=f"rds.{verb}",
        target=target_of(aws_provider),
        resource=database.arn,
        effect=Effect.UPDATE,
        before=before,
        after=before if is_noop else dict(_AFTER_BY_VERB[verb]),
        iam_actions=_iam_actions(verb, database.kind),
        reversibility=_REVERSIBILITY_BY_VERB[verb],
    )


def _iam_actions(verb: str, *kinds: DatabaseKind) -> tuple[str, ...]:
    operations = [f"{_OPERATION_BY_VERB[verb]}{_NOUN_BY_KIND[kind]}" for kind in kinds]
    return iam_actions_of("rds", "DescribeDBInstances", "DescribeDBClusters", *operations)


def _now(change: Change, aws_provider: AwsClientProvider) -> Database:
    identifier, kind = database_of(change)
    return rds_interactions.get_database(identifier, aws_provider, kind=kind)


def _recheck(verb: str, change: Change, aws_provider: AwsClientProvider) -> str | None:
    now = _now(change, aws_provider)
    was = (change.before or {})["status"]
    if now.status_text == was:
        return None
    is_done = verb != "reboot" and is_already(verb, now.status)
    return DONE_ALREADY if is_done else f"its status has become {now.status_text}"


def _apply(verb: str) -> ApplyBatch:
    def apply_one(change: Change, aws_provider: AwsClientProvider) -> None:
        identifier, kind = database_of(change)
        _CALL_BY_VERB[verb](identifier, kind, aws_provider)

    def apply(batch: Sequence[Change], aws_provider: AwsClientProvider) -> Iterator[ChangeResult]:
        for result in each_alone(apply_one)(batch, aws_provider):
            yield _unless_already(verb, result)

    return apply


def _unless_already(verb: str, result: ChangeResult) -> ChangeResult:
    """Return *unchanged* for what AWS refused because the database is there already."""
    error = result.error
    if not isinstance(error, DatabaseInWrongState) or verb == "reboot":
        return result
    if error.status_text is None or not is_already(verb, DatabaseStatus(error.status_text)):
        return result
    return ChangeResult(result.change, ResultStatus.UNCHANGED)


def _read_back(verb: str, change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    now = _now(change, aws_provider)
    if is_already(verb, now.status):
        return ResultStatus.APPLIED
    # A start or stop looks as before only where it never began. A reboot may be over by now: then only RDS's
    # events would tell, minutes later, by their text, and to who may read them.
    has_not_begun = verb != "reboot" and now.status_text == (change.before or {})["status"]
    return ResultStatus.FAILED if has_not_begun else ResultStatus.UNKNOWN


def _invert(verb: str, change: Change, aws_provider: AwsClientProvider) -> Iterator[Change]:
    left_as, inverse = _AFTER_BY_VERB[verb]["status"], _INVERSE_BY_VERB[verb]
    try:
        now = _now(change, aws_provider)
    except DatabaseDoesntExist as error:
        raise CannotUndo("it is not there any more", resource=change.resource) from error
    if not is_already(verb, now.status):
        message = f"it is {now.status_text} by now, and was left {left_as}"
        raise CannotUndo(message, resource=change.resource)
    try:
        yield _change_to(inverse, now, aws_provider)
    except DatabaseInWrongState as error:
        message = f"it is still {now.status_text}: undo the run once it is {left_as}"
        raise CannotUndo(message, resource=change.resource) from error


for _verb in _CALL_BY_VERB:
    register(
        ChangeKind(
            f"rds.{_verb}",
            _apply(_verb),
            partial(_recheck, _verb),
            partial(_read_back, _verb),
            is_idempotent=_verb != "reboot",
            iam_actions=_iam_actions(_verb, *DatabaseKind),
            reversibility=frozenset({_REVERSIBILITY_BY_VERB[_verb]}),
            invert=partial(_invert, _verb) if _verb in _INVERSE_BY_VERB else None,
            tags=TAGS,
            census=DATABASES,
        )
    )
