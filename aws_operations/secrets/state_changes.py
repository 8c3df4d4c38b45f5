"""Writes to secrets that need no value: deleting and restoring, going back to a version, tags."""

from collections.abc import Iterator, Mapping
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError

from aws_interactions import secrets_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import AwsInteractionError, InvalidInput
from aws_interactions.secrets_interactions import SecretDetails
from aws_interactions.service_operations import iam_actions_of
from aws_interactions.tags import MAX_TAGS, check_tags, own_tags
from aws_operations.changes import (
    CarriedOutInPart,
    Change,
    ChangeKind,
    Effect,
    JsonObject,
    ResultStatus,
    Reversibility,
    each_alone,
    is_answer_lost,
    register,
)
from aws_operations.secrets.change_parts import (
    SECRETS,
    TAGS,
    applied_if,
    cannot_undo,
    has_version,
    target_of,
    undo_errors,
    version_drift,
    wanted,
)
from aws_operations.targets import fill_template

_ACTIVE: JsonObject = {"state": "active"}
_TO_BE_DELETED: JsonObject = {"state": "to be deleted"}
_CURRENT = "AWSCURRENT"


def plan_delete_secret(
    secret_name: str, aws_provider: AwsClientProvider, *, recovery_days: int = 30
) -> Iterator[Change]:
    """Plan the deletion of a secret in 7 to 30 days; until then ``plan_restore_secret`` takes it back.

    One that is to be deleted already is nothing to do, an absent one an error.
    """
    if recovery_days not in secrets_interactions.RECOVERY_DAYS:
        first, last = secrets_interactions.RECOVERY_DAYS[0], secrets_interactions.RECOVERY_DAYS[-1]
        raise InvalidInput(f"{recovery_days} days to restore it, where AWS gives {first} to {last}")
    name = fill_template(secret_name, aws_provider)
    found = secrets_interactions.describe_secret(name, aws_provider)
    yield Change(
        kind="secrets.delete",
        target=target_of(aws_provider.get_aws_env()),
        resource=found.arn,
        effect=Effect.DESTROY,
        before=_state_of(found),
        after=_TO_BE_DELETED
        if found.is_to_be_deleted
        else {**_TO_BE_DELETED, "recovery_days": recovery_days},
        iam_actions=_IAM_ACTIONS["delete"],
        reversibility=Reversibility.REVERSIBLE,
        precondition={"version_id": found.current_version},
    )


def plan_restore_secret(secret_name: str, aws_provider: AwsClientProvider) -> Iterator[Change]:
    """Plan that a deletion is taken back; a secret that is not to be deleted is nothing to do."""
    name = fill_template(secret_name, aws_provider)
    found = secrets_interactions.describe_secret(name, aws_provider)
    yield Change(
        kind="secrets.restore",
        target=target_of(aws_provider.get_aws_env()),
        resource=found.arn,
        effect=Effect.UPDATE,
        before=_state_of(found),
        after=_ACTIVE,
        iam_actions=_IAM_ACTIONS["restore"],
        reversibility=Reversibility.REVERSIBLE,
        precondition={"version_id": found.current_version},
    )


def plan_promote_version(secret_name: str, version: str, aws_provider: AwsClientProvider) -> Iterator[Change]:
    """Plan that an older version is current again: by its id, or by a staging label such as AWSPREVIOUS."""
    name = fill_template(secret_name, aws_provider)
    found = secrets_interactions.describe_secret(name, aws_provider)
    if found.is_to_be_deleted:
        raise secrets_interactions.SecretPendingDeletion(name)
    version_id = found.version_at(version) or version
    if version_id not in found.stages_by_version and not has_version(found.arn, version_id, aws_provider):
        raise secrets_interactions.SecretVersionDoesntExist(name, f"version {version}")
    yield Change(
        kind="secrets.promote",
        target=target_of(aws_provider.get_aws_env()),
        resource=found.arn,
        effect=Effect.OVERWRITE,
        before={"version_id": found.current_version},
        after={"version_id": version_id},
        iam_actions=_IAM_ACTIONS["promote"],
        reversibility=Reversibility.REVERSIBLE,
    )


def plan_set_secret_tags(
    secret_name: str, tags: Mapping[str, str], aws_provider: AwsClientProvider
) -> Iterator[Change]:
    """Plan a secret's tags to be exactly these, AWS's own (``aws:...``) aside; none means no tags."""
    check_tags(tags)
    name = fill_template(secret_name, aws_provider)
    found = secrets_interactions.describe_secret(name, aws_provider)
    if found.is_to_be_deleted:
        raise secrets_interactions.SecretPendingDeletion(name)
    before = _own_tags_of(name, aws_provider)
    takes_away = any(tags.get(key) != value for key, value in before.items())
    yield Change(
        kind="secrets.set-tags",
        target=target_of(aws_provider.get_aws_env()),
        resource=found.arn,
        effect=Effect.OVERWRITE if takes_away else Effect.UPDATE,
        before=before,
        after=dict(tags),
        iam_actions=_IAM_ACTIONS["set-tags"],
        reversibility=Reversibility.REVERSIBLE,
    )


def _state_of(found: SecretDetails) -> JsonObject:
    return _TO_BE_DELETED if found.is_to_be_deleted else _ACTIVE


def _apply_delete(change: Change, aws_provider: AwsClientProvider) -> None:
    days = int(wanted(change, "recovery_days"))
    secrets_interactions.delete_secret(change.resource, aws_provider, recovery_days=days)


def _recheck_delete(change: Change, aws_provider: AwsClientProvider) -> str | None:
    return version_drift(change, {(change.precondition or {})["version_id"]}, aws_provider)


def _read_back_delete(change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    return applied_if(secrets_interactions.describe_secret(change.resource, aws_provider).is_to_be_deleted)


def _apply_restore(change: Change, aws_provider: AwsClientProvider) -> None:
    secrets_interactions.restore_secret(change.resource, aws_provider)


def _recheck_restore(change: Change, aws_provider: AwsClientProvider) -> str | None:
    found = secrets_interactions.describe_secret(change.resource, aws_provider)
    return None if found.is_to_be_deleted else "it was restored"


def _read_back_restore(change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    found = secrets_interactions.describe_secret(change.resource, aws_provider)
    return applied_if(not found.is_to_be_deleted)


def _apply_promote(change: Change, aws_provider: AwsClientProvider) -> None:
    secrets_interactions.move_stage(
        change.resource,
        _CURRENT,
        wanted(change, "version_id"),
        aws_provider,
        from_version=(change.before or {})["version_id"],
    )


def _recheck_promote(change: Change, aws_provider: AwsClientProvider) -> str | None:
    return version_drift(change, {(change.before or {})["version_id"]}, aws_provider)


def _read_back_promote(change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    found = secrets_interactions.describe_secret(change.resource, aws_provider)
    return applied_if(found.current_version == wanted(change, "version_id"))


def _own_tags_of(secret_id: str, aws_provider: AwsClientProvider) -> dict[str, str]:
    return own_tags(secrets_interactions.get_secret_tags(secret_id, aws_provider))


def _apply_set_tags(change: Change, aws_provider: AwsClientProvider) -> None:
    before, after = change.before or {}, change.after or {}
    added = {key: value for key, value in after.items() if before.get(key) != value}
    removed = [key for key in before if key not in after]
    steps = []
    if added:
        put_on = partial(secrets_interactions.tag_secret, change.resource, added, aws_provider)
        steps.append((put_on, f"the tags {', '.join(sorted(added))} were set already"))
    if removed:
        take_off = partial(secrets_interactions.untag_secret, change.resource, removed, aws_provider)
        steps.append((take_off, f"the tags {', '.join(sorted(removed))} were taken off already"))
    if len(before.keys() | after.keys()) > MAX_TAGS:
        # There is no room for the new ones beside the old.
        steps.reverse()
    done = ""
    for step, what_it_does in steps:
        try:
            step()
        except (AwsInteractionError, ClientError, BotoCoreError) as error:
            if not done or is_answer_lost(error):
                raise
            raise CarriedOutInPart(f"{error}; {done}", resource=change.resource) from (
                error.__cause__ or error
            )
        done = what_it_does


def _recheck_tags(change: Change, aws_provider: AwsClientProvider) -> str | None:
    now = _own_tags_of(change.resource, aws_provider)
    return None if now == change.before else "the tags have changed"


def _read_back_tags(change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    now = _own_tags_of(change.resource, aws_provider)
    if now == change.after:
        return ResultStatus.APPLIED
    # Taken off and not put on is neither done nor not done.
    return ResultStatus.FAILED if now == change.before else ResultStatus.UNKNOWN


def _invert_delete(change: Change, aws_provider: AwsClientProvider) -> Iterator[Change]:
    with undo_errors(change):
        [inverse] = plan_restore_secret(change.resource, aws_provider)
    if inverse.is_noop:
        raise cannot_undo(change, "the secret was restored since")
    yield inverse


def _invert_restore(change: Change, aws_provider: AwsClientProvider) -> Iterator[Change]:
    # The day on which it was to be gone is not known any more; from now on it is the longest time again.
    with undo_errors(change):
        [inverse] = plan_delete_secret(change.resource, aws_provider)
    if inverse.is_noop:
        raise cannot_undo(change, "the secret was deleted since")
    if inverse.precondition != change.precondition:
        raise cannot_undo(change, "the secret has another value by now")
    yield inverse


def _invert_promote(change: Change, aws_provider: AwsClientProvider) -> Iterator[Change]:
    return plan_version_before(
        change, aws_provider, none_before="no version was current before, and one has to be"
    )


def plan_version_before(
    change: Change, aws_provider: AwsClientProvider, *, none_before: str
) -> Iterator[Change]:
    """Plan that the version before a change is current again, if that of the change still is.

    Raises ``CannotUndo``, with the reason ``none_before`` where there was no such version.
    """
    version_before = (change.before or {})["version_id"]
    if version_before is None:
        raise cannot_undo(change, none_before)
    with undo_errors(change):
        [inverse] = plan_promote_version(change.resource, version_before, aws_provider)
    current = (inverse.before or {})["version_id"]
    if current != wanted(change, "version_id"):
        raise cannot_undo(change, f"version {current} became current since")
    yield inverse


def _invert_set_tags(change: Change, aws_provider: AwsClientProvider) -> Iterator[Change]:
    with undo_errors(change):
        [inverse] = plan_set_secret_tags(change.resource, change.before or {}, aws_provider)
    if inverse.before != change.after:
        raise cannot_undo(change, "the tags have changed since")
    yield inverse


_IAM_ACTIONS = {
    "delete": iam_actions_of("secretsmanager", "DescribeSecret", "DeleteSecret"),
    "restore": iam_actions_of("secretsmanager", "DescribeSecret", "RestoreSecret"),
    "promote": iam_actions_of("secretsmanager", "DescribeSecret", "UpdateSecretVersionStage"),
    "set-tags": iam_actions_of("secretsmanager", "DescribeSecret", "TagResource", "UntagResource"),
}
for _verb, _apply, _recheck, _read_back, _invert in (
    ("delete", _apply_delete, _recheck_delete, _read_back_delete, _invert_delete),
    ("restore", _apply_restore, _recheck_restore, _read_back_restore, _invert_restore),
    ("promote", _apply_promote, _recheck_promote, _read_back_promote, _invert_promote),
    ("set-tags", _apply_set_tags, _recheck_tags, _read_back_tags, _invert_set_tags),
):
    register(
        ChangeKind(
            f"secrets.{_verb}",
            each_alone(_apply),
            _recheck,
            _read_back,
            is_idempotent=True,
            iam_actions=_IAM_ACTIONS[_verb],
            reversibility=frozenset({Reversibility.REVERSIBLE}),
            invert=_invert,
            tags=TAGS,
            census=SECRETS,
        )
    )
