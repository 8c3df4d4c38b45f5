"""Compiled parsers return what botocore's return, for every output shape of the services used."""

import random
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from botocore.awsrequest import HeadersDict
from botocore.parsers import create_parser
from botocore.session import Session

from aws_interactions.compiled_parsers import HOT_SHAPES, CompiledParserFactory
from aws_interactions.compiled_parsers.responses import compile_response
from tests.support.shape_answers import AnswerMaker

SERVICES = ("s3", "ec2", "dynamodb", "rds", "secretsmanager", "sts", "iam", "organizations")
ROUNDS = {"ec2": 2, "s3": 15, "iam": 12, "rds": 4, "dynamodb": 15}
ODD_JSON = (
    *(b"", b"null", b"[]", b"{", b'"text"', b"1", b"{} {}", b"<html>", b"[" * 20_000),
    *(b"\xff\xfe", b"\xef\xbb\xbf{}", b'{"a": NaN}'),
)
ODD_XML = (
    *(b"", b"<", b"plain", b"\xff\xfe", b"<Root/>", b"<Root/><Root/>", b"<a>&b;</a>"),
    b"<html><body>503</body></html>",
    b"<Error><Code>x</Code></Error>",
    b'<?xml version="1.0" encoding="latin-1"?><Root><Name>\xc3\xa9</Name></Root>',
    b"<Root><ResponseMetadata/><ResponseMetadata/></Root>",
    b"<Root><requestId/><requestId>1</requestId></Root>",
)
JSON_VALUES = (
    '"text"',
    "7",
    "1.5",
    "true",
    "null",
    "[]",
    "{}",
    '[{"a": 1}]',
    '{"S": [1]}',
    '[null, "a"]',
    "1e999",
)


def output_shapes(service_name: str) -> Iterator[tuple[str, Any]]:
    """Yield the protocol and the output shape of every operation that has one."""
    model = Session().get_service_model(service_name)
    for operation_name in model.operation_names:
        shape = model.operation_model(operation_name).output_shape
        if shape is not None:
            yield model.resolved_protocol, shape


def answer(headers: dict[str, str], body: Any, status_code: int = 200) -> dict[str, Any]:
    return {
        "status_code": status_code,
        "headers": HeadersDict(headers),
        "body": body,
        "context": {"operation_name": "Any", "checksum": {"response_algorithm": "crc32"}},
    }


def exactly(value: Any) -> Any:
    """Return something that is equal only to what is the same, types and time zones included."""
    if isinstance(value, dict):
        return {key: exactly(item) for key, item in value.items()}
    if isinstance(value, list):
        return [exactly(item) for item in value]
    if isinstance(value, datetime):
        return (type(value), value.isoformat(), repr(value.tzinfo), value.fold)
    return (type(value), repr(value))


def parsed_or_error(parse: Any, *arguments: Any) -> Any:
    try:
        return exactly(parse(*arguments))
    except Exception as error:  # noqa: BLE001 - whatever botocore's own raises
        return (type(error), re.sub(r"0x[0-9a-f]+", "0x", str(error)))


def spoil_json(body: bytes, rng: random.Random) -> bytes:
    """Return a body of which one value is another one, or some bytes are missing, or one is another."""
    way = rng.randrange(3)
    if way == 0:
        return body[: rng.randrange(len(body) + 1)]
    if way == 1 and body:
        at = rng.randrange(len(body))
        return body[:at] + rng.choice((b'"', b"{", b"}", b"0", b"\x80")) + body[at + 1 :]
    values = list(re.finditer(rb': ("[^"\\]*"|-?[0-9.]+|true|false|null|\{\}|\[\])', body))
    if not values:
        return body
    value = rng.choice(values)
    return body[: value.start(1)] + rng.choice(JSON_VALUES).encode() + body[value.end(1) :]


def spoil_xml(body: bytes, rng: random.Random) -> bytes:
    """Return a body of which one element is repeated, filled, emptied or renamed, or whose end is missing."""
    way = rng.randrange(6)
    if way == 0:
        return body[: rng.randrange(len(body) + 1)]
    elements = list(re.finditer(rb"<(\w+)>([^<]*)</\1>", body))
    if not elements:
        return body
    element = rng.choice(elements)
    name = element[1]
    instead = {
        1: element[0] * 2,
        2: b"<%b><x>1</x>text<y/></%b>" % (name, name),
        3: b"<%b/>" % name,
        4: b"<z:%b xmlns:z='urn:z'>%b</z:%b>" % (name, element[2], name),
        5: b"<%b>%b</%b>"
        % (name, rng.choice((b" 7 ", b"1_0", b"x", b"TRUE", b"0x1", b"2026-02-30T00:00:00Z")), name),
    }[way]
    return body[: element.start()] + instead + body[element.end() :]


def make_answer(maker: AnswerMaker, protocol_name: str, shape: Any) -> dict[str, Any]:
    is_json = protocol_name == "json"
    body = maker.json_body(shape) if is_json else maker.xml_body(protocol_name, shape)
    return answer(maker.headers(shape), body)


@pytest.mark.parametrize("service_name", SERVICES)
def test_WHEN_answers_are_made_from_every_output_shape_THEN_they_parse_as_with_botocore(
    service_name: str,
) -> None:
    compiled_count = left_count = 0
    for protocol_name, shape in output_shapes(service_name):
        stock = create_parser(protocol_name)
        compiled = compile_response(protocol_name, shape)
        maker = AnswerMaker(shape.name)
        for _ in range(ROUNDS.get(service_name, 20)):
            response = make_answer(maker, protocol_name, shape)
            result = compiled(response)
            if result is None:
                left_count += 1
                continue
            compiled_count += 1
            assert exactly(result) == exactly(stock.parse(response, shape)), response["body"]

    # Streams, maps of headers and unions that hold several members are left to botocore.
    assert left_count < compiled_count / 5


@pytest.mark.parametrize("service_name", SERVICES)
def test_WHEN_answers_are_spoiled_THEN_the_result_or_the_error_is_botocores(service_name: str) -> None:
    for protocol_name, shape in output_shapes(service_name):
        stock = create_parser(protocol_name)
        compiled = compile_response(protocol_name, shape)
        maker, rng = AnswerMaker(f"spoiled {shape.name}"), random.Random(shape.name)  # noqa: S311
        for _ in range(ROUNDS.get(service_name, 20)):
            response = make_answer(maker, protocol_name, shape)
            spoil = spoil_json if protocol_name == "json" else spoil_xml
            response["body"] = spoil(response["body"], rng)
            result = compiled(response)
            if result is not None:
                assert exactly(result) == parsed_or_error(stock.parse, response, shape), response["body"]


def hot_shapes() -> list[tuple[str, str, Any]]:
    return [
        (service_name, protocol_name, shape)
        for service_name in sorted(set(HOT_SHAPES.values()))
        for protocol_name, shape in output_shapes(service_name)
        if HOT_SHAPES.get(shape.name) == service_name
    ]


@pytest.mark.parametrize("status_code", [200, 204, 301, 400, 500, 503])
def test_WHEN_bodies_are_odd_THEN_the_result_or_the_error_is_botocores(status_code: int) -> None:
    for _, protocol_name, shape in hot_shapes():
        factory = CompiledParserFactory()
        for body in ODD_JSON if protocol_name == "json" else ODD_XML:
            response = answer({"x-amz-request-id": "1"}, body, status_code)
            expected = parsed_or_error(create_parser(protocol_name).parse, response, shape)
            for _ in range(3):
                parser = factory.create_parser(protocol_name)
                assert parsed_or_error(parser.parse, response, shape) == expected, body
            without_shape = parsed_or_error(create_parser(protocol_name).parse, response, None)
            assert (
                parsed_or_error(factory.create_parser(protocol_name).parse, response, None) == without_shape
            )


def test_WHEN_a_shape_is_called_hot_THEN_an_operation_of_that_service_returns_it() -> None:
    assert {shape.name for _, _, shape in hot_shapes()} == set(HOT_SHAPES)
