"""S3 writes: what is planned, what is then there, and what is left alone when the world has moved."""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from botocore.exceptions import ReadTimeoutError

from aws_interactions import s3_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import Conflict, InvalidInput
from aws_interactions.s3_interactions import (
    BucketAccessDenied,
    BucketDoesntExist,
    BucketNameNotAvailable,
    BucketStatus,
    BucketVersioning,
    CouldntEnsureBucketExists,
    S3ObjectAlreadyExists,
    S3ObjectChanged,
)
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.applying import apply_changes
from aws_operations.changes import (
    Change,
    ChangeResult,
    Effect,
    ResultStatus,
    Reversibility,
    change_kind,
)
from aws_operations.s3 import changes as s3_changes

BUCKET = "a-bucket"


@pytest.fixture
def bucket(aws_provider: AwsClientProvider) -> str:
    s3_interactions.create_bucket(BUCKET, aws_provider)
    return BUCKET


def put(aws_provider: AwsClientProvider, key: str, body: bytes = b"body") -> None:
    aws_provider.get_s3().put_object(Bucket=BUCKET, Key=key, Body=body)


def body_of(aws_provider: AwsClientProvider, key: str) -> bytes:
    return aws_provider.get_s3().get_object(Bucket=BUCKET, Key=key)["Body"].read()


def planned(changes: Iterable[Change]) -> Change:
    [change] = changes
    return change


def applied(changes: Iterable[Change], aws_provider: AwsClientProvider) -> list[ChangeResult]:
    return list(apply_changes(changes, lambda _: aws_provider))


def statuses(results: Iterable[ChangeResult]) -> list[str]:
    return [result.status.value for result in results]


def test_WHEN_a_bucket_is_planned_THEN_nothing_is_made_until_it_is_applied(
    aws_provider: AwsClientProvider,
) -> None:
    change = planned(s3_changes.plan_create_bucket("new-{region}", aws_provider.read_only()))
    assert change.resource == "arn:aws:s3:::new-eu-west-1"
    assert change.effect is Effect.CREATE
    assert not change.needs_consent
    assert s3_interactions.get_bucket_status("new-eu-west-1", aws_provider) is BucketStatus.DOES_NOT_EXIST
    assert statuses(applied([change], aws_provider)) == ["applied"]
    assert s3_interactions.get_bucket_status("new-eu-west-1", aws_provider) is BucketStatus.EXISTS_HAVE_ACCESS


def test_WHEN_a_bucket_is_planned_AND_it_is_there_THEN_create_refuses_and_ensure_has_nothing_to_do(
    aws_provider: AwsClientProvider, bucket: str
) -> None:
    with pytest.raises(BucketNameNotAvailable, match=r"open to you \(s3 ensure"):
        planned(s3_changes.plan_create_bucket(bucket, aws_provider))
    change = planned(s3_changes.plan_ensure_bucket(bucket, aws_provider))
    assert statuses(applied([change], aws_provider)) == ["unchanged"]


def test_WHEN_a_bucket_belongs_to_somebody_else_THEN_it_is_neither_ensured_nor_destroyed(
    aws_provider: AwsClientProvider, bucket: str
) -> None:
    stranger = aws_provider.for_role("arn:aws:iam::111122223333:role/operator")
    with pytest.raises(CouldntEnsureBucketExists):
        planned(s3_changes.plan_ensure_bucket(bucket, stranger))
    with pytest.raises(BucketNameNotAvailable, match="is taken"):
        planned(s3_changes.plan_create_bucket(bucket, stranger))
    with pytest.raises(BucketAccessDenied):
        planned(s3_changes.plan_destroy_bucket(bucket, stranger))


def test_WHEN_a_bucket_is_in_another_region_THEN_it_is_not_ensured_here() -> None:
    client = FakeClient("s3").answers("head_bucket", {"BucketRegion": "us-east-1"})
    with pytest.raises(CouldntEnsureBucketExists, match=r"another region \(us-east-1\)"):
        planned(s3_changes.plan_ensure_bucket("logs", fake_provider(s3=client)))
    with pytest.raises(BucketNameNotAvailable, match=r"open to you \(it is in us-east-1\)"):
        planned(s3_changes.plan_create_bucket("logs", fake_provider(s3=client)))


def test_WHEN_a_bucket_is_made_between_plan_and_apply_THEN_the_change_fails_untouched(
    aws_provider: AwsClientProvider,
) -> None:
    change = planned(s3_changes.plan_create_bucket(BUCKET, aws_provider))
    s3_interactions.create_bucket(BUCKET, aws_provider)
    [result] = applied([change], aws_provider)
    assert result.status is ResultStatus.FAILED
    assert isinstance(result.error, Conflict)


def test_WHEN_a_bucket_is_destroyed_THEN_versions_and_markers_go_with_it(
    aws_provider: AwsClientProvider, bucket: str
) -> None:
    s3_interactions.set_bucket_versioning(bucket, BucketVersioning.ENABLED, aws_provider)
    put(aws_provider, "a")
    put(aws_provider, "a")
    aws_provider.get_s3().delete_object(Bucket=bucket, Key="a")
    change = planned(s3_changes.plan_destroy_bucket(bucket, aws_provider))
    assert change.before == {"contents": "3 object versions"}
    assert change.reversibility is Reversibility.IRREVERSIBLE
    assert change.needs_consent
    assert statuses(applied([change], aws_provider)) == ["applied"]
    assert s3_interactions.get_bucket_status(bucket, aws_provider) is BucketStatus.DOES_NOT_EXIST


def test_WHEN_a_bucket_fills_up_between_plan_and_destroy_THEN_it_is_kept(
    aws_provider: AwsClientProvider, bucket: str
) -> None:
    change = planned(s3_changes.plan_destroy_bucket(bucket, aws_provider))
    put(aws_provider, "late")
    [result] = applied([change], aws_provider)
    assert result.status is ResultStatus.FAILED
    assert "has changed (empty, now 1 object version)" in str(result.error)
    assert body_of(aws_provider, "late") == b"body"


def test_WHEN_as_many_other_objects_are_in_a_bucket_by_now_THEN_it_is_kept(
    aws_provider: AwsClientProvider, bucket: str
) -> None:
    put(aws_provider, "old")
    change = planned(s3_changes.plan_destroy_bucket(bucket, aws_provider))
    aws_provider.get_s3().delete_object(Bucket=bucket, Key="old")
    put(aws_provider, "new")
    assert statuses(applied([change], aws_provider)) == ["failed"]
    assert body_of(aws_provider, "new") == b"body"


def test_WHEN_an_absent_bucket_is_destroyed_THEN_there_is_nothing_to_do(
    aws_provider: AwsClientProvider,
) -> None:
    change = planned(s3_changes.plan_destroy_bucket("no-such-bucket", aws_provider))
    assert statuses(applied([change], aws_provider)) == ["unchanged"]


def test_WHEN_a_file_is_put_THEN_the_object_has_its_bytes_and_metadata(
    aws_provider: AwsClientProvider, bucket: str, tmp_path: Path
) -> None:
    file = tmp_path / "report.csv"
    file.write_bytes(b"a,b\n")
    change = planned(
        s3_changes.plan_put(file, bucket, "k", aws_provider, overwrite=False, user_metadata={"owner": "ops"})
    )
    assert statuses(applied([change], aws_provider)) == ["applied"]
    assert body_of(aws_provider, "k") == b"a,b\n"
    details = s3_interactions.describe_object(bucket, "k", aws_provider)
    assert details is not None
    assert (details.content_type, dict(details.user_metadata)) == ("text/csv", {"owner": "ops"})


def test_WHEN_a_key_is_taken_THEN_put_needs_overwrite_and_then_says_so(
    aws_provider: AwsClientProvider, bucket: str, tmp_path: Path
) -> None:
    file = tmp_path / "new"
    file.write_bytes(b"new")
    put(aws_provider, "k", b"old")
    with pytest.raises(S3ObjectAlreadyExists):
        planned(s3_changes.plan_put(file, bucket, "k", aws_provider, overwrite=False))
    change = planned(s3_changes.plan_put(file, bucket, "k", aws_provider, overwrite=True))
    assert (change.effect, change.reversibility) == (Effect.OVERWRITE, Reversibility.IRREVERSIBLE)
    assert statuses(applied([change], aws_provider)) == ["applied"]
    assert body_of(aws_provider, "k") == b"new"


def test_WHEN_the_bucket_is_absent_THEN_neither_put_nor_rm_is_planned(
    aws_provider: AwsClientProvider, tmp_path: Path
) -> None:
    file = tmp_path / "new"
    file.write_bytes(b"new")
    with pytest.raises(BucketDoesntExist):
        list(s3_changes.plan_put(file, "no-such-bucket", "k", aws_provider, overwrite=True))
    with pytest.raises(BucketDoesntExist):
        list(s3_changes.plan_rm("no-such-bucket", ["k"], aws_provider))


def test_WHEN_several_absent_objects_are_to_go_THEN_the_bucket_is_looked_at_once() -> None:
    client = FakeClient("s3").raises("head_object", code="404").answers("head_bucket", {})
    assert len(list(s3_changes.plan_rm("logs", ["a", "b", "c"], fake_provider(s3=client)))) == 3
    assert len(client.calls_of("head_bucket")) == 1


@pytest.mark.parametrize(
    "plan",
    [
        lambda file, provider: s3_changes.plan_put(file, "logs", "", provider, overwrite=False),
        lambda file, provider: s3_changes.plan_put(file, "logs", "k" * 1025, provider, overwrite=False),
        lambda file, provider: s3_changes.plan_put(
            file, "logs", "k", provider, overwrite=False, user_metadata={"owner": "Zoë"}
        ),
        lambda file, provider: s3_changes.plan_put(
            file, "logs", "k", provider, overwrite=False, user_metadata={"a": "1", "A": "2"}
        ),
        lambda _, provider: s3_changes.plan_rm("logs", ["k", "ü" * 513], provider),
        lambda _, provider: s3_changes.plan_set_tags("logs", "", {}, provider),
        lambda _, provider: s3_changes.plan_set_tags("logs", None, {"aws:x": ""}, provider),
        lambda _, provider: s3_changes.plan_set_tags(
            "logs", "k", {str(number): "" for number in range(11)}, provider
        ),
        lambda _, provider: s3_changes.plan_create_bucket("Logs", provider),
        lambda _, provider: s3_changes.plan_create_bucket("my_logs", provider),
        lambda _, provider: s3_changes.plan_create_bucket("a..b", provider),
        lambda _, provider: s3_changes.plan_create_bucket("127.0.0.1", provider),
        lambda _, provider: s3_changes.plan_create_bucket("logs--x-s3", provider),
        lambda _, provider: s3_changes.plan_create_bucket("l" * 64, provider),
    ],
)
def test_WHEN_s3_would_refuse_it_in_any_case_THEN_planning_does_AND_nothing_is_sent(
    tmp_path: Path, plan: Callable[[Path, AwsClientProvider], Iterable[Change]]
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x")
    client = FakeClient("s3")
    with pytest.raises(InvalidInput) as caught:
        list(plan(file, fake_provider(s3=client)))
    assert caught.value.__cause__ is None
    assert client.calls == []


def test_WHEN_an_old_bucket_has_an_old_name_THEN_it_is_ensured_all_the_same() -> None:
    client = FakeClient("s3").answers("head_bucket", {})
    assert planned(s3_changes.plan_ensure_bucket("Old_Logs", fake_provider(s3=client))).before
    absent = FakeClient("s3").raises("head_bucket", code="404")
    with pytest.raises(InvalidInput):
        planned(s3_changes.plan_ensure_bucket("Old_Logs", fake_provider(s3=absent)))


def test_WHEN_an_object_appears_between_plan_and_put_THEN_it_is_kept(
    aws_provider: AwsClientProvider, bucket: str, tmp_path: Path
) -> None:
    file = tmp_path / "new"
    file.write_bytes(b"new")
    change = planned(s3_changes.plan_put(file, bucket, "k", aws_provider, overwrite=False))
    put(aws_provider, "k", b"theirs")
    assert statuses(applied([change], aws_provider)) == ["failed"]
    assert body_of(aws_provider, "k") == b"theirs"


def test_WHEN_an_object_is_replaced_while_its_successor_goes_up_THEN_it_is_kept(
    aws_provider: AwsClientProvider, bucket: str, tmp_path: Path
) -> None:
    file = tmp_path / "new"
    file.write_bytes(b"new")
    put(aws_provider, "k", b"old")
    change = planned(s3_changes.plan_put(file, bucket, "k", aws_provider, overwrite=True))
    put(aws_provider, "k", b"theirs")
    [result] = change_kind(change.kind).apply([change], aws_provider)
    assert isinstance(result.error, S3ObjectChanged)
    assert body_of(aws_provider, "k") == b"theirs"


def test_WHEN_the_file_changes_between_plan_and_put_THEN_nothing_is_uploaded(
    aws_provider: AwsClientProvider, bucket: str, tmp_path: Path
) -> None:
    file = tmp_path / "new"
    file.write_bytes(b"new")
    change = planned(s3_changes.plan_put(file, bucket, "k", aws_provider, overwrite=False))
    file.write_bytes(b"newer")
    [result] = applied([change], aws_provider)
    assert "has changed" in str(result.error)
    assert s3_interactions.describe_object(bucket, "k", aws_provider) is None


def test_WHEN_objects_are_removed_THEN_absent_ones_are_unchanged_and_others_stay(
    aws_provider: AwsClientProvider, bucket: str
) -> None:
    for key in ("a", "a/b", "ab"):
        put(aws_provider, key)
    changes = s3_changes.plan_rm(bucket, ["a", "gone"], aws_provider)
    assert statuses(applied(changes, aws_provider)) == ["applied", "unchanged"]
    assert [found.key for found in s3_interactions.list_bucket_objects(bucket, aws_provider)] == ["a/b", "ab"]


def test_WHEN_an_object_is_replaced_between_plan_and_rm_THEN_it_is_kept(
    aws_provider: AwsClientProvider, bucket: str
) -> None:
    put(aws_provider, "a", b"old")
    changes = list(s3_changes.plan_rm(bucket, ["a"], aws_provider))
    put(aws_provider, "a", b"replaced")
    assert statuses(applied(changes, aws_provider)) == ["failed"]
    assert body_of(aws_provider, "a") == b"replaced"


@pytest.mark.parametrize(
    ("versioning", "expected"),
    [(None, Reversibility.IRREVERSIBLE), (BucketVersioning.ENABLED, Reversibility.COMPENSABLE)],
)
def test_WHEN_an_object_is_removed_THEN_only_versions_make_it_come_back(
    aws_provider: AwsClientProvider,
    bucket: str,
    versioning: BucketVersioning | None,
    expected: Reversibility,
) -> None:
    if versioning:
        s3_interactions.set_bucket_versioning(bucket, versioning, aws_provider)
    put(aws_provider, "a")
    assert planned(s3_changes.plan_rm(bucket, ["a"], aws_provider)).reversibility is expected


def test_WHEN_s3_keeps_two_of_three_keys_in_a_200_answer_THEN_exactly_those_failed() -> None:
    s3 = FakeClient("s3")
    head = {
        "ETag": '"e"',
        "ContentLength": 1,
        "ContentType": "text/plain",
        "LastModified": "2026-01-01T00:00:00Z",
    }
    s3.answers("head_object", head)
    s3.answers(
        "delete_objects",
        {
            "Deleted": [{"Key": "b"}],
            "Errors": [
                {"Key": "a", "Code": "AccessDenied", "Message": "no"},
                {"Key": "c", "Code": "InternalError", "Message": "sorry"},
            ],
        },
    )
    aws_provider = fake_provider(s3=s3)
    changes = list(s3_changes.plan_rm(BUCKET, ["a", "b", "c"], aws_provider))
    results = applied(changes, aws_provider)
    assert statuses(results) == ["failed", "applied", "failed"]
    assert [call.parameters["Bucket"] for call in s3.calls if call.operation == "delete_objects"] == [BUCKET]


def test_WHEN_tags_are_set_THEN_they_are_exactly_these(aws_provider: AwsClientProvider, bucket: str) -> None:
    s3_interactions.set_bucket_tags(bucket, {"team": "ops", "old": "x"}, aws_provider)
    change = planned(s3_changes.plan_set_tags(bucket, None, {"team": "ops"}, aws_provider))
    assert (change.effect, change.before) == (Effect.OVERWRITE, {"team": "ops", "old": "x"})
    assert statuses(applied([change], aws_provider)) == ["applied"]
    assert s3_interactions.get_bucket_tags(bucket, aws_provider) == {"team": "ops"}


def test_WHEN_tags_are_only_added_THEN_no_consent_is_needed(
    aws_provider: AwsClientProvider, bucket: str
) -> None:
    put(aws_provider, "k")
    change = planned(s3_changes.plan_set_tags(bucket, "k", {"team": "ops"}, aws_provider))
    assert not change.needs_consent
    assert statuses(applied([change], aws_provider)) == ["applied"]
    assert s3_interactions.get_object_tags(bucket, "k", aws_provider) == {"team": "ops"}


def test_WHEN_versioning_is_set_THEN_it_is_so_and_again_is_unchanged(
    aws_provider: AwsClientProvider, bucket: str
) -> None:
    change = planned(s3_changes.plan_set_versioning(bucket, "enabled", aws_provider))
    assert statuses(applied([change], aws_provider)) == ["applied"]
    again = planned(s3_changes.plan_set_versioning(bucket, "enabled", aws_provider))
    assert statuses(applied([again], aws_provider)) == ["unchanged"]


def settled(aws_provider: AwsClientProvider, changes: Iterable[Change]) -> Callable[[], list[ResultStatus]]:
    """Return what reading back says of planned changes, asked now and again."""
    kept = list(changes)
    return lambda: [change_kind(change.kind).read_back(change, aws_provider) for change in kept]


def test_WHEN_an_answer_is_lost_THEN_reading_back_tells_done_from_not_done(
    aws_provider: AwsClientProvider, bucket: str, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"mine")
    put(aws_provider, "doomed")
    changes = [
        *s3_changes.plan_create_bucket("other-bucket", aws_provider),
        *s3_changes.plan_put(file, bucket, "k", aws_provider, overwrite=False),
        *s3_changes.plan_rm(bucket, ["doomed"], aws_provider),
        *s3_changes.plan_set_tags(bucket, None, {"a": "b"}, aws_provider),
        *s3_changes.plan_set_encryption(bucket, "aws:kms", aws_provider),
        *s3_changes.plan_set_versioning(bucket, "enabled", aws_provider),
    ]
    read_back = settled(aws_provider, changes)
    assert read_back() == [ResultStatus.FAILED] * 6
    assert statuses(applied(changes, aws_provider)) == ["applied"] * 6
    assert read_back() == [ResultStatus.APPLIED] * 6
    destroy = settled(aws_provider, s3_changes.plan_destroy_bucket("other-bucket", aws_provider))
    assert destroy() == [ResultStatus.FAILED]
    s3_interactions.destroy_bucket("other-bucket", aws_provider)
    assert destroy() == [ResultStatus.APPLIED]


def test_WHEN_a_put_answer_is_lost_AND_another_object_is_there_THEN_it_stays_unknown(
    aws_provider: AwsClientProvider, bucket: str, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"mine")
    read_back = settled(aws_provider, s3_changes.plan_put(file, bucket, "k", aws_provider, overwrite=False))
    put(aws_provider, "k", b"theirs")
    assert read_back() == [ResultStatus.UNKNOWN]


def test_WHEN_a_change_is_planned_THEN_it_names_the_permissions_that_it_needs(
    aws_provider: AwsClientProvider, bucket: str
) -> None:
    change = planned(s3_changes.plan_set_versioning(bucket, "enabled", aws_provider))
    assert change.iam_actions == ("s3:GetBucketVersioning", "s3:PutBucketVersioning")


@pytest.mark.parametrize(
    ("old", "version_id", "expected"),
    [
        (b"mine", None, ResultStatus.UNKNOWN),
        (b"mine", "null", ResultStatus.UNKNOWN),
        (b"mine", "v1", ResultStatus.FAILED),
        (b"ours", None, ResultStatus.FAILED),
    ],
)
def test_WHEN_the_answer_to_an_overwrite_is_lost_AND_the_bytes_were_the_same_THEN_it_stays_unknown(
    tmp_path: Path, old: bytes, version_id: str | None, expected: ResultStatus
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"mine")
    etag = hashlib.md5(old, usedforsecurity=False).hexdigest()
    head = {"ETag": f'"{etag}"', "ContentLength": 4, "LastModified": "2026-01-01T00:00:00Z"}
    s3 = FakeClient("s3").answers("head_object", head | ({"VersionId": version_id} if version_id else {}))
    s3.raises("put_object", error=ReadTimeoutError(endpoint_url="https://s3"))
    aws_provider = fake_provider(s3=s3)
    [result] = applied(s3_changes.plan_put(file, BUCKET, "k", aws_provider, overwrite=True), aws_provider)
    assert result.status is expected


def test_WHEN_the_answer_to_a_put_is_lost_AND_the_file_has_gone_THEN_it_stays_unknown(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"mine")

    def lose(**_: object) -> dict[str, object]:
        file.unlink()
        raise ReadTimeoutError(endpoint_url="https://s3")

    found = {"ETag": '"e"', "ContentLength": 4, "LastModified": "2026-01-01T00:00:00Z"}
    s3 = FakeClient("s3").raises("head_object", code="404").raises("head_object", code="404")
    s3.answers("head_bucket", {}).answers("head_object", found).answers("put_object", lose)
    aws_provider = fake_provider(s3=s3)
    [result] = applied(s3_changes.plan_put(file, BUCKET, "k", aws_provider, overwrite=False), aws_provider)
    assert result.status is ResultStatus.UNKNOWN


def test_WHEN_a_bucket_was_maybe_made_AND_may_not_be_looked_at_THEN_it_stays_unknown() -> None:
    s3 = FakeClient("s3").raises("head_bucket", code="404").raises("head_bucket", code="404")
    s3.raises("head_bucket", code="403").raises(
        "create_bucket", error=ReadTimeoutError(endpoint_url="https://s3")
    )
    aws_provider = fake_provider(s3=s3)
    [result] = applied(s3_changes.plan_create_bucket(BUCKET, aws_provider), aws_provider)
    assert result.status is ResultStatus.UNKNOWN


def test_WHEN_a_batch_holds_objects_of_a_thousand_buckets_THEN_each_is_deleted_in_its_own() -> None:
    head = {"ETag": '"e"', "ContentLength": 1, "LastModified": "2026-01-01T00:00:00Z"}
    s3 = FakeClient("s3").answers("head_object", head).answers("delete_objects", {})
    aws_provider = fake_provider(s3=s3)
    buckets = [f"bucket-{number}" for number in range(1000)]
    changes = [change for name in buckets for change in s3_changes.plan_rm(name, ["k"], aws_provider)]
    assert statuses(applied(changes, aws_provider)) == ["applied"] * 1000
    assert [call["Bucket"] for call in s3.calls_of("delete_objects")] == buckets
