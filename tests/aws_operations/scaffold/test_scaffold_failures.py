"""Answers that come without an error though a part of the request failed."""

import pytest

from aws_operations.scaffold.command_source import command_source
from aws_operations.scaffold.service_design import design_service
from aws_operations.scaffold.wrapper_source import wrapper_source


@pytest.mark.parametrize(
    ("service", "operation", "failures"),
    [
        ("sqs", "SendMessageBatch", ("failed",)),
        ("s3", "DeleteObjects", ("errors",)),
        ("dynamodb", "BatchWriteItem", ("unprocessed_items",)),
        ("dynamodb", "BatchGetItem", ("unprocessed_keys",)),
        ("kinesis", "PutRecords", ("failed_record_count",)),
        ("logs", "PutLogEvents", ("rejected_log_events_info", "rejected_entity_info")),
        ("lambda", "Invoke", ("function_error",)),
        ("sqs", "SendMessage", ()),
        ("cloudtrail", "ListImportFailures", ()),
        ("ssm", "DescribePatchGroupState", ()),
        ("ssm", "UpdatePatchBaseline", ()),
        ("s3", "GetBucketWebsite", ()),
    ],
)
def test_WHEN_an_answer_may_tell_of_a_part_that_failed_THEN_wrapper_and_command_say_so(
    service: str, operation: str, failures: tuple[str, ...]
) -> None:
    design = design_service(service, [operation])
    assert design.operations[0].failures == failures
    assert ("may fail without an exception" in wrapper_source(design)) is bool(failures)
    assert ("failures=(" in command_source(design)) is bool(failures)
