"""Calls that do not go to AWS's own endpoints: a warning on every run, and nothing is destroyed elsewhere."""

from pathlib import Path

import pytest

from tests.support.loopback_proxy import LoopbackProxy
from tests.support.program import run_program

Environment = dict[str, str]
BUCKET = "samples-123456789012-us-east-1"


@pytest.fixture
def plain(proxied_environment: Environment, tmp_path: Path) -> Environment:
    """Return the environment of the sandbox's identity, with nothing in it that says where calls go."""
    plain = {**proxied_environment, "AWS_CONFIG_FILE": str(tmp_path / "aws-config")}
    del plain["MANAGE_RESOURCES_ENDPOINT_URL"]
    return plain


def warnings(words: list[str], environment: Environment) -> list[str]:
    done = run_program(words, environment, with_endpoint_warning=True)
    assert done.returncode == 0, done.stderr
    return [line for line in done.stderr.splitlines() if line.startswith("warning: ")]


@pytest.mark.parametrize(
    ("variable", "what"),
    [
        ("MANAGE_RESOURCES_ENDPOINT_URL", "calls"),
        ("AWS_ENDPOINT_URL", "calls"),
        ("AWS_ENDPOINT_URL_S3", "calls of s3"),
    ],
)
def test_WHEN_a_variable_says_where_calls_go_THEN_one_line_warns(
    variable: str, what: str, plain: Environment, proxy: LoopbackProxy
) -> None:
    told = warnings(["s3", "ls"], {**plain, variable: proxy.endpoint_url})

    assert told == [f"warning: {what} go to {proxy.endpoint_url}, because of {variable}"]


def test_WHEN_the_option_says_where_calls_go_THEN_one_line_warns_whatever_the_number_of_targets(
    plain: Environment, proxy: LoopbackProxy
) -> None:
    words = ["--accounts", "123456789012,111122223333", "--role-name", "operator", "--regions", "us-east-1"]

    told = warnings([*words, "--endpoint-url", proxy.endpoint_url, "s3", "ls"], plain)

    assert told == [f"warning: calls go to {proxy.endpoint_url}, because of --endpoint-url"]


def test_WHEN_the_profile_says_where_calls_of_a_service_go_THEN_it_is_named_and_no_password_is(
    plain: Environment, proxy: LoopbackProxy
) -> None:
    url = proxy.endpoint_url.replace("://", "://jane:password@")
    Path(plain["AWS_CONFIG_FILE"]).write_text(
        f"[default]\nservices = mine\n[services mine]\ns3 =\n  endpoint_url = {url}\n"
    )

    told = warnings(["s3", "ls"], plain)

    place = "profile default of the AWS configuration"
    assert told == [f"warning: calls of s3 go to {proxy.endpoint_url}, because of {place}"]


def test_WHEN_calls_go_to_the_sandbox_by_name_THEN_nothing_warns(sandbox_environment: Environment) -> None:
    inherited = {**sandbox_environment, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}

    assert warnings(["--sandbox", "s3", "ls"], inherited) == []


def test_WHEN_the_endpoint_is_nobodys_THEN_reads_go_there_AND_nothing_is_destroyed(
    plain: Environment, proxy: LoopbackProxy
) -> None:
    # It is this machine in the end, but no address that is known to be.
    elsewhere = proxy.endpoint_url.replace("127.0.0.1", "0.0.0.0")  # noqa: S104 - nothing listens there
    environment = {**plain, "AWS_ENDPOINT_URL": elsewhere}

    read = run_program(["s3", "ls", BUCKET], environment)
    removed = run_program(["s3", "rm", BUCKET, "docs/readme.txt", "--yes"], environment)
    looked_at = run_program(["s3", "rm", BUCKET, "docs/readme.txt", "--dry-run"], environment)

    assert read.returncode == 0, read.stderr
    assert removed.returncode == 6, removed.stderr
    assert f"calls of s3 go to {elsewhere}, which is neither AWS nor this machine" in removed.stderr
    assert (
        "nothing was changed. Remove what sends calls elsewhere than to AWS: AWS_ENDPOINT_URL;"
        in removed.stderr
    )
    assert looked_at.returncode == 0
    assert "warning: would be refused by the check of endpoints" in looked_at.stderr
    assert proxy.writes == []


def test_WHEN_the_endpoint_is_nobodys_AND_nothing_is_taken_away_THEN_it_is_done(
    plain: Environment, proxy: LoopbackProxy
) -> None:
    elsewhere = proxy.endpoint_url.replace("127.0.0.1", "0.0.0.0")  # noqa: S104 - nothing listens there

    made = run_program(["s3", "create", "made-elsewhere"], {**plain, "AWS_ENDPOINT_URL": elsewhere})

    assert made.returncode == 0, made.stderr
    assert len(proxy.writes) == 1
