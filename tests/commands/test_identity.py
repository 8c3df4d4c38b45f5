import json

import pytest

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_environment import AwsEnvironment
from aws_interactions.aws_errors import CredentialsProblem
from aws_interactions.sts_interactions import CallerIdentity, get_caller_identity
from aws_interactions.testing import FakeClient, fake_provider
from aws_operations.identity import IdentityRow, whoami
from tests.support.program import run_program

ARN = "arn:aws:iam::123456789012:user/me"


def sts() -> FakeClient:
    return FakeClient("sts").answers(
        "get_caller_identity", {"Account": "123456789012", "Arn": ARN, "UserId": "AIDAME"}
    )


def test_WHEN_caller_is_asked_for_THEN_account_arn_and_user_come_back() -> None:
    assert get_caller_identity(fake_provider(sts=sts())) == CallerIdentity("123456789012", ARN, "AIDAME")


def test_WHEN_token_has_expired_THEN_it_is_a_credentials_problem() -> None:
    expired = FakeClient("sts").raises("get_caller_identity", "ExpiredToken")

    with pytest.raises(CredentialsProblem):
        get_caller_identity(fake_provider(sts=expired))


def test_WHEN_whoami_runs_THEN_one_row_says_who_where_and_by_which_profile() -> None:
    environment = AwsEnvironment("123456789012", "eu-west-1", "ops")

    rows = list(whoami(fake_provider(environment=environment, sts=sts())))

    assert rows == [IdentityRow("123456789012", "eu-west-1", ARN, "AIDAME", "ops")]


def test_WHEN_whoami_runs_against_aws_THEN_the_account_is_its(aws_provider: AwsClientProvider) -> None:
    (row,) = whoami(aws_provider)

    assert (row.account, row.region, row.profile) == ("123456789012", "eu-west-1", None)


def test_WHEN_whoami_runs_in_other_accounts_THEN_each_names_its_own(
    sandbox_environment: dict[str, str],
) -> None:
    done = run_program(
        [
            "--sandbox",
            "identity",
            "whoami",
            "--accounts",
            "111122223333,444455556666",
            "--role-name",
            "operator",
            "--output",
            "json",
        ],
        sandbox_environment,
    )

    assert [row["account"] for row in json.loads(done.stdout)] == ["111122223333", "444455556666"]
    assert done.returncode == 0
