"""What one operation costs over a fleet: this project beside a session an account and a session a call.

All three ask the same endpoint for the same answers. The counts of this project and of (a) are equal;
(b) costs the same for every call and too much to make them all. This project alone then does the whole
fleet, for memory and wall time. Plain HTTP spares (a) and (b) the TLS context that each of their clients
would make, so with AWS they cost more than here.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from fleet_answers import CALLS_PER_TARGET, ITEMS_PER_ANSWER
from fleet_endpoint import Endpoint, EndpointUse, fleet_endpoint
from measure import Usage, clean_environment, run_once

LATENCIES = (0.0, 0.05)
WORKERS = 16
REGIONS = 4
WHOLE_FLEET_ACCOUNTS = 200
COMPARED_ACCOUNTS = 200
EACH_ACCOUNTS = 3
ROUNDS = 1
RATIO_LIMIT, RATIO_AIM = 15, 20
MB_LIMIT = 250
WALL_LIMIT = 2.0
OURS, POOL, EACH = "ours", "pool", "each"
LABELS = {
    OURS: "this project",
    POOL: "(a) a session an account",
    EACH: "(b) a session a call",
}
_WAYS = Path(__file__).with_name("fleet_ways.py")


@dataclass(frozen=True, slots=True)
class FleetUsage:
    """What one process cost, and what the endpoint did for it."""

    process: Usage
    endpoint: EndpointUse
    calls: int

    @property
    def cpu_ms_per_call(self) -> float:
        """CPU milliseconds of the client for each call to one of the services."""
        return 1000 * self.process.cpu_seconds / self.calls

    @property
    def requests(self) -> int:
        """All that was asked of the endpoint, STS included."""
        return sum(self.endpoint.calls.values())


def run_way(
    way: str, targets: int, endpoint: Endpoint, variables: Mapping[str, str], *, workers: int = WORKERS
) -> FleetUsage:
    """Run one way as a process of its own; ends the benchmark if it did not make just the calls it should."""
    command = [sys.executable, str(_WAYS), way, "--targets", str(targets)]
    command += ["--endpoint", endpoint.url, "--workers", str(workers)]
    endpoint.take_use()
    usage = FleetUsage(run_once(command, variables), endpoint.take_use(), targets * CALLS_PER_TARGET)
    made = {operation: usage.endpoint.calls.get(operation) for operation in ITEMS_PER_ANSWER}
    if made != dict.fromkeys(ITEMS_PER_ANSWER, targets):
        raise SystemExit(f"{LABELS.get(way, way)} made other calls than it should: {usage.endpoint.calls}")
    return usage


class FleetBench:
    """The whole comparison; ``accounts`` is how many the ways with equal counts go through."""

    def __init__(self, variables: Mapping[str, str], *, accounts: int, rounds: int) -> None:
        self._variables = variables
        self._accounts = accounts
        self._rounds = rounds
        self._broken: list[str] = []

    def run(self) -> bool:
        """Measure, print, and say whether all limits are kept."""
        print(
            f"\na fleet, {WORKERS} workers, {REGIONS} regions, {CALLS_PER_TARGET} services; whole processes,"
            f" medians of {self._rounds}, of this project's {2 * self._rounds + 1} round about them"
        )
        print(
            f"{'':<26}{'latency':>9}{'accounts':>10}{'calls':>7}{'CPU / call':>12}{'ratio':>7}"
            f"{'peak':>9}{'wall':>9}{'endpoint CPU / request':>25}"
        )
        with ExitStack() as stack:
            endpoints = [stack.enter_context(fleet_endpoint(latency)) for latency in LATENCIES]
            # Byte code and the like are made once, and not by whoever happens to be first.
            for way in LABELS:
                run_way(way, 1, endpoints[0], self._variables)
            for endpoint in endpoints:
                self._compare(endpoint)
            for endpoint in endpoints:
                self._whole_fleet(endpoint)
        self._conclude()
        return not self._broken

    def _compare(self, endpoint: Endpoint) -> None:
        accounts = {OURS: self._accounts, POOL: self._accounts, EACH: min(EACH_ACCOUNTS, self._accounts)}
        found: dict[str, list[FleetUsage]] = {way: [] for way in LABELS}

        def measure(way: str) -> None:
            found[way].append(run_way(way, accounts[way] * REGIONS, endpoint, self._variables))

        measure(OURS)
        for _ in range(self._rounds):
            for way in (POOL, EACH):
                measure(way)
                # Before and after each of the long ones, so that a machine's drift shows in both.
                measure(OURS)
        for way, usages in found.items():
            ratio = _cpu_ms_per_call(usages) / _cpu_ms_per_call(found[OURS])
            _print_line(way, accounts[way], endpoint, usages, ratio)
            if way == POOL and ratio < RATIO_LIMIT:
                self._broken.append(
                    f"{ratio:.1f} times less CPU a call than (a) at {_milliseconds(endpoint)}"
                    f" latency, where {RATIO_LIMIT} is the limit"
                )

    def _whole_fleet(self, endpoint: Endpoint) -> None:
        targets = WHOLE_FLEET_ACCOUNTS * REGIONS
        usages = [run_way(OURS, targets, endpoint, self._variables) for _ in range(self._rounds)]
        _print_line(OURS, WHOLE_FLEET_ACCOUNTS, endpoint, usages, None)
        peak = max(usage.process.peak_mb for usage in usages)
        if peak >= MB_LIMIT:
            self._broken.append(f"{peak:.0f} MB at {usages[0].calls} calls, where {MB_LIMIT} is the limit")
        if not endpoint.latency:
            return
        wall = statistics.median(usage.process.wall_seconds for usage in usages)
        allowed = usages[0].requests * endpoint.latency / WORKERS
        print(
            f"{usages[0].requests} requests (STS included) of {_milliseconds(endpoint)} take"
            f" {WORKERS} workers {allowed:.1f} s at best; it took {wall / allowed:.2f} times that"
        )
        if wall > WALL_LIMIT * allowed:
            self._broken.append(
                f"{wall:.1f} s, where {WALL_LIMIT:.0f} times the {allowed:.1f} s of latency are the limit"
            )

    def _conclude(self) -> None:
        print(
            f"at least {RATIO_LIMIT} (aim: {RATIO_AIM}) times less CPU a call than (a), under {MB_LIMIT} MB,"
            f" within {WALL_LIMIT:.0f} times of what latency allows: "
            + (f"NOT KEPT: {'; '.join(self._broken)}" if self._broken else "kept")
        )


def _cpu_ms_per_call(usages: Sequence[FleetUsage]) -> float:
    return statistics.median(usage.cpu_ms_per_call for usage in usages)


def _print_line(
    way: str, accounts: int, endpoint: Endpoint, usages: Sequence[FleetUsage], ratio: float | None
) -> None:
    cpu = _cpu_ms_per_call(usages)
    peak = max(usage.process.peak_mb for usage in usages)
    wall = statistics.median(usage.process.wall_seconds for usage in usages)
    served = statistics.median(1000 * usage.endpoint.cpu_seconds / usage.requests for usage in usages)
    print(
        f"{LABELS[way]:<26}{_milliseconds(endpoint):>9}{accounts:>10}{usages[0].calls:>7}{cpu:>9.2f} ms"
        f"{'' if ratio is None else f'{ratio:.1f}':>7}{peak:>6.0f} MB{wall:>7.1f} s{served:>22.2f} ms",
        flush=True,
    )


def _milliseconds(endpoint: Endpoint) -> str:
    return f"{1000 * endpoint.latency:.0f} ms"


def main() -> None:
    """Run the comparison alone; exit 1 if a limit is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--accounts", type=int, default=COMPARED_ACCOUNTS, help="how many this project and (a) both do"
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="runs of (a) and of (b)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        bench = FleetBench(clean_environment(home), accounts=options.accounts, rounds=options.rounds)
        sys.exit(0 if bench.run() else 1)


if __name__ == "__main__":
    main()
