"""The clients that get and check credentials: cheap, and with nothing in common with those of targets."""

import gc
from collections import Counter
from typing import Any

from botocore.httpsession import URLLib3Session
from botocore.model import ServiceModel
from botocore.parsers import ResponseParser

from aws_interactions.access_keys import AccessKeys
from aws_interactions.aws_client_provider import AwsClientProvider
from aws_interactions.bound_clients import ClientPrototypes
from tests.aws_interactions.loopback_servers import FakeSts, serving
from tests.aws_interactions.recording_aws import Answer, Recorded, bind, credentials_of, recording_aws

IDENTITY = (
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>a</Arn><UserId>u</UserId><Account>1</Account>"
    "</GetCallerIdentityResult></GetCallerIdentityResponse>"
)
SESSION = (
    "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s"
    "</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2035-01-01T00:00:00Z</Expiration>"
    "</Credentials></AssumeRoleResult></AssumeRoleResponse>"
)


def plain(prototypes: ClientPrototypes, account: str) -> Any:
    return prototypes.plain_client("sts", "eu-west-1", credentials_of(account))


def base_provider(endpoint_url: str) -> AwsClientProvider:
    return AwsClientProvider(
        aws_region="eu-west-1", access_keys=AccessKeys("AKIABASE", "secret"), endpoint_url=endpoint_url
    )


def what_makes_clients_dear() -> Counter[type]:
    return Counter(
        type(each)
        for each in gc.get_objects()
        if isinstance(each, URLLib3Session | ServiceModel | ResponseParser)
    )


def role_in(account: int) -> str:
    return f"arn:aws:iam::{account:012}:role/operator"


def test_WHEN_credentials_are_checked_THEN_each_check_is_signed_with_its_own_over_the_same_connections() -> (
    None
):
    with recording_aws(lambda _: Answer(body=IDENTITY)) as aws:
        prototypes = aws.prototypes()
        clients = [plain(prototypes, str(number)) for number in range(5)]
        for client in clients:
            client.get_caller_identity()

    assert [request.access_key_id for request in aws.requests] == [f"KEY{number}" for number in range(5)]
    assert len({id(client._endpoint.http_session) for client in clients}) == 1


def test_WHEN_a_target_gets_an_sts_client_THEN_it_shares_no_connection_with_credential_work() -> None:
    with recording_aws() as aws:
        prototypes = aws.prototypes()
        targets = [bind(prototypes, "1", service_name="sts", read_only=kind) for kind in (True, False)]

        credential_work = plain(prototypes, "1")

    sessions = {id(client._endpoint.http_session) for client in (*targets, credential_work)}
    assert len(sessions) == 3
    assert all(client.meta.events is not credential_work.meta.events for client in targets)


def test_WHEN_the_answer_to_an_assume_role_is_lost_THEN_it_is_asked_for_again() -> None:
    def answer(request: Recorded) -> Answer:
        is_first_try = "attempt=1" in request.headers["amz-sdk-request"]
        return Answer(hang_up=True) if is_first_try else Answer(body=SESSION)

    with recording_aws(answer) as aws:
        session = plain(aws.prototypes(), "1").assume_role(RoleArn=role_in(1), RoleSessionName="name")

    assert session["Credentials"]["AccessKeyId"] == "ASIA"
    assert len(aws.requests) == 2


def test_WHEN_200_roles_are_assumed_and_checked_THEN_no_connections_models_or_parsers_are_made_for_them() -> (
    None
):
    fake_sts = FakeSts()
    with serving(fake_sts) as endpoint_url:
        base = base_provider(endpoint_url)
        base.for_role(role_in(1)).get_aws_env()
        # What is made and dropped meanwhile is to be counted as well: clients hold on to themselves.
        gc.collect()
        gc.disable()
        made_before = what_makes_clients_dear()
        held = [base.for_role(role_in(account)) for account in range(1000, 1200)]
        accounts = {aws_provider.get_aws_env().aws_account for aws_provider in held}
        made_meanwhile = what_makes_clients_dear() - made_before
        gc.enable()

    assert len(fake_sts.calls_of("AssumeRole")) == len(fake_sts.calls_of("GetCallerIdentity")) == 201
    assert len(accounts) == 200
    assert made_meanwhile.total() == 0, made_meanwhile
