import io
from datetime import UTC, datetime
from unittest import mock

import pytest
from botocore.exceptions import (
    ClientError,
    OperationNotPageableError,
    PaginationError,
    ParamValidationError,
    ReadTimeoutError,
    UnknownServiceError,
    WaiterError,
)

from aws_interactions import s3_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_environment import AwsEnvironment
from aws_interactions.s3_interactions import BucketStatus
from aws_interactions.testing import (
    Call,
    FakeClient,
    UnansweredCall,
    WrongFakeAnswer,
    fake_provider,
)

WHEN = datetime(2026, 1, 2, tzinfo=UTC)


def test_WHEN_operation_is_unknown_THEN_attribute_error_suggests_one() -> None:
    with pytest.raises(AttributeError, match="did you mean head_bucket"):
        _ = FakeClient("s3").head_bukket
    with pytest.raises(AttributeError, match="head_bukket"):
        FakeClient("s3").answers("head_bukket", {})


@pytest.mark.parametrize(
    "parameters",
    [
        {"Bucket": "logs"},
        {"Bucket": "logs", "Key": "a", "Kee": "b"},
        {"Bucket": 5, "Key": "a"},
        {"Bucket": "no/bucket", "Key": "a"},
        {"Bucket": "logs", "Key": None},
    ],
)
def test_WHEN_parameters_are_wrong_THEN_botocores_error_is_raised(parameters: dict[str, object]) -> None:
    client = FakeClient("s3").answers("head_object", {})
    with pytest.raises(ParamValidationError):
        client.head_object(**parameters)
    assert client.calls == []


@pytest.mark.parametrize(
    "answer",
    [{"ContentLenght": 1}, {"ContentLength": "1"}, {"Metadata": {"a": 1}}, ["not", "dicts"]],
)
def test_WHEN_answer_is_none_of_the_services_THEN_telling_it_fails(answer: object) -> None:
    with pytest.raises(WrongFakeAnswer):
        FakeClient("s3").answers("head_object", answer)  # type: ignore[arg-type]  # wrong on purpose


def test_WHEN_answering_function_returns_an_unknown_member_THEN_the_call_fails() -> None:
    client = FakeClient("s3").answers("head_object", lambda **_: {"Sise": 1})
    with pytest.raises(WrongFakeAnswer, match="Sise"):
        client.head_object(Bucket="logs", Key="a")


def test_WHEN_operation_has_no_answer_THEN_the_call_names_it() -> None:
    with pytest.raises(UnansweredCall, match=r"head_object\(Bucket='logs', Key='a'\)"):
        FakeClient("s3").head_object(Bucket="logs", Key="a")


def test_WHEN_several_answers_are_told_THEN_they_come_in_order_AND_the_last_stays() -> None:
    client = (
        FakeClient("s3")
        .raises("head_object", code="404")
        .answers("head_object", [{"ContentLength": 1}, lambda **sent: {"ContentLength": len(sent["Key"])}])
    )
    with pytest.raises(ClientError, match="404"):
        client.head_object(Bucket="logs", Key="abc")
    sizes = [client.head_object(Bucket="logs", Key="abc")["ContentLength"] for _ in range(3)]
    assert sizes == [1, 3, 3]
    assert client.calls == [Call("head_object", {"Bucket": "logs", "Key": "abc"})] * 4
    assert client.calls_of("get_object") == []


def test_WHEN_code_under_test_changes_an_answer_THEN_the_next_answer_is_whole() -> None:
    client = FakeClient("s3").answers("list_buckets", {"Buckets": [{"Name": "a"}]})
    client.list_buckets()["Buckets"].clear()
    assert client.list_buckets()["Buckets"] == [{"Name": "a"}]


def test_WHEN_modeled_error_is_raised_THEN_it_is_of_the_clients_class_with_status() -> None:
    client = FakeClient("s3").raises("get_object", code="NoSuchKey", message="gone", status=404)
    with pytest.raises(client.exceptions.NoSuchKey) as caught:
        client.get_object(Bucket="logs", Key="a")
    assert caught.value.response["Error"] == {"Code": "NoSuchKey", "Message": "gone"}
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    assert caught.value.operation_name == "GetObject"


def test_WHEN_any_error_is_told_THEN_it_is_raised() -> None:
    client = FakeClient("s3").raises("head_bucket", error=ReadTimeoutError(endpoint_url="x"))
    with pytest.raises(ReadTimeoutError):
        client.head_bucket(Bucket="logs")
    with pytest.raises(ValueError, match="either"):
        client.raises("head_bucket")


def test_WHEN_pages_are_told_THEN_the_paginator_walks_them_again_and_again() -> None:
    client = FakeClient("s3").pages(
        "list_object_versions",
        [{"Versions": [{"Key": "a"}]}, {"Versions": [{"Key": "b"}]}, {"DeleteMarkers": [{"Key": "c"}]}],
    )
    paginator = client.get_paginator("list_object_versions")
    for _ in range(2):
        found = paginator.paginate(Bucket="logs").build_full_result()
        assert [item["Key"] for item in found["Versions"]] == ["a", "b"]
        assert [item["Key"] for item in found["DeleteMarkers"]] == ["c"]
    assert client.can_paginate("list_object_versions")
    assert not client.can_paginate("head_bucket")


@pytest.mark.parametrize(
    ("service", "operation", "result", "parameters"),
    [
        ("dynamodb", "scan", "Items", {"TableName": "t"}),
        ("ec2", "describe_instances", "Reservations", {}),
        ("rds", "describe_db_instances", "DBInstances", {}),
        ("secretsmanager", "list_secrets", "SecretList", {}),
        ("iam", "list_roles", "Roles", {}),
        ("organizations", "list_accounts", "Accounts", {}),
        ("s3", "list_parts", "Parts", {"Bucket": "logs", "Key": "a", "UploadId": "u"}),
    ],
)
def test_WHEN_other_services_page_THEN_all_pages_come(
    service: str, operation: str, result: str, parameters: dict[str, str]
) -> None:
    client = FakeClient(service).pages(operation, [{result: [{}]}, {result: [{}, {}]}, {result: []}])
    pages = client.get_paginator(operation).paginate(**parameters)
    assert [len(page[result]) for page in pages] == [1, 2, 0]


def test_WHEN_foreign_token_is_sent_THEN_the_call_fails() -> None:
    client = FakeClient("s3").pages("list_objects_v2", [{}, {}])
    with pytest.raises(AssertionError, match="no page gave"):
        client.list_objects_v2(Bucket="logs", ContinuationToken="stale")


def test_WHEN_token_repeats_THEN_botocores_paginator_notices() -> None:
    client = FakeClient("s3").answers("list_objects_v2", {"IsTruncated": True, "NextContinuationToken": "x"})
    with pytest.raises(PaginationError):
        list(client.get_paginator("list_objects_v2").paginate(Bucket="logs"))


def test_WHEN_operation_has_no_paginator_THEN_botocores_error_is_raised() -> None:
    with pytest.raises(OperationNotPageableError):
        FakeClient("s3").get_paginator("head_bucket")


def test_WHEN_waiting_THEN_botocores_waiter_polls_without_sleep() -> None:
    client = FakeClient("s3").raises("head_object", code="404").raises("head_object", code="404")
    client.answers("head_object", {})
    client.get_waiter("object_exists").wait(Bucket="logs", Key="a", WaiterConfig={"Delay": 600})
    assert len(client.calls) == 3
    assert "object_exists" in client.waiter_names


def test_WHEN_waiting_in_vain_THEN_waiter_error_is_raised() -> None:
    client = FakeClient("s3").raises("head_object", code="404")
    with pytest.raises(WaiterError):
        client.get_waiter("object_exists").wait(Bucket="logs", Key="a")
    with pytest.raises(ValueError, match="does not exist"):
        client.get_waiter("object_flies")


def test_WHEN_bytes_are_streamed_THEN_they_are_read_from_both_sides() -> None:
    client = FakeClient("s3").answers("get_object", {"Body": b"content"}).answers("put_object", {})
    for _ in range(2):
        answer = client.get_object(Bucket="logs", Key="a")
        assert answer["Body"].read() == b"content"
        assert answer["ContentLength"] == 7
    client.put_object(Bucket="logs", Key="a", Body=io.BytesIO(b"sent"))
    assert client.calls_of("put_object") == [{"Bucket": "logs", "Key": "a", "Body": b"sent"}]


def test_WHEN_presigning_THEN_url_and_form_are_the_same_each_time() -> None:
    client = FakeClient("s3")
    urls = {client.generate_presigned_url("get_object", {"Bucket": "logs", "Key": "a b"}) for _ in range(2)}
    (url,) = urls
    assert url.startswith("https://logs.s3.eu-west-1.amazonaws.com/a%20b?X-Amz-Algorithm=AWS4-HMAC-SHA256")
    form = client.generate_presigned_post("logs", "a", Fields={"x": "y"})
    assert form["fields"]["x"] == "y"
    with pytest.raises(ParamValidationError):
        client.generate_presigned_url("get_object", {"Bucket": "logs", "Kee": "a"})
    assert FakeClient("sts").generate_presigned_url("get_caller_identity").startswith("https://sts.")
    with pytest.raises(AttributeError):
        FakeClient("sts").generate_presigned_post("logs", "a")


def test_WHEN_idempotency_token_is_left_out_THEN_it_is_filled_in_as_botocore_does() -> None:
    client = FakeClient("secretsmanager").answers("create_secret", {"Name": "s"})
    client.create_secret(Name="s")
    assert client.calls_of("create_secret")[0]["ClientRequestToken"]


def test_WHEN_provider_is_made_in_one_line_THEN_every_getter_is_there() -> None:
    provider = fake_provider()
    getters = [name for name in dir(AwsClientProvider) if name.startswith("get_")]
    assert all(callable(getattr(provider, name)) for name in getters)
    assert provider.get_aws_env() == AwsEnvironment("123456789012", "eu-west-1")
    assert provider.aws_region == "eu-west-1"
    assert isinstance(provider, AwsClientProvider)
    assert provider.get_s3() is provider.get_s3()
    with pytest.raises(AttributeError):
        provider.get_nothing()  # type: ignore[attr-defined]  # wrong on purpose
    with pytest.raises(UnansweredCall, match="s3_resource"):
        provider.get_s3_resource()
    with pytest.raises(UnansweredCall):
        provider.get_s3().head_bucket(Bucket="logs")


def test_WHEN_client_is_given_for_no_getter_THEN_the_fake_is_refused() -> None:
    with pytest.raises(TypeError, match="no getter for s4"):
        fake_provider(s4=FakeClient("s3"))


def test_WHEN_fake_is_derived_from_THEN_clients_stay_and_environment_changes() -> None:
    client = FakeClient("s3")
    provider = fake_provider(s3=client)
    derived = provider.for_role("arn:aws:iam::111122223333:role/operator").for_region("us-east-1").read_only()
    assert derived.get_s3() is client
    assert derived.get_sts() is provider.get_sts()
    assert derived.get_aws_env() == AwsEnvironment("111122223333", "us-east-1")
    assert (derived.is_read_only, provider.is_read_only) == (True, False)
    assert provider.get_aws_env().aws_account == "123456789012"
    with pytest.raises(ValueError, match="ARN"):
        provider.for_role("operator")


@pytest.mark.parametrize(
    "provider", [mock.Mock(), mock.create_autospec(AwsClientProvider, instance=True)], ids=["bare", "spec"]
)
def test_WHEN_provider_is_a_mock_AND_its_client_a_fake_THEN_wrappers_work(provider: mock.Mock) -> None:
    provider.get_s3.return_value = FakeClient("s3").raises("head_bucket", code="403")
    assert s3_interactions.get_bucket_status("logs", provider) is BucketStatus.EXISTS_NO_ACCESS


def test_WHEN_client_itself_is_a_mock_THEN_single_calls_work() -> None:
    provider = mock.Mock()
    provider.get_s3.return_value.head_object.return_value = {"Metadata": {"owner": "ops"}}
    assert s3_interactions.get_object_user_metadata("logs", "a", provider) == {"owner": "ops"}


def test_WHEN_fake_lists_objects_THEN_the_wrapper_pages_through_them() -> None:
    item = {"Size": 1, "LastModified": WHEN, "ETag": '"e"'}
    pages = [{"Contents": [{"Key": "a", **item}]}, {"Contents": [{"Key": "b", **item}]}]
    provider = fake_provider(s3=FakeClient("s3").pages("list_objects_v2", pages))
    assert [found.key for found in s3_interactions.list_bucket_objects("logs", provider)] == ["a", "b"]


def test_WHEN_service_is_unknown_THEN_botocores_error_is_raised() -> None:
    with pytest.raises(UnknownServiceError):
        FakeClient("s33")


def test_WHEN_service_has_no_waiters_THEN_there_are_none() -> None:
    assert FakeClient("sts").waiter_names == []
    assert not FakeClient("sts").can_paginate("get_caller_identity")


def test_WHEN_operation_answers_with_nothing_THEN_only_nothing_is_an_answer() -> None:
    client = FakeClient("s3").answers("delete_bucket", {})
    assert client.delete_bucket(Bucket="logs")["ResponseMetadata"]["HTTPStatusCode"] == 200
    with pytest.raises(WrongFakeAnswer, match="nothing"):
        client.answers("delete_bucket", {"Bucket": "logs"})
    with pytest.raises(WrongFakeAnswer, match="not a dict"):
        FakeClient("s3").answers("head_bucket", lambda **_: 5).head_bucket(Bucket="logs")  # type: ignore[arg-type]  # wrong on purpose


def test_WHEN_operation_takes_nothing_THEN_a_parameter_is_refused() -> None:
    client = FakeClient("iam").answers("get_account_summary", {"SummaryMap": {"Users": 1}})
    assert client.get_account_summary()["SummaryMap"] == {"Users": 1}
    with pytest.raises(ParamValidationError, match="takes no parameters"):
        client.get_account_summary(Who="me")


def test_WHEN_part_of_an_answer_is_no_structure_THEN_telling_it_fails() -> None:
    with pytest.raises(WrongFakeAnswer, match="Buckets"):
        FakeClient("s3").answers("list_buckets", {"Buckets": ["logs"]})
    with pytest.raises(WrongFakeAnswer, match="with a dict"):
        FakeClient("s3").answers("list_buckets", [["logs"]])  # type: ignore[list-item]  # wrong on purpose


def test_WHEN_tokens_are_deep_in_the_answer_THEN_pages_are_joined_still() -> None:
    page = {"DistributionList": {"Marker": "", "MaxItems": 1, "IsTruncated": False, "Quantity": 0}}
    client = FakeClient("cloudfront").pages("list_distributions", [page, page, page])
    assert len(list(client.get_paginator("list_distributions").paginate())) == 3


def test_WHEN_an_error_has_more_than_a_code_THEN_the_fake_one_has_it_too() -> None:
    reasons = [{"Code": "None"}, {"Code": "ConditionalCheckFailed"}]
    client = FakeClient("dynamodb").raises(
        "transact_write_items", "TransactionCanceledException", details={"CancellationReasons": reasons}
    )
    with pytest.raises(ClientError) as caught:
        client.transact_write_items(
            TransactItems=[{"Delete": {"TableName": "orders", "Key": {"id": {"S": "a"}}}}]
        )
    assert caught.value.response["CancellationReasons"] == reasons


def test_WHEN_the_source_of_a_copy_is_a_dict_THEN_it_is_taken_as_botocore_takes_it() -> None:
    client = FakeClient("s3").answers("copy_object", {})
    source = {"Bucket": "logs", "Key": "a\nb", "VersionId": "v1"}
    client.copy_object(Bucket="logs", Key="k", CopySource=source)
    assert client.calls_of("copy_object") == [{"Bucket": "logs", "Key": "k", "CopySource": source}]
    with pytest.raises(ParamValidationError):
        client.copy_object(Bucket="logs", Key="k", CopySource={"Key": "a"})
