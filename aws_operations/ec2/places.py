"""Where instances are, as rows: networks, security groups, volumes, zones, regions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from operator import attrgetter
from typing import Any, TypeVar

from aws_interactions import ec2_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.ec2_interactions import (
    AvailabilityZone,
    NetworkInterfaceDetails,
    Region,
    SecurityGroup,
    Subnet,
    Volume,
    Vpc,
)
from aws_operations.ec2.names import INSTANCES, Kind, resolve

Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class VpcRow:
    """What a list says of a VPC."""

    vpc_id: str
    name: str | None
    cidr_blocks: tuple[str, ...]
    is_default: bool
    state: str
    tenancy: str
    owner_id: str


@dataclass(frozen=True, slots=True)
class SubnetRow:
    """What a list says of a subnet."""

    subnet_id: str
    name: str | None
    vpc_id: str
    az: str
    cidr_block: str | None
    free_ips: int
    gives_public_ips: bool


@dataclass(frozen=True, slots=True)
class NetworkInterfaceRow:
    """What a list says of a network interface."""

    eni_id: str
    name: str | None
    eni_type: str
    vpc_id: str
    subnet_id: str
    private_ip: str | None
    public_ip: str | None
    instance_id: str | None
    status: str | None


@dataclass(frozen=True, slots=True)
class VolumeRow:
    """What a list says of a volume."""

    volume_id: str
    name: str | None
    state: str
    size_gib: int
    volume_type: str
    az: str | None
    is_encrypted: bool
    instance_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SecurityGroupRow:
    """What a list says of a security group; how many rules let something in, and out."""

    group_id: str
    group_name: str
    vpc_id: str | None
    rules_in: int
    rules_out: int
    description: str


@dataclass(frozen=True, slots=True)
class SecurityGroupRuleRow:
    """One rule of a security group."""

    group_id: str
    group_name: str
    direction: str
    protocol: str
    ports: str
    peer: str
    description: str | None


VPCS: Kind[Vpc] = Kind("VPC", "vpc", ec2_interactions.list_vpcs, "vpc_ids", attrgetter("vpc_id"))
SUBNETS: Kind[Subnet] = Kind(
    "subnet", "subnet", ec2_interactions.list_subnets, "subnet_ids", attrgetter("subnet_id")
)
NETWORK_INTERFACES: Kind[NetworkInterfaceDetails] = Kind(
    "network interface", "eni", ec2_interactions.list_network_interfaces, "eni_ids", attrgetter("eni_id")
)
VOLUMES: Kind[Volume] = Kind(
    "volume", "vol", ec2_interactions.list_volumes, "volume_ids", attrgetter("volume_id")
)
SECURITY_GROUPS: Kind[SecurityGroup] = Kind(
    "security group",
    "sg",
    ec2_interactions.list_security_groups,
    "group_ids",
    attrgetter("group_id"),
    own_name=("group_names", "group_name"),
)


def vpcs(given: Sequence[str], aws_provider: AwsClientProvider) -> Iterator[VpcRow]:
    """Yield VPCs, all or those that ids, names or tags mean (DescribeVpcs)."""
    for vpc in _listed(VPCS, given, aws_provider):
        yield VpcRow(
            vpc.vpc_id, vpc.name, vpc.cidr_blocks, vpc.is_default, vpc.state, vpc.tenancy, vpc.owner_id
        )


def subnets(
    given: Sequence[str], aws_provider: AwsClientProvider, *, vpc: str | None = None
) -> Iterator[SubnetRow]:
    """Yield subnets: all, those of a VPC, or those that ids, names or tags mean (DescribeSubnets)."""
    for subnet in _listed(SUBNETS, given, aws_provider, vpc_id=_ids(VPCS, vpc, aws_provider)):
        yield SubnetRow(
            subnet.subnet_id,
            subnet.name,
            subnet.vpc_id,
            subnet.az,
            subnet.cidr_block,
            subnet.free_ips,
            subnet.gives_public_ips,
        )


def network_interfaces(
    given: Sequence[str],
    aws_provider: AwsClientProvider,
    *,
    vpc: str | None = None,
    subnet: str | None = None,
    instance: str | None = None,
) -> Iterator[NetworkInterfaceRow]:
    """Yield network interfaces: all, those of a VPC, subnet or instance, or those that words mean.

    Calls DescribeNetworkInterfaces, and what finds the VPC, subnet or instance.
    """
    found = _listed(
        NETWORK_INTERFACES,
        given,
        aws_provider,
        vpc_id=_ids(VPCS, vpc, aws_provider),
        subnet_id=_ids(SUBNETS, subnet, aws_provider),
        instance_id=_ids(INSTANCES, instance, aws_provider),
    )
    for eni in found:
        yield NetworkInterfaceRow(
            eni.eni_id,
            eni.name,
            eni.eni_type,
            eni.vpc_id,
            eni.subnet_id,
            eni.private_ip,
            eni.public_ip,
            eni.instance_id,
            eni.status,
        )


def volumes(
    given: Sequence[str], aws_provider: AwsClientProvider, *, instance: str | None = None
) -> Iterator[VolumeRow]:
    """Yield volumes: all, those of an instance, or those that ids, names or tags mean (DescribeVolumes)."""
    attached_to = _ids(INSTANCES, instance, aws_provider)
    for volume in _listed(VOLUMES, given, aws_provider, instance_id=attached_to):
        yield VolumeRow(
            volume.volume_id,
            volume.name,
            volume.state,
            volume.size_gib,
            volume.volume_type,
            volume.az,
            volume.is_encrypted,
            volume.instance_ids,
        )


def security_groups(
    given: Sequence[str], aws_provider: AwsClientProvider, *, vpc: str | None = None
) -> Iterator[SecurityGroupRow]:
    """Yield security groups: all, those of a VPC, or those that ids, names or tags mean.

    Calls DescribeSecurityGroups. A name is a group's own or its tag ``Name``.
    """
    for group in _listed(SECURITY_GROUPS, given, aws_provider, vpc_id=_ids(VPCS, vpc, aws_provider)):
        rules_in = sum(rule.direction == "in" for rule in group.rules)
        yield SecurityGroupRow(
            group.group_id,
            group.group_name,
            group.vpc_id,
            rules_in,
            len(group.rules) - rules_in,
            group.description,
        )


def security_group_rules(
    given: Sequence[str], aws_provider: AwsClientProvider, *, vpc: str | None = None
) -> Iterator[SecurityGroupRuleRow]:
    """Yield every rule of the groups that ``security_groups`` yields."""
    for group in _listed(SECURITY_GROUPS, given, aws_provider, vpc_id=_ids(VPCS, vpc, aws_provider)):
        for rule in group.rules:
            yield SecurityGroupRuleRow(
                group.group_id,
                group.group_name,
                rule.direction,
                rule.protocol,
                rule.ports,
                rule.peer,
                rule.description,
            )


def zones(aws_provider: AwsClientProvider) -> Iterator[AvailabilityZone]:
    """Yield the zones of the region that the account may use (DescribeAvailabilityZones)."""
    yield from ec2_interactions.get_azs_in_region(aws_provider)


def regions(aws_provider: AwsClientProvider, *, all_regions: bool) -> Iterator[Region]:
    """Yield the regions that the account has enabled, or all that there are (DescribeRegions)."""
    yield from ec2_interactions.list_regions(aws_provider, all_regions=all_regions)


def _ids(kind: Kind[Any], given: str | None, aws_provider: AwsClientProvider) -> list[str] | None:
    return None if given is None else [kind.id_of(thing) for thing in resolve(kind, [given], aws_provider)]


def _listed(
    kind: Kind[Thing],
    given: Sequence[str],
    aws_provider: AwsClientProvider,
    **narrowed: Sequence[str] | None,
) -> Iterator[Thing]:
    """Yield what ``given`` means, or all of the kind for each of the ids that it is narrowed to."""
    if given:
        yield from resolve(kind, given, aws_provider)
        return
    by = {option: ids for option, ids in narrowed.items() if ids is not None}
    seen = set()
    for ids in product(*by.values()):
        for thing in kind.find(aws_provider, **dict(zip(by, ids, strict=True))):
            if kind.id_of(thing) not in seen:
                seen.add(kind.id_of(thing))
                yield thing
