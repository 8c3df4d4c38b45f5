"""Plan files: written whole or not at all, read only as they were written, streamed both ways."""

import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import Mock

import pytest

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.local_files import (
    CantReadFileChanged,
    CantReadFileDoesntExist,
    CantReadFileNotRegular,
    CantWriteFileDirDoesntExist,
    CantWriteFileDiskFull,
)
from aws_interactions.testing import fake_provider
from aws_operations.applying import apply_changes, recheck_changes
from aws_operations.changes import Change, Effect, ResultStatus, Reversibility
from aws_operations.plan_file import (
    PlanFileBroken,
    PlanFileExists,
    PlanHeader,
    identity_of,
    open_plan,
    plan_header,
    write_plan,
)
from aws_operations.plan_refusals import PlanExpired, PlanFromTheFuture, PlanInUse
from aws_operations.plan_spool import PlanSpool
from aws_operations.s3.changes import plan_create_bucket
from aws_operations.targets import Target
from tests.support.program import ROOT

HERE = Target("eu-west-1", "123456789012")
THERE = Target("us-east-1", "111122223333", "ops")
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HEADER = PlanHeader(
    program="manage-resources 1",
    identity="arn:aws:iam::123456789012:user/ada",
    account="123456789012",
    region="eu-west-1",
    made=NOW,
    expires=NOW + timedelta(hours=24),
    arguments=("s3", "create", "b\udcff"),
    directory="/somewhere",
    settings={"rate": 0.5, "accounts": ["111122223333"]},
    left_out=2,
)


def change(resource: str, target: Target = HERE) -> Change:
    return Change(
        kind="s3.create-bucket",
        target=target,
        resource=resource,
        effect=Effect.CREATE,
        before=None,
        after={"exists": True, "note": "ü\n\u2028"},
        iam_actions=("s3:CreateBucket",),
        reversibility=Reversibility.COMPENSABLE,
        precondition={"etag": "x"},
    )


def many(count: int) -> Iterator[Change]:
    return (change(f"arn:aws:s3:::bucket-{number}") for number in range(count))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "plans").mkdir()
    return tmp_path / "plans" / "plan.jsonl"


def test_WHEN_a_plan_is_written_THEN_it_is_read_back_in_order_AND_private(path: Path) -> None:
    planned = [change("c"), change("a", THERE), change("b")]
    plan_id = write_plan(path, planned, HEADER)

    with open_plan(path) as plan:
        assert plan.header == HEADER
        assert (plan.id, len(plan), plan.targets) == (plan_id, 3, (HERE, THERE))
        assert list(plan) == planned
        assert list(plan) == planned
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_WHEN_it_is_read_as_JSON_lines_THEN_it_is_a_header_and_a_change_a_line(path: Path) -> None:
    write_plan(path, [change("a"), change("a"), change("b")], HEADER)

    header, *lines = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    assert (header["record"], header["format"], header["changes"]) == ("plan", 1, 2)
    assert (header["made"], header["expires"]) == ("2026-11-21T12:00:00+00:00", "2026-11-22T12:00:00+00:00")
    assert [line["resource"] for line in lines] == ["a", "b"]
    assert lines[0]["precondition"] == {"etag": "x"}
    assert lines[0]["reversibility"] == "compensable"


def test_WHEN_nothing_is_planned_THEN_the_plan_is_empty(path: Path) -> None:
    write_plan(path, [], HEADER)
    with open_plan(path) as plan:
        assert (len(plan), list(plan), plan.targets) == (0, [], ())


def test_WHEN_there_is_a_file_of_that_name_THEN_it_stays(path: Path) -> None:
    path.write_text("precious", encoding="utf-8")
    with pytest.raises(PlanFileExists) as raised:
        write_plan(path, [change("a")], HEADER)
    assert path.read_text(encoding="utf-8") == "precious"
    assert "it already exists" in str(raised.value)


def test_WHEN_there_is_no_such_folder_THEN_it_is_refused(path: Path) -> None:
    with pytest.raises(CantWriteFileDirDoesntExist):
        write_plan(path / "deeper", [change("a")], HEADER)


def test_WHEN_the_disk_is_full_THEN_there_is_no_file(path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with PlanSpool() as spool:
        spool.add(many(100))
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
        try:
            with pytest.raises(CantWriteFileDiskFull):
                write_plan(path, spool, HEADER)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            signal.signal(signal.SIGXFSZ, ignored)
    assert list(path.parent.iterdir()) == []


def test_WHEN_planning_fails_midway_THEN_there_is_no_file(path: Path) -> None:
    def planner() -> Iterator[Change]:
        yield change("a")
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError):
        write_plan(path, planner(), HEADER)
    assert list(path.parent.iterdir()) == []


def test_WHEN_the_process_is_killed_while_it_writes_THEN_there_is_no_file(path: Path) -> None:
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from aws_operations.plan_spool import PlanSpool\n"
        "from aws_operations.plan_file import write_plan\n"
        "from tests.aws_operations.test_plan_file import HEADER, many\n"
        "class Dying(PlanSpool):\n"
        "    passes = 0\n"
        "    def encoded(self):\n"
        "        self.passes += 1\n"
        "        for number, each in enumerate(super().encoded()):\n"
        "            if self.passes == 2 and number == 1500:\n"
        "                os.kill(os.getpid(), signal.SIGKILL)\n"
        "            yield each\n"
        "with Dying() as spool:\n"
        "    spool.add(many(2000))\n"
        "    write_plan(Path(sys.argv[1]), spool, HEADER)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], cwd=ROOT, check=False)

    assert done.returncode == -signal.SIGKILL
    assert not path.exists()
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in path.parent.iterdir())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"bucket-1", b"bucket-9"),
        (b'"region":"eu-west-1"', b'"region":"eu-west-2"'),
        (b"2026-11-22T12", b"2027-11-22T12"),
        (b'"left_out":2', b'"left_out":0'),
    ],
    ids=["a-change", "the-region", "the-expiry", "what-was-left-out"],
)
def test_WHEN_a_plan_was_edited_THEN_it_is_refused(path: Path, old: bytes, new: bytes) -> None:
    write_plan(path, many(3), HEADER)
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))

    with pytest.raises(PlanFileBroken, match="edited, damaged or cut off"), open_plan(path):
        pass


@pytest.mark.parametrize("cut", [1, 40, 700], ids=["the-last-byte", "a-bit-of-a-line", "lines"])
def test_WHEN_a_plan_was_cut_off_THEN_it_is_refused(path: Path, cut: int) -> None:
    write_plan(path, many(3), HEADER)
    os.truncate(path, path.stat().st_size - cut)
    with pytest.raises(PlanFileBroken), open_plan(path):
        pass


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"\x00\xff", b"[]\n", b'{"record":"run","format":1}\n', b"[" * 100_000 + b"\n"],
    ids=["nothing", "empty-line", "no-text", "a-list", "a-recording", "deep"],
)
def test_WHEN_the_file_is_no_plan_THEN_it_says_so(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(PlanFileBroken, match="it is no plan"), open_plan(path):
        pass


def test_WHEN_the_plan_is_of_a_later_version_THEN_it_says_so(path: Path) -> None:
    path.write_bytes(b'{"record":"plan","format":2}\n')
    with pytest.raises(PlanFileBroken, match="another version"), open_plan(path):
        pass


def test_WHEN_it_is_no_file_THEN_it_says_so_AND_does_not_wait_for_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(CantReadFileNotRegular), open_plan(place):
            pass
    with pytest.raises(CantReadFileDoesntExist), open_plan(tmp_path / "nothing"):
        pass


def test_WHEN_the_file_is_written_to_while_it_is_read_THEN_that_is_noticed(path: Path) -> None:
    write_plan(path, many(3), HEADER)
    with open_plan(path) as plan:
        changes = iter(plan)
        next(changes)
        with path.open("ab") as file:
            file.write(b"{}\n")
        with pytest.raises(CantReadFileChanged):
            next(changes)


def test_WHEN_the_file_is_cut_off_once_it_was_found_whole_THEN_that_is_noticed(path: Path) -> None:
    write_plan(path, many(3), HEADER)
    header_only = len(path.read_bytes().partition(b"\n")[0]) + 1
    with open_plan(path) as plan:
        os.truncate(path, header_only)
        with pytest.raises(CantReadFileChanged):
            list(plan)


def made_anew(path: Path, *, header: dict[str, object] | None = None, lines: bytes | None = None) -> None:
    """Write a plan as somebody could who edits one and makes its hash again."""
    first, _, rest = path.read_bytes().partition(b"\n")
    values = {**json.loads(first), **(header or {})}
    del values["sha256"]
    body = rest if lines is None else lines
    canonical = json.dumps(values, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    values["sha256"] = hashlib.sha256(canonical + body).hexdigest()
    path.write_bytes(json.dumps(values).encode() + b"\n" + body)


@pytest.mark.parametrize(
    ("header", "lines"),
    [
        ({"expires": "2030-01-01T00:00:00"}, None),
        ({"made": 5}, None),
        ({"settings": []}, None),
        ({"profiles": []}, None),
        ({"account": ["123456789012"]}, None),
        ({"directory": 5}, None),
        ({"directory": "a\0b"}, None),
        ({"changes": -3}, None),
        ({"changes": 4}, None),
        ({"targets": [[1]]}, None),
        ({}, b""),
        ({}, b"[" * 100_000 + b"\n"),
        ({}, b"\xff\n"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_WHEN_whoever_edited_a_plan_made_its_hash_again_THEN_nonsense_is_refused_all_the_same(
    header: dict[str, object], lines: bytes | None, path: Path
) -> None:
    write_plan(path, many(3), HEADER)
    made_anew(path, header=header, lines=lines)
    with pytest.raises(PlanFileBroken), open_plan(path) as plan:
        list(plan)


@pytest.mark.parametrize(
    "values",
    [
        {"kind": None},
        {"resource": 5},
        {"before": []},
        {"after": "x"},
        {"precondition": 5},
        {"payload_ref": ["f"]},
        {"iam_actions": [5]},
        {"target": {"aws_region": ["eu-west-1"], "aws_account": None}},
        {"target": {"aws_region": "eu-west-1", "aws_account": 5}},
        {"target": {"aws_region": "eu-west-1", "aws_account": None, "aws_profile": 5}},
        {"effect": []},
        {"more": 1},
    ],
    ids=str,
)
def test_WHEN_a_change_of_an_edited_plan_is_of_other_types_THEN_it_is_refused(
    values: dict[str, object], path: Path
) -> None:
    write_plan(path, many(1), HEADER)
    line = json.dumps({**json.loads(path.read_bytes().splitlines()[1]), **values})
    made_anew(path, lines=line.encode() + b"\n")
    with pytest.raises(PlanFileBroken, match="another version"), open_plan(path) as plan:
        list(plan)


def test_WHEN_a_plan_can_only_be_read_THEN_it_can_be_opened_and_held(path: Path) -> None:
    write_plan(path, many(3), HEADER)
    path.chmod(0o400)
    with open_plan(path) as plan:
        plan.hold()
        assert len(list(plan)) == 3


def test_WHEN_it_expired_THEN_it_says_when(path: Path) -> None:
    write_plan(path, many(1), HEADER)
    with open_plan(path) as plan:
        plan.check_not_expired(lambda: HEADER.expires - timedelta(seconds=1))
        with pytest.raises(PlanExpired, match="2026-11-22T12:00:00Z"):
            plan.check_not_expired(lambda: HEADER.expires)


def test_WHEN_it_was_made_in_the_future_THEN_its_age_is_not_known_AND_it_is_refused(path: Path) -> None:
    write_plan(path, many(1), HEADER)
    with open_plan(path) as plan:
        # Clocks of two machines are a little apart.
        plan.check_not_expired(lambda: HEADER.made - timedelta(minutes=4))
        with pytest.raises(PlanFromTheFuture, match="made at 2026-11-21T12:00:00Z, and it is 2026-11-21T11"):
            plan.check_not_expired(lambda: HEADER.made - timedelta(minutes=6))


def test_WHEN_somebody_holds_a_plan_THEN_nobody_else_does_until_it_is_closed(path: Path) -> None:
    write_plan(path, many(1), HEADER)
    with open_plan(path) as first, open_plan(path) as second:
        first.hold()
        with pytest.raises(PlanInUse):
            second.hold()
    with open_plan(path) as third:
        third.hold()


def test_WHEN_a_script_makes_a_header_THEN_it_says_who_made_it() -> None:
    provider = fake_provider(sts=Mock())
    arn = "arn:aws:sts::123456789012:assumed-role/operator/monday"
    provider.get_sts().get_caller_identity.return_value = {
        "Account": "123456789012",
        "Arn": arn,
        "UserId": "AROAX:monday",
    }
    header = plan_header(provider, valid_for=timedelta(hours=1), clock=lambda: NOW)
    assert header.identity == "arn:aws:sts::123456789012:assumed-role/operator"
    assert (header.account, header.region) == ("123456789012", provider.aws_region)
    assert header.expires - header.made == timedelta(hours=1)


def test_WHEN_the_caller_is_no_role_session_THEN_the_identity_is_the_caller() -> None:
    user = "arn:aws:iam::123456789012:user/team/ada"
    assert identity_of(user) == user


def test_WHEN_plans_differ_THEN_their_ids_differ_AND_copies_are_the_same(tmp_path: Path) -> None:
    one = write_plan(tmp_path / "one", many(2), HEADER)
    again = write_plan(tmp_path / "again", many(2), HEADER)
    other = write_plan(tmp_path / "other", reversed(list(many(2))), HEADER)
    later = write_plan(tmp_path / "later", many(2), replace(HEADER, made=NOW + timedelta(seconds=1)))
    assert one == again
    assert len({one, other, later}) == 3


def test_WHEN_a_plan_is_long_THEN_neither_writing_nor_reading_holds_it_in_memory(path: Path) -> None:
    tracemalloc.start()
    try:
        write_plan(path, many(20_000), HEADER)
        with open_plan(path) as plan:
            assert sum(1 for _ in plan) == 20_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 6_000_000
    assert peak < 3_000_000


def test_WHEN_a_script_saves_a_plan_THEN_another_one_can_check_and_apply_it(
    path: Path, aws_provider: AwsClientProvider
) -> None:
    write_plan(path, plan_create_bucket("made-by-a-script", aws_provider), plan_header(aws_provider))

    with open_plan(path) as plan:
        plan.check_not_expired()
        plan.hold()
        assert list(recheck_changes(plan, lambda _: aws_provider)) == []
        results = list(apply_changes(plan, lambda _: aws_provider))
        drifted = list(recheck_changes(plan, lambda _: aws_provider))

    assert [result.status for result in results] == [ResultStatus.APPLIED]
    assert [bucket["Name"] for bucket in aws_provider.get_s3().list_buckets()["Buckets"]] == [
        "made-by-a-script"
    ]
    assert [result.status for result in drifted] == [ResultStatus.FAILED]
