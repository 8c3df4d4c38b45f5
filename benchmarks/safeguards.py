"""What watching over each call costs: a fleet with read-only gate, call budget and recorder, and one without.

Whole processes, alternately, at no latency: there the watching is the largest part of a call.
"""

import statistics
from collections.abc import Mapping

from fleet_cost import REGIONS, WORKERS, FleetUsage, run_way
from fleet_endpoint import fleet_endpoint

ACCOUNTS = 100
ROUNDS = 9
SHARE_LIMIT = 0.05
BARE, GUARDED = "bare", "guarded"


def bench_safeguards(variables: Mapping[str, str]) -> bool:
    """Print what a call costs with and without; say whether the limit is kept."""
    usages: dict[str, list[FleetUsage]] = {BARE: [], GUARDED: []}
    with fleet_endpoint(0.0) as endpoint:
        for way in usages:
            run_way(way, 1, endpoint, variables)
        for round_number in range(ROUNDS):
            # Each goes first as often as the other, so that a machine that slows down favours neither.
            for way in (BARE, GUARDED) if round_number % 2 else (GUARDED, BARE):
                usages[way].append(run_way(way, ACCOUNTS * REGIONS, endpoint, variables))
    pairs = zip(usages[GUARDED], usages[BARE], strict=True)
    share = statistics.median(one.cpu_ms_per_call / other.cpu_ms_per_call for one, other in pairs) - 1
    print(
        f"\nread-only gate, call budget and recorder, {WORKERS} workers, {usages[BARE][0].calls:,} calls,"
        f" medians of {ROUNDS}"
    )
    for way, label in ((BARE, "without them"), (GUARDED, "with all three")):
        cost = statistics.median(usage.cpu_ms_per_call for usage in usages[way])
        print(f"{label:<26}{cost:>8.3f} ms CPU a call")
    is_kept = share < SHARE_LIMIT
    print(
        f"they cost {share:.1%} of a call's CPU, where less than {SHARE_LIMIT:.0%} is the limit: "
        + ("kept" if is_kept else "NOT KEPT")
    )
    return is_kept
