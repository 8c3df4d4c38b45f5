"""What holds for every command that is registered; a command without a case here fails the suite."""

import shlex
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from commands.app import Verb
from commands.command_tree import every_verb
from commands.options import RESERVED_SPELLINGS
from commands.shapes import Shape
from tests.commands.command_cases import CASES, NOT_IN_THE_SANDBOX, TAKE_AWAY
from tests.support.loopback_proxy import LoopbackProxy
from tests.support.program import ROOT, run_on_terminal, run_program
from tests.support.sandbox_fixtures import COVERAGE_VARIABLES

VERBS = dict(every_verb())
# Their examples have tests of their own.
BUILD_ON_ONE_ANOTHER = {"sandbox", "runs", "plan", "apply", "undo", "policy", "scaffold"}
AWS_VERBS = [words for words, verb in VERBS.items() if verb.takes_identity]
IN_THE_SANDBOX = [words for words in AWS_VERBS if words not in NOT_IN_THE_SANDBOX]
HARMLESS_GUARDS = shlex.split(
    "--protect-accounts 999999999999 --protect-regions ap-* --protect-names zzz* --protect-tags zzz "
    "--delete-only-in 123456789012,us-east-1 --max-changes 100%"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file.txt"
    path.write_text("content", encoding="utf-8")
    return path


def command_line(words: str, file: Path) -> list[str]:
    new = f"new-{uuid.uuid4().hex[:12]}"
    filled = [part.format(new=new, file=file, folder=file.parent) for part in CASES[words]]
    return [*words.split(), *filled]


def test_WHEN_a_command_is_registered_THEN_it_has_a_case_here() -> None:
    assert sorted(AWS_VERBS) == sorted(CASES)


@pytest.mark.parametrize("words", IN_THE_SANDBOX)
def test_WHEN_a_command_runs_dry_THEN_it_sends_nothing_but_reads(
    words: str, file: Path, proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    done = run_program([*command_line(words, file), "--dry-run", "--yes"], proxied_environment)
    assert done.returncode == 0, done.stderr
    assert proxy.writes == []
    assert proxy.requests or words in {"s3 presign", "fleet list"}
    assert not (file.parent / "got").exists()


@pytest.mark.parametrize("words", [words for words in IN_THE_SANDBOX if VERBS[words].shape is Shape.CHANGES])
def test_WHEN_the_operator_declines_THEN_nothing_but_reads_was_sent(
    words: str, file: Path, proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    session = run_on_terminal(command_line(words, file), proxied_environment, typed="n\n")
    assert session.exit_code == 6, session.screen
    is_final = "(irreversible)" in session.screen
    assert (" cannot be undone" in session.screen) is is_final
    assert ("[y/N]" in session.screen) is not is_final
    assert "nothing was changed" in session.screen
    assert proxy.requests
    assert proxy.writes == []


@pytest.mark.parametrize("words", [words for words in IN_THE_SANDBOX if VERBS[words].shape is Shape.CHANGES])
def test_WHEN_guards_protect_other_things_THEN_they_can_all_tell_so(
    words: str, file: Path, proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    done = run_program([*command_line(words, file), "--dry-run", *HARMLESS_GUARDS], proxied_environment)
    assert done.returncode == 0, done.stderr
    assert "would be refused" not in done.stderr
    assert proxy.writes == []


@pytest.mark.parametrize("words", TAKE_AWAY)
def test_WHEN_it_takes_something_away_AND_nobody_can_be_asked_THEN_it_is_refused_unsent(
    words: str, file: Path, proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    done = run_program(command_line(words, file), proxied_environment)
    assert done.returncode == 6
    assert "--yes" in done.stderr
    assert done.stderr.count("\n") == 1
    assert proxy.writes == []


@pytest.mark.parametrize(
    "words",
    [
        words
        for words in VERBS
        if words.split()[0] not in BUILD_ON_ONE_ANOTHER and words not in NOT_IN_THE_SANDBOX
    ],
)
def test_WHEN_an_example_is_run_THEN_it_works(words: str, sandbox_environment: dict[str, str]) -> None:
    measured = {**sandbox_environment, **COVERAGE_VARIABLES}
    done = run_program(shlex.split(VERBS[words].example)[1:], measured)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def test_WHEN_the_examples_of_the_sandbox_are_run_in_order_THEN_they_work(
    environment: dict[str, str],
) -> None:
    order = ["sandbox up", "sandbox status", "sandbox env", "sandbox reset", "sandbox down"]
    assert sorted(order) == sorted(words for words in VERBS if words.startswith("sandbox "))
    for words in order:
        done = run_program(shlex.split(VERBS[words].example)[1:], environment)
        assert done.returncode == 0, f"{words}: {done.stderr}"


@pytest.mark.parametrize("words", VERBS)
def test_WHEN_help_is_asked_for_THEN_it_shows_the_example_and_every_option(words: str) -> None:
    verb = VERBS[words]
    shown = help_of(words)
    assert verb.example.splitlines()[0] in shown
    for parameter in verb.params:
        if parameter.param_type_name == "option":
            assert parameter.opts[-1] in shown
            assert parameter.help, f"{words} {parameter.opts[-1]} has no help"


def help_of(words: str) -> str:
    import click

    verb: Verb = VERBS[words]
    return verb.get_help(click.Context(verb, info_name=f"manage-resources {words}"))


@pytest.mark.parametrize("words", VERBS)
def test_WHEN_a_command_has_options_THEN_none_takes_a_global_name(words: str) -> None:
    own = {spelling for parameter in VERBS[words].params for spelling in parameter.opts}
    assert not own & RESERVED_SPELLINGS


def test_WHEN_any_help_is_shown_THEN_neither_boto_nor_operations_are_imported() -> None:
    script = (
        "import sys, io, contextlib\n"
        "from manage_resources import main\n"
        "for words in sys.argv[1:]:\n"
        "    with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())):\n"
        "        try:\n"
        "            code = main([*words.split(), '--help'])\n"
        "        except SystemExit as end:\n"
        "            code = end.code\n"
        "    assert not code, words\n"
        "heavy = {'boto3', 'botocore', 'aws_operations', 'aws_interactions', 'yaml', 'jmespath'}\n"
        "loaded = sorted(heavy & set(sys.modules))\n"
        "assert not loaded, loaded\n"
    )
    groups = sorted({" ".join(words.split()[:-1]) for words in VERBS})
    done = subprocess.run(
        [sys.executable, "-c", script, "", *groups, *VERBS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
