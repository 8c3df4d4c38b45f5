"""Applying with sessions that are held to the changes: how they are shared, and what cannot be had."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from botocore.exceptions import ClientError

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import AccessDenied, translate_aws_errors
from aws_interactions.sts_interactions import get_caller_identity
from aws_interactions.testing import fake_provider
from aws_operations import changes
from aws_operations.changes import (
    Change,
    ChangeKind,
    ChangeResult,
    Effect,
    ResultStatus,
    Reversibility,
    each_alone,
)
from aws_operations.narrowing import CantBeNarrowed, OutsideSession, ProviderFor, apply_narrowed
from aws_operations.run_control import RunControl, RunStopped
from aws_operations.targets import Target
from tests.aws_interactions.loopback_servers import Answer, FakeSts, serving

HERE = Target("eu-west-1", "111122223333")
THERE = Target("eu-west-1", "444455556666")
APPLIED, FAILED, UNCHANGED = ResultStatus.APPLIED, ResultStatus.FAILED, ResultStatus.UNCHANGED


@dataclass
class PackingSts(FakeSts):
    """An STS that packs so many characters of a policy, and no more."""

    packs: int = 2048

    def _assume_role(self, asked: dict[str, str]) -> Answer:
        if len(asked.get("Policy", "")) > self.packs:
            error = "<Code>PackedPolicyTooLarge</Code><Message>Packed policy consumes 130%</Message>"
            body = f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error></ErrorResponse>"
            return Answer(body, status=400)
        return super()._assume_role(asked)

    @property
    def resources(self) -> list[list[str]]:
        """What each session that was had may act on."""
        answered = [asked for asked in self.calls_of("AssumeRole") if len(asked["Policy"]) <= self.packs]
        statements = [json.loads(asked["Policy"])["Statement"] for asked in answered]
        given = [resource for (only,) in statements for resource in [only["Resource"]]]
        return [[resource] if isinstance(resource, str) else resource for resource in given]


@pytest.fixture
def sts() -> PackingSts:
    return PackingSts()


@pytest.fixture
def hub(sts: PackingSts) -> Iterator[AwsClientProvider]:
    with serving(sts) as url:
        yield AwsClientProvider(
            aws_region="eu-west-1", access_keys=AccessKeys("AKIABASE", "a-secret"), endpoint_url=url
        )


@pytest.fixture
def provider_for(hub: AwsClientProvider) -> ProviderFor:
    return lambda target: hub.for_role(f"arn:aws:iam::{target.aws_account}:role/operator")


@dataclass
class World:
    """What the test's changes act on: each calls AWS once, so that STS sees who signs."""

    done: list[str] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    drifted: set[str] = field(default_factory=set)
    denials: dict[str, ClientError] = field(default_factory=dict)

    def apply(self, batch: Sequence[Change], aws_provider: AwsClientProvider) -> Iterator[ChangeResult]:
        self.batches.append(len(batch))
        yield from each_alone(self.apply_one)(batch, aws_provider)

    def apply_one(self, change: Change, aws_provider: AwsClientProvider) -> None:
        if change.resource in self.refused:
            raise AccessDenied(f"no {change.resource}", resource=change.resource)
        with translate_aws_errors("sts", change.resource):
            if change.resource in self.denials:
                raise self.denials[change.resource]
        if aws_provider.narrowing_obstacle() is None:
            get_caller_identity(aws_provider)
        self.done.append(change.resource)

    def recheck(self, change: Change, _: AwsClientProvider) -> str | None:
        return "it has changed" if change.resource in self.drifted else None


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    kind = ChangeKind("test.narrow", world.apply, world.recheck, lambda _, __: APPLIED, batch_size=4)
    changes.register(kind)
    yield world
    del changes.CHANGE_KINDS["test.narrow"]


def change(resource: str, target: Target = HERE, *, is_noop: bool = False) -> Change:
    return Change(
        kind="test.narrow",
        target=target,
        resource=resource,
        effect=Effect.UPDATE,
        before={"value": 1},
        after={"value": 1 if is_noop else 2},
        iam_actions=("test:Set",),
        reversibility=Reversibility.REVERSIBLE,
    )


def statuses(results: Iterator[ChangeResult]) -> list[ResultStatus]:
    return [result.status for result in results]


class TestSharing:
    def test_WHEN_changes_fit_in_a_policy_THEN_they_share_one_session_that_may_do_just_them(
        self, world: World, sts: PackingSts, provider_for: ProviderFor
    ) -> None:
        assert statuses(apply_narrowed(map(change, "abc"), provider_for)) == [APPLIED] * 3
        assert sts.resources == [["a", "b", "c"]]
        assert world.batches == [3]
        (key,) = sts.accounts
        assert [asked["signed_by"] for asked in sts.calls_of("GetCallerIdentity")] == [key] * 4

    def test_WHEN_changes_are_many_THEN_each_session_has_what_fits_and_their_order_stays(
        self, world: World, sts: PackingSts, provider_for: ProviderFor
    ) -> None:
        names = [f"arn:aws:s3:::a-bucket-with-a-name/{number:04}" for number in range(300)]
        assert statuses(apply_narrowed(map(change, names), provider_for)) == [APPLIED] * 300
        assert world.done == names
        assert [name for session in sts.resources for name in session] == names
        policies = [len(asked["Policy"]) for asked in sts.calls_of("AssumeRole")]
        assert all(1900 < length <= 2048 for length in policies[:-1])
        assert len(policies) < 10

    def test_WHEN_targets_differ_THEN_no_session_is_for_two_of_them(
        self, world: World, sts: PackingSts, provider_for: ProviderFor
    ) -> None:
        planned = [change("a"), change("b", THERE), change("c", THERE), change("d")]
        assert statuses(apply_narrowed(planned, provider_for)) == [APPLIED] * 4
        assert sts.resources == [["a"], ["b", "c"], ["d"]]
        assert world.batches == [1, 2, 1]

    def test_WHEN_a_change_is_nothing_to_do_THEN_it_takes_no_session_and_no_room(
        self, world: World, sts: PackingSts, provider_for: ProviderFor
    ) -> None:
        assert statuses(apply_narrowed([change("a", is_noop=True)], provider_for)) == [UNCHANGED]
        assert sts.requests == []
        planned = [change("a", is_noop=True), change("b"), change("c", is_noop=True)]
        assert statuses(apply_narrowed(planned, provider_for)) == [UNCHANGED, APPLIED, UNCHANGED]
        assert sts.resources == [["b"]]
        assert world.done == ["b"]

    def test_WHEN_there_are_no_changes_THEN_nobody_is_asked(
        self, sts: PackingSts, provider_for: ProviderFor
    ) -> None:
        assert statuses(apply_narrowed([], provider_for)) == []
        assert sts.requests == []

    def test_WHEN_a_change_has_drifted_THEN_it_is_not_touched(
        self, world: World, provider_for: ProviderFor
    ) -> None:
        world.drifted.add("b")
        results = apply_narrowed(map(change, "abc"), provider_for)
        assert {result.change.resource: result.status for result in results} == {
            "a": APPLIED,
            "b": FAILED,
            "c": APPLIED,
        }
        assert world.done == ["a", "c"]

    def test_WHEN_changes_start_THEN_whoever_wants_to_know_is_told_just_before(
        self, world: World, provider_for: ProviderFor
    ) -> None:
        told: list[list[str]] = []

        def starting(batch: Sequence[Change]) -> None:
            assert not set(world.done) & {change.resource for change in batch}
            told.append([change.resource for change in batch])

        statuses(apply_narrowed(map(change, "abcdef"), provider_for, starting=starting))
        assert told == [list("abcd"), list("ef")]

    def test_WHEN_a_session_ends_amid_its_changes_THEN_the_next_one_is_held_to_the_same(
        self, world: World, sts: PackingSts, provider_for: ProviderFor
    ) -> None:
        sts.lifetimes = [100]
        assert statuses(apply_narrowed(map(change, "abc"), provider_for)) == [APPLIED] * 3
        assert sts.resources == [["a", "b", "c"]] * 2
        assert world.done == ["a", "b", "c"]


class TestPacking:
    def test_WHEN_sts_cannot_pack_a_policy_THEN_half_of_it_is_tried_until_it_can(
        self, world: World, sts: PackingSts, provider_for: ProviderFor
    ) -> None:
        sts.packs = 700
        names = [f"arn:aws:s3:::a-bucket-with-a-name/{number:04}" for number in range(100)]
        assert statuses(apply_narrowed(map(change, names), provider_for)) == [APPLIED] * 100
        assert world.done == names
        assert [name for session in sts.resources for name in session] == names
        refused = [asked for asked in sts.calls_of("AssumeRole") if len(asked["Policy"]) > 700]
        # What was too large once is not asked for again.
        assert len(refused) == 2

    def test_WHEN_one_change_alone_cannot_be_packed_THEN_it_fails_unsent_and_the_others_go_on(
        self, world: World, sts: PackingSts, provider_for: ProviderFor
    ) -> None:
        sts.packs = 300
        planned = [change("a"), change("x" * 500), change("c", is_noop=True), change("d")]
        results = list(apply_narrowed(planned, provider_for))
        assert [result.status for result in results] == [APPLIED, FAILED, UNCHANGED, APPLIED]
        assert isinstance(results[1].error, CantBeNarrowed)
        assert "130%" in str(results[1].error)
        assert world.done == ["a", "d"]

    def test_WHEN_one_change_alone_is_over_the_length_THEN_it_fails_and_nobody_is_asked(
        self, world: World, sts: PackingSts, provider_for: ProviderFor
    ) -> None:
        results = list(apply_narrowed([change("x" * 2100)], provider_for))
        assert [result.status for result in results] == [FAILED]
        assert "2048" in str(results[0].error)
        assert sts.requests == []
        assert world.done == []


class TestNotNarrowed:
    def test_WHEN_no_role_is_assumed_THEN_the_identity_serves_as_it_is_and_nothing_is_said(
        self, world: World
    ) -> None:
        notes: list[str] = []
        results = apply_narrowed(map(change, "abc"), lambda _: fake_provider(), note=notes.append)
        assert statuses(results) == [APPLIED] * 3
        assert notes == []
        assert world.done == ["a", "b", "c"]

    def test_WHEN_the_role_asks_for_a_code_THEN_it_serves_as_it_is_and_that_is_said(
        self, world: World, sts: PackingSts
    ) -> None:
        notes: list[str] = []
        with serving(sts) as url:
            whole = AwsClientProvider(
                aws_region="eu-west-1",
                access_keys=AccessKeys("AKIABASE", "a-secret"),
                endpoint_url=url,
                assume_role_arn="arn:aws:iam::111122223333:role/operator",
                mfa_serial="arn:aws:iam::123456789012:mfa/me",
                mfa_prompter=lambda _text: "123456",
            )
            results = apply_narrowed(map(change, "abc"), lambda _: whole, note=notes.append)
            assert statuses(results) == [APPLIED] * 3
        (note,) = notes
        assert "MFA" in note
        assert "all that the role may do" in note
        assert world.done == ["a", "b", "c"]

    def test_WHEN_the_role_cannot_be_assumed_THEN_its_changes_failed_with_the_reason(
        self, world: World, sts: PackingSts, provider_for: ProviderFor
    ) -> None:
        sts.refusal = ("AccessDenied", "not yours")
        results = list(apply_narrowed(map(change, "abc"), provider_for))
        assert [result.status for result in results] == [FAILED] * 3
        assert all(isinstance(result.error, AccessDenied) for result in results)
        assert world.done == []
        assert len(sts.calls_of("AssumeRole")) == 1

    def test_WHEN_there_is_no_provider_for_a_target_THEN_only_its_changes_failed(
        self, world: World, provider_for: ProviderFor
    ) -> None:
        def not_there(target: Target) -> AwsClientProvider:
            if target == THERE:
                raise AccessDenied("closed")
            return provider_for(target)

        planned = [change("a", THERE), change("b", THERE), change("c")]
        assert statuses(apply_narrowed(planned, not_there)) == [FAILED, FAILED, APPLIED]
        assert world.done == ["c"]


class TestDenied:
    @pytest.mark.parametrize(
        ("words", "kind"),
        [
            ("because no session policy allows the test:Set action", OutsideSession),
            ("because no identity-based policy allows the test:Set action", AccessDenied),
        ],
    )
    def test_WHEN_aws_says_that_it_was_the_sessions_policy_THEN_nobody_is_told_to_allow_the_role_more(
        self, words: str, kind: type[AccessDenied], world: World, provider_for: ProviderFor
    ) -> None:
        error = ClientError(
            {"Error": {"Code": "AccessDenied", "Message": f"not authorized {words}"}}, "GetCallerIdentity"
        )
        world.denials["a"] = error
        (result,) = apply_narrowed([change("a")], provider_for)
        assert result.status is FAILED
        assert type(result.error) is kind
        assert isinstance(result.error, AccessDenied)
        assert bool(result.error.iam_actions) == (kind is AccessDenied)


class TestEnding:
    def test_WHEN_enough_have_failed_THEN_the_rest_is_skipped_without_a_session(
        self, world: World, sts: PackingSts, provider_for: ProviderFor
    ) -> None:
        world.refused.add("a")
        planned = [change("a"), change("b", THERE), change("c", THERE)]
        control = RunControl(max_failures=1)
        assert statuses(apply_narrowed(planned, provider_for, control=control)) == [
            FAILED,
            ResultStatus.SKIPPED,
            ResultStatus.SKIPPED,
        ]
        assert sts.resources == [["a"]]

    def test_WHEN_the_run_is_stopped_THEN_no_further_session_is_asked_for(
        self, world: World, sts: PackingSts, provider_for: ProviderFor
    ) -> None:
        control = RunControl()
        results = apply_narrowed([change("a"), change("b", THERE)], provider_for, control=control)
        assert next(results).status is APPLIED
        control.stop("somebody said so")
        with pytest.raises(RunStopped):
            next(results)
        assert sts.resources == [["a"]]
        assert world.done == ["a"]
