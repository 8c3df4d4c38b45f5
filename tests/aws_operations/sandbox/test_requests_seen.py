"""Reads told from writes, and accounts told from requests."""

from typing import Any

import pytest

from aws_operations.sandbox import requests_seen

FORM = "application/x-www-form-urlencoded; charset=utf-8"


@pytest.mark.parametrize(
    ("environ", "body", "expected"),
    [
        ({"REQUEST_METHOD": "GET"}, b"", True),
        ({"REQUEST_METHOD": "HEAD"}, b"", True),
        ({"REQUEST_METHOD": "PUT"}, b"", False),
        ({"REQUEST_METHOD": "DELETE"}, b"", False),
        ({"REQUEST_METHOD": "POST", "QUERY_STRING": "delete"}, b"<Delete/>", False),
        ({"REQUEST_METHOD": "POST", "CONTENT_TYPE": FORM}, b"Action=GetCallerIdentity&Version=1", True),
        ({"REQUEST_METHOD": "POST", "CONTENT_TYPE": FORM}, b"Action=AssumeRole&Version=1", False),
        ({"REQUEST_METHOD": "POST", "CONTENT_TYPE": FORM}, b"Action=GetSessionToken", False),
        ({"REQUEST_METHOD": "GET", "QUERY_STRING": "Action=AssumeRole&RoleArn=x"}, b"", False),
        ({"REQUEST_METHOD": "GET", "QUERY_STRING": "Action=ListRoles"}, b"", True),
        ({"REQUEST_METHOD": "POST", "HTTP_X_AMZ_TARGET": "DynamoDB_20120810.PutItem"}, b"{}", False),
        ({"REQUEST_METHOD": "POST", "HTTP_X_AMZ_TARGET": "DynamoDB_20120810.Query"}, b"{}", True),
        ({"REQUEST_METHOD": "POST", "HTTP_X_AMZ_TARGET": "secretsmanager.GetSecretValue"}, b"{}", True),
        ({"REQUEST_METHOD": "POST", "HTTP_X_AMZ_TARGET": "AmazonSQS.ReceiveMessage"}, b"{}", False),
        ({"REQUEST_METHOD": "POST"}, b"", False),
    ],
)
def test_WHEN_judging_a_request_THEN_only_known_reads_are_reads(
    environ: dict[str, Any], body: bytes, *, expected: bool
) -> None:
    assert requests_seen.is_known_read(environ, body) is expected


def test_WHEN_a_posted_form_carries_the_credential_THEN_its_key_is_found() -> None:
    environ = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": "multipart/form-data; boundary=x"}
    body = (
        b'--x\r\nContent-Disposition: form-data; name="X-Amz-Credential"\r\n\r\n'
        b"ASIAKEY/20260101/us-east-1/s3/aws4_request\r\n--x--"
    )

    assert requests_seen.presigned_access_key(environ, body) == "ASIAKEY"
    assert requests_seen.presigned_access_key({**environ, "HTTP_AUTHORIZATION": "signed"}, body) is None
    assert requests_seen.presigned_access_key({"QUERY_STRING": ""}, b"") is None


def test_WHEN_a_role_is_assumed_THEN_its_account_is_found() -> None:
    body = b"Action=AssumeRole&RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Foperator"

    assert requests_seen.assumed_account({}, body) == "111122223333"
    assert requests_seen.assumed_account({}, b"Action=AssumeRole") is None
