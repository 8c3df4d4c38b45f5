"""Name all instances and databases of the organisation that lack a tag: tag_audit.py TAG."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.ec2_interactions import list_instances
from aws_interactions.rds_interactions import list_databases
from aws_operations.fleet import run_fleet
from aws_operations.selected_fleet import select_fleet
from aws_operations.target_selection import Selection

arguments = ArgumentParser(description=__doc__)
arguments.add_argument("tag", metavar="TAG")
tag = arguments.parse_args().tag


def untagged(aws_provider: AwsClientProvider) -> Iterator[str]:
    """Yield what lacks the tag in one account and region."""
    yield from (instance.instance_id for instance in list_instances(aws_provider) if tag not in instance.tags)
    yield from (database.arn for database in list_databases(aws_provider) if tag not in database.tags)


everywhere = Selection(all_accounts=True, regions=("us-east-1", "eu-west-1"))
fleet = select_fleet(everywhere, AwsClientProvider(), role_name="operator")
failures = []
for outcome in run_fleet(untagged, fleet.targets, fleet.reader_for):
    for resource in outcome.rows:
        print(outcome.target.aws_account, outcome.target.aws_region, resource, sep="\t")
    if outcome.is_failure:
        failures.append(f"{outcome.target}: {outcome.error}")
sys.exit("\n".join(failures) or 0)
