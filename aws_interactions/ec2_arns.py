"""ARNs in EC2, and the type in them, which answers and calls often tell by the id alone."""

from typing import Final

from aws_interactions.aws_environment import AwsEnvironment

_TYPE_BY_ID_PREFIX: Final = {
    "acl": "network-acl",
    "ami": "image",
    "cgw": "customer-gateway",
    "cr": "capacity-reservation",
    "dopt": "dhcp-options",
    "eigw": "egress-only-internet-gateway",
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "fl": "vpc-flow-log",
    "h": "dedicated-host",
    "i": "instance",
    "igw": "internet-gateway",
    "key": "key-pair",
    "lt": "launch-template",
    "nat": "natgateway",
    "pcx": "vpc-peering-connection",
    "pl": "prefix-list",
    "rtb": "route-table",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "snap": "snapshot",
    "subnet": "subnet",
    "tgw": "transit-gateway",
    "tgw-attach": "transit-gateway-attachment",
    "tgw-rtb": "transit-gateway-route-table",
    "vgw": "vpn-gateway",
    "vol": "volume",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
    "vpn": "vpn-connection",
}
# These belong to no account in an ARN.
_TYPES_WITHOUT_ACCOUNT: Final = frozenset({"image", "snapshot"})


def type_of_id(resource_id: str) -> str | None:
    """Return the type in the ARN of a thing, ``volume`` for ``vol-1``; ``None`` for unknown prefixes."""
    return _TYPE_BY_ID_PREFIX.get(resource_id.rpartition("-")[0])


def ec2_arn(resource_type: str, resource_id: str, environment: AwsEnvironment) -> str:
    """Return the ARN of a thing in EC2; ``*`` as type stands for any."""
    account = "" if resource_type in _TYPES_WITHOUT_ACCOUNT else environment.aws_account
    return f"arn:{environment.partition}:ec2:{environment.aws_region}:{account}:{resource_type}/{resource_id}"
