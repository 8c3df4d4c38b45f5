"""The requests of generated tests: botocore has to take them as they are, wherever they are run."""

import ast

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import validate_parameters

from aws_operations.scaffold.example_values import Examples
from aws_operations.scaffold.service_design import design_service


def request_of(service: str, operation_name: str) -> dict[str, object]:
    design = design_service(service, [operation_name])
    examples = Examples(design)
    operation = design.operations[0]
    request: dict[str, object] = ast.literal_eval(examples.request(operation, examples.every(operation)))
    model = ServiceModel(Loader().load_service_model(service, "service-2"), service)
    shape = model.operation_model(operation_name).input_shape
    assert shape is not None
    validate_parameters(request, shape)
    return request


@pytest.mark.parametrize(
    "operation_name", ["PutBucketPolicy", "PutBucketCors", "PutObjectTagging", "PutPublicAccessBlock"]
)
def test_WHEN_a_checksum_is_asked_for_THEN_it_is_one_that_every_botocore_can_reckon(
    operation_name: str,
) -> None:
    assert request_of("s3", operation_name)["ChecksumAlgorithm"] in {"CRC32", "SHA1", "SHA256"}


@pytest.mark.parametrize(
    ("service", "operation_name"), [("geo-routes", "OptimizeWaypoints"), ("iot", "CreateJobTemplate")]
)
def test_WHEN_the_least_of_a_number_is_a_fraction_THEN_the_example_is_no_smaller(
    service: str, operation_name: str
) -> None:
    assert request_of(service, operation_name)


@pytest.mark.parametrize(
    ("operation_name", "member", "kind"),
    [
        ("DescribeStream", "StreamARN", ":stream/"),
        ("DescribeChannel", "ChannelARN", ":channel/"),
        ("DeleteQueue", "QueueARN", ":queue/"),
    ],
)
def test_WHEN_botocore_takes_an_arn_apart_THEN_it_is_of_the_kind_that_its_member_names(
    operation_name: str, member: str, kind: str
) -> None:
    assert kind in str(request_of("kinesis", operation_name)[member])
