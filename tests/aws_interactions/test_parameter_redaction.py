"""What of parameters and answers gets into a recording, by botocore's own shapes."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from botocore.session import Session

from aws_interactions.parameter_redaction import CallEncoder, decoded
from aws_interactions.secret_redaction import REDACTED, register_secret

SENTINEL = 'sentinel-93f7-"quoted"-é'
MODELS: dict[str, Any] = {}


def model_of(service_name: str, operation_name: str) -> Any:
    if service_name not in MODELS:
        MODELS[service_name] = Session().get_service_model(service_name)
    return MODELS[service_name].operation_model(operation_name)


def encoded(service_name: str, operation_name: str, parameters: Any, *, with_payloads: bool = False) -> Any:
    shape = model_of(service_name, operation_name).input_shape
    text = CallEncoder(service_name, shape, with_payloads=with_payloads).to_json(parameters)
    assert text.isascii()
    assert "\n" not in text
    return json.loads(text)


@pytest.mark.parametrize("with_payloads", [False, True])
@pytest.mark.parametrize(
    ("service_name", "operation_name", "parameters"),
    [
        ("secretsmanager", "CreateSecret", {"Name": "db", "SecretString": SENTINEL}),
        ("secretsmanager", "PutSecretValue", {"SecretId": "db", "SecretBinary": SENTINEL.encode()}),
        ("rds", "CreateDBInstance", {"DBInstanceIdentifier": "db", "MasterUserPassword": SENTINEL}),
        ("iam", "CreateLoginProfile", {"UserName": "ann", "Password": SENTINEL}),
        ("sts", "AssumeRole", {"RoleArn": "r", "RoleSessionName": "s", "TokenCode": SENTINEL}),
        ("s3", "GetObject", {"Bucket": "b", "Key": "k", "SSECustomerKey": SENTINEL}),
        ("s3", "GetObject", {"Bucket": "b", "Key": "k", "SSECustomerKeyMD5": SENTINEL}),
        ("s3", "CopyObject", {"Bucket": "b", "Key": "k", "CopySourceSSECustomerKey": SENTINEL}),
        ("s3", "PutObject", {"Bucket": "b", "Key": "k", "Body": SENTINEL.encode()}),
        ("s3", "PutObject", {"Bucket": "b", "Key": "k", "Body": BytesIO(SENTINEL.encode())}),
        ("ec2", "ModifyInstanceAttribute", {"InstanceId": "i", "UserData": {"Value": SENTINEL.encode()}}),
        ("iam", "EnableMFADevice", {"UserName": "ann", "AuthenticationCode1": SENTINEL}),
        ("s3", "DeleteObject", {"Bucket": "b", "Key": "k", "MFA": SENTINEL}),
        ("ec2", "RunInstances", {"MinCount": 1, "MaxCount": 1, "UserData": SENTINEL}),
        ("rds", "CopyDBSnapshot", {"PreSignedUrl": f"https://x/?X-Amz-Signature={'a' * 30}{SENTINEL[:9]}"}),
    ],
)
def test_WHEN_parameters_are_encoded_AND_a_secret_is_among_them_THEN_it_is_not_there(
    service_name: str, operation_name: str, parameters: dict[str, Any], with_payloads: bool
) -> None:
    found = encoded(service_name, operation_name, parameters, with_payloads=with_payloads)

    assert "sentinel" not in json.dumps(found)
    assert found.keys() == parameters.keys()


@pytest.mark.parametrize("with_payloads", [False, True])
def test_WHEN_parameters_are_encoded_AND_a_registered_secret_turns_up_THEN_it_is_replaced(
    with_payloads: bool,
) -> None:
    register_secret(SENTINEL)

    found = encoded("s3", "PutObject", {"Bucket": "b", "Key": f"a/{SENTINEL}/b"}, with_payloads=with_payloads)
    in_name = encoded("dynamodb", "PutItem", {"TableName": "t", "Item": {SENTINEL: {"S": "x"}}})

    assert found == {"Bucket": "b", "Key": f"a/{REDACTED}/b"}
    assert "sentinel" not in json.dumps(in_name)


def test_WHEN_parameters_are_encoded_THEN_payloads_stay_only_with_the_answers() -> None:
    item = {"id": {"S": "1"}, "photo": {"B": b"\x00\x01"}, "tags": {"L": [{"SS": ["a"]}]}}
    put = {"TableName": "t", "Item": item, "ConditionExpression": "attribute_not_exists(id)"}

    without, kept = (encoded("dynamodb", "PutItem", put, with_payloads=keeps) for keeps in (False, True))

    assert without == {**put, "Item": dict.fromkeys(item, REDACTED)}
    assert kept == {**put, "Item": {**item, "photo": {"B": {"$base64": "AAE="}}}}


def test_WHEN_batches_are_encoded_THEN_values_are_replaced_at_every_depth() -> None:
    batch = {"RequestItems": {"t": [{"PutRequest": {"Item": {"id": {"S": "1"}}}}]}}
    update = {"TableName": "t", "Key": {"id": {"S": "1"}}, "ExpressionAttributeValues": {":v": {"N": "1"}}}

    assert encoded("dynamodb", "BatchWriteItem", batch) == {
        "RequestItems": {"t": [{"PutRequest": {"Item": {"id": REDACTED}}}]}
    }
    assert encoded("dynamodb", "UpdateItem", update) == {
        "TableName": "t",
        "Key": {"id": REDACTED},
        "ExpressionAttributeValues": {":v": REDACTED},
    }


def test_WHEN_an_upload_is_encoded_THEN_of_body_and_metadata_only_the_size_is_there() -> None:
    body = BytesIO(b"12345")
    body.seek(2)
    put = {"Bucket": "b", "Key": "k", "Metadata": {"owner": "ann"}, "Body": body}

    assert encoded("s3", "PutObject", put) == {
        "Bucket": "b",
        "Key": "k",
        "Metadata": REDACTED,
        "Body": {"$bytes": 3},
    }
    assert body.tell() == 2
    assert encoded("s3", "PutObject", {**put, "Body": "é"})["Body"] == {"$bytes": 2}
    assert encoded("s3", "PutObject", {**put, "Body": iter(())})["Body"] == {"$bytes": None}


def test_WHEN_a_key_of_KMS_is_encoded_THEN_it_stays_as_it_is_no_secret() -> None:
    put = {"Bucket": "b", "Key": "k", "SSEKMSKeyId": "arn:aws:kms:eu-west-1:1:key/2"}

    assert encoded("s3", "PutObject", put) == put


def test_WHEN_numbers_and_times_are_encoded_THEN_they_are_json() -> None:
    shape = model_of("ec2", "DescribeInstances").input_shape
    text = CallEncoder("ec2", shape, with_payloads=False).to_json(
        {"at": datetime(2026, 1, 2, tzinfo=UTC), "number": Decimal("1.5"), "list": ("a", 1, None, True)}
    )

    assert json.loads(text) == {
        "at": {"$datetime": "2026-01-02T00:00:00+00:00"},
        "number": 1.5,
        "list": ["a", 1, None, True],
    }


def test_WHEN_an_answer_is_encoded_and_decoded_THEN_it_has_the_types_that_it_had() -> None:
    shape = model_of("dynamodb", "GetItem").output_shape
    answer = {"Item": {"id": {"S": "1"}, "b": {"B": b"\x00"}, "bs": {"BS": [b"a"]}, "n": {"N": "1.50"}}}
    text = CallEncoder("dynamodb", shape, with_payloads=True).to_json(answer)

    assert decoded(shape, json.loads(text)) == answer


def test_WHEN_an_answer_with_secrets_is_encoded_THEN_they_are_gone_and_types_are_kept() -> None:
    shape = model_of("secretsmanager", "GetSecretValue").output_shape
    made = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    answer = {"Name": "db", "SecretString": SENTINEL, "SecretBinary": b"sentinel", "CreatedDate": made}
    text = CallEncoder("secretsmanager", shape, with_payloads=True).to_json(answer)

    assert "sentinel" not in text
    assert decoded(shape, json.loads(text)) == {
        "Name": "db",
        "SecretString": REDACTED,
        "SecretBinary": REDACTED.encode(),
        "CreatedDate": made,
    }


def test_WHEN_the_user_data_of_an_instance_are_answered_THEN_they_are_gone_AND_their_place_is_there() -> None:
    model = model_of("ec2", "DescribeInstanceAttribute")
    answer = {"InstanceId": "i-1", "UserData": {"Value": "a script"}, "KernelId": {"Value": "aki-1"}}
    text = CallEncoder("ec2", model.output_shape, with_payloads=True).to_json(answer)

    assert decoded(model.output_shape, json.loads(text)) == {**answer, "UserData": {"Value": REDACTED}}


def test_WHEN_a_session_is_answered_THEN_its_keys_are_not_in_the_recording() -> None:
    shape = model_of("sts", "AssumeRole").output_shape
    credentials = {"AccessKeyId": "ASIA", "SecretAccessKey": SENTINEL, "SessionToken": SENTINEL}
    text = CallEncoder("sts", shape, with_payloads=True).to_json({"Credentials": credentials})

    assert json.loads(text) == {
        "Credentials": {"AccessKeyId": "ASIA", "SecretAccessKey": REDACTED, "SessionToken": REDACTED}
    }
