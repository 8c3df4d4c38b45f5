"""One item: get, put, update, delete, each with one call."""

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from aws_interactions.aws_errors import InvalidInput
from aws_interactions.dynamodb_interactions.errors import ConditionNotMet, table_errors
from aws_interactions.dynamodb_interactions.expressions import AttributePath, Condition, Expressions
from aws_interactions.dynamodb_interactions.values import Item, Numbers, from_item, to_item

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider
    from aws_interactions.dynamodb_interactions.errors import ErrorMaker

logger = logging.getLogger(__name__)

_CONDITION_FAILED = "ConditionalCheckFailedException"


def get_item(
    table_name: str,
    key: Mapping[str, Any],
    aws_provider: "AwsClientProvider",
    *,
    attributes: Iterable[AttributePath] | None = None,
    consistent: bool = False,
    numbers: Numbers | str = Numbers.DECIMAL,
) -> Item | None:
    """Return the item, or ``None`` if there is none (GetItem).

    ``attributes`` reads these alone: names or document paths, reserved words too; an item with none of
    them is an empty one. ``consistent`` sees every write that was answered before. Raises
    ``TableDoesNotExist``, and ``LossyNumber`` where ``numbers`` are ``native`` and one is not exact.
    """
    logger.debug("get_item table=%s consistent=%s numbers=%s", table_name, consistent, numbers)
    parameters: dict[str, Any] = {"TableName": table_name, "Key": to_item(key)}
    if consistent:
        parameters["ConsistentRead"] = True
    if attributes is not None:
        expressions = Expressions()
        parameters["ProjectionExpression"] = expressions.projection(attributes)
        parameters.update(expressions.parameters())
    client: Any = aws_provider.get_dynamodb()
    with table_errors(table_name):
        answer = client.get_item(**parameters)
    return from_item(answer["Item"], numbers) if "Item" in answer else None


def put_item(
    table_name: str,
    item: Mapping[str, Any],
    aws_provider: "AwsClientProvider",
    *,
    condition: Condition | None = None,
    names: Mapping[str, str] | None = None,
    values: Mapping[str, Any] | None = None,
) -> None:
    """Write the item, in place of one with its key (PutItem).

    ``condition`` is an expression, with ``names`` and ``values`` for its placeholders, or one of boto3's;
    it is about the item that is there. Raises ``ConditionNotMet`` with that item, ``ItemTooLarge``,
    ``UnrepresentableValue``, ``TableDoesNotExist``. It may be sent again after a lost answer; what is
    refused then raises ``AnswerLost``, because the first one may have been carried out.
    """
    logger.debug("put_item table=%s conditional=%s", table_name, condition is not None)
    parameters = {"TableName": table_name, "Item": to_item(item)}
    parameters.update(condition_parameters(Expressions(names, values), condition))
    client: Any = aws_provider.get_dynamodb()
    with table_errors(table_name, _condition_error(table_name, None)):
        client.put_item(**parameters)
    logger.info("put an item into table %s", table_name)


def update_item(
    table_name: str,
    key: Mapping[str, Any],
    aws_provider: "AwsClientProvider",
    *,
    assign: Mapping[Any, Any] | None = None,
    remove: Iterable[AttributePath] | None = None,
    add: Mapping[Any, Any] | None = None,
    expression: str | None = None,
    condition: Condition | None = None,
    names: Mapping[str, str] | None = None,
    values: Mapping[str, Any] | None = None,
    numbers: Numbers | str = Numbers.DECIMAL,
) -> Item:
    """Change attributes of the item and return it as it then is; an absent one is made (UpdateItem).

    ``assign`` has paths with their new values, ``remove`` paths, ``add`` paths with numbers to add or
    sets to unite with. In place of these, ``expression`` is a whole update expression. ``condition``,
    ``names`` and ``values`` are as in ``put_item``, and so are the errors.

    It is never sent again after a lost answer, which could count twice: then ``AnswerLost`` is raised.
    """
    logger.debug("update_item table=%s conditional=%s", table_name, condition is not None)
    expressions = Expressions(names, values)
    parameters = {
        "TableName": table_name,
        "Key": to_item(key),
        "ReturnValues": "ALL_NEW",
        "UpdateExpression": update_expression(expressions, assign, remove, add, expression),
    }
    parameters.update(condition_parameters(expressions, condition))
    client: Any = aws_provider.get_dynamodb()
    with table_errors(table_name, _condition_error(table_name, key)):
        answer = client.update_item(**parameters)
    logger.info("updated an item of table %s", table_name)
    return from_item(answer.get("Attributes", {}), numbers)


def delete_item(
    table_name: str,
    key: Mapping[str, Any],
    aws_provider: "AwsClientProvider",
    *,
    condition: Condition | None = None,
    names: Mapping[str, str] | None = None,
    values: Mapping[str, Any] | None = None,
    numbers: Numbers | str = Numbers.DECIMAL,
) -> Item | None:
    """Delete the item and return it as it was; ``None`` if there was none (DeleteItem).

    It may be sent again after a lost answer; then ``None`` may also mean that the first one did it.
    ``condition``, ``names`` and ``values`` are as in ``put_item``, and so are the errors.
    """
    logger.debug("delete_item table=%s conditional=%s", table_name, condition is not None)
    parameters = {"TableName": table_name, "Key": to_item(key), "ReturnValues": "ALL_OLD"}
    parameters.update(condition_parameters(Expressions(names, values), condition))
    client: Any = aws_provider.get_dynamodb()
    with table_errors(table_name, _condition_error(table_name, key)):
        answer = client.delete_item(**parameters)
    logger.info("deleted an item of table %s", table_name)
    return from_item(answer["Attributes"], numbers) if "Attributes" in answer else None


def update_expression(
    expressions: Expressions,
    assign: Mapping[Any, Any] | None,
    remove: Iterable[AttributePath] | None,
    add: Mapping[Any, Any] | None,
    expression: str | None,
) -> str:
    """Return the update expression; raises ``InvalidInput`` for none, and for two kinds of it."""
    if expression is None:
        return expressions.update(assign, remove, add)
    if assign or remove or add:
        message = "an update is told by an expression, or by what to assign, remove and add, not by both"
        raise InvalidInput(message)
    return expression


def condition_parameters(expressions: Expressions, condition: Condition | None) -> dict[str, Any]:
    """Return the parameters of a conditional write, names and values of all its expressions included."""
    if condition is None:
        return expressions.parameters()
    return {
        "ConditionExpression": expressions.condition(condition),
        # The item that is there comes with the refusal, at no cost.
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        **expressions.parameters(),
    }


def _condition_error(table_name: str, key: Mapping[str, Any] | None) -> "Mapping[str, ErrorMaker]":
    def make(error: ClientError) -> ConditionNotMet:
        response: Any = error.response
        found = from_item(response["Item"]) if response.get("Item") else None
        return ConditionNotMet(table_name, key, found)

    return {_CONDITION_FAILED: make}
