"""Parameter types that several commands share."""

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from commands import option_values

# Wider than today's rule: old buckets may have capitals, underscores and up to 255 characters.
_BUCKET = re.compile(r"(?:[A-Za-z0-9._-]|\{account\}|\{region\}){3,255}")
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_KNOWN_PLACEHOLDERS = ("{account}", "{region}")

HERE = option_values.ENGINES[0]


Body = TypeVar("Body", bound=Callable[..., Any])
Value = TypeVar("Value")


class BucketName(click.ParamType[str]):
    """A bucket's name, which may hold ``{account}`` and ``{region}``; ``s3://`` before it is taken off.

    ``key_advice`` says where the command takes what was given after a slash.
    """

    name = "bucket"

    def __init__(self, key_advice: str = "give bucket and key as two words") -> None:
        self._key_advice = key_advice

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name, or fail with what is wrong with it."""
        text = str(value).removeprefix("s3://").removesuffix("/")
        complaint = self._complaint(text)
        if complaint:
            self.fail(f"{str(value)!r} {complaint}", param, ctx)
        return text

    def _complaint(self, text: str) -> str | None:
        if text.startswith("arn:"):
            return "is an ARN, give the name"
        if "/" in text:
            return f"is not a bucket name: {self._key_advice}"
        unknown = [found for found in _PLACEHOLDER.findall(text) if found not in _KNOWN_PLACEHOLDERS]
        if unknown:
            return f"has the unknown placeholder {unknown[0]}; there are {{account}} and {{region}}"
        if not _BUCKET.fullmatch(text):
            return (
                "is not a bucket name: at least 3 letters, digits, dots and hyphens; "
                "{account} and {region} are filled in for each target"
            )
        return None


class Seconds(click.ParamType[int]):
    """A time in seconds, ``15m`` or ``1h``; ``check`` returns it in seconds or raises ``ValueError``."""

    name = "time"

    def __init__(self, check: Callable[[str], int]) -> None:
        self._check = check

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return it in seconds, or fail with what is allowed."""
        try:
            return self._check(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class PlaceOfWork(click.ParamType[str]):
    """``local``, or the address of a cluster's scheduler."""

    name = "place"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return it as it was given, or fail with what is wrong with it."""
        try:
            return HERE if value == HERE else option_values.scheduler_url(str(value))
        except ValueError as error:
            self.fail(f"{error}; or {HERE}", param, ctx)


class FileName(click.Path):
    """The path of a local file; ``-`` is refused, because no command reads or writes standard streams so."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the path as it was given; what is there is for the operation to find out."""
        if value == "-":
            self.fail("stdin and stdout are not supported; write ./- for a file of that name", param, ctx)
        if not value:
            self.fail("the path is empty", param, ctx)
        return str(value)


class Utf8Text(click.ParamType[str]):
    """Text that AWS can be sent: a command line may hold bytes that are no text."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text, or fail where it holds bytes that are not UTF-8."""
        text = str(value)
        try:
            text.encode()
        except UnicodeEncodeError:
            self.fail(f"{text!r} is not UTF-8 text", param, ctx)
        return text


class NameAndValue(click.ParamType[tuple[str, str]]):
    """``NAME=VALUE``; the value may be empty and may hold further equals signs."""

    name = "name=value"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Return name and value, or fail where there is no name."""
        if isinstance(value, tuple):
            return value
        name, separator, text = UTF8_TEXT.convert(value, param, ctx).partition("=")
        if not separator or not name:
            self.fail(f"{value!r} is not NAME=VALUE", param, ctx)
        return name, text


BUCKET = BucketName()
BUCKET_TO_LIST = BucketName("give the start of the keys with --prefix")
EXPIRY = Seconds(option_values.expiry)
WAIT = Seconds(option_values.wait)
FILE = FileName()
PLACE_OF_WORK = PlaceOfWork()
UTF8_TEXT = Utf8Text()
NAME_AND_VALUE = NameAndValue()


def each_once(what: str, pairs: Sequence[tuple[str, Value]]) -> dict[str, Value]:
    """Return names and values as a dict; a name given twice is a usage error, which calls it ``what``."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for name in found if [given for given, _ in pairs].count(name) > 1)
        raise click.UsageError(f"the {what} {twice!r} is given twice")
    return found


def wait_options(body: Body) -> Body:
    """Give a command that waits its ``--timeout`` and ``--interval``, both in seconds."""
    interval = click.option(
        "--interval",
        type=WAIT,
        default=15,
        show_default=True,
        metavar="SECONDS",
        help="How often to look; 1m works too.",
    )
    timeout = click.option(
        "--timeout",
        type=WAIT,
        default=1800,
        show_default=True,
        metavar="SECONDS",
        help="How long to wait at most; 15m and 1h work too. Past it the exit code is 7.",
    )
    return timeout(interval(body))
