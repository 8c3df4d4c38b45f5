"""Tags of anything in EC2: read by id, found by value, put on and taken off."""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_interactions.aws_errors import InvalidInput
from aws_interactions.ec2_interactions.describing import WILDCARDS, described
from aws_interactions.ec2_interactions.errors import check_is_list, ec2_errors, named
from aws_interactions.tags import check_tags, tag_list

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ResourceTag:
    """One tag of one resource; ``resource_type`` is AWS's word, such as ``network-interface``."""

    resource_id: str
    resource_type: str
    key: str
    value: str


def list_resource_tags(
    aws_provider: "AwsClientProvider",
    *,
    resource_ids: Collection[str] | None = None,
    key: str | None = None,
    values: Collection[str] | None = None,
) -> Iterator[ResourceTag]:
    """Yield the tags of these resources, or those of a key, with exactly one of the values (DescribeTags).

    A resource that is not there has none; a terminated instance keeps its tags for about an hour.
    """
    logger.debug("list_resource_tags ids=%s key=%s", resource_ids, key)
    alike = None if values is None else sorted({value.translate(WILDCARDS) for value in values})
    with ec2_errors(named([*resource_ids]) if resource_ids else "*"):
        for found in described(
            aws_provider.get_ec2(),
            "describe_tags",
            "Tags",
            {"key": None if key is None else key.translate(WILDCARDS), "value": alike},
            ids=("resource-id", resource_ids),
        ):
            tag = ResourceTag(
                found["ResourceId"], found.get("ResourceType", ""), found["Key"], found.get("Value", "")
            )
            # EC2 takes * and ? for wildcards: what only looks alike is left out here.
            if (key is None or tag.key == key) and (values is None or tag.value in values):
                yield tag


def get_tags(resource_ids: Collection[str], aws_provider: "AwsClientProvider") -> dict[str, dict[str, str]]:
    """Return the tags of each of these resources by its id (DescribeTags).

    Those without tags, and those that are not there, have an empty dict: EC2 does not tell them apart.
    """
    found: dict[str, dict[str, str]] = {resource_id: {} for resource_id in resource_ids}
    for tag in list_resource_tags(aws_provider, resource_ids=resource_ids):
        found.setdefault(tag.resource_id, {})[tag.key] = tag.value
    return found


def add_tags(resource_ids: Sequence[str], tags: Mapping[str, str], aws_provider: "AwsClientProvider") -> None:
    """Put tags on resources, replacing values of the same keys (one CreateTags, at most 1000 resources).

    Raises ``InvalidInput`` for tags beyond AWS's limits, ``NotFound`` where a resource is not there.
    """
    check_is_list(resource_ids)
    check_tags(tags)
    logger.debug("add_tags ids=%s keys=%s", resource_ids, sorted(tags))
    client: Any = aws_provider.get_ec2()
    with ec2_errors(named(resource_ids)):
        client.create_tags(Resources=[*resource_ids], Tags=tag_list(tags))
    logger.info("put %d tags on %d resources", len(tags), len(resource_ids))


def remove_tags(
    resource_ids: Sequence[str], tags: Mapping[str, str | None], aws_provider: "AwsClientProvider"
) -> None:
    """Take tags off resources (one DeleteTags, at most 1000 resources); one that is not there is fine.

    A tag goes only if it has the value given with its key; ``None``: whatever its value.
    """
    check_is_list(resource_ids)
    logger.debug("remove_tags ids=%s keys=%s", resource_ids, sorted(tags))
    if not tags:
        message = "no tags to remove: AWS would remove all"
        raise InvalidInput(message)
    client: Any = aws_provider.get_ec2()
    wanted = [{"Key": key} if value is None else {"Key": key, "Value": value} for key, value in tags.items()]
    with ec2_errors(named(resource_ids)):
        client.delete_tags(Resources=[*resource_ids], Tags=wanted)
    logger.info("took %d tags off %d resources", len(tags), len(resource_ids))
