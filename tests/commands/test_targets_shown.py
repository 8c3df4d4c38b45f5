"""Which target rows, plans and summaries are about, as the user sees it."""

import json
import uuid
from pathlib import Path

import pytest

from aws_interactions import s3_interactions
from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from tests.support.program import run_on_terminal, run_program

HOME = "123456789012"
ROLE = ["--role-name", "operator"]
BOLD = "\x1b[1m"
DIM = "\x1b[2m"


@pytest.fixture
def bucket(sandbox_endpoint: str, tmp_path: Path) -> str:
    """Give a bucket with the objects k0 to k4 in it."""
    keys = AccessKeys("sandbox-home", "sandbox-home-secret")
    aws_provider = AwsClientProvider(aws_region="us-east-1", access_keys=keys, endpoint_url=sandbox_endpoint)
    name = f"shown-{uuid.uuid4().hex[:12]}"
    file = tmp_path / "file"
    file.write_text("content", encoding="utf-8")
    s3_interactions.create_bucket(name, aws_provider)
    for number in range(5):
        s3_interactions.put_file_to_bucket(file, name, f"k{number}", aws_provider)
    return name


@pytest.mark.parametrize(
    "targets",
    [["--accounts", HOME, *ROLE], ["--regions", "us-east-1"], ["--regions", "us-east-1,eu-west-1"]],
)
def test_WHEN_targets_were_chosen_THEN_rows_say_which_AND_be_it_one(
    targets: list[str], sandbox_environment: dict[str, str]
) -> None:
    done = run_program(
        ["--sandbox", "s3", "status", f"samples-{HOME}-us-east-1", "--output", "json", *targets],
        sandbox_environment,
    )

    assert done.returncode == 0, done.stderr
    for row in json.loads(done.stdout):
        assert list(row)[:2] == ["account", "region"]
        assert row["account"] == HOME


def test_WHEN_the_one_chosen_target_fails_THEN_its_error_decides_the_exit_code(
    sandbox_environment: dict[str, str],
) -> None:
    done = run_program(
        ["--sandbox", "s3", "ls", "no-such-bucket-here", "--accounts", HOME, *ROLE], sandbox_environment
    )

    assert done.returncode == 4
    assert done.stderr.count("\n") == 1
    assert f"in aws://{HOME}/us-east-1" in done.stderr


def test_WHEN_the_account_is_not_known_THEN_an_error_names_the_region_alone(
    sandbox_environment: dict[str, str],
) -> None:
    done = run_program(["--sandbox", "s3", "ls", "no-such-bucket-here"], sandbox_environment)

    assert " in us-east-1 " in done.stderr
    assert "aws://-" not in done.stderr


def test_WHEN_the_one_chosen_target_is_changed_THEN_the_result_says_which(
    bucket: str, sandbox_environment: dict[str, str]
) -> None:
    remove = ["--sandbox", "s3", "rm", bucket, "k0", "--accounts", HOME, *ROLE, "--output", "json"]

    planned = run_program([*remove, "--dry-run"], sandbox_environment)
    done = run_program([*remove, "--yes"], sandbox_environment)

    for shown in (planned.stdout, done.stdout):
        [row] = json.loads(shown)
        assert (row["account"], row["region"]) == (HOME, "us-east-1")
    assert planned.stderr == "dry run: 1 of 1 change would be made; nothing was changed\n"


def test_WHEN_asking_before_one_change_THEN_its_line_stands_alone_and_out(
    bucket: str, sandbox_environment: dict[str, str]
) -> None:
    session = run_on_terminal(["--sandbox", "s3", "rm", bucket, "k0"], sandbox_environment, typed="n\n")

    [line] = [line for line in session.screen.splitlines() if "s3.delete-object arn" in line]
    assert line.startswith(BOLD)
    assert f"{bucket}/k0 in aws://{HOME}/us-east-1 (irreversible): " in line
    assert DIM not in line


def test_WHEN_urls_of_several_targets_are_printed_THEN_each_line_says_whose_it_is(
    sandbox_environment: dict[str, str],
) -> None:
    presign = ["--sandbox", "s3", "presign", "samples-{account}-{region}", "x"]

    several = run_program([*presign, "--regions", "us-east-1,eu-west-1"], sandbox_environment)
    one = run_program(presign, sandbox_environment)

    assert several.returncode == 0, several.stderr
    lines = [line.split("\t") for line in several.stdout.splitlines()]
    assert [line[:2] for line in lines] == [[HOME, "us-east-1"], [HOME, "eu-west-1"]]
    assert all(line[2].startswith("http") for line in lines)
    assert one.stdout.startswith("http")
