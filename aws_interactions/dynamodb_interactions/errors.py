"""What can go wrong with tables and items, and the translation to it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from aws_interactions.aws_errors import (
    AlreadyExists,
    AwsInteractionError,
    Conflict,
    InvalidInput,
    NotFound,
    Throttled,
    error_code,
    translate_aws_errors,
)

if TYPE_CHECKING:
    from aws_interactions.aws_environment import AwsEnvironment
    from aws_interactions.dynamodb_interactions.records import CancellationReason


class TableDoesNotExist(NotFound):
    """There is no table of that name in this account and region."""

    def __init__(self, table_name: str) -> None:
        super().__init__(f"there is no table {table_name}", resource=table_resource(table_name))
        self.table_name = table_name


class IndexDoesNotExist(NotFound):
    """The table has no index of that name."""

    def __init__(self, table_name: str, index_name: str) -> None:
        super().__init__(
            f"table {table_name} has no index {index_name}",
            resource=f"{table_resource(table_name)}/index/{index_name}",
        )
        self.table_name = table_name
        self.index_name = index_name


class TableAlreadyExists(AlreadyExists):
    """The name is taken in this account and region."""

    def __init__(self, table_name: str) -> None:
        super().__init__(f"table {table_name} already exists", resource=table_resource(table_name))
        self.table_name = table_name


class TableBusy(Conflict):
    """The table is being made, changed or deleted; ``reason`` says more where AWS did."""

    def __init__(self, table_name: str, reason: str = "is being made, changed or deleted") -> None:
        super().__init__(f"table {table_name} {reason}", resource=table_resource(table_name))
        self.table_name = table_name
        self.reason = reason


class TableProtected(Conflict):
    """The table has deletion protection and was not deleted."""

    def __init__(self, table_name: str) -> None:
        super().__init__(
            f"table {table_name} is protected against deletion", resource=table_resource(table_name)
        )
        self.table_name = table_name


class TableLimitReached(Throttled):
    """Too many tables in the account and region, or too many being made or deleted at once.

    AWS has one code for both. It is tried again as any throttled call, which helps with the second.
    """

    def __init__(self, table_name: str) -> None:
        super().__init__(
            f"table {table_name}: too many tables, or too many being made or deleted at once",
            resource=table_resource(table_name),
        )
        self.table_name = table_name


class ConditionNotMet(Conflict):
    """The item was not as the condition wanted it; nothing was written.

    ``item`` is the item as it was then, where AWS told, with decimal numbers.
    """

    def __init__(
        self, table_name: str, key: Mapping[str, Any] | None = None, item: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(
            f"the condition on the item in table {table_name} does not hold",
            resource=table_resource(table_name),
        )
        self.table_name = table_name
        self.key = key
        self.item = item


class ItemTooLarge(InvalidInput):
    """The item would be larger than 400 KB, its attribute names included."""

    def __init__(self, table_name: str) -> None:
        super().__init__(
            f"the item for table {table_name} is larger than 400 KB", resource=table_resource(table_name)
        )
        self.table_name = table_name


class ItemCollectionTooLarge(Conflict):
    """The items with this partition key, with those of local indexes, would be more than 10 GB."""

    def __init__(self, table_name: str) -> None:
        super().__init__(
            f"the items with one partition key of table {table_name} would be more than 10 GB",
            resource=table_resource(table_name),
        )
        self.table_name = table_name


class UnrepresentableValue(InvalidInput):
    """DynamoDB has no such value: an empty or mixed set, an unknown type; ``path`` is where it stands."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path or 'the value'}: {reason}")
        self.path = path
        self.reason = reason


class UnrepresentableNumber(UnrepresentableValue):
    """DynamoDB can't hold the number exactly: over 38 digits, out of range, or no number."""


class LossyNumber(InvalidInput):
    """A number of the item is no exact ``int`` or ``float``; ``path`` is where it stands."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"{path or 'the value'}: the number would lose digits as a float; read it with decimal numbers"
        )
        self.path = path


class DuplicateKeys(InvalidInput):
    """A batch or transaction names an item twice; ``keys`` are those, nothing was sent."""

    def __init__(self, table_name: str, keys: Sequence[Mapping[str, Any]]) -> None:
        named = "1 key" if len(keys) == 1 else f"{len(keys)} keys"
        super().__init__(
            f"{named} of table {table_name} more than once in one request",
            resource=table_resource(table_name),
        )
        self.table_name = table_name
        self.keys = tuple(keys)


class KeysNotRead(Throttled):
    """DynamoDB left keys of a batch unread to the end; ``keys`` are exactly those."""

    def __init__(self, table_name: str, keys: Sequence[Mapping[str, Any]]) -> None:
        named = "1 key" if len(keys) == 1 else f"{len(keys)} keys"
        super().__init__(
            f"{named} of table {table_name} could not be read: DynamoDB left them unprocessed",
            resource=table_resource(table_name),
        )
        self.table_name = table_name
        self.keys = tuple(keys)


class TransactionCancelled(Conflict):
    """Nothing of the transaction was done; ``reasons`` has one for each of its parts, in order.

    The code of a part that was fine is ``None``.
    """

    def __init__(self, table_names: Sequence[str], reasons: "Sequence[CancellationReason]") -> None:
        tables = ", ".join(dict.fromkeys(table_names))
        named = [f"part {reason.index + 1}: {reason.code}" for reason in reasons if reason.code]
        more = f" and {len(named) - 5} more" if len(named) > 5 else ""
        super().__init__(
            f"the transaction was cancelled ({', '.join(named[:5]) or 'no reason given'}{more})",
            resource=f"table/{tables}",
        )
        self.table_names = tuple(dict.fromkeys(table_names))
        self.reasons = tuple(reasons)


class TransactionTokenReused(InvalidInput):
    """The client token belongs to another transaction of the last ten minutes; nothing was done."""

    def __init__(self, client_token: str) -> None:
        super().__init__("the client token was used for another transaction in the last ten minutes")
        self.client_token = client_token


def table_arn(table_name: str, aws_env: "AwsEnvironment") -> str:
    """Return the ARN of a table; one that is an ARN already stays."""
    if table_name.startswith("arn:"):
        return table_name
    where = f"arn:{aws_env.partition}:dynamodb:{aws_env.aws_region}:{aws_env.aws_account}"
    return f"{where}:table/{table_name}"


def table_resource(table_name: str) -> str:
    """Return how errors name a table: no ARN, because the account may cost a call to find out."""
    return table_name if table_name.startswith("arn:") else f"table/{table_name}"


ErrorMaker = Callable[[ClientError], AwsInteractionError | None]


@contextmanager
def table_errors(table_name: str, by_code: Mapping[str, ErrorMaker] | None = None) -> Iterator[None]:
    """Raise what botocore raises in the body as this package's errors, the original as ``__cause__``.

    ``by_code`` goes before what holds for every call: absent table, sizes. What its maker returns ``None``
    for is left to these.
    """
    with translate_aws_errors("dynamodb", table_resource(table_name)):
        try:
            yield
        except ClientError as error:
            translated = _domain_error(error, table_name, by_code or {})
            if translated is None:
                raise
            raise translated from error


def _domain_error(
    error: ClientError, table_name: str, by_code: Mapping[str, ErrorMaker]
) -> AwsInteractionError | None:
    code = error_code(error)
    if code in by_code and (own := by_code[code](error)) is not None:
        return own
    if code == "ResourceNotFoundException":
        return TableDoesNotExist(table_name)
    if code == "ItemCollectionSizeLimitExceededException":
        return ItemCollectionTooLarge(table_name)
    if code == "ReplicatedWriteConflictException":
        return Conflict(
            f"{table_resource(table_name)}: another region is writing the item",
            resource=table_resource(table_name),
        )
    if code == "ValidationException" and _is_about_size(error):
        return ItemTooLarge(table_name)
    return None


def _is_about_size(error: ClientError) -> bool:
    # DynamoDB has one code for all that it finds wrong with a request; only the text tells this one.
    message = error.response.get("Error", {}).get("Message", "")
    return "Item size" in message and "has exceeded the maximum allowed size" in message
