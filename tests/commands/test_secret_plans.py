"""Plans and runs that store secrets: no value is kept, and whoever goes on with one is asked for it again."""

import uuid
from pathlib import Path

import pytest

from tests.support.loopback_proxy import Hangup, LoopbackProxy, no_disturbance
from tests.support.program import run_on_terminal, run_program

SENTINEL = "Sentinel \u00e4 horse"
TWO_ACCOUNTS = ["--accounts", "111122223333,444455556666", "--role-name", "operator"]
FIRST_PROMPT, SECOND_PROMPT = "(not shown): ", "once more: "


@pytest.fixture
def name() -> str:
    return f"plans/{uuid.uuid4().hex}"


@pytest.fixture
def plan(tmp_path: Path) -> str:
    return str(tmp_path / "plan")


def saved(
    arguments: list[str], plan: str, environment: dict[str, str], *, stdin: str = "", cwd: Path
) -> None:
    done = run_program([*arguments, "--plan-out", plan], environment, stdin=stdin, cwd=cwd)
    assert done.returncode == 0, done.stderr
    assert b"horse" not in Path(plan).read_bytes()


def stored(name: str, environment: dict[str, str], *more: str) -> str:
    done = run_program(["secrets", "get", name, *more], environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_WHEN_the_value_is_in_a_file_THEN_applying_reads_it_again_from_wherever_that_is_done(
    proxied_environment: dict[str, str], name: str, plan: str, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a:value").write_text(SENTINEL, encoding="utf-8")
    saved(["secrets", "create", name, "--file", "a:value"], plan, proxied_environment, cwd=folder)

    done = run_program(["apply", plan, "--yes"], proxied_environment, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert stored(name, proxied_environment) == SENTINEL


def test_WHEN_a_plan_without_its_value_is_saved_THEN_it_says_how_apply_comes_by_it(
    proxied_environment: dict[str, str], name: str, plan: str, tmp_path: Path
) -> None:
    (tmp_path / "value").write_text(SENTINEL, encoding="utf-8")
    create = ["secrets", "create", name]
    by_file = run_program(
        [*create, "--file", "value", "--plan-out", f"{plan}-1"], proxied_environment, cwd=tmp_path
    )
    piped = run_program([*create, "--stdin", "--plan-out", plan], proxied_environment, stdin=SENTINEL)

    file_line, asked_line = by_file.stderr.splitlines()[0], piped.stderr.splitlines()[0]
    assert file_line == f"no secret value is in the plan; 'apply' reads again: {tmp_path / 'value'}"
    assert (
        asked_line == f"warning: no secret value is in the plan; 'apply' asks for it, on a terminal: {name}"
    )


def test_WHEN_it_was_to_be_stored_as_binary_THEN_it_is(
    proxied_environment: dict[str, str], name: str, plan: str, tmp_path: Path
) -> None:
    (tmp_path / "value").write_text(SENTINEL, encoding="utf-8")
    options = ["--file", "value", "--binary"]
    saved(["secrets", "create", name, *options], plan, proxied_environment, cwd=tmp_path)
    assert run_program(["apply", plan, "--yes"], proxied_environment).returncode == 0
    again = run_program(["secrets", "put", name, *options, "--dry-run"], proxied_environment, cwd=tmp_path)
    as_text = run_program(
        ["secrets", "put", name, *options[:2], "--dry-run"], proxied_environment, cwd=tmp_path
    )

    assert again.stdout.startswith("unchanged")
    assert as_text.stdout.startswith("overwrite")


def test_WHEN_the_file_is_gone_THEN_nothing_is_changed_AND_the_plan_can_still_be_applied(
    proxied_environment: dict[str, str], name: str, plan: str, tmp_path: Path, proxy: LoopbackProxy
) -> None:
    value = tmp_path / "value"
    value.write_text(SENTINEL, encoding="utf-8")
    saved(["secrets", "create", name, "--file", "value"], plan, proxied_environment, cwd=tmp_path)
    value.unlink()
    done = run_program(["apply", plan, "--yes"], proxied_environment)
    assert done.returncode == 3
    assert f"can't read {value}" in done.stderr
    assert not proxy.writes

    value.write_text(SENTINEL, encoding="utf-8")
    assert run_program(["apply", plan, "--yes"], proxied_environment).returncode == 0
    assert stored(name, proxied_environment) == SENTINEL


def test_WHEN_the_value_was_piped_in_AND_nobody_can_be_asked_THEN_nothing_is_changed(
    proxied_environment: dict[str, str], name: str, plan: str, tmp_path: Path, proxy: LoopbackProxy
) -> None:
    create = ["secrets", "create", name, "--stdin"]
    saved(create, plan, proxied_environment, stdin=SENTINEL, cwd=tmp_path)

    done = run_program(["apply", plan, "--yes"], proxied_environment, stdin=SENTINEL)

    assert done.returncode == 2
    assert f"the value of {name} came from standard input, and values are never kept" in done.stderr
    assert not proxy.writes


def test_WHEN_a_value_was_piped_in_THEN_it_is_asked_for_once_AND_not_shown(
    proxied_environment: dict[str, str], name: str, plan: str, tmp_path: Path
) -> None:
    create = ["secrets", "create", name, "--stdin", *TWO_ACCOUNTS]
    saved(create, plan, proxied_environment, stdin="another", cwd=tmp_path)

    session = run_on_terminal(
        ["apply", plan, "--yes"],
        proxied_environment,
        answers=[(FIRST_PROMPT, f"{SENTINEL}\n"), (SECOND_PROMPT, f"{SENTINEL}\n")],
    )

    assert session.exit_code == 0, session.screen
    assert f"Value of {name} and 1 other" in session.screen
    assert "horse" not in session.screen
    for account in ("111122223333", "444455556666"):
        role = ["--assume-role-arn", f"arn:aws:iam::{account}:role/operator"]
        assert stored(name, proxied_environment, *role) == SENTINEL


def test_WHEN_what_is_typed_differs_THEN_nothing_is_changed(
    proxied_environment: dict[str, str], name: str, plan: str, tmp_path: Path, proxy: LoopbackProxy
) -> None:
    assert run_program(["secrets", "create", name, "--stdin"], proxied_environment, stdin="x").returncode == 0
    put = ["secrets", "put", name, "--stdin"]
    saved(put, plan, proxied_environment, stdin=SENTINEL, cwd=tmp_path)
    count = len(proxy.writes)

    session = run_on_terminal(
        ["apply", plan, "--yes"],
        proxied_environment,
        answers=[(f"Value of {name} {FIRST_PROMPT}", f"{SENTINEL}\n"), (SECOND_PROMPT, "other\n")],
    )

    assert session.exit_code == 2, session.screen
    assert "not the same" in session.screen
    assert len(proxy.writes) == count


def test_WHEN_a_run_goes_on_that_was_given_a_value_by_a_pipe_THEN_it_is_asked_for_on_a_terminal(
    proxied_environment: dict[str, str], name: str, proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: None if request.changes_nothing else Hangup()
    create = ["secrets", "create", name, "--stdin", "--max-attempts", "1"]
    assert run_program(create, proxied_environment, stdin=SENTINEL).returncode == 4
    proxy.disturb = no_disturbance
    resume = ["runs", "resume", "last", "--failed"]
    unasked = run_program(resume, proxied_environment)
    assert unasked.returncode == 5
    assert "1 secret value had to be stored, and values are never kept" in unasked.stderr

    session = run_on_terminal(
        resume,
        proxied_environment,
        answers=[(FIRST_PROMPT, f"{SENTINEL}\n"), (SECOND_PROMPT, f"{SENTINEL}\n")],
    )

    assert session.exit_code == 0, session.screen
    assert f"Value of {name} (not shown)" in session.screen
    assert "horse" not in session.screen
    assert stored(name, proxied_environment) == SENTINEL
