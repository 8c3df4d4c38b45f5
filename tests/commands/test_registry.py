import subprocess
import sys
from pathlib import Path

import pytest

from commands.app import Noun
from commands.boundary import run_command_line
from commands.command_tree import every_verb
from commands.registry import NOUNS, WORDS_OF_OTHER_TOOLS, NounEntry
from commands.root import NounStub, Root, VerbStub, root
from tests.support.program import PROGRAM, ROOT


@pytest.mark.parametrize("entry", NOUNS, ids=lambda entry: entry.name)
def test_WHEN_noun_is_registered_THEN_its_module_has_its_group_with_verbs(entry: NounEntry) -> None:
    if entry.is_verb:
        assert VerbStub(entry).verb.name == entry.name
        return
    group = NounStub(entry).noun

    assert isinstance(group, Noun)
    assert group.name == entry.name
    assert group.commands
    assert entry.help.endswith(".")


def test_WHEN_nouns_are_registered_THEN_their_names_differ() -> None:
    assert len({entry.name for entry in NOUNS}) == len(NOUNS)
    assert isinstance(root, Root)


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [(["--help"], 0), (["nothing-like-it"], 2), (["--version"], 0)],
)
def test_WHEN_root_answers_THEN_no_command_module_is_imported(arguments: list[str], exit_code: int) -> None:
    script = (
        "import sys, manage_resources\n"
        f"assert manage_resources.main({arguments!r}) == {exit_code}\n"
        f"nouns = {[entry.module for entry in NOUNS]!r}\n"
        "heavy = ['boto3', 'botocore', 'aws_interactions', 'aws_operations', 'yaml', 'jmespath']\n"
        "loaded = [name for name in nouns + heavy if name in sys.modules]\n"
        "assert not loaded, loaded\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


def test_WHEN_a_word_of_another_tool_is_listed_THEN_what_it_is_meant_for_is_there_and_it_is_not() -> None:
    nouns = {entry.name for entry in NOUNS}
    known = {words for words, _ in every_verb()} | nouns

    assert {words for meant in WORDS_OF_OTHER_TOOLS.values() for words in meant} <= known
    assert not set(WORDS_OF_OTHER_TOOLS) & known


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--output", "s3", "ls"], "is the value of --output missing?"),
        (["--regions", "s3", "ls"], "is the value of --regions missing?"),
        (["--profile", "identity", "whoami"], "is the value of --profile missing?"),
        (["s3", "--region", "ls", "demo-bucket"], "is the value of --region missing?"),
        (["--accounts", "111122223333", "444455556666", "s3", "ls"], "--accounts 111122223333,444455556666"),
        (["--regions", "us-east-1", "eu-west-1", "s3", "ls"], "--regions us-east-1,eu-west-1"),
        (["whoami"], "Did you mean 'identity whoami'?"),
        (["s3", "cp", "a", "b"], "Did you mean 's3 put' or 's3 get'?"),
        (["--sandbox", "s3", "rb"], "Did you mean 's3 destroy'?"),
        (["sandbox", "start"], "Did you mean 'sandbox up'?"),
    ],
)
def test_WHEN_a_word_is_no_command_THEN_message_says_what_may_be_meant(
    arguments: list[str], part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command_line(arguments) == 2
    shown = capsys.readouterr().err
    assert "No such command" in shown
    assert part in shown


@pytest.mark.parametrize("arguments", [["--help"], ["s3", "--help"], ["s3", "ls", "--help"], ["--version"]])
def test_WHEN_the_disk_is_full_THEN_a_text_that_was_asked_for_is_an_error_about_the_output(
    arguments: list[str],
) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*PROGRAM, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )

    assert done.returncode == 3
    assert done.stderr == "error: standard output: No space left on device\n"
