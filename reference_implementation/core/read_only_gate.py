"""What makes a client read-only: all that is not listed as a read is refused before it is sent."""

from typing import Any

from core.aws_errors import ReadOnlyViolation
from core.read_operations import READ_OPERATIONS

_MARK = "read_only_gate"
_READING_METHODS = frozenset({"GET", "HEAD"})


def install_read_only_gate(client: Any) -> None:
    """Make a client refuse every operation but those in ``READ_OPERATIONS``.

    The first hook sees which operation is asked for and marks a read. The second sees everything that
    is about to be signed, presigned URLs and posts included, and refuses what has no mark.
    """
    service_name = client.meta.service_model.service_name
    reads = READ_OPERATIONS.get(service_name, frozenset())

    def admit_reads(model: Any, context: dict[str, Any], **_: object) -> None:
        if model.name not in reads:
            raise _violation(service_name, model.name)
        context[_MARK] = (model.name, model.http.get("method"))

    def refuse_unmarked(request: Any, operation_name: str, **_: object) -> None:
        marked_name, marked_method = request.context.get(_MARK, (None, None))
        # A presigned URL may be asked for with another method: a GetObject sent as DELETE deletes.
        if marked_name != operation_name or request.method not in {marked_method, *_READING_METHODS}:
            raise _violation(service_name, operation_name)

    service_event = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register_first(f"before-parameter-build.{service_event}", admit_reads)
    client.meta.events.register_last(f"before-sign.{service_event}", refuse_unmarked)


def _violation(service_name: str, operation_name: str) -> ReadOnlyViolation:
    return ReadOnlyViolation(
        f"{service_name} {operation_name} is no listed read, and this client is read-only; nothing was sent"
    )
