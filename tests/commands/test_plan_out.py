"""``--plan-out`` and ``plan show``: what would be changed is saved and shown, and nothing is changed."""

import csv
import io
import json
import os
import subprocess
import sys
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.aws_answers import s3_error
from tests.support.loopback_proxy import LoopbackProxy
from tests.support.plan_things import EVERYWHERE, changed_header, header_of, new_buckets, runs_of, saved
from tests.support.program import PROGRAM, ROOT, run_on_terminal, run_program

Environment = dict[str, str]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a plan"


@pytest.fixture
def name() -> str:
    return f"p-{uuid.uuid4().hex[:10]}"


def test_WHEN_a_plan_is_saved_THEN_it_is_shown_AND_nothing_is_changed(
    path: Path, name: str, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    done = saved(path, proxied_environment, "s3", "create", name, "--yes", "--output", "json")

    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)
    assert (row["effect"], row["resource"]) == ("create", f"arn:aws:s3:::{name}")
    assert f"plan saved in {path}: 1 of 1 change would be made; nothing was changed" in done.stderr
    assert f"manage-resources apply '{path}'" in done.stderr
    assert proxy.writes == []
    assert runs_of(proxied_environment) == []
    assert path.stat().st_mode & 0o777 == 0o600
    header = header_of(path)
    assert (header["account"], header["region"]) == ("123456789012", "us-east-1")
    assert header["identity"].startswith("arn:aws:sts::123456789012:")
    assert header["arguments"][:3] == ["s3", "create", name]


def test_WHEN_a_plan_is_saved_for_many_targets_THEN_it_has_them_all_AND_no_run_is_kept(
    path: Path, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    done = saved(path, proxied_environment, "s3", "create", new_buckets(), *EVERYWHERE)

    assert done.returncode == 0, done.stderr
    header = header_of(path)
    assert (header["changes"], len(header["targets"])) == (6, 6)
    assert ["111122223333", "eu-west-1", None] in header["targets"]
    assert proxy.writes == []
    assert runs_of(proxied_environment) == []


@pytest.mark.parametrize(("given", "seconds"), [([], 86_400), (["--plan-expires", "7d"], 604_800)])
def test_WHEN_it_is_said_how_long_it_holds_THEN_the_plan_does(
    given: list[str], seconds: int, path: Path, name: str, sandbox_environment: Environment
) -> None:
    done = saved(path, sandbox_environment, "--sandbox", "s3", "create", name, *given)

    assert done.returncode == 0, done.stderr
    header = header_of(path)
    made, expires = (datetime.fromisoformat(header[key]) for key in ("made", "expires"))
    assert (expires - made).total_seconds() == seconds


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--plan-expires", "1h"], "--plan-expires belongs to --plan-out"),
        (["--plan-out", "x", "--plan-expires", "5m"], "'5m' is not a time from 15m to 7d"),
    ],
)
def test_WHEN_how_long_it_holds_makes_no_sense_THEN_that_is_a_usage_error(
    given: list[str], said: str, name: str, environment: Environment, tmp_path: Path
) -> None:
    done = run_program(["s3", "create", name, *given], environment, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_WHEN_there_is_a_file_THEN_it_stays_AND_nothing_is_asked(
    path: Path, name: str, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    path.write_text("precious", encoding="utf-8")
    done = saved(path, proxied_environment, "s3", "create", name)

    assert (done.returncode, done.stdout) == (3, "")
    assert f"can't write {path}: it already exists; choose another name, or remove the file" in done.stderr
    assert path.read_text(encoding="utf-8") == "precious"
    assert proxy.requests == []


def test_WHEN_there_is_no_such_folder_THEN_it_is_refused_before_anything_is_asked(
    path: Path, name: str, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    done = saved(path / "deeper", proxied_environment, "s3", "create", name)
    assert (done.returncode, done.stdout) == (3, "")
    assert f"there is no directory {path}" in done.stderr
    assert proxy.requests == []


def test_WHEN_a_target_cannot_be_planned_THEN_the_plan_is_of_the_others_AND_says_so(
    path: Path, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    template = new_buckets()
    one = template.format(account="111122223333", region="eu-west-1")
    proxy.disturb = lambda request: s3_error(403, "AccessDenied") if one in request.path else None

    done = saved(path, proxied_environment, "s3", "create", template, *EVERYWHERE)
    shown = run_program(["plan", "show", str(path)], proxied_environment)

    assert done.returncode == 5, done.stderr
    assert (
        "1 target could not be planned (aws://111122223333/eu-west-1), and the plan is without" in done.stderr
    )
    assert header_of(path)["changes"] == 5
    assert "5 changes in 5 targets; 1 target could not be planned" in shown.stderr


def test_WHEN_enough_targets_failed_THEN_no_plan_is_saved(
    path: Path, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: s3_error(403, "AccessDenied") if request.method == "HEAD" else None
    done = saved(path, proxied_environment, "s3", "create", new_buckets(), *EVERYWHERE, "--fail-fast")

    assert done.returncode == 5, done.stderr
    assert "no plan was saved, nothing was changed" in done.stderr
    assert not path.exists()


def test_WHEN_the_only_target_cannot_be_planned_THEN_there_is_no_plan(
    path: Path, name: str, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: s3_error(403, "AccessDenied") if request.method == "HEAD" else None
    done = saved(path, proxied_environment, "s3", "create", name)
    assert done.returncode == 4, done.stderr
    assert not path.exists()


def test_WHEN_no_target_can_be_planned_THEN_there_is_no_plan(
    path: Path, proxied_environment: Environment, proxy: LoopbackProxy
) -> None:
    proxy.disturb = lambda request: s3_error(403, "AccessDenied") if request.method == "HEAD" else None
    done = saved(path, proxied_environment, "s3", "create", new_buckets(), *EVERYWHERE)

    assert (done.returncode, done.stdout) == (5, "")
    assert "6 targets could not be planned" in done.stderr
    assert "nothing is planned anywhere; no plan was saved, nothing was changed" in done.stderr
    assert not path.exists()


def test_WHEN_a_guard_refuses_THEN_there_is_no_plan(
    path: Path, name: str, sandbox_environment: Environment
) -> None:
    done = saved(path, sandbox_environment, "--sandbox", "s3", "create", name, "--protect-names", "p-*")
    assert done.returncode == 6, done.stderr
    assert not path.exists()


def test_WHEN_the_query_fits_no_row_THEN_there_is_no_plan(
    path: Path, name: str, sandbox_environment: Environment
) -> None:
    done = saved(path, sandbox_environment, "--sandbox", "s3", "create", name, "--query", "abs(@)")
    assert done.returncode == 2
    assert "nothing was changed" in done.stderr
    assert not path.exists()


def test_WHEN_nobody_takes_the_rows_THEN_the_plan_is_saved_all_the_same(
    path: Path, sandbox_environment: Environment
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    create = ["--sandbox", "s3", "create", new_buckets(), *EVERYWHERE, "--plan-out", str(path)]
    with os.fdopen(writing, "wb") as closed:
        done = subprocess.run(
            [*PROGRAM, *create], env=sandbox_environment, cwd=ROOT, stdout=closed, timeout=60, check=False
        )
    assert done.returncode == 141
    assert header_of(path)["changes"] == 6


@pytest.mark.parametrize(
    "words", [["ec2", "list"], ["s3", "get", "samples-123456789012-us-east-1", "x", "local"]], ids=" ".join
)
def test_WHEN_a_command_without_changes_is_to_save_a_plan_THEN_it_is_a_usage_error_AND_nothing_is_done(
    words: list[str],
    path: Path,
    tmp_path: Path,
    proxied_environment: Environment,
    proxy: LoopbackProxy,
) -> None:
    done = saved(path, proxied_environment, *words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Error: --plan-out saves changes, and this command makes none" in done.stderr
    assert not path.exists()
    assert not (tmp_path / "local").exists()
    assert proxy.requests == []


def test_WHEN_a_plan_is_saved_on_a_terminal_THEN_nobody_is_asked(
    path: Path, name: str, sandbox_environment: Environment
) -> None:
    session = run_on_terminal(
        ["--sandbox", "s3", "create", name, "--plan-out", str(path)], sandbox_environment
    )
    assert session.exit_code == 0, session.screen
    assert "[y/N]" not in session.screen
    assert path.exists()


def test_WHEN_a_plan_is_shown_THEN_its_rows_are_those_of_a_dry_run_AND_who_made_it_is_told(
    path: Path, sandbox_environment: Environment
) -> None:
    create = ["--sandbox", "s3", "create", new_buckets(), *EVERYWHERE]
    dry = run_program([*create, "--dry-run", "--output", "json"], sandbox_environment)
    saved(path, sandbox_environment, *create)
    shown = run_program(["plan", "show", str(path), "--output", "json"], sandbox_environment)

    assert shown.returncode == 0, shown.stderr
    expected = [
        {**row, "precondition": None, "file": None, "iam_actions": ["s3:ListBucket", "s3:CreateBucket"]}
        for row in json.loads(dry.stdout)
    ]
    assert json.loads(shown.stdout) == expected
    made, role, where, command, counts = shown.stderr.splitlines()
    assert (role, where) == ("through the role operator", "in the sandbox, not at AWS")
    assert made.startswith("made 20")
    assert " as arn:aws:sts::123456789012:" in made
    assert command.startswith("with: manage-resources --sandbox s3 create ")
    assert "6 changes in 6 targets; may be applied until " in counts


@pytest.mark.parametrize("output", ["table", "text", "jsonl", "csv", "yaml"])
def test_WHEN_a_plan_is_shown_THEN_any_output_will_do(
    output: str, path: Path, name: str, sandbox_environment: Environment
) -> None:
    saved(path, sandbox_environment, "--sandbox", "s3", "create", name)
    shown = run_program(["plan", "show", str(path), "--output", output], sandbox_environment)

    assert shown.returncode == 0, shown.stderr
    assert f"arn:aws:s3:::{name}" in shown.stdout
    if output == "csv":
        (row,) = csv.DictReader(io.StringIO(shown.stdout))
        assert (row["account"], row["region"], row["effect"]) == ("123456789012", "us-east-1", "create")


def test_WHEN_a_plan_expired_THEN_it_is_shown_AND_that_is_told(
    path: Path, name: str, sandbox_environment: Environment
) -> None:
    saved(path, sandbox_environment, "--sandbox", "s3", "create", name)
    long_ago = datetime.now(UTC) - timedelta(days=8)
    old = changed_header(path, lambda header: replace(header, made=long_ago, expires=long_ago))

    shown = run_program(["plan", "show", str(old)], sandbox_environment)
    assert shown.returncode == 0
    assert "; expired at " in shown.stderr
    assert name in shown.stdout


def test_WHEN_a_plan_was_edited_THEN_nothing_of_it_is_shown(
    path: Path, name: str, sandbox_environment: Environment
) -> None:
    saved(path, sandbox_environment, "--sandbox", "s3", "create", name)
    path.write_bytes(path.read_bytes().replace(name.encode(), b"prod"))
    shown = run_program(["plan", "show", str(path), "--output", "json"], sandbox_environment)

    assert (shown.returncode, shown.stdout) == (3, "[]\n")
    assert "edited, damaged or cut off; make the plan again\n" in shown.stderr


@pytest.mark.parametrize("content", ["", "hello\n", '{"record":"run","format":1}\n'])
def test_WHEN_it_is_no_plan_THEN_it_says_so(content: str, path: Path, environment: Environment) -> None:
    path.write_text(content, encoding="utf-8")
    shown = run_program(["plan", "show", str(path)], environment)
    assert (shown.returncode, shown.stdout) == (3, "")
    assert shown.stderr == f"error: {path}: it is no plan; --plan-out saves one\n"


_PRIVILEGES_DROPPED = """
import ctypes, os, sys
for capability in (1, 2):  # to read and search what the modes of files and folders do not let one
    ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.mark.parametrize("words", [["plan", "show"], ["apply"]], ids=["show", "apply"])
def test_WHEN_a_plan_may_not_be_read_THEN_it_says_so(
    words: list[str], path: Path, environment: Environment
) -> None:
    path.write_text("hello", encoding="utf-8")
    path.chmod(0)
    program = [sys.executable, "-c", _PRIVILEGES_DROPPED, *PROGRAM, *words, str(path)]
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (3, "")
    assert f"can't read {path}: no permission to read it" in done.stderr


def test_WHEN_the_journal_may_not_be_looked_at_THEN_a_plan_is_shown_all_the_same(
    path: Path, name: str, sandbox_environment: Environment
) -> None:
    saved(path, sandbox_environment, "--sandbox", "s3", "create", name)
    too_long = {**sandbox_environment, "XDG_STATE_HOME": f"/tmp/{'x' * 300}"}
    shown = run_program(["plan", "show", str(path)], too_long)
    assert shown.returncode == 0
    assert name in shown.stdout
    assert "cannot be used: File name too long; whether the plan was applied is not known" in shown.stderr


def test_WHEN_there_is_no_journal_THEN_a_plan_is_shown_AND_none_is_made(
    path: Path, name: str, sandbox_environment: Environment, environment: Environment
) -> None:
    saved(path, sandbox_environment, "--sandbox", "s3", "create", name)
    shown = run_program(["plan", "show", str(path)], environment)
    assert shown.returncode == 0
    assert not Path(environment["XDG_STATE_HOME"]).exists()
