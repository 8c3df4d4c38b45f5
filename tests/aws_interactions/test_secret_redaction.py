import io
import json
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from botocore.credentials import Credentials

from aws_interactions.secret_redaction import (
    REDACTED,
    SecretRegistry,
    install_redaction,
    redact,
    register_secret,
)
from tests.aws_interactions.recording_aws import Answer, RecordingAws, identity_in, recording_aws

SECRET = "sentinelSecret/With+Signs=40characterslong"
TOKEN = "sentinelToken//////////with+signs=="
STS_BODY = (
    "<AssumeRoleResponse><AssumeRoleResult><Credentials>"
    "<AccessKeyId>ASIAEXAMPLE</AccessKeyId>"
    f"<SecretAccessKey>{SECRET}</SecretAccessKey><SessionToken>{TOKEN}</SessionToken>"
    "<Expiration>2099-01-01T00:00:00Z</Expiration>"
    "</Credentials></AssumeRoleResult></AssumeRoleResponse>"
)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Give the text that a redacted handler at the root writes, at the most talkative level."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    install_redaction(handler)
    root = logging.getLogger()
    loggers = [root, *(logging.getLogger(name) for name in ("botocore", "urllib3"))]
    levels = [logger.level for logger in loggers]
    root.addHandler(handler)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    yield stream
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)
    root.removeHandler(handler)


@pytest.mark.parametrize(
    "text",
    [
        f"<SessionToken>{TOKEN}</SessionToken>",
        f"<SecretAccessKey>\n{SECRET}\n</SecretAccessKey>",
        f'{{"SecretAccessKey": "{SECRET}", "SessionToken": "{TOKEN}"}}',
        f"{{'SecretAccessKey': '{SECRET}', 'SessionToken': b'{TOKEN}'}}",
        f'"{{\\"SecretString\\": \\"{SECRET}\\"}}"',
        f"{{'X-Amz-Security-Token': '{TOKEN}'}}",
        f"x-amz-security-token:{TOKEN}",
        f"X-Amz-Security-Token: {TOKEN}",
        f"https://bucket.s3.amazonaws.com/k?X-Amz-Security-Token={TOKEN}&X-Amz-Signature={SECRET}",
        f"Authorization: AWS4-HMAC-SHA256 Credential=AKIA/20300101/x, Signature={SECRET}",
        f"{{'Authorization': b'AWS4-HMAC-SHA256 Credential=AKIA/2030, Signature={SECRET}'}}",
        f"('Authorization', 'Bearer {TOKEN}')",
        f"CalculatedSignature: {SECRET}",
        f"Signature:\n{SECRET}",
        f"aws_secret_access_key = {SECRET}".replace(" = ", "="),
        f"TokenCode={SECRET}&Action=AssumeRole",
    ],
)
def test_WHEN_text_has_the_shape_of_a_secret_THEN_the_value_is_gone(text: str) -> None:
    redacted = redact(text)

    assert SECRET not in redacted
    assert TOKEN not in redacted
    assert REDACTED in redacted


@pytest.mark.parametrize(
    "text",
    [
        "Making request for OperationModel(name=ListBuckets) with params: {'url': 'http://127.0.0.1/'}",
        "Event before-parameter-build.s3.PutObject: calling handler",
        "arn:aws:iam::123456789012:role/operator",
        '{"NextToken": "abc", "ContinuationToken": "page 2"}',
    ],
)
def test_WHEN_text_has_no_secret_THEN_it_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


def test_WHEN_a_secret_is_registered_THEN_it_is_gone_in_every_form() -> None:
    secret = "registered/Secret+Value="
    register_secret(secret)

    assert redact(f"plain {secret}, in a URL registered%2FSecret%2BValue%3D.") == (
        f"plain {REDACTED}, in a URL {REDACTED}."
    )


def test_WHEN_one_secret_begins_with_another_THEN_no_tail_of_it_is_left() -> None:
    registry = SecretRegistry()
    registry.register("sentinel-short")
    registry.register("sentinel-short-and-long")

    assert registry.redact("sentinel-short-and-long") == REDACTED


def test_WHEN_a_registered_value_is_too_short_to_be_a_secret_THEN_text_is_left_alone() -> None:
    registry = SecretRegistry()
    registry.register("test")

    assert registry.redact("a test") == "a test"


def _fail_with(message: str) -> None:
    raise RuntimeError(message)


def test_WHEN_a_record_is_logged_THEN_message_arguments_and_traceback_are_redacted(log: io.StringIO) -> None:
    logger = logging.getLogger("aws_interactions.test")
    try:
        _fail_with(f"SessionToken={TOKEN}")
    except RuntimeError:
        logger.exception("failed with %s and %r", f"SecretAccessKey={SECRET}", {"SessionToken": TOKEN})
    logger.debug("stack with <SessionToken>%s</SessionToken>", TOKEN, stack_info=True)

    written = log.getvalue()
    assert "RuntimeError" in written
    assert SECRET not in written
    assert TOKEN not in written


def test_WHEN_a_message_does_not_fit_its_arguments_THEN_they_are_not_shown(log: io.StringIO) -> None:
    misfit = "two: %s %s"
    logging.getLogger("aws_interactions.test").warning(misfit, SECRET)

    assert log.getvalue() == "two: %s %s\n"


def _assume_role(sts: Any) -> object:
    return sts.assume_role(RoleArn="arn:aws:iam::123456789012:role/r", RoleSessionName="session")


CALLS: dict[str, tuple[str, Callable[[Any], object]]] = {
    "sts answer": ("sts", _assume_role),
    "s3 call": ("s3", lambda s3: s3.put_object(Bucket="bucket", Key="key", Body=b"body")),
    "presigned": (
        "s3",
        lambda s3: s3.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "key"}),
    ),
    "post": ("s3", lambda s3: s3.generate_presigned_post("bucket", "key")),
}


def _log_all(aws: RecordingAws, name: str) -> object:
    service_name, call = CALLS[name]
    client = aws.prototypes().bind_client(
        service_name,
        "eu-west-1",
        credentials=Credentials("KEY", SECRET, TOKEN),
        identity=identity_in("1"),
        read_only=False,
    )
    return call(client)


@pytest.mark.parametrize("name", CALLS)
def test_WHEN_botocore_logs_everything_THEN_neither_secret_nor_token_nor_signature_is_in_it(
    log: io.StringIO, name: str
) -> None:
    with recording_aws(lambda _: Answer(body=STS_BODY if "sts" in name else "")) as aws:
        result = _log_all(aws, name)

    written = log.getvalue()
    assert len(written) > 1000
    for secret in (SECRET, TOKEN, "sentinelSecret", "sentinelToken"):
        assert secret not in written
    for request in aws.requests:
        assert request.headers["authorization"].rsplit("=", 1)[1] not in written
    if isinstance(result, str):
        assert result.rsplit("X-Amz-Signature=", 1)[1] not in written


def test_WHEN_installing_twice_THEN_there_is_one_filter() -> None:
    handler = logging.NullHandler()
    install_redaction(handler)
    install_redaction(handler)

    assert len(handler.filters) == 1


def test_WHEN_a_text_is_looked_through_quickly_THEN_no_form_of_a_secret_is_missed() -> None:
    registry = SecretRegistry()
    assert not registry.may_be_in("anything at all")
    secret = 'sentinel "in quotes" é/ü'
    registry.register(secret)

    for text in (secret, json.dumps(secret), repr(secret), f"a URL: {quote(secret)}"):
        assert registry.may_be_in(f"before {text} after")
        assert "sentinel" not in registry.redact(text)
    assert not registry.may_be_in("sentine")
    assert not registry.may_be_in("another text without any")


def test_WHEN_short_lived_secrets_with_one_beginning_go_THEN_the_others_are_still_found() -> None:
    registry = SecretRegistry()
    tokens = [f"IQoJb3JpZ2luX-{number}" for number in range(2_049)]
    for token in tokens:
        registry.register(token, is_short_lived=True)
    registry.register("goes-soon-after", is_short_lived=True)
    for number in range(2_048):
        registry.register(f"later-number-{number}", is_short_lived=True)

    assert not registry.may_be_in(tokens[0])
    assert not registry.may_be_in("goes-soon-after")
    assert registry.may_be_in("later-number-2047")


def test_WHEN_only_some_of_one_beginning_went_THEN_the_rest_is_found() -> None:
    registry = SecretRegistry()
    for number in range(2_049):
        registry.register(f"IQoJb3JpZ2luX-{number}", is_short_lived=True)

    assert registry.may_be_in("a IQoJb3JpZ2luX-2048")


def test_WHEN_each_of_many_targets_has_a_secret_and_an_error_THEN_texts_without_any_cost_little() -> None:
    registry = SecretRegistry()
    for number in range(3_000):
        registry.register(f"{number:04}-sentinel/secret")

    began = time.process_time()
    for number in range(3_000, 3_200):
        registry.register(f"{number:04}-sentinel/secret")
        assert registry.redact("access denied") == "access denied"

    # One look at all of them takes about a fifth of a second, and it would be 200 of them.
    assert time.process_time() - began < 4
    assert registry.redact("holds 3199-sentinel%2Fsecret.") == f"holds {REDACTED}."
