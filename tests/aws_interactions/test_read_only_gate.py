import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore import signers
from botocore.session import Session

from aws_interactions.aws_errors import ReadOnlyViolation
from aws_interactions.service_operations import SERVICE_OPERATIONS, is_read
from tests.aws_interactions.recording_aws import (
    LIST_PAGE,
    Answer,
    Recorded,
    RecordingAws,
    bind,
    credentials_of,
    identity_in,
    recording_aws,
)

Call = Callable[[Any], object]
BUCKET = {"Bucket": "bucket"}
OBJECT = {"Bucket": "bucket", "Key": "key"}

READS: dict[str, Call] = {
    "call": lambda s3: s3.head_bucket(**BUCKET),
    "paginator": lambda s3: list(s3.get_paginator("list_objects_v2").paginate(**BUCKET)),
    "waiter": lambda s3: s3.get_waiter("bucket_exists").wait(**BUCKET),
    "presigned URL": lambda s3: s3.generate_presigned_url("get_object", Params=OBJECT),
    "presigned URL with HEAD": lambda s3: s3.generate_presigned_url(
        "get_object", Params=OBJECT, HttpMethod="HEAD"
    ),
}
WRITES: dict[str, tuple[Call, str]] = {
    "call": (lambda s3: s3.put_object(**OBJECT), "PutObject"),
    "deletion": (lambda s3: s3.delete_bucket(**BUCKET), "DeleteBucket"),
    "operation without a row": (lambda s3: s3.get_bucket_acl(**BUCKET), "GetBucketAcl"),
    "presigned URL": (lambda s3: s3.generate_presigned_url("put_object", Params=OBJECT), "PutObject"),
    "presigned URL of a read, as DELETE": (
        lambda s3: s3.generate_presigned_url("get_object", Params=OBJECT, HttpMethod="DELETE"),
        "GetObject signed for HTTP DELETE",
    ),
    "presigned post": (lambda s3: s3.generate_presigned_post("bucket", "key"), "presigned POST"),
}


@pytest.fixture
def aws() -> Any:
    def answer(request: Recorded) -> Answer:
        is_list = "encoding-type" in request.query
        return Answer(body=LIST_PAGE.format(more="false", token="") if is_list else "")

    with recording_aws(answer) as server:
        yield server


def read_only_resource(aws: RecordingAws) -> Any:
    return aws.prototypes().bind_resource(
        "s3", "eu-west-1", credentials=credentials_of("1"), identity=identity_in("1"), read_only=True
    )


@pytest.mark.parametrize("name", READS)
def test_WHEN_reading_AND_the_client_is_read_only_THEN_it_works(aws: RecordingAws, name: str) -> None:
    assert READS[name](bind(aws.prototypes(), "1", read_only=True)) != []


@pytest.mark.parametrize("name", WRITES)
def test_WHEN_writing_AND_the_client_is_read_only_THEN_it_is_refused_by_name_and_not_sent(
    aws: RecordingAws, name: str
) -> None:
    write, named = WRITES[name]
    with pytest.raises(ReadOnlyViolation, match=named):
        write(bind(aws.prototypes(), "1", read_only=True))

    assert aws.requests == []


def test_WHEN_writing_AND_the_client_is_not_read_only_THEN_the_same_prototypes_let_it_through(
    aws: RecordingAws,
) -> None:
    prototypes = aws.prototypes()
    bind(prototypes, "1", read_only=True)

    bind(prototypes, "1").put_object(**OBJECT)

    assert [request.method for request in aws.requests] == ["PUT"]


@pytest.mark.parametrize("service_name", SERVICE_OPERATIONS)
def test_WHEN_any_operation_of_a_service_is_presigned_THEN_only_reads_of_the_table_pass(
    aws: RecordingAws, service_name: str
) -> None:
    client = bind(aws.prototypes(), "1", service_name=service_name, read_only=True)
    refused = {
        operation_name
        for method, operation_name in client.meta.method_to_api_mapping.items()
        if _is_refused(client, method)
    }

    every = set(client.meta.service_model.operation_names)
    assert refused == {name for name in every if not is_read(service_name, name)}
    assert aws.requests == []


def _is_refused(client: Any, method: str) -> bool:
    operation = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method])
    try:
        client.generate_presigned_url(
            method, Params=_least(operation.input_shape) if operation.input_shape else {}
        )
    except ReadOnlyViolation:
        return True
    return False


def _least(shape: Any) -> Any:
    """Return a value that botocore takes for the shape, with nothing in it that need not be."""
    match shape.type_name:
        case "structure":
            return {name: _least(shape.members[name]) for name in shape.required_members}
        case "list":
            return [_least(shape.member)]
        case "map":
            return {_least(shape.key): _least(shape.value)}
        case "integer" | "long" | "float" | "double":
            return 1
        case "boolean":
            return True
        case "timestamp":
            return 0
        case "blob":
            return b"x"
        case _:
            return "x" * max(32, shape.metadata.get("min", 0))


def test_WHEN_an_unsigned_operation_is_called_AND_the_client_is_read_only_THEN_it_is_refused(
    aws: RecordingAws,
) -> None:
    client = bind(aws.prototypes(), "1", service_name="sts", read_only=True)

    with pytest.raises(ReadOnlyViolation, match="AssumeRoleWithWebIdentity"):
        client.assume_role_with_web_identity(
            RoleArn="arn:aws:iam::123456789012:role/r", RoleSessionName="session", WebIdentityToken="token"
        )

    assert aws.requests == []


def test_WHEN_signing_past_the_operation_AND_the_client_is_read_only_THEN_it_is_refused(
    aws: RecordingAws,
) -> None:
    # An authentication token is a presigned request that no operation announces.
    client = bind(aws.prototypes(), "1", service_name="rds", read_only=True)

    with pytest.raises(ReadOnlyViolation, match="connect"):
        client.generate_db_auth_token("database.example.com", 5432, "user")


def test_WHEN_an_unsigned_request_reaches_the_signer_unmarked_THEN_it_is_refused(aws: RecordingAws) -> None:
    client = bind(aws.prototypes(), "1", service_name="sts", read_only=True)
    request = signers.create_request_object(
        {
            "method": "POST",
            "url": "http://127.0.0.1/",
            "headers": {},
            "body": "",
            "context": {"auth_type": "none"},
        }
    )

    with pytest.raises(ReadOnlyViolation, match="AssumeRoleWithSAML"):
        client._request_signer.sign("AssumeRoleWithSAML", request)


def test_WHEN_a_resource_is_read_only_THEN_its_children_read_and_do_not_write(
    aws: RecordingAws, tmp_path: Path
) -> None:
    file_path = tmp_path / "file"
    file_path.write_text("x")
    bucket = read_only_resource(aws).Bucket("bucket")

    assert [summary.key for summary in bucket.objects.all()] == ["k"]
    for write in (
        lambda: bucket.objects.all().delete(),
        lambda: bucket.Object("key").delete(),
        lambda: bucket.put_object(Key="key", Body=b""),
        lambda: bucket.upload_file(str(file_path), "key"),
        lambda: bucket.meta.client.copy(OBJECT, "bucket", "other"),
        bucket.create,
    ):
        with pytest.raises(ReadOnlyViolation):
            write()
    assert {request.method for request in aws.requests} <= {"GET", "HEAD"}


def test_WHEN_botocore_moves_a_seam_of_the_gate_THEN_this_fails() -> None:
    seen: list[str] = []
    client = Session().create_client(
        "s3", "eu-west-1", aws_access_key_id="testing", aws_secret_access_key="testing"
    )
    client.meta.events.register("before-parameter-build.s3", lambda **event: seen.append(event["event_name"]))
    client.meta.events.register(
        "before-sign.s3",
        lambda **event: seen.append(f"{event['event_name']} {event['operation_name']}"),
    )

    client.generate_presigned_post("bucket", "key")

    # What botocore calls a presigned post; the gate's message says so.
    assert seen == ["before-parameter-build.s3.CreateBucket", "before-sign.s3.PutObject PutObject"]
    emits_before = inspect.getsource(signers.RequestSigner.sign).index("before-sign")
    assert emits_before < inspect.getsource(signers.RequestSigner.sign).index("botocore.UNSIGNED")
