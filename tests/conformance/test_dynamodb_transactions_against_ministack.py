"""Transactions, and denials on items, where tokens are compared and IAM judges."""

import pytest

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import AccessDenied
from aws_interactions.dynamodb_interactions import (
    Check,
    Delete,
    Get,
    Put,
    TransactionCancelled,
    TransactionTokenReused,
    Update,
    get_item,
    put_item,
    transact_get,
    transact_write,
)
from tests.conformance.stage import Account, fresh
from tests.conformance.tables import make_table


@pytest.fixture
def aws_provider(home_account: Account) -> AwsClientProvider:
    return home_account.root


@pytest.fixture
def table(aws_provider: AwsClientProvider) -> str:
    return make_table(aws_provider)


def test_WHEN_a_transaction_is_sent_twice_with_its_token_THEN_it_is_applied_once(
    table: str, aws_provider: AwsClientProvider
) -> None:
    count = [Update(table, {"customer": "a"}, add={"orders": 1})]
    token = transact_write(count, aws_provider)
    assert transact_write(count, aws_provider, client_token=token) == token
    assert get_item(table, {"customer": "a"}, aws_provider) == {"customer": "a", "orders": 1}


def test_WHEN_a_token_comes_with_other_writes_THEN_it_is_refused_and_nothing_is_done(
    table: str, aws_provider: AwsClientProvider
) -> None:
    token = fresh("token")
    transact_write([Put(table, {"customer": "a"})], aws_provider, client_token=token)
    with pytest.raises(TransactionTokenReused):
        transact_write([Put(table, {"customer": "b"})], aws_provider, client_token=token)
    assert get_item(table, {"customer": "b"}, aws_provider) is None


def test_WHEN_one_condition_fails_THEN_nothing_is_done_and_each_part_has_its_reason(
    table: str, aws_provider: AwsClientProvider
) -> None:
    put_item(table, {"customer": "a"}, aws_provider)
    with pytest.raises(TransactionCancelled) as cancelled:
        transact_write(
            [
                Put(table, {"customer": "b"}),
                Check(table, {"customer": "a"}, "attribute_not_exists(customer)"),
                Delete(table, {"customer": "c"}),
            ],
            aws_provider,
        )
    assert [reason.code for reason in cancelled.value.reasons] == [None, "ConditionalCheckFailed", None]
    gets = [Get(table, {"customer": name}) for name in ("a", "b")]
    assert transact_get(gets, aws_provider) == [{"customer": "a"}, None]


def test_WHEN_an_item_may_not_be_read_THEN_the_denial_names_the_action(
    table: str, home_account: Account
) -> None:
    may_write = {"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": "*"}
    aws_provider = home_account.provider(home_account.make_user(may_write)[1])
    put_item(table, {"customer": "a"}, aws_provider)
    with pytest.raises(AccessDenied) as denied:
        get_item(table, {"customer": "a"}, aws_provider)
    assert denied.value.iam_actions == ("dynamodb:GetItem",)
    assert table in str(denied.value)
