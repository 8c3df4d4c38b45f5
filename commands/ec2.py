"""``ec2``: instances, the networks they are in, their volumes and tags."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import click

from commands.app import noun
from commands.lazy import lazy
from commands.parameters import NAME_AND_VALUE, UTF8_TEXT, wait_options
from commands.shapes import Shape

if TYPE_CHECKING:
    from aws_operations.ec2 import changes, instances as operations, places, tag_changes, tagged
else:
    operations = lazy("aws_operations.ec2.instances")
    changes = lazy("aws_operations.ec2.changes")
    tag_changes = lazy("aws_operations.ec2.tag_changes")
    places = lazy("aws_operations.ec2.places")
    tagged = lazy("aws_operations.ec2.tagged")

ec2 = noun("ec2", help="Instances, networks, volumes and their tags.")

PROGRAM_ON_SANDBOX = "manage-resources --sandbox ec2"
Body = TypeVar("Body", bound=Callable[..., Any])

STATES = ("pending", "running", "shutting-down", "terminated", "stopping", "stopped")
STATES_TO_WAIT_FOR = ("running", "stopped", "terminated")

instances_argument = click.argument(
    "instances", metavar="INSTANCE...", type=UTF8_TEXT, nargs=-1, required=True
)


class IpAddress(click.ParamType[str]):
    """An IPv4 or IPv6 address, in the form that EC2 has it in."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the address, or fail with what is one."""
        from ipaddress import ip_address

        try:
            return str(ip_address(str(value)))
        except ValueError:
            self.fail(f"{str(value)!r} is not an IPv4 or IPv6 address", param, ctx)


IP_ADDRESS = IpAddress()

vpc_option = click.option(
    "--vpc", type=UTF8_TEXT, help="Only in this VPC: its id, its Name, or tag:KEY=VALUE."
)
instance_option = click.option(
    "--instance",
    type=UTF8_TEXT,
    help="Only those attached to this instance: its id, its Name, or tag:KEY=VALUE.",
)


def things_argument(metavar: str) -> Callable[[Body], Body]:
    """Return the argument for any number of things of a kind; none means all."""
    return click.argument("given", metavar=f"[{metavar}]...", type=UTF8_TEXT, nargs=-1)


def _check_not_both(given: tuple[str, ...], **narrowed: str | None) -> None:
    option = next((name for name, value in narrowed.items() if value is not None), None)
    if given and option is not None:
        raise click.UsageError(f"--{option} goes with a list of all, not with {given[0]}")


def _by_key(pairs: tuple[tuple[str, str], ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found


@ec2.verb("list", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} list --tag role=web --state running")
@click.option(
    "--state",
    "states",
    type=click.Choice(STATES, case_sensitive=False),
    multiple=True,
    help="Only in this state; repeatable: in any of them.",
)
@click.option(
    "--tag",
    "tags",
    type=NAME_AND_VALUE,
    metavar="NAME=VALUE",
    multiple=True,
    help="Only with this tag of exactly this value; repeatable: with all of them, of several values for one "
    "name with any.",
)
@click.option(
    "--name", type=UTF8_TEXT, help="Only with this tag Name; * and ? are wildcards, as EC2 has them."
)
@vpc_option
@click.option("--ip", type=IP_ADDRESS, help="Only with this address, private or public, IPv4 or IPv6.")
def list_(
    states: tuple[str, ...],
    tags: tuple[tuple[str, str], ...],
    name: str | None,
    vpc: str | None,
    ip: str | None,
) -> Any:
    """List instances; of several conditions all must hold.

    Terminated instances are there for about an hour.
    """
    return partial(operations.instances, states=states, tags=_by_key(tags), name=name, vpc=vpc, ip=ip)


@ec2.verb("show", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} show web-1")
@instances_argument
def show(instances: tuple[str, ...]) -> Any:
    """Show all about instances.

    An INSTANCE is an id, a tag Name that one instance has, or tag:KEY=VALUE for all that have it. Several
    rows are wide: --output yaml reads well.
    """
    return partial(operations.instance_details, instances)


@ec2.verb("start", shape=Shape.CHANGES, example=f"{PROGRAM_ON_SANDBOX} start batch-1 --dry-run")
@instances_argument
def start(instances: tuple[str, ...]) -> Any:
    """Start stopped instances; ec2 wait waits until they run.

    An INSTANCE is an id, a tag Name that one instance has, or tag:KEY=VALUE for all that have it. One that
    runs already, or is on the way there, is unchanged.
    """
    return partial(changes.plan_start, instances)


@ec2.verb("stop", shape=Shape.CHANGES, example=f"{PROGRAM_ON_SANDBOX} stop tag:role=web --dry-run")
@instances_argument
def stop(instances: tuple[str, ...]) -> Any:
    """Stop running instances.

    An INSTANCE is an id, a tag Name that one instance has, or tag:KEY=VALUE for all that have it. One that
    is stopped already, or on the way there, is unchanged. What is in memory and on instance-store volumes
    is lost, and a public address that is not an Elastic IP.
    """
    return partial(changes.plan_stop, instances)


@ec2.verb("reboot", shape=Shape.CHANGES, example=f"{PROGRAM_ON_SANDBOX} reboot web-1 web-2 --dry-run")
@instances_argument
def reboot(instances: tuple[str, ...]) -> Any:
    """Reboot running instances.

    An INSTANCE is an id, a tag Name that one instance has, or tag:KEY=VALUE for all that have it.
    """
    return partial(changes.plan_reboot, instances)


@ec2.verb("terminate", shape=Shape.CHANGES, example=f"{PROGRAM_ON_SANDBOX} terminate batch-1 --dry-run")
@instances_argument
def terminate(instances: tuple[str, ...]) -> Any:
    """Terminate instances for good.

    An INSTANCE is an id, a tag Name that one instance has, or tag:KEY=VALUE for all that have it. If one of
    them is protected from termination, none is touched. One that is terminated already, or on the way
    there, is unchanged.
    """
    return partial(changes.plan_terminate, instances)


@ec2.verb("wait", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} wait web-1 web-2")
@instances_argument
@click.option(
    "--state",
    type=click.Choice(STATES_TO_WAIT_FOR, case_sensitive=False),
    default="running",
    show_default=True,
    help="What they are all to be.",
)
@wait_options
def wait(instances: tuple[str, ...], state: str, timeout: int, interval: int) -> Any:
    """Wait until instances are all running, stopped or terminated.

    An INSTANCE is an id, a tag Name that one instance has, or tag:KEY=VALUE for all that have it. One that
    is terminated while another state is waited for is an error at once.
    """
    return partial(operations.wait, instances, state, timeout=timeout, interval=interval)


@ec2.verb("tags", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} tags web-1 main")
@click.argument("resources", metavar="RESOURCE...", type=UTF8_TEXT, nargs=-1, required=True)
def tags(resources: tuple[str, ...]) -> Any:
    """Show the tags of anything in EC2.

    A RESOURCE is an id, a tag Name that one resource of any kind has, or tag:KEY=VALUE for all that have it.
    """
    return partial(tagged.tags, resources)


@ec2.verb("tag", shape=Shape.CHANGES, example=f"{PROGRAM_ON_SANDBOX} tag web-1 main team=ops --dry-run")
@click.argument("words", metavar="RESOURCE... [NAME=VALUE]...", type=UTF8_TEXT, nargs=-1, required=True)
@click.option(
    "--remove",
    "removed",
    type=UTF8_TEXT,
    metavar="NAME",
    multiple=True,
    help="Take this tag off, whatever its value; repeatable.",
)
def tag(words: tuple[str, ...], removed: tuple[str, ...]) -> Any:
    """Put tags on anything in EC2, or take them off; other tags stay as they are.

    A RESOURCE is an id, a tag Name that one resource of any kind has, or tag:KEY=VALUE for all that have it.
    Every other word with = in it is a tag to put on.
    """
    resources = tuple(word for word in words if word.startswith("tag:") or "=" not in word)
    pairs = [NAME_AND_VALUE.convert(word, None, None) for word in words if word not in resources]
    added = dict(pairs)
    if not resources:
        raise click.UsageError("no resource is named: ec2 tag RESOURCE... NAME=VALUE...")
    if not added and not removed:
        raise click.UsageError("no tag is named: give NAME=VALUE, or --remove NAME")
    names = [*(name for name, _ in pairs), *removed]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise click.UsageError(f"the tag {twice!r} is given twice")
    return partial(tag_changes.plan_tag, resources, add=added, remove=removed)


@ec2.verb("vpcs", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} vpcs")
@things_argument("VPC")
def vpcs(given: tuple[str, ...]) -> Any:
    """List VPCs.

    A VPC is an id, a tag Name that one VPC has, or tag:KEY=VALUE for all that have it; none means all.
    """
    return partial(places.vpcs, given)


@ec2.verb("subnets", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} subnets --vpc main")
@things_argument("SUBNET")
@vpc_option
def subnets(given: tuple[str, ...], vpc: str | None) -> Any:
    """List subnets.

    A SUBNET is an id, a tag Name that one subnet has, or tag:KEY=VALUE for all that have it; none means all.
    """
    _check_not_both(given, vpc=vpc)
    return partial(places.subnets, given, vpc=vpc)


@ec2.verb("enis", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} enis --instance web-1")
@things_argument("ENI")
@vpc_option
@click.option("--subnet", type=UTF8_TEXT, help="Only in this subnet: its id, its Name, or tag:KEY=VALUE.")
@instance_option
def enis(given: tuple[str, ...], vpc: str | None, subnet: str | None, instance: str | None) -> Any:
    """List network interfaces.

    An ENI is an id, a tag Name that one interface has, or tag:KEY=VALUE for all that have it; none means all.
    """
    _check_not_both(given, vpc=vpc, subnet=subnet, instance=instance)
    return partial(places.network_interfaces, given, vpc=vpc, subnet=subnet, instance=instance)


@ec2.verb("volumes", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} volumes --instance web-1")
@things_argument("VOLUME")
@instance_option
def volumes(given: tuple[str, ...], instance: str | None) -> Any:
    """List volumes.

    A VOLUME is an id, a tag Name that one volume has, or tag:KEY=VALUE for all that have it; none means all.
    """
    _check_not_both(given, instance=instance)
    return partial(places.volumes, given, instance=instance)


@ec2.verb("security-groups", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} security-groups --vpc main")
@things_argument("GROUP")
@vpc_option
@click.option("--rules", is_flag=True, help="Show each rule as a row of its own.")
def security_groups(given: tuple[str, ...], vpc: str | None, *, rules: bool) -> Any:
    """List security groups, or their rules.

    A GROUP is an id, a name (the group's own, or its tag Name) that one group has, or tag:KEY=VALUE for all
    that have it; none means all.
    """
    _check_not_both(given, vpc=vpc)
    return partial(places.security_group_rules if rules else places.security_groups, given, vpc=vpc)


@ec2.verb("azs", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} azs")
def azs() -> Any:
    """List the availability zones of the region that the account may use."""
    return places.zones


@ec2.verb("regions", shape=Shape.ROWS, example=f"{PROGRAM_ON_SANDBOX} regions --query [].region")
@click.option("--all", "all_regions", is_flag=True, help="Also those that the account has not enabled.")
def regions(*, all_regions: bool) -> Any:
    """List the regions that the account has enabled."""
    return partial(places.regions, all_regions=all_regions)
