"""Errors that say the same of many targets: told a few times, and then how often."""

import io

import pytest

from aws_operations.targets import Target
from commands.console import Console
from commands.repeated_errors import told_a_few_times

TARGETS = [Target(region, f"{number:012}") for number in range(10) for region in ("eu-west-1", "us-east-1")]


def told(targets: list[Target], line: str) -> list[str]:
    stderr = io.StringIO()
    with told_a_few_times(Console(stdout=io.BytesIO(), stderr=stderr)) as tell:
        for number, target in enumerate(targets):
            tell(line.format(target=target, bucket=f"b-{target.aws_account}", number=number), target)
    return stderr.getvalue().splitlines()


@pytest.mark.parametrize(
    ("count", "last"),
    [
        (5, "error: no permission for b-000000000002 in aws://000000000002/eu-west-1 (request REQ4)"),
        (6, "error: no permission for b-000000000002 in aws://000000000002/us-east-1 (request REQ5)"),
        (7, "(request REQ6); and so in 1 more target"),
        (20, "(request REQ19); and so in 14 more targets"),
    ],
)
def test_WHEN_errors_differ_in_their_place_alone_THEN_five_and_the_last_are_told(
    count: int, last: str
) -> None:
    lines = told(TARGETS[:count], "no permission for {bucket} in {target} (request REQ{number})")

    assert len(lines) == min(count, 6)
    assert lines[-1].endswith(last)


def test_WHEN_errors_say_different_things_THEN_each_is_told() -> None:
    assert len(told(TARGETS, "no thing-{number} in {target}")) == 20


def test_WHEN_the_run_is_interrupted_THEN_the_rest_is_told_all_the_same() -> None:
    stderr = io.StringIO()

    def interrupted() -> None:
        with told_a_few_times(Console(stdout=io.BytesIO(), stderr=stderr)) as tell:
            for target in TARGETS[:8]:
                tell(f"no permission in {target}", target)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert stderr.getvalue().endswith("; and so in 2 more targets\n")
