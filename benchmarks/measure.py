"""Measures commands as whole processes: CPU seconds of the child, alternately, medians."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Usage:
    """What one finished process cost: user plus system seconds, peak memory in MB, seconds on the wall."""

    cpu_seconds: float
    peak_mb: float
    wall_seconds: float


def clean_environment(home: str) -> dict[str, str]:
    """Return the caller's environment with made-up keys, a home of its own and nothing else for AWS.

    What the program keeps between runs (service models without their documentation) is made there in
    the round that is not counted, as it is there for a user from the second command on.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "MANAGE_RESOURCES_"))
    }
    return {
        **kept,
        "HOME": home,
        "XDG_CACHE_HOME": str(Path(home) / "cache"),
        "AWS_ACCESS_KEY_ID": "benchmark",
        "AWS_SECRET_ACCESS_KEY": "benchmark",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def run_once(command: Sequence[str], environment: Mapping[str, str]) -> Usage:
    """Run a command to its end and return its cost; an exit code other than 0 raises."""
    started = time.monotonic()
    process = subprocess.Popen(
        command, env=dict(environment), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall_seconds = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{command[0]} ended with {process.returncode}: {' '.join(command)}")
    unit = 1024 if sys.platform != "darwin" else 1024 * 1024
    return Usage(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit, wall_seconds)


def alternate(
    commands: Mapping[str, Sequence[str]], environment: Mapping[str, str], rounds: int
) -> dict[str, list[Usage]]:
    """Run each command in turn, round after round, after one round that is not counted."""
    usages: dict[str, list[Usage]] = {name: [] for name in commands}
    for round_number in range(rounds + 1):
        for name, command in commands.items():
            usage = run_once(command, environment)
            if round_number:
                usages[name].append(usage)
    return usages


def median_ms(usages: Sequence[Usage]) -> float:
    """Return the median CPU milliseconds."""
    return 1000 * statistics.median(usage.cpu_seconds for usage in usages)


def median_ratio(usages: Sequence[Usage], others: Sequence[Usage]) -> float:
    """Return the median of the ratios, pair by pair, so that a machine's drift cancels."""
    pairs = zip(usages, others, strict=True)
    return statistics.median(one.cpu_seconds / other.cpu_seconds for one, other in pairs)
