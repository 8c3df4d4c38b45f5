"""Tags of anything in EC2: what is planned, what is then there, and what is left alone."""

from collections.abc import Iterable
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from aws_interactions import ec2_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import InvalidInput, NotFound
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.applying import apply_changes
from aws_operations.changes import Change, ChangeResult, Effect, ResultStatus, Reversibility, change_kind
from aws_operations.ec2.names import NameIsAmbiguous, NothingHasTheName
from aws_operations.ec2.tag_changes import plan_tag
from aws_operations.ec2.tagged import TagRow, resolve_resources, tags
from tests.support.ec2_things import run_instance

ONE = "i-00000000000000001"
SNAPSHOT = "snap-00000000000000001"


def applied(changes: Iterable[Change], aws_provider: AwsClientProvider) -> list[ChangeResult]:
    return list(apply_changes(changes, lambda _: aws_provider))


def statuses(results: Iterable[ChangeResult]) -> list[str]:
    return [result.status.value for result in results]


def tags_of(aws_provider: AwsClientProvider, name: str) -> dict[str, str]:
    return ec2_interactions.get_tags([name], aws_provider)[name]


def described(**tags: str) -> dict[str, Any]:
    return {
        "Tags": [
            {"ResourceId": ONE, "ResourceType": "instance", "Key": key, "Value": value}
            for key, value in tags.items()
        ]
    }


def test_WHEN_tags_are_added_and_removed_THEN_others_stay_AND_the_plan_shows_just_those(
    aws_provider: AwsClientProvider,
) -> None:
    name = run_instance(aws_provider, Name="web-1", role="web", stage="old")
    [vpc] = ec2_interactions.list_vpcs(aws_provider)
    changes = list(
        plan_tag(["web-1", vpc.vpc_id], aws_provider.read_only(), add={"role": "db"}, remove=["stage"])
    )
    assert [(change.kind, change.effect, change.before, change.after) for change in changes] == [
        ("ec2.add-tags", Effect.OVERWRITE, {"role": "web"}, {"role": "db"}),
        ("ec2.add-tags", Effect.UPDATE, {}, {"role": "db"}),
        ("ec2.remove-tags", Effect.OVERWRITE, {"stage": "old"}, {}),
        ("ec2.remove-tags", Effect.OVERWRITE, {}, {}),
    ]
    assert [change.resource.split(":")[-1] for change in changes[:2]] == [
        f"instance/{name}",
        f"vpc/{vpc.vpc_id}",
    ]
    assert {change.reversibility for change in changes} == {Reversibility.REVERSIBLE}
    assert tags_of(aws_provider, name)["role"] == "web"
    assert statuses(applied(changes, aws_provider)) == ["applied", "applied", "applied", "unchanged"]
    assert tags_of(aws_provider, name) == {"Name": "web-1", "role": "db"}
    assert tags_of(aws_provider, vpc.vpc_id) == {"role": "db"}


def test_WHEN_tags_are_there_already_THEN_that_is_unchanged_and_needs_no_consent(
    aws_provider: AwsClientProvider,
) -> None:
    run_instance(aws_provider, Name="web-1", role="web")
    changes = list(plan_tag(["web-1"], aws_provider, add={"role": "web"}, remove=["nothing"]))
    assert not any(change.needs_consent for change in changes)
    assert statuses(applied(changes, aws_provider)) == ["unchanged", "unchanged"]


def test_WHEN_a_name_is_that_of_an_instance_and_its_volume_THEN_it_is_ambiguous_AND_a_tag_means_both(
    aws_provider: AwsClientProvider,
) -> None:
    name = run_instance(aws_provider, Name="web-1")
    [volume] = ec2_interactions.list_volumes(aws_provider)
    ec2_interactions.add_tags([volume.volume_id], {"Name": "web-1"}, aws_provider)
    with pytest.raises(NameIsAmbiguous, match="2 resources have the name web-1"):
        list(plan_tag(["web-1"], aws_provider, add={"a": "b"}))
    changes = list(plan_tag(["tag:Name=web-1"], aws_provider, add={"a": "b"}))
    assert statuses(applied(changes, aws_provider)) == ["applied", "applied"]
    assert tags_of(aws_provider, name)["a"] == tags_of(aws_provider, volume.volume_id)["a"] == "b"


def test_WHEN_a_thing_of_a_kind_that_is_not_listed_here_has_no_tags_THEN_AWS_says_whether_it_is_there() -> (
    None
):
    client = FakeClient("ec2").answers("describe_tags", {})
    client.raises("create_tags", code="InvalidSnapshot.NotFound", status=400)
    provider = fake_provider(ec2=client)
    [change] = plan_tag([SNAPSHOT], provider, add={"a": "b"})
    assert change.resource == f"arn:aws:ec2:eu-west-1::snapshot/{SNAPSHOT}"
    [result] = applied([change], provider)
    assert isinstance(result.error, NotFound)
    [unheard_of] = plan_tag(["xyz-00000000000000001"], provider, add={"a": "b"})
    assert unheard_of.resource == "xyz-00000000000000001"


def test_WHEN_a_name_has_the_form_of_an_id_THEN_what_has_the_name_is_meant(
    aws_provider: AwsClientProvider,
) -> None:
    name = run_instance(aws_provider, Name="batch-20260115")
    [change] = plan_tag(["batch-20260115"], aws_provider, add={"a": "b"})
    assert change.resource.endswith(f":instance/{name}")
    run_instance(aws_provider, Name="batch-20260115")
    with pytest.raises(NameIsAmbiguous, match="2 resources have the name batch-20260115"):
        list(plan_tag(["batch-20260115"], aws_provider, add={"a": "b"}))


def test_WHEN_an_id_has_hyphens_in_its_prefix_or_tags_of_its_own_THEN_it_is_an_id() -> None:
    attachment, unheard_of = "tgw-attach-00000000000000001", "new-kind-00000000000000001"
    client = FakeClient("ec2").answers("describe_tags", {})
    [change] = plan_tag([attachment], fake_provider(ec2=client), add={"a": "b"})
    assert change.resource.endswith(f":123456789012:transit-gateway-attachment/{attachment}")
    own = {"ResourceId": unheard_of, "ResourceType": "new-kind", "Key": "x", "Value": "y"}
    client = FakeClient("ec2").answers("describe_tags", {"Tags": [own]})
    [change] = plan_tag([unheard_of], fake_provider(ec2=client), add={"a": "b"})
    assert change.resource.endswith(f":new-kind/{unheard_of}")


def test_WHEN_there_are_many_names_THEN_no_call_asks_for_more_than_EC2_takes() -> None:
    client = FakeClient("ec2").answers("describe_tags", {})
    with pytest.raises(NothingHasTheName):
        resolve_resources([f"web-{number}" for number in range(450)], fake_provider(ec2=client))
    asked = [call["Filters"][-1]["Values"] for call in client.calls_of("describe_tags")]
    assert [len(values) for values in asked] == [200, 200, 50]


def test_WHEN_AWS_refuses_one_of_several_THEN_the_others_get_their_tags_all_the_same(
    aws_provider: AwsClientProvider,
) -> None:
    name = run_instance(aws_provider, Name="web-1")
    changes = list(plan_tag([name, SNAPSHOT], aws_provider, add={"a": "b"}))
    results = applied(changes, aws_provider)
    assert statuses(results) == ["applied", "failed"]
    assert isinstance(results[1].error, NotFound)
    assert tags_of(aws_provider, name)["a"] == "b"


def test_WHEN_a_tag_changes_between_plan_and_apply_THEN_it_is_left_AND_others_do_not_matter(
    aws_provider: AwsClientProvider,
) -> None:
    name = run_instance(aws_provider, Name="web-1", role="web")
    [change] = plan_tag([name], aws_provider, add={"role": "db"})
    ec2_interactions.add_tags([name], {"other": "x"}, aws_provider)
    assert change_kind("ec2.add-tags").recheck(change, aws_provider) is None
    ec2_interactions.add_tags([name], {"role": "cache"}, aws_provider)
    [result] = applied([change], aws_provider)
    assert result.status is ResultStatus.FAILED
    assert "the tags have changed" in str(result.error)
    assert tags_of(aws_provider, name)["role"] == "cache"


@pytest.mark.parametrize(("now", "status"), [({"a": "b"}, "applied"), ({}, "unknown")])
def test_WHEN_the_answer_is_lost_THEN_the_tags_are_read_back(now: dict[str, str], status: str) -> None:
    client = FakeClient("ec2").answers(
        "describe_tags", [described(Name="x"), described(Name="x"), described(Name="x", **now)]
    )
    client.raises("create_tags", error=ReadTimeoutError(endpoint_url="http://x"))
    provider = fake_provider(ec2=client)
    [result] = applied(plan_tag([ONE], provider, add={"a": "b"}), provider)
    assert result.status.value == status


@pytest.mark.parametrize(
    ("add", "remove", "message"),
    [
        ({"aws:x": "y"}, [], "kept for AWS"),
        ({}, ["AWS:x"], "kept for AWS"),
        ({f"k{number}": "v" for number in range(49)}, [], "would have 51 tags"),
    ],
)
def test_WHEN_tags_pass_a_limit_THEN_nothing_is_planned(
    add: dict[str, str], remove: list[str], message: str
) -> None:
    tags = {"Name": "web-1", "role": "web", "aws:mine": "does not count"}
    client = FakeClient("ec2").answers("describe_tags", described(**tags))
    with pytest.raises(InvalidInput, match=message):
        list(plan_tag([ONE], fake_provider(ec2=client), add=add, remove=remove))


def test_WHEN_tags_are_shown_THEN_each_is_a_row_AND_a_name_nothing_has_is_an_error(
    aws_provider: AwsClientProvider,
) -> None:
    one = run_instance(aws_provider, Name="web-1", role="web")
    assert list(tags(["web-1"], aws_provider)) == [
        TagRow(one, "instance", "Name", "web-1"),
        TagRow(one, "instance", "role", "web"),
    ]
    with pytest.raises(NothingHasTheName):
        list(tags(["nowhere"], aws_provider))
