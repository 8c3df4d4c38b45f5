"""The operation tables against what AWS publishes: API models and IAM access levels."""

from string import Formatter
from typing import Any

import pytest
from botocore.session import Session
from policy_sentry.querying.actions import get_action_data

from aws_interactions.service_operations import (
    SERVICE_OPERATIONS,
    ServiceOperation,
    iam_actions_of,
    is_read,
    is_repeatable,
)

ROWS = [
    (service_name, operation_name, operation)
    for service_name, table in SERVICE_OPERATIONS.items()
    for operation_name, operation in table.items()
]
IDS = [f"{service_name}.{operation_name}" for service_name, operation_name, _ in ROWS]
FROM_ENVIRONMENT = {"partition", "region", "account"}
READ_LEVELS = {"Read", "List"}
every_row = pytest.mark.parametrize(("service_name", "operation_name", "operation"), ROWS, ids=IDS)
MODELS: dict[str, Any] = {}


def model_of(service_name: str) -> Any:
    if service_name not in MODELS:
        MODELS[service_name] = Session().get_service_model(service_name)
    return MODELS[service_name]


def access_level(iam_action: str) -> str:
    prefix, action = iam_action.split(":")
    found = get_action_data(prefix, action)
    assert found, f"{iam_action} is no published IAM action"
    return str(found[prefix][0]["access_level"])


@every_row
def test_WHEN_a_table_has_a_row_THEN_botocore_has_the_operation(
    service_name: str, operation_name: str, operation: ServiceOperation
) -> None:
    assert operation_name in model_of(service_name).operation_names
    assert operation.iam_actions


@every_row
def test_WHEN_a_row_is_called_a_read_THEN_IAM_calls_all_of_its_actions_so_too(
    service_name: str, operation_name: str, operation: ServiceOperation
) -> None:
    levels = {access_level(action) for action in operation.iam_actions}

    assert operation.is_read == (levels <= READ_LEVELS), f"{service_name} {operation_name}: {levels}"


@every_row
def test_WHEN_a_row_has_an_arn_template_THEN_its_places_are_parameters_of_the_call(
    service_name: str, operation_name: str, operation: ServiceOperation
) -> None:
    shape = model_of(service_name).operation_model(operation_name).input_shape
    parameters = set(shape.members) if shape else set()
    places = {place for _, place, _, _ in Formatter().parse(operation.arn_template) if place}

    assert places <= parameters | FROM_ENVIRONMENT
    assert operation.arn_template == "*" or operation.arn_template.startswith("arn:{partition}:")


def test_WHEN_an_operation_has_no_row_THEN_it_is_no_read_and_not_repeated() -> None:
    assert not is_read("s3", "GetBucketAcl")
    assert not is_repeatable("s3", "GetBucketAcl")
    assert not is_read("no-such-service", "ListThings")


def test_WHEN_operations_share_an_action_THEN_it_is_named_once() -> None:
    assert iam_actions_of("s3", "HeadBucket", "ListObjectsV2", "NoSuchOperation", "PutObject") == (
        "s3:ListBucket",
        "s3:PutObject",
    )
