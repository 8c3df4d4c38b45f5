"""Tags of anything in EC2: adding them and taking them off, planned and carried out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError

from aws_interactions import ec2_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_environment import AwsEnvironment
from aws_interactions.aws_errors import AwsInteractionError, InvalidInput, Throttled
from aws_interactions.service_operations import iam_actions_of
from aws_interactions.tags import MAX_TAGS, check_tags
from aws_operations.changes import (
    CannotUndo,
    Change,
    ChangeKind,
    ChangeResult,
    Effect,
    ResultStatus,
    Reversibility,
    invert_alone,
    invert_each,
    is_answer_lost,
    register,
    result_of_error,
)
from aws_operations.ec2.change_parts import BATCH_SIZE, TAGS, arn_of, id_of, target_of
from aws_operations.ec2.tagged import CENSUS, TaggedResource, resolve_resources

_AWS_PREFIX = "aws:"
_ADD = "ec2.add-tags"
_REMOVE = "ec2.remove-tags"
_IAM_ACTIONS = {
    _ADD: iam_actions_of("ec2", "DescribeTags", "CreateTags"),
    _REMOVE: iam_actions_of("ec2", "DescribeTags", "DeleteTags"),
}


def plan_tag(
    resources: Sequence[str],
    aws_provider: AwsClientProvider,
    *,
    add: Mapping[str, str],
    remove: Sequence[str] = (),
) -> Iterator[Change]:
    """Plan tags to be put on and taken off resources, called by id, name or ``tag:KEY=VALUE``.

    Other tags stay. A change is about the tags named alone; those that are as they should be are nothing
    to do. Tags beyond AWS's limits are ``InvalidInput``; for what is not there see ``resolve_resources``.
    """
    check_tags(add)
    if kept_for_aws := [key for key in remove if key.lower().startswith(_AWS_PREFIX)]:
        raise InvalidInput(f"the tag key {kept_for_aws[0]!r} starts with aws:, which is kept for AWS")
    found = resolve_resources(resources, aws_provider)
    for resource in found:
        _check_number(resource, add, remove)
    environment = aws_provider.get_aws_env()
    if add:
        yield from (_addition(resource, add, environment) for resource in found)
    if remove:
        yield from (_removal(resource, remove, environment) for resource in found)


def _check_number(resource: TaggedResource, add: Mapping[str, str], remove: Sequence[str]) -> None:
    # Those to be removed count: they go last.
    counted = {key for key in (*resource.tags, *add) if not key.lower().startswith(_AWS_PREFIX)}
    if len(counted) > MAX_TAGS:
        advice = "; remove some in a run of its own" if remove else ""
        message = (
            f"{resource.resource_id} would have {len(counted)} tags, where AWS allows {MAX_TAGS}{advice}"
        )
        raise InvalidInput(message, resource=resource.resource_id)


def _addition(resource: TaggedResource, add: Mapping[str, str], environment: AwsEnvironment) -> Change:
    before = {key: resource.tags[key] for key in add if key in resource.tags}
    return _set(arn_of(environment, resource.resource_id, resource.resource_type), before, add, environment)


def _set(
    resource: str, before: Mapping[str, str], after: Mapping[str, str], environment: AwsEnvironment
) -> Change:
    replaces = any(after[key] != value for key, value in before.items())
    return Change(
        kind=_ADD,
        target=target_of(environment),
        resource=resource,
        effect=Effect.OVERWRITE if replaces else Effect.UPDATE,
        before=dict(before),
        after=dict(after),
        iam_actions=_IAM_ACTIONS[_ADD],
        reversibility=Reversibility.REVERSIBLE,
    )


def _removal(resource: TaggedResource, remove: Sequence[str], environment: AwsEnvironment) -> Change:
    return _taken_off(
        arn_of(environment, resource.resource_id, resource.resource_type),
        {key: resource.tags[key] for key in remove if key in resource.tags},
        [key for key in remove if key not in resource.tags],
        environment,
    )


def _taken_off(
    resource: str, there: Mapping[str, str], absent: Sequence[str], environment: AwsEnvironment
) -> Change:
    return Change(
        kind=_REMOVE,
        target=target_of(environment),
        resource=resource,
        effect=Effect.OVERWRITE,
        before=dict(there),
        after={},
        iam_actions=_IAM_ACTIONS[_REMOVE],
        reversibility=Reversibility.REVERSIBLE,
        precondition={"absent": [*absent]},
    )


def _send_additions(ids: Sequence[str], change: Change, aws_provider: AwsClientProvider) -> None:
    ec2_interactions.add_tags(ids, change.after or {}, aws_provider)


def _send_removals(ids: Sequence[str], change: Change, aws_provider: AwsClientProvider) -> None:
    # With their values, so that a tag which has another by now is kept.
    ec2_interactions.remove_tags(ids, change.before or {}, aws_provider)


_Send = Callable[[Sequence[str], Change, AwsClientProvider], None]


def _apply(send: _Send, batch: Sequence[Change], aws_provider: AwsClientProvider) -> Iterator[ChangeResult]:
    alike: dict[str, list[Change]] = {}
    for change in batch:
        tags = change.after if change.kind == _ADD else change.before
        alike.setdefault(repr(sorted((tags or {}).items())), []).append(change)
    for same in alike.values():
        yield from _apply_same(send, same, aws_provider)


def _apply_same(
    send: _Send, same: Sequence[Change], aws_provider: AwsClientProvider
) -> Iterator[ChangeResult]:
    try:
        send([id_of(change) for change in same], same[0], aws_provider)
    except (AwsInteractionError, ClientError, BotoCoreError) as error:
        if len(same) == 1 or is_answer_lost(error) or isinstance(error, Throttled):
            yield from (result_of_error(change, error) for change in same)
            return
        # One that AWS refuses takes the others with it: each alone gets what it is due.
        for change in same:
            yield from _apply_same(send, [change], aws_provider)
        return
    yield from (ChangeResult(change, ResultStatus.APPLIED) for change in same)


def _named_tags(change: Change, tags: Mapping[str, str]) -> dict[str, str]:
    named = {*(change.before or {}), *(change.after or {}), *(change.precondition or {}).get("absent", [])}
    return {key: value for key, value in tags.items() if key in named}


def _recheck_batch(batch: Sequence[Change], aws_provider: AwsClientProvider) -> list[str | None]:
    now = ec2_interactions.get_tags([id_of(change) for change in batch], aws_provider)
    return [
        None if _named_tags(change, now[id_of(change)]) == change.before else "the tags have changed"
        for change in batch
    ]


def _recheck(change: Change, aws_provider: AwsClientProvider) -> str | None:
    return _recheck_batch([change], aws_provider)[0]


def _read_back(change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    name = id_of(change)
    now = _named_tags(change, ec2_interactions.get_tags([name], aws_provider)[name])
    # EC2's answers lag behind what it did: old tags do not prove that nothing was done.
    return ResultStatus.APPLIED if now == change.after else ResultStatus.UNKNOWN


def _invert_batch(
    batch: Sequence[Change], aws_provider: AwsClientProvider
) -> Sequence[Sequence[Change] | CannotUndo]:
    ids = dict.fromkeys(id_of(change) for change in batch)
    tags = ec2_interactions.get_tags([*ids], aws_provider)
    environment = aws_provider.get_aws_env()
    return invert_each(lambda change: _inverses(change, tags[id_of(change)], environment), batch)


def _inverses(change: Change, tags: Mapping[str, str], environment: AwsEnvironment) -> Iterator[Change]:
    now = _named_tags(change, tags)
    if now != change.after:
        raise CannotUndo(f"the tags {_in_words(change)} have changed since", resource=change.resource)
    before = change.before or {}
    back = {key: value for key, value in before.items() if now.get(key) != value}
    new = {key: value for key, value in now.items() if key not in before}
    if back:
        there = {key: now[key] for key in back if key in now}
        yield _set(change.resource, there, back, environment)
    if new:
        yield _taken_off(change.resource, new, (), environment)


def _in_words(change: Change) -> str:
    return ", ".join(sorted({*(change.before or {}), *(change.after or {})}))


for _kind, _send in ((_ADD, _send_additions), (_REMOVE, _send_removals)):
    register(
        ChangeKind(
            _kind,
            partial(_apply, _send),
            _recheck,
            _read_back,
            batch_size=BATCH_SIZE,
            recheck_batch=_recheck_batch,
            is_idempotent=True,
            iam_actions=_IAM_ACTIONS[_kind],
            reversibility=frozenset({Reversibility.REVERSIBLE}),
            invert=invert_alone(_invert_batch),
            invert_batch=_invert_batch,
            tags=TAGS,
            census=CENSUS,
        )
    )
