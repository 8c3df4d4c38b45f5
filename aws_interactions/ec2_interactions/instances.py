"""Instances: which there are, and what is known of each."""

import logging
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from aws_interactions.aws_errors import InvalidInput
from aws_interactions.ec2_interactions.describing import Filters, WantedTags, described, has_tags
from aws_interactions.ec2_interactions.errors import InstanceDoesNotExist, check_is_list, ec2_errors, named
from aws_interactions.ec2_interactions.instance_records import Instance, InstanceState
from aws_interactions.tags import tags_from

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)


def list_instances(
    aws_provider: "AwsClientProvider",
    *,
    states: Collection[InstanceState | str] | None = None,
    tags: WantedTags | None = None,
    name: str | None = None,
    vpc_id: str | None = None,
    ip: str | None = None,
    instance_ids: Collection[str] | None = None,
) -> Iterator[Instance]:
    """Yield the instances of the region to which all that is given applies (DescribeInstances).

    ``states``: in one of these; none means any, and the terminated of the last hour too. ``tags``: each
    with exactly this value, or one of these. ``name``: the tag ``Name``, in which EC2 takes ``*`` and
    ``?`` for wildcards. ``ip``: has this IPv4 address, private (the second ones of an interface too) or
    public, or this IPv6 address. ``instance_ids``: one of these; those that are not there are left out.

    ``name`` and a tag ``Name`` together are ``InvalidInput``: EC2 has one filter for both. An IPv4 address
    takes DescribeNetworkInterfaces too.
    """
    if name is not None and "Name" in (tags or {}):
        message = "the name and the tag Name are one condition: give only one of the two"
        raise InvalidInput(message)
    logger.debug(
        "list_instances states=%s tags=%s name=%s vpc_id=%s ip=%s ids=%s",
        states,
        sorted(tags or {}),
        name,
        vpc_id,
        ip,
        instance_ids,
    )
    client: Any = aws_provider.get_ec2()
    filters: Filters = {
        "instance-state-name": [str(state) for state in states] if states else None,
        "tag:Name": name,
        "vpc-id": vpc_id,
    }
    with ec2_errors(named([*instance_ids]) if instance_ids else "*"):
        if ip is None:
            yield from _found(client, filters, tags, instance_ids)
        else:
            yield from _found_at(ip, client, filters, tags, instance_ids)


def get_instance(instance_id: str, aws_provider: "AwsClientProvider") -> Instance:
    """Return one instance (DescribeInstances); raises ``InstanceDoesNotExist``.

    A terminated one is there for about an hour.
    """
    found = next(list_instances(aws_provider, instance_ids=[instance_id]), None)
    if found is None:
        raise InstanceDoesNotExist(instance_id)
    return found


def get_instances(instance_ids: Collection[str], aws_provider: "AwsClientProvider") -> list[Instance]:
    """Return these instances in this order (DescribeInstances).

    Raises ``InstanceDoesNotExist`` with all that are not there.
    """
    check_is_list(instance_ids)
    found = {
        instance.instance_id: instance for instance in list_instances(aws_provider, instance_ids=instance_ids)
    }
    absent = [instance_id for instance_id in instance_ids if instance_id not in found]
    if absent:
        raise InstanceDoesNotExist(*absent)
    return [found[instance_id] for instance_id in instance_ids]


def is_protected_from_termination(instance_id: str, aws_provider: "AwsClientProvider") -> bool:
    """Return whether termination protection is on (DescribeInstanceAttribute, one call an instance).

    Raises ``InstanceDoesNotExist``.
    """
    logger.debug("is_protected_from_termination instance_id=%s", instance_id)
    client: Any = aws_provider.get_ec2()
    absent = {"InvalidInstanceID.NotFound": lambda: InstanceDoesNotExist(instance_id)}
    with ec2_errors(instance_id, absent):
        answer = client.describe_instance_attribute(InstanceId=instance_id, Attribute="disableApiTermination")
    return bool(answer.get("DisableApiTermination", {}).get("Value"))


def _found(
    client: Any, filters: Filters, tags: WantedTags | None, instance_ids: Collection[str] | None
) -> Iterator[Instance]:
    reservations = described(
        client,
        "describe_instances",
        "Reservations",
        filters,
        tags=tags,
        ids=("instance-id", instance_ids),
    )
    for reservation in reservations:
        for found in reservation.get("Instances", []):
            if has_tags(found, tags):
                yield _instance(found)


def _found_at(
    ip: str, client: Any, filters: Filters, tags: WantedTags | None, instance_ids: Collection[str] | None
) -> Iterator[Instance]:
    """Yield the instances with an address: filters are all to be met, so each kind of address is a call."""
    if ":" in ip:
        by_ipv6 = {**filters, "network-interface.ipv6-addresses.ipv6-address": ip}
        yield from _found(client, by_ipv6, tags, instance_ids)
        return
    seen: set[str] = set()
    for kind in ("private-ip-address", "ip-address"):
        for instance in _found(client, {**filters, kind: ip}, tags, instance_ids):
            if instance.instance_id not in seen:
                seen.add(instance.instance_id)
                yield instance
    # Networks may have the same addresses: what is found so far need not be all.
    at_second_address = _instances_with_interface_at(ip, client) - seen
    if instance_ids is not None:
        at_second_address &= {*instance_ids}
    yield from _found(client, filters, tags, at_second_address)


def _instances_with_interface_at(ip: str, client: Any) -> set[str]:
    enis = described(
        client,
        "describe_network_interfaces",
        "NetworkInterfaces",
        {"addresses.private-ip-address": ip},
    )
    attached = (eni.get("Attachment", {}).get("InstanceId") for eni in enis)
    return {instance_id for instance_id in attached if instance_id}


def _instance(found: Any) -> Instance:
    tags = tags_from(found.get("Tags", []))
    return Instance(
        instance_id=found["InstanceId"],
        name=tags.get("Name"),
        state=InstanceState(found["State"]["Name"]),
        instance_type=found.get("InstanceType"),
        az=found.get("Placement", {}).get("AvailabilityZone"),
        private_ip=found.get("PrivateIpAddress") or None,
        public_ip=found.get("PublicIpAddress") or None,
        vpc_id=found.get("VpcId") or None,
        subnet_id=found.get("SubnetId") or None,
        image_id=found.get("ImageId"),
        key_name=found.get("KeyName") or None,
        instance_profile_arn=found.get("IamInstanceProfile", {}).get("Arn"),
        launched_at=found.get("LaunchTime"),
        state_reason=found.get("StateReason", {}).get("Message") or None,
        security_group_ids=tuple(group["GroupId"] for group in found.get("SecurityGroups", [])),
        tags=tags,
    )
