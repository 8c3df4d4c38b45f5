"""What the kinds of EC2 changes share: how a plan names things, and what an answer or its loss tells."""

from collections.abc import Mapping, Sequence

from aws_interactions import ec2_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_environment import AwsEnvironment
from aws_interactions.ec2_arns import ec2_arn, type_of_id
from aws_operations.changes import Change, TagReading
from aws_operations.targets import Target

BATCH_SIZE = 100


def target_of(environment: AwsEnvironment) -> Target:
    """Return the account and region that a provider acts in."""
    return Target(environment.aws_region, environment.aws_account)


def arn_of(environment: AwsEnvironment, resource_id: str, resource_type: str | None = None) -> str:
    """Return the ARN of a thing in EC2, or its id where its type is not known."""
    known_type = resource_type or type_of_id(resource_id)
    return ec2_arn(known_type, resource_id, environment) if known_type else resource_id


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
