"""Tables made and dropped."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from aws_interactions import dynamodb_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_environment import AwsEnvironment
from aws_interactions.aws_errors import InvalidInput
from aws_interactions.dynamodb_interactions import (
    KeyAttribute,
    TableAlreadyExists,
    TableDescription,
    TableDoesNotExist,
    TableIndex,
    TableProtected,
    TableSpec,
    TableStatus,
)
from aws_interactions.service_operations import iam_actions_of
from aws_interactions.tags import check_tags
from aws_operations.changes import (
    CannotUndo,
    Change,
    ChangeKind,
    Effect,
    ResultStatus,
    Reversibility,
    each_alone,
    register,
)
from aws_operations.dynamodb.change_parts import table_of, target_of
from aws_operations.dynamodb.guard_parts import TABLES, TAGS
from aws_operations.targets import fill_template

_CREATE_ACTIONS = iam_actions_of("dynamodb", "DescribeTable", "CreateTable")
_TAG_ACTION = "dynamodb:TagResource"
_DROP_ACTIONS = iam_actions_of("dynamodb", "DescribeTable", "DeleteTable")
_SCAN_ACTIONS = iam_actions_of("dynamodb", "Scan")


def plan_create_table(
    table_name: str,
    keys: Sequence[KeyAttribute],
    aws_provider: AwsClientProvider,
    *,
    indexes: Sequence[TableIndex] = (),
    tags: Mapping[str, str] | None = None,
) -> Iterator[Change]:
    """Plan a table that is paid per request; a name that is taken is an error (``TableAlreadyExists``).

    The first of ``keys`` is the partition's, a second one the sort key. AWS takes some seconds to make a
    table; the change is done when it has begun.
    """
    check_tags(tags or {})
    check_keys("the table", keys, indexes)
    table = fill_template(table_name, aws_provider)
    if _description(table, aws_provider) is not None:
        raise TableAlreadyExists(table)
    environment = aws_provider.get_aws_env()
    yield Change(
        kind="dynamodb.create-table",
        target=target_of(environment),
        resource=dynamodb_interactions.table_arn(table, environment),
        effect=Effect.CREATE,
        before=None,
        after={
            "keys": keys_document(keys),
            "indexes": {index.name: keys_document(index.keys) for index in indexes},
            "billing_mode": "PAY_PER_REQUEST",
            "tags": dict(tags or {}),
        },
        iam_actions=(*_CREATE_ACTIONS, *((_TAG_ACTION,) if tags else ())),
        reversibility=Reversibility.COMPENSABLE,
    )


def plan_drop_table(table_name: str, aws_provider: AwsClientProvider) -> Iterator[Change]:
    """Plan the end of a table with its items and indexes; one that is absent is nothing to do.

    The plan says how many items there are and their size in bytes, as AWS estimated it within the last
    six hours. A table with deletion protection raises ``TableProtected``.
    """
    table = fill_template(table_name, aws_provider)
    found = _description(table, aws_provider)
    if found is not None and found.is_protected:
        raise TableProtected(table)
    yield _drop_change(table, found, aws_provider.get_aws_env())


def _drop_change(
    table: str, found: TableDescription | None, environment: AwsEnvironment, *, only_if_empty: bool = False
) -> Change:
    is_gone = found is None or found.status is TableStatus.DELETING
    return Change(
        kind="dynamodb.drop-table",
        target=target_of(environment),
        resource=dynamodb_interactions.table_arn(table, environment),
        effect=Effect.DESTROY,
        before=None
        if found is None or is_gone
        else {"estimated_items": found.item_count, "size_bytes": found.size_bytes},
        after=None,
        iam_actions=(*_DROP_ACTIONS, *(_SCAN_ACTIONS if only_if_empty else ())),
        reversibility=Reversibility.IRREVERSIBLE,
        precondition={
            "created_at": _made_at(found),
            **({"only_if_empty": True} if only_if_empty else {}),
        },
    )


def check_keys(owner: str, keys: Sequence[KeyAttribute], indexes: Sequence[TableIndex]) -> None:
    """Raise ``InvalidInput`` for keys of a table, and of its indexes, that none can have."""
    kinds: dict[str, str] = {}
    for name, of_one in ((owner, keys), *((f"index {index.name}", index.keys) for index in indexes)):
        if len(of_one) not in {1, 2} or len({key.name for key in of_one}) < len(of_one):
            raise InvalidInput(f"{name} has the key {keys_document(of_one)}: one attribute or two")
        for key in of_one:
            if kinds.setdefault(key.name, key.type) != key.type:
                raise InvalidInput(f"{key.name} is given as {kinds[key.name]} and as {key.type}")
    if len({index.name for index in indexes}) < len(indexes):
        raise InvalidInput("two indexes have the same name")


def _description(table: str, aws_provider: AwsClientProvider) -> TableDescription | None:
    try:
        found: TableDescription = dynamodb_interactions.describe_table(table, aws_provider)
    except TableDoesNotExist:
        return None
    return found


def _made_at(found: TableDescription | None) -> str | None:
    return None if found is None or found.created_at is None else found.created_at.isoformat()


def keys_document(keys: Sequence[KeyAttribute]) -> list[str]:
    """Return keys as a plan holds them."""
    # A list, for the order of the keys matters, and the JSON of a change sorts names.
    return [f"{key.name}:{key.type}" for key in keys]


def _keys_of(document: Sequence[str]) -> tuple[KeyAttribute, ...]:
    return tuple(KeyAttribute(*text.rsplit(":", 1)) for text in document)


def _apply_create(change: Change, aws_provider: AwsClientProvider) -> None:
    dynamodb_interactions.create_table(spec_of(change), aws_provider)


def spec_of(change: Change) -> TableSpec:
    """Return what a change makes a table from."""
    after = change.after or {}
    return TableSpec(
        table_of(change),
        _keys_of(after["keys"]),
        tuple(TableIndex(name, _keys_of(keys)) for name, keys in after["indexes"].items()),
        after["tags"],
    )


def recheck_absent(change: Change, aws_provider: AwsClientProvider) -> str | None:
    """Say that the table that a change is to make is there already, ``None`` if it is not."""
    is_absent = _description(table_of(change), aws_provider) is None
    return None if is_absent else "the table was made by someone else"


def _read_back_create(change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    found = _description(table_of(change), aws_provider)
    if found is None:
        # DescribeTable may not know a new table for some seconds.
        return ResultStatus.UNKNOWN
    # Somebody else's would hardly have the same keys and indexes; tags may take a while to show.
    return ResultStatus.APPLIED if is_as_planned(change, found) else ResultStatus.UNKNOWN


def is_as_planned(change: Change, found: TableDescription) -> bool:
    """Say whether a table has the keys and indexes that a change makes one with."""
    after = change.after or {}
    indexes = {index.name: keys_document(index.keys) for index in found.indexes}
    return (keys_document(found.keys), indexes) == (after["keys"], after["indexes"])


def _invert_create(change: Change, aws_provider: AwsClientProvider) -> Iterator[Change]:
    table = table_of(change)
    found = _description(table, aws_provider)
    reason = _why_not_dropped(found)
    if reason is None and found is not None:
        if not is_as_planned(change, found):
            reason = "the table has other keys or indexes by now"
        elif _has_items(table, aws_provider):
            reason = "the table has items by now"
    if reason is not None:
        raise CannotUndo(reason, resource=change.resource)
    yield _drop_change(table, found, aws_provider.get_aws_env(), only_if_empty=True)


def drop_of_made(change: Change, aws_provider: AwsClientProvider, *, is_ours: Callable[[], bool]) -> Change:
    """Return the drop of a table that a change has made with items in it, whatever was written to it since.

    ``is_ours`` says whether the table that is there is the one. Raises ``CannotUndo`` for one that is not, or
    is not at rest, or is protected.
    """
    table = table_of(change)
    found = _description(table, aws_provider)
    reason = _why_not_dropped(found)
    if reason is None and not is_ours():
        reason = "another table has its name by now"
    if reason is not None:
        raise CannotUndo(reason, resource=change.resource)
    return _drop_change(table, found, aws_provider.get_aws_env())


def _why_not_dropped(found: TableDescription | None) -> str | None:
    if found is None or found.status is TableStatus.DELETING:
        return "the table has gone"
    if found.status is not TableStatus.ACTIVE:
        return f"the table is {found.status}: undo the run once it is ACTIVE"
    return "the table was protected against deletion since" if found.is_protected else None


def _has_items(table: str, aws_provider: AwsClientProvider) -> bool:
    return bool(dynamodb_interactions.count_items(table, aws_provider, at_most=1))


def _apply_drop(change: Change, aws_provider: AwsClientProvider) -> None:
    dynamodb_interactions.delete_table(table_of(change), aws_provider)


def _recheck_drop(change: Change, aws_provider: AwsClientProvider) -> str | None:
    found = _description(table_of(change), aws_provider)
    if found is None or found.status is TableStatus.DELETING:
        return "the table has gone"
    if found.is_protected:
        return "the table was protected against deletion"
    precondition = change.precondition or {}
    if _made_at(found) != precondition["created_at"]:
        return "the table was dropped and made again"
    if precondition.get("only_if_empty") and _has_items(table_of(change), aws_provider):
        return "items were put there"
    return None


def _read_back_drop(change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    found = _description(table_of(change), aws_provider)
    is_gone = found is None or found.status is TableStatus.DELETING
    # What DescribeTable tells may be some seconds old.
    return ResultStatus.APPLIED if is_gone else ResultStatus.UNKNOWN


NEW_TABLE_TAGS = replace(TAGS, owner=lambda _: None)
"""The tags of a table that is not there yet: none."""

register(
    ChangeKind(
        "dynamodb.create-table",
        each_alone(_apply_create),
        recheck_absent,
        _read_back_create,
        is_idempotent=True,
        iam_actions=(*_CREATE_ACTIONS, _TAG_ACTION),
        reversibility=frozenset({Reversibility.COMPENSABLE}),
        invert=_invert_create,
        tags=NEW_TABLE_TAGS,
        census=TABLES,
    )
)
register(
    ChangeKind(
        "dynamodb.drop-table",
        each_alone(_apply_drop),
        _recheck_drop,
        _read_back_drop,
        is_idempotent=True,
        iam_actions=(*_DROP_ACTIONS, *_SCAN_ACTIONS),
        reversibility=frozenset({Reversibility.IRREVERSIBLE}),
        tags=TAGS,
        census=TABLES,
    )
)
