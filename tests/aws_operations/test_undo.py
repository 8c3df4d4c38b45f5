"""Undo: what of a run is taken back, in which order, and what is said of the rest."""

import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import AccessDenied, AwsInteractionError, CredentialsProblem, Throttled
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.applying import apply_changes
from aws_operations.changes import Change, Effect, ResultStatus, Reversibility
from aws_operations.ec2 import changes as ec2_changes
from aws_operations.journal import ChangeRecord, ChangeState
from aws_operations.targets import Target
from aws_operations.undo import NotUndone, NotUndoneSpool, made_changes, plan_undo
from tests.support.ec2_things import answer_of, instance, run_instance

TARGET = Target("eu-west-1", "123456789012")
ONE, TWO = "i-00000000000000001", "i-00000000000000002"


def a_change(kind: str, name: str = ONE, **more: object) -> Change:
    change = Change(
        kind=kind,
        target=TARGET,
        resource=f"arn:aws:ec2:eu-west-1:123456789012:instance/{name}",
        effect=Effect.UPDATE,
        before={"state": "running"},
        after={"state": "stopped"},
        iam_actions=("ec2:StopInstances",),
        reversibility=Reversibility.COMPENSABLE,
    )
    return replace(change, **more)  # type: ignore[arg-type]


def record(
    state: ChangeState, name: str, *, error: str | None = None, kind: str | None = None
) -> ChangeRecord:
    return ChangeRecord(a_change("ec2.stop", name), state, 1.0, 2.0, error, kind)


def planned(
    changes: Sequence[Change], aws_provider: AwsClientProvider
) -> tuple[list[Change], list[tuple[str, str]]]:
    """Return the inverses, and which kinds are refused with which reasons."""
    refused = list[NotUndone]()
    found = list(plan_undo(changes, aws_provider, refused.append))
    return found, [(each.change.kind, each.reason) for each in refused]


def made(changes: Iterator[Change], aws_provider: AwsClientProvider) -> list[Change]:
    """Apply changes, and return them the newest first."""
    done = []
    for result in apply_changes(changes, lambda _: aws_provider):
        assert result.status is ResultStatus.APPLIED, result.error
        done.append(result.change)
    return done[::-1]


def test_WHEN_records_are_looked_through_THEN_what_was_made_is_taken_AND_what_is_doubtful_refused() -> None:
    refused = list[NotUndone]()
    records = [
        record(ChangeState.APPLIED, "i-a"),
        record(ChangeState.UNCHANGED, "i-b"),
        record(ChangeState.PLANNED, "i-c"),
        record(ChangeState.STARTED, "i-d"),
        record(ChangeState.UNKNOWN, "i-e", error="lost", kind="AnswerLost"),
        record(ChangeState.FAILED, "i-f", error="denied", kind="AccessDenied"),
        record(ChangeState.FAILED, "i-g", error="denied; one tag was set", kind="CarriedOutInPart"),
        record(ChangeState.SKIPPED, "i-h", error="enough failed", kind="NotTried"),
    ]

    taken = list(made_changes(records, refused.append))

    assert [change.resource.rpartition("/")[2] for change in taken] == ["i-a"]
    assert [(each.change.resource.rpartition("/")[2], each.reason) for each in refused] == [
        ("i-d", "how it ended is not known; resume the run first, which finds out"),
        ("i-e", "how it ended is not known; resume the run first, which finds out"),
        ("i-g", "it was made in part: denied; one tag was set"),
    ]


def test_WHEN_some_have_drifted_or_are_final_THEN_the_others_are_planned_all_the_same() -> None:
    client = FakeClient("ec2").answers(
        "describe_instances", answer_of(instance(ONE, "running"), instance(TWO, "stopped"))
    )
    changes = [
        a_change("ec2.terminate", reversibility=Reversibility.IRREVERSIBLE),
        a_change("ec2.hibernate"),
        a_change("ec2.stop", ONE),
        a_change("ec2.stop", TWO),
    ]

    found, refused = planned(changes, fake_provider(ec2=client))

    assert [(change.kind, change.resource.rpartition("/")[2]) for change in found] == [("ec2.start", TWO)]
    assert refused == [
        ("ec2.terminate", "nothing takes it back, it is irreversible"),
        ("ec2.hibernate", "this version does not know what ec2.hibernate is"),
        ("ec2.stop", "it is running by now, and was left stopped"),
    ]


def test_WHEN_the_bucket_of_an_object_kept_no_version_THEN_that_is_the_reason() -> None:
    change = a_change("s3.delete-object", reversibility=Reversibility.IRREVERSIBLE)
    unversioned = replace(change, before={"version_id": None})

    assert planned([unversioned], fake_provider()) == (
        [],
        [("s3.delete-object", "the bucket kept no version of it")],
    )


def test_WHEN_a_read_is_denied_THEN_that_change_is_refused_with_the_reason() -> None:
    client = FakeClient("ec2").raises("describe_instances", code="UnauthorizedOperation", status=403)
    found, [(kind, reason)] = planned([a_change("ec2.stop")], fake_provider(ec2=client))
    assert (found, kind) == ([], "ec2.stop")
    assert reason.startswith("it could not be looked at: ")
    assert "ec2:DescribeInstances" in reason


@pytest.mark.parametrize(
    "error",
    [
        Throttled("slower", resource="x"),
        CredentialsProblem("expired", resource="x"),
        AccessDenied("no role", resource="x", iam_actions=("sts:AssumeRole",)),
    ],
    ids=lambda error: type(error).__name__,
)
def test_WHEN_nothing_can_be_looked_at_THEN_the_target_fails_AND_nothing_is_refused(
    error: AwsInteractionError,
) -> None:
    client = FakeClient("ec2").raises("describe_instances", error=error)
    refused = list[NotUndone]()
    with pytest.raises(type(error)):
        list(plan_undo([a_change("ec2.stop")], fake_provider(ec2=client), refused.append))
    assert refused == []


def test_WHEN_other_tags_of_one_resource_were_changed_twice_THEN_both_are_taken_back(
    aws_provider: AwsClientProvider,
) -> None:
    name = run_instance(aws_provider, Name="web-1", role="web", stage="old")
    changes = made(
        ec2_changes.plan_tag([name], aws_provider, add={"role": "db"}, remove=["stage"]), aws_provider
    )

    found, refused = planned(changes, aws_provider.read_only())

    assert refused == []
    assert [(change.kind, change.after) for change in found] == [
        ("ec2.add-tags", {"stage": "old"}),
        ("ec2.add-tags", {"role": "web"}),
    ]
    made(iter(found), aws_provider)
    again, reasons = planned(changes, aws_provider)
    assert again == []
    assert reasons == [
        ("ec2.remove-tags", "the tags stage have changed since"),
        ("ec2.add-tags", "the tags role have changed since"),
    ]


def test_WHEN_the_same_thing_was_changed_twice_THEN_undoing_twice_takes_it_all_back(
    aws_provider: AwsClientProvider,
) -> None:
    name = run_instance(aws_provider, role="web")
    changes = [
        *made(ec2_changes.plan_tag([name], aws_provider, add={"role": "app"}), aws_provider),
    ]
    changes = [*made(ec2_changes.plan_tag([name], aws_provider, add={"role": "db"}), aws_provider), *changes]

    first, [(_, reason)] = planned(changes, aws_provider.read_only())
    made(iter(first), aws_provider)
    second, _ = planned(changes, aws_provider.read_only())
    made(iter(second), aws_provider)

    assert [change.after for change in (*first, *second)] == [{"role": "app"}, {"role": "web"}]
    assert reason == (
        "the tags role have changed since; it was changed again by the same run, and that is taken back "
        "first: undo the run again"
    )


def test_WHEN_an_undo_is_undone_THEN_it_is_as_after_the_first_change(aws_provider: AwsClientProvider) -> None:
    name = run_instance(aws_provider)
    stopped = made(ec2_changes.plan_stop([name], aws_provider), aws_provider)
    started = made(iter(planned(stopped, aws_provider)[0]), aws_provider)
    [again], refused = planned(started, aws_provider)
    assert (again.kind, again.after, refused) == ("ec2.stop", {"name": None, "state": "stopped"}, [])


def test_WHEN_very_much_cannot_be_undone_THEN_the_reasons_are_kept_in_flat_memory_AND_by_target() -> None:
    one = a_change("ec2.reboot")
    there = replace(one, target=replace(TARGET, aws_account="111122223333"))
    with NotUndoneSpool() as spool:
        assert not spool
        tracemalloc.start(10)
        try:
            for number in range(4_000):
                of = there if number % 2 else one
                spool.add(NotUndone(replace(of, resource=f"arn:aws:ec2:::i-{number}"), f"reason {number}"))
            # What other threads of the tests take meanwhile, such as the server's, is not the spool's.
            of_the_test = tracemalloc.Filter(inclusive=True, filename_pattern=__file__, all_frames=True)
            held = tracemalloc.take_snapshot().filter_traces([of_the_test]).statistics("filename")
        finally:
            tracemalloc.stop()
        kept = [(each.change.target, each.reason) for each in spool]

    assert sum(each.size for each in held) < 200_000
    assert len(kept) == 4_000
    assert kept[0] == (there.target, "reason 1")
    assert [target for target, _ in kept] == [there.target] * 2_000 + [one.target] * 2_000
    assert kept[2_001] == (one.target, "reason 2")
