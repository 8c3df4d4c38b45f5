"""EC2 writes: what is planned, what went when AWS does part of a batch, and what nobody can know."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from aws_interactions import ec2_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import AccessDenied, AnswerLost, Conflict, NotFound
from aws_interactions.ec2_interactions import InstanceStateConflict
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.applying import apply_changes
from aws_operations.changes import (
    CHANGE_KINDS,
    Change,
    ChangeResult,
    Effect,
    ResultStatus,
    Reversibility,
    change_kind,
)
from aws_operations.ec2 import changes as ec2_changes
from aws_operations.ec2.changes import InstanceIsProtected
from tests.support.ec2_things import answer_of, instance, run_instance, state_changes

IDS = [f"i-{number:017x}" for number in range(1, 5)]
LOST = ReadTimeoutError(endpoint_url="http://x")

Planner = Callable[[Sequence[str], AwsClientProvider], Iterator[Change]]


def applied(changes: Iterable[Change], aws_provider: AwsClientProvider) -> list[ChangeResult]:
    return list(apply_changes(changes, lambda _: aws_provider))


def statuses(results: Iterable[ChangeResult]) -> list[str]:
    return [result.status.value for result in results]


def states(aws_provider: AwsClientProvider, *ids: str) -> list[str]:
    return [str(found.state) for found in ec2_interactions.get_instances(ids, aws_provider)]


def protect(aws_provider: AwsClientProvider, instance_id: str) -> None:
    client: Any = aws_provider.get_ec2()
    client.modify_instance_attribute(InstanceId=instance_id, DisableApiTermination={"Value": True})


def test_WHEN_a_stop_is_planned_THEN_nothing_stops_until_it_is_applied(
    aws_provider: AwsClientProvider,
) -> None:
    one, two = run_instance(aws_provider, Name="web-1"), run_instance(aws_provider)
    changes = list(ec2_changes.plan_stop(["web-1", two], aws_provider.read_only()))
    assert [change.resource for change in changes] == [
        f"arn:aws:ec2:eu-west-1:123456789012:instance/{name}" for name in (one, two)
    ]
    assert (changes[0].before, changes[0].after) == (
        {"name": "web-1", "state": "running"},
        {"name": "web-1", "state": "stopped"},
    )
    assert changes[0].effect is Effect.UPDATE
    assert changes[0].reversibility is Reversibility.COMPENSABLE
    assert changes[0].iam_actions == ("ec2:DescribeInstances", "ec2:StopInstances")
    assert not changes[0].needs_consent
    assert states(aws_provider, one, two) == ["running", "running"]
    assert statuses(applied(changes, aws_provider)) == ["applied", "applied"]
    assert states(aws_provider, one, two) == ["stopped", "stopped"]


@pytest.mark.parametrize(
    ("planner", "there", "to_do"),
    [
        (ec2_changes.plan_start, ["pending", "running"], ["stopped"]),
        (ec2_changes.plan_stop, ["stopping", "stopped"], ["running"]),
        (ec2_changes.plan_reboot, [], ["running"]),
        (
            ec2_changes.plan_terminate,
            ["shutting-down", "terminated"],
            ["pending", "running", "stopping", "stopped"],
        ),
    ],
)
def test_WHEN_an_instance_is_in_any_state_THEN_it_is_unchanged_changed_or_a_conflict(
    planner: Planner, there: list[str], to_do: list[str]
) -> None:
    every = ("pending", "running", "stopping", "stopped", "shutting-down", "terminated", "resting")
    for state in every:
        client = FakeClient("ec2").answers("describe_instances", answer_of(IDS[0], state=state))
        client.answers("describe_instance_attribute", {"DisableApiTermination": {"Value": False}})
        provider = fake_provider(ec2=client)
        if state in there:
            [change] = planner(IDS[:1], provider)
            calls = len(client.calls)
            assert statuses(applied([change], provider)) == ["unchanged"]
            assert len(client.calls) == calls
        elif state in to_do:
            [change] = planner(IDS[:1], provider)
            assert not change.is_noop
        else:
            with pytest.raises(InstanceStateConflict, match=f"{IDS[0]} is {state}"):
                list(planner(IDS[:1], provider))


def test_WHEN_some_cannot_be_started_THEN_all_of_those_are_named_and_nothing_is_planned() -> None:
    found = answer_of(
        instance(IDS[0], "stopping", Name="web"), instance(IDS[1], "stopped"), instance(IDS[2], "terminated")
    )
    client = FakeClient("ec2").answers("describe_instances", found)
    planned = []
    with pytest.raises(InstanceStateConflict) as caught:
        planned.extend(ec2_changes.plan_start(IDS[:3], fake_provider(ec2=client)))
    assert planned == []
    assert str(caught.value) == f"cannot start: web ({IDS[0]}) is stopping, {IDS[2]} is terminated"
    assert caught.value.instance_ids == (IDS[0], IDS[2])


def test_WHEN_an_instance_is_protected_THEN_its_end_is_not_planned(aws_provider: AwsClientProvider) -> None:
    one, two = run_instance(aws_provider, Name="web-1"), run_instance(aws_provider)
    protect(aws_provider, one)
    with pytest.raises(InstanceIsProtected, match=r"protected from it .*: web-1 \(i-") as caught:
        list(ec2_changes.plan_terminate([one, two], aws_provider))
    assert caught.value.instance_ids == (one,)
    [change] = ec2_changes.plan_terminate([two], aws_provider)
    assert change.before is not None
    assert change.before["termination_protection"] == "off"
    assert change.before["az"] == "eu-west-1a"
    assert change.after is None
    assert change.effect is Effect.DESTROY
    assert change.needs_consent
    assert change.reversibility is Reversibility.IRREVERSIBLE
    assert statuses(applied([change], aws_provider)) == ["applied"]
    assert states(aws_provider, one, two) == ["running", "terminated"]


def plan_of(planner: Planner, *described: dict[str, Any]) -> list[Change]:
    client = FakeClient("ec2").answers("describe_instances", answer_of(*described))
    client.answers("describe_instance_attribute", {"DisableApiTermination": {"Value": False}})
    return list(planner([found["InstanceId"] for found in described], fake_provider(ec2=client)))


def protection_of(*protected: str) -> Callable[..., dict[str, Any]]:
    return lambda **call: {"DisableApiTermination": {"Value": call["InstanceId"] in protected}}


def test_WHEN_the_other_zone_is_not_seen_to_go_yet_THEN_it_is_unknown_and_not_called_failed() -> None:
    zones = ["eu-west-1a", "eu-west-1a", "eu-west-1b", "eu-west-1b"]
    before = [instance(name, "running", az=zone) for name, zone in zip(IDS, zones, strict=True)]
    changes = plan_of(ec2_changes.plan_terminate, *before)
    gone = answer_of(instance(IDS[2], "shutting-down", az=zones[2]))
    client = (
        FakeClient("ec2")
        .answers("describe_instances", [answer_of(*before), answer_of(*before), gone, answer_of(*before)])
        .answers("describe_instance_attribute", protection_of(IDS[1]))
        .raises("terminate_instances", code="OperationNotPermitted", message="protected", status=400)
    )
    results = applied(changes, fake_provider(ec2=client))
    assert statuses(results) == ["failed", "failed", "applied", "unknown"]
    assert f"{IDS[3]} is still running" in str(results[3].error)
    assert "protected" in str(results[3].error)


def test_WHEN_four_in_two_zones_are_terminated_AND_one_is_protected_THEN_just_those_gone_are_told() -> None:
    zones = ["eu-west-1a", "eu-west-1a", "eu-west-1b", "eu-west-1b"]
    before = [instance(name, "running", az=zone) for name, zone in zip(IDS, zones, strict=True)]
    changes = plan_of(ec2_changes.plan_terminate, *before)
    after = [
        instance(name, "shutting-down" if zone.endswith("b") else "running", az=zone)
        for name, zone in zip(IDS, zones, strict=True)
    ]
    reason = f"The instance '{IDS[1]}' may not be terminated. Modify its 'disableApiTermination' attribute."
    client = (
        FakeClient("ec2")
        .answers("describe_instances", [answer_of(*before), answer_of(*after)])
        .answers("describe_instance_attribute", protection_of(IDS[1]))
        .raises("terminate_instances", code="OperationNotPermitted", message=reason, status=400)
    )
    results = applied(changes, fake_provider(ec2=client))
    assert statuses(results) == ["failed", "failed", "applied", "applied"]
    assert [result.change for result in results] == changes
    for result in results[:2]:
        assert isinstance(result.error, Conflict)
        assert reason in str(result.error)
        assert "is running after AWS refused the batch" in str(result.error)
        assert result.error.resource == result.change.resource
        assert result.error.aws_code == "OperationNotPermitted"
    assert client.calls_of("terminate_instances") == [{"InstanceIds": IDS}]


def test_WHEN_protection_comes_between_plan_and_apply_THEN_what_went_and_what_stayed_is_told(
    aws_provider: AwsClientProvider,
) -> None:
    ids = [run_instance(aws_provider, az=f"eu-west-1{zone}") for zone in "aabb"]
    changes = list(ec2_changes.plan_terminate(ids, aws_provider))
    protect(aws_provider, ids[2])
    results = applied(changes, aws_provider)
    now = states(aws_provider, *ids)
    assert [result.status is ResultStatus.APPLIED for result in results] == [
        state == "terminated" for state in now
    ]
    assert now[2] == "running"
    assert results[2].status is ResultStatus.FAILED


def test_WHEN_a_batch_is_refused_AND_nobody_can_look_THEN_each_is_unknown() -> None:
    changes = plan_of(ec2_changes.plan_stop, *(instance(name) for name in IDS[:2]))
    client = (
        FakeClient("ec2")
        .answers("describe_instances", answer_of(*IDS[:2]))
        .raises("describe_instances", code="UnauthorizedOperation", status=403)
        .raises("stop_instances", code="IncorrectInstanceState", status=400)
    )
    results = applied(changes, fake_provider(ec2=client))
    assert statuses(results) == ["unknown", "unknown"]
    assert all("looking at each failed" in str(result.error) for result in results)


def test_WHEN_one_alone_or_the_identity_is_refused_THEN_it_failed_without_another_look() -> None:
    changes = plan_of(ec2_changes.plan_stop, *(instance(name) for name in IDS[:2]))
    client = FakeClient("ec2").answers("describe_instances", answer_of(*IDS[:2]))
    client.raises("stop_instances", code="UnauthorizedOperation", status=403)
    results = applied(changes, fake_provider(ec2=client))
    assert statuses(results) == ["failed", "failed"]
    assert all(isinstance(result.error, AccessDenied) for result in results)
    assert len(client.calls_of("describe_instances")) == 1


def test_WHEN_there_is_no_capacity_THEN_the_start_failed_though_the_status_is_a_breakdown_s() -> None:
    changes = plan_of(ec2_changes.plan_start, instance(IDS[0], "stopped"))
    client = FakeClient("ec2").answers("describe_instances", answer_of(IDS[0], state="stopped"))
    client.raises("start_instances", code="InsufficientInstanceCapacity", message="no room", status=500)
    [result] = applied(changes, fake_provider(ec2=client))
    assert result.status is ResultStatus.FAILED
    assert "no room" in str(result.error)


@pytest.mark.parametrize(
    ("seen", "status"),
    [("shutting-down", "applied"), ("terminated", "applied"), (None, "applied"), ("running", "unknown")],
)
def test_WHEN_the_answer_to_a_termination_is_lost_THEN_it_is_read_back(seen: str | None, status: str) -> None:
    changes = plan_of(ec2_changes.plan_terminate, instance(IDS[0]))
    after = {} if seen is None else answer_of(IDS[0], state=seen)
    client = FakeClient("ec2").answers("describe_instances", [answer_of(IDS[0]), after])
    client.raises("terminate_instances", error=LOST)
    [result] = applied(changes, fake_provider(ec2=client))
    assert result.status.value == status
    assert (result.error is None) is (status == "applied")


@pytest.mark.parametrize(
    ("planner", "state", "operation", "reached"),
    [
        (ec2_changes.plan_start, "stopped", "start_instances", "pending"),
        (ec2_changes.plan_stop, "running", "stop_instances", "stopping"),
    ],
)
def test_WHEN_the_answer_to_a_start_or_stop_is_lost_THEN_the_way_there_counts(
    planner: Planner, state: str, operation: str, reached: str
) -> None:
    changes = plan_of(planner, instance(IDS[0], state))
    looks = [answer_of(IDS[0], state=state), answer_of(IDS[0], state=reached)]
    client = FakeClient("ec2").answers("describe_instances", looks).raises(operation, error=LOST)
    assert statuses(applied(changes, fake_provider(ec2=client))) == ["applied"]


def test_WHEN_the_answer_to_a_reboot_is_lost_THEN_it_stays_unknown_and_is_not_sent_again() -> None:
    changes = plan_of(ec2_changes.plan_reboot, instance(IDS[0]))
    client = FakeClient("ec2").answers("describe_instances", answer_of(IDS[0]))
    client.raises("reboot_instances", error=LOST)
    [result] = applied(changes, fake_provider(ec2=client))
    assert result.status is ResultStatus.UNKNOWN
    assert isinstance(result.error, AnswerLost)
    assert len(client.calls_of("reboot_instances")) == 1


def test_WHEN_a_reboot_is_applied_THEN_AWS_was_asked_for_it(aws_provider: AwsClientProvider) -> None:
    one = run_instance(aws_provider)
    changes = list(ec2_changes.plan_reboot([one], aws_provider))
    assert changes[0].reversibility is Reversibility.IRREVERSIBLE
    assert statuses(applied(changes, aws_provider)) == ["applied"]
    assert states(aws_provider, one) == ["running"]


def test_WHEN_an_instance_changes_between_plan_and_apply_THEN_it_alone_is_left(
    aws_provider: AwsClientProvider,
) -> None:
    one, two = run_instance(aws_provider), run_instance(aws_provider)
    changes = list(ec2_changes.plan_stop([one, two], aws_provider))
    ec2_interactions.terminate_instances([one], aws_provider)
    results = {result.change.resource[-19:]: result for result in applied(changes, aws_provider)}
    assert results[one].status is ResultStatus.FAILED
    assert "it has become terminated (it was running) since it was planned" in str(results[one].error)
    assert results[two].status is ResultStatus.APPLIED


@pytest.mark.parametrize(
    ("planner", "planned", "by_now", "operation"),
    [
        (ec2_changes.plan_start, "stopped", "running", "start_instances"),
        (ec2_changes.plan_stop, "running", "stopping", "stop_instances"),
        (ec2_changes.plan_terminate, "running", "terminated", "terminate_instances"),
    ],
)
@pytest.mark.parametrize(("retries", "status"), [(0, "unchanged"), (1, "applied")])
def test_WHEN_somebody_else_has_done_it_by_now_THEN_it_is_unchanged_AND_a_retry_may_see_its_own_work(
    planner: Planner, planned: str, by_now: str, operation: str, retries: int, status: str
) -> None:
    members = {"start": "StartingInstances", "stop": "StoppingInstances", "terminate": "TerminatingInstances"}
    changes = plan_of(planner, instance(IDS[0], planned))
    client = FakeClient("ec2").answers("describe_instances", answer_of(IDS[0], state=planned))
    answer = state_changes(members[operation.split("_", maxsplit=1)[0]], [(IDS[0], by_now, by_now)])
    client.answers(operation, {**answer, "ResponseMetadata": {"RetryAttempts": retries}})
    assert statuses(applied(changes, fake_provider(ec2=client))) == [status]


def test_WHEN_somebody_else_has_done_it_before_the_second_look_THEN_it_is_unchanged_AND_not_sent() -> None:
    changes = plan_of(ec2_changes.plan_stop, instance(IDS[0]))
    client = FakeClient("ec2").answers("describe_instances", answer_of(IDS[0], state="stopped"))
    assert statuses(applied(changes, fake_provider(ec2=client))) == ["unchanged"]
    assert client.calls_of("stop_instances") == []


def test_WHEN_an_instance_has_gone_by_then_THEN_it_failed() -> None:
    changes = plan_of(ec2_changes.plan_stop, instance(IDS[0]))
    client = FakeClient("ec2").answers("describe_instances", {})
    [result] = applied(changes, fake_provider(ec2=client))
    assert "it has gone" in str(result.error)
    assert change_kind("ec2.stop").recheck(changes[0], fake_provider(ec2=client)) == "it has gone"


def test_WHEN_there_are_many_THEN_a_hundred_go_in_a_call() -> None:
    ids = [f"i-{number:017x}" for number in range(250)]
    changes = plan_of(ec2_changes.plan_stop, *(instance(name) for name in ids))
    client = FakeClient("ec2").answers("describe_instances", answer_of(*ids))
    client.answers(
        "stop_instances",
        lambda **call: state_changes(
            "StoppingInstances", [(name, "running", "stopping") for name in call["InstanceIds"]]
        ),
    )
    assert statuses(applied(changes, fake_provider(ec2=client))) == ["applied"] * 250
    assert [len(call["InstanceIds"]) for call in client.calls_of("stop_instances")] == [100, 100, 50]


def test_WHEN_an_answer_says_nothing_of_one_AND_something_of_a_stranger_THEN_that_one_is_read_back() -> None:
    changes = plan_of(ec2_changes.plan_stop, *(instance(name) for name in IDS[:2]))
    looks = [answer_of(*IDS[:2]), answer_of(IDS[1], state="stopping")]
    client = FakeClient("ec2").answers("describe_instances", looks)
    told = [(IDS[0], "running", "stopping"), (IDS[3], "running", "stopping")]
    client.answers("stop_instances", state_changes("StoppingInstances", told))
    assert statuses(applied(changes, fake_provider(ec2=client))) == ["applied", "applied"]


@pytest.mark.parametrize(
    "planner",
    [
        ec2_changes.plan_start,
        ec2_changes.plan_stop,
        ec2_changes.plan_reboot,
        ec2_changes.plan_terminate,
    ],
)
def test_WHEN_an_instance_is_not_there_THEN_nothing_is_planned(
    planner: Planner, aws_provider: AwsClientProvider
) -> None:
    with pytest.raises(NotFound, match=IDS[0]):
        list(planner(IDS[:1], aws_provider))


def test_WHEN_a_kind_is_asked_for_by_name_THEN_its_module_registers_it() -> None:
    for name in ("start", "stop", "reboot", "terminate", "add-tags", "remove-tags"):
        assert change_kind(f"ec2.{name}") is CHANGE_KINDS[f"ec2.{name}"]
