import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, DataNotFoundError, NoCredentialsError

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
)
from tests.fakes import client_error

KINDS = {
    "AccessDenied": AccessDenied,
    "ConditionalCheckFailedException": Conflict,
    "EntityAlreadyExists": AlreadyExists,
    "ExpiredToken": CredentialsProblem,
    "NoSuchEntity": NotFound,
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


def test_WHEN_the_caller_maps_a_code_THEN_that_goes_before_the_kinds() -> None:
    with (
        pytest.raises(InvalidInput, match="mine"),
        translate_aws_errors("s3", "reports", {"AccessDenied": lambda: InvalidInput("mine")}),
    ):
        raise client_error("AccessDenied")


def test_WHEN_nobody_answers_THEN_the_kind_says_why() -> None:
    with pytest.raises(Unavailable), translate_aws_errors("s3", "reports"):
        raise ConnectTimeoutError(endpoint_url="https://s3.example")
    with pytest.raises(CredentialsProblem), translate_aws_errors("s3", "reports"):
        raise NoCredentialsError
    with pytest.raises(DataNotFoundError), translate_aws_errors("s3", "reports"):
        raise DataNotFoundError(data_path="no/such/model")
