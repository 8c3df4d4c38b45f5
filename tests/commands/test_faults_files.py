"""Downloads by the real program: hostile keys, broken bodies, full disks and sudden ends."""

import os
import signal
import subprocess
import uuid
from pathlib import Path

import pytest

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.s3_interactions import put_file_to_bucket
from tests.commands.test_entry_point import wait_until
from tests.commands.test_faults import assert_one_error_line
from tests.support.loopback_proxy import Answer, CutBody, Fault, LoopbackProxy, SeenRequest
from tests.support.program import PROGRAM, ROOT, run_program, without_endpoint_warning

SAMPLE = "samples-123456789012-us-east-1"
LARGE = 3_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give an empty folder with a neighbour beside it that nobody may touch."""
    path = tmp_path / "outer" / "folder"
    path.mkdir(parents=True)
    (path.parent / "x").write_bytes(b"neighbour")
    return path


def contents(folder: Path) -> dict[str, bytes]:
    """Return all files round a folder, by their path from its parent."""
    outer = folder.parent
    return {str(path.relative_to(outer)): path.read_bytes() for path in outer.rglob("*") if path.is_file()}


def hostile_bytes(request: SeenRequest) -> Fault | None:
    return Answer(200, b"hostile", {"ETag": '"x"'}) if request.service == "s3" else None


@pytest.mark.parametrize(
    ("key", "file"),
    [
        ("../x", "folder/x"),
        ("/../x", "folder/x"),
        ("../../../../etc/x", "folder/x"),
        ("a//b", "folder/b"),
        ("a/../b", "folder/b"),
        ("-rf", "folder/-rf"),
        ("~", "folder/~"),
        ("..", None),
        ("a/..", None),
        (".", None),
        ("a/", None),
        ("new\nline", None),
        ("\x1b[2Jclear", None),
        ("\x7f", None),
        ("n" * 256, None),
    ],
    ids=repr,
)
def test_WHEN_a_key_is_hostile_THEN_nothing_outside_the_folder_is_written(
    key: str, file: str | None, folder: Path, proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    proxy.disturb = hostile_bytes

    done = run_program(["s3", "get", "--", SAMPLE, key, str(folder)], proxied_environment)

    assert contents(folder) == {"x": b"neighbour"} | ({file: b"hostile"} if file else {})
    assert done.returncode == (0 if file else 2), done.stderr
    if file is None:
        assert_one_error_line(done.stderr)
        assert proxy.requests == []


@pytest.mark.parametrize("key", ["../x", "x"])
def test_WHEN_a_file_of_that_name_is_there_THEN_it_stays_AND_nothing_is_asked(
    key: str, folder: Path, proxied_environment: dict[str, str], proxy: LoopbackProxy
) -> None:
    (folder / "x").write_bytes(b"mine")

    done = run_program(["s3", "get", SAMPLE, key, str(folder)], proxied_environment)

    assert done.returncode == 3, done.stderr
    assert_one_error_line(done.stderr, "already exists", "--overwrite")
    assert contents(folder) == {"x": b"neighbour", "folder/x": b"mine"}
    assert proxy.requests == []


@pytest.mark.parametrize("overwrite", [[], ["--overwrite"]])
@pytest.mark.parametrize("destination", ["/dev/full", "/dev/null", "pipe", "link", "no-such-folder/file"])
def test_WHEN_the_destination_is_no_regular_file_THEN_it_is_refused(
    destination: str,
    overwrite: list[str],
    folder: Path,
    proxied_environment: dict[str, str],
    proxy: LoopbackProxy,
) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "link").symlink_to(folder.parent / "x")

    done = run_program(
        ["s3", "get", SAMPLE, "docs/readme.txt", destination, *overwrite], proxied_environment, cwd=folder
    )

    assert done.returncode == 3, done.stderr
    assert_one_error_line(done.stderr, "can't write", Path(destination).name)
    assert contents(folder) == {"x": b"neighbour", "folder/link": b"neighbour"}
    assert proxy.requests == []


@pytest.fixture
def large_object(sandbox_endpoint: str, tmp_path: Path) -> str:
    """Give the key of an object that takes several reads."""
    source = tmp_path / "large"
    source.write_bytes(b"n" * LARGE)
    keys = AccessKeys("sandbox-home", "sandbox-home-secret")
    aws_provider = AwsClientProvider(aws_region="us-east-1", access_keys=keys, endpoint_url=sandbox_endpoint)
    key = f"faults/{uuid.uuid4().hex}/large"
    put_file_to_bucket(source, SAMPLE, key, aws_provider)
    return key


@pytest.mark.parametrize("has_old_file", [True, False])
def test_WHEN_the_body_breaks_off_THEN_the_old_file_is_whole_AND_no_temporary_is_left(
    has_old_file: bool,
    large_object: str,
    folder: Path,
    proxied_environment: dict[str, str],
    proxy: LoopbackProxy,
) -> None:
    before = {"folder/large": b"old"} if has_old_file else {}
    for name, content in before.items():
        (folder.parent / name).write_bytes(content)
    proxy.disturb = lambda _: CutBody(LARGE // 2)

    done = run_program(
        ["s3", "get", SAMPLE, large_object, str(folder), "--overwrite", "--max-attempts", "2"],
        proxied_environment,
    )

    assert done.returncode == 7, done.stderr
    assert_one_error_line(done.stderr, large_object, "nothing was changed", "run it again")
    assert contents(folder) == {"x": b"neighbour", **before}


def test_WHEN_the_disk_is_full_in_mid_download_THEN_the_old_file_is_whole(
    large_object: str, folder: Path, proxied_environment: dict[str, str]
) -> None:
    (folder / "large").write_bytes(b"old")

    # A limit on file sizes ends a write as a full disk does.
    done = subprocess.run(
        [
            "sh",
            "-c",
            'ulimit -f 2000; exec "$@"',
            "sh",
            *PROGRAM,
            "s3",
            "get",
            SAMPLE,
            large_object,
            folder,
            "--overwrite",
        ],
        env=proxied_environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 3, done.stderr
    errors = without_endpoint_warning(done.stderr)
    assert_one_error_line(errors, "no space is left", str(folder / "large"))
    assert contents(folder) == {"x": b"neighbour", "folder/large": b"old"}


@pytest.mark.parametrize(
    ("signal_number", "end"),
    [
        (signal.SIGINT, (130, "interrupted\n")),
        (signal.SIGTERM, (143, "terminated\n")),
        (signal.SIGKILL, (-signal.SIGKILL, "")),
    ],
)
def test_WHEN_a_signal_comes_in_mid_download_THEN_the_old_file_is_whole(
    signal_number: int,
    end: tuple[int, str],
    large_object: str,
    folder: Path,
    proxied_environment: dict[str, str],
    proxy: LoopbackProxy,
) -> None:
    (folder / "large").write_bytes(b"old")
    proxy.disturb = lambda _: CutBody(LARGE // 2, silent_seconds=3)
    program = subprocess.Popen(
        [*PROGRAM, "s3", "get", SAMPLE, large_object, folder, "--overwrite"],
        env=proxied_environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: any(path.stat().st_size for path in folder.glob(".*.part")))
    program.send_signal(signal_number)
    _, errors = program.communicate(timeout=30)

    assert (program.returncode, without_endpoint_warning(errors)) == end
    left = contents(folder)
    assert left.pop("folder/large") == b"old"
    if signal_number != signal.SIGKILL:
        assert left == {"x": b"neighbour"}
