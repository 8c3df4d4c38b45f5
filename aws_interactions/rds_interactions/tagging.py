"""Tags of databases, by ARN."""

import logging
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from aws_interactions.rds_interactions.errors import database_errors
from aws_interactions.tags import check_tags, tag_list, tags_from

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)


def get_database_tags(database_arn: str, aws_provider: "AwsClientProvider") -> dict[str, str]:
    """Return the tags of an instance or a cluster, none being an empty dict (ListTagsForResource)."""
    logger.debug("get_database_tags arn=%s", database_arn)
    client: Any = aws_provider.get_rds()
    with database_errors(database_arn):
        return tags_from(client.list_tags_for_resource(ResourceName=database_arn).get("TagList", []))


def add_database_tags(database_arn: str, tags: Mapping[str, str], aws_provider: "AwsClientProvider") -> None:
    """Add tags, or give those that are there these values (AddTagsToResource).

    At most 50, keys to 128 characters, values to 256, no ``aws:`` keys: else ``InvalidInput``, unsent.
    """
    check_tags(tags)
    logger.debug("add_database_tags arn=%s keys=%s", database_arn, sorted(tags))
    client: Any = aws_provider.get_rds()
    with database_errors(database_arn):
        client.add_tags_to_resource(ResourceName=database_arn, Tags=tag_list(tags))
    logger.info("added %d tags to %s", len(tags), database_arn)


def remove_database_tags(
    database_arn: str, tag_keys: Collection[str], aws_provider: "AwsClientProvider"
) -> None:
    """Take tags away; a key that is not there is nothing to do (RemoveTagsFromResource)."""
    logger.debug("remove_database_tags arn=%s keys=%s", database_arn, sorted(tag_keys))
    client: Any = aws_provider.get_rds()
    with database_errors(database_arn):
        client.remove_tags_from_resource(ResourceName=database_arn, TagKeys=sorted(tag_keys))
    logger.info("removed %d tags from %s", len(tag_keys), database_arn)
