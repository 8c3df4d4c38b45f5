"""What no stand-in does, in AWS's own words: real clients whose answers botocore's Stubber checks."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from botocore.session import Session
from botocore.stub import Stubber

from aws_interactions import (
    dynamodb_interactions as dynamodb,
    ec2_interactions as ec2,
    organizations_interactions as organizations,
    rds_interactions as rds,
    secrets_interactions as secrets,
)
from aws_interactions.secrets_interactions import SecretValue
from aws_interactions.testing import fake_provider
from aws_operations.applying import apply_changes
from aws_operations.ec2.changes import plan_terminate

Stub = Callable[[str], tuple[Any, Stubber]]

IDS = [f"i-{number:017x}" for number in range(1, 5)]
ZONES = {IDS[0]: "eu-west-1a", IDS[1]: "eu-west-1a", IDS[2]: "eu-west-1b", IDS[3]: "eu-west-1b"}
SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"


def no_sleep(_seconds: float) -> None:
    pass


@pytest.fixture
def stub() -> Iterator[Stub]:
    """Give a maker of clients that answer what they were told, in order, and were all asked in the end."""
    with ExitStack() as stack:
        stubbers: list[Stubber] = []

        def make(service_name: str) -> tuple[Any, Stubber]:
            client = Session().create_client(
                service_name,
                region_name="eu-west-1",
                aws_access_key_id="testing",
                aws_secret_access_key="testing",
            )
            stubber = stack.enter_context(Stubber(client))
            stubbers.append(stubber)
            return client, stubber

        yield make
        for stubber in stubbers:
            stubber.assert_no_pending_responses()


def reservations(**states: str) -> dict[str, Any]:
    return {
        "Reservations": [
            {
                "Instances": [
                    {
                        "InstanceId": name,
                        "State": {"Name": state},
                        "Placement": {"AvailabilityZone": ZONES[name]},
                    }
                ]
            }
            for name, state in states.items()
        ]
    }


def test_WHEN_four_in_two_zones_are_terminated_AND_one_is_protected_by_then_THEN_just_those_gone_are_told(
    stub: Stub,
) -> None:
    client, stubber = stub("ec2")
    running = reservations(**dict.fromkeys(IDS, "running"))
    stubber.add_response("describe_instances", running)
    for name in IDS:
        stubber.add_response(
            "describe_instance_attribute",
            {"InstanceId": name, "DisableApiTermination": {"Value": False}},
            {"InstanceId": name, "Attribute": "disableApiTermination"},
        )
    provider = fake_provider(ec2=client)
    changes = list(plan_terminate(IDS, provider))

    stubber.add_response("describe_instances", running)  # looked at again before it is done
    stubber.add_client_error(
        "terminate_instances",
        "OperationNotPermitted",
        f"The instance '{IDS[1]}' may not be terminated.",
        expected_params={"InstanceIds": IDS},
    )
    gone = dict.fromkeys(IDS[:2], "running") | dict.fromkeys(IDS[2:], "shutting-down")
    stubber.add_response("describe_instances", reservations(**gone))
    for name in IDS[:2]:
        stubber.add_response(
            "describe_instance_attribute",
            {"InstanceId": name, "DisableApiTermination": {"Value": name == IDS[1]}},
        )
    results = list(apply_changes(changes, lambda _: provider))
    assert {result.change.resource.rpartition("/")[2]: result.status.value for result in results} == {
        IDS[0]: "failed",
        IDS[1]: "failed",
        IDS[2]: "applied",
        IDS[3]: "applied",
    }


def test_WHEN_an_instance_is_long_stopping_THEN_it_is_waited_for(stub: Stub) -> None:
    client, stubber = stub("ec2")
    for state in ("stopping", "stopping", "stopped"):
        stubber.add_response("describe_instances", reservations(**{IDS[0]: state}))
    (seen,) = ec2.wait_for_instances(
        [IDS[0]], "stopped", fake_provider(ec2=client), timeout=600, interval=5, sleep=no_sleep
    )
    assert seen.state == ec2.InstanceState.STOPPED


def test_WHEN_a_cluster_is_rebooted_THEN_rds_is_asked_for_the_cluster(stub: Stub) -> None:
    client, stubber = stub("rds")
    rebooting = {"DBClusterIdentifier": "reports", "Status": "rebooting", "Engine": "mysql"}
    stubber.add_response("reboot_db_cluster", {"DBCluster": rebooting}, {"DBClusterIdentifier": "reports"})
    found = rds.reboot_db_cluster("reports", fake_provider(rds=client))
    assert found.status == rds.DatabaseStatus.REBOOTING


def test_WHEN_a_database_is_stopped_in_a_wrong_state_THEN_the_conflict_names_it(stub: Stub) -> None:
    client, stubber = stub("rds")
    stubber.add_client_error("stop_db_instance", "InvalidDBInstanceState", "Instance is not available.")
    backing_up = {"DBInstanceIdentifier": "orders", "DBInstanceStatus": "backing-up", "Engine": "postgres"}
    stubber.add_response("describe_db_instances", {"DBInstances": [backing_up]})
    with pytest.raises(rds.DatabaseInWrongState, match="backing-up"):
        rds.stop_db_instance("orders", fake_provider(rds=client))


def test_WHEN_a_table_takes_its_time_THEN_it_is_waited_for(stub: Stub) -> None:
    client, stubber = stub("dynamodb")
    for status in ("CREATING", "CREATING", "ACTIVE"):
        stubber.add_response(
            "describe_table",
            {
                "Table": {
                    "TableName": "orders",
                    "TableArn": "arn:aws:dynamodb:eu-west-1:123456789012:table/orders",
                    "TableStatus": status,
                    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                }
            },
        )
    found = dynamodb.wait_for_table(
        "orders", "active", fake_provider(dynamodb=client), timeout=600, interval=5, sleep=no_sleep
    )
    assert found is not None
    assert found.status == dynamodb.TableStatus.ACTIVE


def test_WHEN_writes_stay_unprocessed_for_ever_THEN_exactly_they_are_left_over(stub: Stub) -> None:
    client, stubber = stub("dynamodb")
    writes = [{"PutRequest": {"Item": {"id": {"S": name}}}} for name in ("a", "b")]
    stubber.add_response(
        "batch_write_item", {"UnprocessedItems": {"orders": writes[1:]}}, {"RequestItems": {"orders": writes}}
    )
    for _ in range(3):
        stubber.add_response(
            "batch_write_item",
            {"UnprocessedItems": {"orders": writes[1:]}},
            {"RequestItems": {"orders": writes[1:]}},
        )
    outcome = dynamodb.batch_write(
        "orders",
        [{"id": "a"}, {"id": "b"}],
        [],
        fake_provider(dynamodb=client),
        key_names=["id"],
        sleep=no_sleep,
        max_rounds=3,
    )
    assert [left.item for left in outcome.left_over] == [{"id": "b"}]
    assert outcome.written == 1


def test_WHEN_a_secret_is_put_again_with_its_token_AND_another_value_THEN_it_is_refused(stub: Stub) -> None:
    client, stubber = stub("secretsmanager")
    token = "0" * 32
    stubber.add_client_error(
        "put_secret_value",
        "ResourceExistsException",
        "You can't modify an existing version, only create one.",
    )
    with pytest.raises(secrets.SecretVersionAlreadyExists):
        secrets.put_secret(
            "db", SecretValue("another"), fake_provider(secretsmanager=client), client_token=token
        )


def test_WHEN_an_organisation_has_pages_AND_one_is_empty_THEN_all_accounts_come(stub: Stub) -> None:
    client, stubber = stub("organizations")

    def account(number: str) -> dict[str, str]:
        arn = f"arn:aws:organizations::{'1' * 12}:account/o-example/{number * 12}"
        return {"Id": number * 12, "Arn": arn, "Name": f"account-{number}", "State": "ACTIVE"}

    stubber.add_response("list_accounts", {"Accounts": [account("1")], "NextToken": "t1"}, {})
    stubber.add_response("list_accounts", {"Accounts": [], "NextToken": "t2"}, {"NextToken": "t1"})
    stubber.add_response("list_accounts", {"Accounts": [account("2")]}, {"NextToken": "t2"})
    found = list(organizations.list_accounts(fake_provider(organizations=client)))
    assert [each.id for each in found] == ["1" * 12, "2" * 12]
