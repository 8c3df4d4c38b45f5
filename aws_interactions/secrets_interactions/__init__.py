"""Secrets Manager: secrets, their values and versions.

Functions take their subject first and the provider last, and ask the provider for ``get_secretsmanager()``
alone. Values come and go as ``SecretValue``, which shows itself to nobody. Lists are generators. Errors are
subclasses of the kinds in ``aws_errors``.

The names are loaded when first asked for: a command that reads a value does not pay for writing.
"""

from typing import TYPE_CHECKING

from aws_interactions.lazy_names import LazyNames

if TYPE_CHECKING:
    from aws_interactions.secrets_interactions.errors import (
        SecretAccessDenied as SecretAccessDenied,
        SecretAlreadyExists as SecretAlreadyExists,
        SecretDoesntExist as SecretDoesntExist,
        SecretFieldDoesntExist as SecretFieldDoesntExist,
        SecretKeyNotUsable as SecretKeyNotUsable,
        SecretLimitReached as SecretLimitReached,
        SecretNotJson as SecretNotJson,
        SecretPendingDeletion as SecretPendingDeletion,
        SecretTooLarge as SecretTooLarge,
        SecretValueEmpty as SecretValueEmpty,
        SecretVersionAlreadyExists as SecretVersionAlreadyExists,
        SecretVersionChanged as SecretVersionChanged,
        SecretVersionDoesntExist as SecretVersionDoesntExist,
    )
    from aws_interactions.secrets_interactions.getting import (
        Secret as Secret,
        get_secret as get_secret,
    )
    from aws_interactions.secrets_interactions.listing import (
        describe_secret as describe_secret,
        get_secret_tags as get_secret_tags,
        list_secret_versions as list_secret_versions,
        list_secrets as list_secrets,
    )
    from aws_interactions.secrets_interactions.records import (
        SecretDetails as SecretDetails,
        SecretSummary as SecretSummary,
        SecretVersion as SecretVersion,
        StoredVersion as StoredVersion,
    )
    from aws_interactions.secrets_interactions.values import (
        MAX_VALUE_BYTES as MAX_VALUE_BYTES,
        SecretValue as SecretValue,
    )
    from aws_interactions.secrets_interactions.writing import (
        RECOVERY_DAYS as RECOVERY_DAYS,
        check_client_token as check_client_token,
        check_secret_name as check_secret_name,
        create_secret as create_secret,
        delete_secret as delete_secret,
        move_stage as move_stage,
        new_client_token as new_client_token,
        put_secret as put_secret,
        restore_secret as restore_secret,
        tag_secret as tag_secret,
        untag_secret as untag_secret,
    )

_NAMES_BY_HOME = {
    "errors": (
        "SecretAccessDenied",
        "SecretAlreadyExists",
        "SecretDoesntExist",
        "SecretFieldDoesntExist",
        "SecretKeyNotUsable",
        "SecretLimitReached",
        "SecretNotJson",
        "SecretPendingDeletion",
        "SecretTooLarge",
        "SecretValueEmpty",
        "SecretVersionAlreadyExists",
        "SecretVersionChanged",
        "SecretVersionDoesntExist",
    ),
    "getting": (
        "Secret",
        "get_secret",
    ),
    "listing": (
        "describe_secret",
        "get_secret_tags",
        "list_secret_versions",
        "list_secrets",
    ),
    "records": (
        "SecretDetails",
        "SecretSummary",
        "SecretVersion",
        "StoredVersion",
    ),
    "values": (
        "MAX_VALUE_BYTES",
        "SecretValue",
    ),
    "writing": (
        "RECOVERY_DAYS",
        "check_client_token",
        "check_secret_name",
        "create_secret",
        "delete_secret",
        "move_stage",
        "new_client_token",
        "put_secret",
        "restore_secret",
        "tag_secret",
        "untag_secret",
    ),
}
_NAMES = LazyNames(__name__, _NAMES_BY_HOME)
__all__ = list(_NAMES.listed())
__getattr__ = _NAMES.load
__dir__ = _NAMES.listed
