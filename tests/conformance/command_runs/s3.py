import json
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from tests.conformance.stage import REGION, Stage, fresh, runs

KEY = "docs/readme.txt"


def bucket_of(stage: Stage) -> str:
    bucket = fresh("bucket")
    stage.root.get_s3().create_bucket(Bucket=bucket)
    return bucket


def bucket_with_object(stage: Stage) -> str:
    bucket = bucket_of(stage)
    stage.root.get_s3().put_object(Bucket=bucket, Key=KEY, Body=b"content\n", Metadata={"team": "ops"})
    return bucket


@runs("s3 status")
def status(stage: Stage) -> None:
    bucket = bucket_of(stage)
    rows = stage.rows(bucket, fresh("absent"))
    assert [row["status"] for row in rows] == ["exists have access", "does not exist"]


@runs("s3 ls")
def ls(stage: Stage) -> None:
    bucket = bucket_with_object(stage)
    assert bucket in [row["name"] for row in stage.rows()]
    assert [(row["key"], row["size"]) for row in stage.rows(bucket)] == [(KEY, 8)]
    assert stage.rows(bucket, "--prefix", "reports/") == []
    assert [row["key"] for row in stage.rows(bucket, "--one-level")] == ["docs/"]
    assert [row["is_latest"] for row in stage.rows(bucket, "--versions", "--match", "docs/*")] == [True]
    assert stage.rows(bucket, "--min-size", "9") == stage.rows(bucket, "--older-than", "2026-01-01") == []


@runs("s3 du")
def du(stage: Stage) -> None:
    s3 = stage.root.get_s3()
    bucket = bucket_with_object(stage)
    upload_id = s3.create_multipart_upload(Bucket=bucket, Key="docs/big")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="docs/big", UploadId=upload_id, PartNumber=1, Body=b"part")
    found = [(row["prefix"], row["state"], row["count"], row["bytes"]) for row in stage.rows(bucket)]
    assert found == [("", "current", 1, 8), ("", "unfinished upload", 1, 4)]
    (row,) = stage.rows(bucket, "--depth", "1", "--current")
    assert (row["prefix"], row["bytes"]) == ("docs/", 8)


@runs("s3 create")
def create(stage: Stage) -> None:
    bucket = fresh("bucket")
    assert stage.changes(bucket) == ["applied"]
    stage.root.get_s3().head_bucket(Bucket=bucket)
    done = stage.run(bucket, "--yes", exit_code=4)
    assert bucket in done.stderr


@runs("s3 ensure")
def ensure(stage: Stage) -> None:
    bucket = fresh("bucket")
    assert stage.changes(bucket) == ["applied"]
    assert stage.changes(bucket) == ["unchanged"]
    location = stage.root.get_s3().get_bucket_location(Bucket=bucket)
    assert location["LocationConstraint"] in {None, REGION}


@runs("s3 destroy")
def destroy(stage: Stage) -> None:
    s3 = stage.root.get_s3()
    bucket = bucket_of(stage)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"old", b"new"):
        s3.put_object(Bucket=bucket, Key=KEY, Body=body)
    s3.delete_object(Bucket=bucket, Key=KEY)
    s3.create_multipart_upload(Bucket=bucket, Key="unfinished")
    assert stage.changes(bucket) == ["applied"]
    assert bucket not in [row["Name"] for row in s3.list_buckets()["Buckets"]]


@runs("s3 put")
def put(stage: Stage) -> None:
    bucket = bucket_of(stage)
    file = stage.folder / "file.txt"
    file.write_text("content", encoding="utf-8")
    assert stage.changes(str(file), bucket, KEY, "--metadata", "team=ops") == ["applied"]
    held = stage.root.get_s3().get_object(Bucket=bucket, Key=KEY)
    assert (held["Body"].read(), held["Metadata"], held["ContentType"]) == (
        b"content",
        {"team": "ops"},
        "text/plain",
    )
    assert "--overwrite" in stage.run(str(file), bucket, KEY, "--yes", exit_code=4).stderr


@runs("s3 get")
def get(stage: Stage) -> None:
    bucket = bucket_with_object(stage)
    stage.run(bucket, KEY, "got.txt")
    assert (stage.folder / "got.txt").read_bytes() == b"content\n"
    assert "absent" in stage.run(bucket, "absent", "other.txt", exit_code=4).stderr
    assert not (stage.folder / "other.txt").exists()


@runs("s3 rm")
def rm(stage: Stage) -> None:
    bucket = bucket_with_object(stage)
    assert stage.changes(bucket, KEY) == ["applied"]
    assert stage.root.get_s3().list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@runs("s3 presign")
def presign(stage: Stage) -> None:
    bucket = bucket_with_object(stage)
    url = stage.run(bucket, KEY).stdout.strip()
    assert urlsplit(url).scheme == "http"
    with urllib.request.urlopen(url) as answer:  # noqa: S310 - loopback
        assert answer.read() == b"content\n"


@runs("s3 metadata")
def metadata(stage: Stage) -> None:
    bucket = bucket_with_object(stage)
    (row,) = stage.rows(bucket, KEY)
    assert (row["name"], row["value"]) == ("team", "ops")


@runs("s3 tags get")
def tags_get(stage: Stage) -> None:
    bucket = bucket_with_object(stage)
    tagging = {"TagSet": [{"Key": "team", "Value": "ops"}]}
    stage.root.get_s3().put_object_tagging(Bucket=bucket, Key=KEY, Tagging=tagging)
    assert stage.rows(bucket) == []
    (row,) = stage.rows(bucket, "--key", KEY)
    assert (row["name"], row["value"]) == ("team", "ops")


@runs("s3 tags set")
def tags_set(stage: Stage) -> None:
    s3 = stage.root.get_s3()
    bucket = bucket_with_object(stage)
    assert stage.changes(bucket, "team=ops", "stage=test") == ["applied"]
    assert {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=bucket)["TagSet"]} == {
        "team": "ops",
        "stage": "test",
    }
    assert stage.changes(bucket, "--key", KEY, "a=b") == ["applied"]
    assert s3.get_object_tagging(Bucket=bucket, Key=KEY)["TagSet"] == [{"Key": "a", "Value": "b"}]


@runs("s3 versioning get")
def versioning_get(stage: Stage) -> None:
    bucket = bucket_of(stage)
    assert [row["versioning"] for row in stage.rows(bucket)] == ["unversioned"]


@runs("s3 versioning set")
def versioning_set(stage: Stage) -> None:
    bucket = bucket_of(stage)
    assert stage.changes(bucket, "enabled") == ["applied"]
    assert stage.changes(bucket, "enabled") == ["unchanged"]
    assert stage.root.get_s3().get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"


@runs("s3 public-access get")
def public_access_get(stage: Stage) -> None:
    bucket = bucket_of(stage)
    configuration = {"BlockPublicAcls": True, "RestrictPublicBuckets": True}
    stage.root.get_s3().put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            **configuration,
            "IgnorePublicAcls": False,
            "BlockPublicPolicy": False,
        },
    )
    (row,) = stage.rows(bucket)
    assert (row["block_acls"], row["restrict_buckets"]) == (True, True)
    assert (row["ignore_acls"], row["block_policy"]) == (False, False)


@runs("s3 public-access set")
def public_access_set(stage: Stage) -> None:
    bucket = bucket_of(stage)
    assert stage.changes(bucket, "blocked", "--except", "new-policies") == ["applied"]
    assert stage.changes(bucket, "blocked", "--except", "new-policies") == ["unchanged"]
    held = stage.root.get_s3().get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert held == {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": False,
        "RestrictPublicBuckets": True,
    }


RULE = {
    "ID": "logs-go",
    "Status": "Enabled",
    "Filter": {"Prefix": "logs/"},
    "Expiration": {"Days": 30},
}


@runs("s3 lifecycle get")
def lifecycle_get(stage: Stage) -> None:
    bucket = bucket_of(stage)
    assert stage.rows(bucket) == []
    stage.root.get_s3().put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration={"Rules": [RULE]}
    )
    assert stage.rows(bucket) == [RULE]


@runs("s3 lifecycle set")
def lifecycle_set(stage: Stage) -> None:
    bucket = bucket_of(stage)
    rules = json.dumps({"Rules": [RULE]})
    assert stage.changes(bucket, "-", stdin=rules) == ["applied"]
    assert stage.changes(bucket, "-", stdin=rules) == ["unchanged"]
    found = stage.root.get_s3().get_bucket_lifecycle_configuration(Bucket=bucket)
    assert found["Rules"] == [RULE]


@runs("s3 undelete")
def undelete(stage: Stage) -> None:
    s3 = stage.root.get_s3()
    bucket = bucket_of(stage)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    keys = [KEY, "docs/second.txt", "other/third.txt"]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"content")
    written = max(entry["LastModified"] for entry in s3.list_object_versions(Bucket=bucket)["Versions"])
    while datetime.now(UTC) < written + timedelta(seconds=1):
        time.sleep(0.05)
    for key in keys:
        s3.delete_object(Bucket=bucket, Key=key)
    assert stage.changes(bucket, "--to", written.isoformat()) == ["applied"] * 3
    assert [s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys] == [b"content"] * 3


@runs("s3 audit")
def audit(stage: Stage) -> None:
    bucket = bucket_of(stage)
    rows = {row["check"]: row["verdict"] for row in stage.rows(bucket)}
    assert (rows["versioning"], rows["unfinished-uploads"], len(rows)) == ("finding", "finding", 6)
    assert [row["bucket"] for row in stage.rows("--check", "versioning") if row["bucket"] == bucket]


@runs("s3 harden")
def harden(stage: Stage) -> None:
    bucket = bucket_of(stage)
    assert set(stage.changes(bucket)) == {"applied"}
    assert stage.changes(bucket) == []
    assert stage.rows(bucket, "--findings", words="s3 audit") == []


@runs("s3 encryption get")
def encryption_get(stage: Stage) -> None:
    bucket = bucket_of(stage)
    assert [row["algorithm"] for row in stage.rows(bucket)] in ([None], ["AES256"])


@runs("s3 encryption set")
def encryption_set(stage: Stage) -> None:
    bucket, key = bucket_of(stage), f"arn:aws:kms:{REGION}:123456789012:key/k-1"
    words = (bucket, "aws:kms", "--kms-key", key, "--bucket-key")
    assert stage.changes(*words) == ["applied"]
    assert stage.changes(*words) == ["unchanged"]
    answer = stage.root.get_s3().get_bucket_encryption(Bucket=bucket)
    [rule] = answer["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    assert rule["BucketKeyEnabled"] is True
