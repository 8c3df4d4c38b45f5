"""A program of its own: runs an operation in 2,000 accounts and prints what that took, as JSON.

Its argument is the endpoint. Descriptors are counted at each outcome; memory is the process's own.
"""

import json
import os
import sys
from pathlib import Path

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.sts_interactions import get_caller_identity
from aws_operations.fleet import run_fleet
from aws_operations.targets import RoleSettings, Target, TargetProviders

TARGETS = 2_000
WARM_AFTER = 500


def resident_bytes() -> int:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def main(endpoint_url: str) -> None:
    keys = AccessKeys("AKIAHUB", "secret")
    base = AwsClientProvider(aws_region="eu-west-1", access_keys=keys, endpoint_url=endpoint_url)
    providers = TargetProviders(base, RoleSettings("operator"))
    targets = [Target("eu-west-1", f"{number:012}") for number in range(TARGETS)]
    most_descriptors = rows = warm = count = 0
    for count, outcome in enumerate(
        run_fleet(lambda provider: [get_caller_identity(provider)], targets, providers.provider_for), start=1
    ):
        rows += outcome.row_count
        most_descriptors = max(most_descriptors, len(list(Path("/proc/self/fd").iterdir())))
        if count == WARM_AFTER:
            warm = resident_bytes()
    found = {"outcomes": count, "rows": rows, "descriptors": most_descriptors}
    json.dump({**found, "grown_bytes": resident_bytes() - warm}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
