"""EC2 for operators: instances as rows, and waiting for them.

Networks, volumes, zones and regions are in ``places``; writes are planned in ``changes``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_interactions import ec2_interactions
from aws_interactions.aws_client_provider import AwsClientProvider

if TYPE_CHECKING:
    from aws_interactions.ec2_interactions import Instance, InstanceState


@dataclass(frozen=True, slots=True)
class InstanceRow:
    """What a list says of an instance; ``name`` is its tag ``Name``."""

    instance_id: str
    name: str | None
    state: "InstanceState"
    instance_type: str | None
    az: str | None
    private_ip: str | None
    public_ip: str | None


def instances(
    aws_provider: AwsClientProvider,
    *,
    states: Sequence[str] = (),
    tags: Mapping[str, Sequence[str]] | None = None,
    name: str | None = None,
    vpc: str | None = None,
    ip: str | None = None,
) -> Iterator[InstanceRow]:
    """Yield the instances to which all that is given applies (DescribeInstances).

    ``vpc`` is an id, a name or ``tag:KEY=VALUE``; the rest is as ``list_instances`` has it.
    """
    for vpc_id in _vpc_ids(vpc, aws_provider):
        found = ec2_interactions.list_instances(
            aws_provider, states=states, tags=tags, name=name, vpc_id=vpc_id, ip=ip
        )
        for instance in found:
            yield _row(instance)


def instance_details(given: Sequence[str], aws_provider: AwsClientProvider) -> "Iterator[Instance]":
    """Yield all that is known of the instances that ids, names or tags mean (DescribeInstances)."""
    from aws_operations.ec2.names import INSTANCES, resolve

    yield from resolve(INSTANCES, given, aws_provider)


def wait(
    given: Sequence[str], state: str, aws_provider: AwsClientProvider, *, timeout: float, interval: float
) -> Iterator[InstanceRow]:
    """Wait until all instances that words mean are running, stopped or terminated, and yield them.

    ``timeout`` and ``interval`` in seconds; for what is raised see ``wait_for_instances``. Those that came
    are yielded also if others are late. What a tag means is settled before the wait.
    """
    from aws_operations.ec2.names import INSTANCES, resolve

    ids = [instance.instance_id for instance in resolve(INSTANCES, given, aws_provider)]
    awaited = ec2_interactions.InstanceState(state)
    try:
        found = ec2_interactions.wait_for_instances(
            ids, awaited, aws_provider, timeout=timeout, interval=interval
        )
    except ec2_interactions.InstancesAreLate as late:
        yield from map(_row, late.come)
        raise
    yield from map(_row, found)


def _row(instance: "Instance") -> InstanceRow:
    return InstanceRow(
        instance.instance_id,
        instance.name,
        instance.state,
        instance.instance_type,
        instance.az,
        instance.private_ip,
        instance.public_ip,
    )


def _vpc_ids(vpc: str | None, aws_provider: AwsClientProvider) -> Sequence[str | None]:
    if vpc is None:
        return [None]
    # Here, not above: a plain list does not pay for names.
    from aws_operations.ec2.names import resolve
    from aws_operations.ec2.places import VPCS

    return [found.vpc_id for found in resolve(VPCS, [vpc], aws_provider)]
