"""The XML of S3's answers is read once, not twice.

S3 may put an error into an answer of status 200, so botocore reads the whole body to see what its root is,
drops that, and the parser reads the body again: a fifth of what a ListObjectsV2 of 1,000 keys costs. Here
the tree that was looked at is handed on to the compiled parser in the answer's own context.

It replaces one private handler of botocore; a test fails when that moves. It may be deleted, with its call.
"""

from typing import Any, Final

from botocore import handlers
from botocore.compat import ETree, XMLParseError  # type: ignore[attr-defined]  # its stubs leave them out

from aws_interactions.botocore_events import BotocoreSeamMoved
from aws_interactions.compiled_parsers import TREE_KEY

_EVENT: Final = "before-parse.s3.*"


def find_embedded_error(operation_model: Any, response_dict: dict[str, Any], **_: object) -> None:
    """Make an error that came with status 200, or half an answer, one of status 500, as botocore does."""
    body = response_dict["body"]
    if response_dict["status_code"] != 200 or not body or not _is_to_be_read(operation_model, response_dict):
        return
    root = _read(body)
    if root is None or root.tag == "Error":
        response_dict["status_code"] = 500
    else:
        response_dict["context"][TREE_KEY] = root


def install_reading_once(client: Any) -> None:
    """Replace botocore's handler on an S3 client; raises ``BotocoreSeamMoved``."""
    events = client.meta.events
    stock = getattr(handlers, "_handle_200_error", None)
    if stock is None or stock not in events._emitter._handlers.prefix_search(_EVENT):
        raise BotocoreSeamMoved(f"botocore has no handler of embedded errors on {_EVENT}")
    events.unregister(_EVENT, stock)
    events.register_first(_EVENT, find_embedded_error)


def _is_to_be_read(operation_model: Any, response_dict: dict[str, Any]) -> bool:
    is_to_be_read: bool = handlers._should_handle_200_error(operation_model, response_dict)  # type: ignore[attr-defined]
    return is_to_be_read


def _read(body: bytes) -> Any:
    parser = ETree.XMLParser(target=ETree.TreeBuilder(), encoding="utf-8")
    try:
        parser.feed(body)
        return parser.close()
    except XMLParseError:
        return None
