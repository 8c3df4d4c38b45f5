"""Prints this project's CPU cost beside what people use today, measured side by side in one run."""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from change_flow import bench_change_flow
from fleet_cost import COMPARED_ACCOUNTS, ROUNDS, FleetBench
from fleet_curve import bench_curve
from loopback_aws import loopback_aws
from measure import alternate, clean_environment, median_ms, median_ratio
from safeguards import bench_safeguards

HERE = Path(__file__).parent
PROGRAM = str(Path(sys.executable).with_name("manage-resources"))
START_UP = "start-up"
CALL_LIMIT = 0.5
BOUND_ACCOUNTS = 200
SESSION_ACCOUNTS = 10
BOUND_CPU_LIMIT = 1.0
BOUND_MB_LIMIT = 150
PARTS = ("commands", "clients", "changes", "safeguards", "fleet", "curve")


def pairs(aws: str, endpoint: str) -> dict[str, tuple[list[str], list[str]]]:
    """Return by name a command of this program and the one of ``aws`` that does the same."""
    ours = [PROGRAM, "--endpoint-url", endpoint]
    theirs = [aws, "--endpoint-url", endpoint]
    key = '{"customer": "c-1", "order": "2026-01-07-1"}'
    their_key = '{"customer": {"S": "c-1"}, "order": {"S": "2026-01-07-1"}}'
    database = "orders/database"
    return {
        START_UP: ([PROGRAM, "--help"], [aws, "--version"]),
        "s3 status": (
            [*ours, "s3", "status", "demo-bucket"],
            [*theirs, "s3api", "head-bucket", "--bucket", "demo-bucket"],
        ),
        "ec2 list": ([*ours, "ec2", "list"], [*theirs, "ec2", "describe-instances"]),
        "dynamodb get": (
            [*ours, "dynamodb", "get", "orders", key],
            [*theirs, "dynamodb", "get-item", "--table-name", "orders", "--key", their_key],
        ),
        "rds list": ([*ours, "rds", "list"], [*theirs, "rds", "describe-db-instances"]),
        "secrets get": (
            [*ours, "secrets", "get", database],
            [*theirs, "secretsmanager", "get-secret-value", "--secret-id", database],
        ),
    }


def bench_commands(aws: str, rounds: int, variables: dict[str, str]) -> bool:
    """Compare start-up and one call of each service with ``aws``; say whether the limit is kept."""
    over = []
    with loopback_aws() as endpoint:
        print(f"{'CPU, median of ' + str(rounds):<24}{'manage-resources':>18}{'aws':>10}{'ratio':>8}")
        for name, (ours, theirs) in pairs(aws, endpoint).items():
            usages = alternate({"ours": ours, "aws": theirs}, variables, rounds)
            ratio = median_ratio(usages["ours"], usages["aws"])
            ours_ms, theirs_ms = median_ms(usages["ours"]), median_ms(usages["aws"])
            print(f"{name:<24}{ours_ms:>15.0f} ms{theirs_ms:>7.0f} ms{ratio:>8.2f}", flush=True)
            if name != START_UP and ratio > CALL_LIMIT:
                over.append(name)
    print(
        f"one call costs at most {CALL_LIMIT} of the aws command's: "
        + (f"NOT KEPT by {', '.join(over)}" if over else "kept")
    )
    return not over


def bench_clients(variables: dict[str, str]) -> bool:
    """Compare bound clients with a session an account; say whether the limits are kept."""
    print(f"\n{'clients':<24}{'made':>8}{'CPU s':>10}{'MB':>8}{'CPU s / 1000':>14}{'MB / 1000':>11}")
    costs = {}
    for way, accounts in (("bound", BOUND_ACCOUNTS), ("session", SESSION_ACCOUNTS)):
        command = [sys.executable, str(HERE / "bound_clients.py"), way, str(accounts)]
        printed = subprocess.run(command, env=variables, check=True, capture_output=True, text=True).stdout
        cost = costs[way] = json.loads(printed)
        per_thousand = 1000 / cost["clients"]
        label = "bound to prototypes" if way == "bound" else "a session an account"
        print(
            f"{label:<24}{cost['clients']:>8}{cost['cpu_seconds']:>10.2f}{cost['megabytes']:>8.0f}"
            f"{cost['cpu_seconds'] * per_thousand:>14.2f}{cost['megabytes'] * per_thousand:>11.0f}"
        )
    ours = costs["bound"]
    kept: bool = ours["cpu_seconds"] <= BOUND_CPU_LIMIT and ours["megabytes"] <= BOUND_MB_LIMIT
    print(
        f"{ours['clients']} bound clients cost at most {BOUND_CPU_LIMIT:.0f} CPU-second and"
        f" {BOUND_MB_LIMIT} MB: {'kept' if kept else 'NOT KEPT'}"
    )
    return kept


def main() -> None:
    """Run every benchmark, or those that are named; exit 1 if a limit is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"one of {', '.join(PARTS)}; none means all")
    parser.add_argument("--aws", required=True, help="the aws command to compare with")
    parser.add_argument("--rounds", type=int, default=15, help="counted runs of each command")
    parser.add_argument("--fleet-rounds", type=int, default=ROUNDS, help="runs of each way over a fleet")
    parser.add_argument(
        "--fleet-accounts", type=int, default=COMPARED_ACCOUNTS, help="accounts at which fleets are compared"
    )
    options = parser.parse_args()
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory() as home:
        variables = clean_environment(home)
        fleet = FleetBench(variables, accounts=options.fleet_accounts, rounds=options.fleet_rounds)
        benches: dict[str, Callable[[], bool]] = {
            "commands": lambda: bench_commands(options.aws, options.rounds, variables),
            "clients": lambda: bench_clients(variables),
            "changes": lambda: bench_change_flow(variables),
            "safeguards": lambda: bench_safeguards(variables),
            "fleet": fleet.run,
            "curve": lambda: bench_curve(variables),
        }
        results = [benches[part]() for part in options.parts or PARTS]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
