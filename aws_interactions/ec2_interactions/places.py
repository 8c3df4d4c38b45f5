"""Regions, availability zones and volumes."""

import logging
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aws_interactions.ec2_interactions.describing import WantedTags, described, has_tags
from aws_interactions.ec2_interactions.errors import ec2_errors, named
from aws_interactions.tags import tags_from

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)

_NOT_OPTED_IN = "not-opted-in"


@dataclass(frozen=True, slots=True)
class Region:
    """A region; ``is_enabled``: the account may use it; ``opt_in_status`` is AWS's word."""

    region: str
    is_enabled: bool
    opt_in_status: str


@dataclass(frozen=True, slots=True)
class AvailabilityZone:
    """A zone; ``zone_id`` is the same place in every account, which the name need not be."""

    az: str
    zone_id: str
    zone_type: str
    state: str


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume; ``created_at`` an aware UTC datetime, ``name`` the tag ``Name``."""

    volume_id: str
    name: str | None
    state: str
    size_gib: int
    volume_type: str
    az: str | None
    is_encrypted: bool
    instance_ids: tuple[str, ...]
    created_at: datetime | None
    tags: Mapping[str, str]


def list_regions(aws_provider: "AwsClientProvider", *, all_regions: bool = False) -> list[Region]:
    """Return the regions that the account has enabled, or all that there are (DescribeRegions), by name."""
    logger.debug("list_regions all_regions=%s", all_regions)
    client: Any = aws_provider.get_ec2()
    with ec2_errors("*"):
        found = client.describe_regions(AllRegions=all_regions).get("Regions", [])
    regions = (
        Region(
            region["RegionName"],
            region.get("OptInStatus") != _NOT_OPTED_IN,
            region.get("OptInStatus", ""),
        )
        for region in found
    )
    # Not all that speak EC2's protocol heed AllRegions.
    wanted = (region for region in regions if all_regions or region.is_enabled)
    return sorted(wanted, key=lambda region: region.region)


def get_enabled_regions(aws_provider: "AwsClientProvider") -> list[str]:
    """Return the names of the regions that the account has enabled (DescribeRegions), sorted."""
    return [region.region for region in list_regions(aws_provider) if region.is_enabled]


def get_azs_in_region(aws_provider: "AwsClientProvider") -> list[AvailabilityZone]:
    """Return the zones of the provider's region that the account may use (DescribeAvailabilityZones).

    Local and Wavelength zones are among them once the account has opted in: see ``zone_type``.
    """
    logger.debug("get_azs_in_region")
    client: Any = aws_provider.get_ec2()
    with ec2_errors("*"):
        found = client.describe_availability_zones().get("AvailabilityZones", [])
    zones = (
        AvailabilityZone(
            zone["ZoneName"],
            zone.get("ZoneId", ""),
            zone.get("ZoneType", "availability-zone"),
            zone.get("State", ""),
        )
        for zone in found
    )
    return sorted(zones, key=lambda zone: zone.az)


def list_volumes(
    aws_provider: "AwsClientProvider",
    *,
    instance_id: str | None = None,
    volume_ids: Collection[str] | None = None,
    tags: WantedTags | None = None,
) -> Iterator[Volume]:
    """Yield the volumes of the region, or those attached to an instance (DescribeVolumes).

    ``volume_ids``: one of these, those that are not there left out. ``tags``: each with exactly this value,
    or one of these. An instance that is not there has none.
    """
    logger.debug("list_volumes instance_id=%s ids=%s tags=%s", instance_id, volume_ids, sorted(tags or {}))
    with ec2_errors(named([*volume_ids]) if volume_ids else instance_id or "*"):
        for found in described(
            aws_provider.get_ec2(),
            "describe_volumes",
            "Volumes",
            {"attachment.instance-id": instance_id},
            tags=tags,
            ids=("volume-id", volume_ids),
        ):
            if has_tags(found, tags):
                yield _volume(found)


def _volume(found: Any) -> Volume:
    tags = tags_from(found.get("Tags", []))
    attached = (attachment.get("InstanceId") for attachment in found.get("Attachments", []))
    return Volume(
        volume_id=found["VolumeId"],
        name=tags.get("Name"),
        state=found.get("State", ""),
        size_gib=found.get("Size", 0),
        volume_type=found.get("VolumeType", ""),
        az=found.get("AvailabilityZone"),
        is_encrypted=bool(found.get("Encrypted")),
        instance_ids=tuple(instance_id for instance_id in attached if instance_id),
        created_at=found.get("CreateTime"),
        tags=tags,
    )
