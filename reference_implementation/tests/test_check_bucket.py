import pytest
from click.testing import CliRunner, Result

from core.aws_client_provider import AwsClientProvider
from example_service.check_bucket import EXIT_CONFIGURATION, EXIT_REFUSED, check_bucket
from tests.fakes import local_sts


def run(*arguments: str) -> Result:
    return CliRunner().invoke(check_bucket, arguments, catch_exceptions=False)


def test_WHEN_a_bucket_is_open_THEN_its_status_is_shown_and_the_exit_code_is_zero(
    aws_provider: AwsClientProvider,
) -> None:
    aws_provider.get_s3().create_bucket(
        Bucket="reports", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )

    result = run("reports", "--region", "eu-west-1")

    assert (result.exit_code, result.stdout, result.stderr) == (0, "reports\texists have access\n", "")


@pytest.mark.usefixtures("moto_aws")
def test_WHEN_a_bucket_is_absent_THEN_its_status_is_shown_and_the_exit_code_tells() -> None:
    result = run("reports", "--region", "eu-west-1")

    assert (result.exit_code, result.stdout) == (EXIT_REFUSED, "reports\tdoes not exist\n")


@pytest.mark.usefixtures("moto_aws")
def test_WHEN_a_bucket_is_looked_at_from_another_account_THEN_it_is_closed(
    aws_provider: AwsClientProvider,
) -> None:
    aws_provider.get_s3().create_bucket(
        Bucket="reports", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )

    role = "arn:aws:iam::111122223333:role/operator"
    result = run("reports", "--region", "eu-west-1", "--assume-role-arn", role)

    assert (result.exit_code, result.stdout) == (EXIT_REFUSED, "reports\texists no access\n")


@pytest.mark.parametrize(
    "options",
    [
        "",
        "--region eu-west-1 --profile gone",
        "--region EU-west",
        "--region eu-west-1 --endpoint-url nonsense",
        "--region eu-west-1 --assume-role-arn operator",
        "--region eu-west-1 --external-id ticket-42",
        "--region eu-west-1 --profile audit --aws-compute",
    ],
)
def test_WHEN_the_configuration_is_wrong_THEN_one_line_on_stderr_says_so(options: str) -> None:
    result = run("reports", *options.split())

    assert (result.exit_code, result.stdout) == (EXIT_CONFIGURATION, "")
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1


def test_WHEN_a_name_would_move_the_cursor_THEN_it_is_shown_as_text() -> None:
    result = run("reports\x1b[2J\x9b\u202e", "--region", "eu-west-1")

    assert (result.exit_code, result.stdout) == (EXIT_REFUSED, "")
    assert "reports\\x1b[2J\\x9b\\u202e" in result.stderr
    assert result.stderr.removesuffix("\n").isprintable()


def test_WHEN_the_role_may_not_be_assumed_THEN_that_is_said_and_nothing_of_the_bucket(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAHOME")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    role = "arn:aws:iam::111122223333:role/operator"

    with local_sts(refuses=True) as sts:
        here = ("--region", "eu-west-1", "--endpoint-url", sts.endpoint_url)
        result = run("reports", *here, "--assume-role-arn", role)

    assert (result.exit_code, result.stdout) == (EXIT_REFUSED, "")
    assert result.stderr == f"Error: credentials AssumeRole on {role}: AccessDenied\n"


def test_WHEN_the_bucket_name_is_malformed_THEN_one_line_on_stderr_says_so() -> None:
    result = run("not a bucket", "--region", "eu-west-1")

    assert (result.exit_code, result.stdout) == (EXIT_REFUSED, "")
    assert "Invalid bucket name" in result.stderr
    assert result.stderr.count("\n") == 1


def test_WHEN_a_role_wants_an_external_id_THEN_the_command_hands_it_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAHOME")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    role = "arn:aws:iam::111122223333:role/operator"

    with local_sts() as sts:
        here = ("--region", "eu-west-1", "--endpoint-url", sts.endpoint_url)
        result = run("reports", *here, "--assume-role-arn", role, "--external-id", "ticket-42")

    # It knows nothing of buckets.
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (EXIT_REFUSED, "", 1)
    (asked,) = sts.asked_for("AssumeRole")
    assert (asked["RoleArn"], asked["ExternalId"]) == (role, "ticket-42")
