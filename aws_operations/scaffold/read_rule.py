"""Whether an operation looks like a read, by a careful rule: what it leaves out, a person may add.

Neither names nor the models tell for sure, so whoever takes what this says over is to review it.
"""

import re
from typing import Any

from botocore.model import OperationModel

from aws_interactions.service_operations import find_operation, iam_actions_of

_VERBS = frozenset({"List", "Describe", "Get", "Head"})
_BATCHES = re.compile(r"Batch(Get|Describe|List)(?=[A-Z])")
# Verbs that read in some services and start work in others: only where the model says so, too.
_VERBS_TO_BE_CONFIRMED = frozenset({"Query", "Scan", "Search", "Lookup", "Filter"})
_SECRET = re.compile(
    # An address that lets whoever has it in is as good as a password.
    r"secret|password|credential|token|private_?key|plaintext|decrypt|datakey|authorization"
    r"|signed_?url|login_?url|embed_?url",
    re.IGNORECASE,
)
# Page tokens are no secrets.
_PAGE_TOKEN = re.compile(
    r"(next|page|pagination|continuation|marker|position|client|start).*token", re.IGNORECASE
)
# Getters that make what they get, or put it somewhere.
_WRITE_THOUGH_NAMED_GET = frozenset(
    {("cognito-identity", "GetId"), ("socialmessaging", "GetWhatsAppMessageMedia")}
)
_WRITING_METHODS = frozenset({"PUT", "DELETE", "PATCH"})
# Where the prefix of a service's IAM actions is not the name that its requests are signed for.
_IAM_PREFIX = {"monitoring": "cloudwatch", "email": "ses", "tagging": "tag"}


def looks_like_a_read(operation: OperationModel, *, is_marked: bool = False) -> bool:
    """Return whether the operation only reads, and nothing secret; ``is_marked`` is the model's own word."""
    known = find_operation(operation.service_model.service_name, operation.name)
    is_read = _is_named_like_a_read(operation, is_marked) if known is None else known.is_read
    if not is_read or _SECRET.search(operation.name):
        return False
    return not any(_is_secret(name, member) for name, member in _members(operation.output_shape, 3))


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


def _is_secret(name: str, member: Any) -> bool:
    if _PAGE_TOKEN.search(name):
        return False
    is_text = member.type_name in {"string", "blob"}
    return is_text and bool(member.metadata.get("sensitive") or _names_a_secret(name))


def _names_a_secret(name: str) -> bool:
    # A secret's ARN, name or version tells nothing of its value.
    return bool(_SECRET.search(name)) and not re.search(
        r"(arn|id|name|type|status|date|version)s?$", name, re.IGNORECASE
    )


def _members(shape: Any, depth: int) -> list[tuple[str, Any]]:
    """Return names and shapes of all members down to a depth, those in lists and maps too."""
    while shape is not None and shape.type_name in {"list", "map"}:
        shape = shape.member if shape.type_name == "list" else shape.value
    if shape is None or shape.type_name != "structure" or depth == 0:
        return []
    found = list(shape.members.items())
    return found + [inner for _, member in found for inner in _members(member, depth - 1)]
