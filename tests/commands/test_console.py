import errno
import io
import json
from dataclasses import dataclass

import click
import pytest
import yaml

from aws_operations.targets import Target
from commands.console import Console
from commands.exit_codes import CantWriteOutput
from commands.options import OutputFormat

HERE = Target("eu-west-1", "123456789012")


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    size: int | None = None


@dataclass(frozen=True, slots=True)
class BucketRow:
    name: str
    region: str | None


class BinaryTerminal(io.BytesIO):
    def isatty(self) -> bool:
        return True


class TextTerminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Failing(io.BytesIO):
    def __init__(self, code: int) -> None:
        super().__init__()
        self.code = code

    def flush(self) -> None:
        raise OSError(self.code, "failed")


def written(output: OutputFormat | None, *rows: object, query: str | None = None, many: bool = False) -> str:
    stdout = io.BytesIO()
    console = Console(output=output, query=query, stdout=stdout, stderr=io.StringIO())
    with console.rows(with_target=many) as writer:
        for row in rows:
            writer.write(row, HERE)
    return stdout.getvalue().decode("utf-8")


def test_WHEN_nobody_chose_a_format_THEN_it_is_a_table_on_a_terminal_and_text_elsewhere() -> None:
    assert Console(stdout=io.BytesIO(), stderr=io.StringIO()).output is OutputFormat.TEXT
    assert Console(stdout=BinaryTerminal(), stderr=io.StringIO()).output is OutputFormat.TABLE


ROWS = (Row("a", 1), Row("b\tc", None))


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (OutputFormat.TEXT, "a\t1\nb\\tc\t\n"),
        (OutputFormat.CSV, "name,size\r\na,1\r\nb\tc,\r\n"),
        (OutputFormat.JSONL, '{"name":"a","size":1}\n{"name":"b\\tc","size":null}\n'),
        (OutputFormat.TABLE, "name      size\n------  ------\na            1\nb\\tc\n"),
    ],
)
def test_WHEN_rows_are_written_THEN_each_format_has_them_in_field_order(
    output: OutputFormat, expected: str
) -> None:
    assert [line.rstrip(" ") for line in written(output, *ROWS).split("\n")] == expected.split("\n")


def test_WHEN_rows_are_json_or_yaml_THEN_they_are_one_list() -> None:
    expected = [{"name": "a", "size": 1}, {"name": "b\tc", "size": None}]

    assert json.loads(written(OutputFormat.JSON, *ROWS)) == expected
    assert yaml.safe_load(written(OutputFormat.YAML, *ROWS)) == expected


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (OutputFormat.TEXT, ""),
        (OutputFormat.TABLE, ""),
        (OutputFormat.CSV, ""),
        (OutputFormat.JSONL, ""),
        (OutputFormat.JSON, "[]\n"),
        (OutputFormat.YAML, "[]\n"),
    ],
)
def test_WHEN_there_are_no_rows_THEN_the_document_is_empty(output: OutputFormat, expected: str) -> None:
    assert written(output) == expected


def test_WHEN_there_are_no_rows_on_a_terminal_THEN_a_note_says_so() -> None:
    stderr = TextTerminal()
    with Console(stdout=BinaryTerminal(), stderr=stderr, environ={"NO_COLOR": "1"}).rows():
        pass

    assert stderr.getvalue() == "no rows\n"


@pytest.mark.parametrize("output", OutputFormat)
def test_WHEN_there_are_many_targets_THEN_account_and_region_come_first(output: OutputFormat) -> None:
    text = written(output, Row("zzz", 1), many=True)

    positions = [text.index(part) for part in ("123456789012", "eu-west-1", "zzz")]
    assert positions == sorted(positions)


def test_WHEN_row_has_a_region_of_its_own_AND_targets_are_many_THEN_its_own_holds() -> None:
    rows = json.loads(
        written(OutputFormat.JSON, BucketRow("far", "us-east-1"), BucketRow("near", None), many=True)
    )

    assert [list(row) for row in rows] == [["account", "region", "name"]] * 2
    assert [row["region"] for row in rows] == ["us-east-1", "eu-west-1"]


@pytest.mark.parametrize("count", [0, 1, 2])
@pytest.mark.parametrize("query", [None, "[].name"])
def test_WHEN_body_raises_THEN_json_is_one_valid_document_of_what_came(count: int, query: str | None) -> None:
    stdout = io.BytesIO()
    console = Console(output=OutputFormat.JSON, query=query, stdout=stdout, stderr=io.StringIO())

    def body() -> None:
        with console.rows() as writer:
            for row in ROWS[:count]:
                writer.write(row)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        body()

    assert len(json.loads(stdout.getvalue())) == count


def test_WHEN_query_is_given_THEN_it_is_asked_of_the_whole_document() -> None:
    rows = (Row("a", 1), Row("b", 5))

    assert written(OutputFormat.TEXT, *rows, query="length(@)") == "2\n"
    assert written(OutputFormat.TEXT, *rows, query="[?size > `2`].name") == "b\n"
    assert written(OutputFormat.JSON, *rows, query="[0]") == '{\n  "name": "a",\n  "size": 1\n}\n'
    assert written(OutputFormat.JSON, *rows, query="none") == "null\n"


def test_WHEN_query_is_given_AND_format_is_jsonl_THEN_it_is_asked_of_each_row() -> None:
    assert written(OutputFormat.JSONL, *ROWS, query="name") == '"a"\n"b\\tc"\n'


def test_WHEN_query_fails_on_the_data_THEN_it_is_a_usage_error() -> None:
    with pytest.raises(click.UsageError, match="--query"):
        written(OutputFormat.JSON, Row("a"), query="[0].abs(name)")


def test_WHEN_query_fails_before_a_change_THEN_message_is_one_line_without_the_row() -> None:
    console = Console(output=OutputFormat.JSON, query="[0].abs(name)", stdout=io.BytesIO())

    with pytest.raises(click.UsageError) as raised:
        console.check_query([(HERE, Row("made-up"))])

    assert raised.value.message == (
        "--query '[0].abs(name)': abs() takes number, and got string; nothing was changed"
    )


def test_WHEN_query_is_checked_AND_targets_were_chosen_THEN_it_may_be_about_them() -> None:
    console = Console(output=OutputFormat.JSON, query="[].length(account)", stdout=io.BytesIO())

    console.check_query([(HERE, Row("a"))], with_target=True)


def test_WHEN_body_raises_AND_query_fails_on_what_came_THEN_the_first_error_is_told() -> None:
    console = Console(
        output=OutputFormat.TEXT, query="length([0].name)", stdout=io.BytesIO(), stderr=io.StringIO()
    )

    with pytest.raises(PermissionError), console.rows():
        raise PermissionError


def test_WHEN_rows_of_one_run_have_other_columns_THEN_csv_refuses_instead_of_shifting() -> None:
    with pytest.raises(TypeError, match="columns"):
        written(OutputFormat.CSV, Row("a"), BucketRow("b", None))


def test_WHEN_jsonl_row_is_written_THEN_it_is_handed_on_at_once() -> None:
    raw = io.BytesIO()
    stdout = io.BufferedWriter(raw)  # type: ignore[type-var]  # BytesIO serves as a raw stream
    with Console(output=OutputFormat.JSONL, stdout=stdout, stderr=io.StringIO()).rows() as writer:
        writer.write(Row("a"))
        assert raw.getvalue() == b'{"name":"a","size":null}\n'


def test_WHEN_pipe_is_closed_THEN_it_is_a_broken_pipe() -> None:
    with pytest.raises(BrokenPipeError):
        Console(stdout=Failing(errno.EPIPE), stderr=io.StringIO()).flush()


def test_WHEN_disk_is_full_at_the_last_flush_THEN_output_cannot_be_written() -> None:
    console = Console(output=OutputFormat.TEXT, stdout=Failing(errno.ENOSPC), stderr=io.StringIO())

    with pytest.raises(CantWriteOutput, match="standard output: failed"), console.rows() as writer:
        writer.write(Row("a"))


def test_WHEN_text_has_lone_surrogates_THEN_it_is_still_written() -> None:
    stdout = io.BytesIO()

    Console(stdout=stdout, stderr=io.StringIO()).write("a\udc80")

    assert stdout.getvalue() == b"a\\udc80"


def test_WHEN_something_is_said_THEN_it_is_one_plain_line_on_standard_error() -> None:
    stdout, stderr = io.BytesIO(), io.StringIO()
    console = Console(stdout=stdout, stderr=stderr)

    console.note("by the way")
    console.warn("look\nout")
    console.error("\x1b[2Jgone")

    assert stderr.getvalue() == "by the way\nwarning: look\\nout\nerror: \\x1b[2Jgone\n"
    assert stdout.getvalue() == b""


@pytest.mark.parametrize(("environ", "is_coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_WHEN_standard_error_is_a_terminal_THEN_colour_is_used_unless_refused(
    environ: dict[str, str], is_coloured: bool
) -> None:
    stderr = TextTerminal()

    Console(stdout=io.BytesIO(), stderr=stderr, environ=environ).error("bad")

    assert ("\x1b[31m" in stderr.getvalue()) is is_coloured


@pytest.mark.parametrize(
    ("answer", "is_yes"),
    [
        ("y\n", True),
        ("YES\n", True),
        ("yes", True),
        ("\n", False),
        ("", False),
        ("no\n", False),
        ("yep\n", False),
    ],
)
def test_WHEN_question_is_asked_THEN_only_yes_is_a_yes(answer: str, is_yes: bool) -> None:
    stderr = io.StringIO()
    console = Console(stdout=io.BytesIO(), stderr=stderr, stdin=io.StringIO(answer))

    assert console.confirm("Destroy it?") is is_yes
    assert stderr.getvalue().startswith("Destroy it? [y/N] ")


def test_WHEN_question_is_answered_with_bytes_that_are_no_text_THEN_it_is_a_no() -> None:
    stdin = io.TextIOWrapper(io.BytesIO(b"y\xff\n"), encoding="utf-8")

    assert not Console(stdout=io.BytesIO(), stderr=io.StringIO(), stdin=stdin).confirm("Sure?")


@pytest.mark.parametrize(
    ("answer", "is_agreed"),
    [
        ("logs/a\n", True),
        ("  logs/a", True),
        ("Logs/a\n", False),
        ("logs/a b\n", False),
        ("y\n", False),
        ("\n", False),
        ("", False),
    ],
)
def test_WHEN_a_word_is_asked_for_THEN_only_that_word_agrees(answer: str, is_agreed: bool) -> None:
    stderr = io.StringIO()
    console = Console(stdout=io.BytesIO(), stderr=stderr, stdin=io.StringIO(answer))

    assert console.typed("Type logs/a to go on", "logs/a") is is_agreed
    assert stderr.getvalue().startswith("Type logs/a to go on: ")
    assert ("that is not logs/a" in stderr.getvalue()) is (not is_agreed and bool(answer.strip()))


def test_WHEN_a_word_is_asked_for_AND_the_answer_is_no_text_THEN_it_is_a_no() -> None:
    stdin = io.TextIOWrapper(io.BytesIO(b"a\xff\n"), encoding="utf-8")

    assert not Console(stdout=io.BytesIO(), stderr=io.StringIO(), stdin=stdin).typed("Type a", "a")


def test_WHEN_input_or_standard_error_is_no_terminal_THEN_console_is_not_interactive() -> None:
    def is_interactive(stdin: io.StringIO, stderr: io.StringIO) -> bool:
        return Console(stdout=io.BytesIO(), stdin=stdin, stderr=stderr).is_interactive

    assert is_interactive(TextTerminal(), TextTerminal())
    assert not is_interactive(io.StringIO(), TextTerminal())
    assert not is_interactive(TextTerminal(), io.StringIO())


ITEMS = [{"id": "a", "count": 1}, {"id": "b", "tags": ["x"]}]


@pytest.mark.parametrize(
    ("output", "printed"),
    [
        (OutputFormat.TEXT, '{"id":"a","count":1}\n{"id":"b","tags":["x"]}\n'),
        (OutputFormat.CSV, 'id,count,tags\r\na,1,\r\nb,,"[""x""]"\r\n'),
        (OutputFormat.JSONL, '{"id":"a","count":1}\n{"id":"b","tags":["x"]}\n'),
        (
            OutputFormat.TABLE,
            'id      count  tags\n----  -------  ------\na           1\nb              ["x"]\n',
        ),
    ],
)
def test_WHEN_rows_are_mappings_THEN_each_may_have_names_of_its_own(
    output: OutputFormat, printed: str
) -> None:
    stdout = io.BytesIO()
    with Console(output=output, stdout=stdout, stderr=io.StringIO()).rows() as writer:
        for item in ITEMS:
            writer.write(item)
    assert stdout.getvalue().decode() == printed


@pytest.mark.parametrize(
    ("output", "printed"),
    [
        (OutputFormat.TEXT, '111122223333\teu-west-1\t{"account":"its own"}\n'),
        (OutputFormat.CSV, 'account,region,item\r\n111122223333,eu-west-1,"{""account"":""its own""}"\r\n'),
    ],
)
def test_WHEN_rows_are_mappings_AND_targets_were_chosen_THEN_their_names_cannot_hide_the_target(
    output: OutputFormat, printed: str
) -> None:
    stdout = io.BytesIO()
    with Console(output=output, stdout=stdout, stderr=io.StringIO()).rows(with_target=True) as writer:
        writer.write({"account": "its own"}, Target("eu-west-1", "111122223333"))
    assert stdout.getvalue().decode() == printed


@dataclass(frozen=True, slots=True)
class WideRow:
    name: str
    note: str


@pytest.mark.parametrize(
    ("count", "columns", "printed"),
    [
        (1, "20", "name    value\n------  ---------------\nname    web-1\nnote    a longer remark\n"),
        (1, "80", "name    note\n------  ---------------\nweb-1   a longer remark\n"),
        (
            2,
            "20",
            "name    note\n------  ---------------\nweb-1   a longer remark\nweb-1   a longer remark\n",
        ),
    ],
)
def test_WHEN_a_single_row_is_wider_than_the_terminal_THEN_its_values_stand_below_one_another(
    count: int, columns: str, printed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    stdout = BinaryTerminal()
    with Console(output=OutputFormat.TABLE, stdout=stdout, stderr=io.StringIO()).rows() as writer:
        for _ in range(count):
            writer.write(WideRow("web-1", "a longer remark"))
    assert stdout.getvalue().decode() == printed
