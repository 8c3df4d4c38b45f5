"""What operators call things in EC2 by, and the rows they see."""

from collections.abc import Callable
from typing import Any

import pytest

from aws_interactions import ec2_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import InvalidInput
from aws_operations.ec2 import instances as ec2, places as ec2_places
from aws_operations.ec2.names import INSTANCES, NameIsAmbiguous, NothingHasTheName, resolve
from aws_operations.ec2.tagged import resolve_resources
from tests.support.ec2_things import run_instance, tag_list

NO_INSTANCE = "i-00000000000000001"


def resolved(aws_provider: AwsClientProvider, *given: str) -> list[str]:
    return [instance.instance_id for instance in resolve(INSTANCES, given, aws_provider)]


def tag(aws_provider: AwsClientProvider, resource_id: str, **tags: str) -> None:
    client: Any = aws_provider.get_ec2()
    client.create_tags(Resources=[resource_id], Tags=tag_list(tags))


def default_vpc(aws_provider: AwsClientProvider) -> str:
    [vpc] = ec2_interactions.list_vpcs(aws_provider)
    return vpc.vpc_id


def test_WHEN_instances_are_called_by_id_name_and_tag_THEN_each_comes_once_in_the_order_given(
    aws_provider: AwsClientProvider,
) -> None:
    one = run_instance(aws_provider, Name="web-1", role="web")
    two = run_instance(aws_provider, Name="web-2", role="web")
    batch = run_instance(aws_provider, Name="batch-1", role="batch")
    assert resolved(aws_provider, "batch-1", "tag:role=web", one) == [batch, one, two]
    assert resolved(aws_provider, two, "web-2", "web-2") == [two]


def test_WHEN_a_name_has_wildcards_in_it_THEN_they_are_characters_like_others(
    aws_provider: AwsClientProvider,
) -> None:
    star = run_instance(aws_provider, Name="web-*")
    run_instance(aws_provider, Name="web-1")
    assert resolved(aws_provider, "web-*") == [star]


def test_WHEN_several_have_a_name_THEN_that_is_an_error_with_their_ids_AND_a_tag_means_all(
    aws_provider: AwsClientProvider,
) -> None:
    ids = [run_instance(aws_provider, Name="web"), run_instance(aws_provider, Name="web")]
    with pytest.raises(NameIsAmbiguous, match="2 instances have the name web") as caught:
        resolved(aws_provider, "web")
    assert sorted(caught.value.ids) == sorted(ids)
    assert "tag:Name=web" in str(caught.value)
    assert sorted(resolved(aws_provider, "tag:Name=web")) == sorted(ids)


def test_WHEN_a_dead_instance_has_the_name_too_THEN_the_live_one_is_meant_AND_alone_it_is_itself(
    aws_provider: AwsClientProvider,
) -> None:
    dead = run_instance(aws_provider, Name="web-1", role="web")
    ec2_interactions.terminate_instances([dead], aws_provider)
    assert resolved(aws_provider, "web-1") == [dead]
    live = run_instance(aws_provider, Name="web-1", role="web")
    assert resolved(aws_provider, "web-1", "tag:role=web") == [live]
    assert resolved(aws_provider, dead) == [dead]
    [tagged] = resolve_resources(["web-1"], aws_provider)
    assert tagged.resource_id == live


def test_WHEN_nothing_has_the_id_name_or_tag_THEN_all_such_are_named_at_once(
    aws_provider: AwsClientProvider,
) -> None:
    run_instance(aws_provider, Name="web-1")
    for resolver in (resolved, lambda provider, *given: resolve_resources(given, provider)):
        with pytest.raises(NothingHasTheName) as caught:
            resolver(aws_provider, "web-1", NO_INSTANCE, "web-9", "tag:role=db")
        assert set(caught.value.given) == {NO_INSTANCE, "web-9", "tag:role=db"}


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ("vpc-0123456789abcdef0", "is the id of a VPC, not of an instance"),
        ("tag:role", "is not tag:KEY=VALUE"),
        ("tag:=web", "is not tag:KEY=VALUE"),
        ("", "the name of the instance is empty"),
    ],
)
def test_WHEN_a_word_makes_no_sense_THEN_it_is_invalid_and_nothing_is_asked(given: str, parts: str) -> None:
    from aws_interactions.testing import FakeClient, fake_provider

    client = FakeClient("ec2")
    with pytest.raises(InvalidInput, match=parts):
        resolved(fake_provider(ec2=client), given)
    assert client.calls == []


@pytest.mark.parametrize("name", ["i-like-cats", "vpc-main", "i-0123"])
def test_WHEN_a_name_looks_a_little_like_an_id_THEN_it_is_a_name(
    name: str, aws_provider: AwsClientProvider
) -> None:
    wanted = run_instance(aws_provider, Name=name)
    assert resolved(aws_provider, name) == [wanted]


def test_WHEN_instances_are_listed_in_a_vpc_by_name_THEN_the_rows_are_theirs(
    aws_provider: AwsClientProvider,
) -> None:
    tag(aws_provider, default_vpc(aws_provider), Name="main")
    run_instance(aws_provider, Name="web-1", az="eu-west-1b")
    [row] = ec2.instances(aws_provider, vpc="main", tags={"Name": ["web-1"]}, states=["running"])
    assert (row.name, row.state, row.instance_type, row.az) == ("web-1", "running", "t3.micro", "eu-west-1b")
    [details] = ec2.instance_details(["web-1"], aws_provider)
    assert details.tags == {"Name": "web-1"}
    with pytest.raises(NothingHasTheName, match="VPC other"):
        list(ec2.instances(aws_provider, vpc="other"))
    with pytest.raises(InvalidInput):
        list(ec2.instances(aws_provider, vpc=""))


def test_WHEN_the_name_to_list_is_empty_THEN_that_does_not_mean_all(aws_provider: AwsClientProvider) -> None:
    run_instance(aws_provider, Name="web-1")
    assert list(ec2.instances(aws_provider, name="")) == []


def test_WHEN_waiting_for_a_state_that_is_there_THEN_the_rows_come_at_once(
    aws_provider: AwsClientProvider,
) -> None:
    run_instance(aws_provider, Name="web-1")
    [row] = ec2.wait(["web-1"], "running", aws_provider, timeout=0, interval=1)
    assert (row.name, row.state) == ("web-1", "running")


def test_WHEN_waiting_AND_one_is_late_THEN_those_that_came_are_told_all_the_same(
    aws_provider: AwsClientProvider,
) -> None:
    run_instance(aws_provider, Name="web-1")
    late = run_instance(aws_provider, Name="web-2")
    ec2_interactions.stop_instances([late], aws_provider)
    told = []
    with pytest.raises(ec2_interactions.InstancesAreLate, match=rf"^web-2 \({late}\) was stopped") as caught:
        told.extend(ec2.wait(["web-2", "web-1"], "running", aws_provider, timeout=0, interval=1))
    assert caught.value.instance_ids == (late,)
    assert caught.value.resource == late
    assert [row.name for row in told] == ["web-1"]


def test_WHEN_places_are_listed_THEN_names_narrow_them_as_ids_do(aws_provider: AwsClientProvider) -> None:
    vpc_id = default_vpc(aws_provider)
    tag(aws_provider, vpc_id, Name="main")
    aws_provider.get_ec2().create_vpc(CidrBlock="10.0.0.0/16")
    instance_id = run_instance(aws_provider, Name="web-1")
    run_instance(aws_provider, Name="web-2")
    [vpc] = ec2_places.vpcs(["main"], aws_provider)
    assert (vpc.vpc_id, vpc.is_default, vpc.cidr_blocks) == (vpc_id, True, ("172.31.0.0/16",))
    assert len(list(ec2_places.vpcs([], aws_provider))) == 2
    assert {row.vpc_id for row in ec2_places.subnets([], aws_provider, vpc="main")} == {vpc_id}
    [eni] = ec2_places.network_interfaces([], aws_provider, vpc="main", instance="web-1")
    assert (eni.instance_id, eni.vpc_id) == (instance_id, vpc_id)
    [volume] = ec2_places.volumes([], aws_provider, instance="tag:Name=web-1")
    assert volume.instance_ids == (instance_id,)
    assert len(list(ec2_places.network_interfaces([], aws_provider, subnet=eni.subnet_id))) == 2


def test_WHEN_a_security_group_is_called_by_its_own_name_or_its_tag_THEN_it_is_found(
    aws_provider: AwsClientProvider,
) -> None:
    client: Any = aws_provider.get_ec2()
    vpc_id = default_vpc(aws_provider)
    group_id = client.create_security_group(GroupName="web", Description="the web", VpcId=vpc_id)["GroupId"]
    tag(aws_provider, group_id, Name="front")
    for called in ("web", "front", group_id, "tag:Name=front"):
        [row] = ec2_places.security_groups([called], aws_provider)
        assert (row.group_id, row.rules_in, row.rules_out) == (group_id, 0, 1)
    [rule] = ec2_places.security_group_rules(["web"], aws_provider)
    assert (rule.direction, rule.protocol, rule.peer) == ("out", "all", "0.0.0.0/0")
    assert len(list(ec2_places.security_groups([], aws_provider, vpc=vpc_id))) == 2


def test_WHEN_several_groups_have_a_name_THEN_it_is_ambiguous_AND_a_vpc_tells_them_apart(
    aws_provider: AwsClientProvider,
) -> None:
    other = aws_provider.get_ec2().create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    with pytest.raises(NameIsAmbiguous, match=r"^an id is needed: 2 security groups have the name default"):
        list(ec2_places.security_groups(["default"], aws_provider))
    [row] = ec2_places.security_groups([], aws_provider, vpc=other)
    assert row.vpc_id == other


@pytest.mark.parametrize(
    "rows", [ec2_places.zones, lambda provider: ec2_places.regions(provider, all_regions=True)]
)
def test_WHEN_zones_or_regions_are_listed_THEN_there_are_several(
    rows: Callable[[AwsClientProvider], Any], aws_provider: AwsClientProvider
) -> None:
    assert len(list(rows(aws_provider))) > 2
