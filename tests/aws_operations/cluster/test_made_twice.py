"""Whether each kind of change that goes to a cluster may be made twice, as it is when a worker dies."""

import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from aws_interactions import s3_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.s3_interactions import ObjectOwnership
from aws_operations.changes import CHANGE_KINDS, Change, Effect, ResultStatus, Reversibility, change_kind
from aws_operations.cluster.tasks import SOFTWARE, ApplyTask, Errand, apply_batch
from aws_operations.dynamodb import changes as dynamodb
from aws_operations.ec2 import changes as ec2
from aws_operations.ec2.tag_changes import plan_tag
from aws_operations.rds import changes as rds
from aws_operations.s3 import changes as s3
from aws_operations.sandbox import control
from aws_operations.sandbox.samples import VERSIONED_BUCKET
from aws_operations.secrets import changes as secrets
from aws_operations.targets import Target
from tests.support.loopback_proxy import LoopbackProxy, loopback_proxy

HOME = "123456789012"
KEYS = {"AWS_ACCESS_KEY_ID": "sandbox-home", "AWS_SECRET_ACCESS_KEY": "sandbox-home-secret"}
BUCKET = f"samples-{HOME}-us-east-1"
ITEM = {"customer": "c-1", "order": "2026-01-07-1", "total": 1}
ITS_KEY = {"customer": "c-1", "order": "2026-01-07-1"}
TABLE_KEYS = [dynamodb.KeyAttribute("customer", "S")]

Planner = Callable[[AwsClientProvider], Iterator[Change]]


def of_batch(directory: Path) -> Planner:
    lines = directory / "lines.jsonl"
    lines.write_text('{"put": {"customer": "c-9", "order": "o-1"}}\n', encoding="utf-8")
    return dynamodb.BatchWrite("orders", dynamodb.batch_requests(lines)).plan


def remove_a_delete_marker(aws_provider: AwsClientProvider) -> Iterator[Change]:
    """Plan what undoing a deletion in the sandbox's versioned bucket would plan."""
    versions = list(s3_interactions.list_object_versions(VERSIONED_BUCKET, aws_provider))
    key = next(each.key for each in versions if each.is_latest and each.is_delete_marker)
    previous = next(each for each in versions if each.key == key and not each.is_delete_marker)
    deletion = Change(
        kind="s3.delete-object",
        target=Target("us-east-1", HOME),
        resource=f"arn:aws:s3:::{VERSIONED_BUCKET}/{key}",
        effect=Effect.DESTROY,
        before={"etag": previous.etag, "size": previous.size, "version_id": previous.version_id},
        after=None,
        iam_actions=("s3:DeleteObject",),
        reversibility=Reversibility.COMPENSABLE,
    )
    invert = change_kind("s3.delete-object").invert
    assert invert is not None
    yield from invert(deletion, aws_provider)


# In an order in which each finds what it needs.
PLANNERS: dict[str, Callable[[Path], Planner]] = {
    "s3.create-bucket": lambda _: partial(s3.plan_create_bucket, "made-twice"),
    "s3.set-tags": lambda _: partial(s3.plan_set_tags, BUCKET, None, {"team": "ops"}),
    "s3.set-encryption": lambda _: partial(s3.plan_set_encryption, BUCKET, "aws:kms"),
    "s3.remove-delete-marker": lambda _: remove_a_delete_marker,
    "s3.set-public-access": lambda _: partial(s3.plan_block_public_access, BUCKET, {"block_acls": True}),
    "s3.set-ownership": lambda _: partial(s3.plan_set_ownership, BUCKET, ObjectOwnership.OWNER_ENFORCED),
    "s3.set-lifecycle": lambda _: partial(s3.plan_end_uploads, BUCKET, 7),
    "s3.set-versioning": lambda _: partial(s3.plan_set_versioning, BUCKET, "enabled"),
    "ec2.add-tags": lambda _: partial(plan_tag, ["web-1"], add={"stage": "another"}),
    "ec2.remove-tags": lambda _: partial(plan_tag, ["web-1"], add={}, remove=["stage"]),
    "ec2.start": lambda _: partial(ec2.plan_start, ["batch-1"]),
    "ec2.stop": lambda _: partial(ec2.plan_stop, ["web-1"]),
    "ec2.terminate": lambda _: partial(ec2.plan_terminate, ["web-2"]),
    "dynamodb.put-item": lambda _: partial(dynamodb.plan_put, "orders", ITEM, overwrite=True),
    "dynamodb.delete-item": lambda _: partial(dynamodb.plan_delete, "orders", ITS_KEY),
    "dynamodb.batch-write": of_batch,
    "dynamodb.create-table": lambda _: partial(dynamodb.plan_create_table, "made-twice", TABLE_KEYS),
    "dynamodb.set-ttl": lambda _: partial(dynamodb.plan_set_time_to_live, ["made-twice"], "expires_at"),
    "dynamodb.set-capacity": lambda _: partial(
        dynamodb.plan_set_capacity, ["made-twice"], dynamodb.Throughput(5, 6)
    ),
    "dynamodb.drop-table": lambda _: partial(dynamodb.plan_drop_table, "made-twice"),
    "dynamodb.set-pitr": lambda _: partial(dynamodb.plan_set_recovery, ["orders"], is_on=True, days=7),
    "dynamodb.set-protection": lambda _: partial(dynamodb.plan_set_protection, ["orders"], is_on=True),
    "dynamodb.restore-table": lambda _: partial(
        dynamodb.plan_restore_backup, "restored-twice", "orders-before-launch"
    ),
    "dynamodb.delete-backup": lambda _: partial(dynamodb.plan_delete_backups, ["orders-before-launch"]),
    "rds.set-tags": lambda _: partial(rds.plan_set_tags, "orders-db", {"team": "ops"}),
    "rds.create-snapshot": lambda _: partial(rds.plan_create_snapshot, "orders-db", "made-twice"),
    "rds.delete-snapshot": lambda _: partial(rds.plan_delete_snapshots, ["made-twice"]),
    "rds.stop": lambda _: partial(rds.plan_stop, ["orders-db"]),
    "rds.start": lambda _: partial(rds.plan_start, ["orders-db"]),
    "secrets.set-tags": lambda _: partial(secrets.plan_set_secret_tags, "orders/database", {"team": "ops"}),
    "secrets.promote": lambda _: partial(secrets.plan_promote_version, "orders/api-key", "AWSPREVIOUS"),
    "secrets.delete": lambda _: partial(secrets.plan_delete_secret, "orders/database"),
    "secrets.restore": lambda _: partial(secrets.plan_restore_secret, "orders/database"),
}
# Their client tokens hold them together, and moto keeps none.
BY_TOKEN = {"dynamodb.export-table", "dynamodb.import-table"}


@pytest.fixture(scope="module")
def own_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackProxy]:
    """Run a sandbox that may be changed, behind a proxy."""
    state_dir = tmp_path_factory.mktemp("twice") / "state" / "manage-resources" / "sandbox"
    control.up(state_dir)
    endpoint_url, _ = control.sandbox_provider_settings(state_dir)
    with loopback_proxy(endpoint_url) as proxy:
        yield proxy
    control.down(state_dir)


@pytest.fixture
def aws_provider(own_proxy: LoopbackProxy, monkeypatch: pytest.MonkeyPatch) -> AwsClientProvider:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    return AwsClientProvider(aws_region="us-east-1", endpoint_url=own_proxy.endpoint_url)


def done_by_a_worker(change: Change, aws_provider: AwsClientProvider) -> str:
    errand = Errand(uuid.uuid4().hex, SOFTWARE, aws_provider.specification().to_json(), HOME)
    ((_, status, error),) = apply_batch(ApplyTask(errand, (change.to_json(),))).results
    assert error is None
    return status


@pytest.mark.parametrize("kind_name", PLANNERS)
def test_WHEN_a_change_is_made_twice_THEN_the_second_worker_sends_nothing_AND_a_late_request_does_no_harm(
    kind_name: str, aws_provider: AwsClientProvider, own_proxy: LoopbackProxy, tmp_path: Path
) -> None:
    (change,) = PLANNERS[kind_name](tmp_path)(aws_provider.read_only())
    kind = change_kind(kind_name)
    assert (change.kind, change.is_noop) == (kind_name, False)

    first = done_by_a_worker(change, aws_provider)
    sent = len(own_proxy.writes)
    second = done_by_a_worker(change, aws_provider)
    sent_again = len(own_proxy.writes) - sent
    # What a dead worker had sent arrives late: nobody looked before.
    (late,) = kind.apply([change], aws_provider)

    assert (first, second, sent_again) == ("applied", "applied", 0)
    assert late.status in {ResultStatus.APPLIED, ResultStatus.UNCHANGED, ResultStatus.FAILED}
    assert kind.read_back(change, aws_provider) is ResultStatus.APPLIED


def test_WHEN_a_kind_goes_to_clusters_THEN_it_was_made_twice_here() -> None:
    services = {name.partition(".")[0] for name in PLANNERS}
    for name in PLANNERS:
        change_kind(name)

    idempotent = {name for name, kind in CHANGE_KINDS.items() if kind.is_idempotent}
    assert {name for name in idempotent if name.partition(".")[0] in services} == PLANNERS.keys() | BY_TOKEN
