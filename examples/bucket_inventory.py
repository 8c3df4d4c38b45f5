"""Write all buckets of the organisation to standard output as CSV: bucket_inventory.py > buckets.csv."""

import csv
import sys

from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.s3_interactions import list_buckets
from aws_operations.fleet import run_fleet
from aws_operations.selected_fleet import select_fleet
from aws_operations.target_selection import Selection

fleet = select_fleet(Selection(all_accounts=True), AwsClientProvider(), role_name="operator")
table = csv.writer(sys.stdout, lineterminator="\n")
table.writerow(["account", "region", "bucket", "created"])
failures = []
for outcome in run_fleet(list_buckets, fleet.targets, fleet.reader_for):
    for bucket in outcome.rows:
        table.writerow([outcome.target.aws_account, bucket.region, bucket.name, bucket.created_at])
    if outcome.is_failure:
        failures.append(f"{outcome.target}: {outcome.error}")
sys.exit("\n".join(failures) or 0)
