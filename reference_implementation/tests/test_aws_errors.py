from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    DataNotFoundError,
    MissingDependencyException,
    NoCredentialsError,
)
from botocore.parsers import ResponseParserError
from botocore.retries.standard import ThrottledRetryableChecker

from core.aws_errors import (
    AccessDenied,
    AlreadyExists,
    AwsInteractionError,
    Conflict,
    CredentialsProblem,
    InvalidInput,
    NotFound,
    Throttled,
    Unavailable,
    translate_aws_errors,
    translate_configuration_errors,
)
from tests.fakes import client_error

KINDS = {
    "AccessDenied": AccessDenied,
    "ConditionalCheckFailedException": Conflict,
    "EntityAlreadyExists": AlreadyExists,
    "ExpiredToken": CredentialsProblem,
    "NoSuchEntity": NotFound,
    "ProvisionedThroughputExceededException": Throttled,
    "ServiceUnavailable": Unavailable,
    "ThrottlingException": Throttled,
    "ValidationException": InvalidInput,
}


@pytest.mark.parametrize("code", KINDS)
def test_WHEN_aws_answers_with_a_known_code_THEN_its_kind_is_raised_and_the_answer_kept(code: str) -> None:
    answer = client_error(code)

    with pytest.raises(AwsInteractionError) as caught, translate_aws_errors("s3", "reports"):
        raise answer

    assert type(caught.value) is KINDS[code]
    assert caught.value.resource == "reports"
    assert caught.value.__cause__ is answer


def test_WHEN_aws_answers_with_an_unknown_code_THEN_its_own_error_passes() -> None:
    answer = client_error("NobodyForesawThis")

    with pytest.raises(ClientError) as caught, translate_aws_errors("s3", "reports"):
        raise answer

    assert caught.value is answer


THROTTLING: Any = ThrottledRetryableChecker
# DynamoDB says this one of a transaction that is under way, which is a matter of state.
SLOWED_DOWN_FOR = set(THROTTLING._THROTTLED_ERROR_CODES) - {"TransactionInProgressException"}


@pytest.mark.parametrize("code", sorted(SLOWED_DOWN_FOR))
def test_WHEN_botocore_slows_down_for_a_code_THEN_it_is_throttled(code: str) -> None:
    with pytest.raises(Throttled), translate_aws_errors("dynamodb", "orders"):
        raise client_error(code)


@pytest.mark.parametrize(("status", "kind"), [(429, Throttled), (500, Unavailable), (503, Unavailable)])
def test_WHEN_a_code_is_unknown_AND_the_status_tells_enough_THEN_that_is_its_kind(
    status: int, kind: type[AwsInteractionError]
) -> None:
    response: Any = {
        "Error": {"Code": "NobodyForesawThis"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }

    with pytest.raises(kind), translate_aws_errors("s3", "reports"):
        raise ClientError(response, "ListBuckets")


def test_WHEN_settings_fail_with_an_error_of_pythons_own_THEN_it_is_a_problem_of_configuration() -> None:
    with (
        pytest.raises(CredentialsProblem, match="region on profile audit: KeyError: 'Token'") as caught,
        translate_configuration_errors("region", "profile audit"),
    ):
        raise KeyError("Token")

    assert isinstance(caught.value.__cause__, KeyError)


def test_WHEN_finding_credentials_fails_AND_nobody_foresaw_the_code_THEN_no_client_error_is_left() -> None:
    with (
        pytest.raises(CredentialsProblem, match="NobodyForesawThis"),
        translate_configuration_errors("credentials", "profile audit"),
    ):
        raise client_error("NobodyForesawThis", "GetRoleCredentials")


def test_WHEN_the_caller_maps_a_code_THEN_that_goes_before_the_kinds() -> None:
    with (
        pytest.raises(InvalidInput, match="mine"),
        translate_aws_errors("s3", "reports", {"AccessDenied": lambda: InvalidInput("mine")}),
    ):
        raise client_error("AccessDenied")


def test_WHEN_botocore_lacks_a_library_for_the_call_THEN_it_is_a_problem_of_this_machine() -> None:
    with (
        pytest.raises(CredentialsProblem, match=r"pip install botocore\[crt\]"),
        translate_aws_errors("events", "orders"),
    ):
        raise MissingDependencyException(msg="Use pip install botocore[crt] before proceeding.")


def test_WHEN_nobody_answers_THEN_the_kind_says_why() -> None:
    with pytest.raises(Unavailable), translate_aws_errors("s3", "reports"):
        raise ConnectTimeoutError(endpoint_url="https://s3.example")
    with pytest.raises(CredentialsProblem), translate_aws_errors("s3", "reports"):
        raise NoCredentialsError
    with pytest.raises(Unavailable, match=r"no answer of AWS's$"), translate_aws_errors("s3", "reports"):
        raise ResponseParserError("<html>of a proxy</html>")
    with pytest.raises(DataNotFoundError), translate_aws_errors("s3", "reports"):
        raise DataNotFoundError(data_path="no/such/model")
