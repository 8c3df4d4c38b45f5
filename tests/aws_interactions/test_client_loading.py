"""A session with start-up cuts makes the same clients as botocore's own."""

import copy
import gzip
import json
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import UnknownServiceError
from botocore.hooks import EVENT_ALIASES, EventAliaser, HierarchicalEmitter
from botocore.loaders import Loader
from botocore.session import Session

from aws_interactions.client_loading import (
    LazyServices,
    LeanAliaser,
    LeanFileLoader,
    LeanLoader,
    LeanSession,
    lazy_endpoints,
)

SERVICES = ("s3", "sts", "ec2", "iam", "dynamodb")
REGIONS = ("us-east-1", "eu-west-1", "ap-southeast-2", "cn-north-1", "us-gov-west-1", "xx-future-1")
PRESIGNED = {
    "s3": ("get_object", {"Bucket": "bucket", "Key": "key"}),
    "sts": ("get_caller_identity", {}),
    "ec2": ("describe_instances", {}),
    "iam": ("list_users", {}),
    "dynamodb": ("list_tables", {}),
}
ENDPOINTS_FILE = Path(Loader.BUILTIN_DATA_PATH) / "endpoints.json"


def client_of(session: Session, service_name: str, aws_region: str) -> Any:
    create: Any = session.create_client
    return create(service_name, aws_region, aws_access_key_id="testing", aws_secret_access_key="testing")


def facts(client: Any, service_name: str) -> dict[str, Any]:
    """Give everything that a client resolved, and what it signs, which holds the second that it is now."""
    method, parameters = PRESIGNED[service_name]
    url = urlsplit(client.generate_presigned_url(method, Params=parameters))
    query = parse_qs(url.query)
    if "Expires" in query:
        # Version 2 signs a time of its own.
        del query["Expires"], query["Signature"]
    signer = client._request_signer
    return {
        "url": (url.scheme, url.netloc, url.path, query),
        "endpoint": client.meta.endpoint_url,
        "partition": client.meta.partition,
        "region": client.meta.region_name,
        "signing": (signer.region_name, signer.signing_name, signer.signature_version),
        "operations": client.meta.method_to_api_mapping,
        "api version": client.meta.service_model.api_version,
        "metadata": client.meta.service_model.metadata,
        "paginators": client.can_paginate(method),
        "waiters": client.waiter_names,
    }


@pytest.mark.parametrize("variant", ["", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"])
@pytest.mark.parametrize("service_name", SERVICES)
def test_WHEN_making_a_client_THEN_it_resolves_what_botocores_own_does(
    monkeypatch: pytest.MonkeyPatch, service_name: str, variant: str, tmp_path: Path
) -> None:
    if variant:
        monkeypatch.setenv(variant, "true")
    # The last finds the models that the one before it kept.
    lean_sessions = (
        LeanSession(),
        LeanSession(model_cache_dir=tmp_path),
        LeanSession(model_cache_dir=tmp_path),
    )
    stock_session = Session()
    for aws_region in REGIONS:
        clients = [
            _client_or_error(session, service_name, aws_region) for session in (stock_session, *lean_sessions)
        ]
        stock, *lean = _in_one_second(clients, service_name)
        assert lean == [stock] * len(lean_sessions)


def _client_or_error(session: Session, service_name: str, aws_region: str) -> Any:
    try:
        return client_of(session, service_name, aws_region)
    except Exception as error:  # noqa: BLE001 - whatever botocore's own raises must be raised here too
        return repr(error)


def _in_one_second(clients: Sequence[Any], service_name: str) -> list[dict[str, Any] | str]:
    """Give the facts of all clients, signed within the same second: only so can signatures be equal."""
    while True:
        second = int(time.time())
        found = [_facts_or_error(client, service_name) for client in clients]
        if int(time.time()) == second:
            return found


def _facts_or_error(client: Any, service_name: str) -> dict[str, Any] | str:
    if isinstance(client, str):
        return client
    try:
        return facts(client, service_name)
    except Exception as error:  # noqa: BLE001 - whatever botocore's own raises must be raised here too
        return repr(error)


@pytest.mark.parametrize("type_name", ["service-2", "endpoint-rule-set-1", "paginators-1"])
@pytest.mark.parametrize("service_name", [*SERVICES, "lambda"])
def test_WHEN_loading_a_model_THEN_it_equals_botocores(service_name: str, type_name: str) -> None:
    assert LeanLoader().load_service_model(service_name, type_name) == Loader().load_service_model(
        service_name, type_name
    )


@pytest.mark.parametrize("service_name", ["no-such-service", "../s3", ""])
def test_WHEN_the_service_is_unknown_THEN_the_error_is_botocores(service_name: str) -> None:
    with pytest.raises(UnknownServiceError) as stock:
        Loader().load_service_model(service_name, "service-2")
    with pytest.raises(UnknownServiceError) as lean:
        LeanLoader().load_service_model(service_name, "service-2")

    assert str(lean.value) == str(stock.value)


def test_WHEN_every_service_is_asked_for_THEN_the_endpoint_table_is_botocores() -> None:
    # Also the canary: a table that is laid out in another way makes this None.
    text = ENDPOINTS_FILE.read_text(encoding="utf-8")
    lean = lazy_endpoints(text)
    full = json.loads(text)

    assert lean is not None
    for partition, expected in zip(lean["partitions"], full["partitions"], strict=True):
        services = partition.pop("services")
        expected_services = expected.pop("services")
        assert partition == expected
        assert {name: services[name] for name in expected_services} == expected_services
        assert all(name in services for name in expected_services)
        assert "no-such-service" not in services
        assert services.get("no-such-service", "default") == "default"
        with pytest.raises(KeyError):
            services["no-such-service"]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"partitions": [{"partition": "aws", "services": {}}]}),
        '{"partitions": [',
        '\n    "services" : {',
        '{\n  "partitions" : [ {\n    "services" : {\n    },\n    "a" : 1\n  }, {"services": {}} ]\n}',
    ],
)
def test_WHEN_the_endpoint_table_is_laid_out_otherwise_THEN_it_is_not_taken_apart(text: str) -> None:
    assert lazy_endpoints(text) is None


@pytest.mark.parametrize("is_packed", [False, True])
def test_WHEN_the_user_has_an_endpoint_table_of_their_own_THEN_it_counts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, is_packed: bool
) -> None:
    table = json.loads(ENDPOINTS_FILE.read_text(encoding="utf-8"))
    table["partitions"][0]["services"]["sts"]["endpoints"]["eu-west-1"] = {"hostname": "sts.example.com"}
    data = json.dumps(table).encode()
    if is_packed:
        (tmp_path / "endpoints.json.gz").write_bytes(gzip.compress(data))
    else:
        (tmp_path / "endpoints.json").write_bytes(data)
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))

    stock = client_of(Session(), "sts", "eu-west-1").meta.endpoint_url
    lean = client_of(LeanSession(), "sts", "eu-west-1").meta.endpoint_url

    assert lean == stock == "https://sts.example.com"


def test_WHEN_the_user_has_a_service_model_of_their_own_THEN_it_counts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    model = {"metadata": {"serviceId": "Mine", "protocol": "json"}, "operations": {}, "shapes": {}}
    folder = tmp_path / "mine" / "2030-01-01"
    folder.mkdir(parents=True)
    (folder / "service-2.json").write_text(json.dumps(model))
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))

    assert LeanSession().get_service_data("mine") == Session().get_service_data("mine")


def handlers_of(events: Any) -> dict[str, Any]:
    """Give all handlers of an emitter by event, in their order; bound ones by what they are bound to."""
    found: dict[str, Any] = {}

    def collect(node: dict[str, Any], path: tuple[str, ...]) -> None:
        if node["values"]:
            found[".".join(path)] = [[_name_of(each) for each in section] for section in node["values"]]
        for part, child in node["children"].items():
            collect(child, (*path, part))

    collect(events._emitter._handlers._root, ())
    return found


def _name_of(handler: Any) -> Any:
    owner = getattr(handler, "__self__", None)
    return handler if owner is None else (type(owner), handler.__func__)


@pytest.mark.parametrize("service_name", SERVICES)
def test_WHEN_making_a_client_THEN_its_event_handlers_are_botocores(service_name: str) -> None:
    stock_session, lean_session = Session(), LeanSession()
    stock = client_of(stock_session, service_name, "eu-west-1").meta.events
    lean = client_of(lean_session, service_name, "eu-west-1").meta.events

    assert _plain(handlers_of(lean)) == _plain(handlers_of(stock))
    assert lean._emitter._unique_id_handlers.keys() == stock._emitter._unique_id_handlers.keys()
    sessions = [each.get_component("event_emitter") for each in (lean_session, stock_session)]
    assert handlers_of(sessions[0]) == handlers_of(sessions[1])
    assert len(handlers_of(sessions[0])) > 50
    assert type(lean._emitter) is HierarchicalEmitter


def _plain(handlers: dict[str, Any]) -> dict[str, Any]:
    """Replace functions made anew for each client by the place where they are made."""
    text = {event: str(sections) for event, sections in handlers.items()}
    return {event: re.sub(r" at 0x[0-9a-f]+", "", names) for event, names in text.items()}


def test_WHEN_naming_events_THEN_each_gets_the_name_that_botocore_gives_it() -> None:
    old_parts = {part for alias in EVENT_ALIASES for part in (alias, f"x{alias}", f"{alias}-x")}
    names = [
        pattern.format(part)
        for part in sorted(old_parts)
        for pattern in (
            "{}",
            "before-call.{}",
            "before-call.{}.Do",
            "docs.*.{}.x",
            "request-created",
        )
    ]
    stock, lean = EventAliaser(HierarchicalEmitter()), LeanAliaser(HierarchicalEmitter())

    assert [lean._alias_event_name(name) for name in names] == [
        stock._alias_event_name(name) for name in names
    ]
    assert type(copy.copy(lean)) is LeanAliaser


def test_WHEN_registering_with_a_lean_session_AND_the_handler_takes_no_keywords_THEN_it_is_refused() -> None:
    with pytest.raises(ValueError, match="keyword"):
        LeanSession().register("before-call", lambda: None)


def test_WHEN_botocore_moves_a_seam_of_loading_THEN_this_fails() -> None:
    session = LeanSession()
    client_of(session, "sts", "eu-west-1")

    assert isinstance(session.get_component("data_loader"), LeanLoader)
    assert isinstance(session.get_component("data_loader").file_loader, LeanFileLoader)
    assert isinstance(session.get_component("event_emitter"), LeanAliaser)
    stock = (
        Session().get_component("event_emitter")._emitter._handlers.prefix_search("before-parameter-build.s3")
    )
    lean = session.get_component("event_emitter")._emitter._handlers.prefix_search(
        "before-parameter-build.s3"
    )
    assert list(lean) == list(stock)
    resolver = session._get_internal_component("endpoint_resolver")
    assert all(isinstance(p["services"], LazyServices) for p in resolver._endpoint_data["partitions"])
    # What was not asked for was not read.
    assert len(resolver._endpoint_data["partitions"][0]["services"]) == 1
    assert not any(key[0] == "list_available_services" for key in session.get_component("data_loader")._cache)
