"""Remembered User-Agent headers say what botocore's say."""

from typing import Any

import pytest
from botocore.context import start_as_current_context
from botocore.session import Session
from botocore.useragent import register_feature_id

from aws_interactions.botocore_events import BotocoreSeamMoved
from aws_interactions.remembered_user_agents import install_remembered_user_agent


def make_client() -> Any:
    create: Any = Session().create_client
    return create("sts", "us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing")


def features_of(header: str) -> set[str]:
    (part,) = (part for part in header.split() if part.startswith("m/"))
    return set(part.removeprefix("m/").split(","))


def sent_by(client: Any) -> str:
    """Return the header of the request that a client makes, which is not sent."""
    seen: list[str] = []

    def answer(request: Any, **_: object) -> Any:
        seen.append(request.headers["User-Agent"].decode())
        raise InterruptedError

    client.meta.events.register("before-send.sts", answer, unique_id="look")
    with pytest.raises(InterruptedError):
        client.get_caller_identity()
    client.meta.events.unregister("before-send.sts", unique_id="look")
    return seen[0]


def test_WHEN_a_client_remembers_its_headers_THEN_it_sends_what_botocore_sends() -> None:
    stock, ours = make_client(), make_client()
    install_remembered_user_agent(ours)
    for _ in range(3):
        expected, header = sent_by(stock), sent_by(ours)
        # The features of a request stand in a set's order.
        assert features_of(header) == features_of(expected)
        assert [p for p in header.split() if p[:2] != "m/"] == [p for p in expected.split() if p[:2] != "m/"]


def test_WHEN_a_request_uses_other_features_THEN_its_header_says_so() -> None:
    client = make_client()
    install_remembered_user_agent(client)
    plain = features_of(sent_by(client))
    with start_as_current_context():
        register_feature_id("PAGINATOR")
        paged = features_of(sent_by(client))

    assert paged == plain | {"C"}
    assert features_of(sent_by(client)) == plain


def test_WHEN_headers_are_remembered_THEN_they_are_built_once() -> None:
    client = make_client()
    creator = client._user_agent_creator
    builds = []
    build = creator.to_string
    creator.to_string = lambda: builds.append(1) or build()
    install_remembered_user_agent(client)

    sent_by(client)
    count_of_first = len(builds)
    for _ in range(5):
        sent_by(client)

    assert count_of_first >= 1
    assert len(builds) == count_of_first


def test_WHEN_botocore_makes_its_headers_elsewhere_THEN_installing_says_so() -> None:
    client = make_client()
    client._user_agent_creator = None

    with pytest.raises(BotocoreSeamMoved):
        install_remembered_user_agent(client)
