"""Tables exported to S3 and imported from there by DynamoDB itself: planners and kinds of change."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from uuid import uuid4

from aws_interactions import dynamodb_interactions
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.aws_errors import InvalidInput
from aws_interactions.call_permission_parts import LOGGING_OF_IMPORTS, WRITING_OF_EXPORTS
from aws_interactions.dynamodb_interactions import (
    ExportPlace,
    ImportSource,
    KeyAttribute,
    TableAlreadyExists,
    TableDoesNotExist,
    TableExport,
    TableImport,
    TableIndex,
    TransferStatus,
)
from aws_interactions.dynamodb_interactions.table_transfers import wait_for_transfer
from aws_interactions.service_operations import iam_actions_of
from aws_operations.changes import (
    Change,
    ChangeKind,
    Effect,
    ResultStatus,
    Reversibility,
    each_alone,
    register,
)
from aws_operations.dynamodb.change_parts import table_of, target_of
from aws_operations.dynamodb.following import Following, follow, following_of, precondition_with
from aws_operations.dynamodb.guard_parts import TABLES, TAGS
from aws_operations.dynamodb.restore_changes import check_is_kept, moment_text
from aws_operations.dynamodb.table_changes import (
    NEW_TABLE_TAGS,
    check_keys,
    drop_of_made,
    is_as_planned,
    keys_document,
    recheck_absent,
    spec_of,
)
from aws_operations.targets import fill_template

_EXPORT_ACTIONS = (
    *iam_actions_of("dynamodb", "DescribeTable", "ListExports", "DescribeExport", "ExportTableToPointInTime"),
    *WRITING_OF_EXPORTS,
)
_IMPORT_ACTIONS = (
    *iam_actions_of("dynamodb", "DescribeTable", "ListImports", "DescribeImport", "ImportTable"),
    "s3:GetObject",
    "s3:ListBucket",
    *LOGGING_OF_IMPORTS,
)


def plan_export_table(
    table_name: str,
    place: ExportPlace,
    aws_provider: AwsClientProvider,
    *,
    at: datetime | None = None,
    ion: bool = False,
    following: Following | None = None,
    token: str | None = None,
) -> Iterator[Change]:
    """Plan that DynamoDB writes a table to S3, as it was ``at`` that time (aware), or is once it begins.

    Two plans with one ``token`` are of one export. The prefix is the table's name unless ``place`` has one;
    bucket and prefix may hold ``{account}`` and ``{region}``. ``PointInTimeNotKept`` where point-in-time
    recovery is off, or does not reach so far.
    """
    if at is not None and at.tzinfo is None:
        raise InvalidInput("the time to export has no zone")
    table = fill_template(table_name, aws_provider)
    found = dynamodb_interactions.describe_table(table, aws_provider)
    check_is_kept(table, at, aws_provider)
    environment = aws_provider.get_aws_env()
    filled = asdict(place) | {
        "bucket": fill_template(place.bucket, aws_provider),
        "prefix": fill_template(place.prefix or table, aws_provider).rstrip("/"),
    }
    yield Change(
        kind="dynamodb.export-table",
        target=target_of(environment),
        resource=dynamodb_interactions.table_arn(table, environment),
        effect=Effect.CREATE,
        before=None,
        after={
            **{name: value for name, value in filled.items() if value is not None},
            "format": "ION" if ion else "DYNAMODB_JSON",
            "at": None if at is None else moment_text(at),
            "estimated_items": found.item_count,
        },
        iam_actions=_EXPORT_ACTIONS,
        reversibility=Reversibility.IRREVERSIBLE,
        precondition=precondition_with(following, token=token or new_token()),
    )


def plan_import_table(
    table_name: str,
    keys: Sequence[KeyAttribute],
    source: ImportSource,
    aws_provider: AwsClientProvider,
    *,
    indexes: Sequence[TableIndex] = (),
    following: Following | None = None,
    token: str | None = None,
) -> Iterator[Change]:
    """Plan a new table, paid for by request, that DynamoDB makes from objects in S3.

    A name that is taken is ``TableAlreadyExists``. Keys and indexes as for ``plan_create_table``; bucket and
    prefix may hold ``{account}`` and ``{region}``.
    """
    if source.format != "CSV" and (source.delimiter or source.columns):
        raise InvalidInput("a delimiter and columns are of CSV")
    check_keys("the table", keys, indexes)
    table = fill_template(table_name, aws_provider)
    if _is_there(table, aws_provider):
        raise TableAlreadyExists(table)
    environment = aws_provider.get_aws_env()
    given = asdict(source) | {
        "bucket": fill_template(source.bucket, aws_provider),
        "prefix": None if source.prefix is None else fill_template(source.prefix, aws_provider),
        "columns": list(source.columns),
    }
    yield Change(
        kind="dynamodb.import-table",
        target=target_of(environment),
        resource=dynamodb_interactions.table_arn(table, environment),
        effect=Effect.CREATE,
        before=None,
        after={
            "source": {name: value for name, value in given.items() if value},
            "bucket": given["bucket"],
            "prefix": given["prefix"] or "",
            "keys": keys_document(keys),
            "indexes": {index.name: keys_document(index.keys) for index in indexes},
            "tags": {},
        },
        iam_actions=_IMPORT_ACTIONS,
        reversibility=Reversibility.COMPENSABLE,
        precondition=precondition_with(following, token=token or new_token()),
    )


def new_token() -> str:
    """Return a token that no export or import has: the same one is the same to AWS, for eight hours."""
    return uuid4().hex


def _is_there(table: str, aws_provider: AwsClientProvider) -> bool:
    try:
        dynamodb_interactions.describe_table(table, aws_provider)
    except TableDoesNotExist:
        return False
    return True


def _token_of(change: Change) -> str:
    return str((change.precondition or {})["token"])


def _apply_export(change: Change, aws_provider: AwsClientProvider) -> None:
    after = change.after or {}
    begun = dynamodb_interactions.begin_export(
        change.resource,
        ExportPlace(after["bucket"], after["prefix"], after.get("bucket_owner"), after.get("kms_key")),
        _token_of(change),
        aws_provider,
        at=None if after["at"] is None else datetime.fromisoformat(after["at"]).astimezone(UTC),
        ion=after["format"] == "ION",
    )
    follow(
        change,
        lambda following: wait_for_transfer(
            begun.arn,
            dynamodb_interactions.describe_export,
            aws_provider,
            timeout=following.timeout,
            interval=following.interval,
        ),
    )


def _recheck_export(change: Change, aws_provider: AwsClientProvider) -> str | None:
    return None if _is_there(table_of(change), aws_provider) else "the table has gone"


def _read_back_export(change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    found = dynamodb_interactions.find_export(change.resource, _token_of(change), aws_provider)
    return _status_of(change, found)


def _status_of(change: Change, found: TableExport | TableImport | None) -> ResultStatus:
    if found is None:
        # What was just begun may not be listed for some seconds.
        return ResultStatus.UNKNOWN
    if found.status is TransferStatus.COMPLETED:
        return ResultStatus.APPLIED
    if found.status is not TransferStatus.IN_PROGRESS:
        return ResultStatus.FAILED
    return ResultStatus.APPLIED if following_of(change) is None else ResultStatus.UNKNOWN


def _apply_import(change: Change, aws_provider: AwsClientProvider) -> None:
    after = change.after or {}
    source = {**after["source"], "columns": tuple(after["source"].get("columns", ()))}
    begun = dynamodb_interactions.begin_import(
        spec_of(change), ImportSource(**source), _token_of(change), aws_provider
    )
    follow(
        change,
        lambda following: wait_for_transfer(
            begun.arn,
            dynamodb_interactions.describe_import,
            aws_provider,
            timeout=following.timeout,
            interval=following.interval,
        ),
    )


def _read_back_import(change: Change, aws_provider: AwsClientProvider) -> ResultStatus:
    found = dynamodb_interactions.find_import(change.resource, _token_of(change), aws_provider)
    return _status_of(change, found)


def _invert_import(change: Change, aws_provider: AwsClientProvider) -> Iterator[Change]:
    def is_ours() -> bool:
        return is_as_planned(change, dynamodb_interactions.describe_table(table_of(change), aws_provider))

    yield drop_of_made(change, aws_provider, is_ours=is_ours)


register(
    ChangeKind(
        "dynamodb.export-table",
        each_alone(_apply_export),
        _recheck_export,
        _read_back_export,
        is_idempotent=True,
        iam_actions=_EXPORT_ACTIONS,
        reversibility=frozenset({Reversibility.IRREVERSIBLE}),
        tags=TAGS,
        census=TABLES,
    )
)
register(
    ChangeKind(
        "dynamodb.import-table",
        each_alone(_apply_import),
        recheck_absent,
        _read_back_import,
        is_idempotent=True,
        iam_actions=_IMPORT_ACTIONS,
        reversibility=frozenset({Reversibility.COMPENSABLE}),
        invert=_invert_import,
        tags=NEW_TABLE_TAGS,
        census=TABLES,
    )
)
