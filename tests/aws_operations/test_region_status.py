"""A region that is off for an account is told from a failure, by asking the account once."""

import threading

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_environment import AwsEnvironment
from aws_interactions.aws_errors import AccessDenied, translate_aws_errors
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.region_status import RegionNotEnabled, RegionStatus, looks_like_region_off, regions_of
from aws_operations.run_control import TargetSkipped
from aws_operations.targets import Target, TargetProviders

MEMBER = "111122223333"
OFF, ON = "eu-south-2", "eu-west-1"


class Asked(TargetProviders):
    """Providers of accounts with one region off; ``regions`` are those in which somebody asked."""

    def __init__(self, *errors: Exception) -> None:
        super().__init__(fake_provider())
        self.errors = list(errors)
        self.regions: list[str] = []

    def provider_for(self, target: Target) -> AwsClientProvider:
        self.regions.append(target.aws_region)
        if self.errors:
            raise self.errors.pop(0)
        statuses = {OFF: "not-opted-in", ON: "opted-in", "us-east-1": "opt-in-not-required"}
        answer = {
            "Regions": [{"RegionName": name, "OptInStatus": status} for name, status in statuses.items()]
        }
        return fake_provider(
            environment=AwsEnvironment(MEMBER, target.aws_region),
            ec2=FakeClient("ec2").answers("describe_regions", answer),
        )


def refused(code: str) -> Exception:
    response = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 403}}
    return translated(ClientError(response, "DescribeInstances"))  # type: ignore[arg-type]


def unresolved() -> Exception:
    return translated(EndpointConnectionError(endpoint_url="https://ec2.eu-south-2.amazonaws.com"))


def translated(error: Exception) -> Exception:
    with pytest.raises(Exception) as caught, translate_aws_errors("ec2", "*"):  # noqa: PT011 - of any kind
        raise error
    return caught.value


CODES = [
    "AuthFailure",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "OptInRequired",
    "RegionDisabledException",
    "SignatureDoesNotMatch",
]


@pytest.mark.parametrize("error", [*map(refused, CODES), unresolved()], ids=[*CODES, "no endpoint"])
def test_WHEN_a_target_fails_as_where_the_region_is_off_AND_it_is_off_THEN_it_is_skipped(
    error: Exception,
) -> None:
    providers = Asked()

    explained = RegionStatus(providers, ON).explain(Target(OFF, MEMBER), error)

    assert isinstance(explained, TargetSkipped)
    assert str(explained) == f"region {OFF} is not enabled in account {MEMBER}"
    assert providers.regions == [ON]


def test_WHEN_the_region_is_on_or_no_region_at_all_THEN_the_error_stays() -> None:
    status, error = RegionStatus(Asked(), "us-east-1"), refused("AuthFailure")

    assert status.explain(Target(ON, MEMBER), error) is error
    assert status.explain(Target("eu-nowhere-1", MEMBER), error) is error


def test_WHEN_the_error_says_something_else_THEN_nobody_is_asked() -> None:
    providers, error = Asked(), refused("AccessDenied")

    assert isinstance(error, AccessDenied)
    assert RegionStatus(providers, ON).explain(Target(OFF, MEMBER), error) is error
    assert not looks_like_region_off(ValueError("a bug"))
    assert providers.regions == []


def test_WHEN_many_threads_ask_about_one_account_THEN_it_is_asked_once() -> None:
    providers = Asked()
    status = RegionStatus(providers, ON)
    explained: list[Exception] = []

    def explain() -> None:
        explained.append(status.explain(Target(OFF, MEMBER), refused("AuthFailure")))

    threads = [threading.Thread(target=explain) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [type(error) for error in explained] == [RegionNotEnabled] * 16
    assert providers.regions == [ON]


def test_WHEN_the_account_does_not_answer_either_THEN_the_error_stays_AND_it_is_not_asked_again() -> None:
    providers, error = Asked(AccessDenied("no DescribeRegions")), refused("AuthFailure")
    status = RegionStatus(providers, ON)

    assert status.explain(Target(OFF, MEMBER), error) is error
    assert status.explain(Target(OFF, MEMBER), error) is error
    assert providers.regions == [ON]


@pytest.mark.parametrize(
    ("region", "asked_in", "expected"),
    [
        (OFF, OFF, ["us-east-1"]),
        (OFF, None, ["us-east-1"]),
        ("cn-north-1", ON, ["cn-north-1"]),
        ("us-gov-east-1", "us-gov-east-1", ["us-gov-west-1"]),
    ],
)
def test_WHEN_the_region_to_ask_in_is_the_one_in_question_THEN_one_that_is_always_on_is_asked(
    region: str, asked_in: str | None, expected: list[str]
) -> None:
    providers = Asked()

    RegionStatus(providers, asked_in).explain(Target(region, MEMBER), refused("AuthFailure"))

    assert providers.regions == expected


def test_WHEN_the_region_to_ask_in_is_off_too_THEN_one_that_is_always_on_is_asked() -> None:
    providers = Asked(refused("AuthFailure"))

    regions = regions_of(providers, Target(ON, MEMBER), asked_in=OFF)

    assert [region.region for region in regions] == [ON, "us-east-1"]
    assert providers.regions == [OFF, "us-east-1"]
