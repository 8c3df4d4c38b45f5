"""What a new sandbox holds, made by ordinary requests through the journal.

In each account the role ``operator`` and an alias; in each account and region a bucket
``samples-{account}-{region}`` with three objects, and what ``regional_samples`` lists: instances, a
table, databases and secrets. In the home account also a versioned bucket with two versions of an object
and a delete marker, an organisation with the members in its units, and of the tables a backup and what
they were.
"""

import json
from urllib.parse import urlencode

from aws_operations.sandbox.constants import (
    HOME_ACCESS_KEY_ID,
    HOME_ACCOUNT,
    MEMBER_ACCOUNTS,
    REGIONS,
    ROLE_NAME,
)
from aws_operations.sandbox.regional_samples import make_regional_samples
from aws_operations.sandbox.sample_requests import SampleCaller, Writer

VERSIONED_BUCKET = f"samples-versioned-{HOME_ACCOUNT}"
ACCOUNT_ALIASES = {
    HOME_ACCOUNT: "sandbox-home",
    "111122223333": "sandbox-production",
    "444455556666": "sandbox-workloads",
}

_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{HOME_ACCOUNT}:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
_README = (
    b"This bucket is part of the sandbox. Change it, empty it, delete it: sandbox reset brings it back.\n"
)
_REPORT = b"day,requests,errors\n2026-01-01,1200,3\n2026-01-02,1180,0\n"


def make_samples(writer: Writer, port: int) -> None:
    """Make all samples; raises ``SampleRefused``, with the answer, at the first that fails."""
    home = SampleCaller(writer, port, HOME_ACCESS_KEY_ID)
    _make_organization(home)
    for account in (HOME_ACCOUNT, *MEMBER_ACCOUNTS):
        caller = home if account == HOME_ACCOUNT else home.in_account(account)
        caller.query("iam", "CreateRole", {"RoleName": ROLE_NAME, "AssumeRolePolicyDocument": _TRUST})
        caller.query("iam", "CreateAccountAlias", {"AccountAlias": ACCOUNT_ALIASES[account]})
        for region in REGIONS:
            _make_bucket(caller, f"samples-{account}-{region}", region)
            make_regional_samples(caller, region)
    _make_versioned_bucket(home)
    for region in REGIONS:
        _keep_table(home, region)


def _keep_table(home: SampleCaller, region: str) -> None:
    kept = {"TableName": "orders", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}
    home.json("dynamodb", "UpdateContinuousBackups", kept, region)
    backup = {"TableName": "orders", "BackupName": "orders-before-launch"}
    home.json("dynamodb", "CreateBackup", backup, region)


def _make_organization(home: SampleCaller) -> None:
    home.json("organizations", "CreateOrganization", {"FeatureSet": "ALL"})
    root = home.json("organizations", "ListRoots", {})["Roots"][0]["Id"]
    workloads = _make_unit(home, root, "workloads")
    units = {"111122223333": _make_unit(home, workloads, "production"), "444455556666": workloads}
    for account in MEMBER_ACCOUNTS:
        home.json(
            "organizations",
            "CreateAccount",
            {"AccountName": f"member-{account}", "Email": f"{account}@example.com"},
            HTTP_X_SANDBOX_ACCOUNT_ID=account,
        )
        move = {"AccountId": account, "SourceParentId": root, "DestinationParentId": units[account]}
        home.json("organizations", "MoveAccount", move)


def _make_unit(home: SampleCaller, parent: str, name: str) -> str:
    answer = home.json("organizations", "CreateOrganizationalUnit", {"ParentId": parent, "Name": name})
    unit_id: str = answer["OrganizationalUnit"]["Id"]
    return unit_id


def _make_bucket(caller: SampleCaller, bucket_name: str, region: str) -> None:
    place = f"<LocationConstraint>{region}</LocationConstraint>"
    configuration = f"<CreateBucketConfiguration>{place}</CreateBucketConfiguration>"
    caller.s3("PUT", f"/{bucket_name}", region, b"" if region == "us-east-1" else configuration.encode())
    caller.s3("PUT", f"/{bucket_name}/docs/readme.txt", region, _README, content_type="text/plain")
    caller.s3("PUT", f"/{bucket_name}/reports/2026-01.csv", region, _REPORT, content_type="text/csv")
    caller.s3(
        "PUT",
        f"/{bucket_name}/docs/tagged.txt",
        region,
        b"An object with user metadata and tags.\n",
        content_type="text/plain",
        HTTP_X_AMZ_META_OWNER="sandbox",
        HTTP_X_AMZ_META_PURPOSE="sample",
        HTTP_X_AMZ_TAGGING=urlencode({"team": "operations", "stage": "sandbox"}),
    )


def _make_versioned_bucket(home: SampleCaller) -> None:
    region = REGIONS[0]
    home.s3("PUT", f"/{VERSIONED_BUCKET}", region)
    enabled = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    home.s3("PUT", f"/{VERSIONED_BUCKET}?versioning", region, enabled)
    for text in (b"first version\n", b"second version\n"):
        home.s3("PUT", f"/{VERSIONED_BUCKET}/notes.txt", region, text, content_type="text/plain")
    home.s3("PUT", f"/{VERSIONED_BUCKET}/deleted.txt", region, b"gone, but not lost\n")
    home.s3("DELETE", f"/{VERSIONED_BUCKET}/deleted.txt", region)
