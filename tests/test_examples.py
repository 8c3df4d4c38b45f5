"""The example scripts as whole processes, on a sandbox of their own."""

import csv
import io
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from aws_operations.sandbox import control
from tests.support.guide_runs import run_steps, running_sandbox, steps_of
from tests.support.program import ROOT
from tests.support.sandbox_fixtures import clean_environment

EXAMPLES = ROOT / "examples"
ACCOUNTS = ("111122223333", "123456789012", "444455556666")
REGIONS = ("eu-west-1", "us-east-1")
TARGETS = {(account, region) for account in ACCOUNTS for region in REGIONS}


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Run a sandbox that may be changed; the value is what ``sandbox env`` sets, and no more."""
    home = tmp_path_factory.mktemp("examples")
    with running_sandbox(home) as state_dir:
        endpoint_url, keys = control.sandbox_provider_settings(state_dir)
        yield {
            **clean_environment(home),
            "PYTHONPATH": str(ROOT),
            "AWS_ENDPOINT_URL": endpoint_url,
            "AWS_ACCESS_KEY_ID": keys.access_key_id,
            "AWS_SECRET_ACCESS_KEY": keys.secret_access_key,
            "AWS_REGION": "us-east-1",
        }


def run(example: str, *arguments: str, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(EXAMPLES / example), *arguments],
        env=dict(variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def done(example: str, *arguments: str, variables: Mapping[str, str]) -> list[list[str]]:
    ended = run(example, *arguments, variables=variables)
    assert (ended.returncode, ended.stderr) == (0, "")
    return [line.split("\t") for line in ended.stdout.splitlines()]


def test_WHEN_auditing_a_tag_THEN_what_lacks_it_is_named_in_every_account_and_region(
    variables: dict[str, str],
) -> None:
    rows = done("tag_audit.py", "role", variables=variables)

    assert {(account, region) for account, region, _ in rows} == TARGETS
    assert all(resource.startswith(f"arn:aws:rds:{region}:{account}:") for account, region, resource in rows)
    names = sorted(resource.split(":", 5)[5] for account, _, resource in rows if account == ACCOUNTS[0])
    assert names == sorted(["cluster:reports", "db:archive-db", "db:orders-db", "db:reports-1"] * 2)
    assert done("tag_audit.py", "stage", variables=variables) == []
    instances = [row for row in done("tag_audit.py", "owner", variables=variables) if row[2].startswith("i-")]
    assert len(instances) == 3 * len(TARGETS)


def test_WHEN_stopping_databases_twice_THEN_those_with_the_tag_are_stopped_and_then_nothing_is_left(
    variables: dict[str, str],
) -> None:
    assert done("stop_databases.py", "stage=production", variables=variables) == []

    rows = done("stop_databases.py", "stage=sandbox", variables=variables)

    assert sorted(rows) == sorted(
        ["applied", f"arn:aws:rds:{region}:{account}:{database}"]
        for account, region in TARGETS
        for database in ("db:orders-db", "cluster:reports")
    )
    assert done("stop_databases.py", "stage=sandbox", variables=variables) == []


def test_WHEN_taking_an_inventory_of_buckets_THEN_it_is_csv_of_every_account(
    variables: dict[str, str],
) -> None:
    ended = run("bucket_inventory.py", variables=variables)

    assert (ended.returncode, ended.stderr) == (0, "")
    header, *rows = csv.reader(io.StringIO(ended.stdout))
    assert header == ["account", "region", "bucket", "created"]
    assert {row[2] for row in rows} >= {f"samples-{account}-{region}" for account, region in TARGETS}
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\+00:00", row[3]) for row in rows)
    assert all(row[0] in row[2] for row in rows)
    regions = {row[2]: row[1] for row in rows}
    assert all(regions[f"samples-{account}-{region}"] == region for account, region in TARGETS)


@pytest.mark.parametrize(
    ("example", "arguments"),
    [("tag_audit.py", ()), ("tag_audit.py", ("a", "b")), ("stop_databases.py", ())]
    + [("stop_databases.py", (tag,)) for tag in ("stage", "=sandbox")],
)
def test_WHEN_the_arguments_are_not_those_of_the_script_THEN_it_shows_its_usage(
    example: str, arguments: tuple[str, ...], variables: dict[str, str]
) -> None:
    ended = run(example, *arguments, variables=variables)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"usage: {example} [-h] TAG")
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("example", "arguments"),
    [("tag_audit.py", ("stage",)), ("stop_databases.py", ("stage=sandbox",)), ("bucket_inventory.py", ())],
)
def test_WHEN_targets_fail_THEN_each_is_named_and_the_script_exits_with_1(
    example: str, arguments: tuple[str, ...], variables: dict[str, str]
) -> None:
    # STS somewhere else: the organisation answers, and no role can be assumed.
    failing = {**variables, "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9"}
    ended = run(example, *arguments, variables=failing)

    assert ended.returncode == 1
    assert {line.split("/")[2] for line in ended.stderr.splitlines()} == set(ACCOUNTS)
    assert all("Could not connect" in line for line in ended.stderr.splitlines())
    assert "Traceback" not in ended.stderr


def test_WHEN_the_lines_of_the_readme_are_run_in_order_THEN_each_ends_well(
    variables: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "examples").symlink_to(EXAMPLES)
    assert run_steps(steps_of(EXAMPLES / "README.md"), variables, folder) == []


def test_WHEN_an_example_is_added_THEN_it_is_in_the_readme_and_in_these_tests() -> None:
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    tests = Path(__file__).read_text(encoding="utf-8")
    names = [path.name for path in EXAMPLES.glob("*.py")]

    assert len(names) >= 3
    for name in names:
        assert f"({name})" in readme
        assert f'"{name}"' in tests
        assert len((EXAMPLES / name).read_text(encoding="utf-8").splitlines()) < 45
