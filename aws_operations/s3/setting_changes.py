"""What is set on buckets and objects: tags, whether old versions are kept, how new objects are encrypted."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace

from aws_interactions import s3_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.s3_interactions import BucketEncryption, BucketVersioning, EncryptionAlgorithm
from aws_interactions.s3_interactions.encryption import check_bucket_encryption
from aws_interactions.s3_interactions.names import check_key
from aws_interactions.s3_interactions.objects import MAX_OBJECT_TAGS
from aws_interactions.service_operations import iam_actions_of
from aws_interactions.tags import MAX_TAGS, check_tags
from aws_operations.changes import (
    CannotUndo,
    Change,
    ChangeKind,
    Effect,
    JsonObject,
    ResultStatus,
    Reversibility,
    each_alone,
    register,
)
from aws_operations.s3.change_parts import (
    BUCKETS,
    OBJECTS,
    TAGS,
    applied_if,
    arn_of,
    bucket_and_key,
    gone_cannot_be_undone,
    tags_of,
    target_of,
)
from aws_operations.targets import fill_template

_TAG_ACTIONS = iam_actions_of(
    "s3",
    "GetBucketTagging",
    "PutBucketTagging",
    "GetObjectTagging",
    "PutObjectTagging",
    "DeleteObjectTagging",
)
_VERSIONING_ACTIONS = iam_actions_of("s3", "GetBucketVersioning", "PutBucketVersioning")
_ENCRYPTION_ACTIONS = iam_actions_of("s3", "GetBucketEncryption", "PutBucketEncryption")


def plan_set_tags(
    bucket_name: str, key: str | None, tags: Mapping[str, str], aws_provider: AwsClientProvider
) -> Iterator[Change]:
    """Plan a bucket's or an object's tags to be exactly these; none means no tags."""
    if key is not None:
        check_key(key)
    check_tags(tags, max_tags=MAX_TAGS if key is None else MAX_OBJECT_TAGS)
    bucket = fill_template(bucket_name, aws_provider)
    yield _tags_change(aws_provider, bucket, key, tags_of(bucket, key, aws_provider), tags)


def _tags_change(
    aws_provider: AwsClientProvider,
    bucket: str,
    key: str | None,
    before: Mapping[str, str],
    tags: Mapping[str, str],
) -> Change:
    environment = aws_provider.get_aws_env()
    takes_away = any(tags.get(name) != value for name, value in before.items())
    return Change(
        kind="s3.set-tags",
        target=target_of(environment),
        resource=arn_of(environment, bucket, key),
        effect=Effect.OVERWRITE if takes_away else Effect.UPDATE,
        before=dict(before),
        after=dict(tags),
        iam_actions=iam_actions_of("s3", *_tag_operations(key, tags)),
        reversibility=Reversibility.REVERSIBLE,
    )


def _tag_operations(key: str | None, tags: Mapping[str, str]) -> tuple[str, str]:
    subject = "Bucket" if key is None else "Object"
    return f"Get{subject}Tagging", f"{'Put' if tags else 'Delete'}{subject}Tagging"


def plan_set_versioning(
    bucket_name: str, versioning: str, aws_provider: AwsClientProvider
) -> Iterator[Change]:
    """Plan whether a bucket keeps old versions: ``enabled`` or ``suspended``; there is no way back to never.

    Any other word raises ``ValueError``.
    """
    wanted = BucketVersioning(versioning)
    bucket = fill_template(bucket_name, aws_provider)
    yield _versioning_change(
        aws_provider, bucket, s3_interactions.get_bucket_versioning(bucket, aws_provider), wanted
    )


def _versioning_change(
    aws_provider: AwsClientProvider, bucket: str, before: BucketVersioning, wanted: BucketVersioning
) -> Change:
    environment = aws_provider.get_aws_env()
    is_first_time = before is BucketVersioning.UNVERSIONED
    return Change(
        kind="s3.set-versioning",
        target=target_of(environment),
        resource=arn_of(environment, bucket),
        effect=Effect.UPDATE,
        before={"versioning": before.value},
        after={"versioning": wanted.value},
        iam_actions=_VERSIONING_ACTIONS,
        reversibility=Reversibility.COMPENSABLE if is_first_time else Reversibility.REVERSIBLE,
    )


def plan_set_encryption(
    bucket_name: str,
    algorithm: str,
    aws_provider: AwsClientProvider,
    *,
    kms_key: str | None = None,
    bucket_key: bool = False,
) -> Iterator[Change]:
    """Plan a bucket's default encryption: ``AES256``, ``aws:kms`` or ``aws:kms:dsse``.

    Objects that are there stay as they are. What the bucket refuses, such as SSE-C, stays refused. Any
    other word raises ``ValueError``, a key or bucket key that does not go with it ``InvalidInput``.
    """
    wanted = BucketEncryption(EncryptionAlgorithm(algorithm), kms_key, bucket_key)
    check_bucket_encryption(wanted)
    bucket = fill_template(bucket_name, aws_provider)
    before = s3_interactions.get_bucket_encryption(bucket, aws_provider)
    if before is not None:
        wanted = replace(wanted, blocked_types=before.blocked_types)
    environment = aws_provider.get_aws_env()
    yield Change(
        kind="s3.set-encryption",
        target=target_of(environment),
        resource=arn_of(environment, bucket),
        effect=Effect.UPDATE,
        before=_encryption_values(before),
        after=_encryption_values(wanted),
        iam_actions=_ENCRYPTION_ACTIONS,
        reversibility=Reversibility.REVERSIBLE,
    )


def _apply_set_tags(change: Change, aws_provider: AwsClientProvider) -> None:
    bucket, key = bucket_and_key(change)
    tags = change.after or {}
    if key:
        s3_interactions.set_object_tags(bucket, key, tags, aws_provider)
    else:
        s3_interactions.set_bucket_tags(bucket, tags, aws_provider)


def _recheck_tags(change: Change, aws_provider: AwsClientProvider) -> str | None:
    bucket, key = bucket_and_key(change)
    return None if tags_of(bucket, key or None, aws_provider) == change.before else "the tags have changed"


def _read_back_tags(change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    bucket, key = bucket_and_key(change)
    return applied_if(tags_of(bucket, key or None, aws_provider) == change.after)


def _apply_set_versioning(change: Change, aws_provider: AwsClientProvider) -> None:
    wanted = BucketVersioning((change.after or {})["versioning"])
    s3_interactions.set_bucket_versioning(bucket_and_key(change)[0], wanted, aws_provider)


def _versioning(change: Change, aws_provider: AwsClientProvider) -> JsonObject:
    found = s3_interactions.get_bucket_versioning(bucket_and_key(change)[0], aws_provider)
    return {"versioning": found.value}


def _recheck_versioning(change: Change, aws_provider: AwsClientProvider) -> str | None:
    now = _versioning(change, aws_provider)
    return None if now == change.before else f"versioning has become {now['versioning']}"


def _read_back_versioning(change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    return applied_if(_versioning(change, aws_provider) == change.after)


def _encryption_values(encryption: BucketEncryption | None) -> JsonObject | None:
    if encryption is None:
        return None
    values = asdict(encryption)
    blocked = values.pop("blocked_types")
    return {**values, "blocked_types": list(blocked)} if blocked else values


def _encryption(change: Change, aws_provider: AwsClientProvider) -> JsonObject | None:
    bucket = bucket_and_key(change)[0]
    return _encryption_values(s3_interactions.get_bucket_encryption(bucket, aws_provider))


def _apply_set_encryption(change: Change, aws_provider: AwsClientProvider) -> None:
    bucket = bucket_and_key(change)[0]
    if change.after is None:
        s3_interactions.reset_bucket_encryption(bucket, aws_provider)
        return
    wanted = BucketEncryption(
        **{**change.after, "blocked_types": tuple(change.after.get("blocked_types", []))}
    )
    s3_interactions.set_bucket_encryption(bucket, wanted, aws_provider)


def _recheck_encryption(change: Change, aws_provider: AwsClientProvider) -> str | None:
    return None if _encryption(change, aws_provider) == change.before else "the encryption has changed"


def _read_back_encryption(change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    return applied_if(_encryption(change, aws_provider) == change.after)


def _invert_set_tags(change: Change, aws_provider: AwsClientProvider) -> Iterator[Change]:
    bucket, key = bucket_and_key(change)
    with gone_cannot_be_undone(change):
        now = tags_of(bucket, key or None, aws_provider)
    if now != change.after:
        raise CannotUndo("its tags have changed since", resource=change.resource)
    yield _tags_change(aws_provider, bucket, key or None, now, change.before or {})


def _invert_set_versioning(change: Change, aws_provider: AwsClientProvider) -> Iterator[Change]:
    bucket = bucket_and_key(change)[0]
    with gone_cannot_be_undone(change):
        now = s3_interactions.get_bucket_versioning(bucket, aws_provider)
    if {"versioning": now.value} != change.after:
        raise CannotUndo(f"its versioning has become {now.value} since", resource=change.resource)
    before = BucketVersioning((change.before or {})["versioning"])
    # There is no way back to a bucket that never kept versions; a suspended one does the same.
    wanted = BucketVersioning.SUSPENDED if before is BucketVersioning.UNVERSIONED else before
    yield _versioning_change(aws_provider, bucket, now, wanted)


def _invert_set_encryption(change: Change, aws_provider: AwsClientProvider) -> Iterator[Change]:
    with gone_cannot_be_undone(change):
        now = _encryption(change, aws_provider)
    if now != change.after:
        raise CannotUndo("its encryption has changed since", resource=change.resource)
    yield replace(change, before=change.after, after=change.before)


register(
    ChangeKind(
        "s3.set-tags",
        each_alone(_apply_set_tags),
        _recheck_tags,
        _read_back_tags,
        is_idempotent=True,
        iam_actions=_TAG_ACTIONS,
        reversibility=frozenset({Reversibility.REVERSIBLE}),
        invert=_invert_set_tags,
        tags=TAGS,
        census=OBJECTS,
    )
)
register(
    ChangeKind(
        "s3.set-versioning",
        each_alone(_apply_set_versioning),
        _recheck_versioning,
        _read_back_versioning,
        is_idempotent=True,
        iam_actions=_VERSIONING_ACTIONS,
        reversibility=frozenset({Reversibility.REVERSIBLE, Reversibility.COMPENSABLE}),
        invert=_invert_set_versioning,
        tags=TAGS,
        census=BUCKETS,
    )
)
register(
    ChangeKind(
        "s3.set-encryption",
        each_alone(_apply_set_encryption),
        _recheck_encryption,
        _read_back_encryption,
        is_idempotent=True,
        iam_actions=_ENCRYPTION_ACTIONS,
        reversibility=frozenset({Reversibility.REVERSIBLE}),
        invert=_invert_set_encryption,
        tags=TAGS,
        census=BUCKETS,
    )
)
