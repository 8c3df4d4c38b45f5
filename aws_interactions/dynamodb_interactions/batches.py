"""Many items with few calls; what DynamoDB leaves unprocessed is sent again with back-off."""

import logging
import random
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_interactions.aws_errors import AwsInteractionError, Throttled, Unavailable
from aws_interactions.dynamodb_interactions.errors import KeysNotRead, table_errors, table_resource
from aws_interactions.dynamodb_interactions.expressions import AttributePath, Expressions, steps_of
from aws_interactions.dynamodb_interactions.keys import identity_of, key_of, refuse_duplicates
from aws_interactions.dynamodb_interactions.values import Item, Numbers, from_item, number_reader, to_item

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)

MAX_GETS = 100
# So many items of 400 KB each stay under the 16 MB that a call may have.
MAX_WRITES = 25
MAX_ROUNDS = 8
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 5.0

Sleep = Callable[[float], Any]
_Pending = dict[Hashable, Any]


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """One write of a batch: ``item`` is what to put under the key, ``None`` to delete it.

    ``index`` is its place among the puts and then the deletes, from 0.
    """

    index: int
    key: Mapping[str, Any]
    item: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class BatchWriteOutcome:
    """How many writes of a batch were done, and those that DynamoDB left undone to the end."""

    written: int
    left_over: tuple[WriteRequest, ...] = ()


def batch_get(
    table_name: str,
    keys: Iterable[Mapping[str, Any]],
    aws_provider: "AwsClientProvider",
    *,
    attributes: Iterable[AttributePath] | None = None,
    consistent: bool = False,
    numbers: Numbers | str = Numbers.DECIMAL,
    sleep: Sleep = time.sleep,
    max_rounds: int = MAX_ROUNDS,
) -> Iterator[tuple[Mapping[str, Any], Item | None]]:
    """Yield each key with its item, ``None`` for an absent one, in the order given (BatchGetItem).

    100 keys a call. What DynamoDB leaves unprocessed is asked for again after growing pauses; keys of
    which it reads none in ``max_rounds`` calls on end are left out, and named by ``KeysNotRead`` after the
    rest. The same key twice raises ``DuplicateKeys`` before anything is sent. ``attributes`` and
    ``numbers`` are as in ``get_item``.
    """
    given = list(keys)
    logger.debug("batch_get table=%s keys=%d", table_name, len(given))
    sent = [key_of(to_item(key), key) for key in given]
    refuse_duplicates(table_name, sent)
    number_reader(numbers)
    request, unwanted = _reading(attributes, sent, consistent=consistent)
    client: Any = aws_provider.get_dynamodb()
    unread: list[Mapping[str, Any]] = []
    for start in range(0, len(sent), MAX_GETS):
        chunk = {identity_of(key): key for key in sent[start : start + MAX_GETS]}
        reading = _Reading(client, table_name, request, tuple(sent[0]))
        left = _in_rounds(table_name, chunk, reading.read, identity_of, sleep, max_rounds)
        for identity, asked in zip(chunk, given[start : start + MAX_GETS], strict=True):
            if identity in left:
                unread.append(asked)
            else:
                yield asked, _item(reading.found.get(identity), unwanted, numbers)
    if unread:
        raise KeysNotRead(table_name, unread)


def batch_write(
    table_name: str,
    puts: Iterable[Mapping[str, Any]],
    deletes: Iterable[Mapping[str, Any]],
    aws_provider: "AwsClientProvider",
    *,
    key_names: Sequence[str],
    sleep: Sleep = time.sleep,
    max_rounds: int = MAX_ROUNDS,
) -> BatchWriteOutcome:
    """Put whole items and delete keys, and return what was done and what was not (BatchWriteItem).

    25 writes a call, without conditions. What DynamoDB leaves unprocessed is sent again after growing
    pauses; writes of which it does none in ``max_rounds`` calls on end are ``left_over``. Before anything
    is sent, ``DuplicateKeys`` is raised for a key that is there twice and ``InvalidInput`` for an item
    without its key; ``key_names`` are the table's.

    Any other error ends it: of the call at hand nothing is known, and a note on the error says how many
    were written before. Give 25 at a time to know each.
    """
    requests = [
        *(_WireRequest.put(item, key_names) for item in puts),
        *(_WireRequest.delete(key, key_names) for key in deletes),
    ]
    logger.debug("batch_write table=%s writes=%d", table_name, len(requests))
    refuse_duplicates(table_name, [request.key for request in requests])
    client: Any = aws_provider.get_dynamodb()

    def write(pending: _Pending) -> Iterator[Mapping[str, Any]]:
        with table_errors(table_name):
            answer = client.batch_write_item(RequestItems={table_name: list(pending.values())})
        for part in answer.get("UnprocessedItems", {}).values():
            yield from part

    left: set[Hashable] = set()
    for start in range(0, len(requests), MAX_WRITES):
        chunk = requests[start : start + MAX_WRITES]
        pending = {identity_of(request.key): request.wire for request in chunk}
        try:
            left |= _in_rounds(
                table_name,
                pending,
                write,
                lambda wire: _identity_of_write(wire, key_names),
                sleep,
                max_rounds,
            )
        except AwsInteractionError as error:
            error.add_note(f"{start - len(left)} of {len(requests)} writes were done in the calls before")
            raise
    left_over = tuple(
        WriteRequest(index, from_item(request.key), request.item())
        for index, request in enumerate(requests)
        if identity_of(request.key) in left
    )
    logger.info("wrote %d items of table %s, left %d", len(requests) - len(left), table_name, len(left))
    return BatchWriteOutcome(len(requests) - len(left), left_over)


class _Reading:
    """The items found by now of one call's keys."""

    def __init__(
        self, client: Any, table_name: str, request: Mapping[str, Any], key_names: Sequence[str]
    ) -> None:
        self._client = client
        self._table_name = table_name
        self._request = request
        self._key_names = key_names
        self.found: dict[Hashable, Mapping[str, Any]] = {}

    def read(self, pending: _Pending) -> Iterator[Mapping[str, Any]]:
        """Read the keys and yield those that DynamoDB left unprocessed."""
        wanted = {"Keys": list(pending.values()), **self._request}
        with table_errors(self._table_name):
            answer = self._client.batch_get_item(RequestItems={self._table_name: wanted})
        for items in answer.get("Responses", {}).values():
            for item in items:
                self.found[identity_of({name: item[name] for name in self._key_names})] = item
        for part in answer.get("UnprocessedKeys", {}).values():
            yield from part["Keys"]


@dataclass(frozen=True, slots=True)
class _WireRequest:
    """A write as the low-level client takes it, and its key."""

    key: dict[str, Any]
    wire: dict[str, Any]

    @classmethod
    def put(cls, item: Mapping[str, Any], key_names: Sequence[str]) -> "_WireRequest":
        wire = to_item(item)
        return cls(key_of(wire, key_names), {"PutRequest": {"Item": wire}})

    @classmethod
    def delete(cls, given: Mapping[str, Any], key_names: Sequence[str]) -> "_WireRequest":
        key = key_of(to_item(given), key_names)
        return cls(key, {"DeleteRequest": {"Key": key}})

    def item(self) -> Item | None:
        return from_item(self.wire["PutRequest"]["Item"]) if "PutRequest" in self.wire else None


def _in_rounds(
    table_name: str,
    pending: _Pending,
    send: Callable[[_Pending], Iterable[Mapping[str, Any]]],
    identify: Callable[[Mapping[str, Any]], Hashable],
    sleep: Sleep,
    max_rounds: int,
) -> set[Hashable]:
    """Send until nothing is left, or nothing is done for ``max_rounds`` calls; return what is left."""
    fruitless = 0
    while True:
        left = _send(table_name, pending, send, identify)
        fruitless = fruitless + 1 if len(left) == len(pending) else 0
        pending = left
        if not pending or fruitless >= max_rounds:
            return set(pending)
        sleep(pause_before_retry(fruitless))


def _send(
    table_name: str,
    pending: _Pending,
    send: Callable[[_Pending], Iterable[Mapping[str, Any]]],
    identify: Callable[[Mapping[str, Any]], Hashable],
) -> _Pending:
    try:
        unprocessed = [identify(request) for request in send(pending)]
    except Throttled:
        # DynamoDB's answer when it would have left every one unprocessed.
        return pending
    strange = [identity for identity in unprocessed if identity not in pending]
    if strange:
        message = f"{table_resource(table_name)}: DynamoDB left a key unprocessed that it was not sent"
        raise Unavailable(message, resource=table_resource(table_name))
    return {identity: pending[identity] for identity in unprocessed}


def pause_before_retry(fruitless: int) -> float:
    """Return how many seconds to wait after so many calls on end that did nothing: 0.05 doubled, at most 5.

    Half of it is by chance, so that many callers do not come back at once.
    """
    longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0**fruitless)
    return random.uniform(longest / 2, longest)  # noqa: S311 - no secret


def _reading(
    attributes: Iterable[AttributePath] | None, keys: Sequence[Mapping[str, Any]], *, consistent: bool
) -> tuple[dict[str, Any], set[str]]:
    """Return the parameters of reading beside the keys, and the key's names that nobody asked for."""
    request: dict[str, Any] = {"ConsistentRead": True} if consistent else {}
    if attributes is None:
        return request, set()
    expressions = Expressions()
    paths = list(attributes) if not isinstance(attributes, str) else attributes
    asked = expressions.projection(paths)
    # An answer is found by its key, so that this has to be read as well.
    wanted = {steps[0] for steps in map(steps_of, paths) if len(steps) == 1}
    unwanted = {name for key in keys[:1] for name in key if name not in wanted}
    added = [expressions.path((name,)) for name in sorted(unwanted)]
    request["ProjectionExpression"] = ", ".join([asked, *added])
    return {**request, **expressions.parameters()}, unwanted


def _item(found: Mapping[str, Any] | None, unwanted: set[str], numbers: Numbers | str) -> Item | None:
    if found is None:
        return None
    return from_item({name: part for name, part in found.items() if name not in unwanted}, numbers)


def _identity_of_write(wire: Mapping[str, Any], key_names: Sequence[str]) -> Hashable:
    sent = wire["PutRequest"]["Item"] if "PutRequest" in wire else wire["DeleteRequest"]["Key"]
    return identity_of({name: sent[name] for name in key_names})
