import json

from tests.conformance.command_runs.dynamodb import table_of
from tests.conformance.stage import Stage, fresh, runs

NOT_AGAINST_DYNALITE = dict.fromkeys(
    ("dynamodb export-to-s3", "dynamodb import-from-s3"), "dynalite has neither exports nor imports"
)


def bucket_of(stage: Stage) -> str:
    bucket = fresh("bucket")
    stage.root.get_s3().create_bucket(Bucket=bucket)
    return bucket


@runs("dynamodb export-to-s3")
def export_to_s3(stage: Stage) -> None:
    table, bucket = table_of(stage, items=2), bucket_of(stage)
    assert "point-in-time recovery is off" in stage.run(table, bucket, "--yes", exit_code=4).stderr
    recovery = {"PointInTimeRecoveryEnabled": True}
    stage.dynamodb.update_continuous_backups(TableName=table, PointInTimeRecoverySpecification=recovery)
    assert stage.changes(table, bucket, "--interval", "1") == ["applied"]
    arn = stage.dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    (found,) = stage.dynamodb.list_exports(TableArn=arn)["ExportSummaries"]
    described = stage.dynamodb.describe_export(ExportArn=found["ExportArn"])["ExportDescription"]
    assert (described["ExportStatus"], described["S3Prefix"]) == ("COMPLETED", table)


@runs("dynamodb import-from-s3")
def import_from_s3(stage: Stage) -> None:
    table, bucket = fresh("orders"), bucket_of(stage)
    lines = [json.dumps({"Item": {"customer": {"S": f"c-{number}"}}}) for number in range(3)]
    stage.root.get_s3().put_object(Bucket=bucket, Key="in/1.json", Body="\n".join(lines).encode())
    arguments = [bucket, "--prefix", "in/", "--key", "customer:S", "--interval", "1"]
    assert stage.changes(table, *arguments) == ["applied"]
    assert len(stage.dynamodb.scan(TableName=table)["Items"]) == 3
    assert table in stage.run(table, *arguments, "--yes", exit_code=4).stderr
    stage.root.get_s3().put_object(Bucket=bucket, Key="in/2.json", Body=b'{"Item": {"other": {"S": "c"}}}')
    failed = stage.run(fresh("orders"), *arguments, "--yes", exit_code=5)
    assert "1 item left out" in failed.stderr
