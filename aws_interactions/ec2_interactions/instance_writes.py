"""Starting, stopping, rebooting and terminating instances, many at once."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from aws_interactions.aws_errors import InvalidInput, error_code
from aws_interactions.ec2_interactions.errors import (
    InstanceDoesNotExist,
    check_is_list,
    ec2_errors,
    message_of,
    named,
)
from aws_interactions.ec2_interactions.instance_records import InstanceState

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)

MAX_INSTANCES_A_CALL = 1000


@dataclass(frozen=True, slots=True)
class InstanceStateChange:
    """What a call did to one instance: the state before it and the state that it brought about.

    ``is_repeated``: the request went out more than once, so that ``previous`` may be what it brought about
    the first time.
    """

    instance_id: str
    previous: InstanceState
    current: InstanceState
    is_repeated: bool = False


def start_instances(
    instance_ids: Sequence[str], aws_provider: "AwsClientProvider"
) -> list[InstanceStateChange]:
    """Start instances and return what became of each (one StartInstances, at most 1000 of them).

    One that runs already is fine. Raises ``InstanceDoesNotExist``; ``Conflict`` for one in a state from
    which it cannot start.
    """
    client: Any = aws_provider.get_ec2()
    with _writing("start", instance_ids):
        return _state_changes(client.start_instances(InstanceIds=[*instance_ids]), "StartingInstances")


def stop_instances(
    instance_ids: Sequence[str], aws_provider: "AwsClientProvider"
) -> list[InstanceStateChange]:
    """Stop instances and return what became of each (one StopInstances, at most 1000 of them).

    One that is stopped already is fine. What is in memory and on instance-store volumes is lost, and a
    public address that is not an Elastic IP. Raises ``InstanceDoesNotExist``; ``Conflict`` for one that
    cannot be stopped, or is protected from it.
    """
    client: Any = aws_provider.get_ec2()
    with _writing("stop", instance_ids):
        return _state_changes(client.stop_instances(InstanceIds=[*instance_ids]), "StoppingInstances")


def reboot_instances(instance_ids: Sequence[str], aws_provider: "AwsClientProvider") -> None:
    """Ask for a reboot of instances (one RebootInstances, at most 1000 of them); AWS tells no states.

    Not to be repeated after a lost answer: they would reboot twice. Raises ``InstanceDoesNotExist``.
    """
    client: Any = aws_provider.get_ec2()
    with _writing("reboot", instance_ids):
        client.reboot_instances(InstanceIds=[*instance_ids])


def terminate_instances(
    instance_ids: Sequence[str], aws_provider: "AwsClientProvider"
) -> list[InstanceStateChange]:
    """Terminate instances for good and return what became of each (one TerminateInstances, at most 1000).

    One that is terminated already is fine. Where one is protected, AWS raises ``Conflict``
    (OperationNotPermitted), keeps all in that one's zone, and terminates those in other zones all the
    same: look at each after such an error. Raises ``InstanceDoesNotExist``.
    """
    client: Any = aws_provider.get_ec2()
    with _writing("terminate", instance_ids):
        return _state_changes(client.terminate_instances(InstanceIds=[*instance_ids]), "TerminatingInstances")


@contextmanager
def _writing(verb: str, instance_ids: Sequence[str]) -> Iterator[None]:
    check_is_list(instance_ids)
    if not 1 <= len(instance_ids) <= MAX_INSTANCES_A_CALL:
        message = f"{len(instance_ids)} instances to {verb}, where AWS takes 1 to {MAX_INSTANCES_A_CALL}"
        raise InvalidInput(message)
    logger.debug("%s_instances instance_ids=%s", verb, instance_ids)
    with ec2_errors(named(instance_ids)):
        try:
            yield
        except ClientError as error:
            if error_code(error) != "InvalidInstanceID.NotFound":
                raise
            # The code does not tell which of several; the text does.
            text = message_of(error)
            absent = [instance_id for instance_id in instance_ids if instance_id in text]
            raise InstanceDoesNotExist(*(absent or instance_ids)) from error
    logger.info("asked to %s %d instances", verb, len(instance_ids))


def _state_changes(answer: Any, member: str) -> list[InstanceStateChange]:
    is_repeated = bool(answer.get("ResponseMetadata", {}).get("RetryAttempts"))
    return [
        InstanceStateChange(
            changed["InstanceId"],
            InstanceState(changed["PreviousState"]["Name"]),
            InstanceState(changed["CurrentState"]["Name"]),
            is_repeated,
        )
        for changed in answer.get(member, [])
    ]
