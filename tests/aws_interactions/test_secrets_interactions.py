"""Secrets Manager's wrapper, against fakes and against moto."""

import base64
import io
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from unittest import mock

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from hypothesis import HealthCheck, given, settings, strategies

from aws_interactions import secrets_interactions as secrets
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import (
    AccessDenied,
    AlreadyExists,
    AnswerLost,
    Conflict,
    CredentialsProblem,
    InvalidInput,
    NotFound,
    Throttled,
    Unavailable,
)
from aws_interactions.secret_redaction import install_redaction
from aws_interactions.secrets_interactions import SecretValue
from aws_interactions.testing import FakeClient, fake_provider

NAME = "orders/database"
ARN = f"arn:aws:secretsmanager:eu-west-1:123456789012:secret:{NAME}-a1b2c3"
TOKEN = "11111111-2222-4333-8444-555555555555"
OTHER_TOKEN = "99999999-2222-4333-8444-555555555555"
VALUE = SecretValue("first value")


def provider_with(client: FakeClient) -> AwsClientProvider:
    return fake_provider(secretsmanager=client)


@pytest.fixture
def client() -> FakeClient:
    return FakeClient("secretsmanager")


def test_WHEN_a_secret_is_created_and_put_again_THEN_both_values_are_there_under_their_labels(
    aws_provider: AwsClientProvider,
) -> None:
    made = secrets.create_secret(
        NAME, VALUE, aws_provider, client_token=TOKEN, description="of the shop", tags={"team": "orders"}
    )
    stored = secrets.put_secret(NAME, SecretValue("second value"), aws_provider, expected_version=TOKEN)

    assert (made.name, made.version_id) == (NAME, TOKEN)
    assert stored.stages == ("AWSCURRENT",)
    current = secrets.get_secret(NAME, aws_provider)
    assert (current.value.reveal(), current.version_id) == ("second value", stored.version_id)
    assert isinstance(current.created_at, datetime)
    assert secrets.get_secret(made.arn, aws_provider, stage="AWSPREVIOUS").value.reveal() == "first value"
    assert secrets.get_secret(NAME, aws_provider, version_id=TOKEN).stages == ("AWSPREVIOUS",)
    details = secrets.describe_secret(NAME, aws_provider)
    assert (details.description, details.tags) == ("of the shop", {"team": "orders"})
    assert details.current_version == stored.version_id
    assert details.version_at("AWSPREVIOUS") == TOKEN
    assert not details.is_to_be_deleted
    versions = {
        version.version_id: version.stages for version in secrets.list_secret_versions(NAME, aws_provider)
    }
    assert versions == {TOKEN: ("AWSPREVIOUS",), stored.version_id: ("AWSCURRENT",)}


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=strategies.one_of(
        strategies.text(min_size=1).filter(lambda text: max(text) < "\ud800" or min(text) > "\udfff"),
        strategies.binary(min_size=1),
    )
)
@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_WHEN_any_value_is_put_THEN_exactly_that_comes_back(
    aws_provider: AwsClientProvider, data: str | bytes, ending: str
) -> None:
    whole = data + ending if isinstance(data, str) else data + ending.encode()
    try:
        secrets.create_secret(NAME, SecretValue(whole), aws_provider)
    except secrets.SecretAlreadyExists:
        secrets.put_secret(NAME, SecretValue(whole), aws_provider)
    assert secrets.get_secret(NAME, aws_provider).value.reveal() == whole


def test_WHEN_the_same_token_comes_with_the_same_value_THEN_nothing_is_stored_AND_with_another_it_is_refused(
    aws_provider: AwsClientProvider,
) -> None:
    secrets.create_secret(NAME, VALUE, aws_provider, client_token=TOKEN)
    assert secrets.create_secret(NAME, VALUE, aws_provider, client_token=TOKEN).version_id == TOKEN
    assert secrets.put_secret(NAME, VALUE, aws_provider, client_token=TOKEN).version_id == TOKEN
    with pytest.raises(secrets.SecretVersionAlreadyExists) as caught:
        secrets.put_secret(NAME, SecretValue("another"), aws_provider, client_token=TOKEN)
    assert isinstance(caught.value, AlreadyExists)
    assert (caught.value.secret_id, caught.value.version_id) == (NAME, TOKEN)
    assert isinstance(caught.value.__cause__, ClientError)
    assert "another value" in str(caught.value)
    with pytest.raises(secrets.SecretAlreadyExists):
        secrets.create_secret(NAME, VALUE, aws_provider)
    assert secrets.get_secret(NAME, aws_provider).value == VALUE


def test_WHEN_another_version_is_current_than_expected_THEN_nothing_is_stored(
    aws_provider: AwsClientProvider,
) -> None:
    secrets.create_secret(NAME, VALUE, aws_provider, client_token=TOKEN)
    with pytest.raises(secrets.SecretVersionChanged) as caught:
        secrets.put_secret(NAME, SecretValue("late"), aws_provider, expected_version=OTHER_TOKEN)
    assert isinstance(caught.value, Conflict)
    assert (caught.value.expected, caught.value.current) == (OTHER_TOKEN, TOKEN)
    assert secrets.get_secret(NAME, aws_provider).value == VALUE


def test_WHEN_a_value_is_put_under_a_label_of_its_own_THEN_the_current_one_stays(
    aws_provider: AwsClientProvider,
) -> None:
    secrets.create_secret(NAME, VALUE, aws_provider, client_token=TOKEN)
    stored = secrets.put_secret(NAME, SecretValue("next"), aws_provider, stages=["AWSPENDING"])
    assert stored.stages == ("AWSPENDING",)
    assert secrets.get_secret(NAME, aws_provider).version_id == TOKEN
    assert secrets.get_secret(NAME, aws_provider, stage="AWSPENDING").value.reveal() == "next"


def test_WHEN_the_client_is_a_bare_mock_THEN_a_value_is_all_that_it_has_to_answer() -> None:
    provider = mock.Mock(spec=["get_secretsmanager"])
    client = provider.get_secretsmanager.return_value
    client.get_secret_value.return_value = {"SecretString": "told"}
    client.put_secret_value.return_value = {}
    assert secrets.get_secret(NAME, provider).value.reveal() == "told"
    assert secrets.put_secret(NAME, VALUE, provider, client_token=TOKEN).version_id == TOKEN
    client.get_secret_value.assert_called_once_with(SecretId=NAME, VersionStage="AWSCURRENT")


def test_WHEN_the_label_is_moved_back_THEN_the_old_value_is_current_again(
    aws_provider: AwsClientProvider,
) -> None:
    secrets.create_secret(NAME, VALUE, aws_provider, client_token=TOKEN)
    stored = secrets.put_secret(NAME, SecretValue("second"), aws_provider)
    secrets.move_stage(NAME, "AWSCURRENT", TOKEN, aws_provider, from_version=stored.version_id)
    assert secrets.get_secret(NAME, aws_provider).value == VALUE
    assert secrets.get_secret(NAME, aws_provider, stage="AWSPREVIOUS").version_id == stored.version_id


def test_WHEN_a_secret_is_deleted_THEN_it_waits_AND_comes_back_when_restored(
    aws_provider: AwsClientProvider,
) -> None:
    secrets.create_secret(NAME, VALUE, aws_provider)
    deletion_at = secrets.delete_secret(NAME, aws_provider, recovery_days=7)

    assert deletion_at is not None
    assert 6 <= (deletion_at - datetime.now(UTC)).days <= 7
    assert secrets.describe_secret(NAME, aws_provider).is_to_be_deleted
    assert list(secrets.list_secrets(aws_provider)) == []
    [listed] = secrets.list_secrets(aws_provider, include_planned_deletion=True)
    assert listed.deletion_at is not None
    for act in (
        lambda: secrets.get_secret(NAME, aws_provider),
        lambda: secrets.delete_secret(NAME, aws_provider),
    ):
        with pytest.raises(secrets.SecretPendingDeletion) as caught:
            act()
        assert caught.value.secret_id == NAME

    secrets.restore_secret(NAME, aws_provider)
    assert secrets.get_secret(NAME, aws_provider).value == VALUE


def test_WHEN_deleting_without_recovery_THEN_it_is_gone_AND_only_that_keyword_does_it(
    aws_provider: AwsClientProvider, client: FakeClient
) -> None:
    secrets.create_secret(NAME, VALUE, aws_provider)
    secrets.delete_secret(NAME, aws_provider, without_recovery=True)
    with pytest.raises(secrets.SecretDoesntExist):
        secrets.describe_secret(NAME, aws_provider)

    client.answers("delete_secret", {"ARN": ARN, "Name": NAME})
    secrets.delete_secret(NAME, provider_with(client))
    assert client.calls_of("delete_secret") == [{"SecretId": NAME, "RecoveryWindowInDays": 30}]


@pytest.mark.parametrize("days", [0, 6, 31])
def test_WHEN_the_days_to_restore_are_not_AWSs_THEN_nothing_is_sent(days: int, client: FakeClient) -> None:
    with pytest.raises(InvalidInput, match="7 to 30"):
        secrets.delete_secret(NAME, provider_with(client), recovery_days=days)
    assert client.calls == []


def test_WHEN_secrets_are_listed_THEN_prefix_and_tags_are_exact_AND_all_pages_come(
    aws_provider: AwsClientProvider,
) -> None:
    for number in range(12):
        secrets.create_secret(
            f"app/{number}", VALUE, aws_provider, tags={"stage": "prod", "number": f"{number}"}
        )
    secrets.create_secret("apple", VALUE, aws_provider, tags={"stage": "production"})
    secrets.create_secret("App/1", VALUE, aws_provider)

    def names(**asked: Any) -> list[str]:
        return [found.name for found in secrets.list_secrets(aws_provider, **asked)]

    assert len(names()) == 14
    assert len(names(name_prefix="app/")) == 12
    assert names(name_prefix="app/1") == ["app/1", "app/10", "app/11"]
    assert len(names(tags={"stage": "prod"})) == 12
    assert names(tags={"stage": "prod", "number": "3"}) == ["app/3"]
    assert names(name_prefix="!app") == []


def test_WHEN_a_page_token_repeats_THEN_the_list_is_neither_endless_nor_short(client: FakeClient) -> None:
    page = {"SecretList": [{"Name": NAME, "ARN": ARN}], "NextToken": "again"}
    client.answers("list_secrets", [page, page])
    with pytest.raises(Unavailable, match="same page twice"):
        list(secrets.list_secrets(provider_with(client)))
    client.answers("list_secret_version_ids", {"Versions": [], "NextToken": "again"})
    with pytest.raises(Unavailable, match="same page twice"):
        list(secrets.list_secret_versions(NAME, provider_with(client)))


def test_WHEN_versions_have_lost_their_labels_THEN_they_come_only_if_asked_for(client: FakeClient) -> None:
    at = datetime(2026, 1, 7, tzinfo=UTC)
    versions = [
        {"VersionId": TOKEN, "VersionStages": ["AWSCURRENT"], "CreatedDate": at},
        {"VersionId": OTHER_TOKEN, "CreatedDate": at},
    ]

    def page(**asked: Any) -> Any:
        return (
            {"Versions": versions[1:]}
            if asked.get("NextToken")
            else {"Versions": versions[:1], "NextToken": "2"}
        )

    client.answers("list_secret_version_ids", page)
    aws_provider = provider_with(client)
    assert [version.version_id for version in secrets.list_secret_versions(NAME, aws_provider)] == [TOKEN]
    found = list(secrets.list_secret_versions(NAME, aws_provider, include_unlabelled=True))
    assert [(version.version_id, version.created_at) for version in found] == [(TOKEN, at), (OTHER_TOKEN, at)]
    assert client.calls_of("list_secret_version_ids")[-1]["IncludeDeprecated"] is True


def test_WHEN_tags_are_put_on_and_taken_off_THEN_they_are_so_AND_AWSs_own_are_told_too(
    aws_provider: AwsClientProvider, client: FakeClient
) -> None:
    secrets.create_secret(NAME, VALUE, aws_provider, tags={"team": "orders"})
    secrets.tag_secret(NAME, {"stage": "prod", "team": "shop"}, aws_provider)
    assert secrets.get_secret_tags(NAME, aws_provider) == {"team": "shop", "stage": "prod"}
    secrets.untag_secret(NAME, ["team", "none"], aws_provider)
    assert secrets.get_secret_tags(NAME, aws_provider) == {"stage": "prod"}

    own = [{"Key": "aws:secretsmanager:owningService", "Value": "rds"}, {"Key": "a", "Value": "b"}]
    client.answers("describe_secret", {"Name": NAME, "ARN": ARN, "Tags": own})
    assert secrets.get_secret_tags(NAME, provider_with(client)) == {
        "aws:secretsmanager:owningService": "rds",
        "a": "b",
    }


@pytest.mark.parametrize("name", ["", "a b", "é", "a" * 513, "{account}"])
def test_WHEN_a_new_name_is_no_name_THEN_nothing_is_sent(name: str, client: FakeClient) -> None:
    with pytest.raises(InvalidInput, match="can't be the name"):
        secrets.create_secret(name, VALUE, provider_with(client))
    assert client.calls == []


def test_WHEN_token_size_or_tags_are_wrong_THEN_nothing_is_sent(client: FakeClient) -> None:
    aws_provider = provider_with(client)
    with pytest.raises(InvalidInput, match="client token"):
        secrets.put_secret(NAME, VALUE, aws_provider, client_token="short")
    with pytest.raises(secrets.SecretTooLarge):
        secrets.put_secret(NAME, SecretValue("a" * 65_537), aws_provider)
    with pytest.raises(secrets.SecretValueEmpty):
        secrets.create_secret(NAME, SecretValue(""), aws_provider)
    with pytest.raises(InvalidInput, match="aws:"):
        secrets.create_secret(NAME, VALUE, aws_provider, tags={"aws:a": "b"})
    assert client.calls == []


ABSENT = "Secrets Manager can't find the specified secret."
ABSENT_VERSION = "Secrets Manager can't find the specified secret value for staging label: AWSPREVIOUS"
PENDING = "You can't perform this operation on the secret because it was marked for deletion."


@pytest.mark.parametrize(
    ("code", "message", "error", "kind"),
    [
        ("ResourceNotFoundException", ABSENT, "SecretDoesntExist", NotFound),
        ("ResourceNotFoundException", ABSENT_VERSION, "SecretVersionDoesntExist", NotFound),
        ("AccessDeniedException", "User is not authorized", "SecretAccessDenied", AccessDenied),
        ("AccessDeniedException", "Access to KMS is not allowed", "SecretKeyNotUsable", AccessDenied),
        ("DecryptionFailure", "can't decrypt", "SecretKeyNotUsable", AccessDenied),
        ("InvalidRequestException", PENDING, "SecretPendingDeletion", Conflict),
        ("LimitExceededException", "quota", "SecretLimitReached", Conflict),
    ],
)  # fmt: skip
def test_WHEN_AWS_refuses_THEN_the_error_says_what_it_means(
    code: str, message: str, error: str, kind: type[Exception], client: FakeClient
) -> None:
    client.raises("get_secret_value", code=code, message=message)
    with pytest.raises(getattr(secrets, error)) as caught:
        secrets.get_secret(NAME, provider_with(client), stage="AWSPREVIOUS")
    assert isinstance(caught.value, kind)
    assert caught.value.secret_id == NAME
    assert NAME in str(caught.value)
    assert caught.value.aws_code == code


def test_WHEN_AWS_denies_THEN_the_action_is_named(client: FakeClient) -> None:
    client.raises("get_secret_value", code="AccessDeniedException")
    client.raises("put_secret_value", code="EncryptionFailure")
    with pytest.raises(secrets.SecretAccessDenied, match="secretsmanager:GetSecretValue"):
        secrets.get_secret(NAME, provider_with(client))
    with pytest.raises(secrets.SecretKeyNotUsable, match="kms:GenerateDataKey") as caught:
        secrets.put_secret(NAME, VALUE, provider_with(client))
    assert caught.value.iam_actions == ("kms:GenerateDataKey", "kms:Decrypt")


def test_WHEN_the_name_belongs_to_a_secret_to_be_deleted_THEN_creating_says_so(client: FakeClient) -> None:
    message = (
        "You can't create this secret because a secret with this name is already scheduled for deletion."
    )
    client.raises("create_secret", code="InvalidRequestException", message=message)
    with pytest.raises(secrets.SecretPendingDeletion, match="secrets restore"):
        secrets.create_secret(NAME, VALUE, provider_with(client))


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        ({"code": "ExpiredTokenException"}, CredentialsProblem),
        ({"code": "ThrottlingException"}, Throttled),
        ({"code": "InternalServiceError", "status": 500}, Unavailable),
        ({"code": "InvalidRequestException", "message": "managed by another service"}, Conflict),
        ({"code": "InvalidParameterException", "message": "not that"}, InvalidInput),
        ({"error": ReadTimeoutError(endpoint_url="https://secretsmanager")}, AnswerLost),
    ],
)
def test_WHEN_something_else_fails_THEN_it_is_of_its_kind(
    raised: dict[str, Any], kind: type[Exception], client: FakeClient
) -> None:
    client.raises("put_secret_value", **raised)
    with pytest.raises(kind):
        secrets.put_secret(NAME, VALUE, provider_with(client))


@pytest.mark.parametrize(
    ("asked", "filters"),
    [
        ({"name_prefix": "a/b", "tags": {"k:1": ""}}, {"name": "a/b", "tag-key": "k:1"}),
        ({"name_prefix": "!a", "tags": {"Größe": "", "team": ""}}, {"tag-key": "team"}),
        ({"name_prefix": "ä", "tags": {"100%": "1"}}, {}),
    ],
)
def test_WHEN_a_filter_has_what_AWS_refuses_in_one_THEN_it_is_not_sent_AND_holds_all_the_same(
    asked: dict[str, Any], filters: dict[str, str], client: FakeClient
) -> None:
    entry = {"Name": f"{asked['name_prefix']}-1", "ARN": "arn:aws:secretsmanager:::secret:a-1"}
    tags = [{"Key": key, "Value": value} for key, value in asked["tags"].items()]
    client.pages("list_secrets", [{"SecretList": [{**entry, "Tags": tags}, entry]}])
    [found] = secrets.list_secrets(provider_with(client), **asked)
    assert found.tags == asked["tags"]
    [sent] = client.calls_of("list_secrets")
    assert {each["Key"]: each["Values"][0] for each in sent.get("Filters", [])} == filters


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Give what a redacted handler writes of all that botocore and this project log."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    install_redaction(handler)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.setLevel(level)
    root.removeHandler(handler)


def _create(data: str | bytes, aws_provider: AwsClientProvider) -> object:
    return aws_provider.get_secretsmanager().create_secret(Name="other", **_parameter(data))


def _put(data: str | bytes, aws_provider: AwsClientProvider) -> object:
    return aws_provider.get_secretsmanager().put_secret_value(SecretId=NAME, **_parameter(data))


def _get(_data: str | bytes, aws_provider: AwsClientProvider) -> object:
    return aws_provider.get_secretsmanager().get_secret_value(SecretId="kept")


def _parameter(data: str | bytes) -> Any:
    return {"SecretString" if isinstance(data, str) else "SecretBinary": data}


@pytest.mark.parametrize("call", [_create, _put, _get])
@pytest.mark.parametrize(
    "data",
    [
        "Sentinel",
        'a"Sentinel"b\n\'Sentinel\'\\',
        'x\\"Sentinel',
        '{"password": "a\\"Sentinel\\nb", "Name": "Sentinel"}',
        "é\"'Sentinel\u2028",
        b"\x00\xff Sentinel",
    ],
)  # fmt: skip
def test_WHEN_botocore_logs_everything_THEN_no_part_of_a_value_is_in_it(
    data: str | bytes,
    call: Callable[[str | bytes, AwsClientProvider], object],
    log: io.StringIO,
    aws_provider: AwsClientProvider,
) -> None:
    # By the bare client: what hides it is the shape of what is logged, not that the value is known.
    root = logging.getLogger()
    root.setLevel(logging.CRITICAL)
    client: Any = aws_provider.get_secretsmanager()
    client.create_secret(Name=NAME, SecretString="before")
    client.create_secret(Name="kept", **_parameter(data))
    root.setLevel(logging.DEBUG)
    call(data, aws_provider)

    written = log.getvalue()
    assert "secretsmanager" in written
    assert "Sentinel" not in written
    if isinstance(data, bytes):
        assert base64.b64encode(data).decode() not in written


@pytest.mark.parametrize("write", [secrets.put_secret, secrets.create_secret])
@pytest.mark.parametrize("value", ["plain-Sentinel", b"plain-Sentinel"])
def test_WHEN_a_value_is_bare_THEN_it_is_refused_unsent_AND_not_shown(
    write: Callable[..., Any], value: str | bytes, client: FakeClient
) -> None:
    with pytest.raises(InvalidInput, match="give the value as a SecretValue") as caught:
        write(NAME, value, provider_with(client))
    assert "Sentinel" not in str(caught.value)
    assert client.calls == []


@pytest.mark.parametrize(
    ("secret_id", "version_id"),
    [("", None), ("a" * 513, None), ("arn:" + "a" * 2045, None), (NAME, "a" * 31), (NAME, "a" * 65)],
)
def test_WHEN_a_value_is_read_AND_name_or_version_have_no_length_that_AWS_takes_THEN_nothing_is_sent(
    secret_id: str, version_id: str | None, client: FakeClient
) -> None:
    with pytest.raises(InvalidInput, match=r"has (1|32) to"):
        secrets.get_secret(secret_id, provider_with(client), version_id=version_id)
    assert client.calls == []
