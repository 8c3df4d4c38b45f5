import builtins
import keyword

import pytest
from hypothesis import given, strategies as st

from aws_operations.scaffold.python_names import (
    CLASS_NAMES,
    NamesInUse,
    class_name,
    class_prefix,
    enum_member_name,
    field_name,
    function_name,
    module_part,
    parameter_name,
)
from aws_operations.scaffold.service_design import design_service
from aws_operations.scaffold.source_text import quoted


@pytest.mark.parametrize(
    ("aws_name", "name"),
    [
        ("ListQueues", "list_queues"),
        ("Import", "import_"),
        ("Print", "print_"),
        ("Match", "match_"),
        ("TestRole", "call_test_role"),
        ("Logger", "logger_"),
    ],
)
def test_WHEN_an_operation_is_named_AND_python_knows_the_name_THEN_the_function_steps_aside(
    aws_name: str, name: str
) -> None:
    assert function_name(aws_name) == name


@pytest.mark.parametrize(
    ("aws_name", "name"),
    [("QueueUrl", "queue_url"), ("Id", "id_"), ("from", "from_"), ("x-amz-meta", "x_amz_meta"), ("L", "l_")],
)
def test_WHEN_a_parameter_is_named_THEN_it_hides_nothing(aws_name: str, name: str) -> None:
    assert parameter_name(aws_name) == name


@pytest.mark.parametrize(
    ("aws_name", "name"), [("Id", "id"), ("BOOL", "bool_"), ("Class", "class_"), ("Datetime", "datetime_")]
)
def test_WHEN_a_field_is_named_THEN_only_what_annotations_need_steps_aside(aws_name: str, name: str) -> None:
    assert field_name(aws_name) == name


@pytest.mark.parametrize(
    ("aws_name", "name"),
    [
        ("List", "S3List"),
        ("Object", "S3Object"),
        ("Exception", "S3Exception"),
        ("Type", "S3Type"),
        ("NotFound", "S3NotFound"),
        ("__listOf__string", "ListOfString"),
        ("bucket", "Bucket"),
        ("None", "S3None"),
    ],
)
def test_WHEN_a_shape_is_named_like_something_else_THEN_its_class_has_the_service_before_it(
    aws_name: str, name: str
) -> None:
    assert class_name(aws_name, "S3") == name


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("SentTimestamp", "SENT_TIMESTAMP"),
        ("t2.micro", "T2_MICRO"),
        ("2xlarge", "VALUE_2XLARGE"),
        ("", "EMPTY"),
        ("*", "OTHER"),
        ("ARM_64", "ARM_64"),
        ("aws:kms", "AWS_KMS"),
        ("O", "VALUE_O"),
    ],
)
def test_WHEN_a_value_of_an_enum_is_named_THEN_it_is_words_in_capitals(value: str, name: str) -> None:
    assert enum_member_name(value) == name


@pytest.mark.parametrize(
    ("service", "part", "prefix"),
    [
        ("sqs", "sqs", "Sqs"),
        ("cognito-idp", "cognito_idp", "CognitoIdp"),
        ("runtime.x", "runtime_x", "RuntimeX"),
    ],
)
def test_WHEN_a_service_has_signs_in_its_name_THEN_modules_and_classes_have_words(
    service: str, part: str, prefix: str
) -> None:
    assert (module_part(service), class_prefix(service)) == (part, prefix)


def test_WHEN_a_name_is_claimed_twice_THEN_the_second_has_a_number() -> None:
    names = NamesInUse({"page"})
    assert [names.claim("tag"), names.claim("tag"), names.claim("page"), names.claim("tag")] == [
        "tag",
        "tag_2",
        "page_2",
        "tag_3",
    ]


@given(st.text())
def test_WHEN_anything_is_named_THEN_it_is_an_identifier_that_python_leaves_free(text: str) -> None:
    for name in (function_name(text), parameter_name(text)):
        assert name.isidentifier()
        assert not keyword.iskeyword(name)
        assert not hasattr(builtins, name)
    assert field_name(text).isidentifier()
    assert class_name(text, "Tiny").isidentifier()
    assert class_name(text, "Tiny") not in CLASS_NAMES
    assert enum_member_name(text).isidentifier()


@given(st.text())
def test_WHEN_any_text_is_quoted_THEN_the_literal_is_ascii_and_means_the_text(text: str) -> None:
    literal = quoted(text)
    assert literal.isascii()
    assert eval(literal) == text  # noqa: S307 - what a literal means is what is tested


@pytest.mark.parametrize(
    ("service", "operation", "subjects"),
    [
        ("kinesis", "DescribeStream", ("stream_name", "stream_arn", "stream_id")),
        ("kinesis", "ListStreams", ()),
        ("iotwireless", "ListDestinations", ()),
    ],
)
def test_WHEN_nothing_that_must_be_given_names_a_thing_THEN_what_may_be_given_does(
    service: str, operation: str, subjects: tuple[str, ...]
) -> None:
    assert design_service(service, [operation]).operations[0].optional_subjects == subjects
