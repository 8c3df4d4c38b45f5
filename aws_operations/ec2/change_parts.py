"""What the kinds of EC2 changes share: how a plan names things, and what an answer or its loss tells."""

from collections.abc import Mapping, Sequence

from aws_interactions import ec2_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_environment import AwsEnvironment
from aws_operations.changes import Change, TagReading
from aws_operations.targets import Target

BATCH_SIZE = 100

# The type in an ARN where the tags of a thing, which tell it, are not there to ask.
TYPE_BY_ID_PREFIX = {
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
_TYPES_WITHOUT_ACCOUNT = frozenset({"image", "snapshot"})


def target_of(environment: AwsEnvironment) -> Target:
    """Return the account and region that a provider acts in."""
    return Target(environment.aws_region, environment.aws_account)


def arn_of(environment: AwsEnvironment, resource_id: str, resource_type: str | None = None) -> str:
    """Return the ARN of a thing in EC2, or its id where its type is not known."""
    kind = resource_type or TYPE_BY_ID_PREFIX.get(resource_id.rpartition("-")[0])
    if not kind:
        return resource_id
    account = "" if kind in _TYPES_WITHOUT_ACCOUNT else environment.aws_account
    return f"arn:{environment.partition}:ec2:{environment.aws_region}:{account}:{kind}/{resource_id}"


def id_of(change: Change) -> str:
    """Return the id of the thing that a change is about."""
    return _id_in(change.resource)


def _id_in(resource: str) -> str:
    return resource.rpartition("/")[2]


def _read_tags(resources: Sequence[str], aws_provider: AwsClientProvider) -> Mapping[str, Mapping[str, str]]:
    tags = ec2_interactions.get_tags([_id_in(resource) for resource in resources], aws_provider)
    return {resource: tags[_id_in(resource)] for resource in resources}


TAGS = TagReading(owner=lambda change: change.resource, read=_read_tags)
"""The tags of anything in EC2 (DescribeTags)."""
