"""Tables written to S3 and made from there by DynamoDB itself: begun, found again, followed."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from aws_interactions.aws_errors import Conflict, InvalidInput, NotFound
from aws_interactions.calls import only_given
from aws_interactions.dynamodb_interactions.backups import PointInTimeNotKept
from aws_interactions.dynamodb_interactions.errors import ErrorMaker, TableAlreadyExists, table_resource
from aws_interactions.dynamodb_interactions.records import OpenStatus, TableSpec
from aws_interactions.dynamodb_interactions.table_settings import setting_errors, words_of
from aws_interactions.dynamodb_interactions.tables import creation_parameters
from aws_interactions.waiting import wait_until

if TYPE_CHECKING:
    from aws_interactions.aws_client_provider import AwsClientProvider

logger = logging.getLogger(__name__)

_NOT_KEPT = "only what is kept can be exported: point-in-time recovery is off"


class TransferNotFound(NotFound):
    """AWS knows of no such export or import, or no longer: it forgets them after 90 days."""

    def __init__(self, arn: str) -> None:
        super().__init__(f"there is no {arn}", resource=arn)
        self.arn = arn


class TransferFailed(Conflict):
    """An export or import has ended without success; ``reason`` is what AWS says of it."""

    def __init__(self, arn: str, reason: str) -> None:
        super().__init__(f"{arn}: {reason}", resource=arn)
        self.arn = arn
        self.reason = reason


class TransferStatus(OpenStatus):
    """How far it is; one that is not known here keeps AWS's word as its value."""

    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class TableExport:
    """An export of a table; ``manifest`` is the key of the object that lists what was written."""

    arn: str
    status: TransferStatus
    client_token: str | None = None
    manifest: str | None = None
    items: int | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class TableImport:
    """An import of a table; ``errors`` is how many items were left out, and the log group says which."""

    arn: str
    status: TransferStatus
    client_token: str | None = None
    items: int | None = None
    errors: int | None = None
    log_group: str | None = None
    failure: str | None = None


Transfer = TypeVar("Transfer", TableExport, TableImport)


@dataclass(frozen=True, slots=True)
class ExportPlace:
    """Where an export goes; ``prefix`` without a slash at its end. ``kms_key`` in place of S3's own keys."""

    bucket: str
    prefix: str | None = None
    bucket_owner: str | None = None
    kms_key: str | None = None


@dataclass(frozen=True, slots=True)
class ImportSource:
    """What is imported: all objects under ``prefix``.

    ``format`` is ``DYNAMODB_JSON``, ``CSV`` or ``ION``, ``compression`` ``NONE``, ``GZIP`` or ``ZSTD``. The
    first line of CSV has the names unless ``columns`` are given.
    """

    bucket: str
    prefix: str | None = None
    format: str = "DYNAMODB_JSON"
    compression: str = "NONE"
    bucket_owner: str | None = None
    delimiter: str | None = None
    columns: tuple[str, ...] = ()


def begin_export(
    table_arn: str,
    place: ExportPlace,
    client_token: str,
    aws_provider: "AwsClientProvider",
    *,
    at: datetime | None = None,
    ion: bool = False,
) -> TableExport:
    """Have DynamoDB write a table to S3, as it was ``at`` that time or is now (ExportTableToPointInTime).

    The same token within eight hours is the same export. It reads nothing from the table's capacity. Raises
    ``PointInTimeNotKept`` without point-in-time recovery, ``TableDoesNotExist``.
    """
    logger.debug("begin_export table=%s bucket=%s prefix=%s", table_arn, place.bucket, place.prefix)
    client: Any = aws_provider.get_dynamodb()
    parameters = only_given(
        S3Prefix=place.prefix,
        S3BucketOwner=place.bucket_owner,
        S3SseAlgorithm=None if place.kms_key is None else "KMS",
        S3SseKmsKeyId=place.kms_key,
        ExportTime=at,
        ExportFormat="ION" if ion else "DYNAMODB_JSON",
    )
    with _transfer_errors(table_arn):
        answer = client.export_table_to_point_in_time(
            TableArn=table_arn, S3Bucket=place.bucket, ClientToken=client_token, **parameters
        )
    logger.info("exporting %s to bucket %s", table_arn, place.bucket)
    return _export(answer["ExportDescription"])


def find_export(table_arn: str, client_token: str, aws_provider: "AwsClientProvider") -> TableExport | None:
    """Return the export of a table that was begun with a token (ListExports, DescribeExport for each)."""
    client: Any = aws_provider.get_dynamodb()
    with _transfer_errors(table_arn):
        for page in _pages(client.list_exports, TableArn=table_arn):
            for each in page.get("ExportSummaries", ()):
                found = describe_export(each["ExportArn"], aws_provider)
                if found.client_token == client_token:
                    return found
    return None


def describe_export(export_arn: str, aws_provider: "AwsClientProvider") -> TableExport:
    """Return how far an export is (DescribeExport); raises ``TransferNotFound``."""
    client: Any = aws_provider.get_dynamodb()
    with _transfer_errors(export_arn):
        found = _export(client.describe_export(ExportArn=export_arn)["ExportDescription"])
    logger.info("%s is %s", export_arn, found.status)
    return found


def begin_import(
    spec: TableSpec, source: ImportSource, client_token: str, aws_provider: "AwsClientProvider"
) -> TableImport:
    """Have DynamoDB make a table from objects in S3 (ImportTable), paid for by request.

    The same token within eight hours is the same import. Raises ``TableAlreadyExists``, and ``InvalidInput``
    for what no imported table may have: tags, protection, local indexes.
    """
    parameters = creation_parameters(spec)
    unwanted = {"Tags", "DeletionProtectionEnabled", "LocalSecondaryIndexes"} & parameters.keys()
    if unwanted:
        message = f"an imported table cannot be made with {', '.join(sorted(unwanted))}"
        raise InvalidInput(message)
    logger.debug("begin_import table=%s bucket=%s prefix=%s", spec.name, source.bucket, source.prefix)
    client: Any = aws_provider.get_dynamodb()
    place = only_given(S3Bucket=source.bucket, S3KeyPrefix=source.prefix, S3BucketOwner=source.bucket_owner)
    csv = only_given(Delimiter=source.delimiter, HeaderList=list(source.columns) or None)
    with _transfer_errors(spec.name):
        answer = client.import_table(
            ClientToken=client_token,
            S3BucketSource=place,
            InputFormat=source.format,
            InputCompressionType=source.compression,
            TableCreationParameters=parameters,
            **({"InputFormatOptions": {"Csv": csv}} if csv else {}),
        )
    logger.info("importing table %s from bucket %s", spec.name, source.bucket)
    return _import(answer["ImportTableDescription"])


def find_import(table_arn: str, client_token: str, aws_provider: "AwsClientProvider") -> TableImport | None:
    """Return the import into a table that was begun with a token (ListImports, DescribeImport for each)."""
    client: Any = aws_provider.get_dynamodb()
    with _transfer_errors(table_arn):
        for page in _pages(client.list_imports, TableArn=table_arn):
            for each in page.get("ImportSummaryList", ()):
                found = describe_import(each["ImportArn"], aws_provider)
                if found.client_token == client_token:
                    return found
    return None


def describe_import(import_arn: str, aws_provider: "AwsClientProvider") -> TableImport:
    """Return how far an import is (DescribeImport); raises ``TransferNotFound``."""
    client: Any = aws_provider.get_dynamodb()
    with _transfer_errors(import_arn):
        found = _import(client.describe_import(ImportArn=import_arn)["ImportTableDescription"])
    logger.info("%s is %s, %s items so far", import_arn, found.status, found.items or "no")
    return found


def wait_for_transfer(
    arn: str,
    describe: Callable[[str, "AwsClientProvider"], Transfer],
    aws_provider: "AwsClientProvider",
    *,
    timeout: float = 3600,
    interval: float = 15,
    sleep: Callable[[float], Any] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Transfer:
    """Wait until an export or import is complete, which ``describe_export`` or ``describe_import`` tells.

    Raises ``TransferFailed`` for one that has ended otherwise, and past ``timeout`` seconds ``WaitTimedOut``.
    """

    def is_done(seen: Transfer) -> bool:
        if seen.status not in {TransferStatus.IN_PROGRESS, TransferStatus.COMPLETED}:
            raise TransferFailed(seen.arn, seen.failure or f"is {seen.status}")
        return seen.status is TransferStatus.COMPLETED

    return wait_until(
        lambda: describe(arn, aws_provider),
        is_done,
        resource=arn,
        wanted="complete",
        timeout=timeout,
        interval=interval,
        describe=lambda seen: str(seen.status),
        sleep=sleep,
        clock=clock,
    )


def _pages(operation: Callable[..., Mapping[str, Any]], **parameters: Any) -> Iterator[Mapping[str, Any]]:
    # Botocore has no paginators for these two lists.
    page = operation(**parameters)
    yield page
    while page.get("NextToken"):
        page = operation(**parameters, NextToken=page["NextToken"])
        yield page


@contextmanager
def _transfer_errors(name: str) -> Iterator[None]:
    by_code: dict[str, ErrorMaker] = {
        "ExportNotFoundException": lambda _: TransferNotFound(name),
        "ImportNotFoundException": lambda _: TransferNotFound(name),
        "ExportConflictException": lambda error: TransferFailed(name, words_of(error)),
        "ImportConflictException": lambda error: TransferFailed(name, words_of(error)),
        "InvalidExportTimeException": lambda error: PointInTimeNotKept(_table_in(name), words_of(error)),
        "PointInTimeRecoveryUnavailableException": lambda _: PointInTimeNotKept(_table_in(name), _NOT_KEPT),
        "ResourceInUseException": lambda _: TableAlreadyExists(name),
    }
    with setting_errors(name, by_code):
        yield


def _table_in(arn: str) -> str:
    return arn.partition(":table/")[2] or table_resource(arn)


def _export(found: Mapping[str, Any]) -> TableExport:
    return TableExport(
        arn=found["ExportArn"],
        status=TransferStatus(found.get("ExportStatus", "")),
        client_token=found.get("ClientToken"),
        manifest=found.get("ExportManifest"),
        items=found.get("ItemCount"),
        failure=_failure(found),
    )


def _import(found: Mapping[str, Any]) -> TableImport:
    return TableImport(
        arn=found["ImportArn"],
        status=TransferStatus(found.get("ImportStatus", "")),
        client_token=found.get("ClientToken"),
        items=found.get("ImportedItemCount"),
        errors=found.get("ErrorCount"),
        log_group=found.get("CloudWatchLogGroupArn"),
        failure=_failure(found),
    )


def _failure(found: Mapping[str, Any]) -> str | None:
    said = [str(found[name]) for name in ("FailureCode", "FailureMessage") if found.get(name)]
    left_out = found.get("ErrorCount")
    if left_out:
        items = "1 item" if left_out == 1 else f"{left_out} items"
        said.append(f"{items} left out, see {found.get('CloudWatchLogGroupArn', 'its log')}")
    return ": ".join(said) or None
