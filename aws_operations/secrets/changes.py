"""Writes to secrets: planners that say what would change, and the kinds that carry it out.

Values are in no change: versions go by their ids, and the value to store is held by this process. The
planners and kinds that need no value are in ``state_changes``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from aws_interactions import secrets_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.secrets_interactions import SecretDetails, SecretValue
from aws_interactions.service_operations import iam_actions_of
from aws_interactions.tags import check_tags
from aws_operations.changes import (
    Change,
    ChangeKind,
    Effect,
    JsonObject,
    ResultStatus,
    Reversibility,
    each_alone,
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
from aws_operations.secrets.held_values import HeldValue, held_value
from aws_operations.secrets.state_changes import (
    plan_delete_secret,
    plan_promote_version,
    plan_restore_secret,
    plan_set_secret_tags,
    plan_version_before,
)
from aws_operations.targets import fill_template

__all__ = [
    "NewSecret",
    "plan_create_secret",
    "plan_delete_secret",
    "plan_promote_version",
    "plan_put_secret",
    "plan_restore_secret",
    "plan_set_secret_tags",
]

_CREATE_ACTIONS = iam_actions_of("secretsmanager", "DescribeSecret", "CreateSecret")
_TAG_ACTIONS = iam_actions_of("secretsmanager", "TagResource")
_PUT_ACTIONS = iam_actions_of("secretsmanager", "DescribeSecret", "ListSecretVersionIds", "PutSecretValue")


@dataclass(frozen=True, slots=True)
class NewSecret:
    """What a secret that is made gets besides its value; ``kms_key`` None is AWS's own key."""

    description: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    kms_key: str | None = None


def plan_create_secret(
    secret_name: str,
    held: HeldValue,
    aws_provider: AwsClientProvider,
    *,
    new: NewSecret | None = None,
    client_token: str | None = None,
) -> Iterator[Change]:
    """Plan a secret with its first value; a name that is taken, or still to be deleted, is an error."""
    name = fill_template(secret_name, aws_provider)
    secrets_interactions.check_secret_name(name)
    found = _details_if_there(name, aws_provider)
    if found is not None and found.is_to_be_deleted:
        raise secrets_interactions.SecretPendingDeletion(name)
    if found is not None:
        raise secrets_interactions.SecretAlreadyExists(name)
    yield _create_change(name, held, new or NewSecret(), client_token, aws_provider)


def plan_put_secret(
    secret_name: str,
    held: HeldValue,
    aws_provider: AwsClientProvider,
    *,
    expected_version: str | None = None,
    client_token: str | None = None,
    create: bool = False,
) -> Iterator[Change]:
    """Plan a new version of a secret with that value; an absent secret is an error unless ``create``.

    A value that is current already is nothing to do, as far as the identity may read it (GetSecretValue):
    storing it once more would push the one before it out of AWSPREVIOUS. So is a value that was stored
    under the same ``client_token``; another one under it raises ``SecretVersionAlreadyExists``.
    ``expected_version``: unless that is current, raise ``SecretVersionChanged``.
    """
    name = fill_template(secret_name, aws_provider)
    found = _details_if_there(name, aws_provider)
    if found is None:
        if not create or expected_version is not None:
            raise secrets_interactions.SecretDoesntExist(name)
        secrets_interactions.check_secret_name(name)
        yield _create_change(name, held, NewSecret(), client_token, aws_provider)
        return
    if found.is_to_be_deleted:
        raise secrets_interactions.SecretPendingDeletion(name)
    if expected_version not in {None, found.current_version}:
        raise secrets_interactions.SecretVersionChanged(name, str(expected_version), found.current_version)
    yield _put_change(found, held, client_token, aws_provider)


def _create_change(
    name: str, held: HeldValue, new: NewSecret, client_token: str | None, aws_provider: AwsClientProvider
) -> Change:
    check_tags(new.tags)
    _checked(held, name)
    token = client_token or secrets_interactions.new_client_token()
    secrets_interactions.check_client_token(token)
    environment = aws_provider.get_aws_env()
    after: JsonObject = {"version_id": token}
    given = {"description": new.description, "tags": dict(new.tags), "kms_key": new.kms_key}
    return Change(
        kind="secrets.create",
        target=target_of(environment),
        # AWS puts six characters of its own after the name, and nobody knows them before.
        resource=f"arn:{environment.partition}:secretsmanager:{environment.aws_region}:"
        f"{environment.aws_account}:secret:{name}",
        effect=Effect.CREATE,
        before=None,
        after=after | {what: value for what, value in given.items() if value},
        iam_actions=(*_CREATE_ACTIONS, *(_TAG_ACTIONS if new.tags else ())),
        reversibility=Reversibility.COMPENSABLE,
        payload_ref=held.ref,
    )


def _put_change(
    found: SecretDetails, held: HeldValue, client_token: str | None, aws_provider: AwsClientProvider
) -> Change:
    value = _checked(held, found.name)
    token = client_token or secrets_interactions.new_client_token()
    secrets_interactions.check_client_token(token)
    current = found.current_version
    before: JsonObject = {"version_id": current}
    is_new = client_token is None or not has_version(found.arn, token, aws_provider)
    if not is_new:
        stored = _readable_value(found.arn, token, aws_provider)
        if stored is not None and stored != value:
            raise secrets_interactions.SecretVersionAlreadyExists(found.name, token)
        # Where it can't be read, only AWS can tell whether it is the same value.
        before = {"version_id": token} if stored is not None else {**before, "value": "not readable"}
    elif current is not None and _readable_value(found.arn, current, aws_provider) == value:
        token = current
    return Change(
        kind="secrets.put",
        target=target_of(aws_provider.get_aws_env()),
        resource=found.arn,
        effect=Effect.UPDATE if current is None else Effect.OVERWRITE,
        before=before,
        after={"version_id": token},
        iam_actions=_PUT_ACTIONS,
        # The version before stays as AWSPREVIOUS; the new one can't be taken away again.
        reversibility=Reversibility.COMPENSABLE,
        precondition={"is_new_version": is_new},
        payload_ref=held.ref,
    )


def _checked(held: HeldValue, name: str) -> SecretValue:
    value = held.value
    value.check_size(secret_name=name)
    return value


def _details_if_there(name: str, aws_provider: AwsClientProvider) -> SecretDetails | None:
    try:
        return secrets_interactions.describe_secret(name, aws_provider)
    except secrets_interactions.SecretDoesntExist:
        return None


def _readable_value(secret_id: str, version_id: str, aws_provider: AwsClientProvider) -> SecretValue | None:
    """Return a stored value, ``None`` where the identity may not read it: who writes need not read."""
    try:
        return secrets_interactions.get_secret(secret_id, aws_provider, version_id=version_id).value
    except (
        secrets_interactions.SecretAccessDenied,
        secrets_interactions.SecretKeyNotUsable,
        secrets_interactions.SecretVersionDoesntExist,
    ):
        return None


def _name_of_new(change: Change) -> str:
    return change.resource.partition(":secret:")[2]


def _apply_create(change: Change, aws_provider: AwsClientProvider) -> None:
    secrets_interactions.create_secret(
        _name_of_new(change),
        held_value(change.payload_ref),
        aws_provider,
        client_token=wanted(change, "version_id"),
        description=wanted(change, "description"),
        tags=wanted(change, "tags"),
        kms_key=wanted(change, "kms_key"),
    )


def _recheck_create(change: Change, aws_provider: AwsClientProvider) -> str | None:
    held_value(change.payload_ref)
    found = _details_if_there(_name_of_new(change), aws_provider)
    if found is None or wanted(change, "version_id") in found.stages_by_version:
        return None
    return "a secret of that name was made"


def _read_back_create(change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    found = _details_if_there(_name_of_new(change), aws_provider)
    return applied_if(found is not None and wanted(change, "version_id") in found.stages_by_version)


def _apply_put(change: Change, aws_provider: AwsClientProvider) -> None:
    secrets_interactions.put_secret(
        change.resource,
        held_value(change.payload_ref),
        aws_provider,
        client_token=wanted(change, "version_id"),
    )


def _recheck_put(change: Change, aws_provider: AwsClientProvider) -> str | None:
    held_value(change.payload_ref)
    # Its own version is current when it is sent again.
    as_planned = {(change.before or {})["version_id"], wanted(change, "version_id")}
    return version_drift(change, as_planned, aws_provider)


def _read_back_put(change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    if not (change.precondition or {})["is_new_version"]:
        return ResultStatus.UNKNOWN  # the version was there before, whatever its value
    return applied_if(has_version(change.resource, str(wanted(change, "version_id")), aws_provider))


def _invert_create(change: Change, aws_provider: AwsClientProvider) -> Iterator[Change]:
    with undo_errors(change):
        [inverse] = plan_delete_secret(_name_of_new(change), aws_provider)
    if inverse.is_noop:
        raise cannot_undo(change, "the secret was deleted since")
    if (inverse.precondition or {})["version_id"] != wanted(change, "version_id"):
        raise cannot_undo(change, "the secret has another value by now")
    yield inverse


def _invert_put(change: Change, aws_provider: AwsClientProvider) -> Iterator[Change]:
    return plan_version_before(
        change,
        aws_provider,
        none_before="the secret had no value before, and no version can be taken away",
    )


register(
    ChangeKind(
        "secrets.create",
        each_alone(_apply_create),
        _recheck_create,
        _read_back_create,
        iam_actions=(*_CREATE_ACTIONS, *_TAG_ACTIONS),
        reversibility=frozenset({Reversibility.COMPENSABLE}),
        invert=_invert_create,
        # A secret that is not there yet has no tags.
        tags=replace(TAGS, owner=lambda _: None),
        census=SECRETS,
    )
)
register(
    ChangeKind(
        "secrets.put",
        each_alone(_apply_put),
        _recheck_put,
        _read_back_put,
        iam_actions=_PUT_ACTIONS,
        reversibility=frozenset({Reversibility.COMPENSABLE}),
        invert=_invert_put,
        tags=TAGS,
        census=SECRETS,
    )
)
