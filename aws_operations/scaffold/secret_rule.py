"""Which members of requests and answers hold secrets: what the model says, and what their names say."""

import re
from typing import Any

# Models are marked late and in parts: a session token beside a marked key has often no mark of its own.
_SECRET = re.compile(
    # An address that lets whoever has it in is as good as a password.
    r"secret|password|credential|token(?!iz)|private_?key|plaintext|decrypt|(?<!meta)data_?key|authorization"
    r"|signed_?url|login_?url|embed_?url",
    re.IGNORECASE,
)
# Places in a list, what tells two versions or two calls apart, and what is public open nothing.
_MARK = re.compile(
    r"(next|page|pagination|continuation|marker|position|start).*token"
    r"|(change|client|conditional|creation|dkim|grant|http|idempotency|lock|purchase|request|sequence|update"
    r"|version)_?tokens?$"
    r"|public_?key|ciphertext|encrypted",
    re.IGNORECASE,
)
# A secret's ARN, name or version tells nothing of its value.
_ABOUT_A_SECRET = re.compile(
    r"(arn|id|identifier|name|type|status|date|time|version|endpoint|scope|domain|method|source|provider"
    r"|vendor|strategy|algorithm|parameter|param|prefix|alias|json_?key|policy|role|location|token_?url)s?"
    r"(list|map)?$",
    re.IGNORECASE,
)


def is_secret(name: str, shape: Any) -> bool:
    """Return whether a member of that name and shape holds a secret, itself or in its elements.

    Such a member does not belong in logs, ``repr`` or on a command line.
    """
    shapes = [shape, *_elements(shape)]
    if any(each.metadata.get("sensitive") for each in shapes):
        return True
    innermost = shapes[-1]
    is_text = innermost.type_name in {"string", "blob"} and not getattr(innermost, "enum", None)
    return is_text and not shape.metadata.get("idempotencyToken") and names_a_secret(name)


def names_a_secret(name: str) -> bool:
    """Return whether a text of that name is a secret where the model does not say so."""
    return bool(_SECRET.search(name)) and not (_MARK.search(name) or _ABOUT_A_SECRET.search(name))


def operation_names_a_secret(operation_name: str) -> bool:
    """Return whether an operation is named for the secret that it deals with."""
    return bool(_SECRET.search(operation_name))


def _elements(shape: Any) -> list[Any]:
    """Return the shapes inside a list or a map, the innermost last."""
    found: list[Any] = []
    seen = {shape.name}
    while shape.type_name in {"list", "map"}:
        if shape.type_name == "map" and shape.key.metadata.get("sensitive"):
            found.append(shape.key)
        shape = shape.member if shape.type_name == "list" else shape.value
        if shape.name in seen:
            break
        seen.add(shape.name)
        found.append(shape)
    return found
