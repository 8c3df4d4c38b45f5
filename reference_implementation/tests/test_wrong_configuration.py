"""What is wrong with arguments, variables and profiles is found here, and is never an answer of AWS's."""

import textwrap
from pathlib import Path
from typing import Any

import pytest

from core.aws_client_provider import AwsClientProvider
from core.aws_errors import CredentialsProblem, InvalidInput

OPERATOR = "arn:aws:iam::111122223333:role/operator"
UNUSABLE: list[dict[str, Any]] = [
    {"aws_profile": ""},
    {"aws_region": ""},
    {"aws_region": "EU west"},
    {"assume_role_arn": ""},
    {"assume_role_arn": "operator"},
    {"assume_role_arn": OPERATOR, "external_id": ""},
    {"endpoint_url": ""},
    {"endpoint_url": "localhost:5000"},
    {"endpoint_url": "ftp://localhost"},
    {"endpoint_url": "http://me:secret@localhost"},
]


@pytest.mark.parametrize("unusable", UNUSABLE, ids=str)
def test_WHEN_an_argument_is_empty_or_malformed_THEN_nothing_else_is_put_in_its_place(
    unusable: dict[str, Any],
) -> None:
    with pytest.raises(InvalidInput, match="empty or malformed") as caught:
        AwsClientProvider(**unusable)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "endpoint_url", ["http://127.0.0.1:5000", "https://[::1]:443/aws", "http://localhost"]
)
def test_WHEN_an_endpoint_is_given_THEN_clients_go_there(endpoint_url: str) -> None:
    client = AwsClientProvider(aws_region="us-gov-west-1", endpoint_url=endpoint_url).get_s3()

    assert client.meta.endpoint_url == endpoint_url


WRONG_SETTINGS = {
    "AWS_ENDPOINT_URL": "nonsense",
    "AWS_MAX_ATTEMPTS": "many",
    "AWS_REGION": "EU west",
}
WRONG_PROFILES = {
    "sign-on without a token": """
        [profile audit]
        sso_session = sso
        sso_account_id = 111122223333
        sso_role_name = operator
        [sso-session sso]
        sso_start_url = https://example.invalid/start
        sso_region = eu-west-1""",
    "source that is not there": f"""
        [profile audit]
        role_arn = {OPERATOR}
        source_profile = gone""",
    "program that is not there": """
        [profile audit]
        credential_process = /no/such/program""",
    "region of no form": """
        [profile audit]
        region = EU west
        aws_access_key_id = AKIAAUDIT
        aws_secret_access_key = secret""",
    "file of no form": "profile audit",
}


@pytest.mark.parametrize("name", WRONG_SETTINGS)
def test_WHEN_a_variable_holds_what_botocore_cannot_use_THEN_it_is_a_problem_of_configuration(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv(name, WRONG_SETTINGS[name])

    with pytest.raises(CredentialsProblem):
        AwsClientProvider().get_aws_env()


@pytest.mark.parametrize("name", WRONG_PROFILES)
def test_WHEN_a_profile_cannot_be_used_THEN_it_is_a_problem_of_configuration(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "" if "region" in name else "eu-west-1")
    (tmp_path / "aws-config").write_text(textwrap.dedent(WRONG_PROFILES[name]))

    with pytest.raises(CredentialsProblem):
        AwsClientProvider("audit").get_aws_env()
