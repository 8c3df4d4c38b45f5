import ast
from difflib import ndiff

import pytest

from aws_operations.scaffold.getter_source import with_getter
from aws_operations.scaffold.project_template import project_files
from aws_operations.scaffold.rows_source import with_read_rows
from aws_operations.scaffold.service_design import ServiceDesign, design_service
from aws_operations.scaffold.source_edits import CantEditSource
from aws_operations.scaffold.source_format import formatted

TEMPLATE = project_files("example")
PROVIDER = TEMPLATE["core/aws_client_provider.py"]
ROWS = TEMPLATE["core/read_operations.py"]


@pytest.fixture(scope="module")
def sqs() -> ServiceDesign:
    return design_service("sqs", ["ListQueues", "GetQueueAttributes", "SendMessage"])


def changed_lines(before: str, after: str) -> list[str]:
    return [line for line in ndiff(before.splitlines(), after.splitlines()) if line[0] in "+-"]


def rows_of(text: str) -> dict[str, set[str]]:
    namespace: dict[str, dict[str, set[str]]] = {}
    exec(compile(text, "rows", "exec"), namespace)  # noqa: S102 - what was just written
    return {service: set(names) for service, names in namespace["READ_OPERATIONS"].items()}


def test_WHEN_a_getter_is_put_in_THEN_it_stands_behind_the_others_AND_no_other_line_changes(
    sqs: ServiceDesign,
) -> None:
    after = with_getter(PROVIDER, sqs)
    assert changed_lines(PROVIDER, after) == [
        "+ ",
        "+     def get_sqs(self) -> Any:",
        '+         """Return the client for Amazon Simple Queue Service."""',
        '+         return self._client("sqs")',
    ] or changed_lines(PROVIDER, after) == [
        "+     def get_sqs(self) -> Any:",
        '+         """Return the client for Amazon Simple Queue Service."""',
        '+         return self._client("sqs")',
        "+ ",
    ]
    assert with_getter(after, sqs) == after
    assert formatted(after) == after


def test_WHEN_the_provider_is_formatted_in_another_way_THEN_that_stays(sqs: ServiceDesign) -> None:
    text = (
        "class AwsClientProvider:\r\n"
        "    def _client( self,name ): return 'é'; # as it is\x0c\r\n"
        "    def get_s3(self): return self._client('s3')"
    )
    after = with_getter(text, sqs)
    assert after.startswith("from typing import Any\r\nclass AwsClientProvider:\r\n")
    assert "    def _client( self,name ): return 'é'; # as it is\x0c\r\n" in after
    assert after.endswith('        return self._client("sqs")\r\n')
    assert after.count("\n") == after.count("\r\n")
    ast.parse(after)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("def (", "no Python"),
        ("x = 1\n", "no class AwsClientProvider"),
        ("class AwsClientProvider:\n    def get_s3(self): ...\n", "add get_sqs by hand"),
    ],
)
def test_WHEN_there_is_no_place_for_a_getter_THEN_it_says_why(
    text: str, reason: str, sqs: ServiceDesign
) -> None:
    with pytest.raises(CantEditSource, match=reason):
        with_getter(text, sqs)


def test_WHEN_reads_are_put_in_THEN_they_stand_in_order_AND_what_is_no_read_does_not(
    sqs: ServiceDesign,
) -> None:
    after = with_read_rows(ROWS, sqs)
    assert rows_of(after) == {**rows_of(ROWS), "sqs": {"ListQueues", "GetQueueAttributes"}}
    added = changed_lines(ROWS, after)
    assert len(added) == 2
    assert "review" in added[0]
    assert list(rows_of(after)) == sorted(rows_of(after))
    assert with_read_rows(after, sqs) == after


def test_WHEN_reads_of_several_services_are_put_in_THEN_the_advice_to_review_them_stands_once(
    sqs: ServiceDesign,
) -> None:
    after = ROWS
    for design in (sqs, design_service("s3", ["GetBucketAcl"]), design_service("iam", ["ListUsers"])):
        after = with_read_rows(after, design)
    assert after.count("review") == 1
    assert after.index("review") < after.index("READ_OPERATIONS: ")
    assert formatted(after) == after


def test_WHEN_the_service_has_a_row_THEN_it_keeps_what_was_in_it() -> None:
    names = ["ListBuckets", "GetBucketAcl", "GetBucketPolicyStatus", "GetBucketLifecycleConfiguration"]
    design = design_service("s3", names)
    after = with_read_rows(ROWS, design)
    assert rows_of(after) == {**rows_of(ROWS), "s3": rows_of(ROWS)["s3"] | set(names)}
    assert formatted(after) == after
    assert with_read_rows(after, design) == after


def test_WHEN_service_and_reads_have_long_names_THEN_the_row_is_laid_out_as_ruff_does() -> None:
    names = ["ListEnvironmentVpcs", "ListEnvironments", "GetService", "GetEnvironment", "GetApplication"]
    after = with_read_rows(ROWS, design_service("migration-hub-refactor-spaces", names))
    assert rows_of(after)["migration-hub-refactor-spaces"] == set(names)
    assert formatted(after) == after


def test_WHEN_there_is_no_read_THEN_the_list_stays_as_it_is() -> None:
    assert with_read_rows(ROWS, design_service("sqs", ["SendMessage"])) == ROWS


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("READS = {}\n", "no READ_OPERATIONS"),
        ("READ_OPERATIONS = make()\n", "no READ_OPERATIONS"),
        ("READ_OPERATIONS = {}\n", "one line"),
        ('READ_OPERATIONS = {\n    "sqs": OTHERS,\n}\n', "no frozenset"),
    ],
)
def test_WHEN_the_list_is_written_in_another_way_THEN_it_says_what_to_do(
    text: str, reason: str, sqs: ServiceDesign
) -> None:
    with pytest.raises(CantEditSource, match=reason):
        with_read_rows(text, sqs)
