"""Read-only clients: what is not known to be a read is refused before anything is sent or signed.

Two hooks. ``before-parameter-build`` sees the operation that botocore is about to build and marks
the request context of a read. ``before-sign``, the one event that every route to a signature fires
(calls, presigned URLs and posts, authentication tokens, unsigned operations too), refuses a request
without that mark. What is a read stands in ``service_operations``; names and HTTP methods lie.
"""

from typing import Any, Final

from aws_interactions.aws_errors import ReadOnlyViolation
from aws_interactions.request_context import READ_KEY
from aws_interactions.service_operations import is_read

_SAFE_METHODS: Final = frozenset({"GET", "HEAD"})


class ReadOnlyGate:
    """The gate of one service; stateless, so one serves all threads."""

    def __init__(self, service_name: str) -> None:
        self._service_name = service_name

    def admit_reads(self, model: Any, context: dict[str, Any], **_: object) -> None:
        """Mark the request context of a read; raise ``ReadOnlyViolation`` for everything else."""
        operation_name = model.name
        if not is_read(self._service_name, operation_name):
            raise self._violation(operation_name, is_presign=bool(context.get("is_presign_request")))
        context[READ_KEY] = (operation_name, model.http.get("method", "POST"))

    def refuse_unmarked(self, request: Any, operation_name: str, **_: object) -> None:
        """Raise ``ReadOnlyViolation`` for a request that did not come in as this very read.

        A presigned URL may be given another HTTP method than its operation has: with that, a
        GetObject would be a signed DELETE, so only reading methods may replace the modelled one.
        """
        marked_name, marked_method = request.context.get(READ_KEY, (None, None))
        if marked_name != operation_name:
            raise self._violation(operation_name)
        if request.method != marked_method and request.method not in _SAFE_METHODS:
            raise ReadOnlyViolation(
                f"{self._service_name} {operation_name} signed for HTTP {request.method} is not a read; "
                "nothing was signed"
            )

    def _violation(self, operation_name: str, *, is_presign: bool = False) -> ReadOnlyViolation:
        name = operation_name
        if is_presign and operation_name == "CreateBucket":
            # Botocore announces generate_presigned_post, which signs PutObject, under this name.
            name = "CreateBucket, or a presigned POST (PutObject),"
        return ReadOnlyViolation(
            f"{self._service_name} {name} is not a read, and this client is read-only; nothing was sent"
        )


def install_read_only_gate(client: Any) -> None:
    """Make a client, and with it all clients that are bound to it, refuse everything but reads."""
    service_model = client.meta.service_model
    service_event = service_model.service_id.hyphenize()
    gate = ReadOnlyGate(service_model.service_name)
    client.meta.events.register_first(f"before-parameter-build.{service_event}", gate.admit_reads)
    client.meta.events.register_last(f"before-sign.{service_event}", gate.refuse_unmarked)
