"""Reads of records: by key, by partition, all; what is not the model's never comes out."""

import base64
import binascii
import json
import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from aws_interactions.aws_errors import InvalidInput
from aws_interactions.dynamodb_interactions import batches, items, queries, scans
from aws_interactions.dynamodb_interactions.queries import SortComparison, SortCondition
from aws_interactions.dynamodb_interactions.values import Item
from aws_interactions.single_table.errors import FieldRefused, WrongTenant
from aws_interactions.single_table.key_templates import KeyTemplate, Leading
from aws_interactions.single_table.models import Model

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)

T = TypeVar("T")

Fields = Mapping[str, Any]
# How many items a call reads at least: other kinds may stand between those that are wanted.
_LEAST_PAGE = 50


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some records, and the token for those behind them; ``None`` if these were the last."""

    records: tuple[T, ...]
    next_token: str | None = None


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A key as it was given, and its record; ``None`` if there is none."""

    key: Fields
    record: T | None


def get(
    model: Model[T], key: Fields, aws_provider: "AwsClientProvider", *, consistent: bool = False
) -> T | None:
    """Return the record with the fields of the table's key, ``None`` if there is none (GetItem).

    Raises ``WrongEntityType`` for something else under the key, ``ItemDoesNotFit``; ``consistent`` as in
    ``get_item``.
    """
    logger.debug("get a record of type %s", model.entity_type)
    item = items.get_item(
        model.table.name,
        model.key_of(key),
        aws_provider,
        attributes=model.projection,
        consistent=consistent,
    )
    return None if item is None else model.record_of(item)


def query(
    model: Model[T],
    partition: Fields,
    aws_provider: "AwsClientProvider",
    *,
    index: str | None = None,
    begins_with: Fields | None = None,
    between: tuple[Fields, Fields] | None = None,
    reverse: bool = False,
    limit: int | None = None,
    consistent: bool = False,
) -> Iterator[T]:
    """Yield the model's records in a partition of the table or of an index, in order (Query).

    ``partition`` has the fields of the partition's template. ``begins_with`` has the first fields of the
    sort key's, each whole, the last one perhaps a ``Beginning``; ``between`` has two of these, and includes
    what begins with either. ``limit`` counts records, ``reverse`` starts with the last one. Pages are read as
    records are taken. Raises ``FieldRefused``, ``KeyPartRefused``, ``IndexDoesNotExist`` and those of
    ``get``.
    """
    found = _items(
        model,
        _asked(model, partition, index, begins_with, between),
        aws_provider,
        index=index,
        reverse=reverse,
        limit=limit,
        consistent=consistent,
    )
    return map(model.record_of, found)


def query_page(
    model: Model[T],
    partition: Fields,
    aws_provider: "AwsClientProvider",
    *,
    size: int,
    token: str | None = None,
    index: str | None = None,
    begins_with: Fields | None = None,
    between: tuple[Fields, Fields] | None = None,
    reverse: bool = False,
    consistent: bool = False,
) -> Page[T]:
    """Return up to ``size`` records, as ``query`` yields them, and the token for the next ones (Query).

    The token is text for a URL. It is readable, and changed by whoever likes: one that leads out of the
    partition raises ``InvalidInput``, or ``WrongTenant``.
    """
    if size < 1:
        message = f"a page of {size} records: it has 1 or more"
        raise InvalidInput(message)
    asked = _asked(model, partition, index, begins_with, between)
    names = _token_names(model, index)
    found = list(
        _items(
            model,
            asked,
            aws_provider,
            index=index,
            reverse=reverse,
            # One more tells whether these were the last.
            limit=size + 1,
            consistent=consistent,
            start=None if token is None else _start(model, token, names, asked.partition),
            more_attributes=names,
        )
    )
    records = tuple(model.record_of(item) for item in found[:size])
    more = len(found) > size
    return Page(records, _token({name: found[size - 1][name] for name in names}) if more else None)


def scan(
    model: Model[T],
    aws_provider: "AwsClientProvider",
    *,
    segments: int = 1,
    segment: int | None = None,
    limit: int | None = None,
    consistent: bool = False,
) -> Iterator[T]:
    """Yield all records of the model, in no order to rely on (Scan).

    AWS reads, and charges, the whole table for it, other tenants' items too, and hands out the model's
    alone. The options are as in ``scan`` of tables.
    """
    text, names, values = model.own_items()
    if model.tenant is not None:
        text += " AND begins_with(#partition, :partition)"
        names["#partition"], values[":partition"] = model.table.partition_key, model.tenant_prefix()
    found = scans.scan(
        model.table.name,
        aws_provider,
        segments=segments,
        segment=segment,
        limit=limit,
        attributes=model.projection,
        filter=text,
        names=names,
        values=values,
        consistent=consistent,
    )
    return map(model.record_of, found)


def batch_get(
    model: Model[T],
    keys: Iterable[Fields],
    aws_provider: "AwsClientProvider",
    *,
    consistent: bool = False,
    sleep: batches.Sleep = time.sleep,
    max_rounds: int = batches.MAX_ROUNDS,
) -> Iterator[Found[T]]:
    """Yield each key with its record, in the order given (BatchGetItem).

    The options and errors are those of ``batch_get`` of items: keys that stay unread are named at the end.
    """
    given = list(keys)
    by_key = {tuple(model.key_of(key).values()): key for key in given}
    found = batches.batch_get(
        model.table.name,
        [model.key_of(key) for key in given],
        aws_provider,
        attributes=model.projection,
        consistent=consistent,
        sleep=sleep,
        max_rounds=max_rounds,
    )
    return (
        Found(by_key[tuple(key.values())], None if item is None else model.record_of(item))
        for key, item in found
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """A key condition: the partition, by its attribute, and the range of the sort key."""

    partition: dict[str, str]
    sort: SortCondition | None


def _asked(
    model: Model[Any],
    partition: Fields,
    index: str | None,
    begins_with: Fields | None,
    between: tuple[Fields, Fields] | None,
) -> _Asked:
    keys = model.keys_of(index)
    template, *sort_templates = keys.templates
    text = template.whole(model.of_tenant(partition, "key"), model.codecs)
    asked = {keys.attributes[0]: text}
    if not sort_templates:
        if begins_with is not None or between is not None:
            raise FieldRefused(index or model.table.name, "there is no sort key to compare")
        return _Asked(asked, None)
    sort = _sort(model, keys.attributes[1], sort_templates[0], begins_with, between)
    return _Asked(asked, sort)


def _sort(
    model: Model[Any],
    attribute: str,
    template: KeyTemplate,
    begins_with: Fields | None,
    between: tuple[Fields, Fields] | None,
) -> SortCondition | None:
    if between is None:
        first = _leading(model, template, begins_with or {})
        if first.is_whole:
            return SortCondition(attribute, SortComparison.EQUAL, first.text)
        return SortCondition(attribute, SortComparison.BEGINS_WITH, first.text) if first.text else None
    if begins_with is not None:
        raise FieldRefused(template.text, "it is asked for by begins_with or by between, not by both")
    lower, upper = (_leading(model, template, fields) for fields in between)
    if lower.text.encode() > upper.last.encode():
        raise FieldRefused(template.text, "between: the first is behind the second")
    if not lower.text:
        return SortCondition(attribute, SortComparison.AT_MOST, upper.last)
    return SortCondition(attribute, SortComparison.BETWEEN, lower.text, upper.last)


def _leading(model: Model[Any], template: KeyTemplate, fields: Fields) -> Leading:
    bound = model.of_tenant(fields, "key")
    if model.tenant is not None and model.tenant not in template.field_names:
        del bound[model.tenant]
    return template.leading(bound, model.codecs)


def _items(
    model: Model[Any],
    asked: _Asked,
    aws_provider: "AwsClientProvider",
    *,
    index: str | None,
    reverse: bool,
    limit: int | None,
    consistent: bool,
    start: Mapping[str, str] | None = None,
    more_attributes: Iterable[str] = (),
) -> Iterator[Item]:
    text, names, values = model.own_items()
    return queries.query(
        model.table.name,
        asked.partition,
        aws_provider,
        sort=asked.sort,
        index=index,
        reverse=reverse,
        limit=limit,
        page_size=None if limit is None else max(limit, _LEAST_PAGE),
        start=start,
        attributes=[*model.projection, *((name,) for name in more_attributes)],
        filter=text,
        names=names,
        values=values,
        consistent=consistent,
    )


def _token_names(model: Model[Any], index: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*model.table.key_names, *model.keys_of(index).attributes)))


def _token(key: Mapping[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _start(
    model: Model[Any], token: str, names: tuple[str, ...], partition: Mapping[str, str]
) -> dict[str, str]:
    try:
        key = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (binascii.Error, ValueError):
        key = None
    is_key = isinstance(key, dict) and all(isinstance(key.get(name), str) for name in names)
    if not is_key or len(key) != len(names):
        message = "this token was not given by a page of the same query"
        raise InvalidInput(message)
    if not key[model.table.partition_key].startswith(model.tenant_prefix()):
        raise WrongTenant(model.entity_type, "page token")
    if any(key[name] != value for name, value in partition.items()):
        message = "this token was given by a page of another partition"
        raise InvalidInput(message)
    return {name: key[name] for name in names}
