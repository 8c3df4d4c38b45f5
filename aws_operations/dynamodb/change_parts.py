"""What the kinds of DynamoDB changes share: names of items, conditions on what was planned, reading again."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from aws_interactions import dynamodb_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_environment import AwsEnvironment
from aws_interactions.aws_errors import AlreadyExists, AwsInteractionError, Conflict, InvalidInput, NotFound
from aws_interactions.dynamodb_interactions import ConditionNotMet, TableDoesNotExist
from aws_operations.changes import CannotUndo, Change, JsonObject, ResultStatus
from aws_operations.dynamodb.plain_json import Item, document_of, item_of, json_line, same
from aws_operations.targets import Target

# AWS's limits are 4096 bytes and 300 operators in an expression; each comparison brings an "and" with it.
_LONGEST_EXPRESSION = 4000
_MOST_COMPARISONS = 140
_PLACEHOLDER = re.compile(r"[#:][A-Za-z0-9_]+")


class ItemAlreadyExists(AlreadyExists):
    """There is an item of that key, and replacing it was not asked for."""

    def __init__(self, table_name: str, key: Mapping[str, Any]) -> None:
        name = f"{table_name} {json_line(document_of(key))}"
        super().__init__(f"{name}: there is an item of this key", resource=name)
        self.table_name = table_name
        self.key = dict(key)


class ItemDoesNotExist(NotFound):
    """There is no item of that key, and making one was not asked for."""

    def __init__(self, table_name: str, key: Mapping[str, Any]) -> None:
        name = f"{table_name} {json_line(document_of(key))}"
        super().__init__(f"{name}: there is no item of this key", resource=name)
        self.table_name = table_name
        self.key = dict(key)


@dataclass(frozen=True, slots=True)
class Condition:
    """An expression of DynamoDB's with what it calls ``#name`` and ``:value``, signs included."""

    expression: str
    names: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> JsonObject:
        """Return it as a plan holds it."""
        return {
            "expression": self.expression,
            "names": dict(self.names),
            "values": {name: document_of({"v": value})["v"] for name, value in self.values.items()},
        }


def target_of(environment: AwsEnvironment) -> Target:
    """Return the account and region that a provider acts in."""
    return Target(environment.aws_region, environment.aws_account)


def item_resource(environment: AwsEnvironment, table_name: str, key: Mapping[str, Any]) -> str:
    """Return how a plan calls an item, which has no ARN: that of its table, a blank, the key as JSON."""
    arn = dynamodb_interactions.table_arn(table_name, environment)
    return f"{arn} {json_line(document_of(key))}"


def table_of(change: Change) -> str:
    """Return the name of the table that a change is about; of one that is not of its target, the ARN."""
    arn = change.resource.partition(" ")[0]
    place, _, name = arn.partition(":table/")
    is_here = place.split(":")[3:] == [change.target.aws_region, change.target.aws_account]
    return name if is_here else arn


def key_of(change: Change) -> Item:
    """Return the key of the item that a change is about."""
    return item_of((change.precondition or {})["key"])


def keeping(before: object, *, keep_before: bool) -> JsonObject:
    """Return what a precondition says of the item that a change takes away: that the journal drops it."""
    return {} if keep_before or before is None else {"keep_before": False}


def check_before_is_kept(change: Change) -> None:
    """Raise ``CannotUndo`` if what was there before the change is kept nowhere."""
    if not change.keeps_before:
        message = "the item as it was was not kept: next time give --keep-before"
        raise CannotUndo(message, resource=change.resource)


@contextmanager
def undo_errors(change: Change) -> Iterator[None]:
    """Raise ``CannotUndo`` where the table of a change is gone."""
    try:
        yield
    except TableDoesNotExist as error:
        raise CannotUndo("the table has gone", resource=change.resource) from error


def check_left_as(change: Change, planned: JsonObject | None, now: JsonObject | None) -> None:
    """Raise ``CannotUndo`` unless an item now is what the change left."""
    drift = drift_between(planned, now)
    if drift is not None:
        raise CannotUndo(f"{drift} since", resource=change.resource)


def present_document(change: Change, aws_provider: AwsClientProvider) -> JsonObject | None:
    """Return what the item of a change is now (GetItem, consistent), ``None`` if it is not there."""
    found = dynamodb_interactions.get_item(table_of(change), key_of(change), aws_provider, consistent=True)
    return None if found is None else document_of(found)


def drift_between(planned: JsonObject | None, now: JsonObject | None) -> str | None:
    """Say how an item differs from what was planned, ``None`` if it does not."""
    if same(planned, now):
        return None
    if planned is None:
        return "an item was put there by someone else"
    return "the item has gone" if now is None else "the item has changed"


def recheck_item(change: Change, aws_provider: AwsClientProvider) -> str | None:
    """Say how the whole item differs from what was planned."""
    return drift_between(change.before, present_document(change, aws_provider))


def status_by(change: Change, now: JsonObject | None) -> ResultStatus:
    """Return what the item as it is now says of a change whose answer was lost."""
    if same(now, change.after):
        return ResultStatus.APPLIED
    return ResultStatus.FAILED if same(now, change.before) else ResultStatus.UNKNOWN


def read_back_item(change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    """Tell by the whole item whether a change was carried out."""
    return status_by(change, present_document(change, aws_provider))


def condition_of(change: Change) -> Condition | None:
    """Return the condition that the operator gave, if there is one."""
    found = (change.precondition or {}).get("condition")
    if found is None:
        return None
    return Condition(found["expression"], found["names"], _values_of(found["values"]))


def _values_of(document: JsonObject) -> dict[str, Any]:
    return {name: item_of({"v": value})["v"] for name, value in document.items()}


def as_planned(change: Change, attributes: Iterable[str], *, given: Condition | None) -> Condition:
    """Return the condition that these attributes are still what the plan says, and what was ``given``.

    An item that was absent must still be: the first attribute, one of the key, says so. As many
    attributes are compared as an expression of DynamoDB's takes, in order.
    """
    before = None if change.before is None else {**key_of(change), **item_of(change.before)}
    prefix = free_prefix("was", given)
    names: dict[str, str] = dict(given.names) if given else {}
    values: dict[str, Any] = dict(given.values) if given else {}
    parts = [f"({given.expression})"] if given and given.expression else []
    left = _LONGEST_EXPRESSION - sum(map(len, parts))
    for index, attribute in enumerate(attributes):
        name, value = f"#{prefix}{index}", f":{prefix}{index}"
        is_there = before is not None and attribute in before
        part = f"{name} = {value}" if is_there else f"attribute_not_exists({name})"
        left -= len(part) + len(" AND ")
        if left < 0 or index >= _MOST_COMPARISONS:
            break
        parts.append(part)
        names[name] = attribute
        if before is not None and is_there:
            values[value] = before[attribute]
    return Condition(" AND ".join(parts), names, values)


def free_prefix(prefix: str, given: Condition | None) -> str:
    """Return the prefix, made longer until no name or value of a condition starts with it."""
    taken = {name[1:] for name in (*given.names, *given.values)} if given else set()
    while any(name.startswith(prefix) for name in taken):
        prefix += "_"
    return prefix


def write_as_planned(
    change: Change,
    write: Callable[[], object],
    aws_provider: AwsClientProvider,
    *,
    drift: Callable[[Change, AwsClientProvider], str | None],
) -> None:
    """Carry out a conditioned write; a condition that does not hold raises ``Conflict`` with the reason."""
    try:
        write()
    except ConditionNotMet as error:
        reason = _reason_of_refusal(change, aws_provider, drift)
        message = f"{change.resource}: {reason}; it was not touched"
        raise Conflict(message, resource=change.resource) from error.__cause__


def _reason_of_refusal(
    change: Change, aws_provider: AwsClientProvider, drift: Callable[[Change, AwsClientProvider], str | None]
) -> str:
    try:
        how = drift(change, aws_provider)
    except (AwsInteractionError, ClientError, BotoCoreError):
        # That the write was refused is certain, whatever became of looking why.
        return "the item is not as it was planned, or the condition that was given does not hold"
    return f"{how} since it was planned" if how else "the condition that was given does not hold"


def check_condition_names(condition: Condition | None) -> None:
    """Raise ``InvalidInput`` for an empty expression, and for names and values missing or misnamed."""
    if condition is None:
        return
    if not condition.expression.strip():
        raise InvalidInput("the expression is empty")
    for sign, given in (("#", condition.names), (":", condition.values)):
        wrong = next((name for name in given if not name.startswith(sign) or len(name) == 1), None)
        if wrong is not None:
            raise InvalidInput(f"{wrong!r} must start with {sign} and have a name after it")
    used = _PLACEHOLDER.findall(condition.expression)
    missing = next(
        (name for name in used if name not in condition.names and name not in condition.values), None
    )
    if missing is not None:
        kind = "names" if missing.startswith("#") else "values"
        raise InvalidInput(f"the expression uses {missing}, which is not among the {kind} that were given")
