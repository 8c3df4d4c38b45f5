"""What the generated commands take: options, arguments, files for secrets, and what their help says."""

import re

import pytest

from aws_operations.scaffold.command_source import command_source
from aws_operations.scaffold.service_design import design_service


def decorators_of(service: str, operation: str) -> str:
    source = command_source(design_service(service, [operation]))
    decorators = source[source.index("@commands.command(") :].partition("\ndef ")[0]
    # Long texts stand in several literals.
    return re.sub(r'"\s+"', "", decorators)


def option(decorators: str, name: str) -> str:
    return next(line for line in decorators.splitlines() if f'"{name}"' in line)


@pytest.mark.parametrize(
    ("service", "operation", "says_so"),
    [
        ("cloudwatch", "GetMetricStatistics", True),
        ("cloudwatch", "PutMetricData", True),
        ("dynamodb", "PutItem", False),
    ],
)
def test_WHEN_a_command_takes_a_time_THEN_its_help_says_which_zone_it_is_in(
    service: str, operation: str, says_so: bool
) -> None:
    assert ("is taken for UTC" in decorators_of(service, operation)) is says_so


def test_WHEN_a_call_can_be_repeated_THEN_its_token_is_an_option() -> None:
    token = option(decorators_of("athena", "StartQueryExecution"), "--client-request-token")
    assert "required" not in token
    assert "does not do the work twice" in token


@pytest.mark.parametrize(
    ("service", "operation", "name"),
    [
        ("elasticache", "CreateReplicationGroup", "--auth-token"),
        ("redshift", "CreateHsmConfiguration", "--hsm-partition-password"),
        ("apigateway", "CreateDomainName", "--certificate-private-key"),
    ],
)
def test_WHEN_an_option_is_a_secret_THEN_it_is_taken_from_a_file(
    service: str, operation: str, name: str
) -> None:
    secret = option(decorators_of(service, operation), name)
    assert "type=SecretFile(str)" in secret
    assert "with - from standard input" in secret


def test_WHEN_a_command_takes_arguments_THEN_its_help_tells_of_them() -> None:
    decorators = decorators_of("s3", "PutObject")
    assert "KEY: Object key for which the PUT action was initiated." in decorators
    assert option(decorators, "key") == '@click.argument("key")'
    identifier = option(decorators_of("cloudfront", "GetDistribution"), "id_")
    assert identifier == '@click.argument("id_", metavar="ID")'


def test_WHEN_an_option_has_secrets_in_its_json_THEN_it_asks_for_a_file() -> None:
    logins = option(decorators_of("cognito-identity", "GetId"), "--logins")
    assert 'metavar="@FILE"' in logins
    assert "others may read it" in logins
