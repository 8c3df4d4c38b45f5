"""Writes to secrets taken back: by version, by deletion with recovery, and never over what others did."""

from collections.abc import Callable, Iterable

import pytest

from aws_interactions import secrets_interactions as secrets
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.secrets_interactions import SecretValue
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.applying import apply_changes
from aws_operations.changes import CannotUndo, Change, ResultStatus, change_kind
from aws_operations.secrets import changes as secrets_changes
from aws_operations.secrets.held_values import HeldValue

NAME = "orders/database"
ARN = f"arn:aws:secretsmanager:eu-west-1:123456789012:secret:{NAME}-a1b2c3"
FIRST = "11111111-2222-4333-8444-555555555555"
SECOND = "22222222-2222-4333-8444-555555555555"
THIRD = "33333333-2222-4333-8444-555555555555"

Plan = Callable[[AwsClientProvider], Iterable[Change]]


@pytest.fixture
def secret(aws_provider: AwsClientProvider) -> str:
    """Give a secret of two versions, ``SECOND`` the current one, and of one tag."""
    value = SecretValue("first")
    secrets.create_secret(NAME, value, aws_provider, client_token=FIRST, tags={"team": "web", "old": "1"})
    secrets.put_secret(NAME, SecretValue("second"), aws_provider, client_token=SECOND)
    return NAME


def done(changes: Iterable[Change], aws_provider: AwsClientProvider) -> Change:
    [change] = (Change.from_json(change.to_json()) for change in changes)
    [result] = apply_changes([change], lambda _: aws_provider)
    assert result.status is ResultStatus.APPLIED, result.error
    return change


def inverses(change: Change, aws_provider: AwsClientProvider) -> list[Change]:
    invert = change_kind(change.kind).invert
    assert invert is not None
    return list(invert(change, aws_provider.read_only()))


def refusal(change: Change, aws_provider: AwsClientProvider) -> str:
    with pytest.raises(CannotUndo) as caught:
        inverses(change, aws_provider)
    assert caught.value.resource == change.resource
    return str(caught.value)


def plan_put(aws_provider: AwsClientProvider) -> Iterable[Change]:
    held = HeldValue.of(SecretValue("third"))
    return secrets_changes.plan_put_secret(NAME, held, aws_provider, client_token=THIRD)


def plan_promote(aws_provider: AwsClientProvider) -> Iterable[Change]:
    return secrets_changes.plan_promote_version(NAME, FIRST, aws_provider)


def plan_tags(aws_provider: AwsClientProvider) -> Iterable[Change]:
    return secrets_changes.plan_set_secret_tags(NAME, {"team": "ops", "new": "1"}, aws_provider)


def plan_delete(aws_provider: AwsClientProvider) -> Iterable[Change]:
    return secrets_changes.plan_delete_secret(NAME, aws_provider)


def state(aws_provider: AwsClientProvider) -> object:
    found = secrets.describe_secret(NAME, aws_provider)
    return found.current_version, found.is_to_be_deleted, found.tags


@pytest.mark.parametrize("plan", [plan_put, plan_promote, plan_tags, plan_delete])
@pytest.mark.usefixtures("secret")
def test_WHEN_a_change_is_undone_THEN_the_secret_is_as_it_was_AND_undoing_that_does_it_again(
    plan: Plan, aws_provider: AwsClientProvider
) -> None:
    before = state(aws_provider)
    change = done(plan(aws_provider), aws_provider)
    after = state(aws_provider)
    assert after != before

    way_back = done(inverses(change, aws_provider), aws_provider)

    assert state(aws_provider) == before
    done(inverses(way_back, aws_provider), aws_provider)
    assert state(aws_provider) == after


def test_WHEN_a_secret_was_made_THEN_undo_deletes_it_so_that_it_can_be_restored(
    aws_provider: AwsClientProvider,
) -> None:
    held = HeldValue.of(SecretValue("new"))
    change = done(secrets_changes.plan_create_secret(NAME, held, aws_provider), aws_provider)

    way_back = done(inverses(change, aws_provider), aws_provider)

    assert secrets.describe_secret(NAME, aws_provider).is_to_be_deleted
    assert refusal(change, aws_provider) == "the secret was deleted since"
    done(inverses(way_back, aws_provider), aws_provider)
    secrets.put_secret(NAME, SecretValue("theirs"), aws_provider)
    assert refusal(change, aws_provider) == "the secret has another value by now"


@pytest.mark.usefixtures("secret")
def test_WHEN_others_changed_the_secret_since_THEN_theirs_stays(aws_provider: AwsClientProvider) -> None:
    changes = [done(plan(aws_provider), aws_provider) for plan in (plan_put, plan_tags)]
    secrets.put_secret(NAME, SecretValue("theirs"), aws_provider)
    secrets.tag_secret(NAME, {"theirs": "1"}, aws_provider)
    current = secrets.describe_secret(NAME, aws_provider).current_version

    assert [refusal(change, aws_provider) for change in changes] == [
        f"version {current} became current since",
        "the tags have changed since",
    ]


@pytest.mark.usefixtures("secret")
def test_WHEN_a_secret_got_a_value_after_it_was_restored_THEN_undo_does_not_delete_it(
    aws_provider: AwsClientProvider,
) -> None:
    done(plan_delete(aws_provider), aws_provider)
    restored = done(secrets_changes.plan_restore_secret(NAME, aws_provider), aws_provider)
    assert [inverse.kind for inverse in inverses(restored, aws_provider)] == ["secrets.delete"]

    done(plan_put(aws_provider), aws_provider)

    assert refusal(restored, aws_provider) == "the secret has another value by now"


@pytest.mark.usefixtures("secret")
def test_WHEN_a_deletion_was_taken_back_since_THEN_there_is_nothing_to_undo(
    aws_provider: AwsClientProvider,
) -> None:
    change = done(plan_delete(aws_provider), aws_provider)
    restored = done(secrets_changes.plan_restore_secret(NAME, aws_provider), aws_provider)

    assert refusal(change, aws_provider) == "the secret was restored since"
    done(plan_delete(aws_provider), aws_provider)
    assert refusal(restored, aws_provider) == "the secret was deleted since"


@pytest.mark.parametrize("plan", [plan_put, plan_promote, plan_tags, plan_delete])
@pytest.mark.usefixtures("secret")
def test_WHEN_the_secret_is_gone_or_going_THEN_undo_says_so(
    plan: Plan, aws_provider: AwsClientProvider
) -> None:
    change = done(plan(aws_provider), aws_provider)
    gone = FakeClient("secretsmanager").raises("describe_secret", "ResourceNotFoundException")
    assert refusal(change, fake_provider(secretsmanager=gone)) == "the secret has gone"
    if plan is not plan_delete:
        secrets.delete_secret(NAME, aws_provider)
        assert refusal(change, aws_provider) == "the secret was deleted since"


def test_WHEN_there_was_no_value_before_THEN_undo_says_that_none_can_be_taken_away() -> None:
    described = {"Name": NAME, "ARN": ARN, "VersionIdsToStages": {}}
    client = FakeClient("secretsmanager").answers("describe_secret", described)
    client.answers("list_secret_version_ids", {"Versions": []})
    provider = fake_provider(secretsmanager=client)
    [change] = plan_put(provider)
    assert "no value before" in refusal(change, provider)


def test_WHEN_AWS_dropped_the_version_before_THEN_undo_says_so() -> None:
    described = {"Name": NAME, "ARN": ARN, "VersionIdsToStages": {FIRST: ["AWSCURRENT"]}}
    client = FakeClient("secretsmanager").answers("describe_secret", described)
    client.answers("list_secret_version_ids", {"Versions": []})
    client.raises("get_secret_value", "AccessDeniedException")
    [change] = plan_put(fake_provider(secretsmanager=client))
    later = {"Name": NAME, "ARN": ARN, "VersionIdsToStages": {THIRD: ["AWSCURRENT"]}}
    client = FakeClient("secretsmanager").answers("describe_secret", later)
    client.answers("list_secret_version_ids", {"Versions": []})

    provider = fake_provider(secretsmanager=client)
    assert refusal(change, provider) == "AWS keeps the version before no longer"


@pytest.mark.usefixtures("secret")
def test_WHEN_guards_ask_THEN_they_get_the_tags_and_the_count_of_secrets(
    aws_provider: AwsClientProvider,
) -> None:
    [change] = plan_delete(aws_provider)
    [new] = secrets_changes.plan_create_secret("new", HeldValue.of(SecretValue("x")), aws_provider)
    absent = ARN.replace("orders", "absent")
    for each, owner in ((change, change.resource), (new, None)):
        kind = change_kind(each.kind)
        assert kind.tags is not None
        assert kind.census is not None
        assert kind.tags.owner(each) == owner
        assert kind.census.place(each) == "secrets of aws://123456789012/eu-west-1"
        assert [kind.census.count(each, aws_provider, at_most) for at_most in (1, 9)] == [1, 1]
        read = kind.tags.read([change.resource, absent], aws_provider)
        assert read == {change.resource: {"team": "web", "old": "1"}, absent: {}}
