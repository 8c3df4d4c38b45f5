from dataclasses import replace
from typing import Any

from tests.conformance.stage import Stage, fresh, runs


def instances_of(stage: Stage, count: int = 1, **tags: str) -> list[str]:
    """Make running instances with a ``role`` of their own; return their ids."""
    made: Any = stage.root.get_ec2().run_instances(
        ImageId="ami-12345678",
        InstanceType="t3.micro",
        MinCount=count,
        MaxCount=count,
        TagSpecifications=[
            {
                "ResourceType": "instance",
                "Tags": [{"Key": name, "Value": value} for name, value in tags.items()],
            }
        ],
    )
    return [instance["InstanceId"] for instance in made["Instances"]]


def states_of(stage: Stage, ids: list[str]) -> set[str]:
    found = stage.root.get_ec2().describe_instances(InstanceIds=ids)["Reservations"]
    return {instance["State"]["Name"] for group in found for instance in group["Instances"]}


def tags_of(stage: Stage, resource: str) -> dict[str, str]:
    ours: Any = [{"Name": "resource-id", "Values": [resource]}]
    found = stage.root.get_ec2().describe_tags(Filters=ours)["Tags"]
    return {tag["Key"]: tag["Value"] for tag in found}


def default_vpc(stage: Stage) -> str:
    (found,) = [vpc for vpc in stage.root.get_ec2().describe_vpcs()["Vpcs"] if vpc["IsDefault"]]
    return found["VpcId"]


@runs("ec2 list")
def list_(stage: Stage) -> None:
    name = fresh("web")
    ids = instances_of(stage, 2, Name=name, role="web")
    assert {row["instance_id"] for row in stage.rows("--tag", f"Name={name}")} == set(ids)
    assert {row["instance_id"] for row in stage.rows("--name", name, "--state", "running")} == set(ids)
    assert stage.rows("--name", name, "--state", "stopped") == []


@runs("ec2 show")
def show(stage: Stage) -> None:
    name = fresh("web")
    (instance,) = instances_of(stage, Name=name)
    (row,) = stage.rows(name)
    assert row["instance_id"] == instance


@runs("ec2 stop")
def stop(stage: Stage) -> None:
    name = fresh("web")
    ids = instances_of(stage, 2, Name=name)
    assert stage.changes(f"tag:Name={name}") == ["applied", "applied"]
    assert states_of(stage, ids) == {"stopped"}
    assert stage.changes(*ids) == ["unchanged", "unchanged"]
    assert name in stage.run(name, "--yes", exit_code=4).stderr


@runs("ec2 start")
def start(stage: Stage) -> None:
    name = fresh("web")
    ids = instances_of(stage, Name=name)
    stage.root.get_ec2().stop_instances(InstanceIds=ids)
    assert stage.changes(name) == ["applied"]
    assert states_of(stage, ids) == {"running"}


@runs("ec2 reboot")
def reboot(stage: Stage) -> None:
    assert stage.changes(*instances_of(stage)) == ["applied"]


@runs("ec2 terminate")
def terminate(stage: Stage) -> None:
    ids = instances_of(stage, 2)
    kept = instances_of(stage)
    assert stage.changes(*ids) == ["applied", "applied"]
    assert states_of(stage, ids) == {"terminated"}
    assert states_of(stage, kept) == {"running"}


@runs("ec2 wait")
def wait(stage: Stage) -> None:
    # ministack overlooks the filter instance-id: all instances of the region are to be those waited for.
    region = "eu-west-1"
    (instance,) = instances_of(replace(stage, root=stage.root.for_region(region)))
    (row,) = stage.rows(instance, "--region", region)
    assert (row["instance_id"], row["state"]) == (instance, "running")
    late = stage.run(
        *(instance, "--state", "stopped", "--timeout", "1", "--interval", "1", "--region", region),
        exit_code=7,
    )
    assert instance in late.stderr


@runs("ec2 tag")
def tag(stage: Stage) -> None:
    (instance,) = instances_of(stage, old="tag")
    assert stage.changes(instance, "team=ops", "--remove", "old") == ["applied", "applied"]
    assert tags_of(stage, instance) == {"team": "ops"}


@runs("ec2 tags")
def tags(stage: Stage) -> None:
    (instance,) = instances_of(stage, team="ops")
    rows = stage.rows(instance)
    assert [(row["resource"], row["name"], row["value"]) for row in rows] == [(instance, "team", "ops")]


@runs("ec2 vpcs")
def vpcs(stage: Stage) -> None:
    assert default_vpc(stage) in [row["vpc_id"] for row in stage.rows()]


@runs("ec2 subnets")
def subnets(stage: Stage) -> None:
    vpc = default_vpc(stage)
    assert {row["vpc_id"] for row in stage.rows("--vpc", vpc)} == {vpc}
    absent = stage.run("--vpc", "vpc-0123456789abcdef0", exit_code=4)
    assert "vpc-0123456789abcdef0" in absent.stderr


@runs("ec2 azs")
def azs(stage: Stage) -> None:
    assert "us-east-1a" in [row["az"] for row in stage.rows()]


@runs("ec2 regions")
def regions(stage: Stage) -> None:
    assert "eu-west-1" in [row["region"] for row in stage.rows()]


@runs("ec2 volumes")
def volumes(stage: Stage) -> None:
    (instance,) = instances_of(stage)
    (row,) = stage.rows("--instance", instance)
    assert row["instance_ids"] == [instance]


@runs("ec2 security-groups")
def security_groups(stage: Stage) -> None:
    assert "default" in [row["group_name"] for row in stage.rows()]


@runs("ec2 enis")
def enis(stage: Stage) -> None:
    ec2 = stage.root.get_ec2()
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    # An instance has none there, one that is made does show.
    made = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    assert made in [row["eni_id"] for row in stage.rows("--subnet", subnet)]
