"""Instances for tests: in moto, and as EC2 answers for them."""

from collections.abc import Sequence
from typing import Any

from aws_interactions.aws_client_provider import AwsClientProvider

IMAGE = "ami-12c6146b"


def run_instance(aws_provider: AwsClientProvider, /, *, az: str = "", **tags: str) -> str:
    """Run an instance with tags and return its id."""
    client: Any = aws_provider.get_ec2()
    answer = client.run_instances(
        ImageId=IMAGE,
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": tag_list(tags)}] if tags else [],
        **({"Placement": {"AvailabilityZone": az}} if az else {}),
    )
    instance_id: str = answer["Instances"][0]["InstanceId"]
    return instance_id


def tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def instance(
    instance_id: str, state: str = "running", *, az: str = "eu-west-1a", **tags: str
) -> dict[str, Any]:
    return {
        "InstanceId": instance_id,
        "State": {"Name": state},
        "Placement": {"AvailabilityZone": az},
        "Tags": tag_list(tags),
    }


def answer_of(*instances: str | dict[str, Any], state: str = "running") -> dict[str, Any]:
    """Return an answer of DescribeInstances with these, each in a reservation of its own."""
    made = (instance(found, state) if isinstance(found, str) else found for found in instances)
    return {"Reservations": [{"Instances": [one]} for one in made]}


def state_changes(member: str, changed: Sequence[tuple[str, str, str]]) -> dict[str, Any]:
    """Return an answer of StopInstances and the like: id, previous state, current state of each."""
    return {
        member: [
            {"InstanceId": name, "PreviousState": {"Name": before}, "CurrentState": {"Name": after}}
            for name, before, after in changed
        ]
    }
