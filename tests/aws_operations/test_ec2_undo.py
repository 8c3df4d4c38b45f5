"""What takes changes of EC2 back, and what guards learn of them."""

from collections.abc import Iterable

import pytest

from aws_interactions import ec2_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.applying import apply_changes
from aws_operations.changes import CannotUndo, Change, ResultStatus, Reversibility, change_kind
from aws_operations.ec2 import changes as ec2_changes
from aws_operations.ec2.tagged import NothingCountsThese
from tests.support.ec2_things import answer_of, run_instance

ONE = "i-00000000000000001"
SNAPSHOT = "snap-00000000000000001"


def made(changes: Iterable[Change], aws_provider: AwsClientProvider) -> list[Change]:
    results = list(apply_changes(changes, lambda _: aws_provider))
    assert {result.status for result in results} <= {ResultStatus.APPLIED}, results
    return [result.change for result in results]


def inverses(change: Change, aws_provider: AwsClientProvider) -> list[Change]:
    invert = change_kind(change.kind).invert
    assert invert is not None
    return [Change.from_json(inverse.to_json()) for inverse in invert(change, aws_provider.read_only())]


def state_of(name: str, aws_provider: AwsClientProvider) -> str:
    return str(ec2_interactions.get_instance(name, aws_provider).state)


def seen(state: str) -> AwsClientProvider:
    return fake_provider(ec2=FakeClient("ec2").answers("describe_instances", answer_of(ONE, state=state)))


def a_stop() -> Change:
    [change] = ec2_changes.plan_stop([ONE], seen("running"))
    return change


def a_start() -> Change:
    [change] = ec2_changes.plan_start([ONE], seen("stopped"))
    return change


def test_WHEN_a_stop_and_the_start_that_undoes_it_are_made_THEN_it_runs_as_before(
    aws_provider: AwsClientProvider,
) -> None:
    name = run_instance(aws_provider, Name="web-1")
    [stop] = made(ec2_changes.plan_stop([name], aws_provider), aws_provider)
    [start] = inverses(stop, aws_provider)
    assert (start.kind, start.reversibility) == ("ec2.start", Reversibility.REVERSIBLE)
    assert (start.before, start.after) == (stop.after, stop.before)
    assert not start.needs_consent
    made([start], aws_provider)
    assert state_of(name, aws_provider) == "running"
    with pytest.raises(CannotUndo, match="it is running by now, and was left stopped"):
        inverses(stop, aws_provider)
    [again] = inverses(start, aws_provider)
    assert again.kind == "ec2.stop"


@pytest.mark.parametrize(
    ("change", "state", "reason"),
    [
        (a_stop(), "stopping", "it is still stopping: undo the run once it is stopped"),
        (a_stop(), "terminated", "it is terminated by now, and was left stopped"),
        (a_start(), "pending", "it is still pending: undo the run once it is running"),
        (a_start(), "stopped", "it is stopped by now, and was left running"),
    ],
)
def test_WHEN_an_instance_is_not_as_it_was_left_THEN_it_is_told_how_it_is(
    change: Change, state: str, reason: str
) -> None:
    with pytest.raises(CannotUndo, match=reason) as refused:
        inverses(change, seen(state))
    assert refused.value.resource == change.resource


def test_WHEN_an_instance_is_gone_THEN_nothing_is_taken_back() -> None:
    nothing = fake_provider(ec2=FakeClient("ec2").answers("describe_instances", {}))
    with pytest.raises(CannotUndo, match="not there any more"):
        inverses(a_stop(), nothing)


def test_WHEN_tags_were_set_THEN_old_values_come_back_AND_new_tags_go_AND_others_stay(
    aws_provider: AwsClientProvider,
) -> None:
    name = run_instance(aws_provider, role="web", kept="1", same="yes")
    added = {"role": "db", "stage": "new", "same": "yes"}
    [change] = made(ec2_changes.plan_tag([name], aws_provider, add=added), aws_provider)
    ec2_interactions.add_tags([name], {"later": "1"}, aws_provider)
    back = inverses(change, aws_provider)
    assert [(each.kind, each.before, each.after) for each in back] == [
        ("ec2.add-tags", {"role": "db"}, {"role": "web"}),
        ("ec2.remove-tags", {"stage": "new"}, {}),
    ]
    made(back, aws_provider)
    tags = ec2_interactions.get_tags([name], aws_provider)[name]
    assert tags == {"role": "web", "kept": "1", "same": "yes", "later": "1"}


def test_WHEN_a_tag_was_taken_off_THEN_it_comes_back_unless_somebody_set_it_meanwhile(
    aws_provider: AwsClientProvider,
) -> None:
    name = run_instance(aws_provider, role="web")
    plan = ec2_changes.plan_tag([name], aws_provider, add={}, remove=["role", "absent"])
    [change] = made(plan, aws_provider)
    [back] = inverses(change, aws_provider)
    assert (back.kind, back.before, back.after) == ("ec2.add-tags", {}, {"role": "web"})
    ec2_interactions.add_tags([name], {"role": "other"}, aws_provider)
    with pytest.raises(CannotUndo, match="the tags role have changed since"):
        inverses(change, aws_provider)


def test_WHEN_guards_ask_THEN_live_things_of_the_same_kind_are_counted(
    aws_provider: AwsClientProvider,
) -> None:
    names = [run_instance(aws_provider, Name=f"web-{number}") for number in range(3)]
    ec2_interactions.terminate_instances(names[:1], aws_provider)
    [change] = ec2_changes.plan_stop(names[1:2], aws_provider)
    census = change_kind("ec2.stop").census
    assert census is not None
    assert [census.count(change, aws_provider, most) for most in (10, 2, 1)] == [2, 2, 1]
    [volume, *_] = ec2_interactions.list_volumes(aws_provider)
    [other] = ec2_changes.plan_tag([volume.volume_id], aws_provider, add={"a": "b"})
    assert census.place(other) != census.place(change)


def test_WHEN_a_thing_is_of_a_kind_that_is_not_listed_here_THEN_nobody_counts_it() -> None:
    provider = fake_provider(ec2=FakeClient("ec2").answers("describe_tags", {}))
    [change] = ec2_changes.plan_tag([SNAPSHOT], provider, add={"a": "b"})
    census = change_kind("ec2.add-tags").census
    assert census is not None
    with pytest.raises(NothingCountsThese, match=SNAPSHOT):
        census.count(change, provider, 10)


def test_WHEN_guards_ask_for_tags_THEN_they_come_by_arn_AND_what_is_gone_has_none(
    aws_provider: AwsClientProvider,
) -> None:
    name = run_instance(aws_provider, role="web")
    [change] = ec2_changes.plan_stop([name], aws_provider)
    tags = change_kind("ec2.stop").tags
    assert tags is not None
    owner, absent = tags.owner(change), change.resource.replace(name, ONE)
    assert tags.read([str(owner), absent], aws_provider) == {owner: {"role": "web"}, absent: {}}
