"""Setting the tags of RDS databases: the planner, and the kind that carries it out."""

from collections.abc import Iterator, Mapping
from functools import partial

from botocore.exceptions import ClientError

from aws_interactions import rds_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import AwsInteractionError, NotFound
from aws_interactions.service_operations import iam_actions_of
from aws_interactions.tags import MAX_TAGS, check_tags, own_tags
from aws_operations.changes import (
    CannotUndo,
    CarriedOutInPart,
    Change,
    ChangeKind,
    Effect,
    ResultStatus,
    Reversibility,
    each_alone,
    is_answer_lost,
    register,
)
from aws_operations.rds.change_parts import DATABASES, TAGS, databases_named, target_of

_IAM_ACTIONS = iam_actions_of("rds", "ListTagsForResource", "AddTagsToResource", "RemoveTagsFromResource")


def plan_set_tags(
    identifier: str, tags: Mapping[str, str], aws_provider: AwsClientProvider, *, kind: str | None = None
) -> Iterator[Change]:
    """Plan a database's tags to be exactly these; none means no tags. AWS's own (``aws:...``) stay."""
    check_tags(tags)
    [database] = databases_named([identifier], aws_provider, kind)
    before = _tags_of(database.arn, aws_provider)
    yield _change(database.arn, before, tags, aws_provider)


def _change(
    database_arn: str, before: Mapping[str, str], after: Mapping[str, str], aws_provider: AwsClientProvider
) -> Change:
    takes_away = any(after.get(name) != value for name, value in before.items())
    return Change(
        kind="rds.set-tags",
        target=target_of(aws_provider),
        resource=database_arn,
        effect=Effect.OVERWRITE if takes_away else Effect.UPDATE,
        before=dict(before),
        after=dict(after),
        iam_actions=_IAM_ACTIONS,
        reversibility=Reversibility.REVERSIBLE,
    )


def _tags_of(database_arn: str, aws_provider: AwsClientProvider) -> dict[str, str]:
    return own_tags(rds_interactions.get_database_tags(database_arn, aws_provider))


def _apply(change: Change, aws_provider: AwsClientProvider) -> None:
    before, after = change.before or {}, change.after or {}
    new = {name: value for name, value in after.items() if before.get(name) != value}
    gone = [name for name in before if name not in after]
    steps = []
    if new:
        put_on = partial(rds_interactions.add_database_tags, change.resource, new, aws_provider)
        steps.append((put_on, f"the tags {', '.join(sorted(new))} were set already"))
    if gone:
        take_off = partial(rds_interactions.remove_database_tags, change.resource, gone, aws_provider)
        steps.append((take_off, f"the tags {', '.join(sorted(gone))} were taken off already"))
    if len(before.keys() | after.keys()) > MAX_TAGS:
        # There is no room for the new ones beside the old.
        steps.reverse()
    done = ""
    for step, what_it_does in steps:
        try:
            step()
        except (AwsInteractionError, ClientError) as error:
            if not done or is_answer_lost(error):
                raise
            raise CarriedOutInPart(f"{error}; {done}", resource=change.resource) from (
                error.__cause__ or error
            )
        done = what_it_does


def _recheck(change: Change, aws_provider: AwsClientProvider) -> str | None:
    return None if _tags_of(change.resource, aws_provider) == change.before else "the tags have changed"


def _read_back(change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    now = _tags_of(change.resource, aws_provider)
    if now == change.after:
        return ResultStatus.APPLIED
    return ResultStatus.FAILED if now == change.before else ResultStatus.UNKNOWN


def _invert(change: Change, aws_provider: AwsClientProvider) -> Iterator[Change]:
    try:
        now = _tags_of(change.resource, aws_provider)
    except NotFound as error:
        raise CannotUndo("the database is not there any more", resource=change.resource) from error
    if now != change.after:
        raise CannotUndo("its tags have changed since", resource=change.resource)
    yield _change(change.resource, now, change.before or {}, aws_provider)


register(
    ChangeKind(
        "rds.set-tags",
        each_alone(_apply),
        _recheck,
        _read_back,
        is_idempotent=True,
        iam_actions=_IAM_ACTIONS,
        reversibility=frozenset({Reversibility.REVERSIBLE}),
        invert=_invert,
        tags=TAGS,
        census=DATABASES,
    )
)
