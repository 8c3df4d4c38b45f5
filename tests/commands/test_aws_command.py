"""The ``aws`` command, pointed at the sandbox by ``sandbox env``, and this program see the same AWS."""

import os
import shlex
import subprocess
import uuid
from pathlib import Path

import pytest

from tests.support.program import PROGRAM, ROOT, run_program

AWS = os.environ.get("AWS_COMMAND", ".venv-awscli/bin/aws")


@pytest.fixture
def bucket() -> str:
    return f"shared-{uuid.uuid4().hex[:12]}"


def in_shell(script: str, environment: dict[str, str], cwd: Path) -> str:
    """Run a POSIX shell script whose ``aws`` and ``manage-resources`` are the real ones."""
    aws = ROOT / AWS
    assert aws.exists(), f"{aws} is not there; make test installs it"
    prelude = (
        f'aws() {{ "{aws}" "$@"; }}\n'
        f'manage_resources() {{ "{PROGRAM[0]}" "{PROGRAM[1]}" "$@"; }}\n'
        'set -e\neval "$(manage_resources sandbox env)"\n'
    )
    done = subprocess.run(
        ["/bin/sh", "-c", prelude + script],
        env=environment,
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_WHEN_this_program_makes_things_THEN_the_aws_command_sees_them(
    sandbox_environment: dict[str, str], tmp_path: Path, bucket: str
) -> None:
    (tmp_path / "f.txt").write_text("from manage-resources\n", encoding="utf-8")
    seen = in_shell(
        f"manage_resources s3 create {bucket} >/dev/null\n"
        f"manage_resources s3 put f.txt {bucket} a/f.txt >/dev/null\n"
        f"aws s3 cp s3://{bucket}/a/f.txt -\n"
        "aws sts get-caller-identity --query Account --output text\n",
        sandbox_environment,
        tmp_path,
    )
    assert seen == "from manage-resources\n123456789012\n"


def test_WHEN_the_aws_command_makes_things_THEN_this_program_sees_them(
    sandbox_environment: dict[str, str], tmp_path: Path, bucket: str
) -> None:
    (tmp_path / "f.bin").write_bytes(os.urandom(9 * 1024 * 1024))
    in_shell(
        f"aws s3 mb s3://{bucket} >/dev/null\n"
        f"aws s3 cp f.bin s3://{bucket}/f.bin --only-show-errors\n"
        f"manage_resources --sandbox s3 get {bucket} f.bin got.bin >/dev/null\n"
        "cmp f.bin got.bin\n",
        sandbox_environment,
        tmp_path,
    )
    listed = run_program(["--sandbox", "s3", "ls", bucket], sandbox_environment)
    assert listed.stdout.split("\t")[:2] == ["f.bin", str(9 * 1024 * 1024)]


def test_WHEN_a_url_is_presigned_THEN_anybody_can_fetch_it_without_credentials(
    sandbox_environment: dict[str, str], tmp_path: Path
) -> None:
    sample = "samples-123456789012-us-east-1 docs/readme.txt"
    script = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1]).read())"
    fetched = in_shell(
        f'url="$(manage_resources s3 presign {sample})"\n"{PROGRAM[0]}" -c {shlex.quote(script)} "$url"\n',
        sandbox_environment,
        tmp_path,
    )
    assert fetched.startswith("b'")
