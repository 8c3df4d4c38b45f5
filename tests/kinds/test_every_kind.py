"""What holds for every kind of change that is registered; one without a story here fails the suite."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

import aws_operations
from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.client_settings import ClientSettings
from aws_operations.applying import apply_changes
from aws_operations.changes import (
    CHANGE_KINDS,
    Change,
    ChangeResult,
    ResultStatus,
    Reversibility,
    change_kind,
)
from tests.kinds.stories import STORIES
from tests.support.loopback_proxy import Fault, Hangup, LoopbackProxy, SeenRequest, loopback_proxy

for _path in Path(next(iter(aws_operations.__path__))).glob("*/changes.py"):
    import_module(f"aws_operations.{_path.parent.name}.changes")

KINDS = sorted(CHANGE_KINDS)
CAN_BE_UNDONE = [name for name in KINDS if CHANGE_KINDS[name].invert is not None]
UNDOABLE = {Reversibility.REVERSIBLE, Reversibility.COMPENSABLE}


def planned(name: str, aws_provider: AwsClientProvider) -> Change:
    """Return the one change of the kind's story, as it is after a plan was written and read again."""
    STORIES[name].prepare(aws_provider)
    [change] = STORIES[name].plan(aws_provider)
    assert change.kind == name
    return Change.from_json(change.to_json())


def made(change: Change, aws_provider: AwsClientProvider) -> ChangeResult:
    [result] = apply_changes([change], lambda _: aws_provider)
    return result


def test_WHEN_a_kind_is_registered_THEN_it_has_a_story_here() -> None:
    assert sorted(STORIES) == KINDS


@pytest.mark.parametrize("name", KINDS)
def test_WHEN_a_kind_is_registered_THEN_it_declares_its_actions_and_what_can_be_taken_back(name: str) -> None:
    kind = CHANGE_KINDS[name]

    assert kind.iam_actions
    assert kind.reversibility
    assert (kind.invert is not None) == bool(kind.reversibility & UNDOABLE)


@pytest.mark.parametrize("name", KINDS)
def test_WHEN_a_change_is_planned_THEN_it_keeps_to_what_its_kind_declares(
    name: str, aws_provider: AwsClientProvider
) -> None:
    change, kind = planned(name, aws_provider), CHANGE_KINDS[name]

    assert change.iam_actions
    assert set(change.iam_actions) <= set(kind.iam_actions)
    assert change.reversibility in kind.reversibility
    assert not change.is_noop


@pytest.mark.parametrize("name", KINDS)
def test_WHEN_guards_ask_THEN_every_kind_tells_tags_and_how_much_there_is(
    name: str, aws_provider: AwsClientProvider
) -> None:
    change, kind = planned(name, aws_provider), CHANGE_KINDS[name]
    assert kind.tags is not None
    assert kind.census is not None

    owner = kind.tags.owner(change)
    is_new = change.before is None and change.effect == "create"
    if owner is not None:
        assert owner in kind.tags.read([owner], aws_provider.read_only())
    assert owner is not None or is_new
    assert kind.census.place(change)
    assert kind.census.count(change, aws_provider.read_only(), 10) >= (0 if is_new else 1)


@pytest.mark.parametrize("name", CAN_BE_UNDONE)
def test_WHEN_a_change_is_made_AND_undone_THEN_the_state_is_as_it_was(
    name: str, aws_provider: AwsClientProvider
) -> None:
    change, story = planned(name, aws_provider), STORIES[name]
    before = story.state(aws_provider)
    assert made(change, aws_provider).status is ResultStatus.APPLIED
    assert story.state(aws_provider) != before
    invert = change_kind(name).invert
    assert invert is not None

    for inverse in list(invert(change, aws_provider.read_only())):
        result = made(Change.from_json(inverse.to_json()), aws_provider)
        assert result.status is ResultStatus.APPLIED, result.error

    assert story.state(aws_provider) == before


@pytest.mark.parametrize("name", KINDS)
def test_WHEN_a_change_is_made_AND_its_answer_is_lost_THEN_reading_back_settles_it(
    name: str, aws_provider: AwsClientProvider, moto_endpoint: str
) -> None:
    change = planned(name, aws_provider)
    with loopback_proxy(moto_endpoint) as proxy:
        through_proxy = AwsClientProvider(
            aws_region="eu-west-1",
            access_keys=AccessKeys("testing", "testing"),
            endpoint_url=proxy.endpoint_url,
            client_settings=ClientSettings(max_attempts=1),
        )
        proxy.disturb = losing_first_answer(proxy)
        result = made(change, through_proxy)

    tells = STORIES[name].nothing_tells is None
    assert result.status is (ResultStatus.APPLIED if tells else ResultStatus.UNKNOWN), result.error


def losing_first_answer(proxy: LoopbackProxy) -> Callable[[SeenRequest], Fault | None]:
    """Let the connection break after the first write was carried out."""

    def disturb(request: SeenRequest) -> Fault | None:
        is_first_write = not request.changes_nothing and len(proxy.writes) == 1
        return Hangup(after_work=True) if is_first_write else None

    return disturb
