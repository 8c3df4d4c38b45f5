import pytest

from tests.support.program import run_program


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["s3:*"], "no wildcards"),
        (["GetObject"], "not an action"),
        (["s3:GetObject", "--resource", "logs"], "'logs' is not an ARN and not *"),
        (["s3:GetObject", "--as", "*"], "'*' is not an ARN"),
        ([], "ACTION"),
    ],
)
def test_WHEN_asked_what_one_can_do_AND_an_argument_is_wrong_THEN_it_is_a_usage_error(
    arguments: list[str], complaint: str, environment: dict[str, str]
) -> None:
    done = run_program(["iam", "can-i", *arguments], environment)

    assert done.returncode == 2
    assert complaint in done.stderr


def test_WHEN_asked_what_the_root_user_can_do_THEN_the_line_says_why_not(
    sandbox_environment: dict[str, str],
) -> None:
    root = "arn:aws:iam::123456789012:root"

    done = run_program(["--sandbox", "iam", "can-i", "s3:GetObject", "--as", root], sandbox_environment)

    assert done.returncode == 2
    assert "IAM policies do not bind the root user" in done.stderr
    assert done.stderr.count("\n") == 1
