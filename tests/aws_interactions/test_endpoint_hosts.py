"""Whose an endpoint is, told from its host."""

import pytest
from botocore.session import get_session
from hypothesis import given, strategies as st

from aws_interactions.endpoint_hosts import EndpointOwner, owner_of_endpoint, shown_url

SERVICES = ("s3", "ec2", "dynamodb", "rds", "secretsmanager", "sts", "iam", "organizations")
REGIONS = ("us-east-1", "eu-west-1", "cn-north-1", "us-gov-west-1", "us-iso-east-1", "eusc-de-east-1")


@pytest.mark.parametrize("service", SERVICES)
def test_WHEN_botocore_makes_the_endpoint_THEN_it_is_of_aws(service: str) -> None:
    session = get_session()
    for region in REGIONS:
        client = session.create_client(
            service, region_name=region, aws_access_key_id="x", aws_secret_access_key="x"
        )
        assert owner_of_endpoint(client.meta.endpoint_url, service) is EndpointOwner.AWS


@pytest.mark.parametrize(
    ("host", "service"),
    [
        ("s3.dualstack.eu-west-1.amazonaws.com", "s3"),
        ("s3-fips.dualstack.us-east-1.amazonaws.com", "s3"),
        ("s3-eu-west-1.amazonaws.com", "s3"),
        ("bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com", "s3"),
        ("vpce-1a2b3c4d-5e6f.ec2.us-east-1.vpce.amazonaws.com", "ec2"),
        ("vpce-1a2b3c4d-5e6f-us-east-1a.rds.us-east-1.vpce.amazonaws.com", "rds"),
        ("bucket.s3.eu-west-1.amazonaws.com", "s3"),
        ("ec2.eu-west-1.api.aws", "ec2"),
        ("rds-fips.us-west-2.amazonaws.com", "rds"),
        ("SecretsManager.EU-WEST-1.AmazonAWS.com.", "secretsmanager"),
        ("dynamodb.cn-north-1.amazonaws.com.cn", "dynamodb"),
    ],
)
def test_WHEN_host_is_one_of_the_services_own_THEN_it_is_of_aws(host: str, service: str) -> None:
    assert owner_of_endpoint(f"https://{host}", service) is EndpointOwner.AWS


@pytest.mark.parametrize("host", ["127.0.0.1:5000", "127.9.9.9", "localhost", "LOCALHOST:80", "[::1]:4566"])
def test_WHEN_host_is_loopback_THEN_it_is_this_machine(host: str) -> None:
    assert owner_of_endpoint(f"http://{host}", "s3") is EndpointOwner.LOOPBACK


@pytest.mark.parametrize(
    "host",
    [
        "s3.example.com",
        "amazonaws.com.evil.example",
        "s3.amazonaws.com.evil.example",
        "evilamazonaws.com",
        "s3.eu-west-1.evilamazonaws.com",
        "ec2-3-80-1-2.compute-1.amazonaws.com",
        "ec2-3-80-1-2.eu-west-1.compute.amazonaws.com",
        "a1b2c3.execute-api.us-east-1.amazonaws.com",
        "s3-123.us-east-1.elb.amazonaws.com",
        "s3.us-east-1.elb.amazonaws.com",
        "dynamodb.us-east-1.amazonaws.com",
        "localhost.localstack.cloud:4566",
        "127.0.0.1.nip.io",
        "10.0.0.7:9000",
        "169.254.169.254",
        "0.0.0.0:5000",
        "2130706433",
        "amazonaws.com",
        "",
    ],
)
def test_WHEN_host_is_another_THEN_it_is_of_neither(host: str) -> None:
    assert owner_of_endpoint(f"https://{host}", "s3") is EndpointOwner.OTHER


@pytest.mark.parametrize(
    ("host", "service"),
    [
        ("a-bucket.s3-website-us-east-1.amazonaws.com", "s3"),
        ("a-bucket.s3-website.eu-central-1.amazonaws.com", "s3"),
        ("an-alias.s3-object-lambda.us-east-1.amazonaws.com", "s3"),
        ("a-database.c9akciq32.us-east-1.rds.amazonaws.com", "rds"),
    ],
)
def test_WHEN_what_a_customer_made_answers_there_THEN_it_is_of_neither(host: str, service: str) -> None:
    assert owner_of_endpoint(f"https://{host}", service) is EndpointOwner.OTHER


def test_WHEN_url_hides_the_host_THEN_the_real_one_counts() -> None:
    assert owner_of_endpoint("https://s3.amazonaws.com@evil.example/", "s3") is EndpointOwner.OTHER
    assert owner_of_endpoint("https://evil.example/s3.amazonaws.com", "s3") is EndpointOwner.OTHER
    assert owner_of_endpoint("https://evil.example#.s3.amazonaws.com", "s3") is EndpointOwner.OTHER
    assert owner_of_endpoint("https://evil.example\\@127.0.0.1", "s3") is EndpointOwner.OTHER
    assert owner_of_endpoint("https://127.0.0.1\n.evil.example", "s3") is EndpointOwner.OTHER
    assert owner_of_endpoint("https://[::1", "s3") is EndpointOwner.OTHER


@given(st.text(st.characters(exclude_characters="/?#"), max_size=60))
def test_WHEN_host_ends_elsewhere_THEN_nothing_before_makes_it_one_of_aws(text: str) -> None:
    assert owner_of_endpoint(f"https://s3.{text}.example.com", "s3") is EndpointOwner.OTHER


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://me:secret@127.0.0.1:5000/x?token=1#y", "http://127.0.0.1:5000/x"),
        ("https://[::1]:9", "https://[::1]:9"),
        ("https://host:port", "a malformed URL"),
    ],
)
def test_WHEN_url_is_shown_THEN_nothing_secret_is(url: str, shown: str) -> None:
    assert shown_url(url) == shown
