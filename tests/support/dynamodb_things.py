"""Changes of DynamoDB tables and items for tests: planned, applied, and tables as AWS describes them."""

from collections.abc import Iterable
from typing import Any

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_operations.applying import apply_changes
from aws_operations.changes import Change, ChangeResult

TABLE = "orders"
ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"


def planned(changes: Iterable[Change]) -> Change:
    """Return the one change as it is after a plan was written and read again."""
    [change] = changes
    return Change.from_json(change.to_json())


def applied(changes: Iterable[Change], aws_provider: AwsClientProvider) -> ChangeResult:
    [result] = apply_changes(changes, lambda _: aws_provider)
    return result


def described_table(**more: Any) -> dict[str, Any]:
    return {
        "Table": {
            "TableName": TABLE,
            "TableStatus": "ACTIVE",
            "AttributeDefinitions": [{"AttributeName": "customer", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "customer", "KeyType": "HASH"}],
            **more,
        }
    }
