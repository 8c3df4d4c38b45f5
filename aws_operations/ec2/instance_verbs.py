"""What is done to instances: from which states, to which, and the change that says so."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from aws_interactions import ec2_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_environment import AwsEnvironment
from aws_interactions.ec2_interactions import Instance, InstanceState, InstanceStateChange
from aws_interactions.service_operations import iam_actions_of
from aws_operations.changes import (
    CannotUndo,
    Change,
    Effect,
    InvertBatch,
    JsonObject,
    Reversibility,
    invert_each,
)
from aws_operations.ec2.change_parts import arn_of, id_of, target_of


@dataclass(frozen=True, slots=True)
class Verb:
    """What one of start, stop, reboot and terminate does: from which states, to which."""

    name: str
    operation: str
    send: Callable[[Sequence[str], AwsClientProvider], Iterable[InstanceStateChange]]
    starts_from: frozenset[InstanceState]
    reached: frozenset[InstanceState]
    after: JsonObject | None
    effect: Effect
    reversibility: Reversibility

    @property
    def kind(self) -> str:
        """The name of the kind of its changes."""
        return f"ec2.{self.name}"

    @property
    def iam_actions(self) -> tuple[str, ...]:
        """What its changes need."""
        is_protectable = self.operation == "TerminateInstances"
        reads = (
            ("DescribeInstances", "DescribeInstanceAttribute") if is_protectable else ("DescribeInstances",)
        )
        return iam_actions_of("ec2", *reads, self.operation)


def _reboot(ids: Sequence[str], aws_provider: AwsClientProvider) -> Iterable[InstanceStateChange]:
    ec2_interactions.reboot_instances(ids, aws_provider)
    # AWS answers with nothing but that it took the request, for all of them.
    return [InstanceStateChange(name, InstanceState.RUNNING, InstanceState.RUNNING) for name in ids]


START = Verb(
    name="start",
    operation="StartInstances",
    send=ec2_interactions.start_instances,
    starts_from=frozenset({InstanceState.STOPPED}),
    reached=frozenset({InstanceState.PENDING, InstanceState.RUNNING}),
    after={"state": "running"},
    effect=Effect.UPDATE,
    reversibility=Reversibility.REVERSIBLE,
)
STOP = Verb(
    name="stop",
    operation="StopInstances",
    send=ec2_interactions.stop_instances,
    starts_from=frozenset({InstanceState.RUNNING}),
    reached=frozenset({InstanceState.STOPPING, InstanceState.STOPPED}),
    after={"state": "stopped"},
    effect=Effect.UPDATE,
    # Its memory, instance-store volumes and public address do not come back with it.
    reversibility=Reversibility.COMPENSABLE,
)
TERMINATE = Verb(
    name="terminate",
    operation="TerminateInstances",
    send=ec2_interactions.terminate_instances,
    starts_from=frozenset(
        {InstanceState.PENDING, InstanceState.RUNNING, InstanceState.STOPPING, InstanceState.STOPPED}
    ),
    reached=frozenset({InstanceState.SHUTTING_DOWN, InstanceState.TERMINATED}),
    after=None,
    effect=Effect.DESTROY,
    reversibility=Reversibility.IRREVERSIBLE,
)
REBOOT = Verb(
    name="reboot",
    operation="RebootInstances",
    send=_reboot,
    starts_from=frozenset({InstanceState.RUNNING}),
    reached=frozenset(),
    after={"state": "running", "rebooted": True},
    effect=Effect.UPDATE,
    # What was in memory is gone.
    reversibility=Reversibility.IRREVERSIBLE,
)


def change_by(verb: Verb, instance: Instance, environment: AwsEnvironment) -> Change:
    """Return the change that a verb is to an instance; where it is so already, one with nothing to do."""
    known = {"name": instance.name, "state": str(instance.state)}
    is_there = instance.state in verb.reached
    if verb is TERMINATE and not is_there:
        known = {**known, "az": instance.az, "termination_protection": "off"}
    after = None if verb.after is None else {"name": instance.name, **verb.after}
    return Change(
        kind=verb.kind,
        target=target_of(environment),
        resource=arn_of(environment, instance.instance_id),
        effect=verb.effect,
        before=dict(known),
        after=dict(known) if is_there else after,
        iam_actions=verb.iam_actions,
        reversibility=verb.reversibility,
    )


def _take_back(
    verb: Verb, inverse: Verb, batch: Sequence[Change], aws_provider: AwsClientProvider
) -> Sequence[Sequence[Change] | CannotUndo]:
    ids = dict.fromkeys(id_of(change) for change in batch)
    found = ec2_interactions.list_instances(aws_provider, instance_ids=[*ids])
    instances = {instance.instance_id: instance for instance in found}
    environment = aws_provider.get_aws_env()

    def take_one_back(change: Change) -> Iterator[Change]:
        instance = instances.get(id_of(change))
        if instance is None:
            raise CannotUndo("it is not there any more", resource=change.resource)
        left_as = (change.after or {})["state"]
        if instance.state not in verb.reached:
            message = f"it is {instance.state} by now, and was left {left_as}"
            raise CannotUndo(message, resource=change.resource)
        if instance.state not in inverse.starts_from:
            message = f"it is still {instance.state}: undo the run once it is {left_as}"
            raise CannotUndo(message, resource=change.resource)
        yield change_by(inverse, instance, environment)

    return invert_each(take_one_back, batch)


INVERT_BATCH_BY_KIND: dict[str, InvertBatch] = {
    START.kind: partial(_take_back, START, STOP),
    STOP.kind: partial(_take_back, STOP, START),
}
"""How a start and a stop are taken back; a reboot and a termination are not."""
