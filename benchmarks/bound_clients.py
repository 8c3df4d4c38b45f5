"""Makes clients for many accounts, one way a process: ``bound`` (this project) or ``session`` (boto3's).

Prints CPU seconds and megabytes that the clients alone cost, as JSON.
"""

import json
import resource
import sys
import time

SERVICES = ("s3", "ec2", "dynamodb", "rds", "secretsmanager")
REGIONS = ("us-east-1", "us-west-2", "eu-west-1", "ap-southeast-2")


def bound(accounts: int) -> list[object]:
    """Return a client for each account, region and service, bound to prototypes."""
    from botocore.credentials import Credentials

    from aws_interactions.bound_clients import ClientIdentity, ClientPrototypes
    from aws_interactions.client_settings import ClientSettings

    prototypes = ClientPrototypes(endpoint_url=None, client_settings=ClientSettings())
    return [
        prototypes.bind_client(
            service,
            region,
            credentials=Credentials(f"key-{account}", "secret"),
            identity=ClientIdentity(f"{account:012}", region, f"{account:012}"),
            read_only=True,
        )
        for account in range(accounts)
        for region in REGIONS
        for service in SERVICES
    ]


def session(accounts: int) -> list[object]:
    """Return a client for each account, region and service, from a boto3 session an account."""
    import boto3

    clients: list[object] = []
    for account in range(accounts):
        own = boto3.session.Session(aws_access_key_id=f"key-{account}", aws_secret_access_key="secret")  # noqa: S106 - made up
        clients += [own.client(service, region_name=region) for region in REGIONS for service in SERVICES]
    return clients


def main() -> None:
    """Make the clients and print what they cost."""
    way, accounts = sys.argv[1], int(sys.argv[2])
    make = {"bound": bound, "session": session}[way]
    make(0)  # imports are not what is measured
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    clients = make(accounts)
    seconds = time.process_time() - started
    megabytes = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) / 1024
    print(json.dumps({"clients": len(clients), "cpu_seconds": seconds, "megabytes": megabytes}))


if __name__ == "__main__":
    main()
