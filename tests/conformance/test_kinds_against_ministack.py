"""Kinds of changes with real IAM: what a change declares suffices to make it, look at it and undo it."""

import random

import pytest

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_operations.applying import apply_changes
from aws_operations.changes import Change, ResultStatus, change_kind
from tests.conformance.stage import Account
from tests.kinds.stories import STORIES
from tests.support.emulators import Emulator

SERVICES = ("dynamodb", "secrets")
# Ministack gives the first version of a secret an id of its own, so that nobody can find it again, and does
# not tell of a table that it was restored.
NOT_TO_BE_FOUND = {"secrets.create", "dynamodb.restore-table"}
KINDS = sorted(name for name in STORIES.keys() - NOT_TO_BE_FOUND if name.partition(".")[0] in SERVICES)


@pytest.fixture
def account(ministack: Emulator) -> Account:
    """Give an account with nothing in it."""
    number = str(random.randrange(2 * 10**11, 9 * 10**11))  # noqa: S311 - a name, no secret
    return Account(number, ministack.endpoint_url)


def who_may(change: Change, account: Account) -> AwsClientProvider:
    """Return a user who may do nothing but what the change says that it needs."""
    _, keys = account.make_user({"Effect": "Allow", "Action": list(change.iam_actions), "Resource": "*"})
    return account.provider(keys)


def made(change: Change, account: Account) -> None:
    provider = who_may(change, account)
    [result] = apply_changes([change], lambda _: provider)
    assert result.status is ResultStatus.APPLIED, result.error
    assert change_kind(change.kind).read_back(change, provider) is ResultStatus.APPLIED


@pytest.mark.parametrize("name", KINDS)
def test_WHEN_a_user_may_do_what_a_change_declares_THEN_it_is_made_read_back_and_undone(
    name: str, account: Account
) -> None:
    story, kind = STORIES[name], change_kind(name)
    story.prepare(account.root)
    [change] = story.plan(account.root.read_only())
    before = story.state(account.root)

    made(change, account)

    assert story.state(account.root) != before
    if kind.invert is None:
        return
    for inverse in kind.invert(change, account.root.read_only()):
        made(inverse, account)
    assert story.state(account.root) == before
