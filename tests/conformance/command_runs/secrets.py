import json

from tests.conformance.stage import Stage, fresh, runs

VALUE = {"username": "orders", "password": "correct horse battery staple"}


def secret_of(stage: Stage, value: str | None = None) -> str:
    name = fresh("team/secret")
    stage.root.get_secretsmanager().create_secret(
        Name=name, SecretString=json.dumps(VALUE) if value is None else value
    )
    return name


def current(stage: Stage, name: str) -> str | bytes:
    found = stage.root.get_secretsmanager().get_secret_value(SecretId=name)
    return found["SecretString"] if "SecretString" in found else found["SecretBinary"]


def is_awaiting_deletion(stage: Stage, name: str) -> bool:
    return "DeletedDate" in stage.root.get_secretsmanager().describe_secret(SecretId=name)


@runs("secrets list")
def list_(stage: Stage) -> None:
    name = secret_of(stage)
    assert [row["name"] for row in stage.rows("--prefix", name)] == [name]
    stage.root.get_secretsmanager().delete_secret(SecretId=name, RecoveryWindowInDays=7)
    assert stage.rows("--prefix", name) == []
    assert [row["name"] for row in stage.rows("--prefix", name, "--include-planned-deletion")] == [name]


@runs("secrets describe")
def describe(stage: Stage) -> None:
    name = secret_of(stage)
    (row,) = stage.rows(name)
    assert row["name"] == name
    assert VALUE["password"] not in json.dumps(row)


@runs("secrets get")
def get(stage: Stage) -> None:
    name = secret_of(stage)
    assert json.loads(stage.run(name).stdout) == VALUE
    assert stage.run(name, "--field", "username").stdout == "orders"
    exact = secret_of(stage, "two\nlines and an end\n")
    assert stage.run(exact).stdout == "two\nlines and an end\n"
    assert "absent" in stage.run("absent", exit_code=4).stderr


@runs("secrets versions")
def versions(stage: Stage) -> None:
    name = secret_of(stage)
    for value in ("second", "third"):
        stage.root.get_secretsmanager().put_secret_value(SecretId=name, SecretString=value)
    labels = sorted(label for row in stage.rows(name) for label in row["stages"])
    assert labels == ["AWSCURRENT", "AWSPREVIOUS"]


@runs("secrets create")
def create(stage: Stage) -> None:
    name = fresh("team/secret")
    assert stage.changes(name, "--stdin", "--tag", "team=ops", stdin="the value\n") == ["applied"]
    assert current(stage, name) == "the value\n"
    assert "the value" not in stage.run(name, "--stdin", "--yes", stdin="the value\n", exit_code=4).stderr


@runs("secrets put")
def put(stage: Stage) -> None:
    name = secret_of(stage, "first")
    assert stage.changes(name, "--stdin", stdin="second") == ["applied"]
    assert current(stage, name) == "second"
    previous = stage.root.get_secretsmanager().get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")
    assert previous["SecretString"] == "first"
    stage.run(name, "--stdin", "--expect-version", previous["VersionId"], "--yes", stdin="third", exit_code=4)
    assert current(stage, name) == "second"


@runs("secrets delete")
def delete(stage: Stage) -> None:
    name = secret_of(stage)
    assert stage.changes(name, "--recovery-days", "7") == ["applied"]
    assert is_awaiting_deletion(stage, name)
    assert name in stage.run(name, words="secrets get", exit_code=4).stderr


@runs("secrets restore")
def restore(stage: Stage) -> None:
    name = secret_of(stage)
    stage.root.get_secretsmanager().delete_secret(SecretId=name, RecoveryWindowInDays=7)
    assert stage.changes(name) == ["applied"]
    assert not is_awaiting_deletion(stage, name)
    assert stage.changes(name) == ["unchanged"]


@runs("secrets promote")
def promote(stage: Stage) -> None:
    name = secret_of(stage, "first")
    secretsmanager = stage.root.get_secretsmanager()
    first = secretsmanager.get_secret_value(SecretId=name)["VersionId"]
    secretsmanager.put_secret_value(SecretId=name, SecretString="second")
    assert stage.changes(name, first) == ["applied"]
    assert current(stage, name) == "first"


@runs("secrets tags get")
def tags_get(stage: Stage) -> None:
    name = secret_of(stage)
    stage.root.get_secretsmanager().tag_resource(SecretId=name, Tags=[{"Key": "team", "Value": "ops"}])
    (row,) = stage.rows(name)
    assert (row["name"], row["value"]) == ("team", "ops")


@runs("secrets tags set")
def tags_set(stage: Stage) -> None:
    name = secret_of(stage)
    stage.root.get_secretsmanager().tag_resource(SecretId=name, Tags=[{"Key": "old", "Value": "tag"}])
    assert stage.changes(name, "team=ops") == ["applied"]
    found = stage.root.get_secretsmanager().describe_secret(SecretId=name)
    assert found["Tags"] == [{"Key": "team", "Value": "ops"}]
