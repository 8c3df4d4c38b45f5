"""Tables of other accounts, called by ARN: what was planned there is done and looked at there."""

from typing import Any

from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.dynamodb.changes import plan_put
from aws_operations.dynamodb.guard_parts import ITEMS, TAGS
from tests.support.dynamodb_things import applied, described_table, planned

ELSEWHERE = "arn:aws:dynamodb:eu-west-1:444455556666:table/orders"


def client_of_a_table() -> FakeClient:
    client = FakeClient("dynamodb").answers("describe_table", described_table())
    client.answers("list_tags_of_resource", {"Tags": [{"Key": "env", "Value": "prod"}]})
    return client.answers("get_item", {}).answers("put_item", {}).answers("scan", {"Count": 1})


def tables_asked_for(client: FakeClient, operation: str) -> set[Any]:
    names = ("TableName", "ResourceArn")
    calls = [call for call in client.calls if call.operation == operation]
    return {call.parameters[name] for call in calls for name in names if name in call.parameters}


def test_WHEN_the_table_is_another_accounts_THEN_the_item_is_written_there() -> None:
    client = client_of_a_table()
    provider = fake_provider(dynamodb=client)

    result = applied([planned(plan_put(ELSEWHERE, {"customer": "c-1"}, provider, overwrite=False))], provider)

    assert result.status == "applied"
    assert tables_asked_for(client, "put_item") == {ELSEWHERE}
    assert tables_asked_for(client, "get_item") == {ELSEWHERE}


def test_WHEN_the_table_is_another_accounts_THEN_guards_look_at_that_one() -> None:
    client = client_of_a_table()
    provider = fake_provider(dynamodb=client)
    change = planned(plan_put(ELSEWHERE, {"customer": "c-1"}, provider, overwrite=False))

    assert TAGS.read([ELSEWHERE], provider) == {ELSEWHERE: {"env": "prod"}}
    assert ITEMS.count(change, provider, 5) == 1

    assert tables_asked_for(client, "list_tags_of_resource") == {ELSEWHERE}
    assert tables_asked_for(client, "scan") == {ELSEWHERE}
