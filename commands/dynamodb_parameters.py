"""What the ``dynamodb`` commands share: the noun itself, parameter types and options."""

import re
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TextIO, TypeVar

import click

from commands.app import noun
from commands.lazy import lazy
from commands.parameters import NAME_AND_VALUE, UTF8_TEXT, FileName, wait_options

if TYPE_CHECKING:
    from aws_operations.dynamodb import change_parts as parts, following, plain_json as dynamodb_json
else:
    following = lazy("aws_operations.dynamodb.following")
    parts = lazy("aws_operations.dynamodb.change_parts")
    dynamodb_json = lazy("aws_operations.dynamodb.plain_json")

dynamodb = noun("dynamodb", help="Tables and their items, as plain JSON.")

PROGRAM_ON_SANDBOX: Final = "manage-resources --sandbox dynamodb"

_TABLE = re.compile(r"(?:[A-Za-z0-9_.-]|\{account\}|\{region\}){3,255}")
_KEY_TYPES = ("S", "N", "B")
_STANDARD_STREAM = "-"

Body = TypeVar("Body", bound=Callable[..., Any])


class TableName(click.ParamType[str]):
    """A table's name, which may hold ``{account}`` and ``{region}``."""

    name = "table"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name, or fail with what is wrong with it."""
        text = str(value)
        if text.startswith("arn:"):
            self.fail(f"{text!r} is an ARN, give the name", param, ctx)
        if not _TABLE.fullmatch(text):
            self.fail(
                f"{text!r} is not a table name: 3 to 255 letters, digits, dots, hyphens and underscores; "
                "{account} and {region} are filled in for each target",
                param,
                ctx,
            )
        return text


class JsonText(click.ParamType[Any]):
    """JSON in the notation of items; an object where ``is_object``."""

    name = "json"

    def __init__(self, *, is_object: bool = True) -> None:
        self._is_object = is_object

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return what the JSON stands for, or fail with what is wrong with it."""
        if not isinstance(value, str):
            return value
        return self.read(value, param, ctx)

    def read(self, text: str, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return what the text stands for, or fail."""
        if self._is_object and not text.lstrip().startswith("{"):
            self.fail(f'{text!r} is not a JSON object, such as \'{{"name": "value"}}\'', param, ctx)
        from aws_interactions.aws_errors import InvalidInput

        try:
            return dynamodb_json.parse_item(text) if self._is_object else dynamodb_json.parse_value(text)
        except InvalidInput as error:
            is_bare = text.strip() and text.strip()[0] not in '"{[' and not self._is_object
            advice = f"; text is in double quotes: '\"{text.strip()}\"'" if is_bare else ""
            self.fail(f"{error}{advice}", param, ctx)


class NamesText(JsonText):
    """A JSON object whose values are names."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the names by placeholder, or fail."""
        found = super().convert(value, param, ctx)
        if not all(isinstance(name, str) for name in found.values()):
            self.fail('takes names in quotes, such as \'{"#s": "status"}\'', param, ctx)
        return found


class NameAndJson(click.ParamType[tuple[str, Any]]):
    """``NAME=JSON``."""

    name = "name=json"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Any]:
        """Return name and value, or fail with what is wrong."""
        if isinstance(value, tuple):
            return value
        name, text = NAME_AND_VALUE.convert(value, param, ctx)
        return name, JSON_VALUE.read(text, param, ctx)


class KeyType(click.ParamType[tuple[str, str]]):
    """``NAME:TYPE``, an attribute of a key and ``S``, ``N`` or ``B``."""

    name = "name:type"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Return name and type, or fail."""
        if isinstance(value, tuple):
            return value
        name, _, kind = UTF8_TEXT.convert(value, param, ctx).rpartition(":")
        if not name or kind.upper() not in _KEY_TYPES:
            self.fail(
                f"{value!r} is not NAME:S for text, NAME:N for a number or NAME:B for binary", param, ctx
            )
        return name, kind.upper()


class IndexText(click.ParamType[tuple[str, tuple[tuple[str, str], ...]]]):
    """``INDEX=NAME:TYPE,NAME:TYPE``, an index and its key."""

    name = "index"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, tuple[tuple[str, str], ...]]:
        """Return the index's name and its key, or fail."""
        if isinstance(value, tuple):
            return value
        name, text = NAME_AND_VALUE.convert(value, param, ctx)
        return name, tuple(KEY_TYPE.convert(part.strip(), param, ctx) for part in text.split(","))


class FileOrStream(FileName):
    """The path of a local file, or ``-`` for standard input."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the path as it was given, ``-`` too."""
        return value if value == _STANDARD_STREAM else super().convert(value, param, ctx)


class NameList(click.ParamType[tuple[str, ...]]):
    """Names separated by commas."""

    name = "names"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Return the names, or fail where one is empty."""
        if isinstance(value, tuple):
            return value
        names = tuple(part.strip() for part in UTF8_TEXT.convert(value, param, ctx).split(","))
        if not all(names):
            self.fail(f"{value!r} has an empty name in it", param, ctx)
        return names


TABLE = TableName()
JSON_OBJECT = JsonText()
JSON_VALUE = JsonText(is_object=False)
NAMES = NamesText()
NAME_AND_JSON = NameAndJson()
KEY_TYPE = KeyType()
INDEX = IndexText()
FILE_OR_STREAM = FileOrStream()
NAME_LIST = NameList()

table_argument = click.argument("table", type=TABLE)
tables_argument = click.argument("tables", metavar="TABLE...", type=TABLE, nargs=-1, required=True)
tables_or_all_argument = click.argument("tables", metavar="[TABLE]...", type=TABLE, nargs=-1)
key_argument = click.argument("key", metavar="KEY_JSON", type=JSON_OBJECT)
attributes_option = click.option(
    "--attributes",
    type=NAME_LIST,
    metavar="A,B",
    help="Only these attributes; parts of one as a.b[0]. Reserved words need no care.",
)
consistent_option = click.option(
    "--consistent", is_flag=True, help="See every write that was answered before; at twice the price."
)
keep_before_option = click.option(
    "--keep-before",
    is_flag=True,
    help="Keep what is replaced or deleted in the journal of runs, so that it can be undone.",
)


def on_or_off_option(help_text: str) -> Callable[[Body], Body]:
    """Return what gives a command ``--on`` and ``--off``, of which one has to be given."""
    return click.option("--on/--off", "is_on", default=None, callback=_one_of_the_two, help=help_text)


def _one_of_the_two(_context: click.Context, _parameter: click.Parameter, value: bool | None) -> bool:
    # A flag that is not given is no missing option to Click.
    if value is None:
        raise click.UsageError("give --on or --off")
    return value


def follow_options(body: Body) -> Body:
    """Give a command that begins what AWS does by itself ``--wait``, ``--timeout`` and ``--interval``."""
    wait = click.option(
        "--wait/--no-wait",
        "wait",
        default=True,
        show_default=True,
        help="Wait for its end, or be done once AWS has begun.",
    )
    return wait(wait_options(body))


def following_from(options: dict[str, Any]) -> Any:
    """Return how to follow what is begun, ``None`` for not at all."""
    if not options["wait"]:
        return None
    return following.Following(options["timeout"], options["interval"])


def expression_options(body: Body) -> Body:
    """Give a command ``--names`` and ``--values``, for what its expressions call ``#name`` and ``:value``."""
    names = click.option(
        "--names", type=NAMES, metavar="JSON", help='What expressions call #name: \'{"#s": "status"}\'.'
    )
    values = click.option(
        "--values", type=JSON_OBJECT, metavar="JSON", help='What expressions call :value: \'{":s": "open"}\'.'
    )
    return names(values(body))


def condition_options(body: Body) -> Body:
    """Give a command that writes an item ``--condition``, ``--names`` and ``--values``."""
    condition = click.option(
        "--condition",
        type=UTF8_TEXT,
        metavar="EXPR",
        help="Write only if this holds for the item, as DynamoDB has it: 'attribute_exists(a) AND b > :b'.",
    )
    return condition(expression_options(body))


def reading_options(body: Body) -> Body:
    """Give a command that reads many items its options."""
    body = expression_options(consistent_option(body))
    body = click.option(
        "--filter",
        "filter_",
        type=UTF8_TEXT,
        metavar="EXPR",
        help="Only items for which this holds; what it leaves out is read, and paid for, all the same.",
    )(body)
    body = click.option(
        "--limit", type=click.IntRange(min=1), help="So many items at most, after the filter."
    )(attributes_option(body))
    return click.option("--index", type=UTF8_TEXT, help="Read this index.")(body)


def condition_from(
    expression: str | None, names: dict[str, str] | None, values: dict[str, Any] | None, *, option: str
) -> Any:
    """Return the condition that the options make, ``None`` without one."""
    if expression is None:
        if names or values:
            raise click.UsageError(f"--names and --values go with {option}")
        return None
    return parts.Condition(expression, names or {}, values or {})


def opened(source: str) -> Path | BinaryIO:
    """Return the path of a file, or standard input for ``-``."""
    if source != _STANDARD_STREAM:
        return Path(source)
    # The interpreter has None for a stream that was closed before it started.
    stream: TextIO | None = sys.stdin
    if stream is None:
        return BytesIO()
    if stream.isatty():
        from commands.console import Console

        Console().note("reading from the terminal; Ctrl-D on a line of its own ends it")
    return stream.buffer
