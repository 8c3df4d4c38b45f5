"""What a fleet costs as it grows: CPU and peak memory from 10 to 2,000 targets, as figures and a picture.

``python benchmarks/fleet_curve.py --picture docs/fleet_cost.svg`` measures and draws. It ends with 1 if
the cost of a target grows with their number, or memory does.
"""

import argparse
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fleet_answers import CALLS_PER_TARGET, ITEMS_PER_ANSWER
from fleet_cost import OURS, WORKERS, run_way
from fleet_endpoint import fleet_endpoint
from fleet_picture import Panel, draw
from measure import clean_environment

TARGETS = (10, 50, 200, 500, 1000, 2000)
LATENCY = 0.05
SMALL = 200
"""From here on what is made once, whatever the number of targets, is little beside the rest."""
CPU_GROWTH_LIMIT = 1.3
MB_GROWTH_LIMIT = 1.5


@dataclass(frozen=True, slots=True)
class Point:
    """What so many targets cost: CPU and wall seconds, peak megabytes."""

    targets: int
    cpu_seconds: float
    wall_seconds: float
    peak_mb: float

    @property
    def cpu_ms_per_target(self) -> float:
        """CPU milliseconds for each target, start-up included."""
        return 1000 * self.cpu_seconds / self.targets


def measure_curve(variables: Mapping[str, str], *, rounds: int) -> list[Point]:
    """Run fleets of growing size and return a point for each, the median of its rounds."""
    points = []
    with fleet_endpoint(LATENCY) as endpoint:
        run_way(OURS, 1, endpoint, variables)
        for targets in TARGETS:
            used = [run_way(OURS, targets, endpoint, variables).process for _ in range(rounds)]
            points.append(
                Point(
                    targets,
                    statistics.median(usage.cpu_seconds for usage in used),
                    statistics.median(usage.wall_seconds for usage in used),
                    statistics.median(usage.peak_mb for usage in used),
                )
            )
    return points


def bench_curve(variables: Mapping[str, str], *, rounds: int = 1, picture: Path | None = None) -> bool:
    """Measure, print and draw if a file is named; say whether the limits are kept."""
    points = measure_curve(variables, rounds=rounds)
    print(
        f"\na growing fleet, {WORKERS} workers, {CALLS_PER_TARGET} calls a target,"
        f" {1000 * LATENCY:.0f} ms of latency"
    )
    for line in figures(points):
        print(line)
    by_targets = {point.targets: point for point in points}
    small, large = by_targets[SMALL], by_targets[TARGETS[-1]]
    cpu_growth = large.cpu_ms_per_target / small.cpu_ms_per_target
    mb_growth = large.peak_mb / small.peak_mb
    kept = cpu_growth <= CPU_GROWTH_LIMIT and mb_growth <= MB_GROWTH_LIMIT
    print(
        f"from {SMALL} to {large.targets} targets, CPU a target at most {CPU_GROWTH_LIMIT} and memory at most"
        f" {MB_GROWTH_LIMIT} times as much: {cpu_growth:.2f} and {mb_growth:.2f}:"
        f" {'kept' if kept else 'NOT KEPT'}"
    )
    if picture is not None:
        picture.write_text(draw(_panels(points), [*figures(points), "", *_conditions()]), encoding="utf-8")
    return kept


def figures(points: Sequence[Point]) -> list[str]:
    """Return the points as the lines of a table."""
    lines = [f"{'targets':>8}{'calls':>8}{'CPU':>10}{'CPU / target':>14}{'peak':>9}{'wall':>10}"]
    lines += [
        f"{point.targets:>8}{point.targets * CALLS_PER_TARGET:>8}{point.cpu_seconds:>8.1f} s"
        f"{point.cpu_ms_per_target:>11.1f} ms{point.peak_mb:>6.0f} MB{point.wall_seconds:>8.1f} s"
        for point in points
    ]
    return lines


def _conditions() -> list[str]:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    found = [f"{operation} {count}" for operation, count in ITEMS_PER_ANSWER.items()]
    return [
        f"{WORKERS} workers, {1000 * LATENCY:.0f} ms of latency, {python}, {os.cpu_count()} cores",
        f"found in each target: {', '.join(found[:3])},",
        f"                      {', '.join(found[3:])}",
    ]


def _panels(points: Sequence[Point]) -> list[Panel]:
    return [
        Panel("CPU seconds", "s", [(point.targets, point.cpu_seconds) for point in points]),
        Panel("peak memory, MB", "MB", [(point.targets, point.peak_mb) for point in points]),
    ]


def main() -> None:
    """Measure, print and draw; exit 1 if a limit is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--picture", type=Path, help="the SVG file to write")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        kept = bench_curve(clean_environment(home), rounds=options.rounds, picture=options.picture)
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
