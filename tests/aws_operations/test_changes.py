"""Applying changes: one result each, nothing touched that has drifted, lost answers read back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

import pytest
from hypothesis import given, strategies as st

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import AccessDenied, AnswerLost, CredentialsProblem, Unavailable
from aws_interactions.testing import fake_provider
from aws_operations import changes
from aws_operations.applying import apply_changes
from aws_operations.changes import (
    Change,
    ChangeKind,
    ChangeResult,
    Effect,
    ResultStatus,
    Reversibility,
    each_alone,
)
from aws_operations.fleet import run_work
from aws_operations.run_control import RunControl, RunStopped
from aws_operations.targets import Target

HERE = Target("eu-west-1", "123456789012")
THERE = Target("us-east-1", "111122223333")


@dataclass
class World:
    """What the test's change kind acts on."""

    done: list[str] = field(default_factory=list)
    batches: list[list[str]] = field(default_factory=list)
    errors: dict[str, Exception] = field(default_factory=dict)
    drifted: set[str] = field(default_factory=set)
    read_back: ResultStatus | Exception = ResultStatus.UNKNOWN
    recheck_error: Exception | None = None
    results_given: int | None = None

    def apply(self, batch: Sequence[Change], aws_provider: AwsClientProvider) -> Iterator[ChangeResult]:
        self.batches.append([change.resource for change in batch])
        yield from islice(each_alone(self._apply_one)(batch, aws_provider), self.results_given)

    def _apply_one(self, change: Change, _: AwsClientProvider) -> None:
        if change.resource in self.errors:
            raise self.errors[change.resource]
        self.done.append(change.resource)

    def recheck(self, change: Change, _: AwsClientProvider) -> str | None:
        if self.recheck_error is not None:
            raise self.recheck_error
        return "it has changed" if change.resource in self.drifted else None

    def recheck_batch(self, batch: Sequence[Change], aws_provider: AwsClientProvider) -> list[str | None]:
        return [self.recheck(change, aws_provider) for change in batch]

    def settle(self, _: Change, __: AwsClientProvider) -> ResultStatus:
        if isinstance(self.read_back, Exception):
            raise self.read_back
        return self.read_back


@pytest.fixture(params=["one by one", "by batch"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Give a world whose kind looks again at each change alone, and one where it does at a whole batch."""
    world = World()
    kind = ChangeKind(
        "test.set",
        world.apply,
        world.recheck,
        world.settle,
        batch_size=2,
        recheck_batch=world.recheck_batch if request.param == "by batch" else None,
    )
    changes.register(kind)
    yield world
    del changes.CHANGE_KINDS["test.set"]


def change(resource: str, target: Target = HERE, *, is_noop: bool = False) -> Change:
    return Change(
        kind="test.set",
        target=target,
        resource=resource,
        effect=Effect.UPDATE,
        before={"value": 1},
        after={"value": 1 if is_noop else 2},
        iam_actions=("test:Set",),
        reversibility=Reversibility.REVERSIBLE,
    )


def statuses(planned: Sequence[Change]) -> list[ResultStatus]:
    return [result.status for result in apply_changes(planned, lambda _: fake_provider())]


def test_WHEN_changes_are_applied_THEN_each_has_one_result_and_batches_keep_their_size(world: World) -> None:
    assert statuses([change(name) for name in "abc"]) == [ResultStatus.APPLIED] * 3
    assert world.batches == [["a", "b"], ["c"]]


def test_WHEN_changes_are_applied_AND_targets_differ_THEN_no_batch_mixes_them(world: World) -> None:
    statuses([change("a"), change("b", THERE), change("c", THERE)])
    assert world.batches == [["a"], ["b", "c"]]


def test_WHEN_a_change_is_already_done_THEN_it_is_unchanged_and_not_sent(world: World) -> None:
    assert statuses([change("a", is_noop=True), change("b")]) == [
        ResultStatus.UNCHANGED,
        ResultStatus.APPLIED,
    ]
    assert world.done == ["b"]


def test_WHEN_a_resource_drifted_since_planning_THEN_it_fails_untouched_and_the_rest_goes_on(
    world: World,
) -> None:
    world.drifted.add("a")
    results = list(apply_changes([change("a"), change("b")], lambda _: fake_provider()))
    assert [(result.change.resource, result.status) for result in results] == [
        ("a", ResultStatus.FAILED),
        ("b", ResultStatus.APPLIED),
    ]
    assert "it has changed since it was planned; it was not touched" in str(results[0].error)
    assert world.done == ["b"]


def test_WHEN_aws_refuses_one_change_THEN_the_others_are_still_made(world: World) -> None:
    world.errors["a"] = AccessDenied("no")
    assert statuses([change("a"), change("b")]) == [ResultStatus.FAILED, ResultStatus.APPLIED]


@pytest.mark.parametrize(
    ("read_back", "expected"),
    [
        (ResultStatus.APPLIED, ResultStatus.APPLIED),
        (ResultStatus.FAILED, ResultStatus.FAILED),
        (ResultStatus.UNKNOWN, ResultStatus.UNKNOWN),
        (Unavailable("still down"), ResultStatus.UNKNOWN),
    ],
)
def test_WHEN_an_answer_is_lost_THEN_reading_back_decides(
    world: World, read_back: ResultStatus | Exception, expected: ResultStatus
) -> None:
    world.errors["a"] = AnswerLost("read timed out")
    world.read_back = read_back
    [result] = apply_changes([change("a")], lambda _: fake_provider())
    assert result.status is expected
    assert (result.error is None) == (expected is ResultStatus.APPLIED)


def test_WHEN_a_target_has_no_credentials_THEN_its_changes_fail_and_other_targets_go_on(world: World) -> None:
    def provider_for(target: Target) -> AwsClientProvider:
        if target == HERE:
            raise CredentialsProblem("expired")
        return fake_provider()

    results = list(apply_changes([change("a"), change("b", THERE)], provider_for))
    assert [result.status for result in results] == [ResultStatus.FAILED, ResultStatus.APPLIED]
    assert world.done == ["b"]


def test_WHEN_applying_hits_a_bug_THEN_it_is_raised_not_reported_as_refused(world: World) -> None:
    world.errors["a"] = KeyError("bug")
    with pytest.raises(KeyError):
        statuses([change("a")])


def test_WHEN_a_kind_gives_no_result_for_some_THEN_they_are_read_back_and_each_has_one(world: World) -> None:
    world.results_given = 1
    world.read_back = ResultStatus.APPLIED
    assert statuses([change("a"), change("b"), change("c")]) == [ResultStatus.APPLIED] * 3
    world.read_back = ResultStatus.UNKNOWN
    results = list(apply_changes([change("a"), change("b")], lambda _: fake_provider()))
    assert [(result.change.resource, result.status) for result in results] == [
        ("a", ResultStatus.APPLIED),
        ("b", ResultStatus.UNKNOWN),
    ]
    assert isinstance(results[1].error, AnswerLost)


def test_WHEN_looking_again_before_the_change_gets_no_answer_THEN_it_failed_and_nothing_is_unknown(
    world: World,
) -> None:
    world.recheck_error = AnswerLost("read timed out")
    [result] = apply_changes([change("a")], lambda _: fake_provider())
    assert result.status is ResultStatus.FAILED
    assert not isinstance(result.error, AnswerLost)
    assert "was not touched" in str(result.error)
    assert world.done == []


def test_WHEN_the_run_is_stopped_while_it_looks_again_THEN_nothing_is_begun(world: World) -> None:
    control = RunControl()
    begun: list[Sequence[Change]] = []

    def provider_for(_: Target) -> AwsClientProvider:
        control.stop("interrupted")
        return fake_provider()

    results = apply_changes([change("a")], provider_for, starting=begun.append, control=control)
    with pytest.raises(RunStopped):
        next(results)

    assert (begun, world.done) == ([], [])


def test_WHEN_the_run_was_stopped_long_before_an_answer_came_THEN_all_of_the_answer_counts(
    world: World,
) -> None:
    now = 0.0
    control = RunControl(clock=lambda: now)
    taken: list[ChangeResult] = []

    def begin(_: Sequence[Change]) -> None:
        nonlocal now
        control.stop("interrupted")
        now = 7.0

    def work(_: Target) -> Iterator[ChangeResult]:
        planned = [change(name) for name in "abcd"]
        return apply_changes(planned, lambda _: fake_provider(), starting=begin, control=control)

    outcomes = run_work(
        work,
        [HERE],
        lambda _, result: taken.append(result),  # type: ignore[arg-type] # the rows are results
        control=control,
        stops_itself=True,
    )

    assert list(outcomes) == []
    assert [(result.change.resource, result.status) for result in taken] == [
        ("a", ResultStatus.APPLIED),
        ("b", ResultStatus.APPLIED),
    ]
    assert world.done == ["a", "b"]


def test_WHEN_the_run_is_stopped_before_a_change_is_read_back_THEN_the_others_of_its_answer_count(
    world: World,
) -> None:
    world.errors["a"] = AnswerLost("no answer", resource="a")
    world.read_back = RunStopped("interrupted")

    assert statuses([change("a"), change("b")]) == [ResultStatus.UNKNOWN, ResultStatus.APPLIED]


@pytest.mark.parametrize("name", ["no-such-service.set", "s3.no-such-verb", "", "../x.y"])
def test_WHEN_a_kind_is_unknown_THEN_it_is_a_key_error(name: str) -> None:
    with pytest.raises(KeyError):
        changes.change_kind(name)


def test_WHEN_a_kind_is_registered_twice_THEN_it_is_refused(world: World) -> None:
    with pytest.raises(ValueError, match="registered twice"):
        changes.register(changes.change_kind("test.set"))
    assert world.done == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)


@given(before=st.none() | st.dictionaries(st.text(), json_values), resource=st.text())
def test_WHEN_a_change_goes_through_json_THEN_it_comes_back_equal_with_the_same_id(
    before: dict[str, object] | None, resource: str
) -> None:
    original = replace(change(resource), before=before, precondition={"etag": "x"}, payload_ref="file")
    copy = Change.from_json(original.to_json())
    assert copy == original
    assert copy.id == original.id


def test_WHEN_true_takes_the_place_of_one_THEN_that_is_something_to_do() -> None:
    assert not replace(change("a"), before={"value": 1}, after={"value": True}).is_noop
    assert replace(change("a"), before={"value": True}, after={"value": True}).is_noop
