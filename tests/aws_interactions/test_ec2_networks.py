"""Networks, volumes, zones and regions as EC2 answers for them."""

from collections.abc import Callable
from typing import Any

import pytest

from aws_interactions import ec2_interactions as ec2
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import InvalidInput, NotFound
from aws_interactions.testing import FakeClient, fake_provider
from tests.support.ec2_things import answer_of, run_instance, tag_list

NO_VPC = "vpc-00000000000000001"
NO_SUBNET = "subnet-00000000000000001"
NO_INSTANCE = "i-00000000000000001"


@pytest.fixture
def default_vpc(aws_provider: AwsClientProvider) -> str:
    [vpc] = ec2.list_vpcs(aws_provider)
    return vpc.vpc_id


def test_WHEN_a_vpc_is_asked_for_THEN_owner_ranges_and_tenancy_come(
    aws_provider: AwsClientProvider, default_vpc: str
) -> None:
    aws_provider.get_ec2().associate_vpc_cidr_block(VpcId=default_vpc, CidrBlock="10.1.0.0/16")
    assert ec2.get_vpc_details(default_vpc, aws_provider) == ec2.VpcDetails(
        default_vpc, "123456789012", ("172.31.0.0/16", "10.1.0.0/16"), "default"
    )


def test_WHEN_a_range_of_a_vpc_is_on_its_way_out_THEN_it_is_left_out() -> None:
    blocks = [
        {"CidrBlock": "10.0.0.0/16", "CidrBlockState": {"State": "associated"}},
        {"CidrBlock": "10.9.0.0/16", "CidrBlockState": {"State": "disassociated"}},
    ]
    vpc = {
        "VpcId": NO_VPC,
        "OwnerId": "1",
        "InstanceTenancy": "dedicated",
        "CidrBlock": "10.0.0.0/16",
        "CidrBlockAssociationSet": blocks,
    }
    client = FakeClient("ec2").answers("describe_vpcs", {"Vpcs": [vpc]})
    found = ec2.get_vpc_details(NO_VPC, fake_provider(ec2=client))
    assert (found.cidr_blocks, found.tenancy) == (("10.0.0.0/16",), "dedicated")


@pytest.mark.parametrize(
    ("ask", "error"),
    [
        (lambda provider: ec2.get_vpc_details(NO_VPC, provider), ec2.VpcDoesNotExist),
        (lambda provider: list(ec2.get_subnets_of_vpc(NO_VPC, provider)), ec2.VpcDoesNotExist),
        (lambda provider: list(ec2.get_enis_of_subnet(NO_SUBNET, provider)), ec2.SubnetDoesNotExist),
        (lambda provider: list(ec2.get_enis_of_instance(NO_INSTANCE, provider)), ec2.InstanceDoesNotExist),
    ],
)
def test_WHEN_what_should_hold_things_is_not_there_THEN_that_is_an_error_and_no_empty_list(
    ask: Callable[[AwsClientProvider], object], error: type[NotFound], aws_provider: AwsClientProvider
) -> None:
    with pytest.raises(error) as caught:
        ask(aws_provider)
    subjects = {NO_VPC, NO_SUBNET, NO_INSTANCE}
    assert subjects & {getattr(caught.value, name, None) for name in ("vpc_id", "subnet_id", "resource")}


def test_WHEN_it_is_there_AND_holds_nothing_THEN_the_list_is_empty(
    aws_provider: AwsClientProvider, default_vpc: str
) -> None:
    client = aws_provider.get_ec2()
    vpc_id = client.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    assert list(ec2.get_subnets_of_vpc(vpc_id, aws_provider)) == []
    [subnet, *_] = ec2.get_subnets_of_vpc(default_vpc, aws_provider)
    assert list(ec2.get_enis_of_subnet(subnet.subnet_id, aws_provider)) == []
    fake = FakeClient("ec2").pages("describe_network_interfaces", [{}])
    fake.pages("describe_instances", [answer_of(NO_INSTANCE, state="terminated")])
    assert list(ec2.get_enis_of_instance(NO_INSTANCE, fake_provider(ec2=fake))) == []


def test_WHEN_an_empty_vpc_answers_without_a_list_THEN_it_does_not_exist() -> None:
    client = FakeClient("ec2").answers("describe_vpcs", {"Vpcs": []})
    with pytest.raises(ec2.VpcDoesNotExist):
        ec2.get_vpc_details(NO_VPC, fake_provider(ec2=client))


def test_WHEN_interfaces_are_asked_for_THEN_those_of_subnet_and_instance_come(
    aws_provider: AwsClientProvider, default_vpc: str
) -> None:
    instance_id = run_instance(aws_provider, Name="web-1")
    instance = ec2.get_instance(instance_id, aws_provider)
    [eni] = ec2.get_enis_of_instance(instance_id, aws_provider)
    assert eni == ec2.NetworkInterface(
        eni.eni_id, "interface", str(instance.subnet_id), default_vpc, instance.private_ip
    )
    assert list(ec2.get_enis_of_subnet(str(instance.subnet_id), aws_provider)) == [eni]
    [details] = ec2.list_network_interfaces(aws_provider, eni_ids=[eni.eni_id])
    assert (details.instance_id, details.public_ip) == (instance_id, instance.public_ip)


def test_WHEN_things_have_tags_THEN_they_are_found_by_them(
    aws_provider: AwsClientProvider, default_vpc: str
) -> None:
    client: Any = aws_provider.get_ec2()
    run_instance(aws_provider)
    [eni] = ec2.list_network_interfaces(aws_provider)
    [volume] = ec2.list_volumes(aws_provider)
    [group, *_] = ec2.list_security_groups(aws_provider)
    [subnet, *_] = ec2.list_subnets(aws_provider)
    ids = [eni.eni_id, volume.volume_id, group.group_id, subnet.subnet_id, default_vpc]
    client.create_tags(Resources=ids, Tags=tag_list({"Name": "mine", "team": "ops"}))
    tags = {"team": "ops"}
    assert [found.name for found in ec2.list_network_interfaces(aws_provider, tags=tags)] == ["mine"]
    assert [found.name for found in ec2.list_volumes(aws_provider, tags=tags)] == ["mine"]
    assert [found.group_id for found in ec2.list_security_groups(aws_provider, tags=tags)] == [group.group_id]
    assert [found.name for found in ec2.list_subnets(aws_provider, tags=tags)] == ["mine"]
    assert [found.name for found in ec2.list_vpcs(aws_provider, tags=tags)] == ["mine"]
    assert list(ec2.list_vpcs(aws_provider, tags={"team": "web"})) == []


def test_WHEN_volumes_of_an_instance_are_asked_for_THEN_they_come_with_size_and_holder(
    aws_provider: AwsClientProvider,
) -> None:
    instance_id = run_instance(aws_provider)
    run_instance(aws_provider)
    [volume] = ec2.list_volumes(aws_provider, instance_id=instance_id)
    assert (volume.instance_ids, volume.state, volume.size_gib) == ((instance_id,), "in-use", 8)


def test_WHEN_a_security_group_has_rules_THEN_each_peer_is_a_rule_in_plain_words() -> None:
    group = {
        "GroupId": "sg-1",
        "GroupName": "web",
        "IpPermissions": [
            {
                "IpProtocol": "tcp",
                "FromPort": 443,
                "ToPort": 443,
                "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "all"}],
                "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
            },
            {
                "IpProtocol": "tcp",
                "FromPort": 8000,
                "ToPort": 8100,
                "UserIdGroupPairs": [{"GroupId": "sg-2"}],
                "PrefixListIds": [{"PrefixListId": "pl-1"}],
            },
            {"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
            {"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
            {"IpProtocol": "icmp", "FromPort": 3, "ToPort": 4, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
        ],
        "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
    }
    client = FakeClient("ec2").pages("describe_security_groups", [{"SecurityGroups": [group]}])
    [found] = ec2.list_security_groups(fake_provider(ec2=client))
    assert [(rule.direction, rule.protocol, rule.ports, rule.peer) for rule in found.rules] == [
        ("in", "tcp", "443", "0.0.0.0/0"),
        ("in", "tcp", "443", "::/0"),
        ("in", "tcp", "8000-8100", "pl-1"),
        ("in", "tcp", "8000-8100", "sg-2"),
        ("in", "icmp", "all", "10.0.0.0/8"),
        ("in", "icmp", "type 8", "10.0.0.0/8"),
        ("in", "icmp", "type 3 code 4", "10.0.0.0/8"),
        ("out", "all", "all", "0.0.0.0/0"),
    ]
    assert found.rules[0].description == "all"


def test_WHEN_regions_are_asked_for_THEN_the_enabled_ones_come_AND_all_if_wanted(
    aws_provider: AwsClientProvider,
) -> None:
    enabled = ec2.get_enabled_regions(aws_provider)
    every = ec2.list_regions(aws_provider, all_regions=True)
    assert "eu-west-1" in enabled
    assert enabled == sorted(enabled)
    assert set(enabled) < {region.region for region in every}
    assert {region.region for region in every if region.is_enabled} == set(enabled)


def test_WHEN_enabled_regions_are_asked_for_AND_all_come_THEN_the_others_are_left_out() -> None:
    statuses = {"eu-west-1": "opt-in-not-required", "af-south-1": "not-opted-in", "me-south-1": "opted-in"}
    told = [{"RegionName": region, "OptInStatus": status} for region, status in statuses.items()]
    client = FakeClient("ec2").answers("describe_regions", {"Regions": told})
    provider = fake_provider(ec2=client)
    assert [region.region for region in ec2.list_regions(provider)] == ["eu-west-1", "me-south-1"]
    assert len(ec2.list_regions(provider, all_regions=True)) == 3


def test_WHEN_zones_are_asked_for_THEN_those_of_the_region_come(aws_provider: AwsClientProvider) -> None:
    zones = ec2.get_azs_in_region(aws_provider)
    assert [zone.az for zone in zones] == ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
    assert zones[0].zone_id.startswith("euw1-az")
    assert {zone.state for zone in zones} == {"available"}


def test_WHEN_an_id_is_malformed_THEN_it_is_invalid_input() -> None:
    client = FakeClient("ec2").raises("describe_vpcs", code="InvalidVpcID.Malformed")
    with pytest.raises(InvalidInput):
        ec2.get_vpc_details("vpc-nonsense", fake_provider(ec2=client))
