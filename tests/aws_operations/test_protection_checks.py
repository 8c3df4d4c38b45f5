"""Guards over whole plans: what each refuses and asks for, and that it refuses without an answer."""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import AccessDenied, InvalidInput
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations import changes
from aws_operations.changes import Census, Change, ChangeKind, Effect, Reversibility, TagReading, register
from aws_operations.guards import ChangesRefused
from aws_operations.plan_spool import PlanSpool
from aws_operations.protection import Guard, Protection
from aws_operations.protection_checks import MOST_SHOWN, check_guards
from aws_operations.run_control import RunControl, RunStopped
from aws_operations.targets import Target

HERE = Target("eu-west-1", "123456789012")
THERE = Target("us-east-1", "111122223333")
NAME = "guarded.set"


@dataclass
class World:
    """What the kind of these tests would be told of tags and numbers, and what it was asked."""

    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    there: int = 100
    tag_error: Exception | None = None
    count_error: Exception | None = None
    asked_for_tags: list[tuple[str, ...]] = field(default_factory=list)
    counted_to: list[int] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def read_tags(self, owners: Sequence[str], _: AwsClientProvider) -> Mapping[str, Mapping[str, str]]:
        with self.lock:
            self.asked_for_tags.append(tuple(owners))
        if self.tag_error is not None:
            raise self.tag_error
        return {owner: self.tags[owner] for owner in owners if owner in self.tags}

    def count(self, _change: Change, _provider: AwsClientProvider, at_most: int) -> int:
        self.counted_to.append(at_most)
        if self.count_error is not None:
            raise self.count_error
        return min(self.there, at_most)


def place_of(change: Change) -> str:
    return "one for all" if change.resource.startswith("shared") else str(change.target)


def owner_of(change: Change) -> str | None:
    return None if change.resource.startswith("new") else change.resource.partition("/")[0]


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    kind = ChangeKind(
        NAME,
        lambda _batch, _provider: (),
        lambda _change, _provider: None,
        lambda _change, _provider: changes.ResultStatus.UNKNOWN,
        tags=TagReading(owner_of, world.read_tags),
        census=Census(place_of, world.count),
    )
    register(kind)
    register(replace(kind, name="guarded.blind", tags=None, census=None))
    yield world
    del changes.CHANGE_KINDS[NAME]
    del changes.CHANGE_KINDS["guarded.blind"]


def change(
    resource: str,
    target: Target = HERE,
    *,
    effect: Effect = Effect.UPDATE,
    kind: str = NAME,
    is_noop: bool = False,
) -> Change:
    return Change(
        kind=kind,
        target=target,
        resource=resource,
        effect=effect,
        before={"value": 1},
        after={"value": 1 if is_noop else 2},
        iam_actions=(),
        reversibility=Reversibility.REVERSIBLE,
    )


def refused(protection: Protection, planned: Iterable[Change], **clients: Any) -> ChangesRefused:
    with pytest.raises(ChangesRefused) as caught:
        check_guards(protection, planned, lambda _: fake_provider(**clients))
    return caught.value


def passes(protection: Protection, planned: Iterable[Change], **clients: Any) -> bool:
    check_guards(protection, planned, lambda _: fake_provider(**clients))
    return True


def nobody(_: Target) -> AwsClientProvider:
    message = "nobody was to be asked"
    raise AssertionError(message)


@pytest.mark.usefixtures("world")
def test_WHEN_nothing_is_protected_THEN_nobody_is_asked() -> None:
    check_guards(Protection(), [change("a", effect=Effect.DESTROY)], nobody)
    check_guards(Protection(max_changes=1), [change("a")], nobody)
    protection = Protection(
        accounts=("444455556666",), regions=("ap-*",), names=("x",), delete_only_in=(("123456789012",),)
    )
    check_guards(protection, [change("arn:aws:rds:eu-west-1:123456789012:db:a")], nobody)


@pytest.mark.usefixtures("world")
def test_WHEN_several_guards_refuse_THEN_all_is_told_at_once() -> None:
    protection = Protection(
        accounts=("111122223333",),
        names=("*prod*",),
        max_changes=2,
        origins={Guard.NAMES: ("c.toml: defaults.protect-names", "--protect-names")},
    )

    error = refused(protection, [change("a"), change("prod-b"), change("c", THERE)])

    assert error.counts == {Guard.MAX_CHANGES: 3, Guard.NAMES: 1, Guard.ACCOUNTS: 1}
    assert [str(refusal) for refusal in error.refusals] == [
        "update guarded.set a (and 2 more) in aws://123456789012/eu-west-1: 3 changes are more than 2",
        "update guarded.set prod-b in aws://123456789012/eu-west-1: its name is protected by '*prod*'",
        "update guarded.set c in aws://111122223333/us-east-1: account 111122223333 is protected",
    ]
    assert "nothing was changed" in str(error)
    assert "--protect-names (set in c.toml: defaults.protect-names) for 1 of 3 changes" in str(error)


@pytest.mark.usefixtures("world")
def test_WHEN_there_is_nothing_to_do_THEN_no_guard_refuses() -> None:
    everything = Protection(accounts=("123456789012",), regions=("all",), names=("*",), tags=("*",))

    assert passes(everything, [change("a", is_noop=True)])
    assert passes(Protection(max_changes=1), [change("a"), change("b", is_noop=True)])


@pytest.mark.usefixtures("world")
def test_WHEN_the_account_is_not_known_THEN_guards_of_accounts_refuse() -> None:
    nowhere = change("a", Target("eu-west-1"), effect=Effect.DESTROY)

    for protection in (Protection(accounts=("1" * 12,)), Protection(delete_only_in=(("2" * 12,),))):
        assert "not known in which account" in str(refused(protection, [nowhere]))


@pytest.mark.usefixtures("world")
def test_WHEN_many_changes_are_refused_THEN_some_are_shown_and_all_are_counted() -> None:
    error = refused(Protection(names=("prod*",)), (change(f"prod{number}") for number in range(500)))

    assert len(error.refusals) == MOST_SHOWN
    assert error.counts[Guard.NAMES] == 500


def test_WHEN_tags_protect_THEN_owners_are_asked_for_once_and_a_hundred_at_a_time(world: World) -> None:
    world.tags = {"b7": {"env": "prod"}, "b150": {"env": "dev"}}
    planned = [change(f"b{number}/{part}") for part in range(3) for number in range(150)]

    error = refused(Protection(tags=("env=prod",)), [*planned, change("new")])

    assert [len(owners) for owners in world.asked_for_tags] == [100, 50]
    assert error.counts == {Guard.TAGS: 3}
    assert "b7/0" in str(error.refusals[0])
    assert "protected by the tag 'env=prod'" in str(error)


def test_WHEN_tags_do_not_protect_THEN_it_passes(world: World) -> None:
    world.tags = {"a": {"env": "dev"}}

    assert passes(Protection(tags=("env=prod",)), [change("a"), change("gone"), change("new")])


@pytest.mark.parametrize(
    "tag_error",
    [AccessDenied("no"), ClientError({"Error": {"Code": "Odd", "Message": "no"}}, "DescribeTags")],
)
def test_WHEN_tags_cannot_be_read_THEN_the_guard_refuses(world: World, tag_error: Exception) -> None:
    world.tag_error = tag_error

    error = refused(Protection(tags=("env=prod",)), [change("a"), change("a/2"), change("b")])

    assert error.counts == {Guard.TAGS: 3}
    assert "its tags cannot be read" in str(error)


def test_WHEN_a_kind_knows_no_tags_or_numbers_THEN_guards_that_need_them_refuse(world: World) -> None:
    blind = change("a", kind="guarded.blind")

    assert "the tags of what guarded.blind changes" in str(refused(Protection(tags=("x",)), [blind]))
    assert "nothing counts what guarded.blind" in str(refused(Protection(max_share=0.1), [blind]))
    assert passes(Protection(names=("x",)), [blind])
    assert world.asked_for_tags == []


def test_WHEN_a_bug_ends_the_check_THEN_the_guard_refuses(world: World) -> None:
    world.tag_error = KeyError("Tags")

    assert "cannot be evaluated: 'Tags'" in str(refused(Protection(tags=("x",)), [change("a")]))


def test_WHEN_a_name_has_changed_since_the_plan_THEN_the_tag_of_now_counts(world: World) -> None:
    instance = "arn:aws:ec2:eu-west-1:123456789012:instance"
    world.tags = {instance: {"Name": "web-prod-1"}}

    error = refused(Protection(names=("*-prod-*",)), [change(f"{instance}/i-0abc")])

    assert "its name 'web-prod-1' is protected by '*-prod-*'" in str(error)


def test_WHEN_a_name_tag_cannot_be_read_THEN_the_guard_of_names_refuses(world: World) -> None:
    world.tag_error = AccessDenied("no")

    error = refused(Protection(names=("x",)), [change("arn:aws:ec2:eu-west-1:123456789012:instance/i-0")])

    assert error.counts == {Guard.NAMES: 1}


@pytest.mark.parametrize(
    ("count", "there", "share", "is_fine"),
    [
        (10, 100, 0.1, True),
        (11, 100, 0.1, False),
        (3, 30, 0.1, True),
        (1, 0, 1.0, False),
        (7, 100, 0.07, True),
        (7, 500, 1.4 / 100, True),
        (8, 500, 1.4 / 100, False),
    ],
)
def test_WHEN_changes_are_a_share_of_what_is_there_THEN_the_limit_is_exact(
    world: World, count: int, there: int, share: float, is_fine: bool
) -> None:
    world.there = there
    planned = [change(f"a{number}") for number in range(count)]

    if is_fine:
        assert passes(Protection(max_share=share), planned)
    else:
        assert f"{count} of {there} is more than" in str(refused(Protection(max_share=share), planned))


def test_WHEN_a_share_is_limited_THEN_places_count_apart_no_further_than_needed_and_new_things_not(
    world: World,
) -> None:
    planned = [change("a"), change("b"), change("c", THERE)]
    new = [change(f"n{number}", effect=Effect.CREATE) for number in range(50)]

    assert passes(Protection(max_share=0.5), [*planned, *new])
    assert sorted(world.counted_to) == [2, 4]


def test_WHEN_several_targets_reach_one_place_THEN_their_changes_count_together(world: World) -> None:
    world.there = 20
    planned = [change(f"shared{number}", target) for number in range(3) for target in (HERE, THERE)]

    error = refused(Protection(max_share=0.2), planned)

    assert error.counts == {Guard.MAX_CHANGES: 6}
    assert "6 of 20 is more than 20% of what is there" in str(error)
    assert passes(Protection(max_share=0.3), planned)


def test_WHEN_things_cannot_be_counted_THEN_the_limit_refuses(world: World) -> None:
    world.count_error = InvalidInput("nothing lists these")

    assert "nothing lists these" in str(refused(Protection(max_share=0.1), [change("a")]))


@pytest.mark.usefixtures("world")
def test_WHEN_the_bucket_is_in_a_protected_region_THEN_that_counts_whatever_region_was_asked() -> None:
    client = FakeClient("s3").answers("head_bucket", {"BucketRegion": "us-west-2"})
    planned = [change("arn:aws:s3:::b/1"), change("arn:aws:s3:::b/2")]

    error = refused(Protection(regions=("us-west-*",)), planned, s3=client)

    assert "1: us-west-2 is protected by 'us-west-*'" in str(error)
    assert error.counts[Guard.REGIONS] == 2
    assert [call.parameters for call in client.calls] == [
        {"Bucket": "b", "ExpectedBucketOwner": "123456789012"}
    ]


@pytest.mark.usefixtures("world")
def test_WHEN_the_bucket_may_be_another_accounts_THEN_the_guard_of_accounts_refuses() -> None:
    denied, absent = (FakeClient("s3").raises("head_bucket", code=code) for code in ("403", "404"))
    protection = Protection(accounts=("111122223333",))

    error = refused(protection, [change("arn:aws:s3:::b/1")], s3=denied)

    assert "cannot be told whose the bucket is" in str(error)
    assert passes(protection, [change("arn:aws:s3:::b")], s3=absent)


@pytest.mark.usefixtures("world")
def test_WHEN_only_deletions_are_held_to_places_THEN_nothing_else_has_to_be_known() -> None:
    denied = FakeClient("s3").raises("head_bucket", code="403")
    protection = Protection(delete_only_in=(("us-east-1",),), names=("x",))

    assert passes(protection, [change("arn:aws:s3:::b/1"), change("a", Target("eu-west-1"))], s3=denied)
    assert denied.calls == []
    error = refused(protection, [change("arn:aws:s3:::b/1", effect=Effect.DESTROY)], s3=denied)
    assert error.counts == {Guard.DELETE_ONLY_IN: 1}


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("account", ["123456789012", None])
def test_WHEN_nobody_tells_in_which_region_a_bucket_is_THEN_guards_of_regions_refuse(
    account: str | None,
) -> None:
    silent = FakeClient("s3").answers("head_bucket", {})
    deletion = change("arn:aws:s3:::b/1", Target("eu-west-1", account), effect=Effect.DESTROY)

    for protection in (Protection(regions=("us-east-1",)), Protection(delete_only_in=(("eu-*",),))):
        error = refused(protection, [deletion], s3=silent)
        assert "S3 does not tell in which region the bucket is" in str(error)
    assert account is None or passes(Protection(accounts=("111122223333",)), [deletion], s3=silent)


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("alias", ["logs-ap-a1b2-s3alias", "logs-ap-a1b2--ol-s3"])
def test_WHEN_a_bucket_is_called_by_an_alias_THEN_guards_that_have_to_know_the_bucket_refuse(
    alias: str,
) -> None:
    planned = [change(f"arn:aws:s3:::{alias}/k")]

    for protection in (Protection(names=("*prod*",)), Protection(tags=("env",))):
        error = refused(protection, planned)
        assert "an alias of an access point does not tell whose objects these are" in str(error)
        assert sum(error.counts.values()) == 1
    assert passes(Protection(max_changes=1), planned)


@pytest.mark.usefixtures("world")
def test_WHEN_the_deadline_comes_meanwhile_THEN_nothing_passes_as_looked_at() -> None:
    control = RunControl()
    control.stop("its deadline came")

    with pytest.raises(RunStopped):
        check_guards(Protection(names=("x",)), [change("a")], lambda _: fake_provider(), control=control)


def of_endpoint(url: object) -> AwsClientProvider:
    return fake_provider(s3=SimpleNamespace(meta=SimpleNamespace(endpoint_url=url)))


@pytest.mark.parametrize(
    ("url", "is_fine"),
    [
        ("https://s3.eu-west-1.amazonaws.com", True),
        ("http://127.0.0.1:5000", True),
        ("https://user:secret@s3.evil.example/x", False),
        (None, False),
    ],
)
def test_WHEN_changes_take_something_away_THEN_they_go_to_aws_or_this_machine_alone(
    url: object, is_fine: bool
) -> None:
    deletion = change("arn:aws:s3:::b/k", effect=Effect.DESTROY, kind="s3.delete-object")
    protection = Protection(own_endpoints_only=True, origins={Guard.ENDPOINTS: ("--endpoint-url",)})

    check_guards(protection, [replace(deletion, effect=Effect.CREATE)], lambda _: of_endpoint(url))
    if is_fine:
        check_guards(protection, [deletion], lambda _: of_endpoint(url))
        return
    with pytest.raises(ChangesRefused) as caught:
        check_guards(protection, [deletion], lambda _: of_endpoint(url))
    assert caught.value.counts == {Guard.ENDPOINTS: 1}
    assert "secret" not in str(caught.value)
    assert "refused by the check of endpoints: a change that overwrites, destroys or is final" in str(
        caught.value
    )
    assert "Remove what sends calls elsewhere than to AWS: --endpoint-url; --yes" in str(caught.value)


@pytest.mark.usefixtures("world")
def test_WHEN_no_service_is_known_for_what_takes_away_THEN_it_is_refused() -> None:
    error = refused(Protection(own_endpoints_only=True), [change("a", effect=Effect.DESTROY)])

    assert "cannot be told where calls for guarded.set go" in str(error)


@pytest.mark.usefixtures("world")
def test_WHEN_many_targets_are_looked_at_THEN_in_the_end_all_are() -> None:
    targets = [Target("eu-west-1", f"{number:012}") for number in range(40)]
    with PlanSpool() as spool:
        spool.add(change("prod", target) for target in targets)

        with pytest.raises(ChangesRefused) as caught:
            check_guards(Protection(names=("prod",)), spool, lambda _: fake_provider(), workers=8)

    assert caught.value.counts[Guard.NAMES] == 40
    assert [refusal.target for refusal in caught.value.refusals] == targets[:MOST_SHOWN]
