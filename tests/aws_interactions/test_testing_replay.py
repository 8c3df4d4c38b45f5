"""Replaying: what was recorded comes again, exactly; what was not is said; faults come when asked for."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError, ConnectionClosedError

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_environment import AwsEnvironment
from aws_interactions.aws_errors import AnswerLost, CredentialsProblem, ReadOnlyViolation, Throttled
from aws_interactions.call_recorder import CallRecorder
from aws_interactions.client_settings import ClientSettings
from aws_interactions.s3_interactions import BucketStatus, get_bucket_status
from aws_interactions.testing import (
    AnswersNotRecorded,
    ReplayProvider,
    UnrecordedBody,
    UnrecordedCall,
    expire_credentials_at,
    lose_answer,
    throttle,
)
from tests.aws_interactions.recording_aws import Answer, Recorded, recording_aws

KEYS = AccessKeys("AKIABASE", "base-secret-value")
Work = Callable[[AwsClientProvider], Any]
Record = Callable[..., Any]


@pytest.fixture
def file_path(tmp_path: Path) -> Path:
    return tmp_path / "run.jsonl"


@pytest.fixture
def record(file_path: Path) -> Record:
    """Give a function that records what work does against these answers, and returns what came of it."""

    def run(work: Work, *answers: Answer, with_answers: bool = True) -> Any:
        left = list(answers)

        def answer(_: Recorded) -> Answer:
            return left.pop(0) if len(left) > 1 else left[0]

        with recording_aws(answer) as aws:
            settings = ClientSettings(
                max_attempts=1, recorder=CallRecorder(file_path, with_answers=with_answers)
            )
            return work(
                AwsClientProvider(
                    aws_region="eu-west-1",
                    access_keys=KEYS,
                    endpoint_url=aws.endpoint_url,
                    client_settings=settings,
                )
            )

    return run


def page(*keys: str, token: str = "") -> Answer:
    contents = "".join(
        f"<Contents><Key>{key}</Key><Size>1</Size><LastModified>2026-01-02T03:04:05.000Z</LastModified></Contents>"
        for key in keys
    )
    more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{token}</NextContinuationToken>"
    encoding = "<EncodingType>url</EncodingType>"
    return Answer(body=f"<ListBucketResult>{more if token else ''}{encoding}{contents}</ListBucketResult>")


def listed(aws_provider: AwsClientProvider) -> list[Any]:
    pages = aws_provider.get_s3().get_paginator("list_objects_v2").paginate(Bucket="logs")
    return [item for each in pages for item in each.get("Contents", [])]


def test_WHEN_a_listing_is_replayed_THEN_its_pages_are_the_same_even_of_odd_names(
    file_path: Path, record: Record
) -> None:
    first = record(listed, page("a%2Fb+c", "100%2525", token="t"), page("%C3%A9"))

    again = listed(ReplayProvider(file_path))

    assert again == first
    assert [item["Key"] for item in again] == ["a/b c", "100%25", "é"]
    assert again[0]["LastModified"] == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_WHEN_equal_calls_are_replayed_THEN_their_answers_come_in_order_and_the_last_one_stays(
    file_path: Path, record: Record
) -> None:
    def look(aws_provider: AwsClientProvider) -> list[BucketStatus]:
        return [get_bucket_status("logs", aws_provider) for _ in range(2)]

    assert record(look, Answer(status=404), Answer()) == look(ReplayProvider(file_path))

    provider = ReplayProvider(file_path)
    assert [*look(provider), *look(provider)] == [
        BucketStatus.DOES_NOT_EXIST,
        BucketStatus.EXISTS_HAVE_ACCESS,
        BucketStatus.EXISTS_HAVE_ACCESS,
        BucketStatus.EXISTS_HAVE_ACCESS,
    ]


def test_WHEN_a_refusal_is_replayed_THEN_it_is_the_error_of_its_class(
    file_path: Path, record: Record
) -> None:
    refusal = {"__type": "x#ResourceNotFoundException", "message": "no table here", "extra": 1}

    def describe(aws_provider: AwsClientProvider) -> Any:
        client = aws_provider.get_dynamodb()
        with pytest.raises(client.exceptions.ResourceNotFoundException) as caught:
            client.describe_table(TableName="orders")
        return caught.value.response["Error"]

    assert record(describe, Answer(status=400, body=json.dumps(refusal))) == describe(
        ReplayProvider(file_path)
    )


def test_WHEN_a_lost_answer_is_replayed_THEN_it_is_the_error_of_the_connection(
    file_path: Path, record: Record
) -> None:
    def delete(aws_provider: AwsClientProvider) -> str:
        with pytest.raises(BotoCoreError) as caught:
            aws_provider.get_dynamodb().delete_table(TableName="orders")
        return type(caught.value).__name__

    assert (
        record(delete, Answer(hang_up=True)) == delete(ReplayProvider(file_path)) == "ConnectionClosedError"
    )


def test_WHEN_a_resource_is_replayed_THEN_its_values_are_what_they_were(
    file_path: Path, record: Record
) -> None:
    item = {"id": {"S": "1"}, "n": {"N": "1.50"}, "b": {"B": "AAE="}, "s": {"SS": ["a"]}}

    def get(aws_provider: AwsClientProvider) -> Any:
        return aws_provider.get_dynamodb_resource().Table("orders").get_item(Key={"id": "1"})["Item"]

    assert record(get, Answer(body=json.dumps({"Item": item}))) == get(ReplayProvider(file_path))


def test_WHEN_a_wait_is_replayed_THEN_it_does_not_sleep(file_path: Path, record: Record) -> None:
    def wait(aws_provider: AwsClientProvider) -> None:
        waiter = aws_provider.get_s3().get_waiter("bucket_exists")
        waiter.wait(Bucket="logs", WaiterConfig={"MaxAttempts": 3, "Delay": 0})

    record(wait, Answer(status=404), Answer())

    waiter = ReplayProvider(file_path).get_s3().get_waiter("bucket_exists")
    waiter.wait(Bucket="logs")


def test_WHEN_an_idempotent_write_is_replayed_THEN_its_token_is_not_compared(
    file_path: Path, record: Record
) -> None:
    put: Any = {"TableName": "orders", "Item": {"id": {"S": "1"}}}

    def write(aws_provider: AwsClientProvider) -> Any:
        return aws_provider.get_dynamodb().transact_write_items(TransactItems=[{"Put": put}])

    record(write, Answer(body="{}"))

    assert write(ReplayProvider(file_path))["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_WHEN_a_body_is_replayed_THEN_the_test_gives_it(file_path: Path, record: Record) -> None:
    def read(aws_provider: AwsClientProvider) -> bytes:
        return aws_provider.get_s3().get_object(Bucket="logs", Key="a")["Body"].read()

    record(read, Answer(body="12345"))

    assert read(ReplayProvider(file_path, bodies={"s3://logs/a": b"other"})) == b"other"
    with pytest.raises(UnrecordedBody, match=r"bodies=\{'s3://logs/a': b'...'\}"):
        read(ReplayProvider(file_path))


def test_WHEN_a_part_of_a_body_is_replayed_THEN_it_is_that_part(file_path: Path, record: Record) -> None:
    def read(aws_provider: AwsClientProvider) -> bytes:
        client = aws_provider.get_s3()
        return client.get_object(Bucket="logs", Key="a", Range="bytes=1-2")["Body"].read()

    record(read, Answer(status=206, body="23", headers={"Content-Range": "bytes 1-2/5"}))

    assert read(ReplayProvider(file_path, bodies={"s3://logs/a": b"12345"})) == b"23"


def test_WHEN_secrets_were_answered_THEN_they_read_as_redacted(file_path: Path, record: Record) -> None:
    def read(aws_provider: AwsClientProvider) -> str:
        return aws_provider.get_secretsmanager().get_secret_value(SecretId="db")["SecretString"]

    secret = "sentinel-5f1c"
    record(read, Answer(body=json.dumps({"Name": "db", "SecretString": secret})))

    assert read(ReplayProvider(file_path)) == "[redacted]"
    assert secret not in file_path.read_text()


def test_WHEN_a_call_was_not_recorded_THEN_it_fails_and_names_the_nearest(
    file_path: Path, record: Record
) -> None:
    record(lambda aws_provider: get_bucket_status("logs-2026", aws_provider), Answer())
    provider = ReplayProvider(file_path)

    with pytest.raises(
        UnrecordedCall, match=r"HeadBucket\(Bucket='logs-2025'\).*nearest.*Bucket='logs-2026'"
    ):
        get_bucket_status("logs-2025", provider)
    with pytest.raises(UnrecordedCall, match=r"of s3 these operations were: HeadBucket"):
        provider.get_s3().list_buckets()
    with pytest.raises(UnrecordedCall, match=r"of ec2 these operations were: none"):
        provider.get_ec2().describe_instances()
    with pytest.raises(
        UnrecordedCall, match=r"in aws://123456789012/us-east-1.* it was in aws://any account/eu"
    ):
        get_bucket_status("logs-2026", provider.for_region("us-east-1"))


def test_WHEN_accounts_were_entered_THEN_each_has_its_own_answers(file_path: Path) -> None:
    def line(account: str | None, region: str, found: str) -> str:
        call = {
            "record": "call",
            "at": "2026-01-02T03:04:05+00:00",
            "service": "dynamodb",
            "operation": "ListTables",
            "account": account,
            "region": region,
            "identity": "label",
            "resources": ["*"],
            "parameters": {},
            "status": 200,
            "answer": {"TableNames": [found]},
        }
        return json.dumps(call) + "\n"

    run = json.dumps({"record": "run", "format": 1}) + "\n"
    places = [("111122223333", "eu-west-1"), ("444455556666", "eu-west-1"), ("111122223333", "us-east-1")]
    file_path.write_text(run + "".join(line(*place, f"{place[0]} {place[1]}") for place in places))
    base = ReplayProvider(file_path, environment=AwsEnvironment("123456789012", "eu-west-1"))

    for account, region in places:
        derived = base.for_role(f"arn:aws:iam::{account}:role/operator").for_region(region)
        assert derived.get_dynamodb().list_tables()["TableNames"] == [f"{account} {region}"]
        assert str(derived.get_aws_env()) == f"aws://{account}/{region}"
    assert str(ReplayProvider(file_path).get_aws_env()) == "aws://111122223333/eu-west-1"
    assert len(base.calls) == 3


def test_WHEN_the_provider_is_read_only_THEN_writes_are_refused(file_path: Path, record: Record) -> None:
    def delete(aws_provider: AwsClientProvider) -> Any:
        return aws_provider.get_s3().delete_object(Bucket="logs", Key="a")

    record(delete, Answer(status=204))

    delete(ReplayProvider(file_path))
    with pytest.raises(ReadOnlyViolation):
        delete(ReplayProvider(file_path).read_only())


def test_WHEN_something_is_presigned_THEN_it_works_and_needs_no_recording(
    file_path: Path, record: Record
) -> None:
    record(lambda aws_provider: get_bucket_status("logs", aws_provider), Answer())

    client = ReplayProvider(file_path).get_s3()
    url = client.generate_presigned_url("get_object", Params={"Bucket": "logs", "Key": "a"})

    assert "/a?X-Amz-Algorithm=" in url


def test_WHEN_answers_were_not_recorded_THEN_it_says_how_to_record_them(
    file_path: Path, record: Record
) -> None:
    record(lambda aws_provider: get_bucket_status("logs", aws_provider), Answer(), with_answers=False)

    with pytest.raises(AnswersNotRecorded, match="--record-answers"):
        ReplayProvider(str(file_path))


class TestFaults:
    @pytest.fixture
    def buckets(self, file_path: Path, record: Record) -> Path:
        record(lambda aws_provider: get_bucket_status("logs", aws_provider), Answer())
        return file_path

    def test_WHEN_a_call_is_throttled_THEN_just_that_one_is(self, buckets: Path) -> None:
        provider = ReplayProvider(buckets, faults=[throttle(2)])

        assert get_bucket_status("logs", provider) is BucketStatus.EXISTS_HAVE_ACCESS
        with pytest.raises(Throttled):
            get_bucket_status("logs", provider)
        assert get_bucket_status("logs", provider) is BucketStatus.EXISTS_HAVE_ACCESS

    def test_WHEN_several_calls_are_throttled_THEN_all_of_them_are(self, buckets: Path) -> None:
        client = ReplayProvider(buckets, faults=[throttle(1, times=2)]).get_s3()

        for _ in range(2):
            with pytest.raises(ClientError, match="SlowDown"):
                client.head_bucket(Bucket="logs")
        client.head_bucket(Bucket="logs")

    def test_WHEN_credentials_expire_THEN_all_is_refused_from_then_on(self, buckets: Path) -> None:
        provider = ReplayProvider(buckets, faults=[expire_credentials_at(2)])

        get_bucket_status("logs", provider)
        for each in (provider, provider.for_region("us-east-1"), provider.read_only()):
            with pytest.raises(CredentialsProblem):
                get_bucket_status("logs", each)

    def test_WHEN_an_answer_is_lost_THEN_the_call_was_carried_out(
        self, file_path: Path, record: Record
    ) -> None:
        def look(aws_provider: AwsClientProvider) -> BucketStatus:
            return get_bucket_status("logs", aws_provider)

        record(lambda aws_provider: [look(aws_provider), look(aws_provider)], Answer(status=404), Answer())
        provider = ReplayProvider(file_path, faults=[lose_answer(1)])

        with pytest.raises(AnswerLost) as caught:
            look(provider)
        assert isinstance(caught.value.__cause__, ConnectionClosedError)
        assert look(provider) is BucketStatus.EXISTS_HAVE_ACCESS

    def test_WHEN_there_is_no_such_call_THEN_it_says_so(self) -> None:
        with pytest.raises(ValueError, match="call 0"):
            throttle(0)


def test_WHEN_threads_replay_THEN_every_call_is_counted(file_path: Path, record: Record) -> None:
    record(lambda aws_provider: get_bucket_status("logs", aws_provider), Answer())
    provider = ReplayProvider(file_path)
    threads = [
        threading.Thread(target=lambda: [get_bucket_status("logs", provider) for _ in range(20)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(provider.calls) == 80
    assert provider.calls[0].operation == "HeadBucket"
    assert provider.calls[0].parameters == {"Bucket": "logs"}


def test_WHEN_a_fault_is_at_a_call_that_never_comes_THEN_the_provider_tells(
    file_path: Path, record: Record
) -> None:
    record(listed, page("a"))
    late = lose_answer(2)
    provider = ReplayProvider(file_path, faults=[throttle(1), late])
    assert provider.unused_faults == (throttle(1), late)

    with pytest.raises(ClientError):
        listed(provider.for_region("eu-west-1"))
    assert provider.unused_faults == (late,)

    with pytest.raises(ConnectionClosedError):
        listed(provider)
    assert provider.unused_faults == ()
