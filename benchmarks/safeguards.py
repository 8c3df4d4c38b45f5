"""What watching over each call costs: a fleet with read-only gate, call budget and recorder, and one without.

Both work in one process in turn, a few accounts at a time, each through a pool of its own: whole processes
differ from one to the next by more than what is measured here. At no latency, where the watching is the
largest part of a call.
"""

import argparse
import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from fleet_answers import CALLS_PER_TARGET, ROWS_PER_TARGET
from fleet_cost import REGIONS, WORKERS
from fleet_endpoint import fleet_endpoint
from fleet_ways import accounts_and_regions, fleet_hub, listed_by_fleet

ACCOUNTS_A_ROUND = 10
ROUNDS = 80
SHARE_LIMIT = 0.05
BARE, GUARDED = "bare", "guarded"


def bench_safeguards(variables: Mapping[str, str]) -> bool:
    """Print what a call costs with and without; say whether the limit is kept."""
    with fleet_endpoint(0.0) as endpoint:
        command = [sys.executable, __file__, "--endpoint", endpoint.url]
        printed = subprocess.run(command, env=variables, check=True, capture_output=True, text=True).stdout
    costs: dict[str, list[float]] = json.loads(printed)
    # The two of a round ran side by side: what else the machine did spoils single rounds, and not all.
    share = statistics.median(g / b for g, b in zip(costs[GUARDED], costs[BARE], strict=True)) - 1
    print(
        f"\nread-only gate, call budget and recorder, {WORKERS} workers, {ROUNDS} rounds of"
        f" {ACCOUNTS_A_ROUND * REGIONS * CALLS_PER_TARGET} calls in turn, medians"
    )
    for way, label in ((BARE, "without them"), (GUARDED, "with all three")):
        print(f"{label:<26}{statistics.median(costs[way]):>8.3f} ms CPU a call")
    is_kept = share < SHARE_LIMIT
    print(
        f"they cost {share:.1%} of a call's CPU, the median of the rounds,"
        f" where less than {SHARE_LIMIT:.0%} is the limit: " + ("kept" if is_kept else "NOT KEPT")
    )
    return is_kept


def costs_in_turn(endpoint: str, folder: Path) -> dict[str, list[float]]:
    """Return by way the CPU milliseconds of a call, round by round."""
    from aws_interactions.call_budget import CallBudget
    from aws_interactions.call_recorder import CallRecorder

    budget, recorder = CallBudget(rate_per_second=10_000), CallRecorder(folder / "calls.jsonl")
    hubs = {
        BARE: fleet_hub(endpoint),
        GUARDED: fleet_hub(endpoint, call_budget=budget, recorder=recorder).read_only(),
    }
    every = accounts_and_regions((ROUNDS + 1) * ACCOUNTS_A_ROUND * REGIONS)
    costs: dict[str, list[float]] = {way: [] for way in hubs}
    for round_number in range(ROUNDS + 1):
        first = round_number * ACCOUNTS_A_ROUND * REGIONS
        targets = every[first : first + ACCOUNTS_A_ROUND * REGIONS]
        # Each goes first as often as the other, so that a machine that slows down favours neither.
        for way in (BARE, GUARDED) if round_number % 2 else (GUARDED, BARE):
            gc.collect()
            began = time.process_time()
            counts = list(listed_by_fleet(hubs[way], targets, WORKERS))
            spent = time.process_time() - began
            if counts != [ROWS_PER_TARGET] * len(targets):
                sys.exit(f"{sum(counts)} rows are not what there is")
            # The first round loads models and makes prototypes.
            if round_number:
                costs[way].append(1000 * spent / (len(targets) * CALLS_PER_TARGET))
    return costs


def main() -> None:
    """Measure in this process and print the costs as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(costs_in_turn(options.endpoint, Path(folder))))


if __name__ == "__main__":
    main()
