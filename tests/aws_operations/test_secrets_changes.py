"""Writes to secrets: what is planned, what is then there, what is left alone, and that no value is told."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from aws_interactions import secrets_interactions as secrets
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import AnswerLost, Conflict, InvalidInput
from aws_interactions.secrets_interactions import SecretValue
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.applying import apply_changes
from aws_operations.changes import CarriedOutInPart, Change, ChangeResult, Effect, ResultStatus, Reversibility
from aws_operations.secrets import changes as secrets_changes
from aws_operations.secrets.changes import NewSecret
from aws_operations.secrets.held_values import HeldValue, ValueNotHeld

NAME = "orders/database"
ARN = f"arn:aws:secretsmanager:eu-west-1:123456789012:secret:{NAME}-a1b2c3"
TOKEN = "11111111-2222-4333-8444-555555555555"
OTHER_TOKEN = "99999999-2222-4333-8444-555555555555"
FIRST = "first Sentinel"
SECOND = "second Sentinel"
LOST = ReadTimeoutError(endpoint_url="https://secretsmanager")
DESCRIBED = {"Name": NAME, "ARN": ARN, "VersionIdsToStages": {TOKEN: ["AWSCURRENT"]}}
STORED = {"Name": NAME, "ARN": ARN, "VersionId": OTHER_TOKEN}


def held(data: str | bytes) -> HeldValue:
    return HeldValue.of(SecretValue(data))


@pytest.fixture
def secret(aws_provider: AwsClientProvider) -> str:
    secrets.create_secret(NAME, SecretValue(FIRST), aws_provider, client_token=TOKEN, tags={"team": "orders"})
    return NAME


@pytest.fixture
def client() -> FakeClient:
    return FakeClient("secretsmanager").answers("describe_secret", DESCRIBED)


@pytest.fixture
def fake(client: FakeClient) -> AwsClientProvider:
    return fake_provider(secretsmanager=client)


def planned(changes: Iterable[Change]) -> Change:
    [change] = changes
    assert Change.from_json(change.to_json()) == change
    assert "Sentinel" not in change.to_json() + repr(change)
    return change


def applied(change: Change, aws_provider: AwsClientProvider) -> ChangeResult:
    [result] = apply_changes([Change.from_json(change.to_json())], lambda _: aws_provider)
    assert "Sentinel" not in repr(result)
    return result


def value_of(aws_provider: AwsClientProvider, **which: str) -> str | bytes:
    return secrets.get_secret(NAME, aws_provider, **which).value.reveal()


def test_WHEN_a_secret_is_created_THEN_it_has_all_that_was_given(aws_provider: AwsClientProvider) -> None:
    new = NewSecret(description="of the shop", tags={"team": "orders"}, kms_key="alias/own")
    change = planned(secrets_changes.plan_create_secret(NAME, held(FIRST), aws_provider, new=new))
    assert (change.kind, change.effect, change.before) == ("secrets.create", Effect.CREATE, None)
    assert change.resource == ARN.rpartition("-")[0]
    assert change.iam_actions[1:] == ("secretsmanager:CreateSecret", "secretsmanager:TagResource")
    assert not change.needs_consent

    assert applied(change, aws_provider).status is ResultStatus.APPLIED
    details = secrets.describe_secret(NAME, aws_provider)
    assert value_of(aws_provider) == FIRST
    assert details.current_version == (change.after or {})["version_id"]
    assert (details.description, details.tags, details.kms_key) == (
        "of the shop",
        {"team": "orders"},
        "alias/own",
    )
    # Sent once more, as after a lost answer, it is the same version.
    assert applied(change, aws_provider).status is ResultStatus.APPLIED
    assert len(secrets.describe_secret(NAME, aws_provider).stages_by_version) == 1


def test_WHEN_names_hold_placeholders_THEN_the_targets_are_filled_in(aws_provider: AwsClientProvider) -> None:
    name = "app-{account}-{region}"
    change = planned(secrets_changes.plan_create_secret(name, held(FIRST), aws_provider))
    assert change.resource.endswith(":secret:app-123456789012-eu-west-1")


def test_WHEN_creating_AND_the_name_is_taken_or_waits_for_its_end_THEN_it_is_an_error(
    secret: str, aws_provider: AwsClientProvider
) -> None:
    with pytest.raises(secrets.SecretAlreadyExists):
        list(secrets_changes.plan_create_secret(secret, held(FIRST), aws_provider))
    secrets.delete_secret(secret, aws_provider)
    with pytest.raises(secrets.SecretPendingDeletion):
        list(secrets_changes.plan_create_secret(secret, held(FIRST), aws_provider))
    with pytest.raises(InvalidInput):
        list(secrets_changes.plan_create_secret("a b", held(FIRST), aws_provider))


def test_WHEN_someone_makes_the_secret_meanwhile_THEN_it_is_not_touched(
    aws_provider: AwsClientProvider,
) -> None:
    change = planned(secrets_changes.plan_create_secret(NAME, held(FIRST), aws_provider))
    secrets.create_secret(NAME, SecretValue("theirs"), aws_provider)
    result = applied(change, aws_provider)
    assert result.status is ResultStatus.FAILED
    assert "made since it was planned" in str(result.error)
    assert value_of(aws_provider) == "theirs"


def test_WHEN_a_value_is_put_THEN_it_is_current_AND_the_one_before_is_kept(
    secret: str, aws_provider: AwsClientProvider
) -> None:
    change = planned(secrets_changes.plan_put_secret(secret, held(SECOND), aws_provider))
    assert (change.effect, change.reversibility) == (Effect.OVERWRITE, Reversibility.COMPENSABLE)
    assert change.before == {"version_id": TOKEN}
    assert change.needs_consent
    assert value_of(aws_provider) == FIRST

    assert applied(change, aws_provider).status is ResultStatus.APPLIED
    assert value_of(aws_provider, version_id=(change.after or {})["version_id"]) == SECOND
    assert value_of(aws_provider, stage="AWSPREVIOUS") == FIRST
    assert applied(change, aws_provider).status is ResultStatus.APPLIED
    assert len(secrets.describe_secret(secret, aws_provider).stages_by_version) == 2


def test_WHEN_the_value_is_the_current_one_THEN_there_is_nothing_to_do(
    secret: str, aws_provider: AwsClientProvider
) -> None:
    change = planned(secrets_changes.plan_put_secret(secret, held(FIRST), aws_provider))
    assert change.is_noop
    assert applied(change, aws_provider).status is ResultStatus.UNCHANGED
    assert not planned(secrets_changes.plan_put_secret(secret, held(FIRST.encode()), aws_provider)).is_noop


def test_WHEN_the_value_may_not_be_read_THEN_it_is_stored_all_the_same(
    client: FakeClient, fake: AwsClientProvider
) -> None:
    client.raises("get_secret_value", code="AccessDeniedException")
    client.answers("put_secret_value", STORED)
    change = planned(secrets_changes.plan_put_secret(NAME, held(FIRST), fake))
    assert not change.is_noop
    assert applied(change, fake).status is ResultStatus.APPLIED
    [sent] = client.calls_of("put_secret_value")
    assert sent == {
        "SecretId": ARN,
        "ClientRequestToken": (change.after or {})["version_id"],
        "SecretString": FIRST,
    }


def test_WHEN_the_secret_is_absent_THEN_it_is_made_only_if_asked_for(aws_provider: AwsClientProvider) -> None:
    with pytest.raises(secrets.SecretDoesntExist):
        list(secrets_changes.plan_put_secret(NAME, held(FIRST), aws_provider))
    with pytest.raises(secrets.SecretDoesntExist):
        list(
            secrets_changes.plan_put_secret(
                NAME, held(FIRST), aws_provider, create=True, expected_version=TOKEN
            )
        )
    change = planned(
        secrets_changes.plan_put_secret(NAME, held(FIRST), aws_provider, create=True, client_token=TOKEN)
    )
    assert change.kind == "secrets.create"
    assert applied(change, aws_provider).status is ResultStatus.APPLIED
    assert value_of(aws_provider, version_id=TOKEN) == FIRST


def test_WHEN_another_version_is_current_than_expected_THEN_nothing_is_planned(
    secret: str, aws_provider: AwsClientProvider
) -> None:
    with pytest.raises(secrets.SecretVersionChanged, match=TOKEN):
        list(
            secrets_changes.plan_put_secret(secret, held(SECOND), aws_provider, expected_version=OTHER_TOKEN)
        )
    change = planned(
        secrets_changes.plan_put_secret(secret, held(SECOND), aws_provider, expected_version=TOKEN)
    )
    assert applied(change, aws_provider).status is ResultStatus.APPLIED


def _put_meanwhile(aws_provider: AwsClientProvider) -> None:
    secrets.put_secret(NAME, SecretValue("theirs"), aws_provider)


def _delete_meanwhile(aws_provider: AwsClientProvider) -> None:
    secrets.delete_secret(NAME, aws_provider)


@pytest.mark.parametrize(
    ("meanwhile", "words"), [(_put_meanwhile, "became current"), (_delete_meanwhile, "was deleted")]
)
@pytest.mark.parametrize("what", ["put", "delete", "promote"])
def test_WHEN_the_secret_changes_after_planning_THEN_it_is_not_touched(
    what: str,
    meanwhile: Callable[[AwsClientProvider], None],
    words: str,
    secret: str,
    aws_provider: AwsClientProvider,
) -> None:
    if what == "promote":
        secrets.put_secret(secret, SecretValue(SECOND), aws_provider)
    planners: dict[str, Callable[[], Iterable[Change]]] = {
        "put": lambda: secrets_changes.plan_put_secret(secret, held("third"), aws_provider),
        "delete": lambda: secrets_changes.plan_delete_secret(secret, aws_provider),
        "promote": lambda: secrets_changes.plan_promote_version(secret, TOKEN, aws_provider),
    }
    change = planned(planners[what]())
    meanwhile(aws_provider)
    before = secrets.describe_secret(secret, aws_provider)
    result = applied(change, aws_provider)
    assert result.status is ResultStatus.FAILED
    assert words in str(result.error)
    assert secrets.describe_secret(secret, aws_provider).stages_by_version == before.stages_by_version


def test_WHEN_the_same_token_comes_with_another_value_THEN_planning_refuses_AND_with_the_same_does_nothing(
    secret: str, aws_provider: AwsClientProvider
) -> None:
    with pytest.raises(secrets.SecretVersionAlreadyExists):
        list(secrets_changes.plan_put_secret(secret, held(SECOND), aws_provider, client_token=TOKEN))
    same = planned(secrets_changes.plan_put_secret(secret, held(FIRST), aws_provider, client_token=TOKEN))
    assert same.is_noop


def test_WHEN_the_same_token_is_used_AND_its_value_may_not_be_read_THEN_AWS_refuses_it(
    client: FakeClient, fake: AwsClientProvider
) -> None:
    versions = {"Versions": [{"VersionId": TOKEN, "VersionStages": ["AWSCURRENT"]}]}
    client.answers("list_secret_version_ids", versions)
    client.raises("get_secret_value", code="AccessDeniedException")
    client.raises("put_secret_value", code="ResourceExistsException")
    change = planned(secrets_changes.plan_put_secret(NAME, held(SECOND), fake, client_token=TOKEN))
    assert not change.is_noop
    result = applied(change, fake)
    assert result.status is ResultStatus.FAILED
    assert isinstance(result.error, secrets.SecretVersionAlreadyExists)

    # The version was there before: that it is listed tells nothing of a lost answer.
    lost = FakeClient("secretsmanager").answers("describe_secret", DESCRIBED).answers(
        "list_secret_version_ids", versions
    ).raises("put_secret_value", error=LOST)  # fmt: skip
    assert applied(change, fake_provider(secretsmanager=lost)).status is ResultStatus.UNKNOWN


@pytest.mark.parametrize(
    ("is_listed", "status"), [(True, ResultStatus.APPLIED), (False, ResultStatus.FAILED)]
)
def test_WHEN_the_answer_to_a_put_is_lost_THEN_its_token_tells_what_became_of_it(
    is_listed: bool, status: ResultStatus, client: FakeClient, fake: AwsClientProvider
) -> None:
    client.answers("get_secret_value", {**STORED, "SecretString": FIRST})
    change = planned(secrets_changes.plan_put_secret(NAME, held(SECOND), fake, client_token=None))
    token = (change.after or {})["version_id"]
    client.raises("put_secret_value", error=LOST)
    client.answers("list_secret_version_ids", {"Versions": [{"VersionId": token}] if is_listed else []})
    result = applied(change, fake)
    assert result.status is status
    assert (result.error is None) == is_listed
    assert [sent["ClientRequestToken"] for sent in client.calls_of("put_secret_value")] == [token]


@pytest.mark.parametrize("is_there", [True, False])
def test_WHEN_the_answer_to_a_create_is_lost_THEN_its_token_tells_what_became_of_it(is_there: bool) -> None:
    client = FakeClient("secretsmanager")
    fake = fake_provider(secretsmanager=client)
    client.raises("describe_secret", code="ResourceNotFoundException")
    change = planned(secrets_changes.plan_create_secret(NAME, held(FIRST), fake, client_token=TOKEN))
    client = FakeClient("secretsmanager").raises("describe_secret", code="ResourceNotFoundException")
    client.raises("create_secret", error=LOST)
    if is_there:
        client.answers("describe_secret", DESCRIBED)
    result = applied(change, fake_provider(secretsmanager=client))
    assert result.status is (ResultStatus.APPLIED if is_there else ResultStatus.FAILED)


def test_WHEN_the_value_is_held_no_more_THEN_nothing_is_sent_AND_the_error_says_so(
    secret: str, aws_provider: AwsClientProvider
) -> None:
    value = held(SECOND)
    put = planned(secrets_changes.plan_put_secret(secret, value, aws_provider))
    create = planned(secrets_changes.plan_create_secret("other", value, aws_provider))
    value.release()
    for change in (put, create):
        result = applied(change, aws_provider)
        assert result.status is ResultStatus.FAILED
        assert isinstance(result.error, ValueNotHeld)
    assert value_of(aws_provider) == FIRST


@pytest.mark.parametrize("data", ["", "a" * 65_537])
def test_WHEN_AWS_would_not_take_the_value_THEN_planning_says_so(
    data: str, secret: str, aws_provider: AwsClientProvider
) -> None:
    with pytest.raises(InvalidInput, match=NAME):
        list(secrets_changes.plan_put_secret(secret, held(data), aws_provider))
    with pytest.raises(InvalidInput, match="other"):
        list(secrets_changes.plan_create_secret("other", held(data), aws_provider))


def test_WHEN_a_secret_is_deleted_and_restored_THEN_each_again_is_nothing_to_do(
    secret: str, aws_provider: AwsClientProvider
) -> None:
    delete = planned(secrets_changes.plan_delete_secret(secret, aws_provider, recovery_days=7))
    assert (delete.effect, delete.reversibility) == (Effect.DESTROY, Reversibility.REVERSIBLE)
    assert delete.after == {"state": "to be deleted", "recovery_days": 7}
    assert applied(delete, aws_provider).status is ResultStatus.APPLIED
    assert planned(secrets_changes.plan_delete_secret(secret, aws_provider)).is_noop
    for plan in (
        secrets_changes.plan_put_secret(secret, held(SECOND), aws_provider),
        secrets_changes.plan_promote_version(secret, TOKEN, aws_provider),
        secrets_changes.plan_set_secret_tags(secret, {}, aws_provider),
    ):
        with pytest.raises(secrets.SecretPendingDeletion):
            list(plan)

    restore = planned(secrets_changes.plan_restore_secret(secret, aws_provider))
    assert not restore.needs_consent
    assert applied(restore, aws_provider).status is ResultStatus.APPLIED
    assert value_of(aws_provider) == FIRST
    assert planned(secrets_changes.plan_restore_secret(secret, aws_provider)).is_noop
    again = applied(restore, aws_provider)
    assert isinstance(again.error, Conflict)


def test_WHEN_what_is_planned_cannot_be_THEN_planning_says_so(
    secret: str, aws_provider: AwsClientProvider
) -> None:
    with pytest.raises(InvalidInput, match="7 to 30"):
        list(secrets_changes.plan_delete_secret(secret, aws_provider, recovery_days=1))
    with pytest.raises(secrets.SecretDoesntExist):
        list(secrets_changes.plan_delete_secret("none", aws_provider))
    with pytest.raises(secrets.SecretVersionDoesntExist, match="AWSPREVIOUS"):
        list(secrets_changes.plan_promote_version(secret, "AWSPREVIOUS", aws_provider))
    with pytest.raises(InvalidInput, match="client token"):
        list(secrets_changes.plan_put_secret(secret, held(SECOND), aws_provider, client_token="short"))


@pytest.mark.parametrize("version", [TOKEN, "AWSPREVIOUS"])
def test_WHEN_an_older_version_is_promoted_THEN_its_value_is_current(
    version: str, secret: str, aws_provider: AwsClientProvider
) -> None:
    stored = secrets.put_secret(secret, SecretValue(SECOND), aws_provider)
    change = planned(secrets_changes.plan_promote_version(secret, version, aws_provider))
    assert (change.before, change.after) == ({"version_id": stored.version_id}, {"version_id": TOKEN})
    assert applied(change, aws_provider).status is ResultStatus.APPLIED
    assert value_of(aws_provider) == FIRST
    assert planned(secrets_changes.plan_promote_version(secret, TOKEN, aws_provider)).is_noop


def test_WHEN_tags_are_set_THEN_they_are_exactly_these(secret: str, aws_provider: AwsClientProvider) -> None:
    added = planned(
        secrets_changes.plan_set_secret_tags(secret, {"team": "orders", "stage": "prod"}, aws_provider)
    )
    assert added.effect is Effect.UPDATE
    assert applied(added, aws_provider).status is ResultStatus.APPLIED
    changed = planned(secrets_changes.plan_set_secret_tags(secret, {"stage": "test"}, aws_provider))
    assert changed.effect is Effect.OVERWRITE
    assert applied(changed, aws_provider).status is ResultStatus.APPLIED
    assert secrets.get_secret_tags(secret, aws_provider) == {"stage": "test"}
    assert "tags have changed" in str(applied(changed, aws_provider).error)
    none = planned(secrets_changes.plan_set_secret_tags(secret, {}, aws_provider))
    assert applied(none, aws_provider).status is ResultStatus.APPLIED
    assert secrets.get_secret_tags(secret, aws_provider) == {}


def with_tags(*keys: str) -> FakeClient:
    tags = [{"Key": key, "Value": "1"} for key in keys]
    return FakeClient("secretsmanager").answers("describe_secret", {**DESCRIBED, "Tags": tags})


def test_WHEN_tags_are_set_THEN_AWSs_own_stay() -> None:
    client = with_tags("aws:stack", "old").answers("untag_resource", {})
    fake = fake_provider(secretsmanager=client)
    change = planned(secrets_changes.plan_set_secret_tags(NAME, {}, fake))
    assert change.before == {"old": "1"}
    assert applied(change, fake).status is ResultStatus.APPLIED
    [sent] = client.calls_of("untag_resource")
    assert sent["TagKeys"] == ["old"]


def test_WHEN_the_new_tags_are_refused_THEN_the_old_ones_are_still_there() -> None:
    client = with_tags("old").raises("tag_resource", code="AccessDeniedException")
    fake = fake_provider(secretsmanager=client)
    change = planned(secrets_changes.plan_set_secret_tags(NAME, {"new": "2"}, fake))
    result = applied(change, fake)
    assert result.status is ResultStatus.FAILED
    assert not isinstance(result.error, CarriedOutInPart)
    assert not client.calls_of("untag_resource")


def test_WHEN_tags_are_put_on_AND_the_others_stay_THEN_the_result_says_so() -> None:
    client = with_tags("old").answers("tag_resource", {})
    client.raises("untag_resource", code="AccessDeniedException")
    fake = fake_provider(secretsmanager=client)
    change = planned(secrets_changes.plan_set_secret_tags(NAME, {"new": "2"}, fake))
    result = applied(change, fake)
    assert result.status is ResultStatus.FAILED
    assert isinstance(result.error, CarriedOutInPart)
    assert "the tags new were set already" in str(result.error)


def test_WHEN_there_is_no_room_for_old_and_new_tags_THEN_the_old_go_first_AND_an_error_says_so() -> None:
    client = with_tags("old").answers("untag_resource", {})
    client.raises("tag_resource", code="AccessDeniedException")
    fake = fake_provider(secretsmanager=client)
    new = {f"n{number}": "" for number in range(50)}
    result = applied(planned(secrets_changes.plan_set_secret_tags(NAME, new, fake)), fake)
    assert isinstance(result.error, CarriedOutInPart)
    assert "the tags old were taken off already" in str(result.error)


LOST_WRITES: dict[str, Any] = {
    "delete_secret": lambda fake: secrets_changes.plan_delete_secret(NAME, fake),
    "restore_secret": lambda fake: secrets_changes.plan_restore_secret(NAME, fake),
    "update_secret_version_stage": lambda fake: secrets_changes.plan_promote_version(NAME, OTHER_TOKEN, fake),
    "tag_resource": lambda fake: secrets_changes.plan_set_secret_tags(NAME, {"a": "b"}, fake),
}
DELETED = {**DESCRIBED, "DeletedDate": datetime(2027, 1, 1, tzinfo=UTC)}
DONE: dict[str, Any] = {
    "delete_secret": DELETED,
    "restore_secret": DESCRIBED,
    "update_secret_version_stage": {**DESCRIBED, "VersionIdsToStages": {OTHER_TOKEN: ["AWSCURRENT"]}},
    "tag_resource": {**DESCRIBED, "Tags": [{"Key": "a", "Value": "b"}]},
}


@pytest.mark.parametrize("is_done", [True, False])
@pytest.mark.parametrize("operation", LOST_WRITES)
def test_WHEN_an_answer_is_lost_THEN_the_secret_tells_what_became_of_it(
    operation: str, is_done: bool
) -> None:
    before = DELETED if operation == "restore_secret" else DESCRIBED
    client = FakeClient("secretsmanager").answers("describe_secret", before)
    client.answers("list_secret_version_ids", {"Versions": [{"VersionId": OTHER_TOKEN}]})
    change = planned(LOST_WRITES[operation](fake_provider(secretsmanager=client)))

    client = FakeClient("secretsmanager").raises(operation, error=LOST)
    client.answers("describe_secret", [before, DONE[operation] if is_done else before])
    result = applied(change, fake_provider(secretsmanager=client))
    assert result.status is (ResultStatus.APPLIED if is_done else ResultStatus.FAILED)
    assert not isinstance(result.error, AnswerLost)
