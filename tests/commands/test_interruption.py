"""A signal to a process whose own thread hangs, in an output that nobody reads."""

import os
import subprocess
import sys
import time

import pytest

from tests.support.program import ROOT

LINES = """
import os, signal
from aws_operations.run_control import RunControl
from commands.interruption import ending_in_good_order
hanging, _ = os.pipe()
try:
    with ending_in_good_order(RunControl(grace_seconds=0.05)):
        os.kill(os.getpid(), signal.{signal})
        os.read(hanging, 1)
except BaseException as error:
    print(type(error).__name__, signal.getitimer(signal.ITIMER_REAL), signal.getsignal(signal.SIGALRM).name)
"""


@pytest.mark.parametrize(
    ("signal_name", "error"), [("SIGINT", "KeyboardInterrupt"), ("SIGTERM", "Terminated")]
)
def test_WHEN_a_signal_comes_AND_the_main_thread_hangs_THEN_it_ends_after_the_grace(
    signal_name: str, error: str
) -> None:
    began_at = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", LINES.format(signal=signal_name)],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert done.stdout == f"{error} (0.0, 0.0) SIG_DFL\n", done.stderr
    assert time.monotonic() - began_at < 10
