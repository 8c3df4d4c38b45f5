"""The spool keeps plans on disk, in order, once each, all or nothing of a planner."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from aws_operations.changes import Change, Effect, Reversibility
from aws_operations.plan_spool import PlanSpool
from aws_operations.targets import Target
from tests.support.program import ROOT

HERE = Target("eu-west-1", "123456789012")


def change(resource: str, effect: Effect = Effect.CREATE) -> Change:
    return Change(
        kind="s3.create-bucket",
        target=HERE,
        resource=resource,
        effect=effect,
        before=None,
        after={"exists": True},
        iam_actions=(),
        reversibility=Reversibility.COMPENSABLE,
    )


def test_WHEN_changes_are_spooled_THEN_they_come_back_in_order() -> None:
    planned = [change(name) for name in "cab"]
    with PlanSpool() as spool:
        spool.add(planned)
        assert list(spool) == planned
        assert len(spool) == 3


def test_WHEN_the_same_change_is_planned_twice_THEN_it_is_kept_once() -> None:
    with PlanSpool() as spool:
        spool.add([change("a"), change("a")])
        assert len(spool) == 1


def test_WHEN_a_planner_raises_midway_THEN_none_of_its_changes_stay() -> None:
    def planner() -> Iterator[Change]:
        yield change("b")
        raise RuntimeError("stopped")

    with PlanSpool() as spool:
        spool.add([change("a")])
        with pytest.raises(RuntimeError):
            spool.add(planner())
        assert [kept.resource for kept in spool] == ["a"]


def test_WHEN_a_plan_is_summed_up_THEN_noops_and_consent_are_told_apart() -> None:
    noop = replace(change("a"), before={"exists": True})
    with PlanSpool() as spool:
        spool.add([noop, change("b"), change("c", Effect.DESTROY), change("d", Effect.OVERWRITE)])
        assert spool.pending == 3
        assert spool.needing_consent == 2
        assert [(line.effect, line.count) for line in spool.summary()] == [
            (None, 1),
            (Effect.CREATE, 1),
            (Effect.DESTROY, 1),
            (Effect.OVERWRITE, 1),
        ]


def test_WHEN_there_is_no_room_for_a_plan_THEN_it_says_so() -> None:
    lines = """
import resource, signal
from aws_operations.plan_spool import PlanNotKept, PlanSpool
from tests.support.journal_things import some_changes
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
with PlanSpool() as spool:
    try:
        spool.add(some_changes(20_000))
    except PlanNotKept as error:
        print(error.strerror, len(spool))
"""
    done = subprocess.run(
        [sys.executable, "-c", lines], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )

    assert "the plan can't be kept among the temporary files (TMPDIR): " in done.stdout, done.stderr
    assert done.stdout.endswith("; nothing was begun 0\n")


CLOSED_UNDER_READERS = """
import sqlite3, threading
from tests.aws_operations.test_plan_spool import HERE, PlanSpool, change

def read(spool, has_begun):
    try:
        while True:
            for _ in spool.changes_in(HERE):
                has_begun.set()
    except sqlite3.ProgrammingError:
        print("closed")

for _ in range(10):
    with PlanSpool() as spool:
        spool.add(change(f"bucket-{number}") for number in range(600))
        has_begun = threading.Event()
        readers = [threading.Thread(target=read, args=(spool, has_begun)) for _ in range(8)]
        for reader in readers:
            reader.start()
        has_begun.wait()
    for reader in readers:
        reader.join()
"""


def test_WHEN_it_is_closed_AND_threads_still_read_THEN_they_are_told_AND_the_process_lives() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CLOSED_UNDER_READERS], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout.count("closed")) == (0, 80), done.stderr
