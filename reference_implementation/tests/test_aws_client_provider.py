import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from core.aws_client_provider import AwsClientProvider
from core.aws_environment import AwsEnvironment
from core.aws_errors import AccessDenied, CredentialsProblem, InvalidInput
from example_service.s3_wrapper import (
    BucketAccessDenied,
    get_bucket_status,
    list_bucket_objects,
)
from tests.fakes import local_sts

OPERATOR = "arn:aws:iam::111122223333:role/operator"


@pytest.fixture
def keys_in_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAHOME")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


def test_WHEN_asking_where_a_provider_acts_THEN_account_region_and_profile_are_told(
    aws_provider: AwsClientProvider,
) -> None:
    environment = aws_provider.get_aws_env()

    assert environment == AwsEnvironment("123456789012", "eu-west-1")
    assert str(environment) == "aws://123456789012/eu-west-1"


@pytest.mark.usefixtures("moto_aws")
def test_WHEN_a_role_is_assumed_THEN_calls_act_in_its_account() -> None:
    aws_provider = AwsClientProvider(aws_region="eu-west-1", assume_role_arn=OPERATOR)

    assert aws_provider.get_aws_env().aws_account == "111122223333"


@pytest.mark.usefixtures("keys_in_environment")
def test_WHEN_a_role_is_assumed_AND_it_wants_an_external_id_THEN_that_is_sent() -> None:
    with local_sts() as sts:
        provider = AwsClientProvider(
            aws_region="eu-west-1",
            assume_role_arn=OPERATOR,
            external_id="ticket-42",
            endpoint_url=sts.endpoint_url,
        )
        provider.get_aws_env()

    (asked,) = sts.asked_for("AssumeRole")
    assert (asked["RoleArn"], asked["ExternalId"], asked["signed_by"]) == (OPERATOR, "ticket-42", "AKIAHOME")
    (asked,) = sts.asked_for("GetCallerIdentity")
    assert asked["signed_by"] == "ASIAROLE"


CALLS: dict[str, Callable[[AwsClientProvider], object]] = {
    "status": lambda provider: get_bucket_status("reports", provider),
    "list": lambda provider: list(list_bucket_objects("reports", provider)),
}


@pytest.mark.usefixtures("keys_in_environment")
@pytest.mark.parametrize("call", CALLS)
def test_WHEN_a_role_may_not_be_assumed_THEN_nothing_is_said_of_the_bucket(call: str) -> None:
    with local_sts(refuses=True) as sts:
        provider = AwsClientProvider(
            aws_region="eu-west-1", assume_role_arn=OPERATOR, endpoint_url=sts.endpoint_url
        )
        with pytest.raises(AccessDenied, match=OPERATOR) as caught:
            CALLS[call](provider)

    assert not isinstance(caught.value, BucketAccessDenied)
    assert isinstance(caught.value.__cause__, ClientError)
    assert caught.value.__cause__.operation_name == "AssumeRole"
    assert [request["Action"] for request in sts.requests] == ["AssumeRole"]


def test_WHEN_the_profile_assumes_the_role_AND_may_not_THEN_nothing_is_said_of_the_bucket(
    tmp_path: Path,
) -> None:
    (tmp_path / "aws-config").write_text(
        "[profile home]\naws_access_key_id = AKIAHOME\naws_secret_access_key = secret\n"
        f"[profile audit]\nrole_arn = {OPERATOR}\nsource_profile = home\n"
    )

    with local_sts(refuses=True) as sts:
        provider = AwsClientProvider("audit", "eu-west-1", endpoint_url=sts.endpoint_url)
        with pytest.raises(AccessDenied, match="AssumeRole on profile audit"):
            get_bucket_status("reports", provider)

    assert [request["Action"] for request in sts.requests] == ["AssumeRole"]


@pytest.mark.usefixtures("keys_in_environment")
def test_WHEN_many_threads_call_at_once_THEN_the_role_is_assumed_once_and_clients_are_shared() -> None:
    with local_sts() as sts:
        provider = AwsClientProvider(
            aws_region="eu-west-1", assume_role_arn=OPERATOR, endpoint_url=sts.endpoint_url
        )
        with ThreadPoolExecutor(8) as pool:
            clients = list(pool.map(lambda _: provider.get_sts(), range(8)))
            list(pool.map(lambda client: client.get_caller_identity(), clients))

    assert len(set(map(id, clients))) == 1
    assert len(sts.asked_for("AssumeRole")) == 1
    assert len(sts.asked_for("GetCallerIdentity")) == 8


@pytest.mark.usefixtures("keys_in_environment")
def test_WHEN_the_keys_of_a_role_come_to_their_end_THEN_the_same_client_gets_new_ones() -> None:
    with local_sts(minutes=2) as sts:
        client = AwsClientProvider(
            aws_region="eu-west-1", assume_role_arn=OPERATOR, endpoint_url=sts.endpoint_url
        ).get_sts()
        client.get_caller_identity()
        client.get_caller_identity()

    assert len(sts.asked_for("AssumeRole")) >= 2


@pytest.mark.usefixtures("keys_in_environment")
def test_WHEN_acting_on_compute_THEN_keys_in_the_environment_are_nobodys() -> None:
    with local_sts() as sts:
        provider = AwsClientProvider(aws_region="eu-west-1", aws_compute=True, endpoint_url=sts.endpoint_url)
        with pytest.raises(CredentialsProblem):
            provider.get_aws_env()

    assert sts.requests == []


@pytest.mark.usefixtures("keys_in_environment")
def test_WHEN_acting_on_compute_THEN_the_containers_role_signs_and_may_assume_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with local_sts() as sts:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{sts.endpoint_url}/role")
        for role in (None, OPERATOR):
            AwsClientProvider(
                aws_region="eu-west-1",
                aws_compute=True,
                assume_role_arn=role,
                endpoint_url=sts.endpoint_url,
            ).get_aws_env()

    asked = [(request["Action"], request["signed_by"]) for request in sts.requests]
    assert asked == [
        ("GetCallerIdentity", "ASIACONTAINER"),
        ("AssumeRole", "ASIACONTAINER"),
        ("GetCallerIdentity", "ASIAROLE"),
    ]


@pytest.mark.usefixtures("keys_in_environment")
def test_WHEN_acting_on_compute_AND_it_is_a_function_THEN_its_keys_are_in_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "nightly")
    with local_sts() as sts:
        AwsClientProvider(
            aws_region="eu-west-1", aws_compute=True, endpoint_url=sts.endpoint_url
        ).get_aws_env()

    assert [request["signed_by"] for request in sts.requests] == ["AKIAHOME"]


def test_WHEN_two_variables_name_a_region_THEN_AWS_REGION_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert AwsClientProvider().get_sts().meta.region_name == "us-east-1"

    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert AwsClientProvider().get_sts().meta.region_name == "eu-west-1"


def test_WHEN_the_environment_changes_later_THEN_all_clients_of_a_provider_stay_in_its_region(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    provider = AwsClientProvider()
    monkeypatch.setenv("AWS_REGION", "us-east-1")

    for same in (provider, provider.read_only()):
        assert (same.aws_region, same.get_s3().meta.region_name) == ("eu-west-1", "eu-west-1")


def test_WHEN_a_profile_is_named_THEN_its_region_and_keys_are_used_and_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "aws-config").write_text(
        "[profile audit]\nregion = eu-west-1\naws_access_key_id = AKIAAUDIT\naws_secret_access_key = secret\n"
    )

    with local_sts() as sts:
        environment = AwsClientProvider("audit", endpoint_url=sts.endpoint_url).get_aws_env()

    assert environment == AwsEnvironment("111122223333", "eu-west-1", "audit")


def test_WHEN_nothing_names_a_region_THEN_it_is_said_where_one_was_looked_for() -> None:
    with pytest.raises(CredentialsProblem, match="AWS_REGION"):
        AwsClientProvider().get_sts()


def test_WHEN_a_profile_is_not_there_THEN_its_name_is_in_the_error() -> None:
    with pytest.raises(CredentialsProblem, match="gone"):
        AwsClientProvider("gone", aws_region="eu-west-1").get_sts()


def test_WHEN_there_are_no_credentials_THEN_the_first_call_says_so() -> None:
    with local_sts() as sts:
        for role in (None, OPERATOR):
            provider = AwsClientProvider(
                aws_region="eu-west-1", assume_role_arn=role, endpoint_url=sts.endpoint_url
            )
            with pytest.raises(CredentialsProblem):
                provider.get_aws_env()


def test_WHEN_a_profile_and_compute_are_asked_for_THEN_they_contradict_each_other() -> None:
    with pytest.raises(InvalidInput, match="name one"):
        AwsClientProvider("audit", aws_compute=True)


def test_WHEN_an_external_id_is_given_AND_there_is_no_role_THEN_it_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no role"):
        AwsClientProvider(aws_region="eu-west-1", external_id="ticket-42")


def test_WHEN_a_provider_is_pickled_THEN_it_refuses_because_it_holds_secrets() -> None:
    with pytest.raises(TypeError, match="secrets"):
        pickle.dumps(AwsClientProvider(aws_region="eu-west-1"))
