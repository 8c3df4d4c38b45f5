from tests.conformance.command_runs.dynamodb import table_of
from tests.conformance.stage import Stage, runs

_NO_TTL = "dynalite tells that no item expires, and has no UpdateTimeToLive"
_NO_BACKUPS = "dynalite has no backups of any sort"
_NO_PROTECTION = "dynalite has no protection against deletion"
NOT_AGAINST_DYNALITE = {
    "dynamodb ttl set": _NO_TTL,
    "dynamodb pitr get": _NO_BACKUPS,
    "dynamodb pitr set": _NO_BACKUPS,
    "dynamodb protect set": _NO_PROTECTION,
}


@runs("dynamodb ttl get")
def ttl_get(stage: Stage) -> None:
    name = table_of(stage)
    assert stage.rows(name) == [{"table": name, "status": "DISABLED", "attribute": None}]


@runs("dynamodb ttl set")
def ttl_set(stage: Stage) -> None:
    name = table_of(stage)
    assert stage.changes(name, "--attribute", "expires_at") == ["applied"]
    found = stage.dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert (found["TimeToLiveStatus"], found["AttributeName"]) == ("ENABLED", "expires_at")


@runs("dynamodb pitr get")
def pitr_get(stage: Stage) -> None:
    name = table_of(stage)
    (row,) = stage.rows(name)
    assert (row["table"], row["is_on"], row["days"]) == (name, False, None)


@runs("dynamodb pitr set")
def pitr_set(stage: Stage) -> None:
    name = table_of(stage)
    assert stage.changes(name, "--on", "--days", "7") == ["applied"]
    found = stage.dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    # Ministack does not tell of days.
    assert found["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


@runs("dynamodb protect get")
def protect_get(stage: Stage) -> None:
    name = table_of(stage)
    assert stage.rows(name) == [{"table": name, "is_protected": False}]


@runs("dynamodb protect set")
def protect_set(stage: Stage) -> None:
    name = table_of(stage)
    assert stage.changes(name, "--on") == ["applied"]
    assert stage.dynamodb.describe_table(TableName=name)["Table"]["DeletionProtectionEnabled"]


@runs("dynamodb capacity get")
def capacity_get(stage: Stage) -> None:
    name = table_of(stage)
    found = [(row["index"], row["billing_mode"], row["read_units"]) for row in stage.rows(name)]
    assert found == [(None, "PAY_PER_REQUEST", None), ("by-status", "PAY_PER_REQUEST", None)]


@runs("dynamodb capacity set")
def capacity_set(stage: Stage) -> None:
    name = table_of(stage)
    assert stage.changes(name, "--read-units", "5", "--write-units", "6") == ["applied"]
    stage.run(name, "--interval", "1", words="dynamodb wait")
    table = stage.dynamodb.describe_table(TableName=name)["Table"]
    assert table["ProvisionedThroughput"]["WriteCapacityUnits"] == 6
    (index,) = table["GlobalSecondaryIndexes"]
    assert index["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
