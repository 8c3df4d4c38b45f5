"""Write all buckets of the organisation to standard output as CSV: bucket_inventory.py > buckets.csv."""

import csv
import sys
from collections.abc import Iterator
from dataclasses import replace

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.s3_interactions import Bucket, list_buckets, look_at_bucket
from aws_operations.fleet import run_fleet
from aws_operations.selected_fleet import select_fleet
from aws_operations.target_selection import Selection


def inventory(aws_provider: AwsClientProvider) -> Iterator[Bucket]:
    """Yield the buckets of one account with their regions; the list of an emulator has none."""
    for bucket in list_buckets(aws_provider):
        region = bucket.region or look_at_bucket(bucket.name, aws_provider).region
        yield replace(bucket, region=region)


fleet = select_fleet(Selection(all_accounts=True), AwsClientProvider(), role_name="operator")
table = csv.writer(sys.stdout, lineterminator="\n")
table.writerow(["account", "region", "bucket", "created"])
failures = []
for outcome in run_fleet(inventory, fleet.targets, fleet.reader_for):
    for bucket in outcome.rows:
        table.writerow([outcome.target.aws_account, bucket.region, bucket.name, bucket.created_at])
    if outcome.is_failure:
        failures.append(f"{outcome.target}: {outcome.error}")
sys.exit("\n".join(failures) or 0)
