"""``--record``, as an operator uses it: what is in the file, when nothing is sent, and replaying it."""

import json
import stat
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from aws_interactions.recorded_calls import RecordedCall, read_recording
from aws_interactions.s3_interactions import BucketStatus, get_bucket_status
from aws_interactions.testing import ReplayProvider, throttle
from tests.support.aws_answers import s3_error
from tests.support.loopback_proxy import LoopbackProxy
from tests.support.program import PROGRAM, ROOT, run_program

HOME_BUCKET = "samples-123456789012-us-east-1"
FILLER = json.dumps({"record": "run", "format": 1, "arguments": ["x" * 900]}) + "\n"
ROOM = 1024 * 1024


@pytest.fixture
def file_path(tmp_path: Path) -> Path:
    return tmp_path / "run.jsonl"


def recorded(file_path: Path) -> list[RecordedCall]:
    return list(read_recording(file_path))


def test_WHEN_a_read_is_recorded_THEN_its_calls_are_in_a_private_file(
    sandbox_environment: dict[str, str], file_path: Path
) -> None:
    command = ["--sandbox", "--record", str(file_path), "s3", "status", HOME_BUCKET]
    done = run_program(command, sandbox_environment)

    assert (done.returncode, done.stderr) == (0, "")
    assert "exists" in done.stdout
    (call,) = recorded(file_path)
    assert (call.operation, call.resources) == ("HeadBucket", (f"arn:aws:s3:::{HOME_BUCKET}",))
    assert call.answer is None
    header = json.loads(file_path.read_text().splitlines()[0])
    assert header["arguments"] == command
    assert header["program"].startswith("manage-resources ")
    assert stat.S_IMODE(file_path.stat().st_mode) == 0o600


def test_WHEN_accounts_are_entered_THEN_the_calls_of_all_are_recorded_with_those_for_their_roles(
    sandbox_environment: dict[str, str], file_path: Path
) -> None:
    accounts = ["111122223333", "444455556666"]
    where = ["--accounts", ",".join(accounts), "--role-name", "operator"]
    done = run_program(["--sandbox", *where, "--record", str(file_path), "s3", "ls"], sandbox_environment)

    assert done.returncode == 0
    calls = recorded(file_path)
    assert {call.account for call in calls if call.operation == "ListBuckets"} == set(accounts)
    assert {arn for call in calls if call.operation == "AssumeRole" for arn in call.resources} == {
        f"arn:aws:iam::{account}:role/operator" for account in accounts
    }


def test_WHEN_fleets_are_looked_at_THEN_these_calls_are_recorded_too(
    sandbox_environment: dict[str, str], file_path: Path
) -> None:
    where = ["--all-accounts", "--role-name", "operator", "--record", str(file_path)]
    shown = run_program(["--sandbox", *where, "fleet", "show"], sandbox_environment)
    checked = run_program(["--sandbox", *where, "fleet", "check"], sandbox_environment)

    assert (shown.returncode, checked.returncode) == (0, 0)
    operations = {call.operation for call in recorded(file_path)}
    assert {"ListAccounts", "AssumeRole", "GetCallerIdentity"} <= operations
    assert file_path.read_text().count('"record":"run"') == 2


def test_WHEN_changes_are_recorded_THEN_planning_and_applying_are_in_it_and_no_secret_is(
    sandbox_environment: dict[str, str], file_path: Path
) -> None:
    name, secret = f"db-{uuid.uuid4().hex[:8]}", "Sentinel-of-a-recording-0123"
    command = ["--sandbox", "--record", str(file_path), "--record-answers", "-vvv", "secrets"]
    put = run_program([*command, "put", name, "--create", "--stdin"], sandbox_environment, stdin=secret)
    got = run_program([*command, "get", name], sandbox_environment)

    assert (put.returncode, got.returncode) == (0, 0)
    assert got.stdout.strip() == secret
    calls = recorded(file_path)
    assert {"CreateSecret", "GetSecretValue"} <= {call.operation for call in calls}
    assert "entinel" not in file_path.read_text()
    assert "entinel" not in put.stderr + got.stderr


def test_WHEN_a_run_goes_on_THEN_its_calls_are_recorded_where_it_is_said_now(
    proxied_environment: dict[str, str], proxy: LoopbackProxy, tmp_path: Path
) -> None:
    refused = "samples-111122223333-us-east-1"
    accounts = ["--accounts", "111122223333,444455556666", "--role-name", "operator"]
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    proxy.disturb = lambda request: (
        s3_error(403, "AccessDenied") if request.path.startswith(f"/{refused}") else None
    )
    begun = run_program(
        ["--record", str(first), *accounts, "s3", "ls", "samples-{account}-us-east-1"], proxied_environment
    )
    proxy.disturb = lambda _: None
    # Said from another folder than the one in which the run goes on.
    resumed = run_program(
        ["runs", "resume", "last", "--failed", "--record", second.name], proxied_environment, cwd=tmp_path
    )

    assert (begun.returncode, resumed.returncode) == (5, 0)
    assert [call.code for call in recorded(first) if call.outcome == "error"] == ["AccessDenied"]
    assert second.read_text().count('"record":"run"') == 1
    listed = [call for call in recorded(second) if call.operation == "ListObjectsV2"]
    assert [call.resources for call in listed] == [(f"arn:aws:s3:::{refused}",)]


def test_WHEN_a_plan_is_saved_applied_and_undone_THEN_each_records_its_own_calls(
    sandbox_environment: dict[str, str], tmp_path: Path
) -> None:
    bucket = "samples-444455556666-eu-west-1"
    role = ["--assume-role-arn", "arn:aws:iam::444455556666:role/operator"]
    tag = ["s3", "tags", "set", bucket, f"recorded={uuid.uuid4().hex}"]
    steps = {
        "plan": ["--sandbox", *role, *tag, "--plan-out", "tags.plan"],
        "apply": ["apply", "tags.plan", "--yes"],
        "undo": ["undo", "last", "--yes"],
    }
    for name, arguments in steps.items():
        done = run_program([*arguments, "--record", f"{name}.jsonl"], sandbox_environment, cwd=tmp_path)
        assert done.returncode == 0, done.stderr

    made = {name: [call.operation for call in recorded(tmp_path / f"{name}.jsonl")] for name in steps}
    assert "PutBucketTagging" not in made["plan"]
    assert made["apply"].count("PutBucketTagging") == 1
    assert {"PutBucketTagging", "DeleteBucketTagging"} & set(made["undo"])
    for name in steps:
        assert (tmp_path / f"{name}.jsonl").read_text().count('"record":"run"') == 1


@pytest.mark.parametrize(
    ("options", "code", "complaint"),
    [
        (["--record-answers"], 2, "--record-answers needs --record"),
        (["--record", "-"], 2, "takes a file"),
        (["--record", "{here}/run", "--engine", "dask", "--scheduler", "tcp://127.0.0.1:1"], 2, "workers"),
        (["--record", "{here}/none/run"], 3, "there is no directory"),
        (["--record", "{here}/notes"], 3, "is no recording of AWS calls"),
        (["--record", "{here}"], 3, "can't record calls"),
        (["--record", "/dev/full"], 3, "No space left"),
    ],
)
def test_WHEN_nothing_can_be_recorded_THEN_nothing_is_sent(
    options: list[str],
    code: int,
    complaint: str,
    proxied_environment: dict[str, str],
    proxy: LoopbackProxy,
    tmp_path: Path,
) -> None:
    (tmp_path / "notes").write_text("mine\n")
    given = [option.format(here=tmp_path) for option in options]

    done = run_program(["s3", "status", HOME_BUCKET, *given], proxied_environment)

    assert done.returncode == code
    assert complaint in done.stderr
    assert done.stdout == ""
    assert proxy.requests == []
    assert (tmp_path / "notes").read_text() == "mine\n"


def run_with_little_room(
    arguments: list[str], environment: dict[str, str], file_path: Path, *, room: int
) -> "subprocess.CompletedProcess[str]":
    """Run the program where the recording may grow by so many bytes."""
    lines = FILLER * ((ROOM - room) // len(FILLER))
    last = json.dumps({"record": "run", "format": 1, "arguments": [""]}) + "\n"
    padding = ROOM - room - len(lines) - len(last)
    file_path.write_text(lines + last.replace('[""]', f'["{"x" * max(padding, 0)}"]'))
    assert abs(ROOM - room - file_path.stat().st_size) <= len(last)
    script = f'ulimit -f {ROOM // 1024}; exec "$@"'
    return subprocess.run(
        ["bash", "-c", script, "bash", *PROGRAM, *arguments],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_WHEN_the_disk_is_full_at_the_only_call_THEN_its_answer_is_shown_and_the_run_is_not_complete(
    sandbox_environment: dict[str, str], file_path: Path
) -> None:
    command = ["--sandbox", "--record", str(file_path), "s3", "status", HOME_BUCKET]
    done = run_with_little_room(command, sandbox_environment, file_path, room=600)

    assert "exists" in done.stdout
    assert done.returncode == 3
    assert "can't record calls" in done.stderr
    assert done.stderr.count("\n") == 1


def test_WHEN_the_disk_is_full_in_between_THEN_the_next_call_is_not_sent(
    sandbox_environment: dict[str, str], file_path: Path
) -> None:
    bucket = f"full-{uuid.uuid4().hex[:8]}"
    command = ["--sandbox", "--record", str(file_path), "s3", "create", bucket, "--yes"]
    done = run_with_little_room(command, sandbox_environment, file_path, room=600)

    assert done.returncode == 3
    assert "nothing more is sent" in done.stderr
    status = run_program(["--sandbox", "s3", "status", bucket], sandbox_environment)
    assert "does not exist" in status.stdout


def test_WHEN_nobody_records_THEN_a_read_does_not_load_the_recorder(
    sandbox_environment: dict[str, str],
) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *PROGRAM[1:], "--sandbox", "s3", "status", HOME_BUCKET],
        env=sandbox_environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0
    assert "aws_interactions.bound_clients" in done.stderr
    for name in ("call_recorder", "call_resources", "parameter_redaction", "commands.recording"):
        assert name not in done.stderr


def test_WHEN_a_recording_with_answers_is_replayed_THEN_code_gets_what_the_program_got(
    sandbox_environment: dict[str, str], file_path: Path
) -> None:
    keep = ["--record", str(file_path), "--record-answers"]
    run_program(["--sandbox", *keep, "s3", "status", HOME_BUCKET], sandbox_environment)
    run_program(["--sandbox", *keep, "s3", "status", "no-such-bucket-here"], sandbox_environment)

    provider = ReplayProvider(file_path, faults=[throttle(3)])

    assert get_bucket_status(HOME_BUCKET, provider) is BucketStatus.EXISTS_HAVE_ACCESS
    assert get_bucket_status("no-such-bucket-here", provider) is BucketStatus.DOES_NOT_EXIST
