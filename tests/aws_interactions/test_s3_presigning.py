import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import pytest

from aws_interactions import s3_interactions as s3
from aws_interactions.aws_environment import AwsEnvironment
from aws_interactions.aws_errors import InvalidInput
from aws_interactions.testing import FakeClient, fake_provider

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

PRESIGNERS: list[Callable[..., Any]] = [s3.presign_get, s3.presign_put, s3.presign_post]


def test_WHEN_presigning_get_THEN_the_url_gets_the_object(aws_provider: "AwsClientProvider") -> None:
    s3.create_bucket("logs", aws_provider)
    aws_provider.get_s3().put_object(Bucket="logs", Key="a b/ü", Body=b"content")
    presigned = s3.presign_get("logs", "a b/ü", aws_provider)
    query = parse_qs(urlsplit(presigned.url).query)
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert query["X-Amz-Expires"] == ["900"]
    with urllib.request.urlopen(presigned.url) as response:  # noqa: S310 - loopback
        assert response.read() == b"content"
    left = presigned.expires_at - datetime.now(UTC)
    assert timedelta(seconds=890) < left <= timedelta(seconds=900)
    assert (presigned.method, presigned.warning) == ("GET", None)


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_WHEN_presigning_put_THEN_content_type_is_signed(
    aws_provider: "AwsClientProvider", region: str
) -> None:
    provider = aws_provider.for_region(region)
    s3.create_bucket("logs", provider)
    presigned = s3.presign_put("logs", "a", provider, content_type="text/csv")
    assert parse_qs(urlsplit(presigned.url).query)["X-Amz-SignedHeaders"] == ["content-type;host"]
    request = urllib.request.Request(  # noqa: S310 - loopback
        presigned.url, data=b"1,2", method="PUT", headers={"Content-Type": "text/csv"}
    )
    urllib.request.urlopen(request).close()  # noqa: S310 - loopback
    details = s3.describe_object("logs", "a", provider)
    assert details is not None
    assert (details.size, details.content_type) == (3, "text/csv")


def test_WHEN_presigning_post_THEN_type_and_size_range_are_conditions() -> None:
    client = FakeClient("s3")
    post = s3.presign_post(
        "logs", "a", fake_provider(s3=client), content_type="text/csv", min_size=1, max_size=10
    )
    sent = client.calls_of("generate_presigned_post")[0]
    assert sent["Conditions"] == [{"Content-Type": "text/csv"}, ["content-length-range", 1, 10]]
    assert sent["ExpiresIn"] == 900
    assert post.fields["Content-Type"] == "text/csv"
    assert post.fields["key"] == "a"


def test_WHEN_presigning_post_THEN_the_form_is_signed_with_version_4(
    aws_provider: "AwsClientProvider",
) -> None:
    post = s3.presign_post("logs", "a", aws_provider, content_type="text/csv", max_size=10)
    assert post.fields["x-amz-algorithm"] == "AWS4-HMAC-SHA256"
    assert "logs" in post.url


@pytest.mark.parametrize("presign", PRESIGNERS)
@pytest.mark.parametrize(
    ("seconds", "allowed"), [(0, True), (-1, True), (604_801, True), (3601, False), (604_800, False)]
)
def test_WHEN_expiry_is_out_of_bounds_THEN_nothing_is_signed(
    presign: Callable[..., Any], seconds: int, allowed: bool
) -> None:
    client = FakeClient("s3")
    with pytest.raises(InvalidInput, match=str(seconds)):
        presign("logs", "a", fake_provider(s3=client), expires_in=seconds, allow_long_expiry=allowed)
    assert client.calls == []


@pytest.mark.parametrize("presign", PRESIGNERS)
@pytest.mark.parametrize(("seconds", "allowed"), [(1, False), (3600, False), (3601, True), (604_800, True)])
def test_WHEN_expiry_is_in_bounds_THEN_it_is_signed(
    presign: Callable[..., Any], seconds: int, allowed: bool
) -> None:
    client = FakeClient("s3")
    presign("logs", "a", fake_provider(s3=client), expires_in=seconds, allow_long_expiry=allowed)
    assert client.calls[0].parameters["ExpiresIn"] == seconds


@pytest.mark.parametrize("presign", PRESIGNERS)
@pytest.mark.parametrize(("minutes", "is_warned"), [(5, True), (60, False)])
def test_WHEN_credentials_end_sooner_THEN_the_result_warns(
    presign: Callable[..., Any], minutes: int, is_warned: bool
) -> None:
    end = datetime.now(UTC) + timedelta(minutes=minutes)
    environment = AwsEnvironment("123456789012", "eu-west-1", credentials_expire_at=end)
    warning = presign("logs", "a", fake_provider(environment=environment)).warning
    assert (warning is not None) == is_warned
    assert warning is None or end.isoformat(timespec="seconds") in warning


def test_WHEN_provider_is_a_bare_mock_THEN_there_is_no_warning() -> None:
    provider = mock.Mock()
    provider.get_s3.return_value = FakeClient("s3")
    assert s3.presign_get("logs", "a", provider).warning is None


def test_WHEN_client_signs_with_an_old_version_THEN_the_url_is_refused() -> None:
    provider = mock.Mock()
    provider.get_s3.return_value.generate_presigned_url.return_value = (
        "https://logs.s3.amazonaws.com/a?AWSAccessKeyId=x&Signature=y"
    )
    provider.get_s3.return_value.generate_presigned_post.return_value = {"url": "https://x", "fields": {}}
    with pytest.raises(InvalidInput, match="version 4"):
        s3.presign_get("logs", "a", provider)
    with pytest.raises(InvalidInput, match="version 4"):
        s3.presign_post("logs", "a", provider)


@pytest.mark.parametrize(("smallest", "largest"), [(-1, 5), (6, 5), (0, 5 * 1024**3 + 1)])
def test_WHEN_size_range_is_impossible_THEN_it_is_refused(smallest: int, largest: int) -> None:
    with pytest.raises(InvalidInput, match="size range"):
        s3.presign_post("logs", "a", fake_provider(), min_size=smallest, max_size=largest)


def test_WHEN_key_would_be_the_senders_choice_THEN_it_is_refused() -> None:
    with pytest.raises(InvalidInput, match="filename"):
        s3.presign_post("logs", "in/${filename}", fake_provider())


def test_WHEN_results_are_logged_THEN_they_show_no_signature() -> None:
    shown = repr(s3.presign_get("logs", "a", fake_provider()))
    shown += repr(s3.presign_post("logs", "a", fake_provider()))
    assert "Signature" not in shown
    assert "signature" not in shown
