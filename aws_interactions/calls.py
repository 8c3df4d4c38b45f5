"""What service modules share in making calls."""

from collections.abc import Iterator, Mapping
from typing import Any


def pages_of(client: Any, operation: str, **parameters: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the pages of a list operation, by botocore's paginator.

    A page token that comes twice raises botocore's ``PaginationError``, which the translation of
    errors makes ``Unavailable``: the list is then neither endless nor short.
    """
    yield from client.get_paginator(operation).paginate(**parameters)


def only_given(**parameters: Any) -> dict[str, Any]:
    """Return the parameters that are not ``None``: botocore takes no ``None``."""
    return {name: value for name, value in parameters.items() if value is not None}
