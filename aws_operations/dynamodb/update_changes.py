"""Updates of items: the outcome is worked out when planned, and written only if nothing of it has moved.

So a lost answer can be read back, and a counter is never counted twice.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import Any

from aws_interactions import dynamodb_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import InvalidInput
from aws_interactions.dynamodb_interactions import from_attribute, to_attribute, to_item
from aws_interactions.service_operations import iam_actions_of
from aws_operations.changes import (
    CannotUndo,
    Change,
    ChangeKind,
    Effect,
    JsonObject,
    ResultStatus,
    Reversibility,
    each_alone,
    register,
)
from aws_operations.dynamodb.change_parts import (
    Condition,
    ItemDoesNotExist,
    as_planned,
    check_before_is_kept,
    check_condition_names,
    check_left_as,
    condition_of,
    drift_between,
    free_prefix,
    item_resource,
    keeping,
    key_of,
    present_document,
    status_by,
    table_of,
    target_of,
    undo_errors,
    write_as_planned,
)
from aws_operations.dynamodb.guard_parts import ITEMS, TAGS
from aws_operations.dynamodb.item_changes import ItemPlace, delete_change, reversibility_of
from aws_operations.dynamodb.plain_json import Item, document_of, item_of, same
from aws_operations.targets import fill_template

# More digits than any sum of two of DynamoDB's numbers has, so that none is rounded before it is refused.
_EXACTLY = Context(prec=400)


@dataclass(frozen=True, slots=True)
class ItemUpdate:
    """What to do to an item: by attribute, or else by an update expression of DynamoDB's.

    ``assign`` replaces values, ``remove`` takes attributes away, ``add`` adds to a number or a set, an
    absent one counting as 0 or empty. Names are those of whole attributes.
    """

    assign: Mapping[str, Any] = field(default_factory=dict)
    remove: Sequence[str] = ()
    add: Mapping[str, Any] = field(default_factory=dict)
    expression: Condition | None = None

    @property
    def attributes(self) -> list[str]:
        """The attributes that it names, those to add to first; an expression's are not known."""
        return [*self.add, *self.assign, *self.remove]


def plan_update(
    table_name: str,
    key: Mapping[str, Any],
    update: ItemUpdate,
    aws_provider: AwsClientProvider,
    *,
    create: bool = False,
    condition: Condition | None = None,
    keep_before: bool = False,
) -> Iterator[Change]:
    """Plan an update of an item; an absent one is an error (``ItemDoesNotExist``) unless ``create``.

    The plan holds the attributes that are named, as they are and as they will be. ``condition`` has to
    hold as well when the item is written. What an expression will make of the item is not worked out:
    such a plan shows the expression, and is tied to the whole item as it is. ``keep_before``: values that
    are replaced or taken away stay in the journal, so that the change can be undone.
    """
    _check(update, key, condition)
    table = fill_template(table_name, aws_provider)
    existing = dynamodb_interactions.get_item(table, key, aws_provider, consistent=True)
    if existing is None and not create:
        raise ItemDoesNotExist(table, key)
    place = ItemPlace(aws_provider.get_aws_env(), table, key)
    yield _change(place, existing, update, condition=condition, keep_before=keep_before)


def _change(
    place: ItemPlace,
    existing: Item | None,
    update: ItemUpdate,
    *,
    condition: Condition | None = None,
    keep_before: bool,
) -> Change:
    key, effect = place.key, _effect(existing, update)
    before = _concerned(existing, update)
    # Of what an addition alone makes, the item as it was can be told all the same.
    is_lost = effect is Effect.OVERWRITE and not keep_before
    after = (
        update.expression.to_json()
        if update.expression is not None
        else _concerned(_updated(dict(key) if existing is None else existing, update), update)
    )
    return Change(
        kind="dynamodb.update-item",
        target=target_of(place.environment),
        resource=item_resource(place.environment, place.table, key),
        effect=effect,
        before=before,
        after=after,
        iam_actions=_IAM_ACTIONS,
        reversibility=_reversibility(existing, update, is_lost=is_lost),
        precondition={
            "key": document_of(key),
            "condition": None if condition is None else condition.to_json(),
            "update": _update_document(update),
            **keeping(before, keep_before=not is_lost),
        },
    )


def _reversibility(existing: Item | None, update: ItemUpdate, *, is_lost: bool) -> Reversibility:
    if update.expression is not None and not is_lost:
        # What it makes of the item is not known, so that only somebody who looks can take it back.
        return Reversibility.COMPENSABLE
    return reversibility_of(is_new=existing is None, is_lost=is_lost)


def _check(update: ItemUpdate, key: Mapping[str, Any], condition: Condition | None) -> None:
    check_condition_names(condition)
    check_condition_names(update.expression)
    to_item(key)
    to_item(update.assign)
    to_item(update.add)
    attributes = update.attributes
    if bool(attributes) is (update.expression is not None):
        raise InvalidInput("an update is of attributes, or by an expression: one of the two")
    for name in attributes:
        _check_attribute(name, attributes, key)


def _check_attribute(name: str, attributes: Sequence[str], key: Mapping[str, Any]) -> None:
    if not name:
        raise InvalidInput("an attribute's name is empty")
    if name in key:
        raise InvalidInput(
            f"{name} is of the key, which no update changes: put a new item, delete the old one"
        )
    if attributes.count(name) > 1:
        raise InvalidInput(f"{name} is given more than once in one update")
    if "." in name or "[" in name:
        raise InvalidInput(
            f"{name}: an update names whole attributes; parts of one are reached by an expression"
        )


def _updated(item: Item, update: ItemUpdate) -> Item:
    after = {name: value for name, value in item.items() if name not in update.remove} | dict(update.assign)
    for name, value in update.add.items():
        after[name] = _sum(name, item.get(name), value)
    to_item(after)
    return after


def _sum(name: str, present: Any, given: Any) -> Any:
    # As it will come back: numbers are decimals, and sets hold one type.
    added = from_attribute(to_attribute(given))
    if not isinstance(added, set | Decimal):
        raise InvalidInput(f"{name}: what is added is a number or a set")
    if present is None:
        return added
    if isinstance(added, Decimal) and isinstance(present, Decimal):
        return _EXACTLY.add(present, added)
    if isinstance(added, set) and isinstance(present, set) and _types_in(added) == _types_in(present):
        return present | added
    raise InvalidInput(f"{name} is of another type than what is added to it")


def _types_in(elements: set[Any]) -> set[type]:
    return {type(element) for element in elements}


def _effect(existing: Item | None, update: ItemUpdate) -> Effect:
    if existing is None:
        return Effect.CREATE
    if update.expression is not None:
        return Effect.OVERWRITE
    replaced = [name for name in update.assign if name in existing]
    takes_away = any(name in existing for name in update.remove) or not same(
        *(document_of({name: item[name] for name in replaced}) for item in (existing, update.assign))
    )
    return Effect.OVERWRITE if takes_away else Effect.UPDATE


def _update_document(update: ItemUpdate) -> JsonObject:
    if update.expression is not None:
        return {"expression": update.expression.to_json()}
    return {
        "assign": document_of(update.assign),
        "remove": list(update.remove),
        "add": document_of(update.add),
    }


def _update_of(change: Change) -> ItemUpdate:
    found = (change.precondition or {})["update"]
    if "expression" not in found:
        return ItemUpdate(item_of(found["assign"]), found["remove"], item_of(found["add"]))
    given = found["expression"]
    values = {name: item_of({"v": value})["v"] for name, value in given["values"].items()}
    return ItemUpdate(expression=Condition(given["expression"], given["names"], values))


def _expression_of(update: ItemUpdate, given: Condition | None) -> Condition:
    """Return the update as an expression, each name behind a placeholder: many are reserved words."""
    if update.expression is not None:
        return update.expression
    prefix = free_prefix("new", given)
    placeholders = {name: f"{prefix}{index}" for index, name in enumerate(update.attributes)}
    parts = {
        "SET": [f"#{placeholders[name]} = :{placeholders[name]}" for name in update.assign],
        "REMOVE": [f"#{placeholders[name]}" for name in update.remove],
        "ADD": [f"#{placeholders[name]} :{placeholders[name]}" for name in update.add],
    }
    return Condition(
        " ".join(f"{verb} {', '.join(clauses)}" for verb, clauses in parts.items() if clauses),
        {f"#{placeholder}": name for name, placeholder in placeholders.items()},
        {f":{placeholders[name]}": value for name, value in {**update.assign, **update.add}.items()},
    )


def _apply(change: Change, aws_provider: AwsClientProvider) -> None:
    update = _update_of(change)
    given = condition_of(change)
    expression = _expression_of(update, given)
    # The user's condition and an update's expression share their names and values.
    both = Condition(
        given.expression if given else "",
        {**expression.names, **(given.names if given else {})},
        {**expression.values, **(given.values if given else {})},
    )
    condition = as_planned(change, _compared(change, update), given=both)

    def write() -> None:
        dynamodb_interactions.update_item(
            table_of(change),
            key_of(change),
            aws_provider,
            expression=expression.expression,
            condition=condition.expression,
            names=condition.names,
            values=condition.values,
        )

    write_as_planned(change, write, aws_provider, drift=_recheck)


def _compared(change: Change, update: ItemUpdate) -> list[str]:
    key = list(key_of(change))
    if change.before is None:
        return key[:1]
    others = update.attributes if update.expression is None else item_of(change.before)
    return list(dict.fromkeys([*key, *others]))


def _concerned(item: Item | None, update: ItemUpdate) -> JsonObject | None:
    """Return what an update depends on, the attributes that it names or else the whole item."""
    if item is None:
        return None
    named = item if update.expression is not None else update.attributes
    return document_of({name: value for name, value in item.items() if name in named})


def _present(change: Change, aws_provider: AwsClientProvider) -> JsonObject | None:
    found = present_document(change, aws_provider)
    return _concerned(None if found is None else item_of(found), _update_of(change))


def _recheck(change: Change, aws_provider: AwsClientProvider) -> str | None:
    return drift_between(change.before, _present(change, aws_provider))


def _read_back(change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    # What an expression would have made of the item nobody knows; that nothing has happened can be seen.
    return status_by(change, _present(change, aws_provider))


def _invert(change: Change, aws_provider: AwsClientProvider) -> Iterator[Change]:
    check_before_is_kept(change)
    update = _update_of(change)
    if update.expression is not None:
        message = "what the expression made of it is not known, so nobody can tell whether it changed since"
        raise CannotUndo(message, resource=change.resource)
    with undo_errors(change):
        now = present_document(change, aws_provider)
    place = ItemPlace(aws_provider.get_aws_env(), table_of(change), key_of(change))
    if change.before is None:
        check_left_as(change, {**document_of(place.key), **(change.after or {})}, now)
        yield delete_change(place, now, keep_before=True)
        return
    item = None if now is None else item_of(now)
    check_left_as(change, change.after, _concerned(item, update))
    before, after = item_of(change.before), item_of(change.after)
    back = ItemUpdate(assign=before, remove=[name for name in after if name not in before])
    yield _change(place, item, back, keep_before=True)


_IAM_ACTIONS = iam_actions_of("dynamodb", "GetItem", "UpdateItem")
register(
    ChangeKind(
        "dynamodb.update-item",
        each_alone(_apply),
        _recheck,
        _read_back,
        iam_actions=_IAM_ACTIONS,
        reversibility=frozenset(Reversibility),
        invert=_invert,
        tags=TAGS,
        census=ITEMS,
    )
)
