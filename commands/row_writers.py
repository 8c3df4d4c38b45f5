"""Writers of rows, one for each output format; they write to a console and nowhere else."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

from commands import row_formats
from commands.options import OutputFormat

if TYPE_CHECKING:
    from aws_operations.targets import Target
    from commands.console import Console

_TARGET_COLUMNS = ("account", "region")
_ITEM = "item"


class RowWriter(ABC):
    """Takes rows and writes them in one format; ``finish`` makes the document whole.

    A row is a dataclass, or a mapping whose names are the data's own: there the next one may have others,
    and names like those of the target's columns.
    """

    def __init__(self, console: "Console", *, with_target: bool) -> None:
        self._console = console
        self._with_target = with_target
        self.count = 0

    def write(self, row: object, target: "Target | None" = None) -> None:
        """Write a row; its target is shown only where targets were chosen."""
        document = row_formats.as_document(row)
        if isinstance(row, Mapping):
            self._write_loose(
                document if not self._with_target else with_target_columns({_ITEM: document}, target)
            )
        else:
            self._write_document(with_target_columns(document, target) if self._with_target else document)
        self.count += 1

    def write_from(self, target: "Target | None", row: object) -> None:
        """Write a row, target first."""
        self.write(row, target)

    def finish(self) -> None:
        """Write what is still to come; nothing may be written after it."""
        self._console.flush()

    @abstractmethod
    def _write_document(self, document: Any) -> None:
        """Write or keep the document of one row."""

    def _write_loose(self, document: Any) -> None:
        """Write or keep the document of one mapping."""
        self._write_document(document)


class _JsonWriter(RowWriter):
    """A list, an object as soon as it comes."""

    def _write_document(self, document: Any) -> None:
        text = row_formats.json_text(document, indent=2).replace("\n", "\n  ")
        self._console.write(f"{',' if self.count else '['}\n  {text}")

    def finish(self) -> None:
        self._console.write("\n]\n" if self.count else "[]\n")


class _JsonLinesWriter(RowWriter):
    """An object a line, each handed on at once; a query is asked of each."""

    def __init__(self, console: "Console", *, with_target: bool, query: str | None) -> None:
        super().__init__(console, with_target=with_target)
        self._query = query

    def _write_document(self, document: Any) -> None:
        self._console.write(row_formats.json_text(queried(document, self._query)) + "\n")
        self._console.flush()


class _TextWriter(RowWriter):
    """Values separated by tabs, no header; a mapping is JSON, for its names are not the next one's."""

    def _write_document(self, document: Any) -> None:
        _, lines = row_formats.lines_of(document)
        self._console.write("".join(row_formats.text_line(line) for line in lines))

    def _write_loose(self, document: Any) -> None:
        self._write_document(document if self._with_target else {_ITEM: document})


class _CsvWriter(RowWriter):
    """A header from the first row, then a line for each; all rows of a command have the same columns.

    Mappings are kept for the end, when the names of all are known.
    """

    def __init__(self, console: "Console", *, with_target: bool) -> None:
        super().__init__(console, with_target=with_target)
        self._columns: list[str] = []
        self._loose: list[Any] = []

    def _write_loose(self, document: Any) -> None:
        self._loose.append(document)

    def finish(self) -> None:
        columns, lines = row_formats.lines_of(self._loose)
        if lines:
            self._write_lines([columns, *lines])
        super().finish()

    def _write_document(self, document: Any) -> None:
        columns, lines = row_formats.lines_of(document)
        if not self.count:
            self._columns = columns
            lines = [columns, *lines]
        elif columns != self._columns:
            raise TypeError(f"rows of one command have the columns {self._columns} and {columns}")
        self._write_lines(lines)

    def _write_lines(self, lines: Iterable[Iterable[Any]]) -> None:
        for line in lines:
            self._console.write(row_formats.csv_line(line, for_terminal=self._console.is_stdout_terminal))


class _YamlWriter(RowWriter):
    """A list, an item as soon as it comes."""

    def _write_document(self, document: Any) -> None:
        self._console.write(row_formats.yaml_text([document]))

    def finish(self) -> None:
        if not self.count:
            self._console.write("[]\n")


class _WholeWriter(RowWriter):
    """Keeps the rows and writes them at the end: tables, and whatever a query is asked of."""

    def __init__(
        self, console: "Console", *, with_target: bool, query: str | None, may_shorten: bool
    ) -> None:
        super().__init__(console, with_target=with_target)
        self._query = query
        # Who asks a query wants what it finds.
        self._may_shorten = may_shorten and query is None
        self._documents: list[Any] = []

    def _write_document(self, document: Any) -> None:
        self._documents.append(document)

    def finish(self) -> None:
        document = queried(self._documents, self._query)
        for_terminal = self._console.is_stdout_terminal
        self._console.write(
            row_formats.document_text(
                document, self._console.output, for_terminal=for_terminal, may_shorten=self._may_shorten
            )
        )


def writer_for(
    console: "Console", *, with_target: bool, query: str | None, may_shorten: bool = False
) -> RowWriter:
    """Return the writer for the console's format; ``query`` is JMESPath.

    ``may_shorten``: a table that is too wide for a terminal may leave out the middle of ARNs.
    """
    if console.output is OutputFormat.JSONL:
        return _JsonLinesWriter(console, with_target=with_target, query=query)
    if query is not None or console.output is OutputFormat.TABLE:
        return _WholeWriter(console, with_target=with_target, query=query, may_shorten=may_shorten)
    streaming: dict[OutputFormat, type[RowWriter]] = {
        OutputFormat.JSON: _JsonWriter,
        OutputFormat.CSV: _CsvWriter,
        OutputFormat.YAML: _YamlWriter,
    }
    return streaming.get(console.output, _TextWriter)(console, with_target=with_target)


def with_target_columns(document: Any, target: "Target | None") -> Any:
    """Put account and region first, where profiles were chosen the profile before them.

    What the row itself says of them (a bucket's region) holds.
    """
    if not isinstance(document, dict):
        return document
    own = {key: value for key, value in document.items() if value is not None or key not in _TARGET_COLUMNS}
    account, region = (target.aws_account, target.aws_region) if target is not None else (None, None)
    profile = {"profile": target.aws_profile} if target is not None and target.aws_profile else {}
    return profile | {"account": account, "region": region} | own


def queried(document: Any, query: str | None) -> Any:
    """Return what a query finds in a document; raises ``click.UsageError`` if it cannot be asked of it."""
    if query is None:
        return document
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        return jmespath.search(query, document)
    except JMESPathError as error:
        raise click.UsageError(f"--query {query!r}: {_complaint(error)}") from error


def _complaint(error: Exception) -> str:
    """Return what is wrong with a query, without the rows that JMESPath puts into its message."""
    from jmespath.exceptions import JMESPathTypeError

    if not isinstance(error, JMESPathTypeError):
        return str(error).partition("\n")[0]
    wanted = " or ".join(str(kind) for kind in error.expected_types)
    return f"{error.function_name}() takes {wanted}, and got {error.actual_type}"
