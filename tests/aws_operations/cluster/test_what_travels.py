import pickle
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import AccessDenied, AwsInteractionError, NotFound, WrongAccount
from aws_interactions.local_files import CantReadFileDoesntExist
from aws_interactions.provider_specification import CantTravel
from aws_interactions.s3_interactions import BucketDoesntExist, BucketStatus
from aws_operations.changes import CHANGE_KINDS, change_kind
from aws_operations.cluster.carried_errors import CarriedError
from aws_operations.cluster.cluster_errors import ClusterUnusable, FailedThere, KindStaysHere
from aws_operations.cluster.connection import check_address, check_members
from aws_operations.cluster.engine import refuse_kinds_that_stay
from aws_operations.cluster.named_operations import NamedOperation
from aws_operations.dynamodb.many_items import ItemReading
from aws_operations.s3 import reads
from aws_operations.secrets import reads as secret_reads
from aws_operations.secrets.changes import plan_put_secret
from aws_operations.secrets.held_values import HeldValue, value_of_bytes
from tests.support.cluster_operations import NoNumber, Whereabouts, whereabouts


@dataclass(frozen=True)
class Holder:
    path: Path


@dataclass
class Mutable:
    name: str


def operations_that_stay() -> dict[str, object]:
    def inside(aws_provider: AwsClientProvider) -> tuple[()]:
        del aws_provider
        return ()

    return {
        "lambda": lambda _: (),
        "inside": inside,
        "method": [].append,
        "builtin": print,
        "object": object(),
        "nested partial of a lambda": partial(partial(lambda *_: ()), 1),
    }


@pytest.mark.parametrize("name", operations_that_stay())
def test_WHEN_an_operation_has_no_name_of_a_module_THEN_it_is_refused(name: str) -> None:
    with pytest.raises(CantTravel, match="can't go to other machines"):
        NamedOperation.of(operations_that_stay()[name])


def test_WHEN_an_operation_of_the_script_itself_is_sent_THEN_it_is_refused() -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec("def audit(aws_provider): return ()", namespace)  # noqa: S102 - a function of a script

    with pytest.raises(CantTravel, match=r"__main__\.audit can't go"):
        NamedOperation.of(namespace["audit"])


@pytest.mark.parametrize(
    "argument",
    [
        Path("report.csv"),
        object(),
        iter(()),
        {"deep": [1, (2, Path("x"))]},
        Holder(Path("x")),
        Mutable("x"),
        AccessKeys("AKIDEXAMPLE", "very-secret"),
        AwsClientProvider(aws_region="us-east-1"),
        HeldValue.of(value_of_bytes(b"very-secret")),
    ],
    ids=lambda argument: type(argument).__name__,
)
def test_WHEN_an_argument_means_nothing_elsewhere_THEN_it_is_named_and_refused(argument: object) -> None:
    with pytest.raises(CantTravel, match=r"argument extra of tests.*whereabouts") as refused:
        NamedOperation.of(partial(whereabouts, extra=argument))

    assert "very-secret" not in str(refused.value)


def test_WHEN_a_value_is_to_be_stored_THEN_its_planner_stays_here() -> None:
    planner = partial(plan_put_secret, "orders/database", HeldValue.of(value_of_bytes(b"very-secret")))

    with pytest.raises(CantTravel, match="HeldValue"):
        NamedOperation.of(planner)


def test_WHEN_the_value_of_a_secret_is_asked_for_THEN_it_stays_off_the_cluster() -> None:
    with pytest.raises(CantTravel, match="values of secrets"):
        NamedOperation.of(partial(secret_reads.value, "orders/database", with_line_end=False))


@pytest.mark.parametrize(
    "argument",
    [
        "text",
        b"bytes",
        True,
        None,
        1.5,
        Decimal("0.10"),
        datetime(2026, 1, 1, tzinfo=UTC),
        timedelta(days=1),
        ("a", ["b", {"c": {1, 2}, "d": frozenset({3})}]),
        BucketStatus.EXISTS_HAVE_ACCESS,
        ItemReading(limit=5),
        Whereabouts("123456789012", "us-east-1", 1),
    ],
    ids=lambda argument: type(argument).__name__,
)
def test_WHEN_an_argument_is_plain_data_THEN_it_arrives_equal(argument: object) -> None:
    named = NamedOperation.of(partial(reads.bucket_statuses, argument))

    assert pickle.loads(named.arguments) == ((argument,), {})  # noqa: S301 - made two lines above
    assert named.load() is reads.bucket_statuses
    assert "arguments" not in repr(named)


def client_error() -> ClientError:
    answer: Any = {
        "Error": {"Code": "NoSuchBucket", "Message": "The specified bucket does not exist"},
        "ResponseMetadata": {"RequestId": "REQ1", "HTTPStatusCode": 404},
        "Body": object(),
    }
    return ClientError(answer, "ListObjectsV2")


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


class OfNoModule(Exception):
    __qualname__ = "Elsewhere.OfNoModule"


ERRORS: dict[str, Callable[[], Exception]] = {
    "own constructor": lambda: BucketDoesntExist("my-bucket"),
    "keyword constructor": lambda: WrongAccount(expected_account="1" * 12, actual_account="2" * 12),
    "kind": lambda: AccessDenied("no", resource="*", iam_actions=("s3:ListBucket",)),
    "file": lambda: CantReadFileDoesntExist(Path("/nowhere/x")),
    "test's own": lambda: NoNumber(text="x"),
    "botocore": lambda: EndpointConnectionError(endpoint_url="https://s3"),
    "system": lambda: FileNotFoundError(2, "No such file or directory", "/nowhere/x"),
    "key": lambda: KeyError("name"),
    "unicode": lambda: UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    "client": client_error,
}


@pytest.mark.parametrize("name", ERRORS)
def test_WHEN_an_error_travels_THEN_kind_message_and_attributes_arrive(name: str) -> None:
    error = ERRORS[name]()

    arrived = pickle.loads(pickle.dumps(CarriedError.of(error))).rebuild()  # noqa: S301 - made here

    assert type(arrived) is type(error)
    assert str(arrived) == str(error)
    plain = {key: value for key, value in vars(error).items() if key != "response"}
    assert {key: value for key, value in vars(arrived).items() if key != "response"} == plain


def test_WHEN_an_error_with_aws_answer_as_cause_travels_THEN_code_request_and_operation_arrive() -> None:
    error = caused(BucketDoesntExist("my-bucket"), client_error())

    arrived = CarriedError.of(error).rebuild()

    assert isinstance(arrived, BucketDoesntExist)
    assert arrived.bucket_name == "my-bucket"
    assert (arrived.aws_code, arrived.request_id, arrived.operation_name) == (
        "NoSuchBucket",
        "REQ1",
        "ListObjectsV2",
    )


def test_WHEN_a_client_made_the_kind_of_its_error_THEN_it_arrives_as_a_client_error() -> None:
    made = type("NoSuchBucket", (ClientError,), {})
    error = made(client_error().response, "ListObjectsV2")

    arrived = CarriedError.of(error).rebuild()

    assert type(arrived) is ClientError
    assert arrived.response["Error"]["Code"] == "NoSuchBucket"


def test_WHEN_an_error_cannot_be_made_again_THEN_its_type_message_and_cause_are_told() -> None:
    error = caused(OfNoModule("what happened"), NotFound("gone", resource="x"))

    arrived = CarriedError.of(error).rebuild()

    assert isinstance(arrived, FailedThere)
    assert str(arrived) == "Elsewhere.OfNoModule: what happened"
    assert isinstance(arrived.__cause__, NotFound)


def test_WHEN_errors_cause_each_other_in_a_circle_THEN_carrying_ends() -> None:
    error = AwsInteractionError("a")
    error.__cause__ = caused(AwsInteractionError("b"), error)

    assert str(CarriedError.of(error).rebuild()) == "a"


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1:8786", "tcp://localhost:8786", "tcp://[::1]:8786", "tls://10.0.0.5:8786"]
)
def test_WHEN_a_scheduler_is_on_loopback_or_behind_tls_THEN_it_may_be_used(address: str) -> None:
    check_address(address)
    check_members([address])


@pytest.mark.parametrize(
    "address",
    [
        "tcp://10.0.0.5:8786",
        "tcp://scheduler:8786",
        "tcp://127.0.0.1.example.com:1",
        "ws://127.0.0.1:1",
        "x",
        "",
    ],
)
def test_WHEN_a_scheduler_can_be_reached_by_others_in_the_clear_THEN_it_is_refused(address: str) -> None:
    with pytest.raises(ClusterUnusable):
        check_address(address)


@pytest.mark.parametrize("address", ["tcp://10.0.0.5:40001", "ws://10.0.0.5:1", "ucx://10.0.0.5:1"])
def test_WHEN_a_worker_is_elsewhere_without_tls_THEN_it_is_named_and_refused(address: str) -> None:
    with pytest.raises(ClusterUnusable, match=address):
        check_members(["tcp://127.0.0.1:8786", address])


IDEMPOTENT = {
    "s3.create-bucket", "s3.set-tags", "s3.set-versioning", "s3.set-encryption", "s3.remove-delete-marker",
    "s3.set-public-access", "s3.set-ownership", "s3.set-lifecycle",
    "ec2.start", "ec2.stop", "ec2.terminate", "ec2.add-tags", "ec2.remove-tags",
    "dynamodb.create-table", "dynamodb.drop-table", "dynamodb.put-item", "dynamodb.delete-item",
    "dynamodb.batch-write",
    "dynamodb.set-ttl", "dynamodb.set-pitr", "dynamodb.set-protection", "dynamodb.set-capacity",
    "dynamodb.delete-backup", "dynamodb.restore-table", "dynamodb.export-table", "dynamodb.import-table",
    "rds.start", "rds.stop", "rds.set-tags", "rds.create-snapshot", "rds.delete-snapshot",
    "secrets.delete", "secrets.restore", "secrets.promote", "secrets.set-tags",
}  # fmt: skip


def all_kinds() -> set[str]:
    for service in ("s3", "ec2", "dynamodb", "rds", "secrets"):
        with pytest.raises(KeyError):
            change_kind(f"{service}.of-no-name")
    return {
        name for name in CHANGE_KINDS if name.partition(".")[0] in {"s3", "ec2", "dynamodb", "rds", "secrets"}
    }


def test_WHEN_kinds_of_change_are_asked_THEN_those_that_may_be_made_twice_are_these() -> None:
    assert {name for name in all_kinds() if CHANGE_KINDS[name].is_idempotent} == IDEMPOTENT


def test_WHEN_changes_may_not_be_made_twice_THEN_their_kinds_stay_here() -> None:
    refuse_kinds_that_stay(IDEMPOTENT)

    for name in all_kinds() - IDEMPOTENT:
        with pytest.raises(KindStaysHere, match=name):
            refuse_kinds_that_stay(["s3.set-tags", name])
