"""How a compiled parser says that an answer is botocore's to parse."""

from typing import Any, NoReturn


class Unusual(Exception):
    """Something in an answer that botocore treats in a way of its own, or refuses."""


def refuse(_value: Any) -> NoReturn:
    """Raise ``Unusual``, for what no parser is compiled for."""
    raise Unusual
