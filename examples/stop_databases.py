"""Stop the databases of the organisation that have a tag, for the night: stop_databases.py TAG=VALUE."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_operations.applying import apply_changes
from aws_operations.changes import ChangeResult
from aws_operations.fleet import run_fleet
from aws_operations.rds.changes import plan_stop
from aws_operations.rds.databases import DatabaseFilter, databases
from aws_operations.selected_fleet import select_fleet
from aws_operations.target_selection import Selection

arguments = ArgumentParser(description=__doc__)
arguments.add_argument("tag", metavar="TAG=VALUE")
name, is_pair, value = arguments.parse_args().tag.partition("=")
if not (name and is_pair):
    arguments.error("give a tag with its value: TAG=VALUE")
running = DatabaseFilter(status="available", tags={name: value})


def stop(aws_provider: AwsClientProvider) -> Iterator[ChangeResult]:
    """Stop the databases of one account and region; the members of a cluster stop with it."""
    for database in databases(running, aws_provider):
        if database.cluster is None:
            changes = plan_stop([database.database], aws_provider, kind=database.kind)
            yield from apply_changes(changes, lambda _target: aws_provider)


everywhere = Selection(all_accounts=True, regions=("us-east-1", "eu-west-1"))
fleet = select_fleet(everywhere, AwsClientProvider(), role_name="operator")
problems = []
for outcome in run_fleet(stop, fleet.targets, fleet.provider_for):
    for result in outcome.rows:
        print(result.status, result.change.resource, sep="\t")
        problems += [f"{result.change.resource}: {result.error}"] if result.error else []
    problems += [f"{outcome.target}: {outcome.error}"] if outcome.is_failure else []
sys.exit("\n".join(problems) or 0)
