"""What botocore says of an operation's pages: what carries them on, what else is in them, their size."""

import re
from collections.abc import Mapping
from typing import Any

from botocore.model import OperationModel

Paging = Mapping[str, Any]

_PATH = re.compile(r"[A-Za-z][A-Za-z0-9]*(\.[A-Za-z][A-Za-z0-9]*)*")
_LARGEST_DEFAULT = 1000
# What a page says of itself or of its request, and nothing of what was asked for.
_OF_THE_PAGE = frozenset(
    {
        "Delimiter",
        "EncodingType",
        "IsTruncated",
        "KeyCount",
        "Marker",
        "MaxItems",
        "NumResults",
        "Prefix",
        "Quantity",
        "RequestCharged",
        "RequestId",
        "StartAfter",
        "requestId",
    }
)
# The bucket of the request, under another name.
_ECHOES = frozenset({("s3", "Name")})
# These end after one page unless a size is asked for, and their models do not say so.
_UNPAGED_WITHOUT_A_SIZE = frozenset({("s3", "ListBuckets")})


def paths(value: Any) -> list[str]:
    """Return what botocore's models write as one name or as a list of them, as a list."""
    return [value] if isinstance(value, str) else list(value or ())


def shape_at(shape: Any, path: str) -> Any:
    """Return the shape at the end of a path with dots, ``None`` where there is none."""
    if not _PATH.fullmatch(path):
        return None
    for name in path.split("."):
        shape = getattr(shape, "members", {}).get(name)
    return shape


def limit_key(operation: OperationModel, pages: Paging) -> str | None:
    """Return the member of the request that sets the size of a page, if there is one."""
    key = pages.get("limit_key")
    members = operation.input_shape.members if operation.input_shape is not None else {}
    return key if isinstance(key, str) and key in members else None


def default_page_size(operation: OperationModel, pages: Paging) -> int | None:
    """Return the size to ask for, where AWS asks for one or answers with one page only without it."""
    key = limit_key(operation, pages)
    if key is None or operation.input_shape is None:
        return None
    member = operation.input_shape.members[key]
    if key not in operation.input_shape.required_members and not _ends_without_a_size(operation, key):
        return None
    return min(int(member.metadata.get("max", _LARGEST_DEFAULT)), _LARGEST_DEFAULT)


def loses_members(operation: OperationModel, pages: Paging) -> bool:
    """Return whether more is in an answer than the lists that its pages are made of."""
    keys = paths(pages.get("result_key"))
    if any(getattr(shape_at(operation.output_shape, key), "type_name", None) != "list" for key in keys):
        return True
    carried = {*keys, *_carrying(pages)}
    return any(not _is_told(operation, path) for path in _beside(operation.output_shape, carried))


def _ends_without_a_size(operation: OperationModel, key: str) -> bool:
    if (operation.service_model.service_name, operation.name) in _UNPAGED_WITHOUT_A_SIZE:
        return True
    texts = [operation.documentation]
    for shape in (operation.input_shape, operation.output_shape):
        texts += [member.documentation for member in getattr(shape, "members", {}).values()]
    said = rf"must (set|specify|include|provide) {key} to (receive|get)"
    return re.search(said, re.sub(r"<[^>]*>", "", " ".join(texts))) is not None


def _carrying(pages: Paging) -> set[str]:
    """Return the places of an answer that only carry the paging on."""
    tokens = [part.strip() for each in paths(pages.get("output_token")) for part in each.split("||")]
    sent = [*paths(pages.get("input_token")), *paths(pages.get("limit_key"))]
    return {*tokens, *paths(pages.get("more_results")), *sent}


def _beside(shape: Any, carried: set[str], way: str = "") -> list[str]:
    """Return the paths of all members that are neither carried nor on the way to what is."""
    found = []
    for name, member in shape.members.items():
        path = f"{way}{name}"
        if path in carried:
            continue
        if any(each.startswith(f"{path}.") for each in carried):
            found += _beside(member, carried, f"{path}.")
        else:
            found.append(path)
    return found


def _is_told(operation: OperationModel, path: str) -> bool:
    """Return whether the caller knows what is there already, or has no use for it."""
    name = path.rpartition(".")[2]
    if name in _OF_THE_PAGE or (operation.service_model.service_name, name) in _ECHOES:
        return True
    given = operation.input_shape
    if given is not None and name in given.required_members:
        return True
    # An HTTP status, which is an error where it is no success.
    return name == "Status" and shape_at(operation.output_shape, path).type_name == "integer"
