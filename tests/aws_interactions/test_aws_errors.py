from typing import Any

import pytest
from botocore import exceptions as botocore_errors
from botocore.exceptions import BotoCoreError, ClientError

from aws_interactions.aws_errors import (
    AnswerLost,
    CredentialsProblem,
    NotFound,
    Throttled,
    Unavailable,
    kind_of,
    translate_aws_errors,
)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (botocore_errors.EndpointConnectionError(endpoint_url="u", error="refused"), Unavailable),
        (botocore_errors.ConnectTimeoutError(endpoint_url="u"), Unavailable),
        (botocore_errors.ProxyConnectionError(proxy_url="u"), Unavailable),
        (botocore_errors.SSLError(endpoint_url="u", error="e"), Unavailable),
        (botocore_errors.ReadTimeoutError(endpoint_url="u"), AnswerLost),
        (botocore_errors.ConnectionClosedError(endpoint_url="u"), AnswerLost),
    ],
)
def test_WHEN_translating_AND_the_network_failed_THEN_the_kind_says_if_the_request_may_have_been_sent(
    error: BotoCoreError, kind: type[Exception]
) -> None:
    with pytest.raises(Unavailable) as caught, translate_aws_errors("s3", "bucket"):
        raise error
    assert type(caught.value) is kind
    assert caught.value.__cause__ is error


def test_WHEN_translating_AND_the_signature_is_wrong_THEN_the_echoed_request_is_left_out() -> None:
    message = "The signature does not match.\n\nx-amz-security-token:SENTINEL"
    answer = {"Error": {"Code": "SignatureDoesNotMatch", "Message": message}}
    with pytest.raises(CredentialsProblem) as caught, translate_aws_errors("sts", "caller"):
        raise ClientError(answer, "GetCallerIdentity")
    assert str(caught.value) == "caller: The signature does not match."


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("InternalServerError", 500, Unavailable),
        ("ServiceUnavailableException", 503, Unavailable),
        ("TooMuch", 429, Throttled),
        ("NotImplemented", 501, None),
        ("SomethingElse", 400, None),
        ("NoSuchBucket", 500, NotFound),
    ],
)
def test_WHEN_a_code_is_unknown_THEN_the_status_tells_the_kind_where_it_can(
    code: str, status: int, kind: type[Exception] | None
) -> None:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    assert kind_of(ClientError(answer, "PutItem")) is kind


@pytest.mark.parametrize(
    "error",
    [
        botocore_errors.InvalidDefaultsMode(mode="m", valid_modes=[]),
        botocore_errors.InvalidChecksumConfigError(config_key="k", config_value="v", valid_options=[]),
        botocore_errors.InvalidRetryModeError(provided_retry_mode="m", valid_modes=[]),
        botocore_errors.InvalidMaxRetryAttemptsError(provided_max_attempts=-1, min_value=0),
        botocore_errors.InvalidEndpointConfigurationError(msg="m"),
        botocore_errors.EndpointResolutionError(msg="m"),
        botocore_errors.UnknownEndpointResolutionBuiltInName(name="n"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_WHEN_the_configuration_of_aws_is_wrong_THEN_the_kind_says_so(error: BotoCoreError) -> None:
    assert kind_of(error) is CredentialsProblem
