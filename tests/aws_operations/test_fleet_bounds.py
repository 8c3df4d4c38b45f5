"""What a run takes from the machine does not grow with its targets, but for what each session needs."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.support.program import ROOT


@pytest.fixture
def canned_endpoint() -> Iterator[str]:
    """Give the endpoint of the benchmarks, which answers faster than anybody asks."""
    with subprocess.Popen(
        [sys.executable, str(ROOT / "benchmarks" / "fleet_endpoint.py"), "0"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()


def test_WHEN_there_are_2000_targets_THEN_descriptors_and_memory_stay_bounded(canned_endpoint: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.many_targets", canned_endpoint],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["outcomes"], found["rows"]) == (2000, 2000)
    assert found["descriptors"] < 64
    # 1,500 more of them, each with a session of its own.
    assert found["grown_bytes"] < 25_000_000
