"""Measures commands as whole processes: CPU seconds of the child, alternately, medians."""

import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Usage:
    """What one finished process cost: user plus system seconds, peak memory in MB."""

    cpu_seconds: float
    peak_mb: float


def run_once(command: Sequence[str], environment: Mapping[str, str]) -> Usage:
    """Run a command to its end and return its cost; an exit code other than 0 raises."""
    process = subprocess.Popen(
        command, env=dict(environment), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{command[0]} ended with {process.returncode}: {' '.join(command)}")
    unit = 1024 if sys.platform != "darwin" else 1024 * 1024
    return Usage(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit)


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
