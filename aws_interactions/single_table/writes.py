"""Writes of records: each is built once, and done by itself or with others in a transaction.

Whatever is written, a condition holds the item under the key to the model: its kind, tenant and version.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from aws_interactions.aws_errors import AwsInteractionError
from aws_interactions.dynamodb_interactions.batches import MAX_ROUNDS, Sleep, batch_write
from aws_interactions.dynamodb_interactions.errors import ConditionNotMet
from aws_interactions.dynamodb_interactions.items import delete_item, put_item, update_item
from aws_interactions.dynamodb_interactions.transactions import (
    Check,
    Delete,
    Put,
    TransactWrite,
    Update,
    transact_write,
)
from aws_interactions.single_table.errors import (
    FieldRefused,
    RecordDoesNotExist,
    RecordExists,
    StaleVersion,
    WrongEntityType,
    WrongTenant,
)
from aws_interactions.single_table.models import ItemCondition, Model

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)

T = TypeVar("T")
W = TypeVar("W", bound=TransactWrite)
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Write(Generic[W, R]):
    """One write of a record, for ``transact``; ``record`` is what a put writes, with the next version."""

    model: Model[Any]
    key: Mapping[str, str]
    write: W
    version: int | None
    record: R


@dataclass(frozen=True, slots=True)
class BatchPutOutcome(Generic[T]):
    """How many records were written, and those that DynamoDB left undone to the end."""

    written: int
    left_over: tuple[T, ...] = ()


def put(model: Model[T], record: T, aws_provider: "AwsClientProvider", *, overwrite: bool = False) -> T:
    """Write a new record, and return it as it was written (PutItem).

    Without a version in the model, there may be nothing under its key (``RecordExists``), or with
    ``overwrite`` an earlier state of it. With one, a record of version 0 is new, any other has to be there in
    just that version (``StaleVersion``, ``RecordDoesNotExist``); what is returned has the next. Raises
    ``WrongEntityType`` for something else under the key, ``ItemTooLarge`` for more than 400 KB, and
    ``AnswerLost`` as ``put_item`` does.
    """
    write = to_put(model, record, overwrite=overwrite)
    part = write.write
    _written(
        write,
        lambda: put_item(
            part.table_name, part.item, aws_provider,
            condition=part.condition, names=part.names, values=part.values,
        ),
    )  # fmt: skip
    logger.info("put a record of type %s into table %s", model.entity_type, part.table_name)
    return write.record


def update(
    model: Model[T],
    key: Mapping[str, Any],
    changes: Mapping[str, Any],
    aws_provider: "AwsClientProvider",
    *,
    version: int | None = None,
) -> T:
    """Give fields of a record new values, and return it as it then is (UpdateItem).

    ``key`` has the fields of the table's key, which ``changes`` may not touch. Index keys follow; where one
    has fields besides those that change, these are to be given as well. A version is counted up;
    ``version`` wants that very one first (``StaleVersion``). Raises ``RecordDoesNotExist``; it is never sent
    again after a lost answer: then ``AnswerLost`` is raised.
    """
    write = to_update(model, key, changes, version=version)
    part = write.write
    item = _written(
        write,
        lambda: update_item(
            part.table_name, part.key, aws_provider, assign=part.assign, remove=part.remove, add=part.add,
            condition=part.condition, names=part.names, values=part.values,
        ),
    )  # fmt: skip
    logger.info("updated a record of type %s in table %s", model.entity_type, part.table_name)
    return model.record_of(item)


def delete(
    model: Model[T],
    key: Mapping[str, Any],
    aws_provider: "AwsClientProvider",
    *,
    version: int | None = None,
) -> T | None:
    """Delete a record and return it as it was; ``None`` if there was none (DeleteItem).

    ``version`` wants that very one (``StaleVersion``, ``RecordDoesNotExist``). Raises ``WrongEntityType``
    for something else under the key.
    """
    write = to_delete(model, key, version=version)
    part = write.write
    item = _written(
        write,
        lambda: delete_item(
            part.table_name, part.key, aws_provider,
            condition=part.condition, names=part.names, values=part.values,
        ),
    )  # fmt: skip
    logger.info("deleted a record of type %s from table %s", model.entity_type, part.table_name)
    return None if item is None else model.record_of(item)


def transact(
    writes: Sequence[Write[Any, Any]], aws_provider: "AwsClientProvider", *, client_token: str | None = None
) -> str:
    """Do all the writes or none of them, and return the client token (TransactWriteItems).

    1 to 100 of what ``to_put``, ``to_update``, ``to_delete`` and ``to_check`` return. Raises
    ``TransactionCancelled`` with a reason for each write, in order; ``WrongTenant`` if they are of several
    tenants, before anything is sent. The token is as in ``transact_write``.
    """
    tenants = {write.model.bound_tenant for write in writes} - {None}
    if len(tenants) > 1:
        raise WrongTenant(", ".join(sorted({write.model.entity_type for write in writes})), "transaction")
    return transact_write([write.write for write in writes], aws_provider, client_token=client_token)


def batch_put(
    model: Model[T],
    records: Iterable[T],
    aws_provider: "AwsClientProvider",
    *,
    sleep: Sleep = time.sleep,
    max_rounds: int = MAX_ROUNDS,
) -> BatchPutOutcome[T]:
    """Write records in place of what is under their keys, and return those left undone (BatchWriteItem).

    25 a call, sent again as ``batch_write`` does, whose options and errors these are. A batch knows no
    conditions, so that a model with a version is refused (``FieldRefused``).
    """
    if model.version is not None:
        raise FieldRefused(model.version, "a batch checks no versions; use put or transact")
    given = list(records)
    outcome = batch_write(
        model.table.name,
        [model.item_of(record) for record in given],
        [],
        aws_provider,
        key_names=model.table.key_names,
        sleep=sleep,
        max_rounds=max_rounds,
    )
    return BatchPutOutcome(outcome.written, tuple(given[left.index] for left in outcome.left_over))


def to_put(model: Model[T], record: T, *, overwrite: bool = False) -> Write[Put, T]:
    """Return the write that ``put`` does."""
    version = None if model.version is None else getattr(record, model.version)
    if overwrite and model.version is not None:
        raise FieldRefused(model.version, "a record with a version is never overwritten unseen")
    written = _next(model, record)
    item = model.item_of(written)
    key = {name: item[name] for name in model.table.key_names}
    condition = model.own_items(version) if version else _nothing_there(model)
    if overwrite:
        condition = condition.or_else(model.own_items())
    return Write(model, key, Put(model.table.name, item, *condition), version or None, written)


def to_update(
    model: Model[Any], key: Mapping[str, Any], changes: Mapping[str, Any], *, version: int | None = None
) -> Write[Update, None]:
    """Return the write that ``update`` does."""
    item_key = _key(model, key, version)
    assign, remove = _changed(model, key, changes)
    add = {(model.version,): 1} if model.version is not None else None
    update_part = Update(
        model.table.name,
        item_key,
        assign=assign,
        remove=remove,
        add=add,
        **model.own_items(version)._asdict(),
    )
    return Write(model, item_key, update_part, version, None)


def to_delete(
    model: Model[Any], key: Mapping[str, Any], *, version: int | None = None
) -> Write[Delete, None]:
    """Return the write that ``delete`` does."""
    item_key = _key(model, key, version)
    condition = model.own_items(version)
    if version is None:
        condition = _nothing_there(model).or_else(condition)
    return Write(model, item_key, Delete(model.table.name, item_key, *condition), version, None)


def to_check(model: Model[Any], key: Mapping[str, Any], *, version: int | None = None) -> Write[Check, None]:
    """Return a part of a transaction that writes nothing, and wants the record to be there."""
    item_key = _key(model, key, version)
    return Write(model, item_key, Check(model.table.name, item_key, *model.own_items(version)), version, None)


def _nothing_there(model: Model[Any]) -> ItemCondition:
    return ItemCondition("attribute_not_exists(#partition)", {"#partition": model.table.partition_key}, {})


def _key(model: Model[Any], key: Mapping[str, Any], version: int | None) -> dict[str, str]:
    if version is not None and model.version is None:
        raise FieldRefused("version", f"{model.entity_type} has none")
    return model.key_of(key)


def _changed(
    model: Model[Any], key: Mapping[str, Any], changes: Mapping[str, Any]
) -> tuple[dict[Any, Any], list[tuple[str]]]:
    """Return what to assign and what to remove, index keys included."""
    if not changes:
        raise FieldRefused(model.entity_type, "nothing is to be changed")
    fixed = {*model.keys.field_names, model.version, model.tenant}
    for name in changes:
        if name not in model.codecs:
            raise FieldRefused(name, f"{model.entity_type} has no such field")
        if name in fixed:
            raise FieldRefused(name, "it is in the key, or counted by itself: an update cannot change it")
    assign: dict[Any, Any] = {
        (name,): model.codecs[name].codec.to_value(value, name) for name, value in changes.items()
    }
    remove: list[tuple[str]] = []
    known = {**{name: key[name] for name in model.keys.field_names if name in key}, **changes}
    for index_name, keys in model.index_keys.items():
        if not keys.field_names & changes.keys():
            continue
        attributes = [name for name in keys.attributes if name not in model.table.key_names]
        index_key = model.index_key_of(index_name, known)
        if index_key is None:
            remove += [(name,) for name in attributes]
        else:
            assign.update({(name,): index_key[name] for name in attributes})
    return assign, remove


def _next(model: Model[T], record: T) -> T:
    """Return the record as it is written: one write later, where its writes are counted."""
    if model.version is None:
        return record
    version = getattr(record, model.version)
    if not isinstance(version, int) or isinstance(version, bool) or version < 0:
        raise FieldRefused(model.version, f"{version!r} counts no writes")
    changed: Any = replace(record, **{model.version: version + 1})  # type: ignore[type-var]  # a dataclass
    written: T = changed
    return written


def _written(write: Write[Any, Any], send: Callable[[], R]) -> R:
    """Send a write, and say of a condition that did not hold what was wrong."""
    try:
        return send()
    except ConditionNotMet as error:
        raise _refusal(write, error) from error.__cause__


def _refusal(write: Write[Any, Any], error: ConditionNotMet) -> AwsInteractionError:
    model, found = write.model, error.item
    table_name = model.table.name
    wants_nothing = isinstance(write.write, Put) and write.version is None
    if found is None:
        return (RecordExists if wants_nothing else RecordDoesNotExist)(table_name, write.key)
    kind = found.get(model.table.type_attribute)
    if kind != model.entity_type:
        return WrongEntityType(table_name, write.key, model.entity_type, kind)
    if model.tenant is not None and found.get(model.tenant) != model.bound_tenant:
        return WrongTenant(model.entity_type, "item")
    if wants_nothing:
        return RecordExists(table_name, write.key)
    return StaleVersion(table_name, write.key, write.version or 0, found.get(model.version or ""))
