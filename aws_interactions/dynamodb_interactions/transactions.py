"""Transactions: up to a hundred writes, or reads, of which all happen or none."""

import logging
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from botocore.exceptions import ClientError

from aws_interactions.aws_errors import InvalidInput
from aws_interactions.dynamodb_interactions.errors import (
    DuplicateKeys,
    TableDoesNotExist,
    TransactionCancelled,
    TransactionTokenReused,
    table_errors,
)
from aws_interactions.dynamodb_interactions.expressions import AttributePath, Condition, Expressions
from aws_interactions.dynamodb_interactions.items import condition_parameters, update_expression
from aws_interactions.dynamodb_interactions.keys import identity_of
from aws_interactions.dynamodb_interactions.records import CancellationReason
from aws_interactions.dynamodb_interactions.values import Item, Numbers, from_item, number_reader, to_item

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider
    from aws_interactions.dynamodb_interactions.errors import ErrorMaker

logger = logging.getLogger(__name__)

MAX_PARTS = 100
# AWS's code for a part with which nothing was wrong.
_FINE = "None"


@dataclass(frozen=True, slots=True)
class Put:
    """Write the item, in place of one with its key; ``condition`` as in ``put_item``."""

    table_name: str
    item: Mapping[str, Any]
    condition: Condition | None = None
    names: Mapping[str, str] | None = None
    values: Mapping[str, Any] | None = None

    def request(self) -> dict[str, Any]:
        """Return the part as the low-level client takes it."""
        condition = condition_parameters(Expressions(self.names, self.values), self.condition)
        return {"Put": {"TableName": self.table_name, "Item": to_item(self.item), **condition}}


@dataclass(frozen=True, slots=True)
class Update:
    """Change attributes of the item; all but the table's name as in ``update_item``."""

    table_name: str
    key: Mapping[str, Any]
    assign: Mapping[Any, Any] | None = None
    remove: Iterable[AttributePath] | None = None
    add: Mapping[Any, Any] | None = None
    expression: str | None = None
    condition: Condition | None = None
    names: Mapping[str, str] | None = None
    values: Mapping[str, Any] | None = None

    def request(self) -> dict[str, Any]:
        """Return the part as the low-level client takes it."""
        expressions = Expressions(self.names, self.values)
        change = update_expression(expressions, self.assign, self.remove, self.add, self.expression)
        return {
            "Update": {
                "TableName": self.table_name,
                "Key": to_item(self.key),
                "UpdateExpression": change,
                **condition_parameters(expressions, self.condition),
            }
        }


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete the item, absent or not; ``condition`` as in ``put_item``."""

    table_name: str
    key: Mapping[str, Any]
    condition: Condition | None = None
    names: Mapping[str, str] | None = None
    values: Mapping[str, Any] | None = None

    def request(self) -> dict[str, Any]:
        """Return the part as the low-level client takes it."""
        condition = condition_parameters(Expressions(self.names, self.values), self.condition)
        return {"Delete": {"TableName": self.table_name, "Key": to_item(self.key), **condition}}


@dataclass(frozen=True, slots=True)
class Check:
    """Change nothing, but let the transaction happen only if the condition on the item holds."""

    table_name: str
    key: Mapping[str, Any]
    condition: Condition
    names: Mapping[str, str] | None = None
    values: Mapping[str, Any] | None = None

    def request(self) -> dict[str, Any]:
        """Return the part as the low-level client takes it."""
        condition = condition_parameters(Expressions(self.names, self.values), self.condition)
        return {"ConditionCheck": {"TableName": self.table_name, "Key": to_item(self.key), **condition}}


@dataclass(frozen=True, slots=True)
class Get:
    """Read the item; ``attributes`` as in ``get_item``."""

    table_name: str
    key: Mapping[str, Any]
    attributes: Iterable[AttributePath] | None = None

    def request(self) -> dict[str, Any]:
        """Return the part as the low-level client takes it."""
        part: dict[str, Any] = {"TableName": self.table_name, "Key": to_item(self.key)}
        if self.attributes is not None:
            expressions = Expressions()
            part["ProjectionExpression"] = expressions.projection(self.attributes)
            part.update(expressions.parameters())
        return {"Get": part}


TransactWrite: TypeAlias = Put | Update | Delete | Check


def transact_write(
    writes: Sequence[TransactWrite],
    aws_provider: "AwsClientProvider",
    *,
    client_token: str | None = None,
) -> str:
    """Do all the writes or none of them, and return the client token (TransactWriteItems).

    1 to 100 writes, of any tables in the account and region, each item once. The token is fixed for the
    call, so that sending it again after a lost answer is the same transaction; giving one makes that so
    for ten minutes, over calls and processes. Raises ``TransactionCancelled`` with a reason for each
    write, ``TransactionTokenReused`` for a token with other writes, ``DuplicateKeys``,
    ``TableDoesNotExist``; after ``AnswerLost``, give the same token again.
    """
    token = str(uuid.uuid4()) if client_token is None else client_token
    logger.debug("transact_write writes=%d token=%s", len(writes), token)
    _check_size(writes)
    _refuse_duplicate_keys(writes)
    requests = [write.request() for write in writes]
    client: Any = aws_provider.get_dynamodb()
    by_code = {
        **_errors_of(writes),
        "IdempotentParameterMismatchException": lambda _: TransactionTokenReused(token),
    }
    with table_errors(_tables(writes), by_code):
        client.transact_write_items(TransactItems=requests, ClientRequestToken=token)
    logger.info("wrote a transaction of %d parts", len(writes))
    return token


def transact_get(
    gets: Sequence[Get],
    aws_provider: "AwsClientProvider",
    *,
    numbers: Numbers | str = Numbers.DECIMAL,
) -> list[Item | None]:
    """Return the items as they were at one moment, ``None`` for an absent one (TransactGetItems).

    1 to 100 items, of any tables in the account and region, each once, in the order given. Raises
    ``TransactionCancelled`` with a reason for each while others write them, ``DuplicateKeys``,
    ``TableDoesNotExist``.
    """
    logger.debug("transact_get gets=%d", len(gets))
    _check_size(gets)
    _refuse_duplicate_keys(gets)
    number_reader(numbers)
    requests = [get.request() for get in gets]
    client: Any = aws_provider.get_dynamodb()
    with table_errors(_tables(gets), _errors_of(gets)):
        answer = client.transact_get_items(TransactItems=requests)
    found = [response.get("Item") for response in answer.get("Responses", ())]
    return [None if item is None else from_item(item, numbers) for item in found]


def _check_size(parts: Sequence[TransactWrite | Get]) -> None:
    if not 1 <= len(parts) <= MAX_PARTS:
        message = f"a transaction of {len(parts)} parts, where DynamoDB takes 1 to {MAX_PARTS}"
        raise InvalidInput(message)


def _refuse_duplicate_keys(parts: Sequence[TransactWrite | Get]) -> None:
    # What a put's key is, only the table knows: AWS finds those.
    seen: set[Any] = set()
    for part in parts:
        if isinstance(part, Put):
            continue
        identity = (part.table_name, identity_of(to_item(part.key)))
        if identity in seen:
            raise DuplicateKeys(part.table_name, [part.key])
        seen.add(identity)


def _tables(parts: Sequence[TransactWrite | Get]) -> str:
    return ", ".join(dict.fromkeys(part.table_name for part in parts))


def _errors_of(parts: Sequence[TransactWrite | Get]) -> "dict[str, ErrorMaker]":
    names = list(dict.fromkeys(part.table_name for part in parts))

    def make(error: ClientError) -> TransactionCancelled:
        response: Any = error.response
        reasons = [_reason(index, each) for index, each in enumerate(response.get("CancellationReasons", ()))]
        return TransactionCancelled(names, reasons)

    return {
        "TransactionCanceledException": make,
        # AWS does not say which.
        "ResourceNotFoundException": lambda _: TableDoesNotExist(" or ".join(names)),
    }


def _reason(index: int, reason: Mapping[str, Any]) -> CancellationReason:
    code = reason.get("Code", _FINE)
    item = reason.get("Item")
    return CancellationReason(
        index=index,
        code=None if code == _FINE else code,
        message=reason.get("Message") or "",
        item=from_item(item) if item else None,
    )
