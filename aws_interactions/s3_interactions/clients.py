"""What the S3 modules share in asking for pages and reading answers."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def pages_of(client: "S3Client", operation: str, **parameters: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the pages of a list operation, by botocore's paginator."""
    untyped: Any = client
    yield from untyped.get_paginator(operation).paginate(**parameters)


def bare_etag(answer: Mapping[str, Any]) -> str:
    """Return an answer's ETag without its quotes, ``""`` if it has none."""
    return str(answer.get("ETag", "")).strip('"')


def only_given(**parameters: Any) -> dict[str, Any]:
    """Return the parameters that are not ``None``: botocore takes no ``None``."""
    return {name: value for name, value in parameters.items() if value is not None}
