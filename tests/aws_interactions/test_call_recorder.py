"""The flight recorder on real bound clients: what a line says, and that it never costs a call its result."""

import json
import os
import pickle
import stat
import threading
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import LocalFileProblem, ReadOnlyViolation
from aws_interactions.call_budget import CallBudget
from aws_interactions.call_permissions import Permission, permissions_of
from aws_interactions.call_recorder import CallRecorder, CantRecord
from aws_interactions.client_settings import ClientSettings
from aws_interactions.recorded_calls import NotARecording, RecordedCall, read_recording
from aws_interactions.secret_redaction import register_secret
from tests.aws_interactions.recording_aws import (
    LIST_PAGE,
    Answer,
    bind,
    credentials_of,
    identity_in,
    recording_aws,
)
from tests.aws_interactions.simulated_time import (
    THROTTLED,
    URL,
    Reply,
    SimulatedAws,
    SimulatedTime,
    prototypes_with,
    refusal,
)

ITEM = {"TableName": "orders", "Key": {"id": {"S": "1"}}}


@pytest.fixture
def file_path(tmp_path: Path) -> Path:
    return tmp_path / "run.jsonl"


def recorded(file_path: Path) -> list[RecordedCall]:
    return list(read_recording(file_path))


class Simulation:
    """DynamoDB behind a clock; ``replies`` are given in turn, the last one for ever."""

    def __init__(self, file_path: Path, *replies: Reply | Exception, **options: Any) -> None:
        self.time = SimulatedTime()
        self.recorder = CallRecorder(file_path, **options)
        budget = CallBudget(sleep=self.time.sleep, clock=self.time.clock)
        prototypes = prototypes_with(call_budget=budget, max_attempts=3, recorder=self.recorder)
        self.aws = SimulatedAws(self._next_reply, self.time)
        self.client = self.aws.client(prototypes, "123456789012")
        self._replies = list(replies) or [Reply()]

    def _next_reply(self, _: str) -> Reply | Exception:
        return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]


def test_WHEN_a_call_is_made_THEN_its_line_says_who_did_what_where(file_path: Path) -> None:
    Simulation(file_path, Reply(headers={"x-amzn-requestid": "R-1"})).client.get_item(**ITEM)

    (call,) = recorded(file_path)
    assert (call.service, call.operation) == ("dynamodb", "GetItem")
    assert (call.account, call.region, call.identity) == ("123456789012", "eu-west-1", "label")
    assert call.resources == ("arn:aws:dynamodb:eu-west-1:123456789012:table/orders",)
    assert call.parameters == {"TableName": "orders", "Key": {"id": "[redacted]"}}
    assert (call.request_id, call.attempts, call.outcome, call.status) == ("R-1", 1, "ok", 200)
    assert (call.code, call.answer, call.is_presigned) == (None, None, False)
    assert 0 <= call.seconds < 5


def test_WHEN_a_recording_begins_THEN_it_is_private_and_says_what_was_run(file_path: Path) -> None:
    CallRecorder(file_path, arguments=["s3", "ls"], program="manage-resources 1", clock=lambda: 0.0)

    assert stat.S_IMODE(file_path.stat().st_mode) == 0o600
    assert json.loads(file_path.read_text()) == {
        "record": "run",
        "format": 1,
        "program": "manage-resources 1",
        "arguments": ["s3", "ls"],
        "began": "1970-01-01T00:00:00+00:00",
    }


def test_WHEN_a_call_is_tried_again_THEN_it_is_one_line_and_throttled_attempts_count_too(
    file_path: Path,
) -> None:
    simulation = Simulation(file_path, THROTTLED, THROTTLED, THROTTLED, refusal("Oops", 500), Reply())
    simulation.client.list_tables()

    (call,) = recorded(file_path)
    assert (call.attempts, call.outcome) == (5, "ok")


def test_WHEN_AWS_refuses_THEN_code_and_status_are_in_the_line_and_the_error_is_unchanged(
    file_path: Path,
) -> None:
    simulation = Simulation(file_path, refusal("AccessDeniedException", 400))
    with pytest.raises(ClientError, match="AccessDeniedException"):
        simulation.client.get_item(**ITEM)

    (call,) = recorded(file_path)
    assert (call.outcome, call.code, call.status) == ("error", "AccessDeniedException", 400)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (ConnectionClosedError(endpoint_url=URL), "lost"),
        (ReadTimeoutError(endpoint_url=URL), "lost"),
        (EndpointConnectionError(endpoint_url=URL), "error"),
    ],
)
def test_WHEN_no_answer_comes_THEN_the_line_tells_lost_from_never_sent(
    file_path: Path, error: Exception, outcome: str
) -> None:
    simulation = Simulation(file_path, error)
    with pytest.raises(type(error)):
        simulation.client.update_item(**ITEM)

    (call,) = recorded(file_path)
    assert (call.outcome, call.exception) == (outcome, type(error).__name__)
    assert (call.code, call.status, call.request_id) == (None, None, None)


def test_WHEN_an_answer_was_lost_AND_a_later_try_is_refused_THEN_the_outcome_is_lost(file_path: Path) -> None:
    lost = ConnectionClosedError(endpoint_url=URL)
    simulation = Simulation(file_path, lost, refusal("ResourceInUseException"))
    with pytest.raises(ConnectionClosedError):
        simulation.client.delete_table(TableName="orders")

    (call,) = recorded(file_path)
    assert (call.outcome, call.attempts) == ("lost", 2)


def test_WHEN_nothing_was_sent_THEN_there_is_no_line(file_path: Path) -> None:
    prototypes = prototypes_with(recorder=CallRecorder(file_path))
    reader = bind(prototypes, "1", service_name="dynamodb", read_only=True)
    with pytest.raises(ReadOnlyViolation):
        reader.delete_table(TableName="orders")
    with pytest.raises(Exception, match="Missing required parameter"):
        reader.get_item()

    assert recorded(file_path) == []


def test_WHEN_answers_are_kept_THEN_they_are_what_came_without_its_secrets(file_path: Path) -> None:
    answer = Reply(body={"Item": {"id": {"S": "1"}, "photo": {"B": "AAE="}}})
    Simulation(file_path, answer, with_answers=True).client.get_item(**ITEM)

    (call,) = recorded(file_path)
    assert call.answer == {"Item": {"id": {"S": "1"}, "photo": {"B": {"$base64": "AAE="}}}}
    assert call.parameters == ITEM


def test_WHEN_a_refusal_repeats_the_request_THEN_only_its_first_line_is_kept(file_path: Path) -> None:
    body = {"__type": "InvalidSignatureException", "message": "Wrong.\nx-amz-security-token:abcdefgh"}
    simulation = Simulation(file_path, Reply(403, body), with_answers=True)
    with pytest.raises(ClientError, match="abcdefgh"):
        simulation.client.list_tables()

    assert "abcdefgh" not in file_path.read_text()
    assert recorded(file_path)[0].answer is not None


def test_WHEN_S3_refuses_a_signature_THEN_nothing_that_was_signed_is_kept_in_any_spelling(
    file_path: Path,
) -> None:
    signed = "GET\nx-amz-security-token:sentinel-token\nhost"
    body = (
        "<Error><Code>SignatureDoesNotMatch</Code><Message>Wrong.</Message><Region>eu-west-1</Region>"
        f"<StringToSign>{signed}</StringToSign><SignatureProvided>0123abcd</SignatureProvided>"
        f"<CanonicalRequest>{signed}</CanonicalRequest>"
        f"<CanonicalRequestBytes>{signed.encode().hex(' ')}</CanonicalRequestBytes>"
        "<Token-0>sentinel-token</Token-0></Error>"
    )
    with recording_aws(lambda _: Answer(status=403, body=body)) as aws:
        client = bind(aws.prototypes(recorder=CallRecorder(file_path, with_answers=True)), "1")
        with pytest.raises(ClientError) as caught:
            client.list_buckets()

    assert "CanonicalRequestBytes" in caught.value.response["Error"]
    (call,) = recorded(file_path)
    assert call.answer is not None
    assert call.answer["Error"] == {
        "Code": "SignatureDoesNotMatch",
        "Message": "Wrong.",
        "Region": "eu-west-1",
    }


def test_WHEN_objects_are_written_and_read_THEN_no_body_is_in_the_recording(file_path: Path) -> None:
    with recording_aws(lambda asked: Answer(body="sentinel" if asked.method == "GET" else "")) as aws:
        client = bind(aws.prototypes(recorder=CallRecorder(file_path, with_answers=True)), "1")
        client.put_object(Bucket="logs", Key="a", Body=BytesIO(b"sentinel"), Metadata={"a": "b"})
        assert client.get_object(Bucket="logs", Key="a")["Body"].read() == b"sentinel"

    put, got = recorded(file_path)
    assert "sentinel" not in file_path.read_text()
    assert put.parameters["Body"] == {"$bytes": 8}
    assert put.resources == got.resources == ("arn:aws:s3:::logs/a",)


def test_WHEN_pages_are_listed_THEN_each_is_a_call_with_what_was_asked_for(file_path: Path) -> None:
    pages = [
        LIST_PAGE.format(more="true", token="<NextContinuationToken>t</NextContinuationToken>"),
        LIST_PAGE.format(more="false", token=""),
    ]
    with recording_aws(lambda _: Answer(body=pages.pop(0))) as aws:
        client = bind(aws.prototypes(recorder=CallRecorder(file_path)), "1")
        assert len(list(client.get_paginator("list_objects_v2").paginate(Bucket="logs"))) == 2

    first, second = recorded(file_path)
    assert first.parameters == {"Bucket": "logs"}
    assert second.parameters == {"Bucket": "logs", "ContinuationToken": "t"}


def test_WHEN_resources_and_their_transfers_call_THEN_they_are_recorded_too(
    file_path: Path, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"12345")
    with recording_aws(lambda asked: Answer(body="{}" if asked.method == "POST" else "")) as aws:
        prototypes = aws.prototypes(recorder=CallRecorder(file_path))
        binding: dict[str, Any] = {
            "credentials": credentials_of("1"),
            "identity": identity_in("1"),
            "read_only": False,
        }
        s3 = prototypes.bind_resource("s3", "eu-west-1", **binding)
        s3.Bucket("logs").upload_file(str(source), "key")
        dynamodb = prototypes.bind_resource("dynamodb", "eu-west-1", **binding)
        dynamodb.Table("orders").put_item(Item={"id": "1"})

    upload, put = recorded(file_path)
    assert (upload.operation, upload.parameters["Body"]) == ("PutObject", {"$bytes": 5})
    assert (put.operation, put.parameters["Item"]) == ("PutItem", {"id": "[redacted]"})
    assert {upload.account, put.account} == {"1"}


def test_WHEN_requests_are_presigned_THEN_they_are_recorded_as_such(file_path: Path) -> None:
    client = bind(prototypes_with(recorder=CallRecorder(file_path)), "1")
    client.generate_presigned_url("get_object", Params={"Bucket": "logs", "Key": "a"})
    client.generate_presigned_post("logs", "b")
    client.generate_presigned_post("logs", "up/${filename}")

    url, form, begins = recorded(file_path)
    assert all(call.is_presigned for call in (url, form, begins))
    assert (url.operation, url.parameters) == ("GetObject", {"Bucket": "logs", "Key": "a"})
    assert (form.operation, form.parameters) == ("PutObject", {"Bucket": "logs", "Key": "b"})
    assert begins.resources == ("arn:aws:s3:::logs/up/*",)
    assert permissions_of(begins) == (Permission("s3:PutObject", "arn:aws:s3:::logs/up/*"),)
    assert "Signature" not in file_path.read_text()


def test_WHEN_roles_are_assumed_THEN_the_calls_for_credentials_are_recorded_without_them(
    file_path: Path, sts_endpoint: str
) -> None:
    role = "arn:aws:iam::111122223333:role/operator"
    aws_provider = AwsClientProvider(
        aws_region="eu-west-1",
        access_keys=AccessKeys("AKIABASE", "base-secret-value"),
        endpoint_url=sts_endpoint,
        assume_role_arn=role,
        client_settings=ClientSettings(recorder=CallRecorder(file_path, with_answers=True)),
    )
    aws_provider.get_sts().get_caller_identity()

    assumed, checked, asked = recorded(file_path)
    assert [call.operation for call in (assumed, checked, asked)] == [
        "AssumeRole",
        "GetCallerIdentity",
        "GetCallerIdentity",
    ]
    assert assumed.resources == (role,)
    assert asked.identity == role
    # Known only since the credentials were got, which was during this call.
    assert asked.account == "111122223333"
    assert assumed.answer is not None
    assert assumed.answer["Credentials"]["SessionToken"] == "[redacted]"
    assert assumed.answer["Credentials"]["SecretAccessKey"] == "[redacted]"


def test_WHEN_many_threads_call_THEN_each_call_has_a_whole_line(file_path: Path) -> None:
    recorder = CallRecorder(file_path)
    prototypes = prototypes_with(recorder=recorder)
    aws = SimulatedAws(lambda _: Reply(), SimulatedTime())

    def work(account: str) -> None:
        client = aws.client(prototypes, account)
        for _ in range(20):
            client.get_item(**ITEM)

    threads = [threading.Thread(target=work, args=(str(number),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    accounts = [call.account for call in recorded(file_path)]
    assert len(accounts) == 160
    assert {accounts.count(str(number)) for number in range(8)} == {20}


def test_WHEN_a_recording_is_there_THEN_it_is_added_to_and_a_torn_line_does_no_harm(file_path: Path) -> None:
    Simulation(file_path).client.list_tables()
    with file_path.open("ab") as file:
        file.write(b'{"record":"call","at":')
    Simulation(file_path).client.list_tables()

    assert len(recorded(file_path)) == 2


def test_WHEN_something_else_is_there_THEN_it_is_refused_and_stays(file_path: Path) -> None:
    file_path.write_text("my notes\n")

    with pytest.raises(NotARecording, match="something else"):
        CallRecorder(file_path)

    assert file_path.read_text() == "my notes\n"


def test_WHEN_the_file_cannot_be_written_THEN_it_says_why_before_any_call(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "other")
    os.mkfifo(tmp_path / "pipe")
    reasons = {
        "none/run": "no directory",
        "link": "symbolic link",
        "pipe": "pipe",
        ".": "directory",
        "nul\0": "null",
    }
    for name, reason in reasons.items():
        with pytest.raises(CantRecord, match=reason):
            CallRecorder(tmp_path / name)
    with pytest.raises(CantRecord, match="No space"):
        CallRecorder(Path("/dev/full"))

    assert not (tmp_path / "other").exists()


def test_WHEN_the_disk_gets_full_THEN_the_call_keeps_its_result_and_the_next_is_not_sent(
    file_path: Path,
) -> None:
    full = threading.Event()

    def write(descriptor: int, data: bytes) -> int:
        if full.is_set():
            raise OSError(28, "No space left on device")
        return os.write(descriptor, data)

    simulation = Simulation(file_path, Reply(body={"TableNames": ["orders"]}), write=write)
    simulation.client.list_tables()
    full.set()

    assert simulation.client.list_tables()["TableNames"] == ["orders"]
    assert isinstance(simulation.recorder.problem, LocalFileProblem)
    assert not simulation.recorder.has_refused
    full.clear()
    with pytest.raises(CantRecord, match="No space left on device; nothing more is sent"):
        simulation.client.list_tables()

    assert len(simulation.aws.requests) == 2
    assert len(recorded(file_path)) == 1
    assert simulation.recorder.has_refused


def test_WHEN_a_line_cannot_even_be_made_THEN_the_call_keeps_its_result(file_path: Path) -> None:
    simulation = Simulation(file_path, Reply(body={"TableNames": ["orders"]}))
    events = simulation.client._prototype.meta.events

    def spoil(context: dict[str, Any], **_: object) -> None:
        context["retries"] = None

    events.register("response-received.dynamodb", spoil)

    assert simulation.client.list_tables()["TableNames"] == ["orders"]
    with pytest.raises(CantRecord, match="AttributeError"):
        simulation.client.list_tables()
    assert len(simulation.aws.requests) == 1


def test_WHEN_a_registered_secret_is_in_a_name_THEN_it_is_not_in_the_resources(file_path: Path) -> None:
    register_secret("sentinel-name-77aa")
    client = bind(prototypes_with(recorder=CallRecorder(file_path)), "1")
    client.generate_presigned_url("get_object", Params={"Bucket": "logs", "Key": "a/sentinel-name-77aa/b"})

    (call,) = recorded(file_path)
    assert call.resources == ("arn:aws:s3:::logs/a/[redacted]/b",)
    assert "sentinel" not in file_path.read_text()


def test_WHEN_a_write_takes_only_a_part_THEN_the_rest_follows(file_path: Path) -> None:
    simulation = Simulation(file_path, write=lambda descriptor, data: os.write(descriptor, data[:7]))
    simulation.client.list_tables()

    assert len(recorded(file_path)) == 1


def test_WHEN_a_presigned_request_cannot_be_recorded_THEN_nobody_gets_it(file_path: Path) -> None:
    lines: list[bytes] = []

    def write(_: int, data: bytes) -> int:
        lines.append(data)
        if len(lines) > 1:
            raise OSError(28, "No space left on device")
        return len(data)

    client = bind(prototypes_with(recorder=CallRecorder(file_path, write=write)), "1")

    with pytest.raises(CantRecord):
        client.generate_presigned_url("get_object", Params={"Bucket": "logs", "Key": "a"})


def test_WHEN_a_recorder_is_sent_elsewhere_THEN_it_refuses(file_path: Path) -> None:
    with pytest.raises(TypeError, match="neither pickles nor copies"):
        pickle.dumps(CallRecorder(file_path))


def test_WHEN_botocore_moves_a_seam_of_the_recorder_THEN_this_fails(file_path: Path) -> None:
    seen: list[str] = []
    with recording_aws(lambda _: Answer(status=404)) as aws:
        prototypes = aws.prototypes(recorder=CallRecorder(file_path))
        client = bind(prototypes, "1")
        events = client._prototype.meta.events
        for name in ("before-parameter-build", "before-call", "before-sign", "after-call"):
            events.register(
                f"{name}.s3.HeadBucket",
                lambda context=None, request=None, event_name="", **_: seen.append(
                    f"{event_name.split('.')[0]}"
                    f"{'' if 'manage_resources_record' in (context or request.context) else ' lost'}"
                ),
            )
        with pytest.raises(ClientError):
            client.head_bucket(Bucket="logs")

    # The first one comes before ours, which has to see what all others made of the parameters.
    assert seen == ["before-parameter-build lost", "before-call", "before-sign", "after-call"]
