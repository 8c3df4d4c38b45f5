"""EC2 writes: planners that say what would change, and the kinds that carry it out.

Those of tags are in ``tag_changes``, which is imported here so that all kinds are known together.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError

from aws_interactions import ec2_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import (
    AccessDenied,
    AnswerLost,
    AwsInteractionError,
    Conflict,
    CredentialsProblem,
    Throttled,
)
from aws_interactions.ec2_interactions import (
    Instance,
    InstanceState,
    InstanceStateChange,
    InstanceStateConflict,
)
from aws_operations.changes import (
    DONE_ALREADY,
    Change,
    ChangeKind,
    ChangeResult,
    ResultStatus,
    invert_alone,
    is_answer_lost,
    register,
    result_of_error,
)
from aws_operations.ec2.change_parts import BATCH_SIZE, TAGS, id_of
from aws_operations.ec2.instance_verbs import (
    INVERT_BATCH_BY_KIND,
    REBOOT,
    START,
    STOP,
    TERMINATE,
    Verb,
    change_by,
)
from aws_operations.ec2.names import INSTANCES, resolve
from aws_operations.ec2.tag_changes import plan_tag
from aws_operations.ec2.tagged import CENSUS

__all__ = [
    "InstanceIsProtected",
    "plan_reboot",
    "plan_start",
    "plan_stop",
    "plan_tag",
    "plan_terminate",
]

_MOST_SHOWN = 10


class InstanceIsProtected(Conflict):
    """Termination protection is on; ``instance_ids`` are all that have it. Nothing was planned."""

    def __init__(self, instances: Sequence[Instance]) -> None:
        super().__init__(
            "cannot terminate what is protected from it (aws ec2 modify-instance-attribute "
            "--no-disable-api-termination takes that off): "
            f"{_shown(_called(instance) for instance in instances)}",
            resource=instances[0].instance_id,
        )
        self.instance_ids = tuple(instance.instance_id for instance in instances)


def plan_start(instances: Sequence[str], aws_provider: AwsClientProvider) -> Iterator[Change]:
    """Plan the start of stopped instances, called by id, name or ``tag:KEY=VALUE``.

    One that runs or is on the way there is nothing to do; if any is in another state, that is an
    ``InstanceStateConflict`` that names all such, and nothing is planned.
    """
    return _plan(START, instances, aws_provider)


def plan_stop(instances: Sequence[str], aws_provider: AwsClientProvider) -> Iterator[Change]:
    """Plan the stop of running instances, called by id, name or ``tag:KEY=VALUE``.

    One that is stopped or on the way there is nothing to do; for another state see ``plan_start``.
    """
    return _plan(STOP, instances, aws_provider)


def plan_reboot(instances: Sequence[str], aws_provider: AwsClientProvider) -> Iterator[Change]:
    """Plan the reboot of running instances, called by id, name or ``tag:KEY=VALUE``.

    For another state see ``plan_start``.
    """
    return _plan(REBOOT, instances, aws_provider)


def plan_terminate(instances: Sequence[str], aws_provider: AwsClientProvider) -> Iterator[Change]:
    """Plan the end of instances, called by id, name or ``tag:KEY=VALUE``; there is no way back.

    One that is terminated or on the way there is nothing to do. If any is protected from termination
    (one DescribeInstanceAttribute for each), that is ``InstanceIsProtected``, and nothing is planned.
    """
    return _plan(TERMINATE, instances, aws_provider)


def _plan(verb: Verb, given: Sequence[str], aws_provider: AwsClientProvider) -> Iterator[Change]:
    instances = resolve(INSTANCES, given, aws_provider)
    _check_states(verb, instances)
    if verb is TERMINATE:
        _check_protection([found for found in instances if found.state not in verb.reached], aws_provider)
    environment = aws_provider.get_aws_env()
    for instance in instances:
        yield change_by(verb, instance, environment)


def _check_states(verb: Verb, instances: Sequence[Instance]) -> None:
    refused = [found for found in instances if found.state not in verb.starts_from | verb.reached]
    if refused:
        states = _shown(f"{_called(instance)} is {instance.state}" for instance in refused)
        ids = [instance.instance_id for instance in refused]
        raise InstanceStateConflict(f"cannot {verb.name}: {states}", ids)


def _check_protection(instances: Sequence[Instance], aws_provider: AwsClientProvider) -> None:
    protected = [
        instance
        for instance in instances
        if ec2_interactions.is_protected_from_termination(instance.instance_id, aws_provider)
    ]
    if protected:
        raise InstanceIsProtected(protected)


def _called(instance: Instance) -> str:
    return f"{instance.name} ({instance.instance_id})" if instance.name else instance.instance_id


def _shown(texts: Iterable[str]) -> str:
    every = list(texts)
    more = f" and {len(every) - _MOST_SHOWN} more" if len(every) > _MOST_SHOWN else ""
    return ", ".join(every[:_MOST_SHOWN]) + more


def _apply(verb: Verb, batch: Sequence[Change], aws_provider: AwsClientProvider) -> Iterator[ChangeResult]:
    by_id = {id_of(change): change for change in batch}
    try:
        answered = verb.send([*by_id], aws_provider)
    except (AwsInteractionError, ClientError, BotoCoreError) as error:
        if len(batch) > 1 and _may_be_done_in_part(error):
            yield from _told_apart(verb, batch, error, aws_provider)
        else:
            yield from (_refused(change, error) for change in batch)
        return
    done = {changed.instance_id: _status(verb, changed) for changed in answered}
    # What the answer leaves out is for whoever called to read back.
    yield from (ChangeResult(change, done[name]) for name, change in by_id.items() if name in done)


def _status(verb: Verb, changed: InstanceStateChange) -> ResultStatus:
    was_there = changed.previous in verb.reached and not changed.is_repeated
    return ResultStatus.UNCHANGED if was_there else ResultStatus.APPLIED


def _may_be_done_in_part(error: Exception) -> bool:
    """Say whether AWS refused some of a batch, and may have done the others."""
    if isinstance(error, AccessDenied | CredentialsProblem | Throttled):
        return False
    return _is_refusal(error)


def _is_refusal(error: Exception) -> bool:
    response = getattr(error, "response", None) or getattr(error.__cause__, "response", None)
    # AWS gives this one the status of a server that broke down, though it says plainly what it did.
    has_no_capacity = getattr(error, "aws_code", None) == "InsufficientInstanceCapacity"
    return isinstance(response, dict) and (has_no_capacity or not is_answer_lost(error))


def _refused(change: Change, error: Exception) -> ChangeResult:
    if _is_refusal(error):
        return ChangeResult(change, ResultStatus.FAILED, error)
    return result_of_error(change, error)


def _told_apart(
    verb: Verb, batch: Sequence[Change], error: Exception, aws_provider: AwsClientProvider
) -> Iterator[ChangeResult]:
    """Yield what became of each of a batch that was refused: in some zones it may have been done."""
    try:
        states = _states_of(batch, aws_provider)
        left = [change for change in batch if not _is_reached(verb, states.get(id_of(change)))]
        elsewhere = _in_zones_not_kept(verb, left, error, aws_provider)
    except (AwsInteractionError, ClientError, BotoCoreError) as unseen:
        for change in batch:
            message = f"{error}; AWS may have done it to some, and looking at each failed: {unseen}"
            yield _unknown(change, message, error)
        return
    for change in batch:
        state = states.get(id_of(change))
        if _is_reached(verb, state):
            yield ChangeResult(change, ResultStatus.APPLIED)
        elif change in elsewhere:
            message = f"{id_of(change)} is still {state}, though AWS should have ended it all the same"
            yield _unknown(change, f"{message}: {error}", error)
        else:
            yield ChangeResult(change, ResultStatus.FAILED, _still(change, state, error))


def _in_zones_not_kept(
    verb: Verb, left: Sequence[Change], error: Exception, aws_provider: AwsClientProvider
) -> Sequence[Change]:
    """Return those of ``left`` that AWS terminates though others are protected: it keeps whole zones.

    EC2's answers lag behind what it did, so that these may be about to go.
    """
    if verb is not TERMINATE or getattr(error, "aws_code", None) != "OperationNotPermitted":
        return []
    kept = {
        _zone_of(change)
        for change in left
        if ec2_interactions.is_protected_from_termination(id_of(change), aws_provider)
    }
    return [change for change in left if kept and _zone_of(change) not in kept]


def _zone_of(change: Change) -> str | None:
    zone: str | None = (change.before or {}).get("az")
    return zone


def _unknown(change: Change, message: str, error: Exception) -> ChangeResult:
    lost = AnswerLost(message, resource=change.resource)
    lost.__cause__ = error.__cause__
    return ChangeResult(change, ResultStatus.UNKNOWN, lost)


def _is_reached(verb: Verb, state: InstanceState | None) -> bool:
    return state in verb.reached or (state is None and verb is TERMINATE)


def _still(change: Change, state: InstanceState | None, error: Exception) -> Conflict:
    seen = "is gone" if state is None else f"is {state}"
    message = f"{id_of(change)} {seen} after AWS refused the batch it was in: {error}"
    kept = Conflict(message, resource=change.resource)
    kept.__cause__ = error.__cause__ or error
    return kept


def _states_of(batch: Sequence[Change], aws_provider: AwsClientProvider) -> Mapping[str, InstanceState]:
    ids = [id_of(change) for change in batch]
    found = ec2_interactions.list_instances(aws_provider, instance_ids=ids)
    return {instance.instance_id: instance.state for instance in found}


def _recheck_batch(verb: Verb, batch: Sequence[Change], aws_provider: AwsClientProvider) -> list[str | None]:
    states = _states_of(batch, aws_provider)
    return [_drift(verb, change, states.get(id_of(change))) for change in batch]


def _drift(verb: Verb, change: Change, state: InstanceState | None) -> str | None:
    planned = (change.before or {})["state"]
    if state is None:
        return "it has gone"
    if state == planned:
        return None
    return DONE_ALREADY if state in verb.reached else f"it has become {state} (it was {planned})"


def _recheck(verb: Verb, change: Change, aws_provider: AwsClientProvider) -> str | None:
    return _recheck_batch(verb, [change], aws_provider)[0]


def _read_back(verb: Verb, change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    state = _states_of([change], aws_provider).get(id_of(change))
    # EC2's answers lag behind what it did: an old state does not prove that nothing was done. Of a reboot
    # they say nothing at all, as the state stays the same and the time of the launch does.
    return ResultStatus.APPLIED if _is_reached(verb, state) else ResultStatus.UNKNOWN


for _verb in (START, STOP, REBOOT, TERMINATE):
    _invert_batch = INVERT_BATCH_BY_KIND.get(_verb.kind)
    register(
        ChangeKind(
            _verb.kind,
            partial(_apply, _verb),
            partial(_recheck, _verb),
            partial(_read_back, _verb),
            batch_size=BATCH_SIZE,
            recheck_batch=partial(_recheck_batch, _verb),
            is_idempotent=_verb is not REBOOT,
            iam_actions=_verb.iam_actions,
            reversibility=frozenset({_verb.reversibility}),
            invert=_invert_batch and invert_alone(_invert_batch),
            invert_batch=_invert_batch,
            tags=TAGS,
            census=CENSUS,
        )
    )
