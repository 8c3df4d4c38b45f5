from pathlib import Path

TABLE = "orders"
# Braces are doubled: names in single ones are filled in.
KEY = '{{"customer": "c-1", "order": "2026-01-07-1"}}'
HERE = Path(__file__).parent

CASES: dict[str, list[str]] = {
    "dynamodb tables": ["--details"],
    "dynamodb describe": [TABLE],
    "dynamodb create": ["{new}", "--key", "customer:S", "--key", "order:N", "--tag", "team=ops"],
    "dynamodb drop": [TABLE],
    "dynamodb wait": [TABLE],
    "dynamodb get": [TABLE, KEY],
    "dynamodb put": [TABLE, '{{"customer": "c-1", "order": "2026-01-07-1", "total": 1}}', "--overwrite"],
    "dynamodb update": [TABLE, KEY, "--set", 'status="lost"', "--add", "total=0.5"],
    "dynamodb delete": [TABLE, KEY, "--keep-before"],
    "dynamodb query": [TABLE, '{{"customer": "c-1"}}', "--from", "2026-01"],
    "dynamodb scan": [TABLE, "--segments", "2"],
    "dynamodb export": [TABLE, "{folder}/orders.jsonl.gz", "--segments", "2"],
    "dynamodb batch-get": [TABLE, str(HERE / "dynamodb_keys.jsonl")],
    "dynamodb batch-write": [TABLE, str(HERE / "dynamodb_writes.jsonl")],
    "dynamodb ttl get": [TABLE],
    "dynamodb ttl set": [TABLE, "--attribute", "expires_at"],
    "dynamodb pitr get": [],
    "dynamodb pitr set": [TABLE, "--on", "--days", "7"],
    "dynamodb protect get": [],
    "dynamodb protect set": [TABLE, "--on"],
    "dynamodb capacity get": [TABLE],
    "dynamodb capacity set": [TABLE, "--read-units", "5", "--write-units", "5"],
    "dynamodb backup ls": [],
    "dynamodb backup create": [TABLE, "--name", "{new}"],
    "dynamodb backup delete": ["orders-before-launch"],
    "dynamodb restore": ["{new}", "--from", TABLE],
    "dynamodb export-to-s3": [TABLE, "samples-123456789012-us-east-1", "--prefix", "{new}"],
    "dynamodb import-from-s3": ["{new}", "samples-123456789012-us-east-1", "--key", "customer:S"],
}
TAKE_AWAY = [
    "dynamodb export-to-s3",
    "dynamodb backup delete",
    "dynamodb ttl set",
    "dynamodb drop",
    "dynamodb put",
    "dynamodb update",
    "dynamodb delete",
    "dynamodb batch-write",
]
