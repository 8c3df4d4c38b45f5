"""What a batch of writes consists of: a change an item, items read by the hundred, what takes it back.

A batch is taken back by batches: they need no permissions that the batch itself did not, and, like it, look
at each item again just before they write, without a condition.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from aws_interactions import dynamodb_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.dynamodb_interactions import TableDoesNotExist
from aws_interactions.service_operations import iam_actions_of
from aws_operations.changes import CannotUndo, Change, Effect, JsonObject, invert_each
from aws_operations.dynamodb.change_parts import (
    check_before_is_kept,
    check_left_as,
    item_resource,
    keeping,
    key_of,
    table_of,
    target_of,
)
from aws_operations.dynamodb.item_changes import ItemPlace, reversibility_of
from aws_operations.dynamodb.plain_json import document_of, json_line, same

BATCH_WRITE = "dynamodb.batch-write"
IAM_ACTIONS = iam_actions_of("dynamodb", "DescribeTable", "BatchGetItem", "GetItem", "BatchWriteItem")


def write_change(
    place: ItemPlace, before: JsonObject | None, after: JsonObject | None, *, keep_before: bool
) -> Change:
    """Return the change that makes an item that was ``before`` this one; ``None`` is an absent one."""
    is_lost = before is not None and not keep_before and not same(before, after)
    is_new = before is None and after is not None
    return Change(
        kind=BATCH_WRITE,
        target=target_of(place.environment),
        resource=item_resource(place.environment, place.table, place.key),
        effect=Effect.DESTROY if after is None else Effect.CREATE if before is None else Effect.OVERWRITE,
        before=before,
        after=after,
        iam_actions=IAM_ACTIONS,
        reversibility=reversibility_of(is_new=is_new, is_lost=is_lost),
        precondition={"key": document_of(place.key), **keeping(before, keep_before=keep_before)},
    )


def by_table(batch: Iterable[Change]) -> dict[str, list[Change]]:
    """Return changes by the table that they are about."""
    found: dict[str, list[Change]] = {}
    for change in batch:
        found.setdefault(table_of(change), []).append(change)
    return found


def key_line(change: Change) -> str:
    """Return the key of the item that a change is about as JSON."""
    return json_line(document_of(key_of(change)))


def present_documents(
    table: str, keys: Sequence[Mapping[str, Any]], aws_provider: AwsClientProvider
) -> dict[str, JsonObject | None]:
    """Return the items of keys as documents by the JSON of the key (BatchGetItem, consistent)."""
    return {
        json_line(document_of(key)): None if item is None else document_of(item)
        for key, item in dynamodb_interactions.batch_get(table, keys, aws_provider, consistent=True)
    }


def present_by_resource(
    batch: Sequence[Change], aws_provider: AwsClientProvider
) -> dict[str, JsonObject | None]:
    """Return what the items of changes are now, by resource; an item may be there more than once."""
    present = {}
    for table, same_table in by_table(batch).items():
        keys = {key_line(change): key_of(change) for change in same_table}
        found = present_documents(table, [*keys.values()], aws_provider)
        present.update({change.resource: found[key_line(change)] for change in same_table})
    return present


def invert_writes(
    batch: Sequence[Change], aws_provider: AwsClientProvider
) -> Sequence[Sequence[Change] | CannotUndo]:
    """Plan each item as it was before its change, if it is as that left it (BatchGetItem).

    Nothing of it is struck out of the journal: it has been there before.
    """
    environment = aws_provider.get_aws_env()
    present: dict[str, JsonObject | None] = {}
    gone: dict[str, TableDoesNotExist] = {}
    for table, same_table in by_table(change for change in batch if change.keeps_before).items():
        try:
            present.update(present_by_resource(same_table, aws_provider))
        except TableDoesNotExist as error:
            gone[table] = error

    def invert_one(change: Change) -> Iterator[Change]:
        check_before_is_kept(change)
        table = table_of(change)
        if table in gone:
            raise CannotUndo("the table has gone", resource=change.resource) from gone[table]
        now = present[change.resource]
        check_left_as(change, change.after, now)
        yield write_change(
            ItemPlace(environment, table, key_of(change)), now, change.before, keep_before=True
        )

    return invert_each(invert_one, batch)
