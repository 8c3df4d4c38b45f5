"""VPCs, subnets, network interfaces and security groups."""

import logging
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from aws_interactions.ec2_interactions.describing import WantedTags, described, has_tags
from aws_interactions.ec2_interactions.errors import (
    InstanceDoesNotExist,
    SubnetDoesNotExist,
    VpcDoesNotExist,
    ec2_errors,
    named,
)
from aws_interactions.ec2_interactions.network_records import (
    NetworkInterface,
    NetworkInterfaceDetails,
    SecurityGroup,
    SecurityGroupRule,
    Subnet,
    Vpc,
    VpcDetails,
)
from aws_interactions.tags import tags_from

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)

_ALL = "all"
_ICMP = frozenset({"icmp", "icmpv6", "1", "58"})


def get_vpc_details(vpc_id: str, aws_provider: "AwsClientProvider") -> VpcDetails:
    """Return owner, IPv4 ranges and tenancy of a VPC (DescribeVpcs); raises ``VpcDoesNotExist``."""
    logger.debug("get_vpc_details vpc_id=%s", vpc_id)
    client: Any = aws_provider.get_ec2()
    with ec2_errors(vpc_id, {"InvalidVpcID.NotFound": lambda: VpcDoesNotExist(vpc_id)}):
        found = client.describe_vpcs(VpcIds=[vpc_id]).get("Vpcs", [])
    if not found:
        raise VpcDoesNotExist(vpc_id)
    return VpcDetails(vpc_id, found[0]["OwnerId"], _cidr_blocks(found[0]), found[0]["InstanceTenancy"])


def list_vpcs(
    aws_provider: "AwsClientProvider",
    *,
    vpc_ids: Collection[str] | None = None,
    tags: WantedTags | None = None,
) -> Iterator[Vpc]:
    """Yield the VPCs of the region, those shared with the account too (DescribeVpcs).

    ``vpc_ids``: one of these, those that are not there left out. ``tags``: each with exactly this value,
    or one of these.
    """
    logger.debug("list_vpcs ids=%s tags=%s", vpc_ids, sorted(tags or {}))
    with ec2_errors(_subject(vpc_ids)):
        for found in described(
            aws_provider.get_ec2(), "describe_vpcs", "Vpcs", {}, tags=tags, ids=("vpc-id", vpc_ids)
        ):
            if has_tags(found, tags):
                yield _vpc(found)


def get_subnets_of_vpc(vpc_id: str, aws_provider: "AwsClientProvider") -> Iterator[Subnet]:
    """Yield the subnets of a VPC (DescribeSubnets); raises ``VpcDoesNotExist``."""
    is_empty = True
    for subnet in list_subnets(aws_provider, vpc_id=vpc_id):
        is_empty = False
        yield subnet
    if is_empty:
        get_vpc_details(vpc_id, aws_provider)


def list_subnets(
    aws_provider: "AwsClientProvider",
    *,
    vpc_id: str | None = None,
    subnet_ids: Collection[str] | None = None,
    tags: WantedTags | None = None,
) -> Iterator[Subnet]:
    """Yield the subnets of the region, or of a VPC (DescribeSubnets); ids and tags as for ``list_vpcs``.

    A VPC that is not there has none.
    """
    logger.debug("list_subnets vpc_id=%s ids=%s tags=%s", vpc_id, subnet_ids, sorted(tags or {}))
    with ec2_errors(_subject(subnet_ids, vpc_id)):
        for found in described(
            aws_provider.get_ec2(),
            "describe_subnets",
            "Subnets",
            {"vpc-id": vpc_id},
            tags=tags,
            ids=("subnet-id", subnet_ids),
        ):
            if has_tags(found, tags):
                yield _subnet(found)


def get_enis_of_subnet(subnet_id: str, aws_provider: "AwsClientProvider") -> Iterator[NetworkInterface]:
    """Yield the network interfaces in a subnet (DescribeNetworkInterfaces).

    Raises ``SubnetDoesNotExist``.
    """
    is_empty = True
    for eni in list_network_interfaces(aws_provider, subnet_id=subnet_id):
        is_empty = False
        yield _plain(eni)
    if is_empty and next(list_subnets(aws_provider, subnet_ids=[subnet_id]), None) is None:
        raise SubnetDoesNotExist(subnet_id)


def get_enis_of_instance(instance_id: str, aws_provider: "AwsClientProvider") -> Iterator[NetworkInterface]:
    """Yield the network interfaces attached to an instance (DescribeNetworkInterfaces).

    A terminated instance has none; one that is not there raises ``InstanceDoesNotExist``.
    """
    is_empty = True
    for eni in list_network_interfaces(aws_provider, instance_id=instance_id):
        is_empty = False
        yield _plain(eni)
    if is_empty:
        client: Any = aws_provider.get_ec2()
        with ec2_errors(instance_id):
            reservations = described(
                client, "describe_instances", "Reservations", {}, ids=("instance-id", [instance_id])
            )
            if next(reservations, None) is None:
                raise InstanceDoesNotExist(instance_id)


def list_network_interfaces(
    aws_provider: "AwsClientProvider",
    *,
    vpc_id: str | None = None,
    subnet_id: str | None = None,
    instance_id: str | None = None,
    eni_ids: Collection[str] | None = None,
    tags: WantedTags | None = None,
) -> Iterator[NetworkInterfaceDetails]:
    """Yield the network interfaces of the region to which all that is given applies.

    Calls DescribeNetworkInterfaces; ids and tags as for ``list_vpcs``. A VPC, subnet or instance that is
    not there has none.
    """
    logger.debug(
        "list_network_interfaces vpc_id=%s subnet_id=%s instance_id=%s ids=%s tags=%s",
        vpc_id,
        subnet_id,
        instance_id,
        eni_ids,
        sorted(tags or {}),
    )
    filters = {"vpc-id": vpc_id, "subnet-id": subnet_id, "attachment.instance-id": instance_id}
    with ec2_errors(_subject(eni_ids, subnet_id or instance_id or vpc_id)):
        for found in described(
            aws_provider.get_ec2(),
            "describe_network_interfaces",
            "NetworkInterfaces",
            filters,
            tags=tags,
            ids=("network-interface-id", eni_ids),
        ):
            if has_tags(found, tags, "TagSet"):
                yield _network_interface(found)


def list_security_groups(
    aws_provider: "AwsClientProvider",
    *,
    vpc_id: str | None = None,
    group_ids: Collection[str] | None = None,
    group_names: Collection[str] | None = None,
    tags: WantedTags | None = None,
) -> Iterator[SecurityGroup]:
    """Yield the security groups of the region, or of a VPC, with their rules (DescribeSecurityGroups).

    ``group_names`` are exact names of the groups' own; ids and tags as for ``list_vpcs``. A VPC that is not
    there has none.
    """
    logger.debug(
        "list_security_groups vpc_id=%s ids=%s names=%s tags=%s",
        vpc_id,
        group_ids,
        group_names,
        sorted(tags or {}),
    )
    with ec2_errors(_subject(group_ids, vpc_id)):
        for found in described(
            aws_provider.get_ec2(),
            "describe_security_groups",
            "SecurityGroups",
            {"vpc-id": vpc_id, "group-name": group_names},
            tags=tags,
            ids=("group-id", group_ids),
        ):
            if has_tags(found, tags) and (group_names is None or found["GroupName"] in group_names):
                yield _security_group(found)


def _subject(ids: Collection[str] | None, otherwise: str | None = None) -> str:
    return named([*ids]) if ids else otherwise or "*"


def _vpc(found: Any) -> Vpc:
    tags = tags_from(found.get("Tags", []))
    return Vpc(
        vpc_id=found["VpcId"],
        name=tags.get("Name"),
        cidr_blocks=_cidr_blocks(found),
        is_default=bool(found.get("IsDefault")),
        state=found.get("State", ""),
        tenancy=found.get("InstanceTenancy", ""),
        owner_id=found.get("OwnerId", ""),
        tags=tags,
    )


def _cidr_blocks(found: Any) -> tuple[str, ...]:
    associated = (
        block["CidrBlock"]
        for block in found.get("CidrBlockAssociationSet", [])
        if block.get("CidrBlockState", {}).get("State", "associated") == "associated"
    )
    return tuple(dict.fromkeys([found["CidrBlock"], *associated]))


def _subnet(found: Any) -> Subnet:
    tags = tags_from(found.get("Tags", []))
    return Subnet(
        subnet_id=found["SubnetId"],
        name=tags.get("Name"),
        vpc_id=found["VpcId"],
        az=found["AvailabilityZone"],
        cidr_block=found.get("CidrBlock") or None,
        free_ips=found.get("AvailableIpAddressCount", 0),
        gives_public_ips=bool(found.get("MapPublicIpOnLaunch")),
        tags=tags,
    )


def _plain(eni: NetworkInterfaceDetails) -> NetworkInterface:
    return NetworkInterface(eni.eni_id, eni.eni_type, eni.subnet_id, eni.vpc_id, eni.private_ip)


def _network_interface(found: Any) -> NetworkInterfaceDetails:
    tags = tags_from(found.get("TagSet", []))
    return NetworkInterfaceDetails(
        eni_id=found["NetworkInterfaceId"],
        eni_type=found.get("InterfaceType", ""),
        subnet_id=found.get("SubnetId", ""),
        vpc_id=found.get("VpcId", ""),
        private_ip=found.get("PrivateIpAddress") or None,
        name=tags.get("Name"),
        public_ip=found.get("Association", {}).get("PublicIp") or None,
        instance_id=found.get("Attachment", {}).get("InstanceId") or None,
        status=found.get("Status"),
        description=found.get("Description") or None,
        security_group_ids=tuple(group["GroupId"] for group in found.get("Groups", [])),
        tags=tags,
    )


def _security_group(found: Any) -> SecurityGroup:
    return SecurityGroup(
        group_id=found["GroupId"],
        group_name=found["GroupName"],
        vpc_id=found.get("VpcId") or None,
        description=found.get("Description", ""),
        rules=(
            *_rules("in", found.get("IpPermissions", [])),
            *_rules("out", found.get("IpPermissionsEgress", [])),
        ),
        tags=tags_from(found.get("Tags", [])),
    )


def _rules(direction: str, permissions: Any) -> Iterator[SecurityGroupRule]:
    for permission in permissions:
        protocol = _ALL if permission["IpProtocol"] == "-1" else permission["IpProtocol"]
        ports = _ports(permission)
        peers = (
            *((peer["CidrIp"], peer) for peer in permission.get("IpRanges", [])),
            *((peer["CidrIpv6"], peer) for peer in permission.get("Ipv6Ranges", [])),
            *((peer["PrefixListId"], peer) for peer in permission.get("PrefixListIds", [])),
            *((peer["GroupId"], peer) for peer in permission.get("UserIdGroupPairs", [])),
        )
        for name, peer in peers:
            yield SecurityGroupRule(direction, protocol, ports, name, peer.get("Description") or None)


def _ports(permission: Any) -> str:
    first, last = permission.get("FromPort"), permission.get("ToPort")
    # -1 stands for every type and code of ICMP.
    if first is None or first == -1 or (first, last) == (0, 65535):
        return _ALL
    if permission["IpProtocol"] in _ICMP:
        return f"type {first}" if last in {None, -1} else f"type {first} code {last}"
    return str(first) if first == last else f"{first}-{last}"
