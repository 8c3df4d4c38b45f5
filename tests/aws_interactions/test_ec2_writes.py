"""Starting, stopping, rebooting, terminating, waiting for instances, and tags of anything."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from aws_interactions import ec2_interactions as ec2
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import (
    AccessDenied,
    AnswerLost,
    Conflict,
    CredentialsProblem,
    InvalidInput,
    Unavailable,
    WaitTimedOut,
)
from aws_interactions.ec2_interactions import InstanceState
from aws_interactions.testing import FakeClient, fake_provider
from tests.support.ec2_things import answer_of, instance, run_instance

ONE = "i-00000000000000001"
TWO = "i-00000000000000002"


def states(aws_provider: AwsClientProvider, *instance_ids: str) -> list[str]:
    return [str(found.state) for found in ec2.get_instances(instance_ids, aws_provider)]


def test_WHEN_instances_are_stopped_started_and_terminated_THEN_each_is_told_with_both_states(
    aws_provider: AwsClientProvider,
) -> None:
    ids = [run_instance(aws_provider), run_instance(aws_provider)]
    stopped = ec2.stop_instances(ids, aws_provider)
    assert {changed.instance_id for changed in stopped} == set(ids)
    assert {(changed.previous, changed.current) for changed in stopped} == {
        (InstanceState.RUNNING, InstanceState.STOPPING)
    }
    assert states(aws_provider, *ids) == ["stopped", "stopped"]
    assert [found.current for found in ec2.start_instances(ids[:1], aws_provider)] == [InstanceState.PENDING]
    assert states(aws_provider, *ids) == ["running", "stopped"]
    ec2.reboot_instances(ids[:1], aws_provider)
    assert [found.previous for found in ec2.terminate_instances(ids[:1], aws_provider)] == [
        InstanceState.RUNNING
    ]
    assert states(aws_provider, *ids) == ["terminated", "stopped"]


WRITES: list[Callable[[list[str], AwsClientProvider], Any]] = [
    ec2.start_instances,
    ec2.stop_instances,
    ec2.reboot_instances,
    ec2.terminate_instances,
]


@pytest.mark.parametrize("write", WRITES)
def test_WHEN_an_instance_is_not_there_THEN_the_error_names_it_and_not_the_others(
    write: Callable[[list[str], AwsClientProvider], Any], aws_provider: AwsClientProvider
) -> None:
    there = run_instance(aws_provider)
    with pytest.raises(ec2.InstanceDoesNotExist) as caught:
        write([there, ONE], aws_provider)
    assert caught.value.instance_ids == (ONE,)
    assert caught.value.aws_code == "InvalidInstanceID.NotFound"


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("count", [0, 1001])
def test_WHEN_there_are_none_or_too_many_THEN_nothing_is_sent(
    write: Callable[[list[str], AwsClientProvider], Any], count: int
) -> None:
    client = FakeClient("ec2")
    with pytest.raises(InvalidInput, match=f"{count} instances"):
        write([ONE] * count, fake_provider(ec2=client))
    assert client.calls == []


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("IncorrectInstanceState", Conflict),
        ("OperationNotPermitted", Conflict),
        ("UnsupportedOperation", Conflict),
        ("InsufficientInstanceCapacity", Unavailable),
    ],
)
def test_WHEN_a_start_is_refused_THEN_the_kind_and_AWS_s_words_are_kept(
    code: str, kind: type[Exception]
) -> None:
    client = FakeClient("ec2").raises("start_instances", code=code, message="the reason")
    with pytest.raises(kind, match=f"{ONE}: the reason") as caught:
        ec2.start_instances([ONE], fake_provider(ec2=client))
    assert type(caught.value) is kind


def test_WHEN_an_answer_is_lost_THEN_it_says_so() -> None:
    client = FakeClient("ec2").raises("terminate_instances", error=ReadTimeoutError(endpoint_url="http://x"))
    with pytest.raises(AnswerLost):
        ec2.terminate_instances([ONE], fake_provider(ec2=client))


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def __call__(self) -> float:
        return self.now


def wait(
    answers: list[dict[str, Any]], state: InstanceState, *instance_ids: str, clock: Clock | None = None
) -> list[ec2.Instance]:
    client = FakeClient("ec2").answers("describe_instances", answers)
    clock = clock or Clock()
    return ec2.wait_for_instances(
        instance_ids,
        state,
        fake_provider(ec2=client),
        timeout=60,
        interval=15,
        sleep=clock.sleep,
        clock=clock,
    )


def test_WHEN_instances_come_up_one_after_the_other_THEN_the_wait_ends_with_the_last() -> None:
    clock = Clock()
    looks = [
        answer_of(instance(ONE, "pending"), instance(TWO, "pending")),
        answer_of(instance(ONE, "running"), instance(TWO, "pending")),
        answer_of(instance(TWO, "running"), instance(ONE, "running")),
    ]
    found = wait(looks, InstanceState.RUNNING, ONE, TWO, clock=clock)
    assert [(one.instance_id, one.state) for one in found] == [(ONE, "running"), (TWO, "running")]
    assert clock.slept == [15, 15]


def test_WHEN_it_takes_too_long_THEN_the_time_out_says_which_and_what_they_were() -> None:
    with pytest.raises(WaitTimedOut, match=f"^{TWO} was stopping after 60 seconds, not stopped$"):
        wait(
            [answer_of(instance(ONE, "stopped"), instance(TWO, "stopping"))], InstanceState.STOPPED, ONE, TWO
        )
    with pytest.raises(WaitTimedOut, match=f"{ONE} was running after 60 seconds, not stopped"):
        wait([answer_of(instance(ONE, "running"))], InstanceState.STOPPED, ONE)
    with pytest.raises(WaitTimedOut, match=rf"^web \({ONE}\) was pending after") as caught:
        wait([answer_of(instance(ONE, "pending", Name="web"))], InstanceState.RUNNING, ONE)
    assert caught.value.resource == ONE


def test_WHEN_one_is_terminated_while_another_state_is_waited_for_THEN_that_is_a_conflict_at_once() -> None:
    clock = Clock()
    with pytest.raises(ec2.InstanceStateConflict, match=f"{TWO} is shutting-down") as caught:
        wait(
            [answer_of(instance(ONE, "pending"), instance(TWO, "shutting-down"))],
            InstanceState.RUNNING,
            ONE,
            TWO,
            clock=clock,
        )
    assert caught.value.instance_ids == (TWO,)
    assert clock.slept == []


def test_WHEN_one_vanishes_while_its_end_is_waited_for_THEN_it_is_terminated() -> None:
    [found] = wait([answer_of(instance(ONE, "shutting-down")), {}], InstanceState.TERMINATED, ONE)
    assert found.state is InstanceState.TERMINATED
    with pytest.raises(ec2.InstanceDoesNotExist):
        wait([{}], InstanceState.TERMINATED, ONE)
    with pytest.raises(ec2.InstanceDoesNotExist):
        wait([answer_of(instance(ONE, "pending")), {}], InstanceState.RUNNING, ONE)


def test_WHEN_another_state_is_waited_for_THEN_that_is_invalid() -> None:
    with pytest.raises(InvalidInput, match="pending is not a state to wait for"):
        wait([], InstanceState.PENDING, ONE)


def test_WHEN_tags_are_put_on_and_taken_off_THEN_others_stay(aws_provider: AwsClientProvider) -> None:
    name = run_instance(aws_provider, Name="web-1", role="web")
    ec2.add_tags([name], {"role": "db", "empty": ""}, aws_provider)
    assert ec2.get_tags([name, ONE], aws_provider) == {
        name: {"Name": "web-1", "role": "db", "empty": ""},
        ONE: {},
    }
    ec2.remove_tags([name], {"role": "web", "empty": None}, aws_provider)
    assert ec2.get_tags([name], aws_provider)[name] == {"Name": "web-1", "role": "db"}


def test_WHEN_no_tags_are_to_be_removed_THEN_nothing_is_sent_as_AWS_would_remove_all() -> None:
    client = FakeClient("ec2")
    with pytest.raises(InvalidInput, match="AWS would remove all"):
        ec2.remove_tags([ONE], {}, fake_provider(ec2=client))
    with pytest.raises(InvalidInput, match="kept for AWS"):
        ec2.add_tags([ONE], {"aws:x": "y"}, fake_provider(ec2=client))
    assert client.calls == []


def test_WHEN_what_is_to_be_tagged_has_no_id_of_EC2_s_THEN_that_is_invalid(
    aws_provider: AwsClientProvider,
) -> None:
    with pytest.raises(InvalidInput, match="'xyz-12345678' is not valid"):
        ec2.add_tags(["xyz-12345678"], {"a": "b"}, aws_provider)


@pytest.mark.parametrize(("status", "kind"), [(400, AccessDenied), (401, CredentialsProblem)])
def test_WHEN_what_is_to_be_tagged_is_another_account_s_THEN_the_credentials_are_not_called_wrong(
    status: int, kind: type[Exception]
) -> None:
    client = FakeClient("ec2").raises("create_tags", "AuthFailure", message="Not authorized", status=status)
    with pytest.raises(kind, match="ami-12345678: Not authorized"):
        ec2.add_tags(["ami-12345678"], {"a": "b"}, fake_provider(ec2=client))


def test_WHEN_tags_only_look_alike_THEN_they_are_left_out(aws_provider: AwsClientProvider) -> None:
    wanted = run_instance(aws_provider, Name="a*", other="x")
    run_instance(aws_provider, Name="ab")
    found = list(ec2.list_resource_tags(aws_provider, key="Name", values=["a*"]))
    assert found == [ec2.ResourceTag(wanted, "instance", "Name", "a*")]


@pytest.mark.parametrize("write", WRITES)
def test_WHEN_one_bare_id_is_given_THEN_it_is_refused_unsent(
    write: Callable[[Any, AwsClientProvider], Any],
) -> None:
    client = FakeClient("ec2")
    with pytest.raises(InvalidInput, match=f"give a list of ids, .'{ONE}'., not one bare id"):
        write(ONE, fake_provider(ec2=client))
    assert client.calls == []


def test_WHEN_waiting_AND_one_bare_id_is_given_THEN_it_is_refused_unsent() -> None:
    client = FakeClient("ec2")
    with pytest.raises(InvalidInput, match="not one bare id"):
        ec2.wait_for_instances(ONE, InstanceState.RUNNING, fake_provider(ec2=client))
    assert client.calls == []


def test_WHEN_the_state_to_wait_for_is_a_word_THEN_it_is_understood() -> None:
    looks = [answer_of(instance(ONE, "shutting-down")), answer_of()]
    clock = Clock()
    client = FakeClient("ec2").answers("describe_instances", looks)
    [found] = ec2.wait_for_instances(
        [ONE], "terminated", fake_provider(ec2=client), sleep=clock.sleep, clock=clock
    )
    assert found.state is InstanceState.TERMINATED


@pytest.mark.parametrize(
    "call",
    [
        lambda provider: ec2.get_instances(ONE, provider),
        lambda provider: ec2.add_tags(ONE, {"team": "ops"}, provider),
        lambda provider: ec2.remove_tags(ONE, {"team": None}, provider),
    ],
)
def test_WHEN_one_bare_id_is_looked_up_or_tagged_THEN_it_is_refused_unsent(call: Any) -> None:
    with pytest.raises(InvalidInput, match="not one bare id"):
        call(fake_provider())
