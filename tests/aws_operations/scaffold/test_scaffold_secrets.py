"""What holds a secret shows in no ``repr``, no log and on no command line, whatever models mark."""

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from aws_operations.scaffold.secret_rule import is_secret
from aws_operations.scaffold.service_design import OperationDesign, ParameterDesign, design_service
from tests.support.generated_modules import fake_client, provider_of, wrapper_of


def parameter_of(service: str, operation: str, api_name: str) -> ParameterDesign:
    found: OperationDesign = design_service(service, [operation]).operations[0]
    return {each.api_name: each for each in found.parameters}[api_name]


def test_WHEN_only_some_members_are_marked_THEN_repr_shows_none_of_the_secrets() -> None:
    sts = wrapper_of("sts", ["GetSessionToken"])
    credentials = {
        "AccessKeyId": "ASIAEXAMPLEEXAMPLE12",
        "SecretAccessKey": "the-secret-key",
        "SessionToken": "the-session-token",
        "Expiration": "2026-01-31T12:00:00Z",
    }
    client = fake_client("sts").answers("get_session_token", {"Credentials": credentials})
    found = sts.get_session_token(provider_of("sts", client))
    assert found.credentials.session_token == "the-session-token"
    assert "the-se" not in repr(found)
    assert "ASIAEXAMPLEEXAMPLE12" in repr(found)


@pytest.mark.parametrize(
    ("service", "operation", "member", "is_hidden"),
    [
        ("elasticache", "CreateReplicationGroup", "AuthToken", True),
        ("redshift", "CreateHsmConfiguration", "HsmPartitionPassword", True),
        ("apigateway", "CreateDomainName", "certificatePrivateKey", True),
        ("cognito-identity", "GetId", "Logins", True),
        ("secretsmanager", "GetSecretValue", "SecretId", False),
        ("wafv2", "DeleteIPSet", "LockToken", False),
        ("kms", "Encrypt", "GrantTokens", False),
        ("ec2", "RunInstances", "ClientToken", False),
        ("glue", "PutSchemaVersionMetadata", "MetadataKeyValue", False),
    ],
)
def test_WHEN_a_parameter_is_named_for_a_secret_or_holds_one_THEN_it_is_sensitive(
    service: str, operation: str, member: str, is_hidden: bool
) -> None:
    model = ServiceModel(Loader().load_service_model(service, "service-2"), service)
    members = getattr(model.operation_model(operation).input_shape, "members", {})
    assert is_secret(member, members[member]) is is_hidden
    if member != "ClientToken":
        assert parameter_of(service, operation, member).is_sensitive is is_hidden
