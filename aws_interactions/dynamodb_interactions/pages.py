"""What queries and scans share: their parameters, and their pages to the very last."""

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, PaginationError

from aws_interactions.aws_errors import InvalidInput
from aws_interactions.calls import pages_of
from aws_interactions.dynamodb_interactions.errors import IndexDoesNotExist
from aws_interactions.dynamodb_interactions.expressions import AttributePath, Condition, Expressions
from aws_interactions.dynamodb_interactions.values import Item, Numbers, from_item, number_reader

if TYPE_CHECKING:
    from aws_interactions.dynamodb_interactions.errors import ErrorMaker


def reading_parameters(
    expressions: Expressions,
    index: str | None,
    attributes: Iterable[AttributePath] | None,
    condition: Condition | None,
    limit: int | None,
    numbers: Numbers | str,
    *,
    consistent: bool,
) -> dict[str, Any]:
    """Return the parameters that Query and Scan have in common; call it after all other expressions.

    Raises ``InvalidInput`` for what DynamoDB could not make sense of.
    """
    number_reader(numbers)
    if limit is not None and limit < 1:
        message = f"a limit of {limit} items: it is 1 or more"
        raise InvalidInput(message)
    parameters: dict[str, Any] = {}
    if index is not None:
        parameters["IndexName"] = index
    if consistent:
        parameters["ConsistentRead"] = True
    if attributes is not None:
        parameters["ProjectionExpression"] = expressions.projection(attributes)
    if condition is not None:
        parameters["FilterExpression"] = expressions.condition(condition)
    elif limit is not None:
        # AWS counts what it reads, which without a filter is what comes out.
        parameters["Limit"] = limit
    return {**parameters, **expressions.parameters()}


def item_pages(
    client: Any, operation: str, parameters: Mapping[str, Any], numbers: Numbers | str
) -> Generator[list[Item], None, None]:
    """Yield the items of each page, an empty list for one of which the filter left nothing.

    A page token that comes again, at once or after others, raises botocore's ``PaginationError``.
    """
    kept: Any = None
    next_kept = 1
    for number, page in enumerate(pages_of(client, operation, **parameters), 1):
        yield [from_item(item, numbers) for item in page.get("Items", ())]
        token = page.get("LastEvaluatedKey")
        if token and token == kept:
            raise PaginationError(message=f"The same next token was received twice: {operation}")
        # One token is kept, ever longer: every loop is found, without remembering all of them.
        if number == next_kept:
            kept, next_kept = token, next_kept * 2


def index_errors(table_name: str, index_name: str | None) -> "Mapping[str, ErrorMaker]":
    """Return the makers of the error for an absent index, as ``table_errors`` takes them."""
    if index_name is None:
        return {}

    def make(error: ClientError) -> IndexDoesNotExist | None:
        message = error.response.get("Error", {}).get("Message", "")
        # No code of its own: AWS has the first text, moto the second with the code of an absent table.
        absent = "does not have the specified index" in message or message.startswith("Invalid index")
        return IndexDoesNotExist(table_name, index_name) if absent else None

    return {"ValidationException": make, "ResourceNotFoundException": make}


def items_up_to(limit: int | None, pages: Generator[list[Item], None, None]) -> Iterator[Item]:
    """Yield the items of the pages, at most ``limit``; no page is asked for after that."""
    left = limit
    with closing(pages):
        for page in pages:
            yield from page[:left]
            if left is not None:
                left -= len(page)
                if left <= 0:
                    return
