"""What the ``s3`` commands share: the noun itself, their arguments, sizes, ages and filters of keys."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import click

from commands.app import noun
from commands.parameters import BUCKET, UTF8_TEXT

s3 = noun("s3", help="Buckets and objects.")

SAMPLE: Final = "samples-123456789012-us-east-1"
VERSIONED_SAMPLE: Final = "samples-versioned-123456789012"
PROGRAM_ON_SANDBOX: Final = "manage-resources --sandbox s3"

bucket_argument = click.argument("bucket", type=BUCKET)
buckets_argument = click.argument("buckets", metavar="BUCKET...", type=BUCKET, nargs=-1, required=True)
key_argument = click.argument("key", type=UTF8_TEXT)

Body = TypeVar("Body", bound=Callable[..., Any])

_SIZE = re.compile(r"([0-9]{1,15})\s?(?:([KMGT])(i?B)?|B)?", re.IGNORECASE)
_BYTES_BY_UNIT = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
_AGE = re.compile(r"([0-9]{1,6})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}.*")


class ByteCount(click.ParamType[int]):
    """A size in bytes, ``10K``, ``5M`` or ``1GiB``; K is 1024, as S3's own tools have it."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return it in bytes, or fail with what is allowed."""
        found = _SIZE.fullmatch(str(value))
        if found is None:
            self.fail(f"{str(value)!r} is not a size such as 500, 10K, 5M or 1GiB", param, ctx)
        return int(found[1]) * _BYTES_BY_UNIT[(found[2] or "").upper()]


class Moment(click.ParamType[datetime]):
    """A time as ISO 8601 writes it, in UTC unless it says otherwise, or how long ago: ``30d``, ``12h``."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return it as an aware time, or fail with what is allowed."""
        if isinstance(value, datetime):
            return value
        try:
            return _moment(str(value))
        except (ValueError, OverflowError):
            message = f"{str(value)!r} is not a time such as 2026-01-31, 2026-01-31T18:00Z, 30d or 12h"
            self.fail(message, param, ctx)


def _moment(text: str) -> datetime:
    age = _AGE.fullmatch(text)
    if age is not None:
        return datetime.now(UTC) - timedelta(**{_UNITS[age[2]]: int(age[1])})
    if _DATE.fullmatch(text) is None:
        raise ValueError(text)
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


SIZE = ByteCount()
MOMENT = Moment()


def pattern_options(body: Body) -> Body:
    """Give a command the options that say which keys are wanted by their names."""
    match = click.option(
        "--match",
        "patterns",
        type=UTF8_TEXT,
        multiple=True,
        metavar="PATTERN",
        help='Only keys like this, such as "logs/*.gz"; * goes past slashes. Repeatable: one is enough.',
    )
    exclude = click.option(
        "--exclude",
        "excluded",
        type=UTF8_TEXT,
        multiple=True,
        metavar="PATTERN",
        help="No keys like this; repeatable.",
    )
    return match(exclude(body))


def filter_options(body: Body) -> Body:
    """Give a command the options that say which keys are wanted."""
    options = [
        click.option(
            "--min-size", type=SIZE, metavar="SIZE", help="Only this large or larger: 500, 10K, 1GiB."
        ),
        click.option("--max-size", type=SIZE, metavar="SIZE", help="Only this large or smaller."),
        click.option(
            "--older-than",
            type=MOMENT,
            metavar="TIME",
            help="Only what was written before: 30d, 12h, or a time such as 2026-01-31T18:00Z.",
        ),
        click.option("--newer-than", type=MOMENT, metavar="TIME", help="Only what was written after it."),
        click.option(
            "--storage-class",
            "storage_classes",
            type=UTF8_TEXT,
            multiple=True,
            metavar="CLASS",
            help="Only of this class, such as STANDARD_IA; repeatable.",
        ),
    ]
    for option in reversed(options):
        body = option(body)
    return pattern_options(body)
