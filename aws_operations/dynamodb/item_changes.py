"""Items put, updated and deleted one by one, each conditioned on what was planned.

Between looking again and writing, others may write too. So each write carries the planned attributes of
the item as a condition, and DynamoDB itself refuses what would lose a change of these. No condition speaks
of a whole item: an attribute that neither the old nor the new item has, and that others add in between, is
lost, and so are changes past the first 140 attributes.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from aws_interactions import dynamodb_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.dynamodb_interactions import to_item
from aws_interactions.service_operations import iam_actions_of
from aws_operations.changes import Change, ChangeKind, Effect, Reversibility, each_alone, register
from aws_operations.dynamodb.change_parts import (
    Condition,
    ItemAlreadyExists,
    as_planned,
    check_condition_names,
    condition_of,
    item_resource,
    key_of,
    read_back_item,
    recheck_item,
    table_of,
    target_of,
    write_as_planned,
)
from aws_operations.dynamodb.plain_json import Item, document_of, item_of
from aws_operations.dynamodb.table_keys import checked_key
from aws_operations.targets import fill_template


def plan_put(
    table_name: str,
    item: Mapping[str, Any],
    aws_provider: AwsClientProvider,
    *,
    overwrite: bool,
    condition: Condition | None = None,
) -> Iterator[Change]:
    """Plan an item of a table; one that is there is an error (``ItemAlreadyExists``) unless ``overwrite``.

    ``condition`` has to hold as well when the item is written.
    """
    check_condition_names(condition)
    to_item(item)
    table = fill_template(table_name, aws_provider)
    key = checked_key(dynamodb_interactions.describe_table(table, aws_provider), item)
    existing = dynamodb_interactions.get_item(table, key, aws_provider, consistent=True)
    if existing is not None and not overwrite:
        raise ItemAlreadyExists(table, key)
    environment = aws_provider.get_aws_env()
    yield Change(
        kind="dynamodb.put-item",
        target=target_of(environment),
        resource=item_resource(environment, table, key),
        effect=Effect.CREATE if existing is None else Effect.OVERWRITE,
        before=None if existing is None else document_of(existing),
        after=document_of(item),
        iam_actions=iam_actions_of("dynamodb", "DescribeTable", "GetItem", "PutItem"),
        reversibility=Reversibility.COMPENSABLE if existing is None else Reversibility.REVERSIBLE,
        precondition={
            "key": document_of(key),
            "condition": None if condition is None else condition.to_json(),
        },
    )


def plan_delete(
    table_name: str,
    key: Mapping[str, Any],
    aws_provider: AwsClientProvider,
    *,
    condition: Condition | None = None,
) -> Iterator[Change]:
    """Plan the end of an item; an absent one is nothing to do, an absent table an error.

    ``condition`` has to hold as well when the item is deleted.
    """
    check_condition_names(condition)
    to_item(key)
    table = fill_template(table_name, aws_provider)
    existing = dynamodb_interactions.get_item(table, key, aws_provider, consistent=True)
    environment = aws_provider.get_aws_env()
    yield Change(
        kind="dynamodb.delete-item",
        target=target_of(environment),
        resource=item_resource(environment, table, key),
        effect=Effect.DESTROY,
        before=None if existing is None else document_of(existing),
        after=None,
        iam_actions=iam_actions_of("dynamodb", "GetItem", "DeleteItem"),
        reversibility=Reversibility.COMPENSABLE,
        precondition={
            "key": document_of(key),
            "condition": None if condition is None else condition.to_json(),
        },
    )


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


for _name, _apply in (("put", _apply_put), ("delete", _apply_delete)):
    register(
        ChangeKind(
            f"dynamodb.{_name}-item", each_alone(_apply), recheck_item, read_back_item, is_idempotent=True
        )
    )
