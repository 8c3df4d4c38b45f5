"""Many kinds of records in one DynamoDB table: plain dataclasses, kept by models.

A ``Model`` says how a dataclass becomes an item: templates for the keys of the table and its indexes, the
name of its kind, a version, a tenant. Functions take the model first and the provider last, and go through
``dynamodb_interactions``, whose errors come out beside those of here.
"""

from typing import TYPE_CHECKING

from aws_interactions.lazy_names import LazyNames

if TYPE_CHECKING:
    from aws_interactions.single_table.errors import (
        FieldRefused as FieldRefused,
        InvalidModel as InvalidModel,
        ItemDoesNotFit as ItemDoesNotFit,
        KeyPartRefused as KeyPartRefused,
        RecordDoesNotExist as RecordDoesNotExist,
        RecordExists as RecordExists,
        StaleVersion as StaleVersion,
        TenantNotBound as TenantNotBound,
        WrongEntityType as WrongEntityType,
        WrongTenant as WrongTenant,
    )
    from aws_interactions.single_table.key_templates import (
        Beginning as Beginning,
    )
    from aws_interactions.single_table.models import (
        IndexKey as IndexKey,
        Model as Model,
        SecondaryIndex as SecondaryIndex,
        SingleTable as SingleTable,
    )
    from aws_interactions.single_table.reads import (
        Found as Found,
        Page as Page,
        batch_get as batch_get,
        get as get,
        query as query,
        query_page as query_page,
        scan as scan,
    )
    from aws_interactions.single_table.writes import (
        BatchPutOutcome as BatchPutOutcome,
        Write as Write,
        batch_put as batch_put,
        delete as delete,
        put as put,
        to_check as to_check,
        to_delete as to_delete,
        to_put as to_put,
        to_update as to_update,
        transact as transact,
        update as update,
    )

_NAMES_BY_HOME = {
    "errors": (
        "FieldRefused",
        "InvalidModel",
        "ItemDoesNotFit",
        "KeyPartRefused",
        "RecordDoesNotExist",
        "RecordExists",
        "StaleVersion",
        "TenantNotBound",
        "WrongEntityType",
        "WrongTenant",
    ),
    "key_templates": ("Beginning",),
    "models": (
        "IndexKey",
        "Model",
        "SecondaryIndex",
        "SingleTable",
    ),
    "reads": (
        "Found",
        "Page",
        "batch_get",
        "get",
        "query",
        "query_page",
        "scan",
    ),
    "writes": (
        "BatchPutOutcome",
        "Write",
        "batch_put",
        "delete",
        "put",
        "to_check",
        "to_delete",
        "to_put",
        "to_update",
        "transact",
        "update",
    ),
}
_NAMES = LazyNames(__name__, _NAMES_BY_HOME)
__all__ = list(_NAMES.listed())
__getattr__ = _NAMES.load
__dir__ = _NAMES.listed
