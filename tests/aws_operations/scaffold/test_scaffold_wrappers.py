import inspect
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aws_operations.scaffold.service_design import design_service
from aws_operations.scaffold.source_format import UnformattableSource, formatted
from aws_operations.scaffold.wrapper_source import wrapper_source
from tests.support.generated_modules import core_errors, fake_client, provider_of, wrapper_of
from tests.support.small_models import loader_of, structure


def test_WHEN_a_wrapper_is_called_THEN_the_request_has_only_what_was_given() -> None:
    sqs = wrapper_of("sqs", ["SendMessage"])
    client = fake_client("sqs").answers("send_message", {"MessageId": "m-1"})
    value = sqs.MessageAttributeValue(string_value="red", data_type="String")

    sent = sqs.send_message("https://q", "hello", provider_of("sqs", client), message_attributes={"c": value})

    assert sent == sqs.SendMessageResult(message_id="m-1")
    assert client.calls_of("send_message") == [
        {
            "QueueUrl": "https://q",
            "MessageBody": "hello",
            "MessageAttributes": {"c": {"StringValue": "red", "DataType": "String"}},
        }
    ]


def test_WHEN_an_operation_answers_nothing_THEN_nothing_is_returned() -> None:
    sqs = wrapper_of("sqs", ["DeleteQueue"])
    client = fake_client("sqs").answers("delete_queue", {})
    assert sqs.delete_queue("https://q", provider_of("sqs", client)) is None


def test_WHEN_an_answer_lacks_members_THEN_they_are_none_and_lists_are_empty() -> None:
    sqs = wrapper_of("sqs", ["ReceiveMessage"])
    client = fake_client("sqs").answers("receive_message", [{}, {"Messages": [{"Body": "b"}]}])
    provider = provider_of("sqs", client)
    assert sqs.receive_message("https://q", provider).messages == ()
    (message,) = sqs.receive_message("https://q", provider).messages
    assert message == sqs.Message(body="b", message_id=None, attributes={}, message_attributes={})


def test_WHEN_an_operation_is_paged_THEN_items_of_all_pages_come_as_dataclasses() -> None:
    iam = wrapper_of("iam", ["ListUsers"])
    made = datetime(2026, 1, 1, tzinfo=UTC)
    users = [
        {
            "Path": "/",
            "UserName": name,
            "UserId": f"AIDAEXAMPLE{name}EX",
            "Arn": f"arn:aws:iam::123456789012:user/{name}",
        }
        for name in ("ann", "bob")
    ]
    pages = [{"Users": [{**user, "CreateDate": made}]} for user in users]
    client = fake_client("iam").pages("list_users", pages)
    found = list(iam.list_users(provider_of("iam", client)))
    assert [(user.user_name, user.create_date) for user in found] == [("ann", made), ("bob", made)]


def test_WHEN_pages_hold_several_lists_THEN_each_stays_apart() -> None:
    s3 = wrapper_of("s3", ["ListObjectsV2"])
    pages = [{"Contents": [{"Key": "a"}], "CommonPrefixes": [{"Prefix": "b/"}]}]
    client = fake_client("s3").pages("list_objects_v2", pages)
    found = list(s3.list_objects_v2("logs", provider_of("s3", client)))
    assert [page.contents for page in found] == [(s3.S3Object(key="a"),)]
    assert [page.common_prefixes for page in found] == [(s3.CommonPrefix(prefix="b/"),)]


def test_WHEN_a_call_is_about_an_object_THEN_its_errors_name_bucket_and_key() -> None:
    s3 = wrapper_of("s3", ["GetObject", "HeadBucket"])
    client = fake_client("s3").raises("get_object", code="NoSuchKey")
    with pytest.raises(s3.NoSuchKey) as raised:
        s3.get_object("logs", "2026/01.gz", provider_of("s3", client))
    assert raised.value.subject == raised.value.resource == "logs/2026/01.gz"
    assert str(raised.value) == "s3: NoSuchKey for logs/2026/01.gz"


def test_WHEN_an_answer_streams_THEN_its_content_is_bytes() -> None:
    s3 = wrapper_of("s3", ["GetObject"])
    client = fake_client("s3").answers("get_object", {"Body": b"content", "ContentLength": 7})
    found = s3.get_object("logs", "key", provider_of("s3", client))
    assert (found.body, found.content_length) == (b"content", 7)


def test_WHEN_values_hold_themselves_THEN_they_go_there_and_come_back() -> None:
    dynamodb = wrapper_of("dynamodb", ["PutItem", "GetItem"])
    value = dynamodb.AttributeValue
    item = {"key": value(s="k"), "tree": value(m={"leaves": value(l_=(value(n="1"), value(bool_=False)))})}
    raw = {"key": {"S": "k"}, "tree": {"M": {"leaves": {"L": [{"N": "1"}, {"BOOL": False}]}}}}
    client = fake_client("dynamodb").answers("put_item", {}).answers("get_item", {"Item": raw})
    provider = provider_of("dynamodb", client)

    dynamodb.put_item("table", item, provider)

    assert client.calls_of("put_item") == [{"TableName": "table", "Item": raw}]
    assert dynamodb.get_item("table", {"key": value(s="k")}, provider).item == item


def test_WHEN_aws_adds_a_value_to_an_enum_THEN_it_is_kept_as_it_came() -> None:
    ec2 = wrapper_of("ec2", ["DescribeVolumes"])
    pages = [{"Volumes": [{"State": "available"}, {"State": "melted"}, {}]}]
    client = fake_client("ec2").pages("describe_volumes", pages)
    states = [volume.state for volume in ec2.describe_volumes(provider_of("ec2", client))]
    assert states == [ec2.VolumeState.AVAILABLE, "melted", None]
    assert isinstance(states[0], ec2.VolumeState)


@pytest.mark.parametrize("code", ["QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"])
def test_WHEN_aws_answers_a_modelled_error_THEN_it_is_raised_with_subject_and_cause(code: str) -> None:
    sqs = wrapper_of("sqs", ["DeleteQueue"])
    client = fake_client("sqs").raises("delete_queue", code=code)
    with pytest.raises(sqs.QueueDoesNotExist, match="https://q") as caught:
        sqs.delete_queue("https://q", provider_of("sqs", client))
    assert isinstance(caught.value, core_errors().NotFound)
    assert caught.value.queue_url == caught.value.resource == "https://q"
    assert caught.value.__cause__.response["Error"]["Code"] == code


def test_WHEN_a_service_models_no_errors_THEN_the_kinds_serve() -> None:
    ec2 = wrapper_of("ec2", ["StopInstances"])
    client = fake_client("ec2").raises("stop_instances", code="UnauthorizedOperation")
    with pytest.raises(core_errors().AccessDenied):
        ec2.stop_instances(["i-1"], provider_of("ec2", client))
    assert not hasattr(ec2, "_ERRORS")


def test_WHEN_a_member_is_sensitive_THEN_neither_repr_nor_log_shows_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    kms = wrapper_of("kms", ["Decrypt"])
    client = fake_client("kms").answers("decrypt", {"Plaintext": b"hunter2", "KeyId": "k"})
    found = kms.decrypt(provider_of("kms", client), ciphertext_blob=b"ciphertext")
    assert found.plaintext == b"hunter2"
    assert "hunter2" not in repr(found)
    assert "decrypt" in caplog.text
    assert "hunter2" not in caplog.text


def test_WHEN_a_first_member_is_sensitive_THEN_it_is_not_what_errors_are_about(tmp_path: Path) -> None:
    shapes = {
        "Password": {"type": "string", "sensitive": True},
        "Input": structure(("Password",), Password="Password"),
    }
    design = design_service("tiny", ["DoIt"], loader_of(tmp_path, shapes))
    assert design.operations[0].subject is None
    assert 'translate_aws_errors("tiny", "*")' in wrapper_source(design)


def test_WHEN_names_may_be_left_out_THEN_errors_are_about_the_one_that_was_given(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    kinesis = wrapper_of("kinesis", ["PutRecord"])
    client = fake_client("kinesis").raises("put_record", code="ResourceNotFoundException")
    provider = provider_of("kinesis", client)
    arn = "arn:aws:kinesis:us-east-1:123456789012:stream/clicks"
    with pytest.raises(kinesis.ResourceNotFoundException, match="clicks") as caught:
        kinesis.put_record(b"data", provider, partition_key="k", stream_arn=arn)
    assert caught.value.resource == arn
    assert f"put_record about={arn}" in caplog.text
    with pytest.raises(kinesis.ResourceNotFoundException) as caught:
        kinesis.put_record(b"data", provider, partition_key="k")
    assert caught.value.resource == "*"


def test_WHEN_only_content_must_be_given_THEN_errors_and_logs_are_about_where_it_goes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    sns = wrapper_of("sns", ["Publish"])
    client = fake_client("sns").raises("publish", code="NotFound")
    arn = "arn:aws:sns:us-east-1:123456789012:orders"
    with pytest.raises(sns.NotFoundException, match="orders") as caught:
        sns.publish("hunter2", provider_of("sns", client), topic_arn=arn)
    assert caught.value.resource == arn
    assert "hunter2" not in f"{caught.value} {caplog.text}"


def test_WHEN_scalars_could_be_mixed_up_THEN_they_are_passed_by_name_but_for_the_subject() -> None:
    ec2, iam = wrapper_of("ec2", ["RunInstances"]), wrapper_of("iam", ["PutRolePolicy"])
    assert places(ec2.run_instances) == ["aws_provider"]
    assert places(iam.put_role_policy) == ["role_name", "aws_provider"]
    assert places(wrapper_of("sqs", ["SendMessage"]).send_message) == [
        "queue_url",
        "message_body",
        "aws_provider",
    ]


def places(function: Callable[..., object]) -> list[str]:
    found = inspect.signature(function).parameters.values()
    return [each.name for each in found if each.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]


def test_WHEN_content_streams_in_either_direction_THEN_the_docstring_says_what_is_held_in_memory() -> None:
    s3 = wrapper_of("s3", ["GetObject", "PutObject"])
    assert "What is sent is held in memory whole." in s3.put_object.__doc__
    assert "The content is read whole into memory." in s3.get_object.__doc__


def test_WHEN_a_value_is_both_sent_and_answered_THEN_its_docstring_says_what_a_request_needs() -> None:
    sqs = wrapper_of("sqs", ["SendMessage", "ReceiveMessage"])
    said = "in a request AWS does not go without ``data_type``."
    assert said in " ".join(sqs.MessageAttributeValue.__doc__.split())
    assert "does not go without" not in sqs.Message.__doc__


@pytest.mark.parametrize(
    ("service", "operation", "says_so"),
    [
        ("sqs", "SendMessage", True),
        ("kinesis", "PutRecord", True),
        ("ec2", "RunInstances", False),
        ("sqs", "DeleteQueue", False),
    ],
)
def test_WHEN_a_retry_may_do_the_work_twice_THEN_the_docstring_says_so(
    service: str, operation: str, says_so: bool
) -> None:
    source = wrapper_source(design_service(service, [operation]))
    assert ("may do the work twice." in source) is says_so


def test_WHEN_shapes_are_hostile_THEN_the_module_still_runs(tmp_path: Path) -> None:
    nasty = '<p>Quotes """ and \\N{bad} and {braces} %s \u2014 \u202e.</p>'
    shapes = {
        "Exception": structure((), self="Text", **{"class": "Text", "x-y": "Text", "datetime": "Text"}),
        "Colour": {"type": "string", "enum": ['re"d', "blu\\e", "gr\u00fcn", "class", "Class", "", "*"]},
        "List": {"type": "list", "member": {"shape": "Colour"}},
        "Sparse": {"type": "list", "member": {"shape": "Exception"}, "sparse": True},
        "Input": structure(
            ("from",),
            **{"from": "Text", "lambda": "List", "client": {"shape": "Exception", "documentation": nasty}},
        ),
        "Output": {**structure(None_="Exception", Gaps="Sparse", List="List"), "documentation": nasty},
    }
    tiny = wrapper_of("tiny", ["DoIt"], loader_of(tmp_path, shapes))
    seen = {}

    class Client:
        def do_it(self, **request: object) -> dict[str, object]:
            seen.update(request)
            return {"Gaps": [None, {"class": "c"}], "List": ["gr\u00fcn", "new"]}

    thing = tiny.TinyException(class_="c", self="s")
    answer = tiny.do_it("f", provider_of("tiny", Client()), lambda_=[tiny.Colour.CLASS], client_=thing)

    assert seen == {"from": "f", "lambda": ["class"], "client": {"class": "c", "self": "s"}}
    assert answer.gaps == (None, tiny.TinyException(class_="c"))
    assert answer.list == ("gr\u00fcn", "new")
    assert [each.value for each in tiny.Colour] == shapes["Colour"]["enum"]


def test_WHEN_source_is_laid_out_THEN_imports_are_in_order_and_lines_are_short() -> None:
    source = "import sys\nimport os\ndef f(a,b): return  {'a':a,\n'b':b}\n"
    assert formatted(source).startswith("import os\nimport sys\n\n\ndef f(a, b):\n    return {")


def test_WHEN_two_long_names_share_a_line_THEN_the_linter_is_told() -> None:
    text = formatted(f"answer = {{{'a' * 60!r}: value_of_{'b' * 60}}}\n")
    assert "# noqa: E501 - " in text
    assert formatted(text) == text


def test_WHEN_source_is_broken_THEN_the_error_says_where() -> None:
    with pytest.raises(UnformattableSource, match="1:"):
        formatted("def (:\n")


@pytest.mark.parametrize("title_length", [10, 80, 400])
def test_WHEN_a_service_has_a_long_title_THEN_the_first_line_still_fits(title_length: int) -> None:
    design = replace(design_service("sqs", ["DeleteQueue"]), title="word " * (title_length // 5) + "word")
    first = wrapper_source(design).splitlines()[0]
    assert first.startswith('"""word word')
    assert first.endswith(".")
    assert len(first) <= 110
