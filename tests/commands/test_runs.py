"""``runs``: what is shown of runs, what is forgotten, and what becomes of one that cannot be kept."""

import json
import os
import shlex
import subprocess
from pathlib import Path

import pytest

from aws_interactions.aws_errors import AccessDenied
from aws_operations.changes import ChangeResult, ResultStatus
from aws_operations.fleet import Outcome, OutcomeStatus
from aws_operations.journal import RunState
from aws_operations.targets import Target
from commands.command_tree import every_verb
from tests.support.journal_things import ABROAD, HOME, a_change, begun, journal_of
from tests.support.kept_runs import TEMPLATE, ls_with_one_failure, rows
from tests.support.loopback_proxy import LoopbackProxy, SeenRequest
from tests.support.plan_things import EVERYWHERE
from tests.support.program import (
    PROGRAM,
    ROOT,
    run_on_terminal,
    run_program,
    start_program,
    without_endpoint_warning,
)

VERBS = {words: verb for words, verb in every_verb() if words.startswith("runs ")}

Environment = dict[str, str]


def test_WHEN_the_examples_are_run_in_order_THEN_they_work(
    proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    ls_with_one_failure(proxied_environment, proxy)
    order = ["runs list", "runs show", "runs export", "runs resume", "runs prune"]
    assert sorted(order) == sorted(VERBS)
    for words in order:
        done = run_program(shlex.split(VERBS[words].example)[1:], proxied_environment)
        assert done.returncode == 0, f"{words}: {done.stderr}"


def test_WHEN_nothing_was_run_THEN_the_list_is_empty_AND_last_is_no_run(environment: Environment) -> None:
    listed = run_program(["runs", "list", "--output", "json"], environment)
    shown = run_program(["runs", "show", "last"], environment)

    assert (listed.returncode, listed.stdout) == (0, "[]\n")
    assert (shown.returncode, shown.stdout) == (2, "")
    assert shown.stderr == "error: there is no run yet; see 'runs list'\n"
    assert not Path(environment["XDG_STATE_HOME"]).exists()


def test_WHEN_runs_are_listed_as_a_table_THEN_it_is_short_AND_other_formats_have_all_counts(
    environment: Environment,
) -> None:
    with journal_of(environment) as journal:
        for number in range(3):
            record = begun(journal, arguments=("s3", "create", f"number-{number}-" + "x" * 200))
            record.plan_targets([HOME, ABROAD])
            record.outcome(Outcome(HOME, OutcomeStatus.ROWS, 1, 0.1))
            record.plan_changes([a_change(1), a_change(2)])
            record.starting([a_change(1)])
            record.result(ChangeResult(a_change(1), ResultStatus.APPLIED))
            record.end(RunState.INTERRUPTED)

    shown = run_on_terminal(["runs", "list", "--last", "2"], environment)
    told = rows(environment, "runs", "list", "--last", "1")
    everything = run_program(["runs", "list", "--output", "table"], environment)

    assert "number-0-" not in shown.screen
    assert shown.screen.count("1/2") == 4
    assert "number-2-" in shown.screen
    assert "x..." in shown.screen
    assert everything.stdout.count("x" * 200) == 3
    assert [(row["targets_left"], row["changes_left"], len(row["command"]) > 200) for row in told] == [
        (1, 1, True)
    ]


@pytest.mark.parametrize(
    "command", [["s3", "ls", "samples-123456789012-us-east-1"], ["s3", "create", "n-{account}", "--dry-run"]]
)
def test_WHEN_one_target_is_read_or_planned_only_THEN_no_run_is_kept(
    command: list[str], proxied_environment: Environment
) -> None:
    assert run_program(command, proxied_environment).returncode == 0
    assert rows(proxied_environment, "runs", "list") == []


def test_WHEN_a_target_failed_THEN_list_show_and_export_say_so(
    proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    ls_with_one_failure(proxied_environment, proxy)

    (run,) = rows(proxied_environment, "runs", "list")
    targets = rows(proxied_environment, "runs", "show", "last")
    exported = [
        json.loads(line)
        for line in run_program(["runs", "export", run["id"]], proxied_environment).stdout.splitlines()
    ]

    assert (run["state"], run["targets_done"], run["targets_failed"], run["targets_left"]) == (
        "failed",
        5,
        1,
        0,
    )
    assert run["command"].startswith("manage-resources s3 ls 'samples-{account}-{region}' --accounts ")
    assert len(targets) == 6
    (denied,) = [target for target in targets if target["outcome"] != "answered"]
    assert (denied["account"], denied["region"], denied["outcome"]) == ("111122223333", "eu-west-1", "denied")
    assert "s3:ListBucket" in denied["error"]
    assert all(target["rows"] for target in targets if target is not denied)
    assert [line["record"] for line in exported] == ["run", *["target"] * 6]
    assert exported[0]["base_account"] == "123456789012"
    assert not any("readme" in json.dumps(line) for line in exported)


def test_WHEN_changes_were_made_THEN_show_has_a_row_for_each(proxied_environment: Environment) -> None:
    made = run_program(["s3", "create", "made-{account}-{region}", *EVERYWHERE, "--yes"], proxied_environment)
    assert made.returncode == 0, made.stderr

    changes = rows(proxied_environment, "runs", "show", "last", "--changes")
    targets = rows(proxied_environment, "runs", "show", "last")

    assert {change["state"] for change in changes} == {"applied"}
    assert len({change["resource"] for change in changes}) == 6
    assert {(target["outcome"], target["applied"], target["left"]) for target in targets} == {("done", 1, 0)}


def test_WHEN_changes_ended_in_different_ways_THEN_show_tells_so_of_each_target(
    environment: Environment,
) -> None:
    third = Target("eu-west-1", "444455556666", "prod")
    ends: dict[Target, list[ResultStatus | None]] = {
        HOME: [ResultStatus.APPLIED, ResultStatus.UNCHANGED],
        ABROAD: [ResultStatus.FAILED, ResultStatus.APPLIED, None],
        third: [ResultStatus.UNKNOWN, None],
    }
    denied = Target("us-east-1", "444455556666")
    with journal_of(environment) as journal:
        record = begun(journal)
        record.plan_targets([*ends, denied])
        for target, statuses in ends.items():
            record.outcome(Outcome(target, OutcomeStatus.ROWS, len(statuses), 0.1))
        record.outcome(Outcome(denied, OutcomeStatus.DENIED, 0, 0.1, AccessDenied("no permission")))
        for target, statuses in ends.items():
            changes = [a_change(number, target) for number in range(len(statuses))]
            record.plan_changes(changes)
            record.starting([change for change, end in zip(changes, statuses, strict=True) if end])
            for change, status in zip(changes, statuses, strict=True):
                if status is not None:
                    record.result(ChangeResult(change, status))
        record.end(RunState.INTERRUPTED)

    told = rows(environment, "runs", "show", "last")

    columns = ("outcome", "applied", "failed", "unknown", "left", "error")
    assert [tuple(row[column] for column in columns) for row in told] == [
        ("done", 2, 0, 0, 0, None),
        ("failed", 1, 1, 0, 1, None),
        ("unknown", 0, 0, 1, 1, None),
        ("denied", 0, 0, 0, None, "no permission"),
    ]


def test_WHEN_one_target_is_changed_THEN_the_run_is_kept(proxied_environment: Environment) -> None:
    made = run_program(["s3", "create", "alone-{account}"], proxied_environment)
    assert made.returncode == 0, made.stderr

    (run,) = rows(proxied_environment, "runs", "list")
    (target,) = rows(proxied_environment, "runs", "show", "last")

    assert (run["state"], run["targets_done"], run["changes_applied"]) == ("complete", 1, 1)
    assert (target["account"], target["region"]) == ("123456789012", "us-east-1")
    # What is there already is no change, and no run to remember.
    assert run_program(["s3", "ensure", "alone-{account}"], proxied_environment).returncode == 0
    assert len(rows(proxied_environment, "runs", "list")) == 1


def test_WHEN_nobody_reads_what_all_targets_answered_THEN_the_run_is_complete(
    proxied_environment: Environment,
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    # It is asked of all rows, and so nothing is written before the end.
    arguments = [*PROGRAM, "s3", "ls", TEMPLATE, *EVERYWHERE, "--output", "json", "--query", "length(@)"]
    done = subprocess.run(
        arguments, env=proxied_environment, cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, check=False
    )
    os.close(writer)

    (run,) = rows(proxied_environment, "runs", "list")
    assert (done.returncode, without_endpoint_warning(done.stderr.decode())) == (141, "")
    assert (run["state"], run["targets_done"]) == ("complete", 6)


def test_WHEN_the_journal_cannot_be_made_THEN_nothing_is_changed_AND_reads_go_on_with_a_warning(
    proxied_environment: Environment, proxy: LoopbackProxy, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    environment = {**proxied_environment, "XDG_STATE_HOME": str(tmp_path / "file")}

    alone = run_program(["s3", "create", "never-{account}", "--yes"], environment)
    many = run_program(["s3", "create", "never-{account}-{region}", *EVERYWHERE, "--yes"], environment)
    read = run_program(["s3", "ls", TEMPLATE, *EVERYWHERE, "--output", "json"], environment)

    assert (alone.returncode, many.returncode) == (3, 3)
    assert "XDG_STATE_HOME" in alone.stderr
    assert alone.stderr.count("\n") == 1
    assert proxy.writes == []
    assert read.returncode == 0
    assert "this run goes on, and cannot be resumed" in read.stderr
    assert len({(row["account"], row["region"]) for row in json.loads(read.stdout)}) == 6


def test_WHEN_the_disk_gets_full_on_the_way_THEN_no_more_is_begun_AND_it_is_said_loudly(
    proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    import resource

    programs: list[subprocess.Popen[str]] = []
    limited: list[bool] = []

    def fill_the_disk(request: SeenRequest) -> None:
        if request.method == "PUT" and not limited:
            limited.append(True)
            resource.prlimit(programs[0].pid, resource.RLIMIT_FSIZE, (0, 0))

    proxy.disturb = fill_the_disk
    create = ["s3", "create", "full-{account}-{region}", *EVERYWHERE, "--yes", "--workers", "1"]
    programs.append(start_program(create, {**proxied_environment, "PYTHONUNBUFFERED": "1"}))
    _, errors = programs[0].communicate(timeout=60)

    assert programs[0].returncode == 5, errors
    assert "takes no more" in errors
    assert "nothing more was begun" in errors
    assert "full-123456789012-us-east-1" in errors
    assert len(proxy.writes) == 1
    proxy.disturb = lambda _: None
    done = run_program(["runs", "resume", "last"], proxied_environment)
    assert done.returncode == 0, done.stderr
    assert len(proxy.writes) == 6


def test_WHEN_runs_are_pruned_THEN_it_asks_first_AND_says_how_many(environment: Environment) -> None:
    with journal_of(environment) as journal:
        for _ in range(3):
            begun(journal).end()

    young = run_program(["runs", "prune"], environment)
    unasked = run_program(["runs", "prune", "--older-than", "0s"], environment)
    kept = run_program(["runs", "prune", "--older-than", "0s", "--keep", "2", "--yes"], environment)
    declined = run_on_terminal(["runs", "prune", "--older-than", "0s"], environment, typed="n\n")
    agreed = run_on_terminal(["runs", "prune", "--older-than", "0s"], environment, typed="y\n")

    assert "no run that old" in young.stderr
    assert (unasked.returncode, "it needs --yes" in unasked.stderr) == (6, True)
    assert kept.stderr == "1 run forgotten\n"
    assert (declined.exit_code, "Forget 2 runs" in declined.screen) == (6, True)
    assert (agreed.exit_code, "2 runs forgotten" in agreed.screen) == (0, True)
    assert rows(environment, "runs", "list") == []


@pytest.mark.parametrize("age", ["90", "d", "-1d", "90 days", "1y"])
def test_WHEN_an_age_is_none_THEN_it_is_a_usage_error(age: str, environment: Environment) -> None:
    done = run_program(["runs", "prune", f"--older-than={age}"], environment)
    assert done.returncode == 2
    assert "is not an age (such as 90d or 12h)" in done.stderr
