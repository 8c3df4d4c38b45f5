import gc
import inspect
import pickle
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from botocore import auth, signers
from botocore.client import BaseClient
from botocore.credentials import Credentials
from botocore.exceptions import NoAuthTokenError
from botocore.hooks import EventAliaser, HierarchicalEmitter
from botocore.session import Session
from botocore.signers import RequestSigner

from aws_interactions.bound_clients import ClientPrototypes
from aws_interactions.client_settings import ClientSettings
from tests.aws_interactions.recording_aws import (
    LIST_PAGE,
    Answer,
    Recorded,
    bind,
    credentials_of,
    identity_in,
    recording_aws,
)

SERVICES = ("s3", "sts", "iam", "ec2", "dynamodb")
REGIONS = ("us-east-1", "eu-west-1", "us-west-2", "ap-southeast-2")


def real_aws() -> ClientPrototypes:
    return ClientPrototypes(endpoint_url=None, client_settings=ClientSettings())


def test_WHEN_calling_AND_two_accounts_share_a_prototype_THEN_each_signs_with_its_own_key() -> None:
    with recording_aws() as aws:
        prototypes = aws.prototypes()
        first, second = bind(prototypes, "1"), bind(prototypes, "2")

        first.head_bucket(Bucket="bucket")
        second.head_bucket(Bucket="bucket")
        first.head_bucket(Bucket="bucket")

    assert [request.access_key_id for request in aws.requests] == ["KEY1", "KEY2", "KEY1"]


@pytest.mark.parametrize("service_name", SERVICES)
def test_WHEN_binding_a_client_THEN_it_is_of_botocores_class_and_knows_its_region(service_name: str) -> None:
    client = bind(real_aws(), "1", service_name=service_name)

    assert isinstance(client, BaseClient)
    assert client.meta.service_model.service_name == service_name
    assert client.meta.region_name == ("aws-global" if service_name == "iam" else "eu-west-1")


def test_WHEN_binding_twice_THEN_the_clients_are_not_the_same_object() -> None:
    prototypes = real_aws()

    assert bind(prototypes, "1") is not bind(prototypes, "1")


def test_WHEN_paging_and_waiting_THEN_every_request_is_signed_by_the_target() -> None:
    def answer(request: Recorded) -> Answer:
        if "list-type" not in request.query:
            return Answer()
        is_last = "continuation-token" in request.query
        token = "" if is_last else "<NextContinuationToken>t</NextContinuationToken>"
        return Answer(body=LIST_PAGE.format(more=str(not is_last).lower(), token=token))

    with recording_aws(answer) as aws:
        prototypes = aws.prototypes()
        bind(prototypes, "1")
        client = bind(prototypes, "2")

        pages = list(client.get_paginator("list_objects_v2").paginate(Bucket="bucket"))
        client.get_waiter("bucket_exists").wait(Bucket="bucket")

    assert len(pages) == 2
    assert {request.access_key_id for request in aws.requests} == {"KEY2"}
    assert len(aws.requests) == 3


def test_WHEN_retrying_THEN_the_second_attempt_is_signed_by_the_target_too() -> None:
    answers = iter((Answer(status=500), Answer()))
    with recording_aws(lambda _: next(answers)) as aws:
        bind(aws.prototypes(), "7").head_bucket(Bucket="bucket")

    assert [request.access_key_id for request in aws.requests] == ["KEY7", "KEY7"]


def test_WHEN_presigning_THEN_url_and_post_carry_the_targets_key_version_4_and_its_region() -> None:
    prototypes = real_aws()
    bind(prototypes, "1")
    client = bind(prototypes, "2")

    url = client.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "key"})
    post = client.generate_presigned_post("bucket", "key")

    assert url.startswith("https://bucket.s3.eu-west-1.amazonaws.com/key?X-Amz-Algorithm=AWS4-HMAC-SHA256&")
    assert "X-Amz-Credential=KEY2%2F" in url
    assert post["url"] == "https://bucket.s3.eu-west-1.amazonaws.com/"
    assert post["fields"]["x-amz-credential"].startswith("KEY2/")


@pytest.mark.parametrize("aws_region", REGIONS)
def test_WHEN_presigning_AND_the_region_once_had_version_2_THEN_it_is_version_4(aws_region: str) -> None:
    client = bind(real_aws(), "1", aws_region=aws_region)

    url = client.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "key"})

    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in url
    assert f"{aws_region}%2Fs3%2Faws4_request" in url


def test_WHEN_using_a_resource_THEN_children_collections_and_transfers_sign_as_the_target(
    tmp_path: Path,
) -> None:
    page = LIST_PAGE.format(more="false", token="")

    def answer(request: Recorded) -> Answer:
        if request.method != "GET":
            return Answer()
        return Answer(body=page if request.query else "x")

    source, target = tmp_path / "source", tmp_path / "target"
    source.write_text("x")
    with recording_aws(answer) as aws:
        prototypes = aws.prototypes()

        def resource(account: str) -> Any:
            return prototypes.bind_resource(
                "s3",
                "eu-west-1",
                credentials=credentials_of(account),
                identity=identity_in(account),
                read_only=False,
            )

        resource("1")
        bucket = resource("2").Bucket("bucket")
        keys = [summary.key for summary in bucket.objects.all()]
        bucket.Object("k").load()
        bucket.upload_file(str(source), "k")
        bucket.meta.client.download_file("bucket", "k", str(target))
        bucket.Object("k").delete()

    assert keys == ["k"]
    assert target.read_text() == "x"
    assert [request.method for request in aws.requests] == ["GET", "HEAD", "PUT", "HEAD", "GET", "DELETE"]
    assert {request.access_key_id for request in aws.requests} == {"KEY2"}


def test_WHEN_using_a_resource_of_dynamodb_THEN_items_go_through_its_plain_values() -> None:
    body = '{"Item": {"id": {"S": "a"}, "count": {"N": "3"}}}'
    with recording_aws(lambda _: Answer(body=body)) as aws:
        prototypes = aws.prototypes()
        resources = [
            prototypes.bind_resource(
                "dynamodb",
                "eu-west-1",
                credentials=credentials_of(account),
                identity=identity_in(account),
                read_only=False,
            )
            for account in ("1", "2")
        ]
        items = [resource.Table("t").get_item(Key={"id": "a"})["Item"] for resource in resources]

    assert items == [{"id": "a", "count": 3}] * 2
    assert [request.access_key_id for request in aws.requests] == ["KEY1", "KEY2"]


def test_WHEN_getting_a_client_THEN_it_has_no_transfer_methods_of_boto3() -> None:
    assert not hasattr(bind(real_aws(), "1"), "upload_file")


def test_WHEN_adding_a_handler_to_a_bound_client_THEN_it_is_refused() -> None:
    client = bind(real_aws(), "1")

    for register in (
        client.meta.events.register,
        client.meta.events.register_first,
        client.meta.events.register_last,
        client.meta.events.unregister,
    ):
        with pytest.raises(RuntimeError, match="no handler may be added"):
            register("before-send.s3", print)


def test_WHEN_calling_through_the_prototype_THEN_nothing_is_sent() -> None:
    with recording_aws() as aws:
        client = bind(aws.prototypes(), "1")
        with pytest.raises(RuntimeError, match="prototype"):
            client._prototype.head_bucket(Bucket="bucket")
        with pytest.raises(RuntimeError, match="prototype"):
            client._prototype.generate_presigned_url("head_bucket", Params={"Bucket": "bucket"})
        with pytest.raises(RuntimeError, match="prototype"):
            client._prototype._request_signer._credentials.get_frozen_credentials()

    assert aws.requests == []


def test_WHEN_an_operation_is_unsigned_AND_the_prototype_is_used_THEN_nothing_is_sent() -> None:
    with recording_aws() as aws:
        client = bind(aws.prototypes(), "1", service_name="sts")
        with pytest.raises(RuntimeError, match="prototype"):
            client._prototype.assume_role_with_web_identity(
                RoleArn="arn:aws:iam::123456789012:role/r",
                RoleSessionName="session",
                WebIdentityToken="token",
            )

    assert aws.requests == []


def test_WHEN_the_identity_is_a_function_THEN_it_is_asked_at_each_request_and_not_before() -> None:
    asked: list[str] = []

    def identity() -> Any:
        asked.append("asked")
        return identity_in("1")

    with recording_aws() as aws:
        client = aws.prototypes().bind_client(
            "s3", "eu-west-1", credentials=credentials_of("1"), identity=identity, read_only=False
        )
        before = list(asked)
        client.head_bucket(Bucket="bucket")

    assert before == []
    assert asked == ["asked"]


def test_WHEN_credentials_change_THEN_the_next_request_is_signed_with_the_new_ones() -> None:
    class Rotating(Credentials):
        def __init__(self) -> None:
            super().__init__("KEY0", "testing")
            self.asked = 0

        def get_frozen_credentials(self) -> Any:
            self.asked += 1
            self.access_key = f"KEY{self.asked}"
            return super().get_frozen_credentials()

    with recording_aws() as aws:
        client = aws.prototypes().bind_client(
            "s3", "eu-west-1", credentials=Rotating(), identity=identity_in("1"), read_only=False
        )
        client.head_bucket(Bucket="bucket")
        client.head_bucket(Bucket="bucket")

    assert [request.access_key_id for request in aws.requests] == ["KEY1", "KEY2"]


def test_WHEN_a_directory_bucket_is_used_THEN_no_session_is_made_that_another_target_could_get() -> None:
    client = bind(real_aws(), "1", aws_region="us-east-1")
    bucket = "bucket--use1-az4--x-s3"

    url = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})

    assert "X-Amz-Credential=KEY1%2F" in url
    assert "X-Amz-S3session-Token" not in url


def test_WHEN_the_environment_asks_for_account_endpoints_THEN_no_account_is_in_the_host(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCOUNT_ID_ENDPOINT_MODE", "required")
    client = bind(real_aws(), "1", service_name="dynamodb")

    url = client.generate_presigned_url("list_tables")

    assert url.startswith("https://dynamodb.eu-west-1.amazonaws.com/")


def test_WHEN_making_a_plain_client_THEN_it_signs_with_the_given_credentials_and_is_regional() -> None:
    prototypes = real_aws()
    client = prototypes.plain_client("sts", "us-east-1", credentials_of("9"))

    assert client.meta.endpoint_url == "https://sts.us-east-1.amazonaws.com"
    assert "Credential=KEY9%2F" in client.generate_presigned_url("get_caller_identity")
    assert client._request_signer._credentials.access_key == "KEY9"


def test_WHEN_the_profile_of_the_environment_is_missing_THEN_clients_with_given_credentials_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")

    assert bind(real_aws(), "1").meta.region_name == "eu-west-1"


def test_WHEN_a_profile_is_named_THEN_its_settings_count(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text("[profile p]\ns3 =\n    addressing_style = path\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    prototypes = ClientPrototypes(endpoint_url=None, client_settings=ClientSettings(), aws_profile="p")

    url = bind(prototypes, "1").generate_presigned_url("head_bucket", Params={"Bucket": "bucket"})

    assert url.startswith("https://s3.eu-west-1.amazonaws.com/bucket?")


def test_WHEN_the_environment_has_a_bearer_token_THEN_it_does_not_sign_for_a_target(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "sentinel-token")
    with recording_aws() as aws:
        client = bind(aws.prototypes(), "3", service_name="bedrock")
        with pytest.raises(NoAuthTokenError):
            client.list_foundation_models()

    assert aws.requests == []


def test_WHEN_settings_are_given_THEN_clients_have_them() -> None:
    settings = ClientSettings(max_attempts=2, connect_timeout=3, read_timeout=4, max_pool_connections=6)
    config = bind(ClientPrototypes(endpoint_url=None, client_settings=settings), "1").meta.config

    assert (config.connect_timeout, config.read_timeout, config.max_pool_connections) == (3, 4, 6)
    assert config.retries == {"mode": "standard", "total_max_attempts": 2}


def test_WHEN_pickling_prototypes_THEN_it_is_refused() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(real_aws())


def test_WHEN_binding_4000_clients_THEN_they_cost_at_most_a_cpu_second_and_150_mb() -> None:
    # 200 accounts x 4 regions x 5 services, their 20 prototypes included. CPU of this thread alone.
    prototypes = real_aws()
    gc.collect()
    tracemalloc.start()
    bound = _bind_all(prototypes, accounts=200)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    started = time.thread_time()
    again = _bind_all(real_aws(), accounts=200)
    seconds = time.thread_time() - started

    assert len(bound) == len(again) == 4000
    assert seconds < 1
    assert peak < 150_000_000


def _bind_all(prototypes: ClientPrototypes, accounts: int) -> list[Any]:
    return [
        bind(prototypes, str(account), service_name=service_name, aws_region=aws_region)
        for account in range(accounts)
        for aws_region in REGIONS
        for service_name in SERVICES
    ]


def test_WHEN_botocore_moves_a_seam_of_bound_clients_THEN_this_fails() -> None:
    client = Session().create_client(
        "s3", "eu-west-1", aws_access_key_id="testing", aws_secret_access_key="testing"
    )
    assert list(inspect.signature(RequestSigner).parameters) == [
        "service_id",
        "region_name",
        "signing_name",
        "signature_version",
        "credentials",
        "event_emitter",
        "auth_token",
    ]
    assert {"_request_signer", "meta", "_endpoint", "_ruleset_resolver"} <= set(vars(client))
    assert isinstance(client.meta.events, EventAliaser)
    assert isinstance(client.meta.events._emitter, HierarchicalEmitter)
    assert "request_credentials" in inspect.getsource(signers.RequestSigner.sign)
    assert "request_signer=self._request_signer" in inspect.getsource(BaseClient._make_api_call)
    assert "before-sign" in inspect.getsource(signers.RequestSigner.sign)
    assert auth.AUTH_TYPE_MAPS["bearer"].REQUIRES_TOKEN
