import json

import pytest

from tests.support.program import run_program


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], ["123456789012", "111122223333", "444455556666"]),
        (["/"], ["123456789012"]),
        (["/workloads"], ["444455556666"]),
        (["workloads/production"], ["111122223333"]),
        (["/workloads", "--recursive"], ["444455556666", "111122223333"]),
    ],
)
def test_WHEN_accounts_are_listed_THEN_they_are_those_of_the_unit(
    options: list[str], expected: list[str], sandbox_environment: dict[str, str]
) -> None:
    done = run_program(
        ["--sandbox", "organizations", "accounts", *options, "--output", "json"], sandbox_environment
    )

    assert done.returncode == 0, done.stderr
    assert [row["id"] for row in json.loads(done.stdout)] == expected


def test_WHEN_units_are_listed_THEN_each_has_its_path(sandbox_environment: dict[str, str]) -> None:
    done = run_program(
        ["--sandbox", "organizations", "ous", "--query", "[].path", "--output", "json"], sandbox_environment
    )

    assert json.loads(done.stdout) == ["/workloads", "/workloads/production"]


def test_WHEN_accounts_are_listed_AND_there_is_no_such_unit_THEN_it_is_refused_by_its_path(
    sandbox_environment: dict[str, str],
) -> None:
    done = run_program(["--sandbox", "organizations", "accounts", "/nowhere"], sandbox_environment)

    assert done.returncode == 4
    assert "there is no organisational unit /nowhere" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(("options", "complaint"), [(["--recursive"], "UNIT"), ([""], "is empty")])
def test_WHEN_accounts_are_listed_AND_options_do_not_go_together_THEN_it_is_a_usage_error(
    options: list[str], complaint: str, environment: dict[str, str]
) -> None:
    done = run_program(["organizations", "accounts", *options], environment)

    assert done.returncode == 2
    assert complaint in done.stderr
