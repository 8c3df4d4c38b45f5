"""A plan is applied once: whoever comes second, in whichever process, and however the first one ended."""

import json
import os
import pty
import shlex
import signal
import subprocess
import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from aws_operations.journal import RunState
from commands.command_tree import every_verb
from tests.support.aws_answers import s3_error
from tests.support.loopback_proxy import Fault, Hangup, LoopbackProxy, SeenRequest
from tests.support.plan_things import EVERYWHERE, changed_header, new_buckets, runs_of, saved
from tests.support.program import PROGRAM, ROOT, run_program, start_program

Environment = dict[str, str]
VERBS = dict(every_verb())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "p.plan"


def holding_writes(gate: threading.Event, held: threading.Event) -> Callable[[SeenRequest], Fault | None]:
    def disturb(request: SeenRequest) -> None:
        if not request.changes_nothing:
            held.set()
            gate.wait(30)

    return disturb


def test_WHEN_the_examples_are_run_in_order_THEN_they_work(
    tmp_path: Path, sandbox_environment: Environment
) -> None:
    saved(
        tmp_path / "stop.plan", sandbox_environment, "--sandbox", "s3", "create", f"x{uuid.uuid4().hex[:9]}"
    )
    for words in ("plan show", "apply"):
        example = shlex.split(VERBS[words].example)[1:]
        done = run_program(example, sandbox_environment, cwd=tmp_path)
        assert done.returncode == 0, f"{words}: {done.stderr}"


def test_WHEN_two_processes_apply_one_plan_THEN_one_wins_AND_the_other_names_its_run(
    path: Path, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    saved(path, proxied_environment, "s3", "create", new_buckets(), *EVERYWHERE)
    proxy.requests.clear()

    both = [start_program(["apply", str(path), "--yes"], proxied_environment) for _ in range(2)]
    ends = sorted((process.communicate(timeout=60)[1], process.returncode) for process in both)

    assert sorted(code for _, code in ends) == [0, 6], ends
    (lost,) = (errors for errors, code in ends if code == 6)
    (run,) = runs_of(proxied_environment)
    assert run.counts.changes_applied == 6
    assert f"applied by run {run.id}; this one changed nothing" in lost
    assert len(proxy.writes) == 6


def test_WHEN_one_applies_it_at_this_moment_THEN_the_other_names_that_run(
    path: Path, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    saved(path, proxied_environment, "s3", "create", new_buckets(), *EVERYWHERE)
    gate, held = threading.Event(), threading.Event()
    proxy.disturb = holding_writes(gate, held)
    first = start_program(["apply", str(path), "--yes"], proxied_environment)
    assert held.wait(30)

    second = run_program(["apply", str(path), "--yes"], proxied_environment)
    gate.set()
    _, errors = first.communicate(timeout=60)

    assert first.returncode == 0, errors
    (run,) = runs_of(proxied_environment)
    assert (second.returncode, second.stdout) == (6, "")
    assert f"the plan is being applied by run {run.id}; this one changed nothing" in second.stderr


def test_WHEN_the_other_keeps_another_journal_THEN_the_file_is_held_still(
    path: Path, tmp_path: Path, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    saved(path, proxied_environment, "s3", "create", new_buckets(), *EVERYWHERE)
    gate, held = threading.Event(), threading.Event()
    proxy.disturb = holding_writes(gate, held)
    first = start_program(["apply", str(path), "--yes"], proxied_environment)
    assert held.wait(30)

    elsewhere = {**proxied_environment, "XDG_STATE_HOME": str(tmp_path / "elsewhere")}
    # Who held the plan is asked for its run for some seconds: nobody here has that journal.
    second = start_program(["apply", str(path), "--yes"], elsewhere)
    _, said = second.communicate(timeout=60)
    gate.set()
    _, errors = first.communicate(timeout=60)

    assert first.returncode == 0, errors
    assert second.returncode == 6
    assert "another process applies the plan" in said
    assert runs_of(elsewhere) == []


def test_WHEN_another_applies_it_while_somebody_thinks_about_it_THEN_the_late_yes_changes_nothing(
    path: Path, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    saved(path, proxied_environment, "s3", "create", f"r{uuid.uuid4().hex[:9]}")
    ours, theirs = pty.openpty()
    asked = subprocess.Popen(
        [*PROGRAM, "apply", str(path)],
        env=proxied_environment,
        cwd=ROOT,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown = b""
    while not shown.endswith(b"[y/N] "):
        shown += os.read(ours, 65_536)

    meanwhile = run_program(["apply", str(path)], proxied_environment)
    os.write(ours, b"y\n")
    with suppress(OSError):
        while chunk := os.read(ours, 65_536):
            shown += chunk
    os.close(ours)

    assert meanwhile.returncode == 0, meanwhile.stderr
    assert asked.wait(timeout=60) == 6
    (run,) = runs_of(proxied_environment)
    assert f"was applied by run {run.id}".encode() in shown
    assert len(proxy.writes) == 1


def test_WHEN_another_applies_it_while_this_one_looks_THEN_its_run_is_named_AND_no_drift(
    path: Path, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    saved(path, proxied_environment, "s3", "create", f"r{uuid.uuid4().hex[:9]}")
    gate, looking = threading.Event(), threading.Event()

    def hold_the_first_look(request: SeenRequest) -> None:
        if request.method == "HEAD" and not looking.is_set():
            looking.set()
            gate.wait(30)

    proxy.disturb = hold_the_first_look
    late = start_program(["apply", str(path), "--yes"], proxied_environment)
    assert looking.wait(30)
    winner = run_program(["apply", str(path), "--yes"], proxied_environment)
    gate.set()
    _, said = late.communicate(timeout=60)

    assert winner.returncode == 0, winner.stderr
    (run,) = runs_of(proxied_environment)
    assert late.returncode == 6
    assert f"the plan was applied by run {run.id}; this one changed nothing" in said
    assert "as planned" not in said
    assert "runs resume" not in said


@pytest.mark.parametrize("lets_it_through", [False, True], ids=["before-the-request", "before-the-answer"])
def test_WHEN_it_is_killed_THEN_its_run_goes_on_without_the_file_AND_the_plan_is_used(
    lets_it_through: bool, path: Path, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    saved(path, proxied_environment, "s3", "create", new_buckets(), *EVERYWHERE, "--workers", "1")
    proxy.requests.clear()
    program: list[subprocess.Popen[str]] = []

    def kill_at_the_third(request: SeenRequest) -> Fault | None:
        if not request.changes_nothing and len(proxy.writes) >= 3:
            program[0].kill()
            program[0].wait()
            return Hangup(after_work=lets_it_through)
        return None

    proxy.disturb = kill_at_the_third
    program.append(start_program(["apply", str(path), "--yes"], proxied_environment))
    program[0].communicate(timeout=60)
    assert program[0].returncode == -signal.SIGKILL
    proxy.disturb = lambda _: None

    again = run_program(["apply", str(path), "--yes"], proxied_environment)
    (killed,) = runs_of(proxied_environment)
    assert again.returncode == 6
    assert f"was applied by run {killed.id}" in again.stderr
    assert f"do what is left of it: manage-resources runs resume {killed.id}" in again.stderr
    assert killed.state is RunState.KILLED
    path.unlink()
    done = run_program(["runs", "resume", "last", "--output", "json"], proxied_environment)

    assert done.returncode == 0, done.stderr
    (run,) = runs_of(proxied_environment)
    assert (run.state, run.counts.changes_applied) == (RunState.COMPLETE, 6)
    assert [row["status"] for row in json.loads(done.stdout)].count("applied") >= 4


def test_WHEN_some_changes_failed_THEN_they_are_tried_again_without_the_file(
    path: Path, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    template = new_buckets()
    one = template.format(account="444455556666", region="us-east-1")
    saved(path, proxied_environment, "s3", "create", template, *EVERYWHERE)

    def refuse(request: SeenRequest) -> Fault | None:
        is_one = one in request.path and not request.changes_nothing
        return s3_error(403, "AccessDenied") if is_one else None

    proxy.disturb = refuse
    done = run_program(["apply", str(path), "--yes"], proxied_environment)
    assert done.returncode == 5, done.stderr
    assert "runs resume" in done.stderr
    proxy.disturb = lambda _: None
    used = run_program(["apply", str(path), "--yes"], proxied_environment)
    assert used.returncode == 6
    assert "; try what failed again: manage-resources runs resume" in used.stderr
    path.unlink()

    again = run_program(["runs", "resume", "last", "--failed", "--output", "json"], proxied_environment)

    assert again.returncode == 0, again.stderr
    (row,) = json.loads(again.stdout)
    assert (row["status"], row["resource"]) == ("applied", f"arn:aws:s3:::{one}")


def test_WHEN_it_is_interrupted_while_it_looks_THEN_nothing_was_changed_AND_the_plan_is_not_used(
    path: Path, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    saved(path, proxied_environment, "s3", "create", new_buckets(), *EVERYWHERE)
    proxy.requests.clear()
    gate, looking = threading.Event(), threading.Event()

    def hold(request: SeenRequest) -> None:
        if request.method == "HEAD":
            looking.set()
            gate.wait(30)

    proxy.disturb = hold
    program = start_program(["apply", str(path), "--yes"], proxied_environment)
    assert looking.wait(30)
    program.send_signal(signal.SIGINT)
    _, errors = program.communicate(timeout=60)
    gate.set()

    assert program.returncode == 130
    assert "stopped before anything was changed" in errors
    assert proxy.writes == []
    assert runs_of(proxied_environment) == []


def test_WHEN_the_deadline_comes_while_it_looks_THEN_nothing_was_changed_AND_the_plan_is_not_used(
    path: Path, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    saved(path, proxied_environment, "s3", "create", new_buckets(), *EVERYWHERE)
    short = changed_header(path, lambda it: replace(it, settings={**it.settings, "deadline": 1}))
    proxy.requests.clear()
    gate = threading.Event()

    def hold(request: SeenRequest) -> None:
        if request.method == "HEAD":
            gate.wait(30)

    proxy.disturb = hold
    done = run_program(["apply", str(short), "--yes"], proxied_environment)
    gate.set()

    assert (done.returncode, done.stdout) == (7, "")
    assert "--deadline came while the plan was checked; nothing was changed" in done.stderr
    assert proxy.writes == []
    assert runs_of(proxied_environment) == []
