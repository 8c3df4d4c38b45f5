from tests.conformance.command_runs.dynamodb import table_of
from tests.conformance.stage import Stage, fresh, runs

NOT_AGAINST_DYNALITE = dict.fromkeys(
    ("dynamodb backup ls", "dynamodb backup create", "dynamodb backup delete", "dynamodb restore"),
    "dynalite has no backups of any sort",
)


def backup_of(stage: Stage, table: str) -> str:
    name = fresh("backup")
    stage.dynamodb.create_backup(TableName=table, BackupName=name)
    return name


@runs("dynamodb backup ls")
def backup_ls(stage: Stage) -> None:
    table = table_of(stage)
    name = backup_of(stage, table)
    (row,) = stage.rows(table)
    assert (row["name"], row["table"], row["status"]) == (name, table, "AVAILABLE")
    assert name in stage.run().stdout


@runs("dynamodb backup create")
def backup_create(stage: Stage) -> None:
    table, name = table_of(stage, items=1), fresh("backup")
    assert stage.changes(table, "--name", name) == ["applied"]
    (found,) = stage.dynamodb.list_backups(TableName=table)["BackupSummaries"]
    assert found["BackupName"] == name
    assert name in stage.run(table, "--name", name, "--yes", exit_code=4).stderr


@runs("dynamodb backup delete")
def backup_delete(stage: Stage) -> None:
    table = table_of(stage)
    name = backup_of(stage, table)
    assert stage.changes(name) == ["applied"]
    assert stage.dynamodb.list_backups(TableName=table)["BackupSummaries"] == []
    assert name in stage.run(name, "--yes", exit_code=4).stderr


@runs("dynamodb restore")
def restore(stage: Stage) -> None:
    table, new = table_of(stage, items=2), fresh("orders")
    assert stage.changes(new, "--backup", backup_of(stage, table), "--interval", "1") == ["applied"]
    assert len(stage.dynamodb.scan(TableName=new)["Items"]) == 2
    assert (
        "point-in-time recovery is off"
        in stage.run(fresh("orders"), "--from", table, "--yes", exit_code=4).stderr
    )
