"""Lists that come in pages: nothing of an answer is lost, and none ends before its end."""

import pytest

from aws_operations.scaffold.command_source import command_source
from aws_operations.scaffold.service_design import OperationDesign, design_service
from tests.support.generated_modules import fake_client, provider_of, wrapper_of


def operation_of(service: str, name: str) -> OperationDesign:
    return design_service(service, [name]).operations[0]


@pytest.mark.parametrize(
    ("service", "name", "result"),
    [
        ("kinesis", "DescribeStream", "Iterator[DescribeStreamOutput]"),
        ("athena", "GetQueryResults", "Iterator[GetQueryResultsOutput]"),
        ("iam", "GetGroup", "Iterator[GetGroupResponse]"),
        ("cloudformation", "DescribeChangeSet", "Iterator[DescribeChangeSetOutput]"),
        ("dynamodb", "Query", "Iterator[QueryOutput]"),
        ("cloudfront", "ListDistributions", "Iterator[DistributionSummary]"),
        # Each stream is in both lists, in one by its name only.
        ("kinesis", "ListStreams", "Iterator[ListStreamsOutput]"),
        ("s3", "ListObjectVersions", "Iterator[ListObjectVersionsOutput]"),
    ],
)
def test_WHEN_pages_tell_more_than_a_list_THEN_they_are_yielded_themselves(
    service: str, name: str, result: str
) -> None:
    assert operation_of(service, name).result == result


def test_WHEN_a_page_tells_more_than_its_items_THEN_all_of_it_comes_back() -> None:
    kinesis = wrapper_of("kinesis", ["DescribeStream"])
    shard = {
        "ShardId": "shard-1",
        "HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": "9"},
        "SequenceNumberRange": {"StartingSequenceNumber": "1"},
    }
    stream = {
        "StreamName": "clicks",
        "StreamARN": "arn:aws:kinesis:us-east-1:123456789012:stream/clicks",
        "StreamStatus": "ACTIVE",
        "RetentionPeriodHours": 24,
        "StreamCreationTimestamp": "2026-01-31T12:00:00Z",
        "EnhancedMonitoring": [],
        "Shards": [shard],
    }
    pages = [{"StreamDescription": {**stream, "HasMoreShards": more}} for more in (True, False)]
    client = fake_client("kinesis").answers("describe_stream", pages)
    found = list(kinesis.describe_stream(provider_of("kinesis", client), stream_name="clicks"))
    assert [page.stream_description.stream_status for page in found] == ["ACTIVE", "ACTIVE"]
    assert [each.shard_id for page in found for each in page.stream_description.shards] == ["shard-1"] * 2


@pytest.mark.parametrize(
    ("service", "operation", "sent"),
    [
        ("sqs", "ListQueues", {"MaxResults": 1000}),
        ("s3", "ListBuckets", {"MaxBuckets": 1000}),
        ("cognito-idp", "ListUserPools", {"MaxResults": 60}),
        ("iam", "ListUsers", {}),
    ],
)
def test_WHEN_aws_sends_one_page_only_unless_a_size_is_asked_for_THEN_one_is(
    service: str, operation: str, sent: dict[str, int]
) -> None:
    wrapper = wrapper_of(service, [operation])
    design = operation_of(service, operation)
    client = fake_client(service).answers(design.method_name, {})
    list(getattr(wrapper, design.function_name)(provider_of(service.replace("-", "_"), client)))
    assert client.calls_of(design.method_name) == [sent]


def test_WHEN_a_page_size_is_chosen_THEN_aws_is_asked_for_it() -> None:
    sqs = wrapper_of("sqs", ["ListQueues"])
    client = fake_client("sqs").answers("list_queues", {"QueueUrls": ["https://q"]})
    found = list(sqs.list_queues(provider_of("sqs", client), queue_name_prefix="q", page_size=7))
    assert found == ["https://q"]
    assert client.calls_of("list_queues") == [{"QueueNamePrefix": "q", "MaxResults": 7}]


def test_WHEN_a_command_reads_pages_THEN_their_size_is_an_option_with_the_same_default() -> None:
    source = command_source(design_service("sqs", ["ListQueues"]))
    option = source[source.index('"--page-size"') :].partition("\ndef ")[0]
    assert "type=int" in option
    assert "default=1000" in option
