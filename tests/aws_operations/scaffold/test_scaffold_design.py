from pathlib import Path

import pytest

from aws_operations.scaffold.error_kinds import error_kind
from aws_operations.scaffold.service_design import (
    OperationDesign,
    StructureDesign,
    UnknownOperation,
    UnknownService,
    UnsupportedOperation,
    design_service,
)
from tests.support.small_models import loader_of, structure


def operation_of(service: str, name: str) -> OperationDesign:
    return design_service(service, [name]).operations[0]


def structure_of(service: str, operation: str, shape: str) -> StructureDesign:
    found = {each.shape_name: each for each in design_service(service, [operation]).structures}
    return found[shape]


def test_WHEN_a_service_is_designed_THEN_module_and_getter_bear_its_name() -> None:
    design = design_service("cognito-idp", ["ListUsers"])
    assert design.module_name == "cognito_idp_wrapper"
    assert design.getter_name == "get_cognito_idp"
    assert design.title == "Amazon Cognito Identity Provider"


def test_WHEN_a_service_is_misspelt_THEN_the_error_suggests_the_nearest() -> None:
    with pytest.raises(UnknownService, match="did you mean") as caught:
        design_service("dynamodbb", ["ListTables"])
    assert "dynamodb" in caught.value.suggestions


@pytest.mark.parametrize(("name", "meant"), [("cloudwatch-logs", "logs"), ("AWS Lambda", "lambda")])
def test_WHEN_a_service_is_called_as_people_call_it_THEN_the_error_suggests_its_name(
    name: str, meant: str
) -> None:
    with pytest.raises(UnknownService) as caught:
        design_service(name, ["DoIt"])
    assert meant in caught.value.suggestions


def test_WHEN_an_operation_is_misspelt_THEN_the_error_suggests_the_nearest() -> None:
    with pytest.raises(UnknownOperation, match="ListQueues") as caught:
        design_service("sqs", ["ListQueuess"])
    assert caught.value.unknown_operation == "ListQueuess"


@pytest.mark.parametrize("name", ["ListQueues", "list_queues", "list-queues", "listqueues"])
def test_WHEN_an_operation_is_named_as_clients_or_the_command_line_do_THEN_it_is_found(name: str) -> None:
    assert operation_of("sqs", name).api_name == "ListQueues"


def test_WHEN_an_operation_is_named_twice_THEN_it_is_designed_once() -> None:
    assert len(design_service("sqs", ["ListQueues", "list_queues"]).operations) == 1


@pytest.mark.parametrize(
    ("service", "name"),
    [("kinesis", "SubscribeToShard"), ("logs", "StartLiveTail"), ("s3", "SelectObjectContent")],
)
def test_WHEN_an_operation_streams_events_THEN_it_is_refused(service: str, name: str) -> None:
    with pytest.raises(UnsupportedOperation, match="event stream"):
        design_service(service, [name])


def test_WHEN_members_are_required_THEN_their_parameters_come_first() -> None:
    parameters = operation_of("sqs", "SendMessage").parameters
    assert [each.name for each in parameters[:3]] == ["queue_url", "message_body", "delay_seconds"]
    assert [each.is_required for each in parameters[:3]] == [True, True, False]
    assert parameters[2].annotation == "int | None"


@pytest.mark.parametrize(
    ("service", "name", "api_name"),
    [("ec2", "RunInstances", "ClientToken"), ("athena", "StartQueryExecution", "ClientRequestToken")],
)
def test_WHEN_a_member_is_an_idempotency_token_THEN_it_may_be_given(
    service: str, name: str, api_name: str
) -> None:
    token = {each.api_name: each for each in operation_of(service, name).parameters}[api_name]
    assert token.is_idempotency_token
    assert not token.is_required
    assert not token.is_sensitive
    assert token.annotation == "str | None"
    assert "twice" in token.documentation


def test_WHEN_an_operation_is_paged_THEN_its_tokens_are_the_paginators() -> None:
    operation = operation_of("iam", "ListUsers")
    assert [each.name for each in operation.parameters] == ["path_prefix", "page_size"]
    assert operation.is_paginated
    assert operation.result == "Iterator[User]"
    assert operation.items is not None
    assert operation.items.key == "Users"


def test_WHEN_a_list_is_deep_in_a_page_THEN_the_key_has_dots() -> None:
    items = operation_of("cloudfront", "ListDistributions").items
    assert items is not None
    assert items.key == "DistributionList.Items"


@pytest.mark.parametrize(
    ("service", "name", "is_read"),
    [
        ("sqs", "ListQueues", True),
        ("ec2", "DescribeInstances", True),
        ("dynamodb", "Query", True),
        ("dynamodb", "ExecuteStatement", False),
        ("dynamodb", "BatchGetItem", True),
        ("sqs", "ReceiveMessage", False),
        ("lambda", "Invoke", False),
        ("secretsmanager", "GetSecretValue", False),
        ("ec2", "GetPasswordData", False),
        ("kms", "Decrypt", False),
        ("ssm", "GetParameter", False),
        ("sts", "GetSessionToken", False),
        ("ecr", "GetAuthorizationToken", False),
        ("logs", "StartQuery", False),
        ("lambda", "ListFunctions", False),
        ("wafv2", "ListWebACLs", True),
        ("backup", "ListTags", True),
        ("elbv2", "DescribeRules", False),
        ("secretsmanager", "ListSecrets", True),
        ("secretsmanager", "DescribeSecret", True),
        ("rds", "DescribeDBInstances", True),
        ("organizations", "ListAccounts", True),
        ("sso-admin", "ListTrustedTokenIssuers", True),
        ("kafka", "ListScramSecrets", True),
        ("budgets", "DescribeBudget", True),
        ("cloudfront", "GetDistribution", False),
        ("iam", "GetCredentialReport", False),
        ("docdb", "DescribeDBInstances", False),
    ],
)
def test_WHEN_an_operation_may_write_or_tell_a_secret_THEN_it_is_no_read(
    service: str, name: str, is_read: bool
) -> None:
    assert operation_of(service, name).is_read is is_read


def test_WHEN_an_action_is_guessed_THEN_it_has_the_prefix_of_the_service() -> None:
    assert operation_of("cloudwatch", "ListMetrics").iam_action == "cloudwatch:ListMetrics"
    assert operation_of("sqs", "ListQueues").iam_action == "sqs:ListQueues"


def test_WHEN_this_project_knows_an_operation_THEN_its_action_is_no_guess() -> None:
    assert operation_of("s3", "ListObjectsV2").iam_action == "s3:ListBucket"


def test_WHEN_a_structure_is_answered_THEN_each_field_may_be_absent() -> None:
    fields = {each.name: each for each in structure_of("sqs", "ReceiveMessage", "Message").fields}
    assert (fields["body"].annotation, fields["body"].default) == ("str | None", "None")
    assert fields["attributes"].annotation == "Mapping[str, str]"
    assert fields["attributes"].default == "{}"


def test_WHEN_a_structure_is_sent_THEN_its_required_fields_must_be_given() -> None:
    entry = structure_of("sqs", "SendMessageBatch", "SendMessageBatchRequestEntry")
    assert [each.name for each in entry.fields if each.default is None] == ["id", "message_body"]
    assert entry.is_input
    assert not entry.is_output


def test_WHEN_a_structure_holds_itself_THEN_it_is_one_class() -> None:
    value = structure_of("dynamodb", "GetItem", "AttributeValue")
    annotations = {each.name: each.annotation for each in value.fields}
    assert annotations["m"] == "Mapping[str, AttributeValue] | None"
    assert annotations["l_"] == "tuple[AttributeValue, ...] | None"
    assert annotations["bool_"] == "bool | None"


def test_WHEN_two_shapes_differ_in_their_first_letter_THEN_their_classes_differ(tmp_path: Path) -> None:
    shapes = {
        "Thing": structure(A="Text"),
        "thing": structure(B="Text"),
        "Output": structure(One="Thing", Two="thing", one="Text"),
    }
    design = design_service("tiny", ["DoIt"], loader_of(tmp_path, shapes))
    assert {each.class_name for each in design.structures} == {"Output", "Thing", "Thing_2"}
    output = next(each for each in design.structures if each.class_name == "Output")
    assert [each.name for each in output.fields] == ["one", "two", "one_2"]


def test_WHEN_a_type_has_no_fixed_form_THEN_it_is_anything(tmp_path: Path) -> None:
    shapes = {
        "Json": {"type": "structure", "members": {}, "document": True},
        "Nest": {"type": "list", "member": {"shape": "Nest"}},
        "Choice": {**structure(A="Text", B="Text"), "union": True},
        "Output": structure(Free="Json", Nested="Nest", Either="Choice"),
    }
    design = design_service("tiny", ["DoIt"], loader_of(tmp_path, shapes))
    output, choice = design.structures
    assert [each.annotation for each in output.fields] == ["Any", "tuple[Any, ...]", "Choice | None"]
    assert "Exactly one" in choice.documentation


@pytest.mark.parametrize(
    ("name", "status", "kind"),
    [
        ("QueueDoesNotExist", None, "NotFound"),
        ("ResourceNotFoundException", 400, "NotFound"),
        ("EntityAlreadyExistsException", 409, "AlreadyExists"),
        ("ResourceInUseException", 400, "Conflict"),
        ("KMSInvalidStateException", 400, "Conflict"),
        ("ThrottlingException", 400, "Throttled"),
        ("NotAuthorizedException", 400, "AccessDenied"),
        ("InternalServerException", 500, "Unavailable"),
        ("ValidationException", 400, "InvalidInput"),
        ("SomethingElse", 404, "NotFound"),
        ("SomethingElse", 409, "Conflict"),
        ("SomethingElse", 429, "Throttled"),
        ("SomethingElse", 503, "Unavailable"),
        ("SomethingElse", None, "InvalidInput"),
    ],
)
def test_WHEN_an_error_is_modelled_THEN_its_name_and_then_its_status_tell_the_kind(
    name: str, status: int | None, kind: str
) -> None:
    assert error_kind(name, status) == kind


@pytest.mark.parametrize(
    ("service", "operation", "shape", "field", "annotation"),
    [
        ("lookoutequipment", "CreateModel", "DatasetSchema", "inline_data_schema", "str | None"),
        ("lex-runtime", "PostContent", "PostContentResponse", "slots", "Any"),
    ],
)
def test_WHEN_a_text_holds_json_THEN_only_that_of_a_header_is_read_and_written_as_what_it_says(
    service: str, operation: str, shape: str, field: str, annotation: str
) -> None:
    fields = {each.name: each for each in structure_of(service, operation, shape).fields}
    assert fields[field].annotation == annotation
