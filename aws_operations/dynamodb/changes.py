"""DynamoDB writes: the planners, and by being imported the kinds of change that carry them out."""

from aws_interactions.dynamodb_interactions import (
    ExportPlace,
    ImportSource,
    KeyAttribute,
    TableIndex,
    Throughput,
)
from aws_operations.dynamodb.backup_changes import (
    BackupAlreadyExists,
    plan_create_backup,
    plan_delete_backups,
)
from aws_operations.dynamodb.batch_changes import BatchRequest, BatchVerb, BatchWrite, batch_requests
from aws_operations.dynamodb.capacity_changes import plan_set_capacity
from aws_operations.dynamodb.change_parts import Condition, ItemAlreadyExists, ItemDoesNotExist
from aws_operations.dynamodb.following import Following
from aws_operations.dynamodb.item_changes import plan_delete, plan_put
from aws_operations.dynamodb.restore_changes import plan_restore_backup, plan_restore_table
from aws_operations.dynamodb.setting_changes import (
    plan_set_protection,
    plan_set_recovery,
    plan_set_time_to_live,
)
from aws_operations.dynamodb.table_changes import plan_create_table, plan_drop_table
from aws_operations.dynamodb.transfer_changes import new_token, plan_export_table, plan_import_table
from aws_operations.dynamodb.update_changes import ItemUpdate, plan_update

__all__ = [
    "BackupAlreadyExists",
    "BatchRequest",
    "BatchVerb",
    "BatchWrite",
    "Condition",
    "ExportPlace",
    "Following",
    "ImportSource",
    "ItemAlreadyExists",
    "ItemDoesNotExist",
    "ItemUpdate",
    "KeyAttribute",
    "TableIndex",
    "Throughput",
    "batch_requests",
    "new_token",
    "plan_create_backup",
    "plan_create_table",
    "plan_delete",
    "plan_delete_backups",
    "plan_drop_table",
    "plan_export_table",
    "plan_import_table",
    "plan_put",
    "plan_restore_backup",
    "plan_restore_table",
    "plan_set_capacity",
    "plan_set_protection",
    "plan_set_recovery",
    "plan_set_time_to_live",
    "plan_update",
]
