"""One operation over a fleet, one way a process: what it lists in each account and region is the same.

``ours``: this project's fleet. ``pool``: a boto3 thread pool with a session an account. ``each``: a new
session and AssumeRole for every call, in the same pool. Each target takes five calls, one a service, and all
rows are there before the target counts as done.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING

from fleet_answers import BUCKET, ROWS_PER_TARGET, TABLE

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

REGIONS = ("us-east-1", "us-west-2", "eu-west-1", "ap-southeast-2")
HOME_REGION = "us-east-1"
ROLE_NAME = "operator"
_CALLS = (
    ("s3", "list_objects_v2", {"Bucket": BUCKET}, "Contents"),
    ("ec2", "describe_instances", {}, "Reservations"),
    ("dynamodb", "scan", {"TableName": TABLE}, "Items"),
    ("rds", "describe_db_instances", {}, "DBInstances"),
    ("secretsmanager", "list_secrets", {}, "SecretList"),
)


def accounts_and_regions(count: int) -> list[tuple[str, str]]:
    """Return so many accounts and regions, all regions of an account after one another."""
    every = ((f"{number:012}", region) for number in range(1, count + 1) for region in REGIONS)
    return list(islice(every, count))


def ours(targets: list[tuple[str, str]], endpoint: str, workers: int) -> Iterator[int]:
    """Yield the number of rows of each target, found by this project's fleet, read-only as commands are."""
    return listed_by_fleet(fleet_hub(endpoint).read_only(), targets, workers)


def fleet_hub(endpoint: str, **settings: object) -> "AwsClientProvider":
    """Return the provider from which a fleet assumes its roles; ``settings`` are those of its clients."""
    from aws_interactions.access_keys import AccessKeys
    from aws_interactions.aws_client_provider import AwsClientProvider
    from aws_interactions.client_settings import ClientSettings

    return AwsClientProvider(
        aws_region=HOME_REGION,
        access_keys=AccessKeys("benchmark", "benchmark"),
        endpoint_url=endpoint,
        client_settings=ClientSettings(**settings),
    )


def listed_by_fleet(hub: "AwsClientProvider", targets: list[tuple[str, str]], workers: int) -> Iterator[int]:
    """Yield the number of rows of each target, listed by this project's fleet with the hub's clients."""
    from aws_interactions.aws_client_provider import AwsClientProvider
    from aws_interactions.dynamodb_interactions import scan
    from aws_interactions.ec2_interactions import list_instances
    from aws_interactions.rds_interactions import list_databases
    from aws_interactions.s3_interactions import list_bucket_objects
    from aws_interactions.secrets_interactions import list_secrets
    from aws_operations.fleet import run_fleet
    from aws_operations.targets import RoleSettings, Target, TargetProviders

    def inventory(aws_provider: AwsClientProvider) -> Iterator[object]:
        yield from list_bucket_objects(BUCKET, aws_provider)
        yield from list_instances(aws_provider)
        yield from scan(TABLE, aws_provider)
        yield from list_databases(aws_provider, kind="instance")
        yield from list_secrets(aws_provider)

    providers = TargetProviders(hub, RoleSettings(ROLE_NAME))
    wanted = [Target(region, account) for account, region in targets]
    for outcome in run_fleet(inventory, wanted, providers.provider_for, workers=workers):
        if outcome.error is not None:
            raise outcome.error
        yield len(outcome.rows)


def pool(targets: list[tuple[str, str]], endpoint: str, workers: int) -> Iterator[int]:
    """Yield the number of rows of each target, found with a boto3 session an account."""
    import boto3

    def list_account(account: str) -> list[int]:
        session = _assumed(boto3, account, endpoint)
        return [
            sum(len(_listed(session, region, call, endpoint)) for call in _CALLS)
            for wanted, region in targets
            if wanted == account
        ]

    with ThreadPoolExecutor(workers) as executor:
        for counts in executor.map(list_account, dict.fromkeys(account for account, _ in targets)):
            yield from counts


def each(targets: list[tuple[str, str]], endpoint: str, workers: int) -> Iterator[int]:
    """Yield the number of rows of each target, each call having a session and an assumed role of its own."""
    import boto3

    def list_one(task: tuple[tuple[str, str], tuple]) -> int:
        (account, region), call = task
        return len(_listed(_assumed(boto3, account, endpoint), region, call, endpoint))

    tasks = [(target, call) for target in targets for call in _CALLS]
    with ThreadPoolExecutor(workers) as executor:
        counts = list(executor.map(list_one, tasks))
    for first in range(0, len(counts), len(_CALLS)):
        yield sum(counts[first : first + len(_CALLS)])


def _assumed(boto3: object, account: str, endpoint: str) -> object:
    home = boto3.session.Session(
        aws_access_key_id="benchmark",
        aws_secret_access_key="benchmark",  # noqa: S106 - made up
        region_name=HOME_REGION,
    )
    keys = home.client("sts", endpoint_url=endpoint).assume_role(
        RoleArn=f"arn:aws:iam::{account}:role/{ROLE_NAME}", RoleSessionName="fleet"
    )["Credentials"]
    return boto3.session.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])


def _listed(session: object, region: str, call: tuple, endpoint: str) -> list[object]:
    service, operation, parameters, key = call
    client = session.client(service, region_name=region, endpoint_url=endpoint)
    pages: Iterable[dict] = client.get_paginator(operation).paginate(**parameters)
    return [item for page in pages for item in page[key]]


def main() -> None:
    """Run one way; end with an error unless every target's rows are all there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=("ours", "pool", "each"))
    parser.add_argument("--targets", type=int, required=True)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--workers", type=int, required=True)
    options = parser.parse_args()
    ways = {"ours": ours, "pool": pool, "each": each}
    way = ways[options.way]
    targets = accounts_and_regions(options.targets)
    counts = list(way(targets, options.endpoint, options.workers))
    if counts != [ROWS_PER_TARGET] * len(targets):
        sys.exit(f"{len(counts)} targets and {sum(counts)} rows are not what there is")


if __name__ == "__main__":
    main()
