"""Errors inside S3's answers of status 200 are found as botocore finds them, and the XML is read once."""

from typing import Any

import pytest
from botocore import handlers
from botocore.awsrequest import HeadersDict
from botocore.parsers import create_parser
from botocore.session import Session

from aws_interactions.botocore_events import BotocoreSeamMoved
from aws_interactions.compiled_parsers import TREE_KEY, CompiledParserFactory
from aws_interactions.s3_answers_read_once import find_embedded_error, install_reading_once

BODIES = (
    b"",
    b"<Error><Code>SlowDown</Code></Error>",
    b'<Error xmlns="urn:x"><Code>SlowDown</Code></Error>',
    b"<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>",
    b"<ListBucketResult><Contents>",
    b"not XML",
)
OPERATIONS = (
    "ListObjectsV2",
    "GetObject",
    "GetBucketPolicy",
    "PutObject",
    "DeleteBucket",
    "SelectObjectContent",
)


def make_client() -> Any:
    create: Any = Session().create_client
    return create("s3", "us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing")


def answer(body: bytes, status_code: int) -> dict[str, Any]:
    return {"status_code": status_code, "headers": HeadersDict(), "body": body, "context": {}}


@pytest.mark.parametrize("operation_name", OPERATIONS)
def test_WHEN_an_answer_may_hold_an_error_THEN_its_status_becomes_what_botocore_makes_it(
    operation_name: str,
) -> None:
    operation = make_client().meta.service_model.operation_model(operation_name)
    look: Any = handlers._handle_200_error  # type: ignore[attr-defined]
    for status_code in (200, 204, 404, 503):
        for body in BODIES:
            stock, ours = answer(body, status_code), answer(body, status_code)
            look(operation, stock)
            find_embedded_error(operation, ours)
            assert ours["status_code"] == stock["status_code"], body


def test_WHEN_an_answer_was_looked_at_THEN_the_parser_gets_its_tree() -> None:
    shape = make_client().meta.service_model.operation_model("ListObjectsV2").output_shape
    operation = make_client().meta.service_model.operation_model("ListObjectsV2")
    response = answer(BODIES[3], 200)
    find_embedded_error(operation, response)
    factory = CompiledParserFactory()
    expected = create_parser("rest-xml").parse(answer(BODIES[3], 200), shape)

    assert response["context"][TREE_KEY].tag == "ListBucketResult"
    for _ in range(2):
        assert factory.create_parser("rest-xml").parse(response, shape) == expected


def test_WHEN_it_is_installed_THEN_botocores_look_is_replaced() -> None:
    client = make_client()
    install_reading_once(client)
    found = client.meta.events._emitter._handlers.prefix_search("before-parse.s3.ListObjectsV2")

    assert handlers._handle_200_error not in found  # type: ignore[attr-defined]
    assert found[0] is find_embedded_error


def test_WHEN_botocore_looks_elsewhere_THEN_installing_says_so() -> None:
    client = make_client()
    install_reading_once(client)

    with pytest.raises(BotocoreSeamMoved):
        install_reading_once(client)
