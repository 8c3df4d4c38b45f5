import json
from typing import Any

from tests.conformance.stage import Stage, fresh, runs

KEYS: dict[str, Any] = {
    "AttributeDefinitions": [
        {"AttributeName": "customer", "AttributeType": "S"},
        {"AttributeName": "order", "AttributeType": "S"},
        {"AttributeName": "status", "AttributeType": "S"},
    ],
    "KeySchema": [
        {"AttributeName": "customer", "KeyType": "HASH"},
        {"AttributeName": "order", "KeyType": "RANGE"},
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-status",
            "KeySchema": [
                {"AttributeName": "status", "KeyType": "HASH"},
                {"AttributeName": "order", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
    "BillingMode": "PAY_PER_REQUEST",
}
KEY = '{"customer": "c-1", "order": "2026-01-07-1"}'
EXACT = "12345678901234567890.123456789012345678"


def table_of(stage: Stage, *, items: int = 0) -> str:
    """Make a table of orders, of one customer for each three; return its name."""
    name = fresh("orders")
    stage.dynamodb.create_table(TableName=name, **KEYS)
    stage.dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    for number in range(items):
        stage.dynamodb.put_item(TableName=name, Item=order(number))
    return name


def order(number: int) -> dict[str, Any]:
    return {
        "customer": {"S": f"c-{number // 3 + 1}"},
        "order": {"S": f"2026-01-07-{number % 3 + 1}"},
        "status": {"S": "open" if number % 2 else "shipped"},
        "total": {"N": EXACT},
        "note": {"B": b"\x00\xff"},
        "marks": {"SS": ["a", "b"]},
    }


def item_of(stage: Stage, table: str, key: str = KEY) -> dict[str, Any] | None:
    wire = {name: {"S": value} for name, value in json.loads(key).items()}
    found: dict[str, Any] = stage.dynamodb.get_item(TableName=table, Key=wire, ConsistentRead=True)
    return found.get("Item")


def keys_in(stage: Stage, table: str) -> list[tuple[str, str]]:
    return sorted(
        (item["customer"]["S"], item["order"]["S"]) for item in stage.dynamodb.scan(TableName=table)["Items"]
    )


@runs("dynamodb tables")
def tables(stage: Stage) -> None:
    name = table_of(stage)
    assert name in stage.run().stdout.split()


@runs("dynamodb describe")
def describe(stage: Stage) -> None:
    name = table_of(stage)
    (row,) = stage.rows(name)
    assert row["name"] == name
    assert "by-status" in json.dumps(row)
    assert "absent" in stage.run("absent", exit_code=4).stderr


@runs("dynamodb create")
def create(stage: Stage) -> None:
    name = fresh("orders")
    arguments = ["--key", "customer:S", "--key", "order:S", "--index", "by-status=status:S,order:S"]
    assert stage.changes(name, *arguments, "--tag", "team=ops") == ["applied"]
    made = stage.dynamodb.describe_table(TableName=name)["Table"]
    assert made["KeySchema"] == KEYS["KeySchema"]
    assert [index["IndexName"] for index in made["GlobalSecondaryIndexes"]] == ["by-status"]
    assert name in stage.run(name, *arguments, "--yes", exit_code=4).stderr


@runs("dynamodb drop")
def drop(stage: Stage) -> None:
    name = table_of(stage)
    assert stage.changes(name) == ["applied"]
    stage.dynamodb.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig={"Delay": 1})


@runs("dynamodb wait")
def wait(stage: Stage) -> None:
    name = table_of(stage)
    assert len(stage.rows(name)) == 1
    stage.dynamodb.delete_table(TableName=name)
    stage.run(name, "--state", "absent", "--interval", "1")
    late = stage.run(name, "--timeout", "1", "--interval", "1", exit_code=7)
    assert name in late.stderr


@runs("dynamodb get")
def get(stage: Stage) -> None:
    table = table_of(stage, items=1)
    shown = stage.run(table, KEY, "--consistent", "--output", "json").stdout
    (row,) = json.loads(shown)
    assert row["note"] == {"$binary": "AP8="}
    assert sorted(row["marks"]["$set"]) == ["a", "b"]
    assert EXACT in shown
    (part,) = stage.rows(table, KEY, "--attributes", "status")
    assert part == {"status": "shipped"}


@runs("dynamodb put")
def put(stage: Stage) -> None:
    table = table_of(stage)
    item = '{"customer": "c-1", "order": "2026-01-07-1", "status": "open", "total": %s}'
    assert stage.changes(table, item % EXACT) == ["applied"]
    assert item_of(stage, table) == {
        "customer": {"S": "c-1"},
        "order": {"S": "2026-01-07-1"},
        "status": {"S": "open"},
        "total": {"N": EXACT},
    }
    assert "--overwrite" in stage.run(table, item % "2", "--yes", exit_code=4).stderr
    assert stage.changes(table, item % "2", "--overwrite") == ["applied"]
    assert (item_of(stage, table) or {})["total"] == {"N": "2"}


@runs("dynamodb update")
def update(stage: Stage) -> None:
    table = table_of(stage, items=1)
    arguments = ["--set", 'status="closed"', "--remove", "note", "--add", "count=1"]
    assert stage.changes(table, KEY, *arguments) == ["applied"]
    assert stage.changes(table, KEY, "--add", "count=1") == ["applied"]
    found = item_of(stage, table) or {}
    assert (found["status"], found["count"]) == ({"S": "closed"}, {"N": "2"})
    assert "note" not in found


@runs("dynamodb delete")
def delete(stage: Stage) -> None:
    table = table_of(stage, items=1)
    assert stage.changes(table, KEY) == ["applied"]
    assert item_of(stage, table) is None
    assert stage.changes(table, KEY) in ([], ["unchanged"])


@runs("dynamodb query")
def query(stage: Stage) -> None:
    table = table_of(stage, items=6)
    rows = stage.rows(table, '{"customer": "c-1"}', "--reverse", "--limit", "2")
    assert [row["order"] for row in rows] == ["2026-01-07-3", "2026-01-07-2"]
    rows = stage.rows(table, '{"customer": "c-1"}', "--between", "2026-01-07-1", "2026-01-07-2")
    assert [row["order"] for row in rows] == ["2026-01-07-1", "2026-01-07-2"]
    rows = stage.rows(table, '{"status": "open"}', "--index", "by-status", "--attributes", "status,order")
    assert [row["status"] for row in rows] == ["open", "open", "open"]


@runs("dynamodb scan")
def scan(stage: Stage) -> None:
    table = table_of(stage, items=6)
    assert len(stage.rows(table, "--segments", "3")) == 6
    filtered = stage.rows(
        table, "--filter", "#s = :s", "--names", '{"#s": "status"}', "--values", '{":s": "open"}'
    )
    assert {row["status"] for row in filtered} == {"open"}


@runs("dynamodb export")
def export(stage: Stage) -> None:
    table = table_of(stage, items=6)
    stage.run(table, "all.jsonl", "--segments", "3", "--rcu", "1000")
    lines = (stage.folder / "all.jsonl").read_text(encoding="utf-8").splitlines()
    keys = sorted((item["customer"], item["order"]) for item in map(json.loads, lines))
    assert keys == keys_in(stage, table)
    assert all(f'"total":{{"$number":"{EXACT}"}}' in line for line in lines)
    index = ["--index", "by-status", "--attributes", "status,note", "--filter", "#s = :s"]
    stage.run(table, "some.csv", *index, "--names", '{"#s": "status"}', "--values", '{":s": "open"}')
    rows = (stage.folder / "some.csv").read_text(encoding="utf-8").splitlines()
    assert rows == ["status,note", *['open,"{""$binary"":""AP8=""}"'] * 3]
    assert "already exists" in stage.run(table, "all.jsonl", exit_code=3).stderr
    assert "absent" in stage.run("absent", "other.jsonl", exit_code=4).stderr


@runs("dynamodb batch-get")
def batch_get(stage: Stage) -> None:
    table = table_of(stage, items=6)
    file = stage.folder / "keys.jsonl"
    lines = [KEY, '{"customer": "c-2", "order": "2026-01-07-3"}']
    file.write_text("\n".join(lines), encoding="utf-8")
    rows = stage.rows(table, str(file))
    assert sorted(row["customer"] for row in rows) == ["c-1", "c-2"]


@runs("dynamodb batch-write")
def batch_write(stage: Stage) -> None:
    table = table_of(stage, items=1)
    file = stage.folder / "writes.jsonl"
    puts = [{"put": {"customer": f"new-{number}", "order": "1"}} for number in range(30)]
    lines = [json.dumps(line) for line in [*puts, {"delete": json.loads(KEY)}]]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    statuses = stage.changes(table, str(file), "--left-over", str(stage.folder / "left.jsonl"))
    assert statuses == ["applied"] * 31
    assert len(keys_in(stage, table)) == 30
    assert ("c-1", "2026-01-07-1") not in keys_in(stage, table)
