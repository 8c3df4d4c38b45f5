"""What the provider and the S3 wrapper promise, held by the project's own and by the one to copy alike."""

import importlib
import inspect
import pickle
from dataclasses import FrozenInstanceError, fields
from typing import Any
from unittest import mock

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from aws_interactions.service_operations import is_read
from tests.contract.kits import Kit, project_kit, reference_kit
from tests.support.many_objects import put_in_moto

HOME, OTHER = "123456789012", "111122223333"
OPERATOR = f"arn:aws:iam::{OTHER}:role/operator"
PROJECT, REFERENCE = project_kit(), reference_kit()
SHARED_FUNCTIONS = ("get_bucket_status", "list_buckets", "list_bucket_objects")


@pytest.fixture(params=[PROJECT, REFERENCE], ids=str)
def kit(request: pytest.FixtureRequest) -> Kit:
    chosen: Kit = request.param
    return chosen


@pytest.fixture
def arguments(moto_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Give what a provider of the home account is made from; its keys are in the environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    return {"aws_region": "eu-west-1", "endpoint_url": moto_endpoint}


def make_bucket(bucket_name: str, provider: Any) -> None:
    region = provider.get_aws_env().aws_region
    provider.get_s3().create_bucket(
        Bucket=bucket_name, CreateBucketConfiguration={"LocationConstraint": region}
    )


def refusing_provider(kit: Kit, failure: Exception) -> Any:
    """Give a mock with the names of the kit's provider whose S3 client fails in all it does."""
    client = mock.Mock()
    client.head_bucket.side_effect = failure
    client.get_paginator.return_value.paginate.side_effect = failure
    provider = mock.create_autospec(kit.provider_class, instance=True)
    provider.get_s3.return_value = client
    return provider


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "as AWS words it"}}, "ListObjectsV2")


# Names.


def test_WHEN_constructors_are_compared_THEN_what_they_share_has_the_same_name_place_and_default() -> None:
    project = inspect.signature(PROJECT.provider_class).parameters
    reference = inspect.signature(REFERENCE.provider_class).parameters

    assert set(reference) - set(project) == {"is_read_only"}
    for name in set(reference) & set(project):
        assert (reference[name].kind, reference[name].default) == (project[name].kind, project[name].default)
    positional = [name for name, each in project.items() if each.kind is each.POSITIONAL_OR_KEYWORD]
    assert list(reference)[: len(positional)] == positional


def test_WHEN_public_names_are_compared_THEN_the_project_has_those_of_the_reference() -> None:
    def public_names(of: object) -> set[str]:
        return {name for name in dir(of) if not name.startswith("_")}

    # The example of domain objects sends metrics, which the project does not.
    beyond = public_names(REFERENCE.provider_class) - public_names(PROJECT.provider_class)
    assert beyond == {"get_cloudwatch"}
    kinds = {name for name in public_names(REFERENCE.errors) if _is_kind(getattr(REFERENCE.errors, name))}
    assert kinds <= public_names(PROJECT.errors)


@pytest.mark.parametrize("name", SHARED_FUNCTIONS)
def test_WHEN_wrapper_functions_are_compared_THEN_they_are_called_alike(name: str) -> None:
    project = inspect.signature(getattr(PROJECT.s3, name)).parameters
    reference = inspect.signature(getattr(REFERENCE.s3, name)).parameters

    assert [name for name in project if name in reference] == list(reference)
    for parameter in reference:
        assert reference[parameter].kind == project[parameter].kind
        assert reference[parameter].default == project[parameter].default


def test_WHEN_values_are_compared_THEN_the_reference_has_a_part_of_the_projects_fields() -> None:
    for name in ("Bucket", "S3Object"):
        project = [each.name for each in fields(getattr(PROJECT.s3, name))]
        reference = [each.name for each in fields(getattr(REFERENCE.s3, name))]
        assert [each for each in project if each in reference] == reference


# The provider.


def test_WHEN_a_provider_is_made_THEN_it_tells_where_it_acts(kit: Kit, arguments: dict[str, Any]) -> None:
    environment = kit.provider_class(**arguments).get_aws_env()

    assert environment == kit.environment_class(HOME, "eu-west-1")
    assert str(environment) == f"aws://{HOME}/eu-west-1"
    with pytest.raises(FrozenInstanceError):
        environment.aws_account = OTHER


def test_WHEN_a_region_is_given_THEN_the_getters_clients_act_in_it(
    kit: Kit, arguments: dict[str, Any]
) -> None:
    for aws_region in ("eu-west-1", "us-east-1"):
        provider = kit.provider_class(**{**arguments, "aws_region": aws_region})

        assert provider.aws_region == aws_region
        assert provider.get_s3().meta.region_name == aws_region
        assert provider.get_sts().meta.region_name == aws_region


def test_WHEN_only_the_environment_names_regions_THEN_AWS_REGION_counts(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert kit.provider_class().aws_region == "us-east-1"
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert kit.provider_class().aws_region == "eu-west-1"


def test_WHEN_no_region_is_found_THEN_it_is_a_problem_of_configuration(kit: Kit) -> None:
    with pytest.raises(kit.errors.CredentialsProblem, match="AWS_DEFAULT_REGION"):
        kit.provider_class().get_s3()


def test_WHEN_a_profile_is_not_there_THEN_it_is_a_problem_of_configuration(kit: Kit) -> None:
    with pytest.raises(kit.errors.CredentialsProblem, match="gone"):
        kit.provider_class("gone", "eu-west-1").get_s3().list_buckets()


def test_WHEN_there_are_no_credentials_THEN_the_call_says_so(kit: Kit, moto_endpoint: str) -> None:
    provider = kit.provider_class(aws_region="eu-west-1", endpoint_url=moto_endpoint)

    with pytest.raises(kit.errors.CredentialsProblem):
        kit.s3.get_bucket_status("reports", provider)


def test_WHEN_a_profile_and_compute_are_asked_for_THEN_they_contradict_each_other(kit: Kit) -> None:
    with pytest.raises(kit.errors.InvalidInput):
        kit.provider_class("audit", aws_compute=True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"aws_profile": ""},
        {"aws_region": ""},
        {"aws_region": "EU west"},
        {"aws_region": "eu-west-1", "assume_role_arn": ""},
        {"aws_region": "eu-west-1", "external_id": "ticket-42"},
    ],
    ids=str,
)
def test_WHEN_an_argument_says_nothing_that_can_be_meant_THEN_it_is_refused_unsent(
    kit: Kit, wrong: dict[str, Any]
) -> None:
    with pytest.raises(kit.errors.InvalidInput):
        kit.provider_class(**wrong).get_s3()


def test_WHEN_a_provider_is_pickled_THEN_it_refuses(kit: Kit, arguments: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="secrets"):
        pickle.dumps(kit.provider_class(**arguments))


def test_WHEN_a_role_is_assumed_THEN_calls_act_in_its_account_and_the_first_stays_at_home(
    kit: Kit, arguments: dict[str, Any]
) -> None:
    home = kit.provider_class(**arguments)
    other = kit.provider_class(**arguments, assume_role_arn=OPERATOR, external_id="ticket-42")
    make_bucket("theirs", other)

    assert (home.get_aws_env().aws_account, other.get_aws_env().aws_account) == (HOME, OTHER)
    assert [bucket.name for bucket in kit.s3.list_buckets(other)] == ["theirs"]
    assert list(kit.s3.list_buckets(home)) == []


def test_WHEN_read_only_THEN_reads_work_and_writes_are_refused_unsent(
    kit: Kit, arguments: dict[str, Any]
) -> None:
    writer = kit.provider_class(**arguments)
    make_bucket("reports", writer)
    reader = writer.read_only()

    assert (writer.is_read_only, reader.is_read_only) == (False, True)
    assert reader.get_aws_env() == writer.get_aws_env()
    for write in (
        lambda s3: s3.put_object(Bucket="reports", Key="today"),
        lambda s3: s3.delete_bucket(Bucket="reports"),
        lambda s3: s3.generate_presigned_url("put_object", Params={"Bucket": "reports", "Key": "today"}),
        lambda s3: s3.generate_presigned_post("reports", "today"),
    ):
        with pytest.raises(kit.errors.ReadOnlyViolation):
            write(reader.get_s3())
    assert list(kit.s3.list_bucket_objects("reports", reader)) == []
    writer.get_s3().put_object(Bucket="reports", Key="today")
    assert [each.key for each in kit.s3.list_bucket_objects("reports", reader)] == ["today"]


def test_WHEN_an_operation_is_a_read_in_the_reference_THEN_it_is_one_in_the_projects_table() -> None:
    listed = importlib.import_module("core.read_operations").READ_OPERATIONS

    for service_name, operation_names in listed.items():
        assert {name for name in operation_names if not is_read(service_name, name)} == set()


# The wrapper.


def test_WHEN_the_status_of_buckets_is_asked_THEN_each_is_one_of_three(
    kit: Kit, arguments: dict[str, Any]
) -> None:
    home = kit.provider_class(**arguments)
    make_bucket("ours", home)
    make_bucket("theirs", kit.provider_class(**arguments, assume_role_arn=OPERATOR))

    statuses = {name: kit.s3.get_bucket_status(name, home) for name in ("ours", "theirs", "nobodys")}

    assert statuses == {
        "ours": kit.s3.BucketStatus.EXISTS_HAVE_ACCESS,
        "theirs": kit.s3.BucketStatus.EXISTS_NO_ACCESS,
        "nobodys": kit.s3.BucketStatus.DOES_NOT_EXIST,
    }
    assert [str(status) for status in kit.s3.BucketStatus] == [
        "does not exist",
        "exists have access",
        "exists no access",
    ]


def test_WHEN_a_list_has_many_pages_THEN_all_of_it_comes(kit: Kit, arguments: dict[str, Any]) -> None:
    provider = kit.provider_class(**arguments)
    make_bucket("reports", provider)
    put_in_moto("reports", (f"{number:05}" for number in range(2001)))

    listed = list(kit.s3.list_bucket_objects("reports", provider))

    assert [each.key for each in listed] == [f"{number:05}" for number in range(2001)]
    assert {each.size for each in listed} == {1}
    assert len(list(kit.s3.list_bucket_objects("reports", provider, prefix="0000"))) == 10


def test_WHEN_a_bucket_is_missing_THEN_the_exception_keeps_its_name_and_the_answer(
    kit: Kit, arguments: dict[str, Any]
) -> None:
    with pytest.raises(kit.errors.NotFound) as caught:
        list(kit.s3.list_bucket_objects("nobodys", kit.provider_class(**arguments)))

    assert isinstance(caught.value, kit.s3.BucketDoesntExist)
    assert caught.value.bucket_name == "nobodys"
    assert caught.value.resource == "arn:aws:s3:::nobodys"
    assert isinstance(caught.value.__cause__, ClientError)
    assert caught.value.__cause__.response["Error"]["Code"] == "NoSuchBucket"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AccessDenied", "AccessDenied"),
        ("ExpiredToken", "CredentialsProblem"),
        ("InternalError", "Unavailable"),
        ("NoSuchBucket", "NotFound"),
        ("PreconditionFailed", "Conflict"),
        ("SlowDown", "Throttled"),
        ("ValidationError", "InvalidInput"),
    ],
)
def test_WHEN_aws_refuses_AND_the_code_is_known_THEN_its_kind_is_raised_from_the_answer(
    kit: Kit, code: str, kind: str
) -> None:
    answer = client_error(code)

    with pytest.raises(getattr(kit.errors, kind)) as caught:
        list(kit.s3.list_bucket_objects("reports", refusing_provider(kit, answer)))

    assert caught.value.__cause__ is answer
    assert isinstance(caught.value, kit.errors.AwsInteractionError)


def test_WHEN_aws_refuses_AND_nobody_foresaw_the_code_THEN_its_own_error_passes(kit: Kit) -> None:
    answer = client_error("NobodyForesawThis")

    for call in (kit.s3.get_bucket_status, lambda *args: list(kit.s3.list_bucket_objects(*args))):
        with pytest.raises(ClientError) as caught:
            call("reports", refusing_provider(kit, answer))
        assert caught.value is answer


def test_WHEN_nobody_answers_THEN_it_is_unavailable_and_not_absent(kit: Kit) -> None:
    failure = EndpointConnectionError(endpoint_url="https://s3.example")

    with pytest.raises(kit.errors.Unavailable) as caught:
        kit.s3.get_bucket_status("reports", refusing_provider(kit, failure))
    assert caught.value.__cause__ is failure


def _is_kind(thing: object) -> bool:
    return isinstance(thing, type) and issubclass(thing, REFERENCE.errors.AwsInteractionError)
