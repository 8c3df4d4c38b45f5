"""What EC2 knows of networks, as values; ``name`` is the tag ``Name``."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VpcDetails:
    """A VPC; ``cidr_blocks`` are its IPv4 ranges, the first one first."""

    vpc_id: str
    owner_id: str
    cidr_blocks: tuple[str, ...]
    tenancy: str


@dataclass(frozen=True, slots=True)
class Vpc:
    """A VPC with what a list of several needs to tell them apart."""

    vpc_id: str
    name: str | None
    cidr_blocks: tuple[str, ...]
    is_default: bool
    state: str
    tenancy: str
    owner_id: str
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet; ``free_ips`` are its IPv4 addresses that nothing has."""

    subnet_id: str
    name: str | None
    vpc_id: str
    az: str
    cidr_block: str | None
    free_ips: int
    gives_public_ips: bool
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NetworkInterface:
    """A network interface; ``eni_type`` is AWS's word for what it is for, such as ``interface``."""

    eni_id: str
    eni_type: str
    subnet_id: str
    vpc_id: str
    private_ip: str | None


@dataclass(frozen=True, slots=True)
class NetworkInterfaceDetails(NetworkInterface):
    """A network interface with what it is attached to."""

    name: str | None
    public_ip: str | None
    instance_id: str | None
    status: str | None
    description: str | None
    security_group_ids: tuple[str, ...]
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SecurityGroupRule:
    """What a security group lets through to or from one peer.

    ``direction`` is ``in`` or ``out``; ``protocol`` a name, a number, or ``all``; ``ports`` such as ``443``
    or ``8000-8100``, for ICMP ``type 8`` or ``type 3 code 4``, ``all`` for any; ``peer`` a range of
    addresses, a group's id or a prefix list's.
    """

    direction: str
    protocol: str
    ports: str
    peer: str
    description: str | None


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A security group; ``group_name`` is its own, besides which it may have a tag ``Name``."""

    group_id: str
    group_name: str
    vpc_id: str | None
    description: str
    rules: tuple[SecurityGroupRule, ...]
    tags: Mapping[str, str]
