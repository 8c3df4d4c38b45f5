"""DynamoDB: tables, items, queries and scans, batches and transactions, in plain Python values.

Functions take their subject first and the provider last, and ask the provider for ``get_dynamodb()``
and ``get_aws_env()`` alone. Lists are generators. Errors are subclasses of the kinds in ``aws_errors``.

The names are loaded when first asked for: a command that gets one item does not pay for the rest.
"""

from typing import TYPE_CHECKING

from aws_interactions.lazy_names import LazyNames

if TYPE_CHECKING:
    from aws_interactions.dynamodb_interactions.backups import (
        Backup as Backup,
        BackupDoesNotExist as BackupDoesNotExist,
        BackupInWrongState as BackupInWrongState,
        PointInTimeNotKept as PointInTimeNotKept,
        create_backup as create_backup,
        delete_backup as delete_backup,
        describe_backup as describe_backup,
        list_backups as list_backups,
        restore_from_backup as restore_from_backup,
        restore_to_point_in_time as restore_to_point_in_time,
        restored_from as restored_from,
    )
    from aws_interactions.dynamodb_interactions.batches import (
        BatchWriteOutcome as BatchWriteOutcome,
        WriteRequest as WriteRequest,
        batch_get as batch_get,
        batch_write as batch_write,
    )
    from aws_interactions.dynamodb_interactions.capacity import (
        TableCapacity as TableCapacity,
        Throughput as Throughput,
        get_capacity as get_capacity,
        set_on_demand as set_on_demand,
        set_throughput as set_throughput,
    )
    from aws_interactions.dynamodb_interactions.errors import (
        ConditionNotMet as ConditionNotMet,
        DuplicateKeys as DuplicateKeys,
        IndexDoesNotExist as IndexDoesNotExist,
        ItemCollectionTooLarge as ItemCollectionTooLarge,
        ItemTooLarge as ItemTooLarge,
        KeysNotRead as KeysNotRead,
        LossyNumber as LossyNumber,
        TableAlreadyExists as TableAlreadyExists,
        TableBusy as TableBusy,
        TableDoesNotExist as TableDoesNotExist,
        TableLimitReached as TableLimitReached,
        TableProtected as TableProtected,
        TransactionCancelled as TransactionCancelled,
        TransactionTokenReused as TransactionTokenReused,
        UnrepresentableNumber as UnrepresentableNumber,
        UnrepresentableValue as UnrepresentableValue,
        table_arn as table_arn,
    )
    from aws_interactions.dynamodb_interactions.expressions import (
        AttributePath as AttributePath,
        Condition as Condition,
    )
    from aws_interactions.dynamodb_interactions.items import (
        delete_item as delete_item,
        get_item as get_item,
        put_item as put_item,
        update_item as update_item,
    )
    from aws_interactions.dynamodb_interactions.queries import (
        SortComparison as SortComparison,
        SortCondition as SortCondition,
        query as query,
    )
    from aws_interactions.dynamodb_interactions.records import (
        CancellationReason as CancellationReason,
        KeyAttribute as KeyAttribute,
        TableDescription as TableDescription,
        TableIndex as TableIndex,
        TableSpec as TableSpec,
        TableStatus as TableStatus,
    )
    from aws_interactions.dynamodb_interactions.scans import (
        count_items as count_items,
        scan as scan,
    )
    from aws_interactions.dynamodb_interactions.segments import (
        SegmentPage as SegmentPage,
        scan_segments as scan_segments,
    )
    from aws_interactions.dynamodb_interactions.table_settings import (
        ExpiresByOtherAttribute as ExpiresByOtherAttribute,
        PointInTimeRecovery as PointInTimeRecovery,
        TableChangedTooOften as TableChangedTooOften,
        TimeToLive as TimeToLive,
        TimeToLiveStatus as TimeToLiveStatus,
        get_point_in_time_recovery as get_point_in_time_recovery,
        get_time_to_live as get_time_to_live,
        set_deletion_protection as set_deletion_protection,
        set_point_in_time_recovery as set_point_in_time_recovery,
        set_time_to_live as set_time_to_live,
    )
    from aws_interactions.dynamodb_interactions.table_transfers import (
        ExportPlace as ExportPlace,
        ImportSource as ImportSource,
        TableExport as TableExport,
        TableImport as TableImport,
        TransferFailed as TransferFailed,
        TransferNotFound as TransferNotFound,
        TransferStatus as TransferStatus,
        begin_export as begin_export,
        begin_import as begin_import,
        describe_export as describe_export,
        describe_import as describe_import,
        find_export as find_export,
        find_import as find_import,
        wait_for_transfer as wait_for_transfer,
    )
    from aws_interactions.dynamodb_interactions.tables import (
        create_table as create_table,
        delete_table as delete_table,
        describe_table as describe_table,
        get_table_tags as get_table_tags,
        list_tables as list_tables,
        wait_for_table as wait_for_table,
    )
    from aws_interactions.dynamodb_interactions.transactions import (
        Check as Check,
        Delete as Delete,
        Get as Get,
        Put as Put,
        TransactWrite as TransactWrite,
        Update as Update,
        transact_get as transact_get,
        transact_write as transact_write,
    )
    from aws_interactions.dynamodb_interactions.values import (
        Item as Item,
        Numbers as Numbers,
        from_attribute as from_attribute,
        from_item as from_item,
        to_attribute as to_attribute,
        to_item as to_item,
    )

_NAMES_BY_HOME = {
    "backups": (
        "Backup",
        "BackupDoesNotExist",
        "BackupInWrongState",
        "PointInTimeNotKept",
        "create_backup",
        "delete_backup",
        "describe_backup",
        "list_backups",
        "restore_from_backup",
        "restore_to_point_in_time",
        "restored_from",
    ),
    "batches": (
        "BatchWriteOutcome",
        "WriteRequest",
        "batch_get",
        "batch_write",
    ),
    "capacity": (
        "TableCapacity",
        "Throughput",
        "get_capacity",
        "set_on_demand",
        "set_throughput",
    ),
    "errors": (
        "ConditionNotMet",
        "DuplicateKeys",
        "IndexDoesNotExist",
        "ItemCollectionTooLarge",
        "ItemTooLarge",
        "KeysNotRead",
        "LossyNumber",
        "TableAlreadyExists",
        "TableBusy",
        "TableDoesNotExist",
        "TableLimitReached",
        "TableProtected",
        "TransactionCancelled",
        "TransactionTokenReused",
        "UnrepresentableNumber",
        "UnrepresentableValue",
        "table_arn",
    ),
    "expressions": (
        "AttributePath",
        "Condition",
    ),
    "items": (
        "delete_item",
        "get_item",
        "put_item",
        "update_item",
    ),
    "queries": (
        "SortComparison",
        "SortCondition",
        "query",
    ),
    "records": (
        "CancellationReason",
        "KeyAttribute",
        "TableDescription",
        "TableIndex",
        "TableSpec",
        "TableStatus",
    ),
    "scans": (
        "count_items",
        "scan",
    ),
    "segments": (
        "SegmentPage",
        "scan_segments",
    ),
    "table_settings": (
        "ExpiresByOtherAttribute",
        "PointInTimeRecovery",
        "TableChangedTooOften",
        "TimeToLive",
        "TimeToLiveStatus",
        "get_point_in_time_recovery",
        "get_time_to_live",
        "set_deletion_protection",
        "set_point_in_time_recovery",
        "set_time_to_live",
    ),
    "table_transfers": (
        "ExportPlace",
        "ImportSource",
        "TableExport",
        "TableImport",
        "TransferFailed",
        "TransferNotFound",
        "TransferStatus",
        "begin_export",
        "begin_import",
        "describe_export",
        "describe_import",
        "find_export",
        "find_import",
        "wait_for_transfer",
    ),
    "tables": (
        "create_table",
        "delete_table",
        "describe_table",
        "get_table_tags",
        "list_tables",
        "wait_for_table",
    ),
    "transactions": (
        "Check",
        "Delete",
        "Get",
        "Put",
        "TransactWrite",
        "Update",
        "transact_get",
        "transact_write",
    ),
    "values": (
        "Item",
        "Numbers",
        "from_attribute",
        "from_item",
        "to_attribute",
        "to_item",
    ),
}
_NAMES = LazyNames(__name__, _NAMES_BY_HOME)
__all__ = list(_NAMES.listed())
__getattr__ = _NAMES.load
__dir__ = _NAMES.listed
