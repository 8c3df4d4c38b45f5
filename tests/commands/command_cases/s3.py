SAMPLE = "samples-123456789012-us-east-1"
VERSIONED_SAMPLE = "samples-versioned-123456789012"
KEY = "docs/readme.txt"

CASES: dict[str, list[str]] = {
    "s3 status": [SAMPLE],
    "s3 ls": [SAMPLE],
    "s3 du": [SAMPLE, "--depth", "1"],
    "s3 create": ["{new}"],
    "s3 ensure": ["{new}"],
    "s3 destroy": [SAMPLE],
    "s3 put": ["{file}", SAMPLE, KEY, "--overwrite"],
    "s3 get": [SAMPLE, KEY, "{folder}/got"],
    "s3 rm": [SAMPLE, KEY],
    "s3 presign": [SAMPLE, KEY],
    "s3 metadata": [SAMPLE, KEY],
    "s3 tags get": [SAMPLE],
    "s3 tags set": [SAMPLE, "team=ops"],
    "s3 encryption get": [SAMPLE],
    "s3 encryption set": [SAMPLE, "aws:kms", "--bucket-key"],
    "s3 undelete": [VERSIONED_SAMPLE, "--to", "1h"],
    "s3 audit": [SAMPLE],
    "s3 harden": [SAMPLE, "--only", "public-access"],
    "s3 public-access get": [SAMPLE],
    "s3 public-access set": [SAMPLE, "blocked"],
    "s3 lifecycle get": [SAMPLE],
    "s3 lifecycle set": [SAMPLE, "examples/lifecycle_rules.json"],
    "s3 versioning get": [SAMPLE],
    "s3 versioning set": [SAMPLE, "enabled"],
}
TAKE_AWAY = ["s3 destroy", "s3 put", "s3 rm", "s3 harden", "s3 public-access set", "s3 lifecycle set"]
NOT_IN_THE_SANDBOX = {
    "s3 undelete": "its samples were made and deleted within one second, and S3 tells times in whole ones"
}
