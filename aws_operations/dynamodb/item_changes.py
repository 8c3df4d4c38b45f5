"""Items put, updated and deleted one by one, each conditioned on what was planned.

Between looking again and writing, others may write too. So each write carries the planned attributes of
the item as a condition, and DynamoDB itself refuses what would lose a change of these. No condition speaks
of a whole item: an attribute that neither the old nor the new item has, and that others add in between, is
lost, and so are changes past the first 140 attributes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aws_interactions import dynamodb_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_environment import AwsEnvironment
from aws_interactions.dynamodb_interactions import to_item
from aws_interactions.service_operations import iam_actions_of
from aws_operations.changes import (
    Change,
    ChangeKind,
    Effect,
    JsonObject,
    Reversibility,
    each_alone,
    register,
)
from aws_operations.dynamodb.change_parts import (
    Condition,
    ItemAlreadyExists,
    as_planned,
    check_before_is_kept,
    check_condition_names,
    check_left_as,
    condition_of,
    item_resource,
    keeping,
    key_of,
    present_document,
    read_back_item,
    recheck_item,
    table_of,
    target_of,
    undo_errors,
    write_as_planned,
)
from aws_operations.dynamodb.guard_parts import ITEMS, TAGS
from aws_operations.dynamodb.plain_json import Item, document_of, item_of, same
from aws_operations.dynamodb.table_keys import checked_key
from aws_operations.targets import fill_template


def plan_put(
    table_name: str,
    item: Mapping[str, Any],
    aws_provider: AwsClientProvider,
    *,
    overwrite: bool,
    condition: Condition | None = None,
    keep_before: bool = False,
) -> Iterator[Change]:
    """Plan an item of a table; one that is there is an error (``ItemAlreadyExists``) unless ``overwrite``.

    ``condition`` has to hold as well when the item is written. ``keep_before``: an item that is replaced
    stays in the journal, so that the change can be undone.
    """
    check_condition_names(condition)
    to_item(item)
    table = fill_template(table_name, aws_provider)
    key = checked_key(dynamodb_interactions.describe_table(table, aws_provider), item)
    existing = dynamodb_interactions.get_item(table, key, aws_provider, consistent=True)
    if existing is not None and not overwrite:
        raise ItemAlreadyExists(table, key)
    before = None if existing is None else document_of(existing)
    place = ItemPlace(aws_provider.get_aws_env(), table, key)
    yield put_change(place, before, document_of(item), condition=condition, keep_before=keep_before)


def plan_delete(
    table_name: str,
    key: Mapping[str, Any],
    aws_provider: AwsClientProvider,
    *,
    condition: Condition | None = None,
    keep_before: bool = False,
) -> Iterator[Change]:
    """Plan the end of an item; an absent one is nothing to do, an absent table an error.

    ``condition`` has to hold as well when the item is deleted. ``keep_before``: the item stays in the
    journal, so that the change can be undone.
    """
    check_condition_names(condition)
    to_item(key)
    table = fill_template(table_name, aws_provider)
    existing = dynamodb_interactions.get_item(table, key, aws_provider, consistent=True)
    before = None if existing is None else document_of(existing)
    place = ItemPlace(aws_provider.get_aws_env(), table, key)
    yield delete_change(place, before, condition=condition, keep_before=keep_before)


@dataclass(frozen=True, slots=True)
class ItemPlace:
    """Where an item is: account and region, table, key."""

    environment: AwsEnvironment
    table: str
    key: Mapping[str, Any]


def put_change(
    place: ItemPlace,
    before: JsonObject | None,
    after: JsonObject,
    *,
    keep_before: bool,
    condition: Condition | None = None,
) -> Change:
    """Return the change that makes an item that was ``before`` (``None``: absent) this one."""
    is_lost = before is not None and not keep_before and not same(before, after)
    is_new = before is None
    return Change(
        kind="dynamodb.put-item",
        target=target_of(place.environment),
        resource=item_resource(place.environment, place.table, place.key),
        effect=Effect.CREATE if is_new else Effect.OVERWRITE,
        before=before,
        after=after,
        iam_actions=_IAM_ACTIONS["put"],
        reversibility=reversibility_of(is_new=is_new, is_lost=is_lost),
        precondition=_precondition(place.key, before, condition, keep_before=keep_before),
    )


def delete_change(
    place: ItemPlace,
    before: JsonObject | None,
    *,
    keep_before: bool,
    condition: Condition | None = None,
) -> Change:
    """Return the change that takes an item away that was ``before`` (``None``: absent)."""
    is_lost = before is not None and not keep_before
    return Change(
        kind="dynamodb.delete-item",
        target=target_of(place.environment),
        resource=item_resource(place.environment, place.table, place.key),
        effect=Effect.DESTROY,
        before=before,
        after=None,
        iam_actions=_IAM_ACTIONS["delete"],
        reversibility=reversibility_of(is_new=False, is_lost=is_lost),
        precondition=_precondition(place.key, before, condition, keep_before=keep_before),
    )


def reversibility_of(*, is_new: bool, is_lost: bool) -> Reversibility:
    """Return whether a write can be taken back: of a new item, or one that loses the item as it was."""
    if is_new:
        return Reversibility.COMPENSABLE
    return Reversibility.IRREVERSIBLE if is_lost else Reversibility.REVERSIBLE


def _precondition(
    key: Mapping[str, Any], before: JsonObject | None, condition: Condition | None, *, keep_before: bool
) -> JsonObject:
    return {
        "key": document_of(key),
        "condition": None if condition is None else condition.to_json(),
        **keeping(before, keep_before=keep_before),
    }


def invert_item(change: Change, aws_provider: AwsClientProvider) -> Iterator[Change]:
    """Plan the item as it was before a change, if it is as the change left it; raises ``CannotUndo``.

    Nothing of it is struck out of the journal: it has been there before.
    """
    check_before_is_kept(change)
    with undo_errors(change):
        now = present_document(change, aws_provider)
    check_left_as(change, change.after, now)
    place = ItemPlace(aws_provider.get_aws_env(), table_of(change), key_of(change))
    if change.before is None:
        yield delete_change(place, now, keep_before=True)
    else:
        yield put_change(place, now, change.before, keep_before=True)


def _apply_put(change: Change, aws_provider: AwsClientProvider) -> None:
    item = item_of(change.after)
    compared = _whole_item(change, item)

    def write() -> None:
        condition = as_planned(change, compared, given=condition_of(change))
        dynamodb_interactions.put_item(
            table_of(change),
            item,
            aws_provider,
            condition=condition.expression,
            names=condition.names,
            values=condition.values,
        )

    write_as_planned(change, write, aws_provider, drift=recheck_item)


def _apply_delete(change: Change, aws_provider: AwsClientProvider) -> None:
    def write() -> None:
        condition = as_planned(change, _whole_item(change, {}), given=condition_of(change))
        dynamodb_interactions.delete_item(
            table_of(change),
            key_of(change),
            aws_provider,
            condition=condition.expression,
            names=condition.names,
            values=condition.values,
        )

    write_as_planned(change, write, aws_provider, drift=recheck_item)


def _whole_item(change: Change, after: Item) -> list[str]:
    """Return the attributes to compare: the key's first, then those that were there, then new ones."""
    key = list(key_of(change))
    if change.before is None:
        return key[:1]
    return list(dict.fromkeys([*key, *item_of(change.before), *after]))


_IAM_ACTIONS = {
    "put": iam_actions_of("dynamodb", "DescribeTable", "GetItem", "PutItem"),
    "delete": iam_actions_of("dynamodb", "GetItem", "DeleteItem"),
}
for _name, _apply in (("put", _apply_put), ("delete", _apply_delete)):
    register(
        ChangeKind(
            f"dynamodb.{_name}-item",
            each_alone(_apply),
            recheck_item,
            read_back_item,
            is_idempotent=True,
            iam_actions=_IAM_ACTIONS[_name],
            reversibility=frozenset(Reversibility),
            invert=invert_item,
            tags=TAGS,
            census=ITEMS,
        )
    )
