"""Waiting until instances are in a state."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aws_interactions.aws_errors import InvalidInput, WaitTimedOut
from aws_interactions.ec2_interactions.errors import (
    InstanceDoesNotExist,
    InstancesAreLate,
    InstanceStateConflict,
    check_is_list,
    named,
)
from aws_interactions.ec2_interactions.instance_records import Instance, InstanceState
from aws_interactions.ec2_interactions.instances import list_instances
from aws_interactions.waiting import wait_until

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)

WAITABLE = (InstanceState.RUNNING, InstanceState.STOPPED, InstanceState.TERMINATED)


def wait_for_instances(
    instance_ids: Sequence[str],
    state: InstanceState | str,
    aws_provider: "AwsClientProvider",
    *,
    timeout: float = 1800,
    interval: float = 15,
    sleep: Callable[[float], Any] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> list[Instance]:
    """Look every ``interval`` seconds until all are running, stopped or terminated; return them.

    Any other state, and one bare id, is ``InvalidInput``. Raises ``InstancesAreLate`` after ``timeout``
    seconds, ``InstanceStateConflict`` as soon as one is terminated while another state is waited for,
    and ``InstanceDoesNotExist``; one that vanishes while its end is waited for is terminated.
    """
    check_is_list(instance_ids)
    if state not in WAITABLE:
        message = f"{state} is not a state to wait for: {', '.join(WAITABLE)}"
        raise InvalidInput(message)
    state = InstanceState(state)
    logger.debug("wait_for_instances instance_ids=%s state=%s timeout=%s", instance_ids, state, timeout)
    seen: dict[str, Instance] = {}

    def look() -> Mapping[str, Instance]:
        now = {found.instance_id: found for found in list_instances(aws_provider, instance_ids=instance_ids)}
        if state is InstanceState.TERMINATED:
            gone = {name: replace(last, state=state) for name, last in seen.items() if name not in now}
            now.update(gone)
        seen.update(now)
        _check_there_is_a_way(instance_ids, now, state)
        return now

    def are_done(now: Mapping[str, Instance]) -> bool:
        return all(instance.state == state for instance in now.values())

    try:
        found = wait_until(
            look,
            are_done,
            resource=named(instance_ids),
            wanted=str(state),
            timeout=timeout,
            interval=interval,
            sleep=sleep,
            clock=clock,
        )
    except WaitTimedOut:
        late = [one for one in seen.values() if one.state != state]
        left = ", ".join(f"{_called(one)} was {one.state}" for one in late)
        raise InstancesAreLate(
            f"{left} after {timeout:g} seconds, not {state}",
            late_ids=[one.instance_id for one in late],
            come=[one for one in seen.values() if one.state == state],
        ) from None
    return [found[instance_id] for instance_id in instance_ids]


def _check_there_is_a_way(
    instance_ids: Sequence[str], now: Mapping[str, Instance], state: InstanceState
) -> None:
    absent = [instance_id for instance_id in instance_ids if instance_id not in now]
    if absent:
        raise InstanceDoesNotExist(*absent)
    dead = [instance for instance in now.values() if not instance.state.is_live]
    if dead and state is not InstanceState.TERMINATED:
        states = ", ".join(f"{_called(instance)} is {instance.state}" for instance in dead)
        message = f"{states} and will never be {state}"
        raise InstanceStateConflict(message, [instance.instance_id for instance in dead])


def _called(instance: Instance) -> str:
    return f"{instance.name} ({instance.instance_id})" if instance.name else instance.instance_id
