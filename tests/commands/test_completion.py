import subprocess
import sys

import pytest

from tests.support.program import PROGRAM, ROOT, run_program


def completions(words: str, environment: dict[str, str]) -> list[str]:
    asked = {
        **environment,
        "_MANAGE_RESOURCES_COMPLETE": "bash_complete",
        "COMP_WORDS": f"manage-resources {words}",
        "COMP_CWORD": str(len(words.split(" "))),
    }
    done = subprocess.run(PROGRAM, env=asked, cwd=ROOT, capture_output=True, text=True, check=True)
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("s", ["s3", "sandbox", "scaffold", "secrets"]),
        ("s3 st", ["status"]),
        ("s3 tags ", ["get", "set"]),
        ("s3 ls --outp", ["--output"]),
        ("s3 ls --output js", ["json", "jsonl"]),
        ("completion ", ["bash", "fish", "zsh"]),
    ],
)
def test_WHEN_words_are_completed_THEN_what_fits_is_offered(
    words: str, expected: list[str], environment: dict[str, str]
) -> None:
    assert sorted(completions(words, environment)) == expected


def test_WHEN_values_typed_so_far_are_bad_THEN_completion_still_works(environment: dict[str, str]) -> None:
    assert completions("--region mars s3 st", environment) == ["status"]


def test_WHEN_words_are_completed_THEN_boto_is_not_imported() -> None:
    script = (
        "import os, sys, manage_resources\n"
        "os.environ |= dict(COMP_WORDS='x s3 st', COMP_CWORD='2')\n"
        "os.environ['_MANAGE_RESOURCES_COMPLETE'] = 'bash_complete'\n"
        "try:\n    manage_resources.main([])\n"
        "except SystemExit as end:\n    assert not end.code\n"
        "assert not [m for m in sys.modules if m.startswith(('boto', 'aws_'))]\n"
    )

    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_WHEN_script_is_asked_for_THEN_it_calls_the_program_back(
    shell: str, environment: dict[str, str]
) -> None:
    done = run_program(["completion", shell], environment)

    assert done.returncode == 0
    assert f"_MANAGE_RESOURCES_COMPLETE={shell}_complete" in done.stdout
    assert done.stderr == ""


def test_WHEN_bash_reads_the_script_THEN_it_is_valid(environment: dict[str, str]) -> None:
    script = run_program(["completion", "bash"], environment).stdout

    subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_WHEN_completion_is_given_an_identity_THEN_it_is_a_usage_error(environment: dict[str, str]) -> None:
    done = run_program(["--profile", "x", "completion", "bash"], environment)

    assert done.returncode == 2
    assert "--profile means nothing to this command" in done.stderr
