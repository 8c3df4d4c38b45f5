"""Runs that are killed with SIGKILL and gone on with: no target is lost, and no write is blindly repeated."""

import json
import random
import signal
import sqlite3
import subprocess
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from aws_operations.journal import RunState, RunSummary
from tests.support.journal_things import journal_of
from tests.support.loopback_proxy import Fault, Hangup, LoopbackProxy, SeenRequest
from tests.support.plan_things import EVERYWHERE
from tests.support.program import run_program, start_program


@dataclass
class Executioner:
    """Kills the program when a request comes that it waits for, and counts what came through."""

    kills_at: Callable[[SeenRequest], bool]
    lets_it_through: bool = False
    program: subprocess.Popen[str] | None = None
    sent: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: SeenRequest) -> Fault | None:
        with self.lock:
            is_end = self.program is not None and self.kills_at(request)
            if self.program is not None and (is_end or self.program.poll() is not None):
                self.program.kill()
                self.program.wait()
                if is_end and self.lets_it_through:
                    self._count(request)
                    return Hangup(after_work=True)
                return Hangup()
            self._count(request)
            return None

    def _count(self, request: SeenRequest) -> None:
        if not request.changes_nothing:
            self.sent[request.path if request.operation is None else request.operation] += 1


def nth(count: int, wanted: Callable[[SeenRequest], bool]) -> Callable[[SeenRequest], bool]:
    """Say yes to the request of that number among those that are wanted, from 1."""
    seen = [0]

    def is_it(request: SeenRequest) -> bool:
        seen[0] += wanted(request)
        return wanted(request) and seen[0] == count

    return is_it


def is_write(request: SeenRequest) -> bool:
    return not request.changes_nothing


def is_look_at_a_bucket(request: SeenRequest) -> bool:
    return request.method == "HEAD"


def run_and_kill(
    arguments: list[str], environment: dict[str, str], proxy: LoopbackProxy, executioner: Executioner
) -> None:
    proxy.disturb = executioner
    program = start_program(arguments, environment)
    executioner.program = program
    program.communicate(timeout=60)
    assert program.returncode == -signal.SIGKILL
    executioner.program = None


def last_run(environment: dict[str, str]) -> RunSummary:
    with journal_of(environment) as journal:
        return journal.find("last")


def assert_journal_is_whole(environment: dict[str, str]) -> None:
    database = sqlite3.connect(journal_of(environment).path)
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.close()


@pytest.fixture
def name() -> Iterator[str]:
    return iter([f"k{uuid.uuid4().hex[:10]}-{{account}}-{{region}}"])


@pytest.mark.parametrize(
    ("number", "lets_it_through"),
    [(1, False), (3, True), (6, False), (6, True)],
    ids=["1-before-the-request", "3-before-the-answer", "6-before-the-request", "6-before-the-answer"],
)
def test_WHEN_it_is_killed_at_a_write_THEN_resume_makes_each_bucket_once(
    number: int,
    lets_it_through: bool,
    name: Iterator[str],
    proxied_environment: dict[str, str],
    proxy: LoopbackProxy,
) -> None:
    executioner = Executioner(nth(number, is_write), lets_it_through)
    create = ["s3", "create", next(name), *EVERYWHERE, "--yes", "--workers", "1"]

    run_and_kill(create, proxied_environment, proxy, executioner)

    assert_journal_is_whole(proxied_environment)
    killed = last_run(proxied_environment)
    assert (killed.state, killed.counts.changes_unknown) == (RunState.KILLED, 1)
    assert killed.counts.changes_applied == number - 1
    done = run_program(["runs", "resume", "last", "--output", "json"], proxied_environment)
    assert done.returncode == 0, done.stderr
    assert [row["status"] for row in json.loads(done.stdout)] == ["applied"] * (7 - number)
    assert "looks at 1 change that may have been made" in done.stderr
    assert sorted(executioner.sent.values()) == [1] * 6
    assert "is complete: 6 of 6 targets done, 6 changes made" in done.stderr


def test_WHEN_it_is_killed_between_two_writes_THEN_nothing_is_unknown_AND_resume_makes_the_rest(
    name: Iterator[str], proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    # Each bucket is looked at when it is planned, and again before it is made.
    executioner = Executioner(nth(6 + 4, is_look_at_a_bucket))
    create = ["s3", "create", next(name), *EVERYWHERE, "--yes", "--workers", "1"]

    run_and_kill(create, proxied_environment, proxy, executioner)

    killed = last_run(proxied_environment)
    counts = killed.counts
    assert (counts.changes_applied, counts.changes_unknown, counts.changes_left) in {
        (3, 0, 3),
        (2, 1, 3),  # the last result was not yet on disk
    }
    done = run_program(["runs", "resume", killed.id[:15]], proxied_environment)
    assert done.returncode == 0, done.stderr
    assert sorted(executioner.sent.values()) == [1] * 6


@pytest.mark.parametrize("number", [1, 4])
def test_WHEN_it_is_killed_while_it_plans_THEN_nothing_was_changed_AND_there_is_nothing_to_resume(
    number: int, name: Iterator[str], proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    executioner = Executioner(nth(number, is_look_at_a_bucket))
    create = ["s3", "create", next(name), *EVERYWHERE, "--yes", "--workers", "1"]

    run_and_kill(create, proxied_environment, proxy, executioner)
    done = run_program(["runs", "resume", "last"], proxied_environment)

    assert done.returncode == 6
    assert "nothing was changed: run the command anew" in done.stderr
    assert not executioner.sent


@pytest.mark.parametrize("number", [1, 6])
def test_WHEN_a_read_is_killed_THEN_resume_answers_for_exactly_what_was_left(
    number: int, proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    executioner = Executioner(nth(number, lambda request: request.service == "s3"))
    ls = ["s3", "ls", "samples-{account}-{region}", *EVERYWHERE, "--workers", "1"]

    run_and_kill(ls, proxied_environment, proxy, executioner)

    left = last_run(proxied_environment).counts.targets_left
    assert left >= 7 - number
    proxy.requests.clear()
    done = run_program(["runs", "resume", "last", "--output", "json"], proxied_environment)
    assert done.returncode == 0, done.stderr
    assert len({(row["account"], row["region"]) for row in json.loads(done.stdout)}) == left
    assert len([request for request in proxy.requests if request.service == "s3"]) == left
    assert last_run(proxied_environment).state is RunState.COMPLETE


def test_WHEN_looking_at_it_does_not_tell_THEN_it_stays_unknown_AND_is_not_repeated(
    proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    executioner = Executioner(nth(1, is_write), lets_it_through=True)

    run_and_kill(["ec2", "reboot", "web-1", "--yes"], proxied_environment, proxy, executioner)
    first, second = (run_program(["runs", "resume", "last"], proxied_environment) for _ in range(2))

    assert (first.returncode, second.returncode) == (7, 7)
    assert "it was begun, and looking at it does not tell; it was not repeated" in first.stderr
    assert executioner.sent == {"RebootInstances": 1}
    assert last_run(proxied_environment).counts.changes_unknown == 1


def test_WHEN_a_secret_was_not_stored_THEN_resume_says_that_its_value_is_gone(
    proxied_environment: dict[str, str], proxy: LoopbackProxy, tmp_path: Path
) -> None:
    value = tmp_path / "value"
    value.write_text("correct horse battery staple", encoding="utf-8")
    executioner = Executioner(nth(1, is_write))
    create = ["secrets", "create", f"k/{uuid.uuid4().hex}", "--file", str(value), "--yes"]

    run_and_kill(create, proxied_environment, proxy, executioner)
    value.rename(tmp_path / "elsewhere")
    done = run_program(["runs", "resume", "last"], proxied_environment)

    assert done.returncode == 5, done.stderr
    assert "values are never kept" in done.stderr
    assert f"can't read {value}" in done.stderr
    assert not executioner.sent
    assert last_run(proxied_environment).counts.changes_left == 1
    folder = Path(proxied_environment["XDG_STATE_HOME"])
    assert not [path for path in folder.rglob("*") if path.is_file() and b"horse" in path.read_bytes()]


def test_WHEN_a_secret_was_not_stored_AND_its_file_is_there_THEN_resume_reads_it_again(
    proxied_environment: dict[str, str], proxy: LoopbackProxy, tmp_path: Path
) -> None:
    value = tmp_path / "value"
    value.write_text("correct horse battery staple", encoding="utf-8")
    name = f"k/{uuid.uuid4().hex}"

    run_and_kill(
        ["secrets", "create", name, "--file", str(value), "--yes"],
        proxied_environment,
        proxy,
        Executioner(nth(1, is_write)),
    )
    done = run_program(["runs", "resume", "last"], proxied_environment)

    assert done.returncode == 0, done.stderr
    assert run_program(["secrets", "get", name], proxied_environment).stdout == value.read_text("utf-8")
    assert last_run(proxied_environment).state is RunState.COMPLETE


def test_WHEN_a_secret_was_stored_before_the_answer_THEN_resume_finds_it(
    proxied_environment: dict[str, str], proxy: LoopbackProxy, tmp_path: Path
) -> None:
    value = tmp_path / "value"
    value.write_text("correct horse battery staple", encoding="utf-8")
    executioner = Executioner(nth(1, is_write), lets_it_through=True)
    create = ["secrets", "create", f"k/{uuid.uuid4().hex}", "--file", str(value), "--yes"]

    run_and_kill(create, proxied_environment, proxy, executioner)
    done = run_program(["runs", "resume", "last"], proxied_environment)

    assert done.returncode == 0, done.stderr
    assert executioner.sent == {"CreateSecret": 1}


@pytest.mark.parametrize("seed", range(3))
def test_WHEN_it_is_killed_at_any_time_and_again_THEN_each_write_is_made_once(
    seed: int, name: Iterator[str], proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a repeatable choice of moments
    executioner = Executioner(lambda _: False)

    def slowly(request: SeenRequest) -> Fault | None:
        time.sleep(0.02)
        return executioner(request)

    proxy.disturb = slowly
    program = start_program(
        ["s3", "create", next(name), *EVERYWHERE, "--yes", "--workers", "2"], proxied_environment
    )
    # It plans with 13 requests; a resume lets itself into the accounts with as many as 7.
    for first, last in ((14, 24), (5, 12)):
        executioner.program = program
        kill_after(program, proxy, chance.randint(first, last), 0.04 * chance.random())
        executioner.program = None
        program = start_program(["runs", "resume", "last"], proxied_environment)
    _, errors = program.communicate(timeout=60)

    assert program.returncode == 0, errors
    assert list(executioner.sent.values()) == [1] * 6, executioner.sent
    assert last_run(proxied_environment).counts.changes_applied == 6
    assert_journal_is_whole(proxied_environment)


def kill_after(program: subprocess.Popen[str], proxy: LoopbackProxy, requests: int, seconds: float) -> None:
    end = len(proxy.requests) + requests
    deadline = time.monotonic() + 60
    while len(proxy.requests) < end and program.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    time.sleep(seconds)
    program.kill()
    program.communicate()
