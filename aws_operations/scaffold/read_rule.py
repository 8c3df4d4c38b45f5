"""Whether an operation looks like a read, by a careful rule: what it leaves out, a person may add.

Neither names nor the models tell for sure, so whoever takes what this says over is to review it.
"""

import re
from collections.abc import Iterator
from typing import Any

from botocore.model import OperationModel

from aws_interactions.service_operations import find_operation, iam_actions_of
from aws_operations.scaffold.secret_rule import is_secret, operation_names_a_secret

_VERBS = frozenset({"List", "Describe", "Get", "Head"})
_BATCHES = re.compile(r"Batch(Get|Describe|List)(?=[A-Z])")
# Verbs that read in some services and start work in others: only where the model says so, too.
_VERBS_TO_BE_CONFIRMED = frozenset({"Query", "Scan", "Search", "Lookup", "Filter"})
# Getters that make what they get, or put it somewhere.
_WRITE_THOUGH_NAMED_GET = frozenset(
    {("cognito-identity", "GetId"), ("socialmessaging", "GetWhatsAppMessageMedia")}
)
# Of what is known here as a read, what tells a secret's value. Else what a person looked at counts more than
# the marks of the model, which are on the names of accounts and on passwords that AWS shows as stars, too.
_TELLING_READS = frozenset({("secretsmanager", "GetSecretValue")})
# Models mark these for the privacy of persons; they open nothing.
_HARMLESS = re.compile(r"(tags|next_?token|name|description|email|email_?address|title)$", re.IGNORECASE)
# These list what there is, and what they list is looked at itself.
_TELLS_WHAT_THERE_IS = re.compile(r"(List|Describe)(?=[A-Z])")
_NEVER_SECRET = frozenset({"boolean", "double", "float", "integer", "long", "timestamp"})
_WRITING_METHODS = frozenset({"PUT", "DELETE", "PATCH"})
# Where the prefix of a service's IAM actions is not the name that its requests are signed for.
_IAM_PREFIX = {"monitoring": "cloudwatch", "email": "ses", "tagging": "tag"}


def looks_like_a_read(operation: OperationModel, *, is_marked: bool = False) -> bool:
    """Return whether the operation only reads, and nothing secret; ``is_marked`` is the model's own word."""
    service_name = operation.service_model.service_name
    known = find_operation(service_name, operation.name)
    if known is not None:
        return known.is_read and (service_name, operation.name) not in _TELLING_READS
    if not _is_named_like_a_read(operation, is_marked):
        return False
    if operation_names_a_secret(operation.name) and not _TELLS_WHAT_THERE_IS.match(operation.name):
        return False
    return not any(_tells_a_secret(name, member) for name, member in _members(operation.output_shape, set()))


def iam_action(operation: OperationModel) -> str:
    """Return the IAM action that the operation needs first: a guess, but for the services known here."""
    if known := iam_actions_of(operation.service_model.service_name, operation.name):
        return known[0]
    signing_name = str(operation.service_model.signing_name)
    return f"{_IAM_PREFIX.get(signing_name, signing_name)}:{operation.name}"


def _is_named_like_a_read(operation: OperationModel, is_marked: bool) -> bool:
    verb = re.split(r"(?<=[a-z])(?=[A-Z0-9])", operation.name, maxsplit=1)[0]
    if (operation.service_model.service_name, operation.name) in _WRITE_THOUGH_NAMED_GET:
        return False
    is_verb = verb in _VERBS or (is_marked and verb in _VERBS_TO_BE_CONFIRMED)
    is_read = is_verb or _BATCHES.match(operation.name) is not None
    return is_read and operation.http.get("method") not in _WRITING_METHODS


def _tells_a_secret(name: str, member: Any) -> bool:
    if _HARMLESS.search(name) or member.type_name in _NEVER_SECRET:
        return False
    return is_secret(name, member)


def _members(shape: Any, seen: set[str]) -> Iterator[tuple[str, Any]]:
    """Yield names and shapes of all members, however deep, those in lists and maps too."""
    while shape is not None and shape.type_name in {"list", "map"} and shape.name not in seen:
        seen.add(shape.name)
        shape = shape.member if shape.type_name == "list" else shape.value
    if shape is None or shape.type_name != "structure" or shape.name in seen:
        return
    seen.add(shape.name)
    for name, member in shape.members.items():
        yield name, member
        yield from _members(member, seen)
