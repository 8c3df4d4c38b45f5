"""When answers are parsed by compiled parsers, and what times become."""

import gc
import json
import logging
import time
import weakref
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from botocore.awsrequest import HeadersDict
from botocore.compat import ETree  # type: ignore[attr-defined]  # its stubs leave it out
from botocore.credentials import Credentials
from botocore.parsers import create_parser
from botocore.session import Session
from botocore.utils import parse_timestamp

from aws_interactions.bound_clients import ClientIdentity, ClientPrototypes
from aws_interactions.client_settings import ClientSettings
from aws_interactions.compiled_parsers import TREE_KEY, CompiledParserFactory
from aws_interactions.compiled_parsers.responses import compile_response
from aws_interactions.compiled_parsers.timestamps import timestamp_of_json, timestamp_of_text

ZONES = (
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "America/St_Johns",
    "Etc/GMT",
    "UTC-3",
    "UTC0CEST",
    "Etc/Zulu",
)
TEXT_TIMES = (
    "2026-01-07T09:30:00Z",
    "2026-07-07T09:30:00.000Z",
    "2026-07-07T09:30:00.1Z",
    "1000-01-01T00:00:00.123456Z",
    "9999-12-31T23:59:59.999999Z",
    "2026-10-25T00:30:00Z",
    "2026-10-25T01:30:00Z",
    "2026-01-07T09:30:00.1234567Z",
    "0001-01-01T00:00:00Z",
    "2026-02-29T00:00:00Z",
    "2026-01-07T24:00:00Z",
    "2026-01-07T09:30:60Z",
    "2026-01-07T09:30:00z",
    "2026-01-07T09:30:00+01:00",
    "2026-01-07T09:30:00",
    "2026-01-07",
    "2026-W01-3T00:00:00Z",
    "٢026-01-07T09:30:00Z",
    "Wed, 07 Jan 2026 09:30:00 GMT",
    "1767778200",
    "1767778200.5",
    "",
    "never",
)
JSON_TIMES = (
    *(0, 1, -1, 1767778200, 1767778200.123, 1767778200.1234567, 1782723600.5, -1e9, 253402300799),
    *(1e12, 1e20, float("nan"), float("inf"), True, None, [], {}),
    *TEXT_TIMES,
)


@pytest.fixture
def set_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Give a function that sets the process's time zone; it is set back at the end."""

    def set_to(zone: str) -> None:
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    with monkeypatch.context():
        yield set_to
    monkeypatch.undo()
    time.tzset()


def time_or_error(parse: Callable[[Any], datetime], value: Any) -> Any:
    try:
        parsed = parse(value)
    except Exception as error:  # noqa: BLE001 - whatever botocore's own raises
        return (type(error), str(error))
    return (type(parsed), parsed.isoformat(), repr(parsed.tzinfo), parsed.tzname(), parsed.fold)


def test_WHEN_times_are_parsed_in_any_time_zone_THEN_they_are_botocores(
    set_zone: Callable[[str], None],
) -> None:
    for zone in (*ZONES, *ZONES):
        set_zone(zone)
        for text in TEXT_TIMES:
            assert time_or_error(timestamp_of_text, text) == time_or_error(parse_timestamp, text), (
                zone,
                text,
            )
        for value in JSON_TIMES:
            stock = time_or_error(parse_timestamp, value)
            assert time_or_error(timestamp_of_json, value) == stock, (zone, value)


def shape_of(service_name: str, operation_name: str) -> Any:
    shape = Session().get_service_model(service_name).operation_model(operation_name).output_shape
    assert shape is not None
    return shape


def scan_answer(body: bytes, status_code: int = 200) -> dict[str, Any]:
    return {
        "status_code": status_code,
        "headers": HeadersDict({"x-amzn-RequestId": "1"}),
        "body": body,
        "context": {},
    }


def body_of(items: int) -> bytes:
    return json.dumps({"Items": [{"Key": {"B": "AAEC"}, "Name": {"S": "x" * 100}}] * items}).encode()


def test_WHEN_a_small_answer_is_the_first_of_its_shape_THEN_nothing_is_compiled_for_it() -> None:
    # The order of the keys tells the parsers apart: botocore's is the model's, a compiled one's the body's.
    body = b'{"ScannedCount": 1, "Items": [], "Count": 1}'
    shape, factory = shape_of("dynamodb", "Scan"), CompiledParserFactory()

    orders = [list(factory.create_parser("json").parse(scan_answer(body), shape))[:3] for _ in range(3)]

    assert orders == [
        ["Items", "Count", "ScannedCount"],
        ["ScannedCount", "Items", "Count"],
        ["ScannedCount", "Items", "Count"],
    ]


def test_WHEN_a_large_answer_is_the_first_of_its_shape_THEN_its_parser_is_compiled() -> None:
    body = b'{"ScannedCount": 1,' + body_of(500)[1:]
    shape, factory = shape_of("dynamodb", "Scan"), CompiledParserFactory()

    parsed = factory.create_parser("json").parse(scan_answer(body), shape)

    assert next(iter(parsed)) == "ScannedCount"
    assert parsed == create_parser("json").parse(scan_answer(body), shape)


def test_WHEN_the_caller_set_how_blobs_are_parsed_THEN_botocore_parses_so() -> None:
    shape, factory = shape_of("dynamodb", "Scan"), CompiledParserFactory()
    factory.set_parser_defaults(blob_parser=lambda _: "a blob")

    for _ in range(3):
        parsed = factory.create_parser("json").parse(scan_answer(body_of(1)), shape)
        assert parsed["Items"][0]["Key"] == {"B": "a blob"}


def test_WHEN_a_shape_of_another_service_has_a_hot_name_THEN_it_is_parsed_by_its_own_model() -> None:
    factory = CompiledParserFactory(frozenset({"ListTagsForResourceResponse"}))
    bodies = {
        "organizations": b'{"Tags": [{"Key": "a"}], "tags": {"a": "b"}}',
        "dynamodb": b'{"Tags": [{"Key": "a"}], "tags": {"a": "b"}}',
    }
    for service_name, body in bodies.items():
        operations = {"organizations": "ListTagsForResource", "dynamodb": "ListTagsOfResource"}
        shape = shape_of(service_name, operations[service_name])
        expected = create_parser("json").parse(scan_answer(body), shape)
        for _ in range(3):
            assert factory.create_parser("json").parse(scan_answer(body), shape) == expected


def test_WHEN_a_client_and_its_models_go_THEN_its_compiled_parsers_go_too() -> None:
    factory = CompiledParserFactory()
    shape = shape_of("dynamodb", "Scan")
    for _ in range(2):
        factory.create_parser("json").parse(scan_answer(body_of(1)), shape)
    gone = weakref.ref(shape)

    del shape
    gc.collect()

    assert gone() is None


def test_WHEN_debugging_THEN_the_answer_is_in_the_log_as_with_botocore(
    caplog: pytest.LogCaptureFixture,
) -> None:
    shape = shape_of("dynamodb", "Scan")
    with caplog.at_level(logging.DEBUG, "botocore.parsers"):
        create_parser("json").parse(scan_answer(body_of(1)), shape)
        stock = [record.getMessage() for record in caplog.records]
        caplog.clear()
        assert compile_response("json", shape)(scan_answer(body_of(1))) is not None

    assert [record.getMessage() for record in caplog.records] == stock


def test_WHEN_the_xml_was_read_before_THEN_it_is_not_read_again() -> None:
    shape = shape_of("s3", "ListBuckets")
    tree = ETree.fromstring("<Root><Buckets><Bucket><Name>b</Name></Bucket></Buckets></Root>")
    response = {**scan_answer(b"not XML"), "context": {TREE_KEY: tree}}

    parsed = compile_response("rest-xml", shape)(response)

    assert parsed is not None
    assert parsed["Buckets"] == [{"Name": "b"}]


@pytest.mark.parametrize("is_resource", [False, True])
def test_WHEN_a_client_is_bound_THEN_it_parses_by_compiled_parsers(*, is_resource: bool) -> None:
    prototypes = ClientPrototypes(endpoint_url="http://127.0.0.1:9", client_settings=ClientSettings())
    binding: dict[str, Any] = {
        "credentials": Credentials("key", "secret"),
        "identity": ClientIdentity("123456789012", "us-east-1", "test"),
        "read_only": True,
    }
    if is_resource:
        client = prototypes.bind_resource("dynamodb", "us-east-1", **binding).meta.client
    else:
        client = prototypes.bind_client("dynamodb", "us-east-1", **binding)

    assert isinstance(client._endpoint._response_parser_factory, CompiledParserFactory)
